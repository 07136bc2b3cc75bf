//! pix2pix: translation learnt from pairs of pictures.

mod pix2pix;
mod view;

pub use pix2pix::Pix2pix;
