//! Every command of the documents runs, on tiny data.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use translate::cli::Cli;

use crate::cli_support::{PROGRAM, Place};

/// What stands in for the program: the same, with networks and runs made tiny, and outputs that may be replaced.
const STAND_IN: &str = r#"#!/bin/sh
all=" $* "
small="--set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1 --set data.batch_size=2"
cycle="--set data.load_size=18 --set data.crop_size=16 --set generator.arch=resnet_6blocks"
pix2pix="--set data.load_size=72 --set data.crop_size=64 --set generator.arch=unet_64"
pix2pixhd="--set data.batch_size=1 --set data.classes=5 --set data.load_size=32 --set generator.downsamplings=1 --set generator.blocks=1 --set generator.enhancer_blocks=1 --set encoder.channels=2 --set encoder.downsamplings=1"
inpaint="--set data.load_size=72 --set data.crop_size=64 --set generator.arch=unet_64"
generate="--set generator.channels=2 --set data.batch_size=2 --set data.load_size=16 --set data.crop_size=16"
case "$1" in
train)
    case "$all" in
    *" --resume "*--epochs*) more="--steps 8" ;;
    *" --resume "*--steps*) set -- $(echo "$*" | sed 's/--steps [0-9]*/--steps 8/') ;;
    *" --resume "*) more="--steps 4" ;;
    *" --init-from "*) more="--steps 2 --overwrite" ;;
    *pix2pixhd*) more="--steps 2 --overwrite $small $pix2pixhd" ;;
    *pix2pix*) more="--steps 2 --overwrite $small $pix2pix" ;;
    *inpaint*) more="--steps 2 --overwrite $small $inpaint" ;;
    *generate* | *vae*) more="--steps 2 --overwrite $generate" ;;
    *) more="--steps 2 --overwrite $small $cycle" ;;
    esac
    case "$all" in
    *keep_every=*) more="$more --set train.keep_every=1" ;;
    esac
    ;;
apply | styles)
    # The states that tiny runs keep.
    set -- $(echo "$*" | sed 's/@[0-9]*/@1/')
    case "$1" in
    apply) more="--overwrite" ;;
    esac
    ;;
import | export | sample) more="--overwrite" ;;
demo) more="--steps 2" ;;
bench)
    more="--steps 1 --size 64 --set generator.arch=unet_64 --set generator.channels=2 --set discriminator.channels=2"
    ;;
data)
    case "$2" in
    masks) more="--overwrite" ;;
    esac
    ;;
esac
exec "$PROGRAM" "$@" $more
"#;

/// The commands of a document: the lines of its plain code blocks, with what continues them.
fn scripts(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(path).unwrap();
    let mut scripts = Vec::new();
    for (index, block) in text.split("\n```").enumerate() {
        // Blocks are every second part; those with a language are no commands.
        if index % 2 == 1 && block.starts_with('\n') && block.contains("\ntranslate ") {
            scripts.push(block.trim().to_owned());
        }
    }
    assert!(!scripts.is_empty(), "{document} has no commands");
    scripts
}

/// The commands within the text of a document, without placeholders.
fn inline_commands(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(path).unwrap();
    // Blocks are every second part.
    let text: Vec<&str> = text.split("\n```").step_by(2).collect();
    let text = text.join("\n");
    let parts = text.split('`').skip(1).step_by(2);
    parts
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| part.starts_with("translate ") && !part.contains("..."))
        .collect()
}

/// A place with all that the documents speak of.
fn prepared() -> Place {
    let place = Place::new();
    for index in 0..4u32 {
        let picture = |name: &str, width, height| {
            place.picture(&format!("{name}/{index}.png"), width, height, index);
        };
        for set in ["mydata", "horse2zebra", "monet"] {
            picture(&format!("{set}/trainA"), 80, 76);
            picture(&format!("{set}/trainB"), 80, 76);
        }
        for set in ["mydata", "facades", "more-facades", "maps"] {
            picture(&format!("{set}/train"), 160, 76);
        }
        picture("facades/test", 160, 76);
        picture("maps/val", 160, 76);
        for folder in ["scans", "sketches", "flowers", "labels"] {
            picture(folder, 90, 76);
        }
        // The translations are compared with the photos.
        for folder in ["photos", "translated"] {
            place.picture(&format!("{folder}/{index}.jpg"), 90, 76, index);
        }
        place.save(
            &format!("masks/{index}.png"),
            image::GrayImage::from_fn(90, 76, |x, y| {
                image::Luma([255 * u8::from((30..50).contains(&x) && (30..50).contains(&y))])
            }),
        );
        for side in ["real_B", "fake_B"] {
            let name = format!("results/images/{index}_{side}.png");
            place.picture(&name, 40, 36, index);
        }
        for side in ["real_B", "fake_B"] {
            let name = format!("results/images/{index}_{side}.png");
            place.picture(&name, 40, 36, index);
        }
        place.labelled("train", index);
        let copy = |from: &str, to: &str| {
            let to = place.path(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(place.path(from), to).unwrap();
        };
        let label = format!("labels/train_label/ulm_{index}_gtFine_labelIds.png");
        let photo = format!("labels/train_img/ulm_{index}_leftImg8bit.png");
        let instances = format!("labels/train_inst/ulm_{index}_gtFine_instanceIds.png");
        copy(&label, &format!("mydata/train_label/{index}.png"));
        copy(&photo, &format!("mydata/train_img/{index}.png"));
        copy(
            &photo,
            &format!("leftImg8bit/train/ulm/ulm_{index}_leftImg8bit.png"),
        );
        copy(
            &label,
            &format!("gtFine/train/ulm/ulm_{index}_gtFine_labelIds.png"),
        );
        copy(
            &instances,
            &format!("gtFine/train/ulm/ulm_{index}_gtFine_instanceIds.png"),
        );
        copy(
            &format!("masks/{index}.png"),
            &format!("damage/{index}.png"),
        );
    }
    fs::remove_dir_all(place.path("labels/train_label")).unwrap();
    fs::remove_dir_all(place.path("labels/train_inst")).unwrap();
    fs::remove_dir_all(place.path("labels/train_img")).unwrap();
    for name in ["cat.jpg", "dog.jpg"] {
        place.picture(name, 48, 40, 3);
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    for (name, fixture) in [
        ("latest_net_G.pth", "latest_net_G.pth"),
        ("latest_net_G_B.pth", "latest_net_G_B.pth"),
    ] {
        fs::copy(fixtures.join(fixture), place.path(name)).unwrap();
    }
    place.write("bin/translate", STAND_IN);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path("bin/translate"), executable).unwrap();
    place
}

fn run(place: &Place, document: &str, script: &str) {
    let path = format!(
        "{}:{}",
        place.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(place.path(""))
        .env("PATH", path)
        .env("PROGRAM", PathBuf::from(PROGRAM))
        .env("TMPDIR", place.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{document}:\n{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_command_of_the_documents_runs() {
    for document in ["README.md", "docs/guide.md", "docs/projects.md"] {
        let place = prepared();
        // Styles that the document takes as made before.
        for line in [
            "translate train --config pix2pix-small --data facades --name edges --set data.direction=AtoB",
            "translate train --config cycle-small --data horse2zebra --name mystyle",
            // Small ones in place of those in the program.
            "translate train --config cycle-small --data horse2zebra --name monet",
            "translate train --config inpaint-free --data photos --name fill",
        ] {
            run(&place, document, line);
        }
        for script in scripts(document) {
            run(&place, document, &script);
        }
    }
}

#[test]
fn every_command_within_the_text_is_understood() {
    for document in [
        "README.md",
        "docs/guide.md",
        "docs/projects.md",
        "docs/compatibility.md",
        "docs/pix2pixhd.md",
        "docs/gan-toolbox.md",
        "docs/synthesis.md",
    ] {
        for command in inline_commands(document) {
            let words = command.split_whitespace();
            // A verb alone, or a command that lacks what the text is not about.
            let Err(error) = Cli::try_parse_from(words) else {
                continue;
            };
            let kind = error.kind();
            assert!(
                matches!(
                    kind,
                    clap::error::ErrorKind::MissingRequiredArgument
                        | clap::error::ErrorKind::DisplayHelp
                        | clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                ),
                "{document}: `{command}`: {error}"
            );
        }
    }
}
