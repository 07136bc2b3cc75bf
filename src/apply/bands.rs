//! Generators on the rows of a large picture.

use std::ops::Range;

use burn::tensor::{Device, Tensor};

use super::row_access::RowAccess;
use crate::kernels::{DeviceFailure, computes_on_own_threads};
use crate::nn::{
    BandLimits, ForwardMode, Generator, StoreError, TensorRows, forward_in_bands, forward_memory,
};

/// Why the work ended: a message for the person whose picture it is.
pub(super) struct Message(String);

impl From<StoreError> for Message {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Bytes for the features of a band below which smaller bands are of no use.
const LEAST_WORKING: u64 = 1 << 22;

/// The rows of a picture as tensors.
pub(super) struct DeviceRows<'a> {
    rows: &'a mut dyn RowAccess,
    device: &'a Device,
    /// What the generator takes, `[1, channels, rows, width]`, for these rows.
    read: &'a ReadRows<'a>,
    /// Whether rows of the output have been given away.
    has_written: bool,
}

impl<'a> DeviceRows<'a> {
    /// `read` gives what the generator takes, `[1, channels, rows, width]`.
    pub(super) fn new(
        rows: &'a mut dyn RowAccess,
        device: &'a Device,
        read: &'a ReadRows<'a>,
    ) -> Self {
        Self {
            rows,
            device,
            read,
            has_written: false,
        }
    }
}

/// Reads rows of a picture.
pub(super) type ReadRows<'a> =
    dyn Fn(&dyn RowAccess, Range<usize>) -> Result<Tensor<4>, String> + 'a;

impl TensorRows for DeviceRows<'_> {
    type Error = Message;

    fn device(&self) -> &Device {
        self.device
    }

    fn read(&mut self, rows: Range<usize>) -> Result<Tensor<4>, Message> {
        (self.read)(&*self.rows, rows).map_err(Message)
    }

    fn write(&mut self, rows: Range<usize>, values: Tensor<4>) -> Result<(), Message> {
        let values = values.into_data().try_into_vec();
        let values = values.map_err(|error| Message(error.to_string()))?;
        self.has_written = true;
        self.rows.write(rows, values).map_err(Message)
    }

    fn progress(&mut self, share: f64) -> Result<(), Message> {
        self.rows.progress(share).map_err(Message)
    }
}

/// Translates a picture; `channels` are those that the generator takes. A device that runs out of memory gets smaller bands.
pub(super) fn in_bands(
    generator: &Generator,
    channels: usize,
    mode: ForwardMode,
    limits: &BandLimits,
    mut rows: DeviceRows<'_>,
) -> Result<(), String> {
    let dims = [
        channels,
        rows.rows.padded_height(),
        rows.rows.padded_width(),
    ];
    let mut limits = limits.clone();
    loop {
        let work = || forward_in_bands(generator, dims, mode, &limits, &mut rows);
        match DeviceFailure::catch(work) {
            Ok(result) => return result.map_err(|Message(message)| message),
            Err(failure)
                if failure.is_of_memory()
                    && !rows.has_written
                    && limits.rows.is_none()
                    && limits.working > LEAST_WORKING =>
            {
                limits.working /= 2;
                tracing::info!("{failure}: trying bands of half the rows");
            }
            Err(failure) => return Err(failed(&failure)),
        }
    }
}

/// What is said about a picture for which the device has failed.
pub(super) fn failed(failure: &DeviceFailure) -> String {
    let advice = if failure.is_of_memory() {
        "; smaller parts may fit: `--tile 256`, or with a network that has no bands `--tile 256 --overlap 32`"
    } else {
        ""
    };
    format!("the network failed: {failure}{advice}")
}

/// Bytes that a whole pass may take on `device` where its memory is large.
///
/// On the threads of this program 4 megapixels through a ResNet of 6 blocks and 32 channels take a fifth less time in bands, and 0.8 instead of
/// 1.4 GiB; pictures for which this is too much take as long in both ways.
pub(super) fn most_whole(device: &Device) -> u64 {
    if computes_on_own_threads(device) {
        1 << 30
    } else {
        2 << 30
    }
}

/// Bytes that a whole pass takes for each pixel; none where bands would not give the same.
pub(super) fn bytes_per_pixel(
    generator: &Generator,
    channels: usize,
    multiple: usize,
    mode: ForwardMode,
) -> Option<f64> {
    // So large that what does not grow with a picture counts for as little as in those that are cut.
    let side = 1024_usize.next_multiple_of(multiple);
    let bytes = forward_memory(generator, [channels, side, side]);
    (!mode.dropout).then_some(bytes as f64 / (side * side) as f64)
}
