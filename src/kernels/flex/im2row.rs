//! im2row: for each output pixel a row of the input pixels under its kernel.

use std::ops::Range;

use super::geometry::Geometry;

/// Writes the patches of some input channels and some rows of the output of one picture.
///
/// `picture` is `[inputs, height, width]`; `patches` receives, for one output pixel after another, the input pixels
/// under its kernel, `[channels, kernel height, kernel width]`.
pub(super) fn im2row(
    geometry: &Geometry,
    picture: &[f32],
    channels: Range<usize>,
    rows: Range<usize>,
    patches: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let padded_rows = (rows.len() - 1) * geometry.stride + geometry.kernel_height;
    let padded_width = (geometry.output_width - 1) * geometry.stride + geometry.kernel_width;
    scratch.clear();
    scratch.resize(channels.len() * padded_rows * padded_width, 0.0);
    let inside = geometry.padding_x.min(padded_width)
        ..(geometry.padding_x + geometry.input_width).min(padded_width);
    for (channel, padded) in channels.zip(scratch.chunks_exact_mut(padded_rows * padded_width)) {
        let plane = &picture[channel * geometry.input_pixels()..][..geometry.input_pixels()];
        for (row, padded) in padded.chunks_exact_mut(padded_width).enumerate() {
            let row = (rows.start * geometry.stride + row).wrapping_sub(geometry.padding_y);
            if row < geometry.input_height {
                let row = &plane[row * geometry.input_width..][..inside.len()];
                padded[inside.clone()].copy_from_slice(row);
            }
        }
    }
    let padded = Padded {
        values: scratch,
        channel: padded_rows * padded_width,
        row: padded_width,
    };
    // With a constant kernel width each copy is a few instructions.
    match geometry.kernel_width {
        1 => copy::<1>(geometry, &padded, patches),
        2 => copy::<2>(geometry, &padded, patches),
        3 => copy::<3>(geometry, &padded, patches),
        4 => copy::<4>(geometry, &padded, patches),
        5 => copy::<5>(geometry, &padded, patches),
        7 => copy::<7>(geometry, &padded, patches),
        _ => copy_any(geometry, &padded, patches),
    }
}

/// Padded rows of some channels.
struct Padded<'a> {
    values: &'a [f32],
    /// Elements from one channel to the next.
    channel: usize,
    /// Elements from one row to the next.
    row: usize,
}

fn copy<const WIDTH: usize>(geometry: &Geometry, padded: &Padded<'_>, patches: &mut [f32]) {
    let length = padded.values.len() / padded.channel * geometry.taps();
    for (pixel, patch) in patches.chunks_exact_mut(length).enumerate() {
        let start = start(geometry, padded, pixel);
        let channels = patch.chunks_exact_mut(geometry.kernel_height * WIDTH);
        for (channel, values) in channels.zip(padded.values.chunks_exact(padded.channel)) {
            let (rows, _) = channel.as_chunks_mut::<WIDTH>();
            for (row, values) in rows.iter_mut().zip(values[start..].chunks(padded.row)) {
                row.copy_from_slice(&values[..WIDTH]);
            }
        }
    }
}

fn copy_any(geometry: &Geometry, padded: &Padded<'_>, patches: &mut [f32]) {
    let width = geometry.kernel_width;
    let length = padded.values.len() / padded.channel * geometry.taps();
    for (pixel, patch) in patches.chunks_exact_mut(length).enumerate() {
        let start = start(geometry, padded, pixel);
        let channels = patch.chunks_exact_mut(geometry.taps());
        for (channel, values) in channels.zip(padded.values.chunks_exact(padded.channel)) {
            let rows = channel.chunks_exact_mut(width);
            for (row, values) in rows.zip(values[start..].chunks(padded.row)) {
                row.copy_from_slice(&values[..width]);
            }
        }
    }
}

/// Where the kernel of an output pixel starts in the padded rows of each channel.
fn start(geometry: &Geometry, padded: &Padded<'_>, pixel: usize) -> usize {
    let (row, column) = (pixel / geometry.output_width, pixel % geometry.output_width);
    (row * padded.row + column) * geometry.stride
}
