//! The leaky ReLU kernel against Burn's own, value and gradient.

use burn::tensor::{Device, Tensor, TensorData, activation};
use translate::kernels::leaky_relu;

#[test]
fn value_and_gradient_are_those_of_burn() {
    // More than one task's share of elements, both signs, and zero.
    let dims = [2, 3, 70, 61];
    let values: Vec<f32> = (0..dims.iter().product::<usize>())
        .map(|index| (index * 7919 % 1001) as f32 / 500.0 - 1.0)
        .collect();
    let run = |kernel: bool, turned: bool| {
        let data = TensorData::new(values.clone(), dims);
        let leaf = Tensor::<4>::from_data(data, &Device::flex().autodiff()).require_grad();
        let input = if turned {
            leaf.clone().swap_dims(2, 3)
        } else {
            leaf.clone()
        };
        let output = if kernel {
            leaky_relu(input, 0.2)
        } else {
            activation::leaky_relu(input, 0.2)
        };
        let gradients = (output.clone() * output.clone()).sum().backward();
        let gradient = leaf.grad(&gradients).expect("a tracked leaf");
        [output.inner(), gradient].map(Tensor::into_data)
    };
    for turned in [false, true] {
        let (found, expected) = (run(true, turned), run(false, turned));
        for (found, expected) in found.iter().zip(&expected) {
            found.assert_approx_eq::<f32>(expected, burn::tensor::Tolerance::rel_abs(1e-6, 1e-6));
        }
    }
}
