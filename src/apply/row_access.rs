//! Access to a picture by rows.

use std::ops::Range;

/// A large picture, and the one that is made of it, whose sides are some times as long.
pub trait RowAccess {
    /// Height of what the network takes.
    fn padded_height(&self) -> usize;

    /// Width of what the network takes.
    fn padded_width(&self) -> usize;

    /// Rows of the input, `[channels, rows, width]`, flattened, as the network takes them. They can be read again and again.
    ///
    /// # Errors
    /// A message for the person whose picture it is.
    fn read(&self, rows: Range<usize>) -> Result<Vec<f32>, String>;

    /// Takes rows of the output, of the numbers `rows` there, `[channels, rows, width]`, flattened, each row once and in order.
    ///
    /// # Errors
    /// A message for the person whose picture it is.
    fn write(&mut self, rows: Range<usize>, values: Vec<f32>) -> Result<(), String>;

    /// Hears which share of the work is done.
    ///
    /// # Errors
    /// The work is not to go on.
    fn progress(&mut self, share: f64) -> Result<(), String>;
}
