//! The styles that travel in the program, from a folder that has nothing.

use std::path::Path;

use image::{GrayImage, Luma, RgbImage};

use crate::cli_support::{CONTRASTIVE, CYCLE, Place, are_nearly_equal, names};

#[test]
fn photos_are_painted_and_holes_filled_without_any_folder_of_styles() {
    let place = Place::new();
    place.picture("photos/a/one.png", 70, 50, 1);
    let run = place.run("apply --input photos/ --style monet").done();
    assert!(
        run.stdout.starts_with("translated 1 of 1 pictures"),
        "{run:#?}"
    );
    assert_eq!(place.size("translated/a/one.png"), (70, 50));
    place
        .run("data masks --kind strokes --input photos --output masks")
        .done();
    let fill = "apply --input photos/ --mask masks/ --style fill --output filled";
    let run = place.run(fill).done();
    assert!(run.stdout.starts_with("filled 1 of 1 pictures"), "{run:#?}");
    assert!(!place.path("checkpoints").exists());
    // What is short of a style's name is not the style.
    place
        .run("apply --input photos/ --style mone --output o")
        .failed(
            2,
            &["there is no style `mone` in `checkpoints`: did you mean `monet`?"],
        );
    place
        .run("apply --input photos/ --style fill --output o")
        .failed(
            2,
            &["the style `fill` fills holes: say where they are with --mask"],
        );
}

/// What diffusion from around it makes of a hole: each missing value is the mean of its neighbours.
fn diffused(photo: &RgbImage, mask: &GrayImage) -> Vec<f64> {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let mut values: Vec<f64> = photo
        .as_raw()
        .iter()
        .map(|&level| f64::from(level))
        .collect();
    let holes = || (0..width * height).filter(|&place| mask.as_raw()[place] > 127);
    for place in holes() {
        values[3 * place..3 * place + 3].fill(127.0);
    }
    for _ in 0..1500 {
        for place in holes() {
            let (x, y) = (place % width, place / width);
            let around = [
                (x > 0).then(|| place - 1),
                (x + 1 < width).then(|| place + 1),
                (y > 0).then(|| place - width),
                (y + 1 < height).then(|| place + width),
            ];
            let around: Vec<usize> = around.into_iter().flatten().collect();
            for channel in 0..3 {
                let sum: f64 = around.iter().map(|near| values[3 * near + channel]).sum();
                let own = values[3 * place + channel];
                // Over-relaxed, so that it ends soon.
                values[3 * place + channel] += 1.8 * (sum / around.len() as f64 - own);
            }
        }
    }
    values
}

#[test]
fn holes_are_filled_better_than_by_diffusion() {
    let place = Place::new();
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/sample/photos");
    for name in names(&photos) {
        let photo = image::open(photos.join(&name)).unwrap();
        let mut photo = photo.thumbnail(256, 256).to_rgb8();
        let name = name.replace(".jpg", ".png");
        place.save(&format!("photos/{name}"), photo.clone());
        // Strokes in two directions, a quarter of the photo.
        let is_hole = |x: u32, y: u32| (x + 2 * y) % 80 < 12 || (3 * x + 1000 - y) % 110 < 15;
        let mask = GrayImage::from_fn(photo.width(), photo.height(), |x, y| {
            Luma([255 * u8::from(is_hole(x, y))])
        });
        place.save(&format!("masks/{name}"), mask);
        for (x, y, pixel) in photo.enumerate_pixels_mut() {
            if is_hole(x, y) {
                pixel.0 = [255, 0, 255];
            }
        }
        place.save(&format!("damaged/{name}"), photo);
    }
    place
        .run("apply --input damaged --mask masks --style fill --output filled")
        .done();
    let mut gains = Vec::new();
    for name in names(&place.path("photos")) {
        let open = |folder: &str| image::open(place.path(&format!("{folder}/{name}"))).unwrap();
        let (photo, mask) = (open("photos").to_rgb8(), open("masks").to_luma8());
        let filled = open("filled").to_rgb8();
        let filled: Vec<f64> = filled
            .as_raw()
            .iter()
            .map(|&level| f64::from(level))
            .collect();
        let error = |values: &[f64]| -> f64 {
            let values = values.iter().zip(photo.as_raw());
            values
                .map(|(value, level)| (value - f64::from(*level)).powi(2))
                .sum()
        };
        gains.push(10.0 * (error(&diffused(&photo, &mask)) / error(&filled)).log10());
    }
    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
    // 1.3; 0.04 by the network beside a membrane.
    assert!(gains.len() == 4 && mean > 0.8, "{gains:?} dB");
}

#[test]
fn the_styles_are_listed_with_their_cards_and_cannot_be_removed() {
    let place = Place::new();
    let list = place.run("styles").done().stdout;
    let lines: Vec<&str> = list.lines().collect();
    assert!(
        lines[0].starts_with("fill                     inpaint AtoB, unet_"),
        "{list}"
    );
    assert!(
        lines[1].starts_with("monet                    contrastive AtoB, resnet_"),
        "{list}"
    );
    assert!(
        lines.len() == 2 && lines.iter().all(|line| line.ends_with(", built-in")),
        "{list}"
    );
    for name in ["fill", "monet"] {
        let card = place.run(&format!("styles show {name}")).done().stdout;
        for part in [
            &*format!("# {name}\n"),
            "CC0",
            "public domain",
            " steps in ",
            "Machine: ",
            "\nlicence = \"CC0-1.0\"\n",
            "\nweights = \"f16\"\n",
        ] {
            assert!(card.contains(part), "no {part:?} in {card}");
        }
        assert!(card.contains("\nroot = \"\"\n"), "{card}");
    }
    place
        .run("styles remove monet --yes")
        .failed(2, &["`monet` is part of the program and cannot be removed"]);
    place.run("train --resume --name monet").failed(
        2,
        &[
            "`monet` is part of the program and has no run to resume",
            "--init-from monet",
        ],
    );
    let bytes: u64 = ["fill", "monet"]
        .into_iter()
        .flat_map(|style| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("checkpoints")
                .join(style);
            let files = names(&folder);
            files
                .into_iter()
                .map(move |name| folder.join(name).metadata().unwrap().len())
        })
        .sum();
    assert!(bytes <= 12_000_000, "{bytes}");
}

#[test]
fn a_style_of_ones_own_takes_the_place_of_one_in_the_program() {
    let place = Place::new();
    place.picture("photos/one.png", 40, 30, 1);
    // A folder of pictures that has the name of a style is none.
    place.picture("monet/one.png", 40, 30, 2);
    place
        .run("apply --input photos --style monet --output theirs")
        .done();
    place
        .run(&format!("train {CYCLE} --steps 1 --name monet"))
        .done()
        .says("`monet` is from now on this style and not the one in the program");
    place
        .run("-v apply --input photos --style monet --output own")
        .done()
        .says("`monet` is the style in `checkpoints/monet`, and not the one of this name in the program");
    assert!(place.read("own/one.png") != place.read("theirs/one.png"));
    let list = place.run("styles").done().stdout;
    assert!(
        list.contains("fill ") && list.contains(", built-in"),
        "{list}"
    );
    assert!(
        list.contains("monet                    cycle AtoB"),
        "{list}"
    );
    place.run("styles remove monet --yes").done();
    place
        .run("apply --input photos --style monet --output again")
        .done();
    assert!(place.read("again/one.png") == place.read("theirs/one.png"));
}

#[test]
fn a_style_in_the_program_is_where_a_training_begins_and_exports_come_from() {
    let place = Place::new();
    place.picture("photos/one.png", 40, 30, 1);
    for side in ["A", "B"] {
        place.picture(&format!("data/train{side}/one.png"), 48, 40, 3);
        place.picture(&format!("data/train{side}/two.png"), 48, 40, 4);
    }
    let tiny = "--data data --steps 1 --set data.load_size=32 --set data.crop_size=32 --set optim.lr=1e-30 --set optim.ema=0";
    let run = place
        .run(&format!("train --init-from monet --name mine {tiny}"))
        .done();
    run.says("initial weights: generator")
        .says("fresh weights: discriminator, heads");
    let manifest = place.text("checkpoints/mine/style.toml");
    assert!(
        manifest.contains("initialised_from = \"built-in/monet\""),
        "{manifest}"
    );
    assert!(!manifest.contains("f16"), "{manifest}");
    // Nothing was learnt: the pictures are the same.
    for style in ["monet", "mine"] {
        let line = format!("apply --input photos --style {style} --output out/{style}");
        place.run(&line).done();
    }
    assert!(place.read("out/monet/one.png") == place.read("out/mine/one.png"));
    let there = "export monet --format safetensors --output g.safetensors";
    place.run(there).done();
    place
        .run("export monet --format onnx --output g.onnx")
        .done();
    place
        .run("export fill --format onnx --output f.onnx")
        .done();
    place
        .run("export monet --format style --output copy")
        .done();
    place
        .run("apply --input photos --style copy --output out/copy")
        .done();
    assert!(place.read("out/monet/one.png") == place.read("out/copy/one.png"));
    place
        .run("export monet --format safetensors --network discriminator --output d.safetensors")
        .failed(2, &["no network `discriminator`; it has: generator"]);
}

#[test]
fn a_style_of_one_direction_has_room_for_a_second_generator() {
    let place = Place::new();
    place.picture("in/one.png", 40, 30, 1);
    let train = format!("train {CONTRASTIVE} --steps 1");
    place.run(&format!("{train} --name there")).done();
    place
        .run(&format!(
            "{train} --name back --seed 5 --set data.direction=BtoA"
        ))
        .done();
    let back = "apply --input in --style there --output out --direction BtoA";
    place
        .run(back)
        .failed(2, &["the style `there` translates AtoB only"]);
    let second = place.read("checkpoints/back/generator.safetensors");
    place.write("checkpoints/there/generator_b2a.safetensors", second);
    place.run(back).done();
    place
        .run("apply --input in --style back --output expected")
        .done();
    assert!(place.read("out/one.png") == place.read("expected/one.png"));
    let list = place.run("styles").done().stdout;
    assert!(
        list.contains("there                    contrastive AtoB and BtoA, "),
        "{list}"
    );
    place
        .run("export there --format safetensors --direction BtoA --output b.safetensors")
        .done();
    place
        .run("export there --format onnx --direction BtoA --output b.onnx")
        .done();
    // What is passed on has both; what is trained further begins with that of its direction.
    place
        .run("export there --format style --output shared/both")
        .done();
    assert_eq!(
        names(&place.path("shared/both")),
        [
            "generator.safetensors",
            "generator_b2a.safetensors",
            "style.toml"
        ]
    );
    let more = format!("{train} --init-from shared/both --set optim.lr=1e-30");
    place
        .run(&format!("{more} --name more --set data.direction=BtoA"))
        .done()
        .says("initial weights: generator from generator_b2a");
    let [begun, second] = ["more/generator", "there/generator_b2a"]
        .map(|file| place.path(&format!("checkpoints/{file}.safetensors")));
    assert!(are_nearly_equal(&begun, &second));
    place
        .run(&format!("{more} --name same"))
        .done()
        .says("initial weights: generator\n");
}

#[test]
fn a_style_has_a_size_of_its_own() {
    let place = Place::new();
    place.picture("in/large.png", 60, 40, 1);
    place.picture("in/small.png", 18, 26, 1);
    place
        .run(&format!("train {CYCLE} --steps 1 --name s"))
        .done();
    let out = |name: &str, more: &str| {
        let line = format!("apply --input in --style s --output {name} {more}");
        place.run(&line).done()
    };
    out("plain", "");
    let manifest = place.text("checkpoints/s/style.toml");
    let with_size = manifest.replace(
        "\n[training]\n",
        "\n[apply]\nshorter_side = 20\n\n[training]\n",
    );
    place.write("checkpoints/s/style.toml", with_size);
    let note = "`--size keep` translates them as they are";
    out("own", "").says(note);
    let small = place
        .run("apply --input in/small.png --style s --output small")
        .done();
    assert!(!small.stderr.contains(note), "{small:#?}");
    out("keep", "--size keep");
    out("asked", "--size short:20 --restore");
    let same = |first: &str, second: &str| place.read(first) == place.read(second);
    assert!(same("own/large.png", "asked/large.png"));
    assert_eq!(place.size("own/large.png"), (60, 40));
    assert!(!same("own/large.png", "plain/large.png"));
    // Pictures that are small enough are left as they are.
    assert!(same("own/small.png", "plain/small.png"));
    assert!(same("keep/large.png", "plain/large.png"));
    // What begins with the style keeps its size.
    place
        .run(&format!("train {CYCLE} --steps 1 --name t --init-from s"))
        .done();
    place.run("train --resume --name t --steps 2").done();
    assert!(
        place
            .text("checkpoints/t/style.toml")
            .contains("shorter_side = 20")
    );
    for wrong in ["0", "-4", "\"short\""] {
        let text = manifest.replace(
            "\n[training]\n",
            &format!("\n[apply]\nshorter_side = {wrong}\n\n[training]\n"),
        );
        place.write("checkpoints/s/style.toml", text);
        place
            .run("apply --input in --style s --output o")
            .failed(1, &["checkpoints/s/style.toml"]);
    }
}
