//! `translate train --mode generate` and `translate sample`.

use std::collections::BTreeMap;
use std::fs;

use crate::cli_support::Place;

/// Settings of the smallest generator with classes.
const GENERATE: &str = "--mode generate --data pictures --name g --set data.load_size=16 --set data.crop_size=16 \
    --set data.batch_size=4 --set generator.channels=2 --set generator.latent=6 --set discriminator.channels=2 \
    --set data.classes_from=folders --set generator.condition=projection --set optim.ema=0.9";

/// A place with the pictures of the classes `cats` and `dogs`, and some for validation.
fn place() -> Place {
    let place = Place::new();
    for index in 0..5 {
        place.picture(&format!("pictures/cats/{index}.png"), 20, 18, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 18, 24, 50 + index);
    }
    place.picture("pictures/val/dogs/0.png", 18, 24, 90);
    place
}

/// The files of a folder by name.
fn files(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(place.path(folder))
        .unwrap()
        .map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn a_style_that_makes_pictures_is_trained_resumed_and_sampled() {
    let place = place();
    let run = |line: &str| place.run(line).done().stdout;
    let trained = run(&format!("train {GENERATE} --steps 4"));
    assert!(trained.contains("make pictures with it: translate sample --style g"));
    let shown = run("styles show g");
    assert!(
        shown.contains("class_names = [\"cats\", \"dogs\"]"),
        "{shown}"
    );
    assert!(shown.contains("samples = 10"), "{shown}");
    let listed = run("styles");
    let wanted = "generate of 2 classes, dcgan at 16x16 px, 4 steps";
    assert!(listed.contains(wanted), "{listed}");
    assert!(place.path("checkpoints/g/previews").is_dir());
    assert!(place.path("checkpoints/g/report.html").is_file());

    // A run in two parts ends where one in one part does.
    let once = place.read("checkpoints/g/generator.safetensors");
    run(&format!("train {GENERATE} --overwrite --steps 2"));
    run("train --resume --name g --steps 4");
    let twice = place.read("checkpoints/g/generator.safetensors");
    assert!(once == twice, "the weights differ");

    // Each picture depends on the seed and its number alone.
    run("sample --style g --count 5 --output all");
    run("sample --style g --count 5 --output parts --shard 1/2");
    run("sample --style g --count 5 --output parts --shard 2/2");
    let all = files(&place, "all");
    assert_eq!(all.keys().next().unwrap(), "000000.png");
    assert_eq!(all.len(), 5);
    assert!(
        all == files(&place, "parts"),
        "shares differ from the whole"
    );
    run("sample --style g --count 4 --output cats --class cats");
    let cats = files(&place, "cats");
    assert_eq!(cats["000000.png"], all["000000.png"]);
    assert_ne!(cats["000001.png"], all["000001.png"]);
    run("sample --style g --count 1 --output other --seed 1");
    assert_ne!(files(&place, "other")["000000.png"], all["000000.png"]);
    run("sample --style g --count 1 --output near --truncation 0.2");
    assert_ne!(files(&place, "near")["000000.png"], all["000000.png"]);

    // Ways go from one picture to another.
    run("sample --style g --interpolate 0 2 --frames 3 --output way");
    let way = files(&place, "way");
    assert_eq!(way.len(), 3);
    assert_eq!(way["000000.png"], all["000000.png"]);
    assert_eq!(way["000002.png"], all["000002.png"]);
    run("sample --style g --interpolate 0 2 --frames 3 --path linear --grid --output way.png");
    let strip = image::open(place.path("way.png")).unwrap();
    assert_eq!((strip.width(), strip.height()), (2 + 3 * 18, 2 + 18));
    run("sample --style g --interpolate 0 2 --frames 3 --output way.gif");
    assert_eq!(place.read("way.gif")[..10], *b"GIF89a\x10\x00\x10\x00");
    run("sample --style g --count 2 --grid --nearest all --output near.png");
    let pairs = image::open(place.path("near.png")).unwrap().into_rgb8();
    assert_eq!(pairs.dimensions(), (2 + 4 * 18, 2 + 18));
    // Both have been made before, and are the nearest to themselves.
    let part = |left| image::imageops::crop_imm(&pairs, left, 2, 16, 16).to_image();
    assert!(part(2) == part(20) && part(38) == part(56));
    // Class and codes of the start stay, so that a way ends at its second picture only if that has them, too.
    run("sample --style g --interpolate 0 1 --frames 2 --output mixed");
    assert_eq!(files(&place, "mixed")["000001.png"], cats["000001.png"]);
    run("sample --style g --count 1 --grid --output new/deep/one.png");
    assert!(place.path("new/deep/one.png").is_file());
    run("sample --style g --count 5 --grid");
    let grid = image::open(place.path("samples.png")).unwrap();
    assert_eq!((grid.width(), grid.height()), (2 + 3 * 18, 2 + 2 * 18));

    // Nothing in a file of weights tells the two classes from the six values of noise.
    place
        .run("export g --format safetensors --output weights.safetensors")
        .done()
        .says("beside its noise the generator is told a class");
    let imported = run("import weights.safetensors --style again");
    assert!(
        imported.contains("2 channels, 8 values to pictures of 16x16 px"),
        "{imported}"
    );

    for (code, command, part) in [
        (
            2,
            "sample --style g --class birds",
            "its classes are cats, dogs",
        ),
        (2, "sample --style g --count 5 --output all", "--overwrite"),
        (2, "apply pictures --style g", "translate sample --style g"),
        (
            2,
            "export g --format onnx --output g.onnx --direction AtoB",
            "translates none",
        ),
        (
            2,
            "export g --format safetensors --output g.safetensors --direction AtoB",
            "translates none",
        ),
        (2, "sample --style g --output one.png", "go into a folder"),
        (
            2,
            "sample --style g --grid --output one.jpg",
            "end it in .png",
        ),
        (2, "sample --style g --grid --output all", "end it in .png"),
        (2, "sample --style g --path linear --count 2", "--count"),
        (2, "sample --style g --grid --output g.gif", "--grid asks"),
        (
            2,
            "sample --style g --shard 1/2 --output g.gif",
            "--shard asks",
        ),
    ] {
        place.run(command).failed(code, &[part]);
    }
}

#[test]
fn classes_are_folders_that_are_there() {
    let place = place();
    // A name that the data has not is harmless, one that is missing is not.
    let line = format!("train {GENERATE} --steps 1");
    let named = format!("{line} --set data.class_names=cats,birds");
    place.run(&named).failed(1, &["is of class `dogs`"]);
    place.picture("pictures/loose.png", 20, 20, 7);
    place.run(&line).failed(1, &["lies in no folder"]);
}

/// macOS writes names with accents otherwise than other systems do.
#[test]
fn a_class_has_one_name_in_two_unicode_forms() {
    let place = Place::new();
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    for (index, class) in (0..).zip([composed, decomposed, "tea", composed, decomposed, "tea"]) {
        place.picture(&format!("pictures/{class}/{index}.png"), 20, 18, index);
    }
    place.run(&format!("train {GENERATE} --steps 1")).done();
    let listed = place.run("styles").done().stdout;
    assert!(listed.contains("generate of 2 classes"), "{listed}");
    for (class, output) in [(composed, "one"), (decomposed, "other")] {
        let line = format!("sample --style g --count 1 --class {class} --output {output}");
        place.run(&line).done();
    }
    assert!(files(&place, "one") == files(&place, "other"));
    let named = format!("--set data.class_names=tea,{decomposed} --overwrite");
    place
        .run(&format!("train {GENERATE} --steps 1 {named}"))
        .done();
}
