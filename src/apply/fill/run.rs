//! Filling the holes of the photos of a plan.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use image::{DynamicImage, ImageFormat};

use super::super::error::ApplyError;
use super::super::options::ApplyOptions;
use super::super::plan::{Plan, PlannedPicture};
use super::super::report::Summary;
use super::super::run::{carry_out, check_channels};
use super::super::steps::{Finished, Steps};
use super::super::tally::Event;
use super::blend::{blend, extend};
use super::filler::Filler;
use super::mask_source::Masks;
use super::nearest::Nearest;
use super::photo::{encode, is_supported, paste, planes};
use super::planes::Planes;
use super::windows::fill_holes;
use crate::data::{Mask, read_image};
use crate::files;

/// How holes are filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FillOptions {
    /// Pixels over which what is filled in is blended into what is around the hole; inside the hole alone.
    pub feather: usize,
    /// By how many pixels holes are grown before they are filled.
    pub dilate: usize,
}

/// Fills the holes of the photos of a plan, which `masks` show; what is not in a hole stays to the bit.
///
/// As [`run`](super::super::run()) in all other respects. A photo whose mask is empty is copied, and a note in its report
/// says so; one whose mask is full fails, and so does one without a mask.
///
/// # Errors
/// As [`run`](super::super::run()).
pub fn fill(
    plan: &Plan,
    masks: &Masks,
    filler: &mut dyn Filler,
    fill_options: FillOptions,
    options: &ApplyOptions,
    stop: &AtomicBool,
    on_event: impl FnMut(Event<'_>) + Send,
) -> Result<Summary, ApplyError> {
    let channels = filler.channels();
    check_channels(channels, channels)?;
    let filling = Filling {
        masks,
        output: &plan.output,
        channels,
        options: fill_options,
    };
    let compute = |_: usize, mut photo: Photo| {
        if let Some(hole) = &mut photo.hole {
            fill_holes(&mut hole.planes, &hole.mask, &hole.nearest, filler)?;
        }
        Ok(photo)
    };
    carry_out(plan, &filling, compute, options, stop, on_event)
}

struct Filling<'a> {
    masks: &'a Masks,
    /// The output folder of the plan.
    output: &'a Path,
    channels: usize,
    options: FillOptions,
}

/// A photo on its way.
struct Photo {
    image: DynamicImage,
    /// What its file is.
    format: ImageFormat,
    /// None where nothing is to be filled.
    hole: Option<Hole>,
}

/// What is to be filled in a photo.
struct Hole {
    mask: Arc<Mask>,
    nearest: Nearest,
    /// The photo, with a first guess in the holes and later with what the network put there.
    planes: Planes,
}

impl Steps for Filling<'_> {
    type Prepared = Photo;
    type Made = Photo;

    fn prepare(&self, picture: &PlannedPicture) -> Result<Photo, String> {
        let path = &picture.input;
        let (image, format) = read_image(path).map_err(|error| error.to_string())?;
        let named = |message: String| format!("`{}`: {message}", path.display());
        if !is_supported(&image) {
            return Err(named(format!(
                "{:?} is neither 8 nor 16 bits: convert it",
                image.color()
            )));
        }
        // The output mirrors the input.
        let output = picture.task.output().unwrap_or(path);
        let relative = output.strip_prefix(self.output).unwrap_or(output);
        let mut mask = self.masks.of(&image, path, relative)?;
        if mask.is_empty() {
            return Ok(Photo {
                image,
                format,
                hole: None,
            });
        }
        let full = mask.is_full();
        if self.options.dilate > 0 {
            mask = Arc::new(mask.dilated(self.options.dilate));
        }
        if mask.is_full() {
            let grown = if full {
                String::new()
            } else {
                format!(", grown by --dilate {},", self.options.dilate)
            };
            return Err(named(format!(
                "the mask{grown} covers all of it: nothing is left to continue from"
            )));
        }
        let nearest = Nearest::new(&mask);
        let mut planes = planes(&image, self.channels);
        extend(&mut planes, &nearest);
        Ok(Photo {
            image,
            format,
            hole: Some(Hole {
                mask,
                nearest,
                planes,
            }),
        })
    }

    fn finish(&self, picture: &PlannedPicture, photo: Photo) -> Result<Finished, String> {
        let format = picture.format()?;
        let Photo {
            mut image,
            format: own,
            hole,
        } = photo;
        let (width, height) = (image.width(), image.height());
        let Some(Hole {
            mask,
            nearest,
            mut planes,
        }) = hole
        else {
            let bytes = if format == own {
                files::read(&picture.input).map_err(|error| error.to_string())?
            } else {
                encode(&image, format)?
            };
            return Ok(Finished {
                bytes,
                width,
                height,
                note: Some("its mask is empty: copied unchanged".to_owned()),
            });
        };
        blend(&mut planes, &mask, &nearest, self.options.feather);
        paste(&mut image, &planes, &mask);
        Ok(Finished {
            bytes: encode(&image, format)?,
            width,
            height,
            note: None,
        })
    }
}
