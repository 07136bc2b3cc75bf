//! TIFF and BigTIFF.

mod chunks;
mod compression;
mod layout;
mod page;
mod read;
mod stored;
mod write;

pub(in crate::picture) use read::{decode, decode_bands, page_count, size};
pub(in crate::picture) use stored::{StoredLook, StoredPage, decode_stored};
pub(in crate::picture) use write::{TiffPage, TiffPixels, write_tiff};
