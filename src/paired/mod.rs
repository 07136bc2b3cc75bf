//! Translation learnt from pairs of pictures: pix2pix with one look of each input, BicycleGAN with several.

mod bicycle_gan;
mod code_encoder;
mod pair_discriminator;
mod pix2pix;
mod view;

pub use bicycle_gan::{BicycleGan, BicycleNetworks};
pub use code_encoder::CodeEncoder;
pub use pix2pix::Pix2pix;
