//! Cascades and second stages, by `translate train --mode generate` and `translate sample`.

use crate::cli_support::Place;

/// Settings of the smallest networks, whose weights are large enough for pictures that differ.
const SMALL: &str = "--mode generate --data pictures --set data.batch_size=4 --set generator.channels=2 \
    --set generator.latent=6 --set discriminator.channels=2 --set generator.init_gain=0.5";

fn place() -> Place {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/cats/{index}.png"), 34, 32, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 32, 33, 50 + index);
    }
    place
}

fn sized(side: usize) -> String {
    format!("--set data.load_size={side} --set data.crop_size={side}")
}

#[test]
fn a_cascade_is_trained_resumed_and_sampled() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    let settings = format!(
        "{SMALL} {} --name l --set generator.arch=laplacian --set optim.ema=0.9",
        sized(32)
    );
    run(&format!("train {settings} --steps 4"));
    let once = place.read("checkpoints/l/generator.safetensors");
    run(&format!("train {settings} --overwrite --steps 2"));
    run("train --resume --name l --steps 4");
    let twice = place.read("checkpoints/l/generator.safetensors");
    assert!(once == twice, "the weights differ");
    run("sample --style l --count 3 --output made");
    run("sample --style l --count 3 --shard 1/2 --output shared");
    run("sample --style l --count 3 --shard 2/2 --output shared");
    for file in ["000000.png", "000002.png"] {
        assert_eq!(
            place.read(&format!("made/{file}")),
            place.read(&format!("shared/{file}"))
        );
    }
    assert_eq!(place.size("made/000001.png"), (32, 32));
    assert_ne!(place.read("made/000000.png"), place.read("made/000001.png"));
    run("sample --style l --interpolate 0 2 --frames 3 --truncation 0.7 --output way");
    run("encode made --style l --steps 2 --output codes.jsonl");
    run("export l --format safetensors --output l.safetensors");
    // Its first level alone would be a generator.
    place
        .run("import l.safetensors --style other")
        .failed(1, &["`levels.8`", "as in a cascade", "--format style"]);
    assert!(!place.path("checkpoints/other").exists());
}

#[test]
fn a_second_stage_is_trained_on_the_pictures_of_the_first() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    let told = "--set data.classes_from=folders --set generator.condition=concat";
    run(&format!(
        "train {SMALL} {} {told} --name one --steps 2",
        sized(8)
    ));
    let second = format!("{SMALL} {} {told} --set generator.arch=stack", sized(32));
    place
        .run(&format!(
            "train {second} --name two --set synthesis.first_stage=one"
        ))
        .failed(1, &["/one` cannot be the first stage", "there is no style"]);
    place
        .run(&format!("train {second} --name two"))
        .failed(2, &["synthesis.first_stage"]);
    let second = format!("{second} --name two --set synthesis.first_stage=checkpoints/one");
    run(&format!("train {second} --overwrite --steps 4"));
    place
        .run("styles remove one")
        .failed(2, &["without `one` these make no pictures any more: `two`"]);
    let removing = place.run("styles remove two").failed(2, &[]);
    assert!(!removing.stderr.contains("any more"));
    let once = place.read("checkpoints/two/generator.safetensors");
    run(&format!("train {second} --overwrite --steps 2"));
    // From wherever it is resumed.
    let named = format!(
        "first_stage = \"{}\"",
        place.path("checkpoints/one").display()
    );
    let manifest = place.text("checkpoints/two/style.toml");
    assert!(manifest.contains(&named), "{manifest}");
    run(&format!("train {second} --resume --steps 3"));
    run("train --resume --name two --steps 4");
    let twice = place.read("checkpoints/two/generator.safetensors");
    assert!(once == twice, "the weights differ");
    run("sample --style two --count 2 --class dogs --output dogs");
    run("sample --style two --count 2 --class cats --output cats");
    assert_eq!(place.size("dogs/000001.png"), (32, 32));
    assert_ne!(place.read("dogs/000000.png"), place.read("cats/000000.png"));
    run("encode dogs --style two --class dogs --steps 2 --output codes.jsonl");
    run("export two --format style --output passed");
    let passed = place.text("passed/style.toml");
    assert!(passed.contains("first_stage = \"one\""), "{passed}");
    // Both styles in another place.
    std::fs::rename(place.path("checkpoints"), place.path("moved")).unwrap();
    run("--checkpoints moved sample --style two --count 2 --class dogs --output again");
    assert_eq!(
        place.read("dogs/000001.png"),
        place.read("again/000001.png")
    );
    place
        .run("--checkpoints moved styles remove one")
        .failed(2, &["without `one` these make no pictures any more: `two`"]);
    let removed = place
        .run("--checkpoints moved styles remove one --yes")
        .done();
    assert!(removed.stderr.contains("`two`"), "{}", removed.stderr);
    place
        .run("--checkpoints moved sample --style two --output none")
        .failed(1, &["cannot be the first stage"]);
}
