//! Rows merged, scaled, activated and padded in one pass over memory.

use std::hint::select_unpredictable;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Tensor, TensorData};
use pulp::Arch;

#[cfg(target_arch = "x86_64")]
use super::bfloat16::{Channel, PIECES};
use super::reflection::source as mirrored;
use super::values::{Planes, plain_primitive};
use crate::kernels::alloc::alloc_filled;
use crate::kernels::row_source::{Merge, RowPadding, RowSource};

/// One source, prepared for the loop over its rows.
pub(super) struct Part<'a> {
    /// The first row of each piece.
    first_rows: Vec<usize>,
    /// `[batch, channels, pieces]`: looking one up in its tensor takes as long as scaling a short row.
    planes: Vec<&'a [f32]>,
    channels: usize,
    width: usize,
    /// Factors and offsets for each channel of each picture; empty if values are not scaled.
    scaling: [Vec<f32>; 2],
    slope: Option<f32>,
}

#[cfg(target_arch = "x86_64")]
impl Part<'_> {
    /// The first row of each piece, if there are not too many to convolve them as they are; those that are not there begin behind all rows.
    pub(super) fn first_rows(&self) -> Option<[usize; PIECES]> {
        let mut first_rows = [usize::MAX; PIECES];
        let places = first_rows.get_mut(..self.first_rows.len())?;
        places.copy_from_slice(&self.first_rows);
        Some(first_rows)
    }

    /// The channels of the first picture of a source of up to [`PIECES`] pieces.
    pub(super) fn channels(&self) -> impl Iterator<Item = Channel<'_>> {
        let [factors, offsets] = &self.scaling;
        let piece = |channel: usize, piece: usize| self.pieces(channel).get(piece).copied();
        (0..self.channels).map(move |channel| Channel {
            pieces: [0, 1, 2, 3].map(|number| piece(channel, number).unwrap_or_default()),
            factor: factors.get(channel).copied().unwrap_or(1.0),
            offset: offsets.get(channel).copied().unwrap_or(0.0),
            slope: self.slope.unwrap_or(1.0),
        })
    }
}

impl Part<'_> {
    /// The pieces of a channel, counted through all pictures.
    fn pieces(&self, channel: usize) -> &[&[f32]] {
        let count = self.first_rows.len();
        &self.planes[channel * count..][..count]
    }

    fn row(&self, channel: usize, row: usize) -> &[f32] {
        let piece = self.first_rows.partition_point(|first| *first <= row) - 1;
        let row = row - self.first_rows[piece];
        &self.pieces(channel)[piece][row * self.width..][..self.width]
    }

    /// Writes a row of a channel, counted through all pictures, or adds it if `add` is set.
    fn write(&self, channel: usize, row: usize, target: &mut [f32], add: bool) {
        let row = self.row(channel, row);
        let [factors, offsets] = &self.scaling;
        let scaling = factors.get(channel).zip(offsets.get(channel));
        match (scaling, self.slope) {
            (None, None) if !add => target.copy_from_slice(row),
            (None, None) => put(row, target, add, |value| value),
            (Some((factor, offset)), None) => {
                put(row, target, add, |value| factor * value + offset);
            }
            (scaling, Some(slope)) => {
                let (factor, offset) = scaling.unwrap_or((&1.0, &0.0));
                put(row, target, add, |value| {
                    let value = factor * value + offset;
                    select_unpredictable(value > 0.0, value, value * slope)
                });
            }
        }
    }
}

fn put(row: &[f32], target: &mut [f32], add: bool, map: impl Fn(f32) -> f32) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let pairs = target.iter_mut().zip(row);
            if add {
                pairs.for_each(|(target, &value)| *target += map(value));
            } else {
                pairs.for_each(|(target, &value)| *target = map(value));
            }
        },
    );
}

/// `kernels::fuse_rows`, if all sources lie on this backend.
pub(in crate::kernels) fn fuse_rows(
    sources: &[RowSource],
    merge: Merge,
    padding: RowPadding,
) -> Option<Tensor<4>> {
    let tensors = pieces(sources)?;
    let planes = planes(&tensors);
    let parts = parts(sources, &planes);
    let device = sources[0].pieces[0].device();
    let [batch, ..] = sources[0].pieces[0].dims();
    let dims = sources[0].pieces.iter().map(Tensor::dims);
    let (rows, width) = dims.fold((0, 0), |(rows, _), [_, _, more, width]| {
        (rows + more, width)
    });
    let channels: usize = match merge {
        Merge::Sum => parts[0].channels,
        Merge::Concatenation => parts.iter().map(|part| part.channels).sum(),
    };
    let RowPadding {
        top,
        bottom,
        sides,
        mirrored: is_mirrored,
    } = padding;
    let (height, columns) = (top + rows + bottom, width + 2 * sides);
    // Line by line, so that each is still in the cache when it is written after it was cleared.
    let length = batch * channels * height * columns;
    let values = alloc_filled(length, columns, |index, line| {
        let (channel, index) = (index / height, index % height);
        let (picture, channel) = (channel / channels, channel % channels);
        if !is_mirrored && !(top..top + rows).contains(&index) {
            return;
        }
        let (parts, channel) = match merge {
            Merge::Sum => (&parts[..], channel),
            Merge::Concatenation => one_of(&parts, channel),
        };
        let row = mirrored(index, top, rows);
        for (number, part) in parts.iter().enumerate() {
            let channel = picture * part.channels + channel;
            part.write(channel, row, &mut line[sides..sides + width], number > 0);
        }
        if is_mirrored {
            for side in 0..sides {
                line[side] = line[2 * sides - side];
                line[sides + width + side] = line[sides + width - 2 - side];
            }
        }
    });
    let data = TensorData::new(values, [batch, channels, height, columns]);
    Some(Tensor::from_data(data, &device))
}

/// The part that holds a channel of all parts joined, and its index there.
fn one_of<'a, 'b>(parts: &'a [Part<'b>], mut channel: usize) -> (&'a [Part<'b>], usize) {
    for part in parts {
        if channel < part.channels {
            return (std::slice::from_ref(part), channel);
        }
        channel -= part.channels;
    }
    (&[], channel)
}

/// The tensors of all pieces of `sources`, if they lie on this backend.
pub(super) fn pieces(sources: &[RowSource]) -> Option<Vec<Vec<FloatTensor<Flex>>>> {
    let pieces = |source: &RowSource| {
        let pieces = source.pieces.iter().cloned();
        pieces.map(plain_primitive).collect()
    };
    sources.iter().map(pieces).collect()
}

/// The planes of [`pieces`].
pub(super) fn planes(pieces: &[Vec<FloatTensor<Flex>>]) -> Vec<Vec<Planes<'_>>> {
    let planes = pieces.iter();
    planes
        .map(|pieces| pieces.iter().map(Planes::new).collect())
        .collect()
}

/// Sources with their [`planes`].
pub(super) fn parts<'a>(sources: &[RowSource], planes: &'a [Vec<Planes<'a>>]) -> Vec<Part<'a>> {
    let parts = sources.iter().zip(planes);
    parts.map(|(source, planes)| part(source, planes)).collect()
}

fn part<'a>(source: &RowSource, planes: &'a [Planes<'a>]) -> Part<'a> {
    let [batch, channels, _, width] = source.pieces[0].dims();
    let mut first = 0;
    let first_rows = source.pieces.iter().map(|piece| {
        let row = first;
        first += piece.dims()[2];
        row
    });
    let first_rows = first_rows.collect();
    let all = (0..batch * channels).flat_map(|channel| {
        let (picture, channel) = (channel / channels, channel % channels);
        planes
            .iter()
            .map(move |planes| planes.plane(picture, channel))
    });
    let numbers = |tensor: &Tensor<1>| {
        let data = tensor.clone().into_data();
        let numbers: Vec<f32> = data.iter::<f32>().collect();
        // What belongs to a channel belongs to it in all pictures.
        numbers.repeat(batch * channels / numbers.len())
    };
    let scaling = source.scaling.as_ref();
    Part {
        first_rows,
        planes: all.collect(),
        channels,
        width,
        scaling: scaling.map_or_else(Default::default, |scaling| {
            [numbers(&scaling.factor), numbers(&scaling.offset)]
        }),
        slope: source.slope.map(|slope| slope as f32),
    }
}
