//! Codes of pictures for generators without an encoder, and how likely pictures are by those that have one.

use serde_json::Value;
use translate::data::prepared_picture;
use translate::style::{Manifest, StyleFolder};

use crate::cli_support::Place;

fn lines(place: &Place, file: &str) -> Vec<Value> {
    let text = place.text(file);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

fn place() -> Place {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/cats/{index}.png"), 16, 16, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 16, 16, 50 + index);
    }
    place
}

const SMALL: &str = "--data pictures --set data.load_size=16 --set data.crop_size=16 --set data.batch_size=4 \
    --set generator.channels=2 --set generator.latent=6";

#[test]
fn generators_find_the_codes_of_their_own_pictures() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    run(&format!(
        "train --mode generate --name g {SMALL} --set discriminator.channels=2 --set data.classes_from=folders \
         --set generator.condition=concat --set generator.init_gain=0.2 --steps 4"
    ));
    run("sample --style g --count 3 --class dogs --output dogs --seed 5");
    run("encode dogs --style g --class dogs --steps 0 --output start.jsonl");
    run("encode dogs --style g --class dogs --steps 120 --output found.jsonl --decoded again");
    let (start, found) = (lines(&place, "start.jsonl"), lines(&place, "found.jsonl"));
    assert_eq!(found.len(), 3);
    for (start, found) in start.iter().zip(&found) {
        assert_eq!(found["class"], "dogs");
        assert_eq!(numbers(&found["code"]).len(), 6);
        let distances = [start, found].map(|line| line["distance"].as_f64().unwrap());
        assert!(distances[1] < 0.3 * distances[0], "{distances:?}");
    }
    assert_eq!(place.size("again/000002.png"), (16, 16));
    // Each picture is searched for on its own.
    run("encode dogs/000001.png --style g --class dogs --steps 120 --output one.jsonl");
    let alone = numbers(&lines(&place, "one.jsonl")[0]["code"]);
    let pairs = alone.iter().zip(numbers(&found[1]["code"]));
    let apart = pairs.map(|(one, other)| (one - other).abs());
    assert!(apart.fold(0.0, f64::max) < 0.05);
    let mut command =
        place.command("sample --style g --class dogs --output sum.png --grid --arithmetic");
    place
        .wait(
            command
                .arg("dogs/000000.png - dogs/000001.png")
                .spawn()
                .unwrap(),
        )
        .done();
    assert_eq!(place.size("sum.png"), (2 + 3 * 18, 2 + 18));
    place
        .run("encode dogs --style g --class dogs --bound 3")
        .failed(2, &["has no encoder"]);
}

#[test]
fn autoencoders_say_how_likely_pictures_are() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    run(&format!(
        "train --mode vae --name v {SMALL} --set loss.kl=0.5 --set generator.init_gain=0.1 --steps 6"
    ));
    let mean = |draws: usize| -> f64 {
        let said = run(&format!(
            "encode pictures --style v --bound {draws} --decoded again --overwrite"
        ));
        let (_, mean) = said.split_once("mean bound: ").unwrap();
        mean.trim().trim_end_matches(" nats").parse().unwrap()
    };
    let many = mean(200);
    let one = mean(1);
    assert!(many > one, "{many} {one}");

    // With one draw it is near the bound at the mean of the code.
    let folder = StyleFolder::new(place.path("checkpoints/v"));
    let recipe = Manifest::read(&folder).unwrap().recipe;
    let values = |path: &str| -> Vec<f64> {
        let data = prepared_picture(&place.path(path), &recipe).unwrap();
        data.iter::<f64>().collect()
    };
    for line in lines(&place, "codes.jsonl") {
        let name = line["picture"].as_str().unwrap();
        let (picture, again) = (
            values(&format!("pictures/{name}")),
            values(&format!("again/{name}")),
        );
        let pairs = picture.iter().zip(&again);
        let apart: f64 = pairs.map(|(one, other)| (one - other).powi(2)).sum();
        let laws = numbers(&line["mean"])
            .into_iter()
            .zip(numbers(&line["log_variance"]));
        let divergence = laws.map(|(mean, log)| mean * mean + log.exp() - log - 1.0);
        let constant = 768.0 / 2.0 * (std::f64::consts::TAU * 0.5).ln();
        let wanted = -apart / (2.0 * 0.5) - constant - divergence.sum::<f64>() / 2.0;
        let found = line["bound"].as_f64().unwrap();
        assert!(
            (found - wanted).abs() < 0.05 * wanted.abs(),
            "{found} {wanted}"
        );
    }
    place
        .run("encode pictures --style v --steps 3 --overwrite")
        .failed(2, &["has an encoder"]);
}
