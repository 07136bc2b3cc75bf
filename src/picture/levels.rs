//! Pictures of any kind, level by level.

use image::{ColorType, DynamicImage};

use super::{Level, Raster, levels_from_values};

/// Does `$work` with the levels of a picture, mutable or not, and the number of its channels; `$other` for floating-point numbers.
macro_rules! with_levels {
    ($picture:expr, $levels:ident, $channels:ident, $work:expr, $other:expr) => {
        match $picture {
            image::DynamicImage::ImageLuma8($levels) => with_levels!(@ $channels, 1, $work),
            image::DynamicImage::ImageLumaA8($levels) => with_levels!(@ $channels, 2, $work),
            image::DynamicImage::ImageRgb8($levels) => with_levels!(@ $channels, 3, $work),
            image::DynamicImage::ImageRgba8($levels) => with_levels!(@ $channels, 4, $work),
            image::DynamicImage::ImageLuma16($levels) => with_levels!(@ $channels, 1, $work),
            image::DynamicImage::ImageLumaA16($levels) => with_levels!(@ $channels, 2, $work),
            image::DynamicImage::ImageRgb16($levels) => with_levels!(@ $channels, 3, $work),
            image::DynamicImage::ImageRgba16($levels) => with_levels!(@ $channels, 4, $work),
            _ => $other,
        }
    };
    (@ $channels:ident, $count:expr, $work:expr) => {{
        let $channels = $count;
        $work
    }};
}

pub(crate) use with_levels;

/// Whether levels have 8 or 16 bits.
pub(crate) fn is_supported(colour: ColorType) -> bool {
    !matches!(colour, ColorType::Rgb32F | ColorType::Rgba32F)
}

/// Whether they have 16 bits.
pub(crate) fn is_deep(colour: ColorType) -> bool {
    colour.bytes_per_pixel() == 2 * colour.channel_count()
}

/// What networks see of a picture at its own size, as they do in training where it has 8 bits.
pub(crate) fn seen(picture: DynamicImage, channels: usize) -> Vec<f32> {
    if is_deep(picture.color()) {
        values(&picture, channels)
    } else {
        Raster::new(picture.into_rgb8(), channels).values()
    }
}

/// The values that networks see, `[channels, height, width]`, flattened, for 1 channel (grey) or 3; the picture is supported.
pub(crate) fn values(picture: &DynamicImage, channels: usize) -> Vec<f32> {
    with_levels!(
        picture,
        levels,
        own,
        values_of(levels.as_raw(), own, channels),
        Vec::new()
    )
}

fn values_of<T: Level>(levels: &[T], own: usize, channels: usize) -> Vec<f32> {
    let count = levels.len() / own;
    let mut values = vec![0.0; channels * count];
    for (place, pixel) in levels.chunks_exact(own).enumerate() {
        let value = |channel: usize| {
            let level = f32::from(pixel[channel].number());
            (level / f32::from(T::MOST) - 0.5) / 0.5
        };
        let colour = if own >= 3 {
            [value(0), value(1), value(2)]
        } else {
            [value(0); 3]
        };
        if channels == 1 {
            values[place] = grey_value(colour);
        } else {
            for (channel, value) in colour.into_iter().enumerate() {
                values[channel * count + place] = value;
            }
        }
    }
    values
}

/// Grey of a colour with the weights of ITU-R 601; of grey exactly itself.
pub(crate) fn grey_value([red, green, blue]: [f32; 3]) -> f32 {
    green + 0.299 * (red - green) + 0.114 * (blue - green)
}

/// The last channel of a picture with alpha.
pub(crate) fn alpha(picture: &DynamicImage) -> Option<DynamicImage> {
    fn of<T: Level>(levels: &[T], channels: usize, size: (u32, u32)) -> Option<DynamicImage> {
        let alpha = levels
            .chunks_exact(channels)
            .map(|pixel| pixel[channels - 1]);
        T::picture(alpha.collect(), 1, size)
    }
    if !picture.color().has_alpha() {
        return None;
    }
    let size = (picture.width(), picture.height());
    with_levels!(
        picture,
        levels,
        channels,
        of(levels.as_raw(), channels, size),
        None
    )
}

/// Whether nothing shines through.
pub(crate) fn is_opaque(picture: &DynamicImage) -> bool {
    fn of<T: Level>(levels: &[T], channels: usize) -> bool {
        let mut pixels = levels.chunks_exact(channels);
        pixels.all(|pixel| pixel[channels - 1].number() == T::MOST)
    }
    !picture.color().has_alpha()
        || with_levels!(
            picture,
            levels,
            channels,
            of(levels.as_raw(), channels),
            true
        )
}

/// The picture with each level rounded to 8 bits.
pub(crate) fn eight_bits(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageLuma16(_) => picture.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => picture.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) => picture.into_rgb8().into(),
        DynamicImage::ImageRgba16(_) => picture.into_rgba8().into(),
        other => other,
    }
}

/// The picture without its alpha.
pub(crate) fn without_alpha(picture: DynamicImage) -> DynamicImage {
    fn colours<T: Level>(levels: &[T], channels: usize, size: (u32, u32)) -> Option<DynamicImage> {
        let pixels = levels.chunks_exact(channels);
        let colours = pixels.flat_map(|pixel| &pixel[..channels - 1]).copied();
        T::picture(colours.collect(), channels - 1, size)
    }
    if !picture.color().has_alpha() {
        return picture;
    }
    let size = (picture.width(), picture.height());
    let opaque = with_levels!(
        &picture,
        levels,
        channels,
        colours(levels.as_raw(), channels, size),
        None
    );
    opaque.unwrap_or(picture)
}

/// Values, `[channels, height, width]`, flattened, as a picture of this depth and (width, height).
pub(crate) fn picture_of(
    values: &[f32],
    channels: usize,
    is_deep: bool,
    size: (u32, u32),
) -> Option<DynamicImage> {
    if is_deep {
        u16::picture(levels_from_values(values, channels), channels, size)
    } else {
        u8::picture(levels_from_values(values, channels), channels, size)
    }
}

/// A picture with transparency of the same size, which becomes as deep as the picture; an error if it is of another size.
pub(crate) fn with_alpha(
    colours: DynamicImage,
    alpha: DynamicImage,
) -> Result<DynamicImage, String> {
    fn put_together<T: Level>(
        colours: &[T],
        alpha: &[T],
        channels: usize,
        size: (u32, u32),
    ) -> Option<DynamicImage> {
        let mut levels = Vec::with_capacity(colours.len() + alpha.len());
        for (colour, &alpha) in colours.chunks_exact(channels).zip(alpha) {
            levels.extend_from_slice(colour);
            levels.push(alpha);
        }
        T::picture(levels, channels + 1, size)
    }
    let size = (colours.width(), colours.height());
    let picture = match colours {
        DynamicImage::ImageLuma8(grey) => put_together(&grey, &alpha.into_luma8(), 1, size),
        DynamicImage::ImageRgb8(colours) => put_together(&colours, &alpha.into_luma8(), 3, size),
        DynamicImage::ImageLuma16(grey) => put_together(&grey, &alpha.into_luma16(), 1, size),
        DynamicImage::ImageRgb16(colours) => put_together(&colours, &alpha.into_luma16(), 3, size),
        _ => None,
    };
    picture.ok_or_else(|| "the transparency is of another size".to_owned())
}
