//! Pictures one after the other in a GIF file.

use std::io;

use gif::{Encoder, EncodingError, Frame, Repeat};
use image::RgbImage;

/// Time that each picture is shown, in hundredths of a second.
const DELAY: u16 = 8;
/// Of 1 (best) to 30 (fastest): how colours are chosen for pictures of more than 256.
const SPEED: i32 = 10;

/// A GIF file in which `pictures` of one size, with sides of up to 65,535 pixels, follow each other without end. Each has up to 256
/// colours of its own, the nearest ones.
///
/// # Errors
/// There are no pictures, or one is too large.
pub(crate) fn animation(pictures: &[RgbImage]) -> io::Result<Vec<u8>> {
    let wrong = |error: EncodingError| io::Error::other(error);
    let too_large = |_| io::Error::other("a side is larger than a GIF can have");
    let first = pictures.first();
    let (width, height) = first.map_or((0, 0), RgbImage::dimensions);
    let width = u16::try_from(width).map_err(too_large)?;
    let height = u16::try_from(height).map_err(too_large)?;
    let mut encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(wrong)?;
    encoder.set_repeat(Repeat::Infinite).map_err(wrong)?;
    for picture in pictures {
        let mut frame = Frame::from_rgb_speed(width, height, picture.as_raw(), SPEED);
        frame.delay = DELAY;
        encoder.write_frame(&frame).map_err(wrong)?;
    }
    encoder.into_inner().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_few_colours_come_back() {
        let picture = |level: u8| {
            RgbImage::from_fn(5, 3, |x, y| image::Rgb([level, x as u8 * 40, y as u8 * 90]))
        };
        let pictures = [picture(0), picture(128), picture(255)];
        let file = animation(&pictures).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&file[..]).unwrap();
        assert_eq!((decoder.width(), decoder.height()), (5, 3));
        for picture in &pictures {
            let frame = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!(frame.delay, DELAY);
            let pixels: Vec<u8> = frame
                .buffer
                .chunks_exact(4)
                .flat_map(|pixel| pixel[..3].to_vec())
                .collect();
            assert!(pixels == *picture.as_raw());
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
    }
}
