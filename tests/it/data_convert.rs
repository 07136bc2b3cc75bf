//! Conversions between folders of pictures.

use std::path::Path;

use image::{ImageFormat, Luma, Rgb, RgbImage};
use translate::data::{
    Conversion, DataError, EdgeSettings, edge_map, find_pictures, join_pairs, split_pairs,
    write_edges,
};
use translate::picture::read_rgb;

use crate::data::{Folder, encoded, gradient, shared};

fn names(folder: &Path) -> Vec<String> {
    let files = find_pictures(folder).unwrap();
    files.into_iter().map(|file| file.name).collect()
}

fn pixels(path: &Path) -> RgbImage {
    read_rgb(path).unwrap().pixels
}

fn failures(conversion: &Conversion) -> Vec<String> {
    conversion
        .failures
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn pairing_and_splitting_give_back_the_same_pictures() {
    let folder = Folder::new();
    for name in ["1", "x/2.5", "x/y/3"] {
        let width = 20 + name.len() as u32;
        folder.png(&format!("a/{name}.png"), gradient(width, 10, 1));
        folder.png(&format!("b/{name}.jpg"), gradient(width, 10, 200));
    }
    let (a, b, both, apart) = (
        folder.join("a"),
        folder.join("b"),
        folder.join("both"),
        folder.join("apart"),
    );
    let conversion = join_pairs(&a, &b, &both, false, &|_, _| ()).unwrap();
    assert_eq!((conversion.converted, conversion.failures.len()), (3, 0));
    assert_eq!(names(&both), ["1.png", "x/2.5.png", "x/y/3.png"]);
    assert_eq!(pixels(&both.join("1.png")).dimensions(), (42, 10));
    let conversion = split_pairs(&both, &apart, false, &|_, _| ()).unwrap();
    assert_eq!(conversion.converted, 3);
    for name in names(&both) {
        assert_eq!(pixels(&apart.join("A").join(&name)), pixels(&a.join(&name)));
        let jpg = Path::new(&name).with_extension("jpg");
        assert_eq!(pixels(&apart.join("B").join(&name)), pixels(&b.join(jpg)));
    }
}

#[test]
fn one_bad_file_is_named_and_the_rest_is_done() {
    let folder = Folder::new();
    for index in 0..6 {
        folder.png(&format!("a/{index}.png"), gradient(20, 10, 1));
        folder.png(&format!("b/{index}.png"), gradient(20, 10, 1));
    }
    folder.write("a/1.png", b"");
    folder.png("b/3.png", gradient(10, 20, 1));
    let output = folder.join("both");
    let conversion = join_pairs(
        &folder.join("a"),
        &folder.join("b"),
        &output,
        false,
        &|_, _| (),
    )
    .unwrap();
    assert_eq!(conversion.converted, 4);
    let failures = failures(&conversion);
    assert_eq!(failures.len(), 2);
    assert!(failures[0].ends_with("1.png` is empty (0 bytes)"));
    assert!(failures[1].contains("3.png` is 20x10, but its partner"));
    assert_eq!(names(&output), ["0.png", "2.png", "4.png", "5.png"]);

    folder.png("both/narrow.png", gradient(1, 5, 0));
    let conversion = split_pairs(&output, &folder.join("apart"), false, &|_, _| ()).unwrap();
    assert_eq!(conversion.converted, 4);
    assert!(conversion.failures[0].to_string().contains("too narrow"));
}

#[test]
fn what_would_overwrite_or_eat_itself_is_refused() {
    let folder = Folder::new();
    folder.png("a/1.png", gradient(20, 10, 1));
    folder.png("b/1.png", gradient(20, 10, 1));
    let (a, b) = (folder.join("a"), folder.join("b"));
    let settings = EdgeSettings::default();
    for output in [a.clone(), a.join("edges"), b.join("../a/new/deep")] {
        let error = write_edges(&a, &output, &settings, false, &|_, _| ()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("must be another folder than the input")
        );
        assert!(join_pairs(&a, &b, &output, false, &|_, _| ()).is_err());
    }
    // `split` writes to `A` below its output.
    folder.png("A/1.png", gradient(20, 10, 1));
    let error = split_pairs(&folder.join("A"), folder.path(), false, &|_, _| ()).unwrap_err();
    assert!(matches!(error, DataError::SameFolder { .. }));
    folder.png("a/1.jpg", gradient(20, 10, 1));
    let error = write_edges(&a, &folder.join("out"), &settings, false, &|_, _| ()).unwrap_err();
    assert!(matches!(error, DataError::SameStem { .. }));
    assert!(!folder.join("out").exists());
    let error = write_edges(
        &folder.join("none"),
        &folder.join("out"),
        &settings,
        false,
        &|_, _| (),
    );
    assert!(matches!(error, Err(DataError::NotAFolder(_))));
}

#[test]
fn files_of_the_user_are_replaced_only_if_asked_for() {
    let folder = Folder::new();
    folder.png("a/1.png", gradient(20, 10, 1));
    folder.png("a/x/2.png", gradient(20, 10, 1));
    folder.png("out/x/2.png", gradient(3, 3, 9));
    folder.png("apart/B/1.png", gradient(3, 3, 9));
    let (a, out, apart) = (folder.join("a"), folder.join("out"), folder.join("apart"));
    let settings = EdgeSettings::default();
    let of_edges = |overwrite| write_edges(&a, &out, &settings, overwrite, &|_, _| ());
    let of_pairs = |overwrite| join_pairs(&a, &a, &out, overwrite, &|_, _| ());
    let of_halves = |overwrite| split_pairs(&a, &apart, overwrite, &|_, _| ());
    let refusals = [
        of_edges(false).unwrap_err(),
        of_pairs(false).unwrap_err(),
        of_halves(false).unwrap_err(),
    ];
    for (refusal, name) in refusals.iter().zip(["x/2.png", "x/2.png", "B/1.png"]) {
        assert!(matches!(refusal, DataError::Exists(path) if path.ends_with(name)));
        assert!(refusal.to_string().contains("--overwrite"), "{refusal}");
    }
    // Nothing has been written.
    assert_eq!(names(&out), ["x/2.png"]);
    assert_eq!(names(&apart), ["B/1.png"]);
    assert_eq!(pixels(&out.join("x/2.png")).dimensions(), (3, 3));
    assert_eq!(of_edges(true).unwrap().converted, 2);
    assert_eq!(pixels(&out.join("x/2.png")).dimensions(), (20, 10));
    assert_eq!(of_pairs(true).unwrap().converted, 2);
    assert_eq!(of_halves(true).unwrap().converted, 2);
}

#[test]
fn an_output_that_cannot_be_written_is_one_error() {
    let folder = Folder::new();
    folder.png("a/1.png", gradient(20, 10, 1));
    let file = folder.write("file", b"x");
    let output = file.join("edges");
    let error = write_edges(
        &folder.join("a"),
        &output,
        &EdgeSettings::default(),
        false,
        &|_, _| (),
    )
    .unwrap_err();
    assert!(
        error.to_string().starts_with("cannot create the folder `"),
        "{error}"
    );
}

#[test]
fn edges_are_black_lines_on_white_where_the_picture_changes() {
    let disc = RgbImage::from_fn(64, 64, |x, y| {
        let (x, y) = (x as f32 - 31.5, y as f32 - 31.5);
        if x.hypot(y) < 20.0 {
            Rgb([230, 230, 230])
        } else {
            Rgb([20, 20, 20])
        }
    });
    let map = edge_map(&disc, &EdgeSettings::default());
    let lines: Vec<(u32, u32)> = map
        .enumerate_pixels()
        .filter(|(_, _, level)| **level == Luma([0]))
        .map(|(x, y, _)| (x, y))
        .collect();
    assert!(map.pixels().all(|level| [0, 255].contains(&level.0[0])));
    // About the circumference.
    assert!((80..260).contains(&lines.len()), "{}", lines.len());
    for (x, y) in lines {
        let radius = (x as f32 - 31.5).hypot(y as f32 - 31.5);
        assert!((radius - 20.0).abs() < 3.0, "{x} {y}");
    }
    let flat = edge_map(&gradient(1, 1, 0), &EdgeSettings::default());
    assert_eq!(flat.get_pixel(0, 0), &Luma([255]));
}

#[test]
fn edge_settings_that_make_no_sense_are_refused() {
    let settings = EdgeSettings::default();
    for (settings, word) in [
        (
            EdgeSettings {
                low: 0.0,
                ..settings
            },
            "low threshold",
        ),
        (
            EdgeSettings {
                low: f32::NAN,
                ..settings
            },
            "low threshold",
        ),
        (
            EdgeSettings {
                high: 29.0,
                ..settings
            },
            "high threshold",
        ),
        (
            EdgeSettings {
                blur: -1.0,
                ..settings
            },
            "blur",
        ),
    ] {
        let message = settings.validate().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    assert!(settings.validate().is_ok());
}

#[test]
fn edges_of_tiny_and_odd_pictures_do_not_fail() {
    let folder = Folder::new();
    for (index, (width, height)) in [(1, 1), (2, 1), (1, 9), (3, 3), (200, 2)]
        .iter()
        .enumerate()
    {
        let bytes = encoded(gradient(*width, *height, 3), ImageFormat::Bmp);
        folder.write(&format!("a/{index}.bmp"), &bytes);
    }
    let output = folder.join("edges");
    let conversion = write_edges(
        &folder.join("a"),
        &output,
        &EdgeSettings::default(),
        false,
        &|_, _| (),
    );
    assert_eq!(failures(&conversion.unwrap()), Vec::<String>::new());
    assert_eq!(pixels(&output.join("4.png")).dimensions(), (200, 2));
}

#[test]
fn edges_of_real_photos_are_few_and_not_none() {
    let Some(photos) = shared("sample_photos") else {
        return;
    };
    for file in find_pictures(&photos).unwrap() {
        let map = edge_map(&pixels(&file.path), &EdgeSettings::default());
        let black = map.pixels().filter(|level| level.0[0] == 0).count();
        let share = black as f64 / map.len() as f64;
        assert!((0.001..0.3).contains(&share), "{}: {share:.3}", file.name);
    }
}

#[test]
fn bits_that_are_left_out_are_counted() {
    let folder = Folder::new();
    let deep = image::ImageBuffer::from_fn(8, 6, |x, y| Luma([(x * 257 + y) as u16]));
    for name in ["a/1.png", "a/2.png", "b/1.png"] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        deep.save(path).unwrap();
    }
    folder.png("b/2.png", gradient(8, 6, 1));
    folder.png("a/3.png", gradient(8, 6, 1));
    folder.png("b/3.png", gradient(8, 6, 2));
    let (a, b) = (folder.join("a"), folder.join("b"));
    let joined = join_pairs(&a, &b, &folder.join("ab"), false, &|_, _| {}).unwrap();
    assert_eq!((joined.converted, joined.reduced), (3, 2));
    let split = split_pairs(&a, &folder.join("halves"), false, &|_, _| {}).unwrap();
    assert_eq!((split.converted, split.reduced), (3, 2));
    let again = split_pairs(&folder.join("ab"), &folder.join("parts"), false, &|_, _| {}).unwrap();
    assert_eq!((again.converted, again.reduced), (3, 0));
}
