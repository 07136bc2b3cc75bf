//! Normal laws of codes.

use burn::tensor::Tensor;

/// A normal law for each number of a batch of codes, `[batch, ...]`: what an encoder says of where a picture may have come from.
///
/// Kingma and Welling, "Auto-Encoding Variational Bayes", 2014.
#[derive(Debug, Clone)]
pub struct NormalLaw<const D: usize> {
    /// Means.
    pub mean: Tensor<D>,
    /// Logarithms of the variances.
    pub log_variance: Tensor<D>,
}

impl<const D: usize> NormalLaw<D> {
    /// Codes that follow the law, by standard normal `noise` of their shape. Gradients flow to the law.
    pub fn draw(&self, noise: Tensor<D>) -> Tensor<D> {
        self.mean.clone() + (self.log_variance.clone() * 0.5).exp() * noise
    }

    /// The divergence from the standard normal law, `[1]`: the sum over the numbers of a code, on average over the batch.
    pub fn divergence(&self) -> Tensor<1> {
        let Self { mean, log_variance } = self.clone();
        let count = mean.dims()[0] as f64;
        let terms = mean.square() + log_variance.clone().exp() - log_variance - 1.0;
        terms.sum() * (0.5 / count)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_standard_normal_law_is_no_distance_from_itself() {
        let device = Device::flex();
        let law = |mean: [[f32; 2]; 2], log_variance: [[f32; 2]; 2]| NormalLaw::<2> {
            mean: Tensor::from_data(mean, &device),
            log_variance: Tensor::from_data(log_variance, &device),
        };
        let zeros = [[0.0; 2]; 2];
        let apart = |law: NormalLaw<2>| law.divergence().into_scalar::<f32>();
        assert!(apart(law(zeros, zeros)).abs() < 1e-6);
        // Half of the squares of the means, over two codes.
        let found = apart(law([[1.0, 2.0], [3.0, 0.0]], zeros));
        assert!((found - 3.5).abs() < 1e-5, "{found}");
        // Half of e² - 2 - 1.
        let found = apart(law(zeros, [[2.0, 0.0], [0.0; 2]]));
        assert!((found - 1.097_264).abs() < 1e-5, "{found}");
        let law = law([[1.0, 2.0], [3.0, 0.0]], [[2.0, 0.0], [0.0; 2]]);
        let drawn = law.draw(Tensor::ones([2, 2], &device)).into_data();
        let drawn: Vec<f32> = drawn.iter::<f32>().collect();
        assert!((drawn[0] - 1.0 - 1f32.exp()).abs() < 1e-5);
        assert_eq!(drawn[1..], [3.0, 4.0, 1.0]);
    }
}
