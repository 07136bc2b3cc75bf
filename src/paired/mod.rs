//! pix2pix: translation learnt from pairs of pictures.

mod pix2pix;

pub use pix2pix::Pix2pix;
