//! The one integration binary; each area has its module.

// Clippy's permission to unwrap and print in tests does not reach their helper functions.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod data;
mod data_check;
mod data_convert;
mod data_loader;
mod data_picture;
