//! How far the filters of a network are from orthogonal.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Field of the embedding that all norms of a residual generator share, which is no filter.
const EMBEDDING: &str = "shared";

/// The sum over all weights of the squared inner products of their different filters (rows of the first dimension), `[1]`.
///
/// Filters may have any length: Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019,
/// equation 3.
pub(super) fn orthogonality<N: Module>(network: &N) -> Option<Tensor<1>> {
    let mut sum = Sum {
        skipped: 0,
        total: None,
    };
    network.visit(&mut sum);
    sum.total
}

struct Sum {
    /// Modules around the present one that are left out.
    skipped: usize,
    total: Option<Tensor<1>>,
}

impl ModuleVisitor for Sum {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.skipped += usize::from(name == EMBEDDING || self.skipped > 0);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.skipped = self.skipped.saturating_sub(1);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D < 2 || self.skipped > 0 || !param.is_require_grad() {
            return;
        }
        let weight = param.val();
        let rows = weight.dims()[0];
        let columns = weight.shape().num_elements() / rows;
        let matrix = weight.reshape([rows, columns]);
        let products = matrix.clone().matmul(matrix.transpose());
        let others = Tensor::<2>::ones([rows, rows], &products.device())
            - Tensor::<2>::eye(rows, &products.device());
        let own = (products * others).square().sum();
        self.total = Some(match self.total.take() {
            Some(total) => total + own,
            None => own,
        });
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::nn::Linear;
    use crate::nn::WeightInit;

    #[test]
    fn only_products_of_different_filters_count() {
        let device = Device::flex().autodiff();
        let init = &mut WeightInit::zeros(&device);
        let weight = TensorData::new(vec![1.0f32, 2.0, 0.0, 3.0, 5.0, 0.0], [3, 2]);
        let weights = [
            ("weight", weight),
            ("bias", TensorData::new(vec![9.0f32; 3], [3])),
        ];
        let network = Layer {
            linear: Linear::new(init, 2, 3),
        };
        let named = weights.map(|(name, data)| (format!("linear.{name}"), data));
        let tensors = crate::nn::NamedTensors(named.into_iter().collect());
        let network = tensors.load_into(network).unwrap();
        // 1 * 0 + 2 * 3 = 6, 1 * 5 = 5, 0: each twice.
        let sum = orthogonality(&network).unwrap().into_scalar::<f32>();
        assert!((sum - 2.0 * (36.0 + 25.0)).abs() < 1e-4, "{sum}");
    }

    #[derive(Module, Debug)]
    struct Layer {
        linear: Linear,
    }

    impl crate::nn::Network for Layer {
        fn layer_name(&self, path: &str) -> String {
            path.to_owned()
        }
    }
}
