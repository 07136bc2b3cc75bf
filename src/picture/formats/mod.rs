//! File formats.

pub(super) mod bmp;
pub(super) mod jpeg;
pub(super) mod jpeg_encoder;
pub(super) mod png;
pub(super) mod pnm;
pub(super) mod tiff;
pub(super) mod webp;
