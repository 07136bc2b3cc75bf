//! Finding the layout, and finding what is wrong before training starts.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{ImageFormat, RgbImage};
use translate::config::{Direction, Mode, Preprocess, Recipe};
use translate::data::{CheckReport, DataError, Dataset, Split};

use crate::data::{Folder, encoded, gradient, noise, recipe, shared};

fn paired() -> Recipe {
    recipe(Mode::Pix2pix, Preprocess::ResizeAndCrop, 24, 16)
}

fn unpaired() -> Recipe {
    recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 24, 16)
}

fn check(root: &Path, recipe: &Recipe) -> Result<CheckReport, DataError> {
    Dataset::open(root, recipe, Split::Train)?.check(&|_, _| ())
}

/// The message about a data set that is wrong, without the folder that changes from run to run.
fn message(folder: &Folder, recipe: &Recipe) -> String {
    let error = check(folder.path(), recipe).expect_err("this data is wrong");
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
        .replace(&folder.path().display().to_string(), "ROOT")
}

fn picture() -> RgbImage {
    gradient(30, 20, 1)
}

#[test]
fn a_missing_folder_is_said() {
    let folder = Folder::new();
    let error = check(&folder.join("nowhere"), &paired()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("nowhere` is not a folder: check the path of the data set")
    );
    let file = folder.write("file", b"x");
    assert!(matches!(
        check(&file, &paired()),
        Err(DataError::NotAFolder(_))
    ));
}

#[test]
fn a_folder_without_layout_says_what_was_wanted_and_found() {
    let folder = Folder::new();
    assert!(message(&folder, &paired()).ends_with("found nothing"));
    folder.png("holiday/1.png", picture());
    folder.png("2.png", picture());
    folder.write("notes.txt", b"x");
    assert_eq!(
        message(&folder, &paired()),
        "no training pictures for mode pix2pix in `ROOT`: wanted `train/A/` and `train/B/`, or `train/` (side-by-side \
         pictures), or `trainA/` and `trainB/`, or `A/train/` and `B/train/`, or `A/` and `B/`; found folders `holiday`, \
         1 picture, 1 other file"
    );
    folder.png("trainA/1.png", picture());
    assert_eq!(
        message(&folder, &unpaired()),
        "no training pictures for mode cycle in `ROOT`: wanted `trainA/` and `trainB/`; found folders `holiday` `trainA`, \
         1 picture, 1 other file"
    );
}

#[test]
fn an_empty_folder_or_side_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.join("train")).unwrap();
    assert_eq!(
        message(&folder, &paired()),
        "`train` holds no pictures (JPEG, PNG, WebP, TIFF, BMP, PNM): found nothing"
    );
    folder.png("trainA/1.png", picture());
    folder.write("trainB/1.txt", b"x");
    assert_eq!(
        message(&folder, &unpaired()),
        "`trainB` holds no pictures (JPEG, PNG, WebP, TIFF, BMP, PNM): found 1 other file"
    );
}

#[test]
fn pictures_without_partner_or_with_two_are_listed() {
    let folder = Folder::new();
    for name in [
        "A/1.png",
        "A/x/2.png",
        "A/3.png",
        "A/3.jpg",
        "B/1.jpg",
        "B/2.png",
        "B/3.png",
    ] {
        folder.png(name, picture());
    }
    assert_eq!(
        message(&folder, &paired()),
        "3 problems in `ROOT`:\n  \
         `A/3.jpg` and `A/3.png` have the same name but for the extension: remove or rename one\n  \
         `A/x/2.png` has no partner: there is no picture `x/2` in `B`\n  \
         `B/2.png` has no partner: there is no picture `2` in `A`"
    );
}

#[test]
fn all_unreadable_files_are_listed_at_once() {
    let folder = Folder::new();
    let jpeg = encoded(noise(60, 40), ImageFormat::Jpeg);
    for index in 0..30 {
        folder.write(&format!("trainA/{index:02}.jpg"), &jpeg);
        folder.write(&format!("trainB/{index:02}.jpg"), &jpeg);
    }
    folder.write("trainA/05.jpg", b"");
    folder.write("trainA/06.png", b"text");
    folder.write("trainB/07.jpg", &jpeg[..jpeg.len() / 2]);
    let text = message(&folder, &unpaired());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "3 problems in `ROOT`:");
    assert_eq!(lines[1], "  `trainA/05.jpg` is empty (0 bytes)");
    assert!(lines[2].starts_with("  `trainA/06.png` is not a picture that can be read"));
    assert!(lines[3].starts_with("  `trainB/07.jpg` is damaged: "));
    assert_eq!(lines.len(), 4);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_one_problem_among_others() {
    let folder = Folder::new();
    folder.png("trainA/1.png", picture());
    folder.png("trainB/1.png", picture());
    folder.write("trainA/2.png", b"no picture");
    std::os::unix::fs::symlink("nowhere.png", folder.join("trainA/3.png")).unwrap();
    std::os::unix::fs::symlink("nowhere.txt", folder.join("trainA/notes.txt")).unwrap();
    let message = message(&folder, &unpaired());
    for part in ["`trainA/2.png`", "`trainA/3.png`"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("notes"), "{message}");
    // It may have been a folder, whose pictures nobody would miss.
    std::os::unix::fs::symlink("gone", folder.join("trainA/more")).unwrap();
    let message = self::message(&folder, &unpaired());
    assert!(message.contains("cannot list `trainA/more`"), "{message}");
}

#[test]
fn the_pictures_of_a_pair_have_one_size() {
    let folder = Folder::new();
    folder.png("trainA/1.png", picture());
    folder.png("trainB/1.png", gradient(20, 30, 1));
    assert_eq!(
        message(&folder, &paired()),
        "`trainA/1.png` is 30x20, but its partner `trainB/1.png` is 20x30: the pictures of a pair must have one size"
    );
    assert!(check(folder.path(), &unpaired()).is_ok());
}

#[test]
fn pictures_that_the_recipe_cannot_use_are_named() {
    let folder = Folder::new();
    folder.png("trainA/1.png", gradient(30, 20, 1));
    folder.png("trainA/2.png", gradient(30, 20, 1));
    folder.png("trainA/3.png", gradient(12, 20, 1));
    folder.png("trainB/1.png", gradient(40, 40, 1));
    let crop = recipe(Mode::Cycle, Preprocess::Crop, 16, 16);
    assert_eq!(
        message(&folder, &crop),
        "`trainA/3.png` is 12x20, smaller than `data.crop_size` (16): crop less, or take `data.preprocess = \
         \"resize_and_crop\"`"
    );
    let mut none = recipe(Mode::Cycle, Preprocess::None, 16, 16);
    assert!(check(folder.path(), &none).is_ok());
    none.data.batch_size = 2;
    assert_eq!(
        message(&folder, &none),
        "`trainA/3.png` is 12x20 when prepared, others are 32x20: set `data.batch_size=1`, or take `data.preprocess = \
         \"resize_and_crop\"`"
    );
    none.discriminator.layers = 3;
    assert!(message(&folder, &none).contains("the networks need at least 24x24"));
}

#[test]
fn odd_widths_are_fine_and_a_single_column_is_not() {
    let folder = Folder::new();
    folder.png("train/1.png", gradient(61, 20, 1));
    let report = check(folder.path(), &paired()).unwrap();
    assert_eq!(report.sides[1].largest, (30, 20));
    assert_eq!(
        report.to_string().lines().skip(2).collect::<Vec<_>>(),
        [
            "note: 1 file: its width is odd, which that of two pictures side by side is not; the last column is left out",
            "1 sample per epoch, all readable"
        ]
    );
    folder.png("train/2.png", gradient(1, 20, 1));
    assert_eq!(
        message(&folder, &paired()),
        "`train/2.png` is 1x20: too narrow for two pictures side by side"
    );
}

#[test]
fn the_report_says_what_is_there_and_progress_counts_every_file() {
    let folder = Folder::new();
    folder.png("trainA/1.png", gradient(30, 20, 1));
    folder.png("trainA/sub/2.jpg", gradient(20, 50, 1));
    folder.png("trainA/sub/3.JPG", gradient(20, 50, 1));
    folder.write("trainB/1.jpg", &encoded(picture(), ImageFormat::Jpeg));
    folder.write("trainB/.hidden.jpg", b"never read");
    folder.write("trainB/.hidden/1.jpg", b"never read");
    let seen = AtomicUsize::new(0);
    let dataset = Dataset::open(folder.path(), &unpaired(), Split::Train).unwrap();
    let report = dataset
        .check(&|_, total| {
            assert_eq!(total, 4);
            seen.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    assert_eq!(seen.into_inner(), 4);
    assert_eq!(
        report.to_string(),
        "trainA: 3 pictures, 20 to 30 wide, 20 to 50 high, 3 PNG\n\
         trainB: 1 picture, 30x20, 1 JPEG\n\
         note: 2 files are PNG under a .jpg name; they are read by their bytes\n\
         3 samples per epoch, all readable"
    );
}

#[test]
fn every_layout_is_found_and_sides_follow_the_direction() {
    let (left, right) = (gradient(16, 16, 10), gradient(16, 16, 200));
    let mut both = RgbImage::new(32, 16);
    image::imageops::replace(&mut both, &left, 0, 0);
    image::imageops::replace(&mut both, &right, 16, 0);
    for (a, b) in [
        ("train", ""),
        ("trainA", "trainB"),
        ("A/train", "B/train"),
        ("train/A", "train/B"),
        ("A", "B"),
    ] {
        let folder = Folder::new();
        if b.is_empty() {
            folder.png(&format!("{a}/x/1.png"), both.clone());
        } else {
            folder.png(&format!("{a}/x/1.png"), left.clone());
            folder.png(&format!("{b}/x/1.png"), right.clone());
        }
        for direction in [Direction::AToB, Direction::BToA] {
            let mut recipe = paired();
            recipe.data.direction = direction;
            recipe.data.input_channels = 1;
            let dataset = Dataset::open(folder.path(), &recipe, Split::Train).unwrap();
            let batch = dataset.fixed(0).unwrap();
            assert_eq!(batch.names, ["x/1"]);
            assert_eq!(batch.a.shape().to_vec(), [1, 1, 16, 16]);
            assert_eq!(batch.b.shape().to_vec(), [1, 3, 16, 16]);
            let blue = batch.b.as_slice::<f32>().unwrap()[2 * 256];
            let level = ((blue + 1.0) * 127.5).round() as u8;
            let wanted = if direction == Direction::AToB {
                200
            } else {
                10
            };
            assert_eq!(level, wanted, "{a} {direction:?}");
        }
    }
}

#[test]
fn test_and_validation_stand_in_for_each_other() {
    let folder = Folder::new();
    folder.png("train/1.png", picture());
    let open = |split| Dataset::open_optional(folder.path(), &paired(), split).unwrap();
    assert!(open(Split::Test).is_none() && open(Split::Validation).is_none());
    let error = Dataset::open(folder.path(), &paired(), Split::Test).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no test pictures for mode pix2pix")
    );
    folder.png("val/2.png", picture());
    assert!(open(Split::Test).is_none());
    folder.png("test/3.png", picture());
    assert_eq!(open(Split::Test).unwrap().fixed(0).unwrap().names, ["3"]);
    assert_eq!(
        open(Split::Validation).unwrap().fixed(0).unwrap().names,
        ["2"]
    );
}

#[test]
fn the_fingerprint_is_of_names_and_sizes_and_not_of_the_place() {
    let make = || {
        let folder = Folder::new();
        for name in [
            "trainA/1.png",
            "trainA/2.png",
            "trainB/1.png",
            "trainB/2.png",
        ] {
            folder.write(name, b"123");
        }
        folder
    };
    let print = |folder: &Folder, recipe: &Recipe| {
        Dataset::open(folder.path(), recipe, Split::Train)
            .unwrap()
            .fingerprint()
    };
    let (first, second) = (make(), make());
    assert_eq!(print(&first, &paired()), print(&second, &paired()));
    assert_eq!(print(&first, &paired()).len(), 64);
    second.write("trainB/2.png", b"1234");
    assert_ne!(print(&first, &paired()), print(&second, &paired()));
    let mut limited = paired();
    limited.data.max_images = 1;
    assert_eq!(print(&first, &limited), print(&second, &limited));
    let dataset = Dataset::open(first.path(), &limited, Split::Train).unwrap();
    assert_eq!(dataset.len(), 1);
}

#[test]
fn the_shared_real_sets_are_in_order() {
    if let Some(root) = shared("apple2orange") {
        let report = check(&root, &Recipe::defaults(Mode::Cycle)).unwrap();
        assert_eq!(
            (report.sides[0].pictures, report.sides[1].pictures),
            (75, 72)
        );
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.contains("files are PNG under a .jpg name")),
            "{report}"
        );
    }
    if let Some(root) = shared("facades") {
        let report = check(&root, &Recipe::defaults(Mode::Pix2pix)).unwrap();
        assert_eq!(report.samples, 300);
        assert_eq!(
            (report.sides[0].smallest, report.sides[0].largest),
            ((256, 256), (256, 256))
        );
        assert_eq!(report.sides[0].name, "train (left half)");
    }
}
