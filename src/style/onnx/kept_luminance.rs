//! What translations keep of the brightness and contrast of their pictures.

use super::layers::{Features, Layers};
use crate::config::GeneratorRecipe;
use crate::picture::LUMINANCE_EPSILON;

/// Weights of red, green and blue in luminance, those of ITU-R 601.
const WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];

/// [`LuminanceMatch`](crate::picture::LuminanceMatch), over the whole of each picture.
pub(super) fn kept_luminance(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    picture: &Features,
    translation: Features,
) -> Features {
    if recipe.keep_brightness == 0.0 && recipe.keep_contrast == 0.0 {
        return translation;
    }
    let [seen, made] = [picture, &translation].map(|pixels| Luminance::new(layers, pixels));
    let shift = layers.combine("Sub", &seen.brightness, &made.brightness);
    let shift = scaled(layers, &shift, "keep_brightness", recipe.keep_brightness);
    let ratio = layers.combine("Div", &seen.contrast, &made.contrast);
    let one = number(layers, "one", 1.0);
    let gain = layers.combine("Sub", &ratio, &one);
    let gain = scaled(layers, &gain, "keep_contrast", recipe.keep_contrast);
    let change = layers.combine("Mul", &made.centred, &gain);
    let change = layers.add(&change, &shift);
    let changed = layers.add(&translation, &change);
    layers.clip(&changed)
}

/// Of pictures, `[batch, channels, height, width]`.
struct Luminance {
    /// `[batch, 1, 1, 1]`.
    brightness: Features,
    /// `[batch, 1, 1, 1]`.
    contrast: Features,
    /// `[batch, 1, height, width]`, without the brightness.
    centred: Features,
}

impl Luminance {
    fn new(layers: &mut Layers, pixels: &Features) -> Self {
        let luminance = match pixels.channels {
            1 => Features {
                name: pixels.name.clone(),
                channels: 1,
            },
            _ => layers.mixed(pixels, "luminance", WEIGHTS.to_vec()),
        };
        let brightness = layers.map("GlobalAveragePool", &luminance);
        let centred = layers.combine("Sub", &luminance, &brightness);
        let squares = layers.combine("Mul", &centred, &centred);
        let variance = layers.map("GlobalAveragePool", &squares);
        let least = number(layers, "least_variance", LUMINANCE_EPSILON);
        let variance = layers.add(&variance, &least);
        Self {
            brightness,
            contrast: layers.map("Sqrt", &variance),
            centred,
        }
    }
}

fn scaled(layers: &mut Layers, value: &Features, name: &str, by: f64) -> Features {
    let by = number(layers, name, by);
    layers.combine("Mul", value, &by)
}

fn number(layers: &mut Layers, name: &str, value: f64) -> Features {
    let name = layers.graph.float_tensor(name, [1; 4], vec![value as f32]);
    Features { name, channels: 1 }
}
