//! The mean of a picture's numbers.

use burn::tensor::Tensor;

use super::processor::computes_on_own_threads;

/// The mean of all elements of `[batch, channels, height, width]`, `[1]`.
///
/// Flex adds numbers one after the other in 32 bits, so that the sum of a picture of 256 x 256 is off by some 1e-5: there rows are
/// added first, and then their sums.
pub fn mean(tensor: Tensor<4>) -> Tensor<1> {
    if computes_on_own_threads(&tensor.device()) {
        let [batch, channels, height, width] = tensor.dims();
        let rows = tensor.reshape([batch * channels * height, width]);
        let pictures = rows.mean_dim(1).reshape([batch * channels, height]);
        return pictures.mean_dim(1).mean();
    }
    tensor.mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::mean;

    #[test]
    fn the_mean_of_many_equal_numbers_is_the_number() {
        let device = Device::flex();
        let picture = Tensor::<4>::full([2, 3, 300, 200], 0.1, &device);
        let found = mean(picture).into_scalar::<f32>();
        assert!((found / 0.1 - 1.0).abs() < 5e-6, "{found}");
    }

    #[test]
    fn every_number_counts_the_same() {
        let device = Device::flex().autodiff();
        let picture = Tensor::<4>::ones([2, 3, 5, 4], &device).require_grad();
        let gradients = mean(picture.clone()).backward();
        let gradient: Vec<f32> = picture
            .grad(&gradients)
            .unwrap()
            .into_data()
            .try_into_vec()
            .unwrap();
        assert!(
            gradient
                .iter()
                .all(|value| (value * 120.0 - 1.0).abs() < 1e-6)
        );
    }
}
