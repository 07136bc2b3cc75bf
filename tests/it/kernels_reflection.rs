//! Padding by reflection against Burn's own, value and gradient.

use burn::tensor::ops::PadMode;
use burn::tensor::{Tensor, TensorData};
use proptest::prelude::*;
use translate::kernels::reflection_pad;

use crate::device::test_device;

fn results(dims: [usize; 4], width: usize, kernel: bool, turned: bool) -> [TensorData; 2] {
    let values: Vec<f32> = (0..dims.iter().product::<usize>())
        .map(|index| (index * 7919 % 1001) as f32 / 500.0 - 1.0)
        .collect();
    let data = TensorData::new(values, dims);
    let leaf = Tensor::<4>::from_data(data, &test_device().autodiff()).require_grad();
    let input = if turned {
        leaf.clone().swap_dims(2, 3)
    } else {
        leaf.clone()
    };
    let output = if kernel {
        reflection_pad(input, width)
    } else {
        input.pad((width, width, width, width), PadMode::Reflect)
    };
    let gradients = (output.clone() * output.clone()).sum().backward();
    let gradient = leaf.grad(&gradients).expect("a tracked leaf");
    [output.inner(), gradient].map(Tensor::into_data)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn value_and_gradient_are_those_of_burn(
        batch in 1..3_usize,
        channels in 1..5_usize,
        width in 1..4_usize,
        sides in [1..20_usize, 1..20_usize],
        turned: bool,
    ) {
        let dims = [batch, channels, sides[0] + width, sides[1] + width];
        let [found, expected] = [true, false].map(|kernel| results(dims, width, kernel, turned));
        prop_assert_eq!(&found[0], &expected[0]);
        found[1].assert_approx_eq::<f32>(&expected[1], burn::tensor::Tolerance::rel_abs(1e-6, 1e-6));
    }
}
