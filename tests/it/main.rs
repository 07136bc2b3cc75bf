//! The one integration binary; each area has its module.

mod data;
mod data_check;
mod data_loader;
mod data_picture;
