//! What a file says about its picture besides the pixels.

use super::colour_chunks::ColourChunks;
use super::density::Density;
use super::exif;
use super::georeference::Georeference;

/// Colour profile, EXIF and XMP blocks of a picture, its size on paper and its place on Earth.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// An ICC profile.
    pub profile: Option<Vec<u8>>,
    /// An EXIF block, without the signature that JPEG files put before it. Its orientation is that of the file.
    pub exif: Option<Vec<u8>>,
    /// An XMP block, whose numbers are those of the file.
    pub xmp: Option<String>,
    /// Chunks of a PNG file that describe its colours.
    pub colour: ColourChunks,
    /// Its size on paper.
    pub density: Option<Density>,
    /// Its place on Earth.
    pub georeference: Georeference,
    /// How the file says which pixels have no data; they are transparent.
    pub exclusion: Option<Exclusion>,
}

/// How a TIFF file says which pixels have no data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exclusion {
    /// A page of its own.
    MaskPage,
    /// All of their bands hold this number.
    NoData(f64),
}

/// The colours that an ICC profile describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IccColourSpace {
    /// Red, green, blue.
    Rgb,
    /// Grey.
    Grey,
    /// Four inks.
    Cmyk,
    /// Another one.
    Other,
}

impl IccColourSpace {
    /// What the header of an ICC profile says; none if the profile is damaged.
    pub fn of(profile: &[u8]) -> Option<Self> {
        const HEADER: usize = 128;
        let size = u32::from_be_bytes(profile.get(..4)?.try_into().ok()?) as usize;
        if profile.get(36..40)? != b"acsp" || size < HEADER || size > profile.len() {
            return None;
        }
        Some(match profile.get(16..20)? {
            b"RGB " => Self::Rgb,
            b"GRAY" => Self::Grey,
            b"CMYK" => Self::Cmyk,
            _ => Self::Other,
        })
    }

    /// The space as people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb => "RGB",
            Self::Grey => "grey",
            Self::Cmyk => "CMYK",
            Self::Other => "other",
        }
    }
}

impl Metadata {
    /// Takes what is whole of what a decoder has found, and says what is not.
    pub(crate) fn from_blocks(
        profile: Option<Vec<u8>>,
        block: Option<&[u8]>,
        xmp: Option<Vec<u8>>,
        notes: &mut Vec<String>,
    ) -> Self {
        let mut damaged = |what: &str| {
            notes.push(format!("its {what} is damaged and was left out"));
        };
        let profile = profile.filter(|profile| {
            let is_whole = IccColourSpace::of(profile).is_some();
            if !is_whole {
                damaged("colour profile");
            }
            is_whole
        });
        let exif = block.and_then(|block| {
            let checked = exif::validated(block);
            if checked.is_none() {
                damaged("EXIF block");
            }
            checked
        });
        let xmp = xmp.and_then(|block| {
            let text = String::from_utf8(block);
            text.map_err(|_| damaged("XMP block")).ok()
        });
        Self {
            profile,
            exif,
            xmp,
            ..Self::default()
        }
    }
}
