//! Tiles that are translated on their own and blended where they overlap.

use std::f32::consts::FRAC_PI_2;

use super::grid::TileGrid;
use crate::apply::row_access::RowAccess;
use crate::apply::translator::Translator;

/// How one side of a picture is cut.
struct TileAxis {
    /// Pixels of a tile.
    tile: usize,
    /// Pixels that neighbours have in common, or more.
    overlap: usize,
    /// Where tiles begin.
    starts: Vec<usize>,
    /// The weight of each pixel of a tile.
    window: Vec<f32>,
    /// The sum of the weights at each pixel of the side.
    sums: Vec<f32>,
}

impl TileAxis {
    /// Tiles of a multiple of `multiple` and at least `smallest` pixels, on a side that is so, too.
    fn new(side: usize, tiles: TileGrid, multiple: usize, smallest: usize) -> Self {
        let tile = tiles.side.max(smallest).next_multiple_of(multiple.max(1));
        let tile = tile.min(side);
        let overlap = tiles.overlap.min(tile / 2);
        let last = side - tile;
        let mut starts: Vec<usize> = (0..last).step_by(tile - overlap).collect();
        starts.push(last);
        Self::weighted(side, tile, overlap, starts)
    }

    /// The same cut of a side that is `scale` times as long.
    fn enlarged(&self, scale: usize) -> Self {
        let starts = self.starts.iter().map(|start| start * scale).collect();
        let side = self.sums.len() * scale;
        Self::weighted(side, self.tile * scale, self.overlap * scale, starts)
    }

    fn weighted(side: usize, tile: usize, overlap: usize, starts: Vec<usize>) -> Self {
        // A raised cosine: it falls smoothly to nothing at the seam, and with its mirror image it adds up to one.
        let ramp = |distance: usize| {
            if distance >= overlap {
                return 1.0;
            }
            ((distance as f32 + 0.5) / overlap as f32 * FRAC_PI_2)
                .sin()
                .powi(2)
        };
        let window: Vec<f32> = (0..tile)
            .map(|place| ramp(place).min(ramp(tile - 1 - place)))
            .collect();
        let mut sums = vec![0.0; side];
        for &start in &starts {
            for (sum, weight) in sums[start..].iter_mut().zip(&window) {
                *sum += weight;
            }
        }
        Self {
            tile,
            overlap,
            starts,
            window,
            sums,
        }
    }
}

/// Translates a picture tile by tile, or as many tiles of a row of them at once as the network takes.
///
/// No more is in memory than the rows of one tile.
pub(in crate::apply) fn blend(
    rows: &mut dyn RowAccess,
    tiles: TileGrid,
    translator: &mut dyn Translator,
    picture: u64,
) -> Result<(), String> {
    let (multiple, smallest) = (translator.multiple(), translator.smallest());
    let scale = translator.scale();
    let (height, width) = (rows.padded_height(), rows.padded_width());
    let down = TileAxis::new(height, tiles, multiple, smallest);
    let across = TileAxis::new(width, tiles, multiple, smallest);
    let at_once = translator.tile_batch_size(down.tile * across.tile).max(1);
    let count = down.starts.len() * across.starts.len();
    // The same tiles of what is made of them.
    let (made_down, made_across) = (down.enlarged(scale), across.enlarged(scale));
    let (area, made_width) = (made_down.tile * made_across.tile, width * scale);
    let mut done = 0;
    // Weighted sums of the rows that the current tiles have, for each channel of the output.
    let mut sums: Vec<Vec<f32>> = Vec::new();
    for (index, &top) in down.starts.iter().enumerate() {
        let band = rows.read(top..top + down.tile)?;
        for lefts in across.starts.chunks(at_once) {
            let cut = |&left: &usize| cut_out(&band, width, left, across.tile);
            let values = lefts.iter().flat_map(cut).collect();
            let made = translator.translate(values, down.tile, across.tile, picture)?;
            if made.is_empty() || !made.len().is_multiple_of(lefts.len() * area) {
                return Err(format!(
                    "the network gave {} values for tiles of {} x {area}",
                    made.len(),
                    lefts.len()
                ));
            }
            let length = made.len() / lefts.len();
            sums.resize_with(length / area, || vec![0.0; made_down.tile * made_width]);
            for (&left, made) in lefts.iter().zip(made.chunks_exact(length)) {
                let windows = [&made_down.window[..], &made_across.window];
                for (sums, made) in sums.iter_mut().zip(made.chunks_exact(area)) {
                    add(sums, made, made_width, left * scale, windows);
                }
            }
            done += lefts.len();
            rows.progress(done as f64 / count as f64)?;
        }
        let made_top = top * scale;
        let next = made_down.starts.get(index + 1).copied();
        let next = next.unwrap_or(height * scale);
        let finished = next - made_top;
        let mut values = Vec::with_capacity(sums.len() * finished * made_width);
        for sums in &mut sums {
            for (row, line) in sums.chunks_exact(made_width).take(finished).enumerate() {
                let weight = made_down.sums[made_top + row];
                let pixels = line.iter().zip(&made_across.sums);
                values.extend(pixels.map(|(sum, across)| sum / (weight * across)));
            }
            // What is left belongs to the rows that the next tiles begin with.
            sums.copy_within(finished * made_width.., 0);
            let rest = sums.len() - finished * made_width;
            sums[rest..].fill(0.0);
        }
        rows.write(made_top..next, values)?;
    }
    Ok(())
}

/// Columns of rows of the given width.
fn cut_out(rows: &[f32], width: usize, left: usize, columns: usize) -> Vec<f32> {
    let lines = rows.chunks_exact(width);
    lines
        .flat_map(|line| &line[left..left + columns])
        .copied()
        .collect()
}

/// Adds one channel of a tile with its weights.
fn add(sums: &mut [f32], tile: &[f32], width: usize, left: usize, [down, across]: [&[f32]; 2]) {
    let lines = tile.chunks_exact(across.len()).zip(down);
    for ((line, &weight), sums) in lines.zip(sums.chunks_exact_mut(width)) {
        let columns = line.iter().zip(across);
        for (sum, (value, across)) in sums[left..].iter_mut().zip(columns) {
            *sum += value * (weight * across);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    struct InMemory {
        picture: Vec<f32>,
        width: usize,
        made: Vec<f32>,
    }

    impl RowAccess for InMemory {
        fn padded_height(&self) -> usize {
            self.picture.len() / self.width
        }

        fn padded_width(&self) -> usize {
            self.width
        }

        fn read(&self, rows: Range<usize>) -> Result<Vec<f32>, String> {
            Ok(self.picture[rows.start * self.width..rows.end * self.width].to_vec())
        }

        fn write(&mut self, rows: Range<usize>, values: Vec<f32>) -> Result<(), String> {
            assert_eq!(self.made.len(), rows.start * self.width, "in order");
            assert_eq!(values.len(), rows.len() * self.width);
            self.made.extend(values);
            Ok(())
        }

        fn progress(&mut self, share: f64) -> Result<(), String> {
            assert!(share > 0.0 && share <= 1.0);
            Ok(())
        }
    }

    /// A network that is a function of a tile.
    struct Network<F> {
        translate: F,
        at_once: usize,
    }

    impl<F: FnMut(Vec<f32>) -> Vec<f32>> Translator for Network<F> {
        fn input_channels(&self) -> usize {
            1
        }

        fn output_channels(&self) -> usize {
            1
        }

        fn multiple(&self) -> usize {
            4
        }

        fn smallest(&self) -> usize {
            8
        }

        fn tile_batch_size(&self, pixels: usize) -> usize {
            assert!(pixels.is_multiple_of(16));
            self.at_once
        }

        fn translate(
            &mut self,
            values: Vec<f32>,
            height: usize,
            width: usize,
            _index: u64,
        ) -> Result<Vec<f32>, String> {
            assert!(height.is_multiple_of(4) && width.is_multiple_of(4));
            let tiles = values.chunks(height * width);
            assert!(tiles.len() <= self.at_once.max(1));
            Ok(tiles
                .flat_map(|tile| {
                    assert_eq!(tile.len(), height * width);
                    (self.translate)(tile.to_vec())
                })
                .collect())
        }
    }

    proptest! {
        #[test]
        fn every_pixel_is_covered_and_weights_add_up_to_one(
            (height, width) in (1usize..20, 1usize..20),
            side in 1usize..50,
            overlap in 0usize..40,
            at_once in 0usize..5,
        ) {
            let (height, width) = (height * 4, width * 4);
            let picture: Vec<f32> = (0..height * width).map(|place| (place % 89) as f32).collect();
            let mut rows = InMemory { picture: picture.clone(), width, made: Vec::new() };
            let tiles = TileGrid { side, overlap };
            let mut count = 0;
            let translate = |values| {
                count += 1;
                values
            };
            blend(&mut rows, tiles, &mut Network { translate, at_once }, 0).unwrap();
            // What each tile leaves as it is comes out as it was.
            prop_assert_eq!(rows.made.len(), picture.len());
            for (made, expected) in rows.made.iter().zip(&picture) {
                prop_assert!((made - expected).abs() < 1e-4 * (1.0 + expected), "{made} {expected}");
            }
            prop_assert!(count >= height.div_ceil(52) * width.div_ceil(52));
        }
    }

    #[test]
    fn tiles_of_different_levels_meet_without_a_step() {
        let width = 96;
        let mut rows = InMemory {
            picture: vec![0.0; 16 * width],
            width,
            made: Vec::new(),
        };
        let tiles = TileGrid {
            side: 32,
            overlap: 16,
        };
        let mut level = 0.0;
        let translate = |values: Vec<f32>| {
            level += 1.0;
            vec![level; values.len()]
        };
        let mut network = Network {
            translate,
            at_once: 2,
        };
        blend(&mut rows, tiles, &mut network, 0).unwrap();
        let row = &rows.made[..width];
        assert!((row[0] - 1.0).abs() < 1e-6 && (row[width - 1] - level).abs() < 1e-6);
        let steps = row.windows(2).map(|pair| pair[1] - pair[0]);
        let largest = steps.fold(0.0_f32, |largest, step| largest.max(step.abs()));
        assert!(largest < 0.12, "{largest}");
    }
}
