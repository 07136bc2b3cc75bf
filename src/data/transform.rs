//! From the size of a file to the size that networks train on: resize, crop, round, in the reference implementation's order.

use super::augmentation::Augmentation;
use crate::config::{Mode, Preprocess, Recipe};
use crate::picture::{MAX_PIXELS, Raster};

/// Width and height in pixels.
pub(super) type Size = (usize, usize);

/// How the recipe prepares pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    method: Preprocess,
    load_size: usize,
    crop_size: usize,
    /// Smallest height after scaling to a width.
    lowest: usize,
    /// Sizes that no crop has fixed are rounded to multiples of this.
    multiple: usize,
    /// Smallest side with which the networks work.
    smallest: usize,
}

impl Transform {
    /// The preparation that the recipe asks for in training.
    pub fn new(recipe: &Recipe) -> Self {
        // Pictures of mode pix2pixhd keep their aspect ratio, however low they are.
        let keeps_aspect =
            recipe.mode == Mode::Pix2pixhd && recipe.data.preprocess == Preprocess::ScaleWidth;
        Self {
            method: recipe.data.preprocess,
            load_size: recipe.data.load_size,
            crop_size: recipe.data.crop_size,
            lowest: if keeps_aspect {
                1
            } else {
                recipe.data.crop_size
            },
            multiple: recipe.generator.output_multiple(),
            smallest: recipe.min_judged_side().max(recipe.min_crop()),
        }
    }

    /// The same for pictures that are only looked at: with `resize_and_crop` the whole picture is resized to the size of the
    /// crop, as the reference implementation does in tests.
    pub fn without_margin(&self) -> Self {
        let load_size = match self.method {
            Preprocess::ResizeAndCrop => self.crop_size,
            _ => self.load_size,
        };
        Self {
            load_size,
            ..self.clone()
        }
    }

    /// The size after the first step, resizing.
    pub fn resized_size(&self, (width, height): Size) -> Size {
        match self.method {
            Preprocess::ResizeAndCrop => (self.load_size, self.load_size),
            Preprocess::Crop | Preprocess::None => (width, height),
            Preprocess::ScaleShortsideAndCrop => {
                let short = width.min(height);
                let scaled = |side: usize| {
                    let exact = side as f64 * self.load_size as f64 / short as f64;
                    (exact.round() as usize).max(self.load_size)
                };
                (scaled(width), scaled(height))
            }
            Preprocess::ScaleWidth | Preprocess::ScaleWidthAndCrop => {
                if width == self.load_size && height >= self.lowest {
                    return (width, height);
                }
                let scaled = self.load_size as f64 * height as f64 / width as f64;
                (
                    self.load_size,
                    scaled.max(self.lowest as f64).floor() as usize,
                )
            }
        }
    }

    /// The largest corner (x, y) of a crop of a picture that has been resized to `resized`; `None` when nothing is cropped.
    pub fn crop_range(&self, resized: Size) -> Option<Size> {
        match self.method {
            Preprocess::ScaleWidth | Preprocess::None => None,
            Preprocess::ResizeAndCrop
            | Preprocess::Crop
            | Preprocess::ScaleWidthAndCrop
            | Preprocess::ScaleShortsideAndCrop => Some((
                resized.0.saturating_sub(self.crop_size),
                resized.1.saturating_sub(self.crop_size),
            )),
        }
    }

    /// The size that networks see, for a picture of `size` in its file.
    pub fn output_size(&self, size: Size) -> Size {
        let resized = self.resized_size(size);
        if self.crop_range(resized).is_some() {
            return (self.crop_size, self.crop_size);
        }
        (
            nearest_multiple(resized.0, self.multiple),
            nearest_multiple(resized.1, self.multiple),
        )
    }

    /// Whether a picture of this size can be prepared; if not, why not and what to do, to be read after the file's name.
    pub fn accepts(&self, size: Size) -> Result<(), String> {
        let (width, height) = size;
        if self.method == Preprocess::Crop && (width < self.crop_size || height < self.crop_size) {
            return Err(format!(
                "is {width}x{height}, smaller than `data.crop_size` ({}): crop less, or take `data.preprocess = \"resize_and_crop\"`",
                self.crop_size
            ));
        }
        let (last_width, last_height) = self.output_size(size);
        for (width, height) in [self.resized_size(size), (last_width, last_height)] {
            if width as u64 * height as u64 > MAX_PIXELS {
                return Err(format!(
                    "would be resized to {width}x{height}: leave it out, or take `data.preprocess = \"resize_and_crop\"`"
                ));
            }
        }
        if last_width < self.smallest || last_height < self.smallest {
            return Err(format!(
                "is {width}x{height}, {last_width}x{last_height} when prepared, and the networks need at least {0}x{0}: leave it out, or take `data.preprocess = \"resize_and_crop\"`",
                self.smallest
            ));
        }
        Ok(())
    }

    /// The first step: brings a picture to [`Transform::resized_size`].
    pub(super) fn resize(&self, raster: Raster) -> Raster {
        let size = self.resized_size(raster.size());
        raster.resized(size)
    }

    /// The other steps: crop, round to the network's multiple, flip. `resized` is what [`Transform::resize`] returned.
    pub(super) fn crop_and_flip(&self, resized: &Raster, augmentation: Augmentation) -> Raster {
        let finished = if self.crop_range(resized.size()).is_some() {
            resized.cropped(augmentation.corner, (self.crop_size, self.crop_size))
        } else {
            let (width, height) = resized.size();
            resized.clone().resized((
                nearest_multiple(width, self.multiple),
                nearest_multiple(height, self.multiple),
            ))
        };
        if augmentation.flip {
            finished.flipped()
        } else {
            finished
        }
    }
}

/// The multiple of `multiple` nearest to `size`, at least one; halves go to the even quotient, as Python rounds.
fn nearest_multiple(size: usize, multiple: usize) -> usize {
    let quotient = (size as f64 / multiple as f64).round_ties_even() as usize;
    quotient.max(1) * multiple
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::augmentation::sample_random;
    use crate::picture::RasterKind;

    fn transform(method: Preprocess, load_size: usize, crop_size: usize) -> Transform {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        recipe.data.preprocess = method;
        recipe.data.load_size = load_size;
        recipe.data.crop_size = crop_size;
        Transform::new(&recipe)
    }

    #[test]
    fn halves_are_rounded_to_the_even_quotient() {
        assert_eq!(nearest_multiple(258, 4), 256);
        assert_eq!(nearest_multiple(262, 4), 264);
        assert_eq!(nearest_multiple(1, 4), 4);
        assert_eq!(nearest_multiple(384, 256), 512);
        assert_eq!(nearest_multiple(128, 256), 256);
        assert_eq!(nearest_multiple(640, 256), 512);
    }

    #[test]
    fn scale_width_keeps_the_aspect_and_the_height_of_the_crop() {
        let scale = transform(Preprocess::ScaleWidth, 286, 256);
        assert_eq!(scale.resized_size((1000, 1500)), (286, 429));
        assert_eq!(scale.resized_size((1000, 1501)), (286, 429));
        assert_eq!(scale.resized_size((1000, 500)), (286, 256));
        assert_eq!(scale.resized_size((286, 300)), (286, 300));
        assert_eq!(scale.resized_size((286, 100)), (286, 256));
        assert_eq!(scale.output_size((1000, 1500)), (288, 428));
        assert_eq!(scale.crop_range((286, 429)), None);
        let crop = transform(Preprocess::ScaleWidthAndCrop, 286, 256);
        assert_eq!(crop.crop_range((286, 429)), Some((30, 173)));
        assert_eq!(crop.output_size((1000, 1500)), (256, 256));
    }

    #[test]
    fn the_shorter_side_gets_the_size_and_the_other_follows() {
        let scale = transform(Preprocess::ScaleShortsideAndCrop, 96, 64);
        assert_eq!(scale.resized_size((481, 321)), (144, 96));
        assert_eq!(scale.resized_size((321, 481)), (96, 144));
        assert_eq!(scale.output_size((321, 481)), (64, 64));
        assert_eq!(scale.crop_range((96, 144)), Some((32, 80)));
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused_with_a_remedy() {
        let crop = transform(Preprocess::Crop, 286, 256);
        assert!(crop.accepts((256, 256)).is_ok());
        let message = crop.accepts((300, 255)).unwrap_err();
        assert!(message.starts_with("is 300x255, smaller than `data.crop_size` (256)"));
        let scale = transform(Preprocess::ScaleWidth, 286, 256);
        let message = scale.accepts((1, 4_000_000)).unwrap_err();
        assert!(message.starts_with("would be resized to 286x1144000000"));
        let none = transform(Preprocess::None, 286, 256);
        assert!(none.accepts((24, 23)).is_ok());
        let message = none.accepts((300, 20)).unwrap_err();
        assert!(message.contains("300x20 when prepared, and the networks need at least 24x24"));
    }

    #[test]
    fn pictures_that_are_looked_at_are_shown_whole() {
        let whole = transform(Preprocess::ResizeAndCrop, 286, 256).without_margin();
        assert_eq!(whole.resized_size((900, 20)), (256, 256));
        assert_eq!(whole.crop_range((256, 256)), Some((0, 0)));
    }

    proptest! {
        /// Whatever is accepted can be prepared: the crop lies inside, the result has the size that was announced.
        #[test]
        fn accepted_pictures_get_the_announced_size(
            method in prop::sample::select(vec![
                Preprocess::ResizeAndCrop,
                Preprocess::Crop,
                Preprocess::ScaleWidth,
                Preprocess::ScaleWidthAndCrop,
                Preprocess::ScaleShortsideAndCrop,
                Preprocess::None,
            ]),
            width in 1usize..120,
            height in 1usize..120,
            crop in 6usize..14,
            margin in 0usize..20,
            flip in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let crop = crop * 4;
            let transform = transform(method, crop + margin, crop);
            let size = (width, height);
            if transform.accepts(size).is_ok() {
                let raster = Raster {
                    kind: RasterKind::Colours,
                    width,
                    height,
                    channels: 1,
                    bytes: vec![7; width * height],
                };
                let resized = transform.resize(raster);
                prop_assert_eq!(resized.size(), transform.resized_size(size));
                let random = &mut sample_random(seed, 0, 0);
                let augmentation = Augmentation::draw(random, transform.crop_range(resized.size()), flip);
                if transform.crop_range(resized.size()).is_some() {
                    prop_assert!(augmentation.corner.0 + crop <= resized.width);
                    prop_assert!(augmentation.corner.1 + crop <= resized.height);
                }
                let finished = transform.crop_and_flip(&resized, augmentation);
                prop_assert_eq!(finished.size(), transform.output_size(size));
                prop_assert!(finished.width.is_multiple_of(4) && finished.height.is_multiple_of(4));
                prop_assert!(finished.bytes.iter().all(|&byte| byte == 7));
            } else {
                prop_assert!(method != Preprocess::ResizeAndCrop);
            }
        }
    }
}
