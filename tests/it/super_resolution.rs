//! Super-resolution: PyTorch's network and steps, and pictures that become larger.

use burn::tensor::Tensor;
use image::{ImageBuffer, Rgba};
use translate::config::{
    Degradation, GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe,
};
use translate::nn::{
    ForwardMode, Generator, NamedTensors, NormStats, Srresnet, WeightInit, enlarged,
};
use translate::paired::Pix2pix;
use translate::style::import::{Architecture, DetectedNetwork, Hints, WeightFile};

use crate::cli_support::{Place, assert_same};
use crate::device::test_device;
use crate::export_onnx::{exported_pictures, options};
use crate::fixture::{Fixture, json};
use crate::forward::check as check_forward;
use crate::onnx_interpreter::interpret;
use crate::training::{check as check_training, number, recipe};

const FORWARD: [&str; 3] = [
    "srresnet_x4_batch",
    "srresnet_x2_none",
    "srresnet_x1_instance",
];

/// Settings of the smallest super-resolution.
const SMALLEST: &str = "--config super-resolution-small --data photos --set data.crop_size=16 --set data.batch_size=2 \
    --set generator.channels=4 --set generator.blocks=1";

fn described(name: &str) -> (GeneratorRecipe, [usize; 2]) {
    let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
    let recipe = GeneratorRecipe {
        arch: GeneratorArch::Srresnet,
        channels: number(&config, "channels"),
        blocks: number(&config, "blocks"),
        scale: number(&config, "scale"),
        norm: serde_json::from_value(config["norm"].clone()).unwrap(),
        dropout: false,
        ..Recipe::defaults(Mode::Pix2pix).generator
    };
    let channels = ["input_channels", "output_channels"].map(|key| number(&config, key));
    (recipe, channels)
}

fn fresh(recipe: &GeneratorRecipe, [input, output]: [usize; 2]) -> Srresnet {
    let mut init = WeightInit::new(InitKind::Normal, 0.02, 1, 0, &test_device());
    Srresnet::new(&mut init, recipe, input, output)
}

#[test]
fn the_network_is_that_of_pytorch() {
    for name in FORWARD {
        let (recipe, channels) = described(name);
        check_forward(name, fresh(&recipe, channels), Srresnet::forward);
    }
}

#[test]
fn with_the_skip_its_last_convolution_is_added_to_the_enlarged_input() {
    for name in &FORWARD[..2] {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let (mut recipe, channels) = described(name);
        let weights = fixture.named("weights.");
        let input = fixture.tensor("input", &test_device());
        let mode = ForwardMode::inference(NormStats::Running, false);
        let plain = weights.clone().load_into(fresh(&recipe, channels)).unwrap();
        let plain = plain.forward(input.clone(), mode);
        recipe.residual = true;
        let renamed = weights.0.iter();
        let renamed =
            renamed.map(|(key, data)| (key.replace("block3.conv_block.0", "block3"), data.clone()));
        let renamed = NamedTensors(renamed.collect());
        let network = renamed.clone().load_into(fresh(&recipe, channels)).unwrap();
        let found = network.forward(input.clone(), mode);
        let added = found.clone() - enlarged(input.clone(), recipe.scale);
        assert!(largest_difference(&added.tanh(), &plain) < 1e-5, "{name}");

        let file = tempfile::NamedTempFile::with_suffix(".safetensors").unwrap();
        std::fs::write(file.path(), renamed.to_safetensors().unwrap()).unwrap();
        let opened = WeightFile::open(file.path()).unwrap();
        let detected =
            DetectedNetwork::find(&opened, None, Hints::default(), &test_device()).unwrap();
        assert!(
            matches!(&detected.architecture, Architecture::Generator { recipe: found, .. } if *found == recipe)
        );
        let model = exported_pictures(&recipe, channels, renamed, &options(NormStats::Running));
        let made = interpret(model.graph.as_ref().unwrap(), &[input]);
        let made = Tensor::from_data(made, &test_device());
        assert!(largest_difference(&made, &found) < 2e-5, "{name}");
    }
}

/// The largest difference between values at one place.
fn largest_difference(first: &Tensor<4>, second: &Tensor<4>) -> f32 {
    let difference = first.clone() - second.clone();
    difference.abs().max().into_scalar::<f32>()
}

#[test]
fn five_steps_are_those_of_pytorch() {
    let name = "training_srresnet";
    let config = json(&format!("{name}.json"))["config"].clone();
    let mut recipe = recipe(Mode::Pix2pix, &config);
    recipe.generator.arch = GeneratorArch::Srresnet;
    recipe.generator.blocks = number(&config["generator"], "blocks");
    recipe.generator.scale = number(&config["generator"], "scale");
    recipe.data.degrade = vec![Degradation::Downscale];
    recipe.discriminator.norm = NormKind::Instance;
    let weight = |key: &str| config["loss"][key].as_f64().unwrap();
    recipe.loss.l1 = weight("l1");
    recipe.loss.perceptual = weight("perceptual");
    recipe.loss.adversarial = weight("adversarial");
    let vgg = Fixture::open(&format!("{name}.safetensors")).named("vgg.");
    let method = Pix2pix::new(&recipe, &test_device());
    let mut method = method.with_perceptual_loss(&vgg, &recipe).unwrap();
    check_training(name, &mut method);
}

#[test]
fn weights_come_in_and_models_go_out() {
    for name in FORWARD {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let (recipe, channels) = described(name);
        let weights = fixture.named("weights.");
        let file = tempfile::NamedTempFile::with_suffix(".safetensors").unwrap();
        let renamed = weights.0.iter();
        let renamed = renamed.map(|(key, data)| (format!("module.net.{key}"), data.clone()));
        let renamed = NamedTensors(renamed.collect());
        std::fs::write(file.path(), renamed.to_safetensors().unwrap()).unwrap();
        let opened = WeightFile::open(file.path()).unwrap();
        let found = DetectedNetwork::find(&opened, None, Hints::default(), &test_device()).unwrap();
        let Architecture::Generator {
            recipe: found_recipe,
            input,
            output,
        } = &found.architecture
        else {
            panic!("{:?}", found.architecture);
        };
        assert_eq!((found_recipe, [*input, *output]), (&recipe, channels));
        assert_eq!(found.tensors, weights);

        let model = exported_pictures(&recipe, channels, weights, &options(NormStats::Running));
        let input = fixture.tensor("input", &test_device());
        let made = interpret(model.graph.as_ref().unwrap(), &[input]);
        let key = if fixture.has("output_running") || fixture.has("output_running_sparse") {
            "output_running"
        } else {
            "output"
        };
        let difference = fixture.output_distance(key, &made).unwrap();
        assert!(difference < 2e-5, "{name}: {difference}");
    }
    let recipe = described(FORWARD[0]).0;
    let network = Generator::Srresnet(fresh(&recipe, [3, 3]));
    let weights = NamedTensors::from_network(&network);
    let model = exported_pictures(&recipe, [3, 3], weights, &options(NormStats::Running));
    assert!(
        model
            .doc_string
            .contains("`output` is [batch, 3, 4*height, 4*width]")
    );
    assert_eq!(model.opset_import[0].version, 11);
}

/// A photo that is transparent on one side, of 16 bits.
fn transparent(width: u32, height: u32) -> ImageBuffer<Rgba<u16>, Vec<u16>> {
    ImageBuffer::from_fn(width, height, |x, y| {
        let alpha = if x < width / 2 { 65_535 } else { 0 };
        Rgba([(x * 999) as u16, (y * 1111) as u16, 30_000, alpha])
    })
}

#[test]
fn photos_become_larger_whatever_way_they_go() {
    let place = Place::with_photos();
    let train = format!("train {SMALLEST} --name large --steps 2");
    place.run(&train).done();
    place.picture("in/a.png", 37, 50, 3);
    place.save("in/b.png", transparent(20, 13));
    let apply = "apply --input in --style large";
    place.run(&format!("{apply} --output whole")).done();
    assert_eq!(place.size("whole/a.png"), (74, 100));
    let made = image::open(place.path("whole/b.png")).unwrap();
    let colours = made.as_rgba16().expect("16 bits and transparency are kept");
    assert_eq!(colours.dimensions(), (40, 26));
    assert_eq!(colours.get_pixel(3, 3).0[3], 65_535);
    assert_eq!(colours.get_pixel(37, 3).0[3], 0);
    // In bands it is the same, in tiles nearly.
    place
        .run(&format!("{apply} --output bands --tile 8"))
        .done();
    place
        .run(&format!("{apply} --output tiles --tile 36 --overlap 18"))
        .done();
    let open = |name: &str| image::open(place.path(name)).unwrap().into_rgb8();
    let whole = open("whole/a.png");
    for (name, most) in [("bands/a.png", 1), ("tiles/a.png", 48)] {
        let other = open(name);
        assert_eq!(other.dimensions(), whole.dimensions());
        let pairs = other.as_raw().iter().zip(whole.as_raw());
        let difference = pairs.map(|(first, second)| first.abs_diff(*second)).max();
        assert!(difference <= Some(most), "{name}: {difference:?}");
    }
    // Sizes are those of what the network takes; `--restore` gives the file's own back.
    place
        .run(&format!("{apply} --output sized --size 16x"))
        .done();
    assert_eq!(place.size("sized/a.png"), (32, 44));
    place
        .run(&format!("{apply} --output back --size 16x --restore"))
        .done();
    assert_eq!(place.size("back/a.png"), (37, 50));
    assert_eq!(place.size("back/b.png"), (20, 13));
    place
        .run(&format!("{apply} --output much --max-pixels 3000"))
        .failed(
            3,
            &["37x50 becomes 74x100", "--max-pixels raises the limit"],
        );
    // The file that other programs run.
    place
        .run("export large --format onnx --output large.onnx")
        .done();
    place
        .run("export large --format safetensors --output large.safetensors")
        .done();
    place.run("import large.safetensors --style again").done();
    let manifest = place.text("checkpoints/again/style.toml");
    assert!(manifest.contains("scale = 2"), "{manifest}");
    place
        .run("apply --input in --style again --output again")
        .done();
    assert_eq!(place.read("again/a.png"), place.read("whole/a.png"));
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_bit() {
    let place = Place::with_photos();
    // With all parts: noise that is drawn, a discriminator, averaged weights.
    let settings = format!(
        "{SMALLEST} --set data.degrade=blur,downscale,noise --set loss.adversarial=0.1 --set discriminator.channels=2 \
         --set discriminator.layers=1 --set generator.norm=batch --set train.checkpoint_every=2 --set train.preview_every=3"
    );
    place
        .run(&format!("train {settings} --name whole --steps 6"))
        .done();
    place
        .run(&format!("train {settings} --name parts --steps 4"))
        .done();
    place.run("train --resume --name parts --steps 6").done();
    let (whole, mut parts) = (place.learnt("whole"), place.learnt("parts"));
    // The preview at the end of the first part.
    parts.retain(|name, _| whole.contains_key(name));
    assert_same(&parts, &whole);
}

#[test]
fn what_is_wrong_is_said_before_any_work() {
    let place = Place::with_photos();
    place
        .run("train --mode pix2pix --data photos --set generator.arch=srresnet --set generator.scale=4")
        .failed(2, &["`generator.dropout`", "set it to false"]);
    place
        .run(&format!("train {SMALLEST} --set data.crop_size=128"))
        .failed(1, &["smaller than `data.crop_size` (128)"]);
    place
        .run("train --mode cycle --set generator.scale=2")
        .failed(2, &["`generator.scale`", "has no effect in mode cycle"]);
    let bench = "bench --mode pix2pix --set generator.arch=srresnet --set generator.dropout=false \
        --set generator.scale=2 --set data.degrade=downscale --set generator.channels=2 --set generator.blocks=1 \
        --set loss.adversarial=0 --size 32 --steps 1";
    place.run(bench).done();
}

#[test]
fn previews_show_the_three_pictures_at_one_size() {
    let place = Place::with_photos();
    place
        .run(&format!("train {SMALLEST} --name large --steps 1"))
        .done();
    let (width, height) = place.size("checkpoints/large/previews/step-000001.png");
    assert_eq!(width, 3 * 16 + 4 * 4);
    assert_eq!(height % 20, 4);
}

#[test]
fn a_discriminator_joins_where_there_was_none() {
    let place = Place::with_photos();
    place
        .run(&format!("train {SMALLEST} --name larger --steps 1"))
        .done();
    // The discriminator of the recipe is another one than that of `larger`, which has learnt nothing.
    place
        .run(
            "train --config srgan --init-from larger --name sharper --steps 1 --set generator.scale=2 \
             --set generator.channels=4 --set generator.blocks=1 --set generator.norm=none --set data.crop_size=32 \
             --set data.batch_size=1 --set discriminator.channels=2",
        )
        .done()
        .says("initial weights: generator")
        .says("fresh weights: discriminator");
}
