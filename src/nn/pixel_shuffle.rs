//! Channels that become pixels.

use burn::tensor::Tensor;

/// Maps `[batch, channels * factor * factor, height, width]` to `[batch, channels, factor * height, factor * width]`: of the
/// channels that belong together, in order, each gives a pixel of a square.
///
/// Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", 2016.
pub fn pixel_shuffle(input: Tensor<4>, factor: usize) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let channels = channels / (factor * factor);
    input
        .reshape([batch, channels, factor, factor, height, width])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([batch, channels, height * factor, width * factor])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn four_channels_become_a_square() {
        let values: Vec<f32> = (0..8).map(|value| value as f32).collect();
        let input = TensorData::new(values, [1, 4, 1, 2]);
        let input = Tensor::<4>::from_data(input, &Device::flex());
        let output = pixel_shuffle(input, 2).into_data();
        assert_eq!(output.shape().to_vec(), [1, 1, 2, 4]);
        assert_eq!(
            output.as_slice::<f32>().unwrap(),
            [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]
        );
    }
}
