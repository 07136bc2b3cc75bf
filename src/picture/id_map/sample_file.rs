//! A file that holds a map, in whatever way its samples say ids.

use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::map::{IdMap, MAX_ID};
use super::stored::{SampleError, StoredPixels, StoredSamples};
use super::{bmp, png, pnm, tiff, webp};
use crate::panics;
use crate::picture::byte_source::read_bytes;
use crate::picture::error::PictureError;
use crate::picture::limits::PictureLimits;

/// The samples of a file before it is said what they mean.
pub struct SampleFile {
    path: PathBuf,
    stored: StoredSamples,
}

/// A picture of exact colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourMap {
    /// Width and height in pixels.
    pub size: (usize, usize),
    /// Red, green and blue, `[height, width]`, flattened.
    pub colours: Vec<[u8; 3]>,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
}

impl IdMap {
    /// Reads the map at `path`: grey or with a palette; also a colour picture all of whose pixels are grey.
    ///
    /// # Errors
    /// As [`SampleFile::read`] and [`SampleFile::ids`].
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        SampleFile::read(path, PictureLimits::default())?.ids()
    }
}

impl SampleFile {
    /// Reads the samples of the file at `path` as they are stored, but turned upright as its orientation says.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, was compressed with loss, or has transparency.
    pub fn read(path: &Path, limits: PictureLimits) -> Result<Self, PictureError> {
        let bytes = read_bytes(path, limits.bytes)?;
        let damaged = |message| SampleError::damaged(format!("the decoder failed: {message}"));
        let stored = panics::catch(|| decode(&bytes, limits))
            .unwrap_or_else(|message| Err(damaged(message)))
            .map_err(|error| match error {
                SampleError::Unfit(message) => PictureError::NotAnIdMap {
                    path: path.to_owned(),
                    message,
                },
                SampleError::Decode(error) => error.into_picture_error(path, limits),
            })?;
        Ok(Self {
            path: path.to_owned(),
            stored,
        })
    }

    /// Samples as ids: grey levels, places in a palette, and the level of colours that are all grey.
    ///
    /// # Errors
    /// The file holds colours, or numbers above [`MAX_ID`].
    pub fn ids(self) -> Result<IdMap, PictureError> {
        let grey =
            |[red, green, blue]: [u16; 3]| (red == green && green == blue).then(|| u32::from(red));
        self.id_map(
            grey,
            "is a colour picture, not a map of ids: save it as grey PNG, or as PNG with a palette, whose values are the ids, or give the colours of the classes as a palette (`data.palette`, or `--palette` of `data labels`)",
        )
    }

    /// As [`Self::ids`], with colours of 8 bits as the ids of COCO's panoptic format: R + 256 G + 65536 B.
    ///
    /// # Errors
    /// The file holds colours of 16 bits, or numbers above [`MAX_ID`].
    pub fn instance_ids(self) -> Result<IdMap, PictureError> {
        let is_8_bit = self.stored.bits <= 8;
        let panoptic = |[red, green, blue]: [u16; 3]| {
            let [red, green, blue] = [red, green, blue].map(u32::from);
            is_8_bit.then_some(red + 256 * green + 65_536 * blue)
        };
        let is_grey = match &self.stored.pixels {
            StoredPixels::Colours { levels, .. } => levels
                .iter()
                .all(|[red, green, blue]| red == green && green == blue),
            _ => true,
        };
        if is_grey {
            return self.ids();
        }
        self.id_map(
            panoptic,
            "has colours of 16 bits: instances are grey, have a palette, or are COCO's panoptic colours of 8 bits",
        )
    }

    /// Samples as the colours that they look like.
    ///
    /// # Errors
    /// They have levels between those of 8 bits.
    pub fn colours(self) -> Result<ColourMap, PictureError> {
        let StoredSamples {
            size,
            format,
            pixels,
            ..
        } = self.stored;
        // All of 8 bits have one of this scale; of more bits only those that were made from 8.
        let level = |level: u32, brightest: u32| {
            let scaled = u64::from(level) * 255;
            let brightest = u64::from(brightest);
            scaled
                .is_multiple_of(brightest)
                .then(|| (scaled / brightest) as u8)
        };
        let colours: Option<Vec<[u8; 3]>> = match pixels {
            StoredPixels::Grey {
                levels,
                brightest,
                white_is_zero,
            } => {
                let look = |stored: u32| {
                    let level = level(stored, brightest)?;
                    Some([if white_is_zero { 255 - level } else { level }; 3])
                };
                levels.into_iter().map(look).collect()
            }
            StoredPixels::Indices { places, palette } => {
                let look = |place: u32| palette.get(place as usize).copied();
                let colours: Option<Vec<[u8; 3]>> = places.into_iter().map(look).collect();
                let Some(colours) = colours else {
                    return Err(PictureError::Damaged {
                        path: self.path,
                        message: "it has fewer colours in its palette than it uses".to_owned(),
                    });
                };
                Some(colours)
            }
            StoredPixels::Colours { levels, brightest } => levels
                .into_iter()
                .map(|colour| {
                    let [red, green, blue] =
                        colour.map(|stored| level(stored.into(), brightest.into()));
                    Some([red?, green?, blue?])
                })
                .collect(),
        };
        let colours = colours.ok_or_else(|| PictureError::NotAnIdMap {
            path: self.path,
            message: "has levels between those of 8 bits, which are no colours of a palette: save it with 8 bits".to_owned(),
        })?;
        Ok(ColourMap {
            size,
            colours,
            format,
        })
    }

    fn id_map(
        self,
        of_colour: impl Fn([u16; 3]) -> Option<u32>,
        refusal: &str,
    ) -> Result<IdMap, PictureError> {
        let StoredSamples {
            size: (width, height),
            bits,
            format,
            pixels,
        } = self.stored;
        let unfit = |message: String| PictureError::NotAnIdMap {
            path: self.path.clone(),
            message,
        };
        let (mut has_palette, mut has_colours) = (false, false);
        let ids = match pixels {
            StoredPixels::Grey { levels, .. } => levels,
            StoredPixels::Indices { places, .. } => {
                has_palette = true;
                places
            }
            StoredPixels::Colours { levels, .. } => {
                has_colours = true;
                let ids: Option<Vec<u32>> = levels.into_iter().map(of_colour).collect();
                ids.ok_or_else(|| unfit(refusal.to_owned()))?
            }
        };
        if let Some(id) = ids.iter().find(|&&id| id > MAX_ID) {
            return Err(unfit(format!(
                "holds the id {id}, and ids go up to {MAX_ID}: number them anew"
            )));
        }
        Ok(IdMap {
            width,
            height,
            ids,
            bits,
            has_palette,
            has_colours,
            format,
        })
    }
}

fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    use crate::picture::decode::DecodeError::NotAPicture;
    use crate::picture::format::guess_format;

    match guess_format(bytes) {
        Some(ImageFormat::Png) => png::decode(bytes, limits),
        Some(ImageFormat::Tiff) => tiff::decode(bytes, limits),
        Some(ImageFormat::Pnm) => pnm::decode(bytes, limits),
        Some(ImageFormat::Bmp) => bmp::decode(bytes, limits),
        Some(ImageFormat::WebP) => webp::decode(bytes, limits),
        Some(ImageFormat::Jpeg) => Err(SampleError::Unfit(
            "is a JPEG, whose compression changes ids: save maps of labels and instances as PNG"
                .to_owned(),
        )),
        _ => Err(SampleError::Decode(NotAPicture)),
    }
}
