//! Rows of the pictures on both ends of a forward pass in bands.

use std::ops::Range;

use burn::tensor::{Device, Tensor};

use super::feature_store::StoreError;

/// Where the rows of a picture come from, and where those of its translation go.
pub trait TensorRows {
    /// Why rows cannot be read or written, or the work is not to go on.
    type Error: From<StoreError>;

    /// The device of the tensors.
    fn device(&self) -> &Device;

    /// These rows of the input, `[1, channels, rows, width]`. They are asked for in several passes.
    ///
    /// # Errors
    /// The rows cannot be read.
    fn read(&mut self, rows: Range<usize>) -> Result<Tensor<4>, Self::Error>;

    /// Takes these rows of the output, `[1, channels, rows, width]`, each row once and in order.
    ///
    /// # Errors
    /// The rows cannot be written.
    fn write(&mut self, rows: Range<usize>, values: Tensor<4>) -> Result<(), Self::Error>;

    /// Hears after each band which share of the work is done.
    ///
    /// # Errors
    /// The work is not to go on.
    fn progress(&mut self, share: f64) -> Result<(), Self::Error>;
}
