//! Networks as PyTorch state dicts.

use safetensors::tensor::{Dtype, SafeTensors};
use translate::config::{GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe};
use translate::nn::{Generator, NamedTensors, WeightInit};

use crate::device::test_device;

fn generator(norm: NormKind) -> Generator {
    let recipe = GeneratorRecipe {
        arch: GeneratorArch::Unet64,
        channels: 2,
        norm,
        ..Recipe::defaults(Mode::Pix2pix).generator
    };
    let mut init = WeightInit::new(InitKind::Normal, 0.02, 1, 0, &test_device());
    Generator::new(&mut init, &recipe, 3, 3)
}

#[test]
fn running_averages_have_their_counts() {
    let network = generator(NormKind::Batch);
    let weights = NamedTensors::from_network(&network);
    let file = weights
        .clone()
        .with_num_batches_tracked(700)
        .to_safetensors()
        .unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let counts: Vec<String> = weights
        .0
        .keys()
        .filter(|name| name.ends_with(".running_mean"))
        .map(|name| name.replace("running_mean", "num_batches_tracked"))
        .collect();
    // A U-Net of 6 levels has 4 norms on the way down and 5 on the way up.
    assert_eq!(counts.len(), 9);
    for name in &counts {
        let count = tensors.tensor(name).unwrap();
        assert_eq!(count.dtype(), Dtype::I64);
        assert!(count.shape().is_empty());
        assert_eq!(count.data(), 700_i64.to_le_bytes());
    }
    assert_eq!(tensors.len(), weights.0.len() + counts.len());
    // They do no harm on the way back.
    let read = NamedTensors::from_safetensors(&file).unwrap();
    assert_eq!(read, weights);
    read.with_num_batches_tracked(1).load_into(network).unwrap();
}

#[test]
fn other_norms_have_none() {
    for norm in [NormKind::Instance, NormKind::None] {
        let weights = NamedTensors::from_network(&generator(norm));
        assert_eq!(weights.clone().with_num_batches_tracked(3), weights);
    }
}
