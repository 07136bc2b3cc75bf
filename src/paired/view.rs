//! How samples and translations are shown.

use burn::tensor::{Device, Tensor, TensorData};

use crate::config::{Colours, Recipe};
use crate::nn::enlarged;
use crate::picture::rgb_values;

/// How input, output and target are shown side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    colours: Colours,
    /// How many times larger than its input the output is.
    scale: usize,
}

impl View {
    pub(super) fn new(recipe: &Recipe) -> Self {
        Self {
            colours: recipe.data.colours,
            scale: recipe.generator.scale,
        }
    }

    /// The row of pictures, of one size, for these of a batch of one, as networks see them.
    pub(super) fn row(
        self,
        input: TensorData,
        output: TensorData,
        target: TensorData,
        device: &Device,
    ) -> Vec<TensorData> {
        let [output, target] = match self.colours {
            Colours::Rgb => [output, target],
            Colours::Lab => [output, target].map(|ab| in_colour(&input, &ab)),
        };
        let input = match self.scale {
            1 => input,
            scale => enlarged(Tensor::from_data(input, device), scale).into_data(),
        };
        vec![input, output, target]
    }
}

/// Red, green and blue of lightness, `[1, 1, height, width]`, and a and b, `[1, 2, height, width]`.
fn in_colour(lightness: &TensorData, ab: &TensorData) -> TensorData {
    let values = |data: &TensorData| data.iter::<f32>().collect::<Vec<_>>();
    let mut shape = lightness.shape().to_vec();
    shape[1] = 3;
    TensorData::new(rgb_values(&values(lightness), &values(ab)), shape)
}
