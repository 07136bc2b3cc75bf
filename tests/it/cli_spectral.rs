//! Styles with spectral normalisation, from training to import.

use prost::Message;
use safetensors::SafeTensors;
use translate::style::onnx::ModelProto;

use crate::cli_support::{PIX2PIX, Place, assert_same};

#[test]
fn spectral_styles_resume_to_the_bit_and_are_exported_as_plain_convolutions() {
    let place = Place::with_pairs();
    let norms = "--set generator.norm=spectral --set discriminator.norm=spectral --set train.preview_every=1";
    let train = format!("train {PIX2PIX} {norms} --set loss.gan=hinge");
    place.run(&format!("{train} --steps 3 --name whole")).done();
    place.run(&format!("{train} --steps 1 --name parts")).done();
    place.run("train --resume --name parts --steps 3").done();
    assert_same(&place.learnt("whole"), &place.learnt("parts"));

    let tensors = |line: &str| -> Vec<String> {
        place
            .run(&format!("export {line} --format safetensors --overwrite"))
            .done();
        let file = place.read("net.safetensors");
        let tensors = SafeTensors::deserialize(&file).unwrap();
        tensors.names().into_iter().map(ToOwned::to_owned).collect()
    };
    let discriminator = tensors("whole --network discriminator --output net.safetensors");
    for leaf in ["weight_orig", "weight_u", "weight_v", "bias"] {
        assert!(discriminator.contains(&format!("model.0.{leaf}")));
    }
    let is_plain = |name: &String| {
        let leaf = name.rsplit('.').next();
        leaf == Some("weight") || leaf == Some("bias")
    };
    let generator = tensors("whole --output net.safetensors");
    assert!(generator.iter().all(is_plain), "{generator:?}");

    place
        .run("export whole --format onnx --output net.onnx")
        .done();
    let model = ModelProto::decode(&place.read("net.onnx")[..]).unwrap();
    let weights = model.graph.unwrap().initializer;
    let weights = weights.into_iter().map(|tensor| tensor.name);
    let weights: Vec<String> = weights.filter(|name| name.starts_with("model.")).collect();
    assert!(
        !weights.is_empty() && weights.iter().all(is_plain),
        "{weights:?}"
    );

    let import = "import net.safetensors --style back --norm spectral";
    let imported = place.run(import).done();
    assert!(imported.stdout.contains("spectral norm"), "{imported:#?}");
    place.picture("in/a.png", 64, 64, 1);
    for style in ["whole", "back"] {
        place
            .run(&format!(
                "apply --input in --style {style} --output {style}-out"
            ))
            .done();
    }
    assert_eq!(place.read("whole-out/a.png"), place.read("back-out/a.png"));
}
