//! Input and output of a forward pass in bands.

use std::ops::Range;

use burn::tensor::{Device, Tensor};

use super::feature_store::StoreError;

/// Reads the rows of a picture and writes those of its translation.
pub trait TensorRows {
    /// Why rows cannot be read or written, or the pass is to stop.
    type Error: From<StoreError>;

    /// The device of the tensors.
    fn device(&self) -> &Device;

    /// Reads rows of the input, `[1, channels, rows, width]`. Each row is read in several passes.
    ///
    /// # Errors
    /// The rows cannot be read.
    fn read(&mut self, rows: Range<usize>) -> Result<Tensor<4>, Self::Error>;

    /// Writes rows of the output, `[1, channels, rows, width]`, each row once and in order.
    ///
    /// # Errors
    /// The rows cannot be written.
    fn write(&mut self, rows: Range<usize>, values: Tensor<4>) -> Result<(), Self::Error>;

    /// Called after each band with the share of the work that is done.
    ///
    /// # Errors
    /// The pass is to stop.
    fn progress(&mut self, share: f64) -> Result<(), Self::Error>;
}
