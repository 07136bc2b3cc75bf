//! Names and folders as they come: Unicode forms, other files, system folders, links.

use image::ImageFormat;
use translate::config::{Mode, Recipe};
use translate::data::{DataError, Dataset, Split, list_pictures};

use crate::cli_support::{PIX2PIX, Place};
use crate::data::{Folder, encoded, gradient};

const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";

fn paired(a: &[&str], b: &[&str]) -> Result<Dataset, DataError> {
    let folder = Folder::new();
    for (side, names) in [("A", a), ("B", b)] {
        for name in names {
            folder.png(&format!("{side}/{name}.png"), gradient(16, 16, 0));
        }
    }
    Dataset::open(
        folder.path(),
        &Recipe::defaults(Mode::Pix2pix),
        Split::Train,
    )
}

#[test]
fn names_that_look_the_same_are_pairs() {
    let dataset = paired(
        &[COMPOSED, "a", "\u{304b}\u{3099}"],
        &["\u{304c}", DECOMPOSED, "a"],
    );
    assert_eq!(dataset.unwrap().len(), 3);
    let message = paired(&[COMPOSED, DECOMPOSED], &[COMPOSED])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("have one name in two Unicode forms"),
        "{message}"
    );
    let message = paired(&["Photo", "b"], &["photo", "b"])
        .unwrap_err()
        .to_string();
    assert_eq!(
        message
            .matches("differs in large and small letters: give both one name")
            .count(),
        2,
        "{message}"
    );
}

#[test]
fn labels_masks_and_pairs_are_matched_whatever_their_form() {
    let folder = Folder::new();
    let map = image::GrayImage::new(16, 16);
    folder.write(
        &format!("train_label/{COMPOSED}.png"),
        &encoded(map.clone(), ImageFormat::Png),
    );
    folder.png(&format!("train_img/{DECOMPOSED}.png"), gradient(16, 16, 0));
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.data.instances = false;
    Dataset::open(folder.path(), &recipe, Split::Train).unwrap();

    let place = Place::new();
    place.picture(&format!("a/{COMPOSED}.png"), 20, 20, 1);
    place.picture(&format!("b/{DECOMPOSED}.png"), 20, 20, 2);
    let run = place.run("data pair --a a --b b --output both").done();
    assert_eq!(run.stdout, "1 picture in `both`\n");
}

#[test]
fn a_folder_that_is_paired_with_itself_has_each_problem_once() {
    let place = Place::new();
    for name in ["a/x.png", "a/x.jpg"] {
        place.picture(name, 20, 20, 1);
    }
    for b in ["a", "a/../a"] {
        let run = place
            .run(&format!("data pair --a a --b {b} --output both"))
            .failed(1, &["have the same name but for the extension"]);
        assert_eq!(run.stderr.matches("the same name").count(), 1, "{run:#?}");
    }
}

#[test]
fn other_files_are_counted_and_system_folders_left_out() {
    let place = Place::with_pairs();
    for name in ["A/a.HEIC", "A/b.heic", "B/notes.txt"] {
        place.write(&format!("pairs/{name}"), "x");
    }
    for name in [
        "A/@eaDir/0.png",
        "B/__MACOSX/0.png",
        "A/$RECYCLE.BIN/x.jpg",
        "A/Thumbs.db",
    ] {
        place.write(&format!("pairs/{name}"), "x");
    }
    let settings = PIX2PIX.replace("--data pairs", "");
    let check = place.run(&format!("data check pairs {settings}")).done();
    for words in [
        "note: `pairs/A`: 2 files are left out: 2 .heic",
        "note: `pairs/B`: 1 file is left out: 1 .txt",
        "A: 6 pictures",
    ] {
        assert!(check.stdout.contains(words), "{check:?}");
    }
    place
        .run(&format!("train {PIX2PIX} --steps 1 --name s"))
        .done()
        .says("2 files are left out: 2 .heic");
    let run = place
        .run("apply --input pairs/A --style s --output out --report out.json")
        .done();
    assert!(
        run.stdout.ends_with("; 2 files are left out: 2 .heic\n"),
        "{run:?}"
    );
    let report = place.json("out.json");
    assert_eq!(report["ignored"], serde_json::json!({".heic": 2}));
    assert_eq!(report["inputs"], 6);
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    folder.png("elsewhere/b.png", gradient(16, 16, 0));
    folder.png("in/x/a.png", gradient(16, 16, 0));
    symlink("../elsewhere", folder.join("in/more")).unwrap();
    symlink("..", folder.join("in/x/round")).unwrap();
    let listing = list_pictures(&folder.join("in")).unwrap();
    let names: Vec<&str> = listing
        .pictures
        .iter()
        .map(|picture| picture.name.as_str())
        .collect();
    assert_eq!(names, ["more/b.png", "x/a.png"]);
    let notes = listing.left_out.notes();
    assert!(
        notes.len() == 1 && notes[0].contains("in/x/round` leads to a folder that it lies in"),
        "{notes:?}"
    );
}
