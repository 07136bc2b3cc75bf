//! Inpainting: context encoders that fill holes in photos.

mod channel_wise;
mod context_discriminator;
mod context_encoder;
mod continuation;
mod discriminator;
mod inpaint;
mod inpainter;
mod reconstruction;
mod stage;

pub use channel_wise::ChannelWiseLinear;
pub use context_discriminator::ContextDiscriminator;
pub use context_encoder::ContextEncoder;
pub(crate) use context_encoder::bilinear_weights;
pub(crate) use continuation::ROUNDS as CONTINUATION_ROUNDS;
pub use continuation::continued;
pub use discriminator::InpaintDiscriminator;
pub use inpaint::Inpaint;
pub use inpainter::Inpainter;
pub use reconstruction::{BAND_WEIGHT, reconstruction_loss, reconstruction_weights};
