//! The kernels of ReLU and leaky ReLU against Burn's own, value and gradient.

use burn::tensor::{Tensor, TensorData, activation};
use translate::kernels::{leaky_relu, relu};

use crate::device::test_device;

type Activation = fn(Tensor<4>) -> Tensor<4>;

fn compare(kernel: Activation, burn: Activation) {
    // More than one task's share of elements, both signs, and zero.
    let dims = [2, 3, 70, 61];
    let values: Vec<f32> = (0..dims.iter().product::<usize>())
        .map(|index| (index * 7919 % 1001) as f32 / 500.0 - 1.0)
        .collect();
    let run = |activation: Activation, turned: bool| {
        let data = TensorData::new(values.clone(), dims);
        let leaf = Tensor::<4>::from_data(data, &test_device().autodiff()).require_grad();
        // Something between leaf and activation, which may then work in place.
        let input = leaf.clone() + 0.0;
        let input = if turned { input.swap_dims(2, 3) } else { input };
        let output = activation(input);
        let gradients = (output.clone() * output.clone()).sum().backward();
        let gradient = leaf.grad(&gradients).expect("a tracked leaf");
        [output.inner(), gradient, leaf.inner()].map(Tensor::into_data)
    };
    for turned in [false, true] {
        let (found, expected) = (run(kernel, turned), run(burn, turned));
        for (found, expected) in found.iter().zip(&expected) {
            found.assert_approx_eq::<f32>(expected, burn::tensor::Tolerance::rel_abs(1e-6, 1e-6));
        }
    }
}

#[test]
fn leaky_relu_is_that_of_burn() {
    compare(
        |input| leaky_relu(input, 0.2),
        |input| activation::leaky_relu(input, 0.2),
    );
}

#[test]
fn relu_is_that_of_burn() {
    compare(relu, activation::relu);
}
