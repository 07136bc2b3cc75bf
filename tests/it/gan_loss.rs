//! Objectives and their gradients equal PyTorch's.

use burn::tensor::Tensor;
use translate::config::GanObjective;
use translate::nn::GanLoss;

use crate::device::test_device;
use crate::fixture::{Fixture, json, values};

#[test]
fn values_and_gradients_equal_pytorch() {
    let fixture = Fixture::open("objectives.safetensors");
    let expected = json("objectives.json");
    let smoothing = 1.0 - expected["smoothed_target"].as_f64().unwrap();
    let device = test_device().autodiff();
    let cases = expected["values"].as_object().unwrap();
    assert_eq!(cases.len(), 20);
    for (case, value) in cases {
        let (kind, role) = case.split_once('.').unwrap();
        let kind: GanObjective = serde_json::from_value(kind.into()).unwrap();
        // Its exponential is beyond 32 bits for the far ones.
        let is_exponential = case == "likelihood.generator_fake";
        let logits = if is_exponential {
            "moderate"
        } else {
            "prediction"
        };
        let smoothed = role.ends_with("_smoothed");
        let gan_loss = GanLoss::new(kind, if smoothed { smoothing } else { 0.0 });
        let prediction: Tensor<4> = fixture.tensor(logits, &device).require_grad();
        let loss = match role.trim_end_matches("_smoothed") {
            "discriminator_real" => gan_loss.discriminator_on_real(prediction.clone()),
            "discriminator_fake" => gan_loss.discriminator_on_fake(prediction.clone()),
            "generator_fake" => gan_loss.generator(prediction.clone()),
            other => panic!("{other}"),
        };
        let value = value.as_f64().unwrap();
        let got = f64::from(loss.clone().into_scalar::<f32>());
        assert!(
            (got - value).abs() <= 1e-6 * value.abs().max(1.0),
            "{case}: {got} for {value}"
        );
        let gradient = prediction.grad(&loss.backward()).unwrap().into_data();
        let reference = fixture.data(&format!("gradient.{case}"));
        for (got, wanted) in values(&gradient).iter().zip(values(&reference)) {
            assert!(
                (got - wanted).abs() <= 1e-6 * wanted.abs().max(0.05),
                "{case}: {got} for {wanted}"
            );
        }
    }
}

/// What each player wants: the discriminator real up and fake down, the generator fake up.
#[test]
fn gradients_point_the_right_way() {
    use GanObjective::{Hinge, Likelihood, Lsgan, Saturating, Vanilla, Wgan, WganGp};
    let device = test_device().autodiff();
    for kind in [Vanilla, Saturating, Likelihood, Lsgan, Hinge, Wgan, WganGp] {
        let gan_loss = GanLoss::new(kind, 0.0);
        let sign = |loss: &dyn Fn(Tensor<4>) -> Tensor<1>| {
            let logits = Tensor::<4>::full([1, 1, 2, 2], 0.3, &device).require_grad();
            let gradient = logits.grad(&loss(logits.clone()).backward()).unwrap();
            gradient.sum().into_scalar::<f32>().signum()
        };
        assert!(
            sign(&|logits| gan_loss.discriminator_on_real(logits)) < 0.0,
            "{kind:?}"
        );
        assert!(
            sign(&|logits| gan_loss.discriminator_on_fake(logits)) > 0.0,
            "{kind:?}"
        );
        assert!(sign(&|logits| gan_loss.generator(logits)) < 0.0, "{kind:?}");
    }
}
