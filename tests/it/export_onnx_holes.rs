//! ONNX models of networks that fill holes.

use burn::tensor::{Distribution, Tensor};
use translate::config::{GeneratorArch, GeneratorRecipe, Mode, Overlay, Recipe, Upsample};
use translate::data::hole_values;
use translate::inpainting::Inpainter;
use translate::nn::{ForwardMode, NamedTensors, NormStats, WeightInit};
use translate::style::onnx::{Holes, ModelProto, OnnxInput, OnnxNetwork, OnnxOptions};

use crate::device::test_device;
use crate::export_onnx::{exported, options};
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;

fn holes(recipe: &Recipe) -> Holes {
    Holes {
        side: recipe.data.crop_size,
        middle: recipe.hole_side(),
        output_side: recipe.discriminator_side(),
        fill: hole_values(recipe.data.input_channels),
    }
}

fn resolved(settings: &[&str]) -> Recipe {
    let mut overlay = Overlay::default();
    for setting in settings {
        overlay.set(setting).unwrap();
    }
    overlay.resolve(Mode::Inpaint).unwrap()
}

/// A model of a network with weights of its own, and that network.
fn with_network(recipe: &Recipe, options: &OnnxOptions) -> (ModelProto, Inpainter) {
    let device = test_device();
    device.seed(3);
    let law = recipe.generator.init;
    let mut init = WeightInit::new(law, recipe.generator.init_gain, 3, 0, &device);
    let network = Inpainter::new(&mut init, recipe);
    let weights = NamedTensors::from_network(&network);
    let channels = recipe.data.input_channels;
    let described = OnnxNetwork {
        recipe: &recipe.generator,
        channels: [channels; 2],
        input: OnnxInput::Holes(holes(recipe)),
    };
    (exported(&described, weights, options), network)
}

/// The graph fills holes, whatever is in them, and gives the mask to the networks that see it.
#[test]
fn pictures_go_in_with_their_masks() {
    let device = test_device();
    for settings in [
        &["generator.arch=unet_64", "data.crop_size=64"][..],
        &[
            "generator.arch=resnet_6blocks",
            "data.crop_size=32",
            "data.load_size=32",
        ],
        &[
            "generator.arch=unet_64",
            "generator.hole_fill=smooth",
            "data.crop_size=128",
        ],
        &["data.crop_size=32", "data.masks=regions"],
        &["data.crop_size=64", "generator.upsample=resize"],
        &["data.crop_size=227", "generator.upsample=resize"],
        &["generator.arch=context_bottleneck", "data.crop_size=32"],
        &[
            "data.crop_size=32",
            "data.input_channels=1",
            "data.output_channels=1",
        ],
    ] {
        let recipe = resolved(&[settings, &["generator.channels=4"]].concat());
        let statistics = NormStats::usual(&recipe);
        let (model, network) = with_network(&recipe, &options(statistics));
        let (side, channels) = (recipe.data.crop_size, recipe.data.input_channels);
        let random = |channels| {
            let shape = [2, channels, side, side];
            Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device)
        };
        let picture = random(channels);
        let mask = random(1).greater_elem(0.2).float();
        let colour = hole_values(channels);
        let colour = Tensor::<1>::from_floats(&*colour, &device).reshape([1, channels, 1, 1]);
        let filled = picture.clone() * (1.0 - mask.clone()) + colour * mask.clone();
        let mode = ForwardMode::inference(statistics, false);
        let wanted = network.forward(filled, mask.clone(), mode).into_data();
        let graph = model.graph.unwrap();
        let inputs = graph.input.iter().map(|input| input.name.as_str());
        assert_eq!(inputs.collect::<Vec<_>>(), ["picture", "mask"]);
        let found = interpret(&graph, &[picture.clone(), mask.clone()]);
        let difference = distance(&found, &wanted);
        assert!(difference < 4e-5, "{settings:?}: {difference}");
        // What hides under the mask is not seen.
        let other = picture.clone() * (1.0 - mask.clone()) + mask.clone() * 0.7;
        assert_eq!(interpret(&graph, &[other, mask]), found, "{settings:?}");
    }
}

#[test]
fn models_of_context_encoders_compute_what_pytorch_computes() {
    for name in [
        "context_64",
        "context_32_whole",
        "context_bottleneck_32",
        "context_227",
    ] {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let config = fixture.config();
        let number = |key: &str| config[key].as_u64().unwrap() as usize;
        let defaults = Recipe::defaults(Mode::Inpaint).generator;
        let recipe = GeneratorRecipe {
            arch: if name.contains("bottleneck") {
                GeneratorArch::ContextBottleneck
            } else {
                GeneratorArch::Context
            },
            channels: number("channels"),
            bottleneck: number("bottleneck"),
            upsample: Upsample::Deconv,
            ..defaults
        };
        let (side, colours) = (number("side"), number("colours"));
        let network = OnnxNetwork {
            recipe: &recipe,
            channels: [colours; 2],
            input: OnnxInput::Holes(Holes {
                side,
                middle: None,
                output_side: number("output_side"),
                fill: hole_values(colours),
            }),
        };
        // The largest has one picture, whose own statistics are those of its batch.
        let (statistics, output) = match side {
            227 => (NormStats::Batch, "output"),
            _ => (NormStats::Running, "output_running"),
        };
        let weights = fixture.named("weights.");
        let model = exported(&network, weights, &options(statistics));
        let input = ["input", "input_bytes"]
            .into_iter()
            .find(|input| fixture.has(input))
            .unwrap();
        let picture = fixture.tensor(input, &test_device());
        let [batch, _, height, width] = picture.dims();
        let mask = Tensor::zeros([batch, 1, height, width], &test_device());
        let found = interpret(model.graph.as_ref().unwrap(), &[picture, mask]);
        let difference = fixture.output_distance(output, &found);
        assert!(
            difference.is_some_and(|difference| difference < 4e-5),
            "{name}: {difference:?}"
        );
    }
}

#[test]
fn models_say_which_holes_they_fill() {
    let about = |settings: &[&str]| {
        let recipe = resolved(&[settings, &["generator.channels=2"]].concat());
        let (model, _) = with_network(&recipe, &options(NormStats::Running));
        let mut properties = model.metadata_props.iter();
        let holes = properties.find(|entry| entry.key == "holes").unwrap();
        format!("{} | {}", model.doc_string, holes.value)
    };
    insta::assert_snapshot!(about(&["generator.arch=unet_64", "data.crop_size=64", "data.masks=strokes"]), @"Fills holes in pictures. `picture` is [batch, 3, height, width] with values from -1 to 1: byte / 127.5 - 1. `mask` is [batch, 1, height, width]: 1 in holes and 0 elsewhere; what the picture has in its holes does not matter. `output` is [batch, 3, height, width], the whole picture, with values as in `picture`: take from it what is in the holes, and the rest from the picture. Height and width are multiples of 64. | anywhere");
    insta::assert_snapshot!(about(&["generator.arch=unet_64", "data.crop_size=64", "loss.overlap=4"]), @"Fills holes in pictures. `picture` is [batch, 3, height, width] with values from -1 to 1: byte / 127.5 - 1. `mask` is [batch, 1, height, width]: 1 in holes and 0 elsewhere; what the picture has in its holes does not matter. `output` is [batch, 3, height, width], the whole picture, with values as in `picture`: take from it what is in the holes, and the rest from the picture. Height and width are multiples of 64. It has learnt to fill the middle 24 x 24 pixels of 64 x 64 alone: mark all of them in `mask`. | the middle 24 x 24 pixels of 64 x 64");
    insta::assert_snapshot!(about(&["data.crop_size=64"]), @"Fills holes in pictures. `picture` is [batch, 3, 64, 64] with values from -1 to 1: byte / 127.5 - 1. `mask` is [batch, 1, 64, 64]: 1 in holes and 0 elsewhere; what the picture has in its holes does not matter. `output` is [batch, 3, 32, 32], the middle of the picture, rows and columns 16 to 47, with values as in `picture`: take from it what is in the holes, and the rest from the picture. It has learnt to fill the middle 24 x 24 pixels of 64 x 64 alone: mark all of them in `mask`. | the middle 24 x 24 pixels of 64 x 64");
}

#[test]
fn context_encoders_take_one_size() {
    let recipe = resolved(&["data.crop_size=32", "generator.channels=2"]);
    let network = OnnxNetwork {
        recipe: &recipe.generator,
        channels: [3, 3],
        input: OnnxInput::Holes(holes(&recipe)),
    };
    let made = |size| {
        let (_, inpainter) = with_network(&recipe, &options(NormStats::Running));
        let weights = NamedTensors::from_network(&inpainter);
        let options = OnnxOptions {
            size: Some(size),
            ..options(NormStats::Running)
        };
        translate::style::onnx::onnx_model(&network, weights, &options, Vec::new())
    };
    assert!(made([32, 32]).is_ok());
    insta::assert_snapshot!(made([32, 64]).unwrap_err(), @"a width of 64 is not possible: the sides of pictures are 32 each; take 32");
}
