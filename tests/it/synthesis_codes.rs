//! Latent codes that the discriminator recognises.

use std::fs;

use serde_json::Value;
use translate::config::Condition;
use translate::method::Method;
use translate::synthesis::Generate;

use crate::cli_support::Place;
use crate::device::test_device;
use crate::fixture::Fixture;
use crate::synthesis_networks::{check_goes_on_to_the_bit, recipe};
use crate::synthesis_training::{batch, check_five_steps_at, small};
use crate::training::{RATE, first_step};

#[test]
fn five_steps_with_latent_codes_equal_pytorch() {
    let mut recipe = small(Condition::None);
    recipe.synthesis.categories = vec![3, 2];
    recipe.synthesis.continuous = 2;
    recipe.synthesis.categories_weight = 0.8;
    recipe.synthesis.continuous_weight = 0.3;
    check_five_steps_at([RATE, 1.0], "training_codes", &recipe);
}

/// Beside classes, in each network, and on from where a run was cut off.
#[test]
fn each_network_trains_with_latent_codes() {
    let fixture = Fixture::open("training_generate.safetensors");
    let networks = ["resnet", "progressive", "style"].map(|arch| recipe(arch, 16));
    let told = [Condition::Concat, Condition::Auxiliary].map(small);
    for mut recipe in networks.into_iter().chain(told) {
        recipe.synthesis.categories = vec![4];
        recipe.synthesis.continuous = 1;
        recipe.validate().unwrap();
        let mut method = Generate::new(&recipe, &test_device());
        let losses = method.step(batch(&fixture, 0), first_step());
        let values = losses.into_iter();
        let values = values.map(|loss| (loss.name, loss.value.into_scalar::<f32>()));
        let values: Vec<_> = values.collect();
        assert!(values.iter().all(|(_, value)| value.is_finite()));
        for name in ["G_codes", "D_codes"] {
            assert!(values.iter().any(|(known, _)| *known == name), "{values:?}");
        }
        check_goes_on_to_the_bit(&recipe);
    }
}

const TRAIN: &str = "train --mode generate --data pictures --steps 1 --set data.load_size=16 --set data.crop_size=16 \
    --set data.batch_size=2 --set generator.channels=2 --set generator.latent=5 --set discriminator.channels=2";

/// The bytes of the pictures of a folder, in their order.
fn pictures(place: &Place, folder: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(place.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let paths = paths.into_iter();
    paths.map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn pictures_are_made_with_codes_that_are_set_or_swept() {
    let place = Place::new();
    for index in 0..3 {
        place.picture(&format!("pictures/{index}.png"), 16, 16, index);
    }
    let run = |line: &str| place.run(line).done();
    run(&format!(
        "{TRAIN} --name g --set synthesis.categories=[3] --set synthesis.continuous=1"
    ));
    run(&format!("{TRAIN} --name without"));

    run("sample --style g --count 2 --sweep 1 --output swept");
    run("sample --style g --count 2 --code 1=2 --output set");
    let (swept, set) = (pictures(&place, "swept"), pictures(&place, "set"));
    assert_eq!((swept.len(), set.len()), (6, 2));
    assert!(swept[2] == set[0] && swept[5] == set[1]);
    assert!(swept[1] != swept[2] && swept[2] != swept[5]);

    run("sample --style g --count 1 --sweep 2 --frames 3 --code 1=0 --output slants");
    let slants = pictures(&place, "slants");
    assert_eq!(slants.len(), 3);
    for (place_of, value) in ["-1", "0", "1"].into_iter().enumerate() {
        let output = format!("slant{place_of}");
        run(&format!(
            "sample --style g --count 1 --code 1=0 --code 2={value} --output {output}"
        ));
        assert!(pictures(&place, &output) == [slants[place_of].clone()]);
    }
    run("sample --style g --count 2 --sweep 1 --grid --output rows.png");
    // Before any of them is made.
    place
        .run("sample --style g --count 100000000 --grid --output all.png")
        .failed(2, &["too many for one file", "without --grid"]);
    assert_eq!(place.size("rows.png"), (2 + 3 * 18, 2 + 2 * 18));
    run("sample --style g --interpolate 0 1 --frames 2 --code 1=1 --output way");
    assert_eq!(pictures(&place, "way").len(), 2);

    for (line, part) in [
        ("sample --style without --code 1=1", "has learnt no latent"),
        ("sample --style g --sweep 3", "has 2 latent codes"),
        ("sample --style g --code 1=1 --code 1=2", "more than once"),
        ("sample --style g --code 1=1 --sweep 1", "more than once"),
        ("sample --style g --code 1=3", "from 0 to 2"),
        ("sample --style g --code 1=0.5", "from 0 to 2"),
        (
            "sample --style g --sweep 1 --frames 5",
            "leave out --frames",
        ),
        ("sample --style g --code one=1", "write 1=4"),
        ("sample --style g --sweep 1 --interpolate 0 1", "cannot be"),
    ] {
        place.run(line).failed(2, &[part]);
    }
}

/// The codes of pictures that the generator has made itself, and their sums.
#[test]
fn codes_of_pictures_are_searched_for_with_their_latent_codes() {
    let place = Place::new();
    for index in 0..3 {
        place.picture(&format!("pictures/{index}.png"), 16, 16, index);
    }
    let run = |line: &str| place.run(line).done();
    run(&format!(
        "{TRAIN} --name g --set synthesis.categories=[3] --set synthesis.continuous=1 --set generator.init_gain=0.4"
    ));
    for category in 0..3 {
        run(&format!(
            "sample --style g --count 1 --seed 7 --code 1={category} --code 2=0.6 --output made/{category}"
        ));
    }
    run("encode made --style g --steps 150 --output found.jsonl --decoded again");
    let text = place.text("found.jsonl");
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines.len(), 3);
    for (category, line) in lines.iter().enumerate() {
        let codes = line["latent_codes"].as_array().unwrap();
        assert_eq!(codes.len(), 2);
        assert_eq!(codes[0].as_f64(), Some(category as f64), "{line}");
        assert!(codes[1].as_f64().unwrap().abs() <= 1.0);
        assert!(line["distance"].as_f64().unwrap() < 0.1, "{line}");
    }
    let mut command = place.command("sample --style g --output sum.png --grid --arithmetic");
    let sum = command.arg("made/0 - made/1 + made/2").spawn().unwrap();
    place.wait(sum).done();
    assert_eq!(place.size("sum.png"), (2 + 4 * 18, 2 + 18));
}
