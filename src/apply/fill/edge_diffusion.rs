//! Edge-enhancing diffusion: colours spread into holes along the edges that run into them, and hardly across.
//!
//! Weickert, "Theoretical foundations of anisotropic diffusion in image processing", 1996; for holes Weickert and Welk, "Tensor field
//! interpolation with PDEs", 2006. The direction of an edge is that of a structure tensor of all channels, whose noise is averaged
//! away; the iterations are those of Hafner, Ochs, Weickert et al., "FSI schemes: fast semi-iterative solvers for PDEs and
//! optimisation methods", 2016.

use image::{ImageBuffer, Luma, Rgb};
use imageproc::filter::gaussian_blur_f32;
use rayon::prelude::*;

use super::planes::{Planes, Rectangle};

/// Slope, per pixel, at which an edge begins to hold colours back: 1.5 of 255 levels.
const CONTRAST: f32 = 1.5 / 127.5;
/// Standard deviations, in pixels, over which a picture is smoothed before its slopes are taken, and then the slopes' products.
const SMOOTHING: [f32; 2] = [0.7, 4.0];
/// How often edges are found anew, and how often colours then spread to the next pixels.
const ROUNDS: [usize; 2] = [4, 40];
/// The part of the way to the mean of its neighbours that a pixel goes.
const PACE: f32 = 0.9;
/// Side of the squares in which edges are found, and how far they must see beyond: what the smoothing reaches, and a pixel.
const SIDE: usize = 64;
const MARGIN: usize = 12;

/// The neighbours of a pixel: right, left, below, above, and those on both diagonals.
const NEIGHBOURS: [[isize; 2]; 8] = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
    [1, 1],
    [-1, -1],
    [-1, 1],
    [1, -1],
];

/// Missing pixels of one square.
struct Block {
    square: Rectangle,
    pixels: Vec<Pixel>,
    /// Their values before the last spreading, each with its channels.
    former: Vec<f32>,
}

/// A missing pixel.
struct Pixel {
    place: usize,
    /// Shares of its neighbours, whose sum is 1. Those on a diagonal can be negative.
    shares: [f32; 8],
}

/// Replaces the pixels at `missing` by what spreads from around them; at first they hold a membrane.
pub(super) fn continue_edges(planes: &mut Planes, missing: &[usize]) {
    let mut blocks = blocks(planes, missing);
    let [rounds, times] = ROUNDS;
    for _ in 0..rounds {
        blocks
            .par_iter_mut()
            .for_each(|block| block.find_edges(planes));
        for block in &mut blocks {
            block.former.clear();
        }
        for time in 0..times {
            // From the second on, as far again as it went the last time, nearly: what spreads gathers way.
            let reach = (4 * time + 2) as f32 / (2 * time + 3) as f32;
            let values: Vec<Vec<f32>> = blocks
                .par_iter()
                .map(|block| block.spread(planes, reach))
                .collect();
            for (block, values) in blocks.iter_mut().zip(values) {
                block.put(planes, &values);
            }
        }
    }
}

/// The squares that have missing pixels.
fn blocks(planes: &Planes, missing: &[usize]) -> Vec<Block> {
    let columns = planes.width.div_ceil(SIDE);
    let mut blocks: Vec<Option<Block>> = Vec::new();
    blocks.resize_with(columns * planes.height.div_ceil(SIDE), || None);
    for &place in missing {
        let (column, row) = (place % planes.width / SIDE, place / planes.width / SIDE);
        let block = blocks[row * columns + column].get_or_insert_with(|| Block {
            square: Rectangle::square((column * SIDE) as isize, (row * SIDE) as isize, SIDE),
            pixels: Vec::new(),
            former: Vec::new(),
        });
        block.pixels.push(Pixel {
            place,
            shares: [0.0; 8],
        });
    }
    blocks.into_iter().flatten().collect()
}

impl Block {
    /// Finds for each pixel how much of each neighbour spreads to it.
    fn find_edges(&mut self, planes: &Planes) {
        let around = Rectangle::square(
            self.square.left - MARGIN as isize,
            self.square.top - MARGIN as isize,
            SIDE + 2 * MARGIN,
        );
        let tensors = diffusion_tensors(&planes.part(around));
        let (width, height) = (planes.width as isize, planes.height as isize);
        let tensor = |x: isize, y: isize| -> [f32; 3] {
            // Between four pixels of the picture; nothing comes from beyond it.
            if x < 0 || y < 0 || x + 1 >= width || y + 1 >= height {
                return [0.0; 3];
            }
            let [x, y] = [x - around.left, y - around.top];
            tensors.get_pixel(x as u32, y as u32).0
        };
        for Pixel { place, shares } in &mut self.pixels {
            let (x, y) = (*place as isize % width, *place as isize / width);
            let [upper_left, upper_right] = [tensor(x - 1, y - 1), tensor(x, y - 1)];
            let [lower_left, lower_right] = [tensor(x - 1, y), tensor(x, y)];
            // The squares of a tensor's four pairs of slopes at the corners between its pixels, added up, are squares of
            // differences of two pixels with these weights.
            *shares = [
                upper_right[0] + lower_right[0],
                upper_left[0] + lower_left[0],
                lower_left[2] + lower_right[2],
                upper_left[2] + upper_right[2],
                lower_right[1],
                upper_left[1],
                -lower_left[1],
                -upper_right[1],
            ];
            let sum: f32 = shares.iter().sum();
            // A picture of one pixel's width has nothing between four.
            if sum > 0.0 {
                for share in shares {
                    *share /= sum;
                }
            }
        }
    }

    /// The pixels' values, each with its channels, after colours have spread by one pixel, `reach` times as far as from where they
    /// were before the last time.
    fn spread(&self, planes: &Planes, reach: f32) -> Vec<f32> {
        let width = planes.width as isize;
        let steps = NEIGHBOURS.map(|[x, y]| y * width + x);
        let last = planes.area() - 1;
        let mut values = Vec::with_capacity(planes.channels * self.pixels.len());
        for Pixel { place, shares } in &self.pixels {
            // Without a share where there is no neighbour.
            let neighbours = steps.map(|step| place.saturating_add_signed(step).min(last));
            values.extend(planes.values.chunks_exact(planes.area()).map(|plane| {
                let own = plane[*place];
                let changes = shares.iter().zip(neighbours);
                let change: f32 = changes
                    .map(|(share, place)| share * (plane[place] - own))
                    .sum();
                own + PACE * change
            }));
        }
        for (value, former) in values.iter_mut().zip(&self.former) {
            *value += (reach - 1.0) * (*value - former);
        }
        values
    }

    /// Puts values into the picture, and keeps those that were there.
    fn put(&mut self, planes: &mut Planes, values: &[f32]) {
        let (area, channels) = (planes.area(), planes.channels);
        self.former.clear();
        for (Pixel { place, .. }, values) in self.pixels.iter().zip(values.chunks_exact(channels)) {
            for (channel, value) in values.iter().enumerate() {
                let in_plane = &mut planes.values[channel * area + place];
                self.former.push(std::mem::replace(in_plane, *value));
            }
        }
    }
}

/// For each place between four pixels how strongly colours spread there, as a symmetric tensor (xx, xy, yy): by 1 along an edge, by
/// the less across it the steeper it is.
fn diffusion_tensors(planes: &Planes) -> ImageBuffer<Rgb<f32>, Vec<f32>> {
    let (width, height) = (planes.width as u32, planes.height as u32);
    let mut products = ImageBuffer::<Rgb<f32>, Vec<f32>>::new(width - 1, height - 1);
    for plane in planes.values.chunks_exact(planes.area()) {
        let plane = ImageBuffer::<Luma<f32>, Vec<f32>>::from_raw(width, height, plane.to_vec())
            .expect("a plane has its width times its height values");
        let plane = gaussian_blur_f32(&plane, SMOOTHING[0]);
        for (x, y, product) in products.enumerate_pixels_mut() {
            let value = |x, y| plane.get_pixel(x, y).0[0];
            let falling = value(x + 1, y + 1) - value(x, y);
            let rising = value(x + 1, y) - value(x, y + 1);
            let (across, down) = (f32::midpoint(falling, rising), (falling - rising) / 2.0);
            product.0[0] += across * across;
            product.0[1] += across * down;
            product.0[2] += down * down;
        }
    }
    let mut tensors = gaussian_blur_f32(&products, SMOOTHING[1]);
    for tensor in tensors.pixels_mut() {
        tensor.0 = diffusion_tensor(tensor.0);
    }
    tensors
}

/// The diffusion tensor of a structure tensor.
fn diffusion_tensor([xx, xy, yy]: [f32; 3]) -> [f32; 3] {
    let apart = ((xx - yy).powi(2) + 4.0 * xy * xy).sqrt().max(1e-12);
    let steepest = f32::midpoint(xx + yy, apart);
    let across = (1.0 + steepest / CONTRAST.powi(2)).sqrt().recip();
    // The projection on the steepest direction is [cos², sin cos, sin²].
    let square = f32::midpoint(1.0, (xx - yy) / apart);
    let held = 1.0 - across;
    [
        1.0 - held * square,
        -held * xy / apart,
        1.0 - held * (1.0 - square),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn planes(width: usize, height: usize, value: impl Fn(usize, usize, usize) -> f32) -> Planes {
        let places = (0..3 * height).flat_map(|row| (0..width).map(move |x| (x, row)));
        let values = places.map(|(x, row)| value(x, row % height, row / height));
        Planes {
            channels: 3,
            width,
            height,
            values: values.collect(),
        }
    }

    /// The mean distance in the holes between what spreads, from nothing there, and the truth.
    fn distance(truth: &Planes, missing: &[usize]) -> f32 {
        let mut filled = truth.clone();
        let area = truth.area();
        let everywhere =
            || (0..3).flat_map(|channel| missing.iter().map(move |place| channel * area + place));
        everywhere().for_each(|place| filled.values[place] = 0.0);
        continue_edges(&mut filled, missing);
        let apart = everywhere().map(|place| (filled.values[place] - truth.values[place]).abs());
        apart.sum::<f32>() / (3 * missing.len()) as f32
    }

    #[test]
    fn an_edge_goes_on_through_a_hole() {
        for slope in [0.0f32, 0.5, -1.0] {
            let truth = planes(70, 66, |x, y, channel| {
                let side = x as f32 - 35.0 - slope * (y as f32 - 33.0);
                (channel as f32 - 1.0) * 0.1 + if side > 0.0 { 0.5 } else { -0.5 }
            });
            let inside =
                |place: usize| (25..45).contains(&(place % 70)) && (27..39).contains(&(place / 70));
            let missing: Vec<usize> = (0..70 * 66).filter(|&place| inside(place)).collect();
            let apart = distance(&truth, &missing);
            // A membrane over the same hole is 0.16 to 0.22 away (scipy 1.17.1, solved).
            assert!(apart < 0.1, "{slope}: {apart}");
        }
    }

    #[test]
    fn mirrored_and_turned_pictures_give_mirrored_and_turned_results() {
        let value = |x: usize, y: usize, channel: usize| {
            ((x * 7 + y * 3 + channel * 5) % 11) as f32 / 11.0
                + if 2 * x > y + 40 { 0.4 } else { -0.6 }
        };
        let hole =
            |x: usize, y: usize| (20..31).contains(&x) && (18..27).contains(&y) || x + y == 70;
        let [width, height] = [75, 52];
        let fill =
            |width: usize, height: usize, source: &dyn Fn(usize, usize) -> (usize, usize)| {
                let mut picture = planes(width, height, |x, y, channel| {
                    let (x, y) = source(x, y);
                    value(x, y, channel)
                });
                let is_hole = |place: &usize| {
                    let (x, y) = source(place % width, place / width);
                    hole(x, y)
                };
                let missing: Vec<usize> = (0..width * height).filter(is_hole).collect();
                continue_edges(&mut picture, &missing);
                picture
            };
        let usual = fill(width, height, &|x, y| (x, y));
        let mirrored = fill(width, height, &|x, y| (width - 1 - x, y));
        let turned = fill(height, width, &|x, y| (y, x));
        for place in 0..width * height {
            let (x, y) = (place % width, place / width);
            let apart = |other: f32| (usual.values[place] - other).abs();
            assert!(
                apart(mirrored.values[y * width + width - 1 - x]) < 2e-3,
                "{x}, {y}"
            );
            assert!(apart(turned.values[x * height + y]) < 2e-3, "{x}, {y}");
        }
    }

    proptest! {
        /// Pictures of any size, at any channels' values: nothing known changes, plain colour stays, all is finite.
        #[test]
        fn known_pixels_stay(
            width in 1usize..90,
            height in 1usize..90,
            bits in prop::collection::vec(prop::bool::weighted(0.3), 8100),
            values in prop::collection::vec(-1.0f32..1.0, 97),
        ) {
            let missing: Vec<usize> = (0..width * height)
                .filter(|place| bits[place / width * 90 + place % width])
                .collect();
            let picture = planes(width, height, |x, y, channel| values[(x + 13 * y + 31 * channel) % 97]);
            let mut filled = picture.clone();
            continue_edges(&mut filled, &missing);
            for (place, (before, after)) in picture.values.iter().zip(&filled.values).enumerate() {
                prop_assert!(after.is_finite());
                if missing.binary_search(&(place % (width * height))).is_err() {
                    prop_assert_eq!(before.to_bits(), after.to_bits());
                }
            }
            let plain = planes(width, height, |_, _, channel| values[channel]);
            let mut filled = plain.clone();
            continue_edges(&mut filled, &missing);
            for (before, after) in plain.values.iter().zip(&filled.values) {
                prop_assert!((before - after).abs() < 1e-5);
            }
        }
    }
}
