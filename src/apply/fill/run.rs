//! Filling the holes of the photos of a plan.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use image::{DynamicImage, ImageFormat};

use super::blend::{blend, extend};
use super::filler::Filler;
use super::mask_source::{MaskLookup, PhotoMask};
use super::photo::{composite, planes};
use super::planes::Planes;
use super::windows::fill_holes;
use crate::apply::error::ApplyError;
use crate::apply::options::{ApplyOptions, Depth};
use crate::apply::pipeline::{Finished, Pipeline};
use crate::apply::plan::{Plan, PlannedPicture};
use crate::apply::reading::{is_usual, unreadable, unsupported};
use crate::apply::recorder::Event;
use crate::apply::report::Summary;
use crate::apply::run::run_pipeline;
use crate::apply::sidecars::sidecars;
use crate::config::Recipe;
use crate::data::Mask;
use crate::files;
use crate::picture::DistanceTransform;
use crate::picture::{
    EncodeOptions, Encoded, FileContents, Metadata, OutputPixels, Picture, PictureLimits, encode,
    has_integer_samples, is_16_bit, read_picture, to_8_bit,
};

/// How holes are filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FillOptions {
    /// Pixels over which what is filled in is blended into what is around the hole; inside the hole alone. If none, what is usual for
    /// the filler.
    pub feather: Option<usize>,
    /// By how many pixels holes are grown before they are filled.
    pub dilate: usize,
}

impl FillOptions {
    /// The feather, in pixels, of styles of `recipe` unless another is asked for.
    ///
    /// Networks that no discriminator has judged invent nothing: further in, too, what is around the hole is the better guess.
    pub fn usual_feather(recipe: &Recipe) -> usize {
        if recipe.loss.adversarial > 0.0 {
            16
        } else {
            64
        }
    }
}

/// Fills the holes of the photos of a plan, which `masks` show; what is not in a hole stays to the bit.
///
/// As [`run`](crate::apply::run()) in all other respects. A photo whose mask is empty is copied, and a note in its report
/// says so; one whose mask is full fails, and so does one without a mask.
///
/// # Errors
/// As [`run`](crate::apply::run()).
pub fn fill(
    plan: &Plan,
    masks: &MaskLookup,
    filler: &mut dyn Filler,
    fill_options: FillOptions,
    options: &ApplyOptions,
    stop: &AtomicBool,
    on_event: impl FnMut(Event<'_>) + Send,
) -> Result<Summary, ApplyError> {
    let channels = filler.channels();
    if !is_usual(channels) {
        return Err(ApplyError::Channels { channels });
    }
    masks.ensure_kept(plan)?;
    let filling = Filling {
        masks,
        channels,
        dilate: fill_options.dilate,
        feather: fill_options.feather.unwrap_or_else(|| filler.feather()),
        limits: options.limits,
        depth: options.depth,
        encoding: options.encoding(),
    };
    let mut fill = |mut photo: Photo| {
        if let Some(hole) = &mut photo.hole {
            fill_holes(&mut hole.planes, &hole.mask, &hole.nearest, filler)?;
        }
        Ok(photo)
    };
    let compute = |photos: Vec<(usize, Photo)>| {
        let photos = photos.into_iter();
        photos.map(|(_, photo)| fill(photo)).collect()
    };
    run_pipeline(plan, &filling, compute, options, stop, on_event)
}

struct Filling<'a> {
    masks: &'a MaskLookup,
    channels: usize,
    dilate: usize,
    feather: usize,
    limits: PictureLimits,
    depth: Depth,
    encoding: EncodeOptions,
}

/// A photo on its way.
struct Photo {
    image: DynamicImage,
    /// What its file is.
    format: ImageFormat,
    metadata: Metadata,
    /// What should be known about it.
    notes: Vec<String>,
    /// None where nothing is to be filled.
    hole: Option<Hole>,
}

/// What is to be filled in a photo.
struct Hole {
    mask: Arc<Mask>,
    nearest: DistanceTransform,
    /// The photo, with a first guess in the holes and later with what the network put there.
    planes: Planes,
}

impl Pipeline for Filling<'_> {
    type Prepared = Photo;
    type Output = Photo;

    fn prepare(&self, picture: &PlannedPicture) -> Result<Photo, String> {
        let path = &picture.input;
        let Picture {
            pixels: image,
            format,
            metadata,
            mut notes,
        } = read_picture(path, self.limits).map_err(unreadable)?;
        let named = |message: String| format!("`{}`: {message}", path.display());
        if !has_integer_samples(image.color()) {
            return Err(unsupported(path));
        }
        let PhotoMask { mut mask, note } = self.masks.of(&image, path, &picture.relative)?;
        notes.extend(note);
        if mask.is_empty() {
            return Ok(Photo {
                image,
                format,
                metadata,
                notes,
                hole: None,
            });
        }
        let full = mask.is_full();
        if self.dilate > 0 {
            mask = Arc::new(mask.dilated(self.dilate));
        }
        if mask.is_full() {
            let grown = if full {
                String::new()
            } else {
                format!(", grown by --dilate {},", self.dilate)
            };
            return Err(named(format!(
                "the mask{grown} covers all of it: nothing is left to continue from"
            )));
        }
        let nearest = mask.distances();
        let mut planes = planes(&image, self.channels);
        extend(&mut planes, &nearest);
        Ok(Photo {
            image,
            format,
            metadata,
            notes,
            hole: Some(Hole {
                mask,
                nearest,
                planes,
            }),
        })
    }

    fn finish(&self, picture: &PlannedPicture, photo: Photo) -> Result<Finished, String> {
        let own_size = (photo.image.width() as usize, photo.image.height() as usize);
        let mut finished = self.encoded(picture, photo)?;
        if let Some(output) = picture.task.output() {
            finished.sidecars = sidecars(&picture.input, output, own_size, finished.size());
        }
        Ok(finished)
    }
}

impl Filling<'_> {
    /// The file of a photo whose holes are filled.
    fn encoded(&self, picture: &PlannedPicture, photo: Photo) -> Result<Finished, String> {
        let format = picture.format()?;
        let Photo {
            mut image,
            format: own,
            metadata,
            mut notes,
            hole,
        } = photo;
        if let Some(Hole {
            mask,
            nearest,
            mut planes,
        }) = hole
        {
            blend(&mut planes, &mask, &nearest, self.feather);
            composite(&mut image, &planes, &mask);
        } else {
            notes.push(format!("{}: copied unchanged", self.masks.nothing()));
            if format == own && !(self.depth == Depth::Bits8 && is_16_bit(image.color())) {
                let bytes = files::read(&picture.input).map_err(|error| error.to_string())?;
                // The file is what it was.
                let notes = notes.split_off(notes.len() - 1);
                let size = (image.width(), image.height());
                let contents = FileContents::Bytes(bytes);
                return Ok(Encoded {
                    contents,
                    size,
                    notes,
                }
                .into());
            }
        }
        if format == ImageFormat::Jpeg {
            notes
                .push("JPEG changes every pixel a little, also those outside the holes".to_owned());
        }
        if self.depth == Depth::Bits8 {
            image = to_8_bit(image);
        }
        encode(
            OutputPixels::Whole(image),
            &metadata,
            format,
            self.encoding,
            notes,
        )
        .map(Finished::from)
    }
}
