//! PNG.

mod read;
mod write;

pub(in crate::picture) use read::decode;
pub(in crate::picture) use write::write_png;
