//! Pictures that are too large for one pass through a network.
//!
//! They go through it in bands of rows, which gives what the whole picture gives, or, where that is asked for, in tiles that
//! know nothing of each other and are blended where they overlap.

mod blend;
mod canvas;
mod grid;
mod memory;
mod pixel_budget;
mod row_stream;
mod source;
mod tiling;

pub(super) use canvas::{Canvas, CanvasKind};
pub(super) use pixel_budget::{Permit, PixelBudget};
pub(super) use row_stream::RowStream;
pub(super) use source::{InputPlanes, InputRows};
pub(super) use tiling::{SplitMode, SplitPolicy};
pub use tiling::{TileError, TileSize, Tiling};
