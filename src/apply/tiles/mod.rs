//! Pictures that are too large for one pass through a network.
//!
//! They go through it in bands of rows, which gives what the whole picture gives, or, where that is asked for, in tiles that
//! know nothing of each other and are blended where they overlap.

mod blend;
mod canvas;
mod flight;
mod grid;
mod memory;
mod row_access;
mod rows;
mod source;
mod tiling;

pub(super) use canvas::Canvas;
pub(super) use flight::{Flight, Permit};
pub use row_access::RowAccess;
pub(super) use rows::LargePicture;
pub(super) use source::{Layer, Source};
pub use tiling::{Tile, TileError, Tiling};
pub(super) use tiling::{Way, Ways};
