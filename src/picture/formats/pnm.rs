//! Writing PNM files.

use std::io::{self, Write};

use crate::picture::output_pixels::OutputPixels;
use crate::picture::samples::is_16_bit;

/// PGM for grey, PPM for RGB; PAM, which few programs read, where there is alpha.
pub(crate) fn write_pnm(pixels: &OutputPixels, mut out: impl Write) -> io::Result<()> {
    let (width, height) = pixels.size();
    let colour = pixels.colour();
    let most = if is_16_bit(colour) { 65_535 } else { 255 };
    let header = match colour.channel_count() {
        1 => format!("P5\n{width} {height}\n{most}\n"),
        3 => format!("P6\n{width} {height}\n{most}\n"),
        channels => format!(
            "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {most}\nTUPLTYPE {}\nENDHDR\n",
            if channels == 2 {
                "GRAYSCALE_ALPHA"
            } else {
                "RGB_ALPHA"
            }
        ),
    };
    out.write_all(header.as_bytes())?;
    pixels.for_each_block(|block| out.write_all(block))
}
