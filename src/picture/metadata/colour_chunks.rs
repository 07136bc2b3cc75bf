//! What a PNG file says about its colours besides an ICC profile.

use image::ColorType;

use crate::picture::byte_source::ByteSource;

/// A chunk's type and its lengths.
type Kind = ([u8; 4], &'static [usize]);

/// Chunks that describe colours, with the lengths that the PNG specification (third edition, 2025) gives them.
const KINDS: [Kind; 7] = [
    (*b"cICP", &[4]),
    (*b"gAMA", &[4]),
    (*b"cHRM", &[32]),
    (*b"sRGB", &[1]),
    (*b"sBIT", &[1, 2, 3, 4]),
    (*b"mDCV", &[24]),
    (*b"cLLI", &[8]),
];

/// The chunks, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColourChunks(Vec<([u8; 4], Vec<u8>)>);

impl ColourChunks {
    /// The chunks before the pixels of a PNG file; damaged ones are left out.
    pub(crate) fn read(bytes: ByteSource<'_>) -> Self {
        const SIGNATURE: usize = 8;
        let mut chunks: Vec<([u8; 4], Vec<u8>)> = Vec::new();
        let mut offset = SIGNATURE;
        while let Some(head) = bytes.at(offset..offset.saturating_add(8)) {
            let length: [u8; 4] = head[..4].try_into().expect("four of eight bytes");
            let kind: [u8; 4] = head[4..].try_into().expect("four of eight bytes");
            let length = u32::from_be_bytes(length) as usize;
            if kind == *b"IDAT" {
                break;
            }
            let start = offset + 8;
            let is_known = KINDS
                .iter()
                .any(|(known, lengths)| *known == kind && lengths.contains(&length));
            if is_known
                && chunks.iter().all(|(other, _)| *other != kind)
                && let Some(data) = bytes.at(start..start + length)
            {
                chunks.push((kind, data.into_owned()));
            }
            // The checksum follows.
            offset = start.saturating_add(length).saturating_add(4);
        }
        Self(chunks)
    }

    /// Those that hold for samples of this kind: chromaticities need colours, significant bits as many samples, at least as deep.
    pub(crate) fn fitting(&self, colour: ColorType) -> Self {
        let channels = usize::from(colour.channel_count());
        let bits = 8 * usize::from(colour.bytes_per_pixel()) / channels;
        let fits = |(kind, data): &&([u8; 4], Vec<u8>)| match kind {
            b"sBIT" => data.len() == channels && data.iter().all(|&one| usize::from(one) <= bits),
            b"cHRM" | b"cICP" | b"mDCV" => colour.has_color(),
            _ => true,
        };
        Self(self.0.iter().filter(fits).cloned().collect())
    }

    /// Types and contents.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([u8; 4], &[u8])> {
        self.0.iter().map(|(kind, data)| (*kind, data.as_slice()))
    }

    /// The types of those that say anything but sRGB, for messages; empty if there is none.
    pub(crate) fn unusual(&self) -> String {
        const SRGB_GAMMA: [u8; 4] = 45_455_u32.to_be_bytes();
        let is_unusual = |(kind, data): &&([u8; 4], Vec<u8>)| match kind {
            b"sRGB" | b"sBIT" => false,
            b"gAMA" => data[..] != SRGB_GAMMA,
            b"cHRM" => !self.0.iter().any(|(other, _)| other == b"sRGB"),
            _ => true,
        };
        let names = self.0.iter().filter(is_unusual);
        let names: Vec<_> = names
            .map(|(kind, _)| String::from_utf8_lossy(kind))
            .collect();
        names.join(", ")
    }

    /// "PQ" or "HLG" if the samples are those of high dynamic range.
    pub(crate) fn high_dynamic_range(&self) -> Option<&'static str> {
        let (_, data) = self.0.iter().find(|(kind, _)| kind == b"cICP")?;
        // ITU-T H.273, table 3.
        match data.get(1)? {
            16 => Some("PQ"),
            18 => Some("HLG"),
            _ => None,
        }
    }
}
