//! Masks drawn at random, in the shapes that networks learn to fill.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::mask::Mask;
use super::transform::Size;

/// The middle of a picture: half of its width and height, less `margin` pixels on each side.
pub(super) fn centre((width, height): Size, margin: usize) -> Mask {
    let within = |position: usize, side: usize| {
        let (half, start) = (side / 2, (side - side / 2) / 2);
        position >= start + margin && position + margin < start + half
    };
    Mask::from_fn(width, height, |x, y| within(x, width) && within(y, height))
}

/// Rectangles that may overlap, up to a quarter of the picture together.
///
/// Pathak et al., "Context Encoders: Feature Learning by Inpainting", 2016, section 3.3: random block.
pub(super) fn blocks(size: Size, random: &mut ChaCha8Rng) -> Mask {
    /// Most of the picture that may be missing.
    const MAX: f64 = 0.25;
    let (width, height) = size;
    let all = (width * height) as f64;
    let enough = random.random_range(0.1..MAX) * all;
    let mut canvas = Canvas::new(size);
    // A block that would take too much is not drawn; the smaller ones after it may still fit.
    for _ in 0..64 {
        let mut side = |length: usize| {
            let side = random.random_range(0.08..0.4) * length as f64;
            let side = (side.round() as usize).clamp(1, length);
            (random.random_range(0..=length - side), side)
        };
        let ((left, block_width), (top, block_height)) = (side(width), side(height));
        let mut next = canvas.clone();
        next.fill(left..left + block_width, top..top + block_height);
        if next.area() as f64 <= MAX * all {
            canvas = next;
        }
        if canvas.area() as f64 >= enough {
            break;
        }
    }
    // A picture of a few pixels, where even the smallest block is too much.
    if canvas.area() == 0 {
        canvas.fill(width / 2..width / 2 + 1, height / 2..height / 2 + 1);
    }
    canvas.into_mask()
}

/// Smooth shapes over 20 to 30 % of the picture: a coarse random field, magnified, where it is low.
///
/// The released code thresholds a field of 600 x 600 that is magnified to 10000 x 10000 below pictures of 128 pixels, and
/// takes what has the right area; the cells are as large here, in relation to the picture.
pub(super) fn regions(size: Size, random: &mut ChaCha8Rng) -> Mask {
    const THRESHOLD: f32 = 0.25;
    const WANTED: std::ops::RangeInclusive<f64> = 0.2..=0.3;
    const ATTEMPTS: usize = 64;
    let (width, height) = size;
    let all = (width * height) as f64;
    for attempt in 0.. {
        let field = smooth_field(size, random);
        let mut threshold = THRESHOLD;
        // In a very small picture the right area may not come by itself.
        if attempt >= ATTEMPTS {
            let mut sorted = field.clone();
            sorted.sort_by(f32::total_cmp);
            threshold = sorted[(sorted.len() / 4).max(1).min(sorted.len() - 1)];
        }
        let mask = Mask::from_fn(width, height, |x, y| field[y * width + x] < threshold);
        if WANTED.contains(&(mask.area() as f64 / all)) || attempt >= ATTEMPTS {
            return mask;
        }
    }
    unreachable!("the loop has no end")
}

/// A uniform random field in [0, 1) on a coarse grid, interpolated bicubically (Keys, a = -0.5).
fn smooth_field((width, height): Size, random: &mut ChaCha8Rng) -> Vec<f32> {
    let cell = (width.min(height) as f32 / 128.0 * (10_000.0 / 600.0)).max(1.0);
    let (columns, rows) = (
        (width as f32 / cell) as usize + 5,
        (height as f32 / cell) as usize + 5,
    );
    let grid: Vec<f32> = (0..columns * rows).map(|_| random.random()).collect();
    let mut offset = || 1.0 + random.random::<f32>();
    let (left, top) = (offset(), offset());
    let taps = |position: usize, start: f32| {
        let at = start + position as f32 / cell;
        let first = at.floor();
        (first as usize - 1, cubic_weights(at - first))
    };
    let mut field = Vec::with_capacity(width * height);
    for y in 0..height {
        let (row, row_weights) = taps(y, top);
        for x in 0..width {
            let (column, column_weights) = taps(x, left);
            let mut sum = 0.0;
            for (down, row_weight) in row_weights.iter().enumerate() {
                for (right, column_weight) in column_weights.iter().enumerate() {
                    sum +=
                        row_weight * column_weight * grid[(row + down) * columns + column + right];
                }
            }
            field.push(sum);
        }
    }
    field
}

/// Weights of the four neighbours of a place `t` (0 to 1) of the way between the middle two.
fn cubic_weights(t: f32) -> [f32; 4] {
    [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
}

/// Free-form strokes of a thick round brush: at most half of the picture.
///
/// Lines with random turns, as in Yu et al., "Free-Form Image Inpainting with Gated Convolution", 2019.
pub(super) fn strokes(size: Size, random: &mut ChaCha8Rng) -> Mask {
    const MAX: f64 = 0.5;
    let (width, height) = size;
    let side = width.min(height) as f64;
    let all = (width * height) as f64;
    let mut canvas = Canvas::new(size);
    for _ in 0..random.random_range(1..=4) {
        let (mut x, mut y) = (
            random.random_range(0.0..width as f64),
            random.random_range(0.0..height as f64),
        );
        let radius = (side * random.random_range(0.03..0.08)).max(0.5);
        let mut angle = random.random_range(0.0..std::f64::consts::TAU);
        for _ in 0..random.random_range(2..=8) {
            // Turns of up to a right angle, so that a stroke goes somewhere.
            angle += random.random_range(-1.0..1.0) * std::f64::consts::FRAC_PI_2;
            let length = side * random.random_range(0.08..0.3);
            let next = (
                (x + length * angle.cos()).clamp(0.0, width as f64 - 1.0),
                (y + length * angle.sin()).clamp(0.0, height as f64 - 1.0),
            );
            let mut longer = canvas.clone();
            longer.line((x, y), next, radius);
            if longer.area() as f64 > MAX * all {
                break;
            }
            canvas = longer;
            (x, y) = next;
        }
    }
    if canvas.area() == 0 {
        canvas.fill(width / 2..width / 2 + 1, height / 2..height / 2 + 1);
    }
    canvas.into_mask()
}

/// A mask that is being drawn.
#[derive(Clone)]
struct Canvas {
    size: Size,
    holes: Vec<bool>,
}

impl Canvas {
    fn new(size: Size) -> Self {
        Self {
            size,
            holes: vec![false; size.0 * size.1],
        }
    }

    fn area(&self) -> usize {
        self.holes.iter().filter(|&&hole| hole).count()
    }

    fn fill(&mut self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) {
        for row in rows {
            self.holes[row * self.size.0..][columns.clone()].fill(true);
        }
    }

    /// A line with round ends.
    fn line(&mut self, from: (f64, f64), to: (f64, f64), radius: f64) {
        let (width, height) = self.size;
        let span = |one: f64, other: f64, length: usize| {
            let first = (one.min(other) - radius).floor().max(0.0) as usize;
            let last = (one.max(other) + radius).ceil().max(0.0) as usize;
            first..(last + 1).min(length)
        };
        let (run, rise) = (to.0 - from.0, to.1 - from.1);
        let squared_length = (run * run + rise * rise).max(1e-12);
        for y in span(from.1, to.1, height) {
            for x in span(from.0, to.0, width) {
                let (dx, dy) = (x as f64 - from.0, y as f64 - from.1);
                let along = ((dx * run + dy * rise) / squared_length).clamp(0.0, 1.0);
                let (dx, dy) = (dx - along * run, dy - along * rise);
                if dx * dx + dy * dy <= radius * radius {
                    self.holes[y * width + x] = true;
                }
            }
        }
    }

    fn into_mask(self) -> Mask {
        let width = self.size.0;
        Mask::from_fn(width, self.size.1, |x, y| self.holes[y * width + x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augmentation::sample_random;

    /// A shape by its name and the range of its area.
    type Shape = (
        fn(Size, &mut ChaCha8Rng) -> Mask,
        std::ops::RangeInclusive<f64>,
    );

    #[test]
    fn shapes_have_the_area_that_is_promised() {
        let shapes: [Shape; 3] = [
            (blocks, 0.02..=0.25),
            (regions, 0.2..=0.3),
            (strokes, 0.002..=0.5),
        ];
        for (shape, wanted) in shapes {
            let mut areas = Vec::new();
            for position in 0..40 {
                let mask = shape((96, 64), &mut sample_random(3, 0, position));
                assert_eq!(mask.size(), (96, 64));
                let share = mask.area() as f64 / (96.0 * 64.0);
                assert!(wanted.contains(&share), "{share} not in {wanted:?}");
                areas.push(mask.area());
            }
            areas.dedup();
            assert!(areas.len() > 20, "{areas:?}");
        }
    }

    #[test]
    fn tiny_pictures_get_a_hole_and_keep_something() {
        for (width, height) in [(2, 2), (1, 5), (3, 2), (16, 16)] {
            for shape in [blocks, regions, strokes] {
                let mask = shape((width, height), &mut sample_random(1, 2, 3));
                assert!(!mask.is_full(), "{width}x{height}");
                assert!(!mask.is_empty(), "{width}x{height}");
            }
        }
    }

    #[test]
    fn the_centre_is_half_of_each_side_less_the_margin() {
        let mask = centre((16, 32), 1);
        let inside = Mask::from_fn(16, 32, |x, y| (5..11).contains(&x) && (9..23).contains(&y));
        assert_eq!(mask, inside);
        assert_eq!(centre((128, 128), 4).area(), 56 * 56);
        // An odd side: as much around it on both ends.
        let odd = centre((227, 227), 4);
        assert!(odd.is_hole(61, 61) && odd.is_hole(165, 165));
        assert!(!odd.is_hole(60, 61) && !odd.is_hole(166, 165));
    }

    #[test]
    fn regions_are_smooth() {
        let mask = regions((128, 128), &mut sample_random(0, 0, 0));
        let changes = (0..128)
            .map(|y| {
                (1..128)
                    .filter(|&x| mask.is_hole(x, y) != mask.is_hole(x - 1, y))
                    .count()
            })
            .sum::<usize>();
        // Shapes of 17 pixels cross a row a few times, noise 48 times.
        assert!(changes < 128 * 10, "{changes}");
    }
}
