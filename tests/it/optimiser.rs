//! The optimiser equals PyTorch's.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use translate::nn::{Adam, NamedTensors, clip_weights};

use crate::device::test_device;
use crate::fixture::{Fixture, values};

#[derive(Module, Debug)]
struct One {
    weight: Param<Tensor<1>>,
}

impl One {
    fn new(data: burn::tensor::TensorData) -> Self {
        Self {
            weight: Param::from_data(data, &test_device().autodiff()),
        }
    }

    fn values(&self) -> Vec<f32> {
        self.weight.val().into_data().try_into_vec().unwrap()
    }
}

#[test]
fn adam_equals_pytorch() {
    let fixture = Fixture::open("adam.safetensors");
    let device = test_device();
    let mut network = One::new(fixture.data("initial"));
    let gradients: Tensor<2> = fixture.tensor("gradients", &device);
    let expected: Tensor<2> = fixture.tensor("parameters", &device);
    let mut adam = Adam::new(0.5, 0.999);
    for step in 0..7 {
        let row = |tensor: &Tensor<2>| {
            tensor
                .clone()
                .slice([step..step + 1, 0..257])
                .reshape([257])
        };
        // The gradient of sum(w * g) is g.
        let loss = (network.weight.val() * row(&gradients)).sum();
        let before = network.values();
        network = adam.step(network, &mut loss.backward(), 2e-4);
        let wanted = row(&expected).into_data();
        for (index, ((got, wanted), before)) in network
            .values()
            .iter()
            .zip(values(&wanted))
            .zip(before)
            .enumerate()
        {
            let update = (wanted - before).abs();
            let tolerance = 1e-4 * update + 2.0 * f32::EPSILON * wanted.abs();
            assert!(
                (got - wanted).abs() <= tolerance,
                "step {step}, {index}: {got} for {wanted} from {before}"
            );
        }
    }
    let (state, time) = adam.state();
    assert_eq!(time, 7);
    for suffix in ["exp_avg", "exp_avg_sq"] {
        let got = &state.0[&format!("weight.{suffix}")];
        let wanted = fixture.data(suffix);
        for (got, wanted) in values(got).iter().zip(values(&wanted)) {
            assert!(
                (got - wanted).abs() <= 1e-5 * wanted.abs() + 1e-37,
                "{suffix}: {got} for {wanted}"
            );
        }
    }
}

#[test]
fn a_restored_optimiser_goes_on_to_the_bit() {
    let fixture = Fixture::open("adam.safetensors");
    let step = |adam: &mut Adam, network: One| {
        let loss = network.weight.val().square().sum();
        adam.step(network, &mut loss.backward(), 1e-2)
    };
    let mut adam = Adam::new(0.5, 0.999);
    let mut network = step(&mut adam, One::new(fixture.data("initial")));
    let (state, time) = adam.state();
    let mut restored = Adam::new(0.5, 0.999);
    let mut copy = One::new(network.weight.val().into_data());
    restored.restore(&copy, state, time).unwrap();
    for _ in 0..3 {
        network = step(&mut adam, network);
        copy = step(&mut restored, copy);
    }
    assert_eq!(network.values(), copy.values());
    let message = Adam::new(0.5, 0.999)
        .restore(&network, NamedTensors::default(), 3)
        .unwrap_err();
    assert!(
        message.to_string().contains("`weight.exp_avg` is missing"),
        "{message}"
    );
}

#[test]
fn clipping_keeps_weights_within_the_limit() {
    let network = One::new([-3.0f32, -0.005, 0.0, 0.02].into());
    assert_eq!(
        clip_weights(network, 0.01).values(),
        [-0.01, -0.005, 0.0, 0.01]
    );
}
