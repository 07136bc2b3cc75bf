//! Making a filled hole meet what is around it.

use std::collections::{BTreeMap, HashMap};

use super::nearest::Nearest;
use super::planes::Planes;
use crate::data::Mask;

/// Puts the nearest known pixel into every missing one.
pub(super) fn extend(photo: &mut Planes, nearest: &Nearest) {
    let area = photo.area();
    for plane in photo.values.chunks_exact_mut(area) {
        for place in 0..area {
            plane[place] = plane[nearest.places[place] as usize];
        }
    }
}

/// Bends what is in the holes towards what is around them: over `feather` pixels, inside the holes alone.
///
/// At the border the two differ by some amount, averaged over the neighbourhood because photos have texture. It is added in
/// full at the border and less and less towards the inside, so that a seam goes and what the network has drawn stays.
pub(super) fn bend(photo: &mut Planes, mask: &Mask, nearest: &Nearest, feather: usize) {
    if feather == 0 {
        return;
    }
    let border = Border::new(mask);
    let area = photo.area();
    for plane in photo.values.chunks_exact_mut(area) {
        let steps = border.steps(plane);
        for place in (0..area).filter(|&place| mask.holes()[place]) {
            let distance = (nearest.squares[place] as f32).sqrt();
            // The pixel that touches the border gets nearly all, the one `feather` further in nothing.
            let share = 1.0 - distance / (feather as f32 + 1.0);
            if share > 0.0
                && let Some(step) = steps.get(&nearest.places[place])
            {
                plane[place] = (plane[place] + share * step).clamp(-1.0, 1.0);
            }
        }
    }
}

/// The known pixels that touch a hole.
struct Border {
    width: usize,
    /// Place of each, and the places of the missing pixels that it touches.
    pixels: BTreeMap<u32, Vec<u32>>,
}

impl Border {
    fn new(mask: &Mask) -> Self {
        let (width, height) = mask.size();
        let mut pixels: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for place in (0..width * height).filter(|&place| mask.holes()[place]) {
            let (x, y) = (place % width, place / width);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    if !mask.is_hole(column, row) {
                        let known = (row * width + column) as u32;
                        pixels.entry(known).or_default().push(place as u32);
                    }
                }
            }
        }
        Self { width, pixels }
    }

    /// How much higher each pixel of the border is than the missing ones that it touches: the mean over those of the border that
    /// are near.
    fn steps(&self, plane: &[f32]) -> HashMap<u32, f32> {
        /// Within this many columns and rows.
        const NEAR: usize = 3;
        let own: BTreeMap<u32, f32> = self
            .pixels
            .iter()
            .map(|(&place, missing)| {
                let sum: f32 = missing.iter().map(|&hole| plane[hole as usize]).sum();
                (place, plane[place as usize] - sum / missing.len() as f32)
            })
            .collect();
        let near = |place: u32| {
            let (x, y) = (place as usize % self.width, place as usize / self.width);
            let (left, right) = (x.saturating_sub(NEAR), (x + NEAR).min(self.width - 1));
            let (mut sum, mut count) = (0.0, 0.0);
            for row in y.saturating_sub(NEAR)..=y + NEAR {
                let start = row * self.width;
                let range = (start + left) as u32..=(start + right) as u32;
                for (_, step) in own.range(range) {
                    sum += step;
                    count += 1.0;
                }
            }
            sum / count
        };
        own.keys().map(|&place| (place, near(place))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f32]) -> Planes {
        Planes {
            channels: 1,
            width: values.len(),
            height: 1,
            values: values.to_vec(),
        }
    }

    #[test]
    fn holes_meet_their_border_and_nothing_outside_changes() {
        let mask = Mask::from_fn(8, 1, |x, _| x >= 2);
        let nearest = Nearest::new(&mask);
        // The hole begins 0.3 below the pixel that it touches, and has a pattern of its own.
        let mut photo = row(&[-1.0, 0.3, 0.0, 0.2, -0.1, 0.1, 0.0, 0.5]);
        bend(&mut photo, &mask, &nearest, 2);
        let wanted = [-1.0, 0.3, 0.2, 0.3, -0.1, 0.1, 0.0, 0.5];
        for (value, wanted) in photo.values.iter().zip(wanted) {
            assert!((value - wanted).abs() < 1e-6, "{:?}", photo.values);
        }
        let before = row(&[-1.0, 0.3, 0.0, 0.2, -0.1, 0.1, 0.0, 0.5]);
        let mut untouched = before.clone();
        bend(&mut untouched, &mask, &nearest, 0);
        assert_eq!(untouched, before);
    }

    #[test]
    fn a_first_guess_is_the_nearest_known_pixel() {
        let mask = Mask::from_fn(5, 1, |x, _| (1..4).contains(&x));
        let mut photo = row(&[0.5, 0.0, 0.0, 0.0, -0.5]);
        extend(&mut photo, &Nearest::new(&mask));
        assert!((photo.values[1] - 0.5).abs() < 1e-6);
        assert!((photo.values[3] + 0.5).abs() < 1e-6);
    }
}
