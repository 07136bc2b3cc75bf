//! Planning an application: what is found, where it goes, what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use tempfile::TempDir;
use translate::apply::{ApplyError, ApplyOptions, OnExisting, OutputFormat, Task, plan};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A small picture in `format` at `path`, whatever that is called.
fn picture(path: &Path, format: ImageFormat) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pixels = RgbImage::from_pixel(5, 4, image::Rgb([200, 100, 50]));
    pixels.save_with_format(path, format).unwrap();
}

/// Input and output of each picture, relative to the folders.
fn planned(
    input: &Path,
    output: &Path,
    options: &ApplyOptions,
    below: &Path,
) -> Vec<(String, Option<String>)> {
    let text = |path: &Path, folder: &Path| {
        let relative = path.strip_prefix(folder).unwrap();
        relative.to_str().unwrap().to_owned()
    };
    let plan = plan(input, output, options).unwrap();
    plan.pictures()
        .map(|picture| {
            let planned = picture.task.output().map(|path| text(path, output));
            (text(&picture.input, below), planned)
        })
        .collect()
}

fn pair(input: &str, output: &str) -> (String, Option<String>) {
    (input.to_owned(), Some(output.to_owned()))
}

#[test]
fn the_tree_is_mirrored_and_extensions_fit_the_bytes() {
    let (input, output) = (folder(), folder());
    picture(&input.path().join("a.jpg"), ImageFormat::Jpeg);
    picture(&input.path().join("b.JPEG"), ImageFormat::Jpeg);
    picture(&input.path().join("deep/er/c.d.jpg"), ImageFormat::Png);
    picture(&input.path().join("deep/e.PNG"), ImageFormat::WebP);
    picture(&input.path().join("f.tif"), ImageFormat::Tiff);
    picture(&input.path().join("g.bmp"), ImageFormat::Bmp);
    fs::write(input.path().join("h.png"), "no picture").unwrap();
    fs::write(input.path().join("notes.txt"), "not looked at").unwrap();
    fs::write(input.path().join("bare"), "not looked at").unwrap();

    let options = ApplyOptions::default();
    let planned = planned(input.path(), output.path(), &options, input.path());
    let expected = [
        pair("a.jpg", "a.jpg"),
        pair("b.JPEG", "b.JPEG"),
        pair("deep/e.PNG", "deep/e.webp"),
        pair("deep/er/c.d.jpg", "deep/er/c.d.png"),
        pair("f.tif", "f.tif"),
        pair("g.bmp", "g.bmp"),
        ("h.png".to_owned(), None),
    ];
    assert_eq!(planned, expected);
    let plan = plan(input.path(), output.path(), &options).unwrap();
    assert_eq!(
        plan.left_out.to_string(),
        "2 files are left out: 1 without extension, 1 .txt"
    );
    assert_eq!(plan.picture(6).unwrap().task, Task::Unrecognised);
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
}

#[test]
fn a_chosen_format_decides_the_extension() {
    let (input, output) = (folder(), folder());
    picture(&input.path().join("a.jpeg"), ImageFormat::Jpeg);
    picture(&input.path().join("b.png"), ImageFormat::Png);
    for (format, expected) in [
        (OutputFormat::Png, ["a.png", "b.png"]),
        (OutputFormat::Jpg, ["a.jpeg", "b.jpg"]),
        (OutputFormat::Webp, ["a.webp", "b.webp"]),
        (OutputFormat::Tiff, ["a.tif", "b.tif"]),
    ] {
        let options = ApplyOptions {
            format,
            ..ApplyOptions::default()
        };
        let planned = planned(input.path(), output.path(), &options, input.path());
        let expected = [pair("a.jpeg", expected[0]), pair("b.png", expected[1])];
        assert_eq!(planned, expected);
    }
}

#[test]
fn a_file_that_is_named_is_tried_whatever_it_is_called() {
    let (input, output) = (folder(), folder());
    let path = input.path().join("scan");
    picture(&path, ImageFormat::Png);
    let planned = planned(&path, output.path(), &ApplyOptions::default(), input.path());
    assert_eq!(planned, [pair("scan", "scan.png")]);
}

#[test]
fn patterns_mirror_the_tree_below_their_fixed_part() {
    let (input, output) = (folder(), folder());
    for name in ["x/a.png", "x/b.png", "y/a.png", "y/z/a.png", "x/a.txt.png"] {
        picture(&input.path().join(name), ImageFormat::Png);
    }
    fs::write(input.path().join("x/a.txt"), "ignored").unwrap();
    let options = ApplyOptions::default();
    let matching = |pattern: &str| {
        let pattern = input.path().join(pattern);
        planned(&pattern, output.path(), &options, input.path())
    };
    let expected = [pair("x/a.png", "x/a.png"), pair("y/a.png", "y/a.png")];
    assert_eq!(matching("*/a.png"), expected);
    let expected = [
        pair("x/a.png", "a.png"),
        pair("x/a.txt.png", "a.txt.png"),
        pair("x/b.png", "b.png"),
    ];
    assert_eq!(matching("x/*"), expected);
    assert_eq!(matching("**/a.png").len(), 3);

    // A folder with the characters of patterns is taken as it is when it exists.
    picture(&input.path().join("[1] ph/a.png"), ImageFormat::Png);
    let found = planned(
        &input.path().join("[1] ph/*.png"),
        output.path(),
        &options,
        input.path(),
    );
    assert_eq!(found, [pair("[1] ph/a.png", "a.png")]);
    assert_eq!(matching("* ph/*.png").len(), 1);

    // So is a name.
    picture(&input.path().join("odd[1].png"), ImageFormat::Png);
    assert_eq!(matching("odd[1].png"), [pair("odd[1].png", "odd[1].png")]);
}

fn refusal(input: &Path, output: &Path, existing: OnExisting) -> ApplyError {
    let options = ApplyOptions {
        existing,
        ..ApplyOptions::default()
    };
    plan(input, output, &options).unwrap_err()
}

#[test]
fn inputs_that_lead_nowhere_are_refused() {
    let (input, output) = (folder(), folder());
    let refused = |name: &str| refusal(&input.path().join(name), output.path(), OnExisting::Refuse);
    assert!(
        matches!(refused("absent"), ApplyError::InputNotFound(path) if path.ends_with("absent"))
    );
    assert!(matches!(refused("***"), ApplyError::BadPattern { .. }));
    assert!(
        matches!(refused("*.png"), ApplyError::NothingFound { left_out, .. } if left_out.count() == 0)
    );
    fs::write(input.path().join("a.txt"), "").unwrap();
    fs::write(input.path().join("b.txt"), "").unwrap();
    let error = refused("");
    assert!(
        error
            .to_string()
            .ends_with(", by their names: 2 files are left out: 2 .txt")
    );
}

#[test]
fn two_pictures_never_share_an_output() {
    let (input, output) = (folder(), folder());
    picture(&input.path().join("a.jpg"), ImageFormat::Png);
    picture(&input.path().join("a.png"), ImageFormat::Png);
    let error = refusal(input.path(), output.path(), OnExisting::Overwrite);
    assert!(matches!(error, ApplyError::Collision { count: 1, .. }));
    let message = error.to_string();
    for name in ["a.jpg`", "a.png`"] {
        assert!(message.contains(name), "{message}");
    }
    // A file that is no picture has no output, and is in nobody's way.
    fs::write(input.path().join("a.jpg"), "no picture").unwrap();
    assert!(plan(input.path(), output.path(), &ApplyOptions::default()).is_ok());
}

#[test]
fn an_output_folder_in_the_input_is_refused() {
    let input = folder();
    picture(&input.path().join("x/a.png"), ImageFormat::Png);
    for output in ["", "out", "x", "x/../new/out"] {
        let output = input.path().join(output);
        let error = refusal(input.path(), &output, OnExisting::Overwrite);
        assert!(
            matches!(error, ApplyError::OutputInsideInput { .. }),
            "{error}"
        );
    }
    // A folder whose name merely begins alike is another folder.
    let sibling = PathBuf::from(format!("{}-out", input.path().display()));
    assert!(plan(input.path(), &sibling, &ApplyOptions::default()).is_ok());

    // A pattern may have its output beside what it matches, until it would match the output.
    let output = input.path().join("translated");
    let pattern = input.path().join("**/*.png");
    assert!(plan(&pattern, &output, &ApplyOptions::default()).is_ok());
    picture(&output.join("x/a.png"), ImageFormat::Png);
    let error = refusal(&pattern, &output, OnExisting::Overwrite);
    assert!(
        matches!(error, ApplyError::OutputInsideInput { .. }),
        "{error}"
    );
}

#[test]
fn an_input_is_never_replaced() {
    let input = folder();
    let path = input.path().join("a.png");
    picture(&path, ImageFormat::Png);
    for existing in [OnExisting::Refuse, OnExisting::Skip, OnExisting::Overwrite] {
        let error = refusal(&path, input.path(), existing);
        assert!(matches!(error, ApplyError::ReplacesInput { .. }), "{error}");
    }
}

#[test]
fn existing_outputs_are_refused_skipped_or_replaced() {
    let (input, output) = (folder(), folder());
    for name in ["a.png", "b.png", "c.png"] {
        picture(&input.path().join(name), ImageFormat::Png);
    }
    for name in ["a.png", "c.png"] {
        picture(&output.path().join(name), ImageFormat::Png);
    }
    let error = refusal(input.path(), output.path(), OnExisting::Refuse);
    assert!(matches!(error, ApplyError::OutputExists { count: 2, .. }));
    let message = error.to_string();
    assert!(message.contains("--skip-existing") && message.contains("--overwrite"));

    for (existing, skipped) in [
        (OnExisting::Skip, [true, false, true]),
        (OnExisting::Overwrite, [false; 3]),
    ] {
        let options = ApplyOptions {
            existing,
            ..ApplyOptions::default()
        };
        let plan = plan(input.path(), output.path(), &options).unwrap();
        let tasks: Vec<bool> = plan
            .pictures()
            .map(|picture| matches!(picture.task, Task::Skip { .. }))
            .collect();
        assert_eq!(tasks, skipped);
    }
}

#[test]
fn the_output_must_be_a_folder() {
    let input = folder();
    picture(&input.path().join("a.png"), ImageFormat::Png);
    let path = input.path().join("a.png");
    for output in [path.clone(), input.path().join("absent.jpg")] {
        let error = refusal(&path, &output, OnExisting::Overwrite);
        assert!(matches!(error, ApplyError::OutputNotAFolder(_)), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;

    let (input, output) = (folder(), folder());
    picture(&input.path().join("x/a.png"), ImageFormat::Png);
    symlink(input.path(), input.path().join("x/round")).unwrap();
    symlink(input.path().join("x/a.png"), input.path().join("b.png")).unwrap();
    symlink("absent.png", input.path().join("broken.png")).unwrap();
    symlink("absent.txt", input.path().join("notes.txt")).unwrap();
    let options = ApplyOptions::default();
    let found = planned(input.path(), output.path(), &options, input.path());
    // A link that leads nowhere is a picture that cannot be read, which is worth knowing.
    let expected = [
        pair("b.png", "b.png"),
        ("broken.png".to_owned(), None),
        pair("x/a.png", "x/a.png"),
    ];
    assert_eq!(found, expected);

    // Nor are translations translated that lie behind a link.
    let elsewhere = folder();
    picture(&elsewhere.path().join("c.png"), ImageFormat::Png);
    symlink(elsewhere.path(), input.path().join("more")).unwrap();
    let found = planned(input.path(), output.path(), &options, input.path());
    assert!(
        found.contains(&pair("more/c.png", "more/c.png")),
        "{found:?}"
    );
    let pattern = input.path().join("**/c.png");
    let found = planned(&pattern, output.path(), &options, input.path());
    assert_eq!(found, [pair("more/c.png", "more/c.png")]);
    let error = refusal(
        input.path(),
        &elsewhere.path().join("out"),
        OnExisting::Refuse,
    );
    assert!(
        matches!(error, ApplyError::OutputInsideInput { .. }),
        "{error}"
    );
    fs::remove_file(input.path().join("more")).unwrap();

    // The output folder is looked at behind links too.
    let link = output.path().join("link");
    symlink(input.path(), &link).unwrap();
    let error = refusal(input.path(), &link.join("out"), OnExisting::Refuse);
    assert!(
        matches!(error, ApplyError::OutputInsideInput { .. }),
        "{error}"
    );
}
