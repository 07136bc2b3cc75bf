//! File formats that are recognised by their first bytes and not read, so that messages can name them.

use std::path::Path;

/// Bytes of a file's beginning that [`ForeignFormat::recognise`] looks at: NIfTI has its signature at 344.
pub(crate) const HEAD: usize = 352;

/// A format that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignFormat {
    /// The format with its article, as in "a GIF picture".
    pub name: &'static str,
    /// What to do.
    pub advice: &'static str,
}

const TO_PNG: &str = "convert it to PNG, for example with `magick IN OUT.png`";
const TO_DEEP_TIFF: &str =
    "convert it to TIFF with 16 bits, for example with `oiiotool IN -d uint16 -o OUT.tif`";
const DEVELOP: &str =
    "develop it to TIFF with 16 bits, for example with `darktable-cli IN OUT.tif`";
const MEDICAL: &str = "export its slices as TIFF or PNG with 16 bits";
const RENDER: &str = "render it to PNG at the size that you need";
const FRAMES: &str = "take its frames out, for example with `ffmpeg -i IN frame-%05d.png`";

/// Signatures at fixed offsets.
const SIGNATURES: &[(usize, &[u8], ForeignFormat)] = &[
    (0, b"GIF8", format("a GIF picture", FRAMES)),
    (
        0,
        b"8BPS",
        format("a Photoshop document", "export it as TIFF or PNG"),
    ),
    (
        0,
        b"gimp xcf",
        format("a GIMP document", "export it as TIFF or PNG"),
    ),
    (
        0,
        b"\x76\x2f\x31\x01",
        format("an OpenEXR picture", TO_DEEP_TIFF),
    ),
    (
        0,
        b"#?RADIANCE",
        format("a Radiance HDR picture", TO_DEEP_TIFF),
    ),
    (0, b"#?RGBE", format("a Radiance HDR picture", TO_DEEP_TIFF)),
    (0, b"PF\n", format("a portable float map", TO_DEEP_TIFF)),
    (0, b"Pf\n", format("a portable float map", TO_DEEP_TIFF)),
    (0, b"SDPX", format("a DPX picture", TO_DEEP_TIFF)),
    (0, b"XPDS", format("a DPX picture", TO_DEEP_TIFF)),
    (
        0,
        b"\x80\x2a\x5f\xd7",
        format("a Cineon picture", TO_DEEP_TIFF),
    ),
    (0, b"SIMPLE  =", format("a FITS picture", TO_DEEP_TIFF)),
    (128, b"DICM", format("a DICOM file", MEDICAL)),
    (344, b"n+1\0", format("a NIfTI volume", MEDICAL)),
    (344, b"ni1\0", format("a NIfTI volume", MEDICAL)),
    (0, b"\xff\x0a", format("a JPEG XL picture", TO_PNG)),
    (4, b"JXL \r\n\x87\n", format("a JPEG XL picture", TO_PNG)),
    (4, b"jP  \r\n\x87\n", format("a JPEG 2000 picture", TO_PNG)),
    (
        0,
        b"\xff\x4f\xff\x51",
        format("a JPEG 2000 picture", TO_PNG),
    ),
    (0, b"DDS ", format("a DDS texture", TO_PNG)),
    (0, b"\xabKTX ", format("a KTX texture", TO_PNG)),
    (0, b"qoif", format("a QOI picture", TO_PNG)),
    (0, b"farbfeld", format("a farbfeld picture", TO_PNG)),
    (0, b"\0\0\x01\0", format("an icon", TO_PNG)),
    (
        0,
        b"FUJIFILMCCD-RAW",
        format("a camera's raw file", DEVELOP),
    ),
    (0, b"IIRO", format("a camera's raw file", DEVELOP)),
    (0, b"IIRS", format("a camera's raw file", DEVELOP)),
    (0, b"IIU\0", format("a camera's raw file", DEVELOP)),
    (0, b"FOVb", format("a camera's raw file", DEVELOP)),
    (8, b"CR\x02", format("a camera's raw file", DEVELOP)),
    (0, b"%PDF-", format("a PDF document", RENDER)),
    (0, b"<svg", format("an SVG drawing", RENDER)),
    (0, b"\x1a\x45\xdf\xa3", format("a film", FRAMES)),
];

/// Brands of files made of boxes, which begin with `ftyp`.
const BRANDS: &[(&[u8; 4], ForeignFormat)] = &[
    (b"avif", format("an AVIF picture", TO_PNG)),
    (b"avis", format("an AVIF picture", TO_PNG)),
    (b"heic", format("a HEIC picture", TO_PNG)),
    (b"heix", format("a HEIC picture", TO_PNG)),
    (b"heim", format("a HEIC picture", TO_PNG)),
    (b"heis", format("a HEIC picture", TO_PNG)),
    (b"hevc", format("a HEIC picture", TO_PNG)),
    (b"hevx", format("a HEIC picture", TO_PNG)),
    (b"mif1", format("a HEIF picture", TO_PNG)),
    (b"msf1", format("a HEIF picture", TO_PNG)),
    (b"jxl ", format("a JPEG XL picture", TO_PNG)),
    (b"crx ", format("a camera's raw file", DEVELOP)),
];

/// Extensions of raw files whose bytes begin like those of TIFF: what a TIFF reader finds in them is a thumbnail.
const RAW_EXTENSIONS: &[&str] = &[
    "dng", "cr2", "nef", "nrw", "arw", "sr2", "pef", "srw", "rwl", "3fr", "iiq", "erf", "mef",
    "mos", "dcr",
];

const fn format(name: &'static str, advice: &'static str) -> ForeignFormat {
    ForeignFormat { name, advice }
}

impl ForeignFormat {
    /// The format of the file at `path`, which begins with `head`, [`HEAD`] bytes of it; `None` if it is read or unknown.
    pub(crate) fn recognise(head: &[u8], path: &Path) -> Option<Self> {
        let at = |offset: usize, signature: &[u8]| {
            head.get(offset..)
                .is_some_and(|rest| rest.starts_with(signature))
        };
        if let Some((_, _, format)) = SIGNATURES
            .iter()
            .find(|(offset, signature, _)| at(*offset, signature))
        {
            return Some(*format);
        }
        if at(4, b"ftyp") {
            let brand = head.get(8..12).unwrap_or_default();
            // The picture's own brand may come among the compatible ones.
            let mut brands = std::iter::once(brand).chain(compatible_brands(head));
            let known = brands.find_map(|brand| {
                let known = BRANDS.iter().find(|(known, _)| known.as_slice() == brand);
                known.map(|(_, format)| *format)
            });
            return known.or(Some(format("a film", FRAMES)));
        }
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let is_tiff = at(0, b"II*\0") || at(0, b"MM\0*");
        (is_tiff && RAW_EXTENSIONS.contains(&extension.as_str()))
            .then_some(format("a camera's raw file", DEVELOP))
    }
}

/// The compatible brands of a `ftyp` box.
fn compatible_brands(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let length = head
        .first_chunk()
        .map_or(0, |&size| u32::from_be_bytes(size));
    let end = head.len().min(length as usize);
    head.get(16..end).unwrap_or_default().chunks_exact(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &[u8], path: &str) -> Option<&'static str> {
        ForeignFormat::recognise(head, Path::new(path)).map(|format| format.name)
    }

    #[test]
    fn formats_are_known_by_their_bytes() {
        let boxed = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand, b"\0\0\0\0mif1heic"].concat();
        let offset = |offset: usize, text: &[u8]| [&vec![0; offset], text].concat();
        for (head, expected) in [
            (boxed(b"heic"), "a HEIC picture"),
            (boxed(b"avif"), "an AVIF picture"),
            (boxed(b"crx "), "a camera's raw file"),
            (boxed(b"mif1"), "a HEIF picture"),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp41".to_vec(), "a film"),
            (b"\0\0\0\x14ftypMiHE\0\0\0\0heic".to_vec(), "a HEIC picture"),
            (b"\0\0\0\x0cJXL \r\n\x87\n".to_vec(), "a JPEG XL picture"),
            (b"GIF89a".to_vec(), "a GIF picture"),
            (offset(128, b"DICM"), "a DICOM file"),
            (offset(344, b"n+1\0"), "a NIfTI volume"),
            (b"II*\0\x10\0\0\0CR\x02\0".to_vec(), "a camera's raw file"),
        ] {
            assert_eq!(name(&head, "a.jpg"), Some(expected));
        }
    }

    #[test]
    fn a_raw_file_that_begins_like_tiff_is_known_by_its_extension() {
        assert_eq!(
            name(b"II*\0\x08\0\0\0", "a.NEF"),
            Some("a camera's raw file")
        );
        assert_eq!(
            name(b"MM\0*\0\0\0\x08", "a.dng"),
            Some("a camera's raw file")
        );
        assert_eq!(name(b"II*\0\x08\0\0\0", "a.tif"), None);
    }

    #[test]
    fn formats_that_are_read_are_not_foreign() {
        for head in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\xff\xd8\xff\xe0",
            b"P7\n",
            b"BM",
            b"MM\0+",
            b"",
        ] {
            assert_eq!(name(head, "a.png"), None);
        }
    }
}
