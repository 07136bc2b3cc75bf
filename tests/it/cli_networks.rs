//! Networks that grow and networks that codes lead, by `translate train --mode generate` and `translate sample`.

use crate::cli_support::Place;

/// Settings of the smallest networks of an architecture.
fn settings(arch: &str, name: &str) -> String {
    format!(
        "--mode generate --data pictures --name {name} --set generator.arch={arch} --set data.load_size=16 \
         --set data.crop_size=16 --set data.batch_size=4 --set generator.channels=2 --set generator.latent=6 \
         --set discriminator.channels=2"
    )
}

fn place() -> Place {
    let place = Place::new();
    for index in 0..8 {
        place.picture(&format!("pictures/{index}.png"), 20, 18, index);
    }
    place
}

#[test]
fn a_run_that_grows_goes_on_to_the_bit_in_its_second_size() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    let grow = "--set train.grow=[8,16] --set optim.epochs=6";
    let settings = settings("progressive", "p");
    run(&format!("train {settings} {grow} --steps 10"));
    let once = place.read("checkpoints/p/generator.safetensors");
    run(&format!("train {settings} {grow} --overwrite --steps 8"));
    run("sample --style p --count 2 --output early");
    run("train --resume --name p --steps 10");
    let twice = place.read("checkpoints/p/generator.safetensors");
    assert!(once == twice, "the weights differ");
    run("sample --style p --count 2 --output grown");
    for made in ["early", "grown"] {
        let picture = image::open(place.path(&format!("{made}/000001.png"))).unwrap();
        assert_eq!((picture.width(), picture.height()), (16, 16));
    }
    let mixed = place.run("sample --style p --style-mix 0 1");
    mixed.failed(2, &["leave out --style-mix"]);
}

#[test]
fn styles_are_mixed_layer_by_layer() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    let settings = settings("style", "s");
    run(&format!(
        "train {settings} --steps 2 --set synthesis.mapping=2"
    ));
    run("sample --style s --count 4 --output all");
    run("sample --style s --style-mix 1 3 --output mixed");
    // From one of them to the other, by the six layers that codes lead.
    let same = |made: &str, wanted: &str| place.read(made) == place.read(wanted);
    assert!(same("mixed/000000.png", "all/000001.png"));
    assert!(same("mixed/000006.png", "all/000003.png"));
    assert!(!place.path("mixed/000007.png").exists());
    run("sample --style s --count 2 --output near --truncation 0.5");
    assert!(!same("near/000000.png", "all/000000.png"));
    run("sample --style s --style-mix 1 3 --grid --output mixed.png");
    let strip = image::open(place.path("mixed.png")).unwrap();
    assert_eq!((strip.width(), strip.height()), (2 + 7 * 18, 2 + 18));
}
