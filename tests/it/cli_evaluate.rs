//! `translate evaluate`: reports, comparisons and studies.

use std::fs;

use image::{GrayImage, Luma};

use crate::cli_support::Place;

/// Two folders of five pairs, of which the translations differ more and more.
fn place() -> Place {
    let place = Place::new();
    for index in 0..5 {
        place.picture(&format!("real/{index}.png"), 40, 32, index);
        place.picture(&format!("near/{index}.png"), 40, 32, index);
        place.picture(&format!("far/{index}.png"), 40, 32, 50 + index);
    }
    place
}

#[test]
fn a_page_shows_values_distributions_and_pairs() {
    let place = place();
    place
        .run("evaluate --real real --fake far --metrics ssim,l1,colour --report page.html --report scores.json")
        .done();
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    for part in [
        "<h1>Evaluation</h1>",
        "95% interval",
        "distribution of ssim",
        "distribution of l1",
        "Worst pairs by ssim",
        "colour (Oklab)",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Five pairs, each with two pictures and a map of their difference.
    assert_eq!(page.matches("data:image/png;base64,").count(), 15);
    assert!(!page.contains("http"), "the page refers to others");
    let again = place
        .run("evaluate --real real --fake far --metrics ssim,l1,colour --report again.html")
        .done();
    assert!(again.stdout.contains("of 5 real and 5 translated pictures"));
    assert_eq!(fs::read_to_string(place.path("again.html")).unwrap(), page);
}

#[test]
fn two_runs_are_compared_picture_by_picture() {
    let place = place();
    fs::copy(place.path("far/0.png"), place.path("near/0.png")).unwrap();
    for side in ["near", "far"] {
        place
            .run(&format!(
                "evaluate --real real --fake {side} --metrics l1,ssim --report {side}.json"
            ))
            .done();
    }
    let compared = place.run("evaluate --compare near.json far.json").done();
    assert!(
        compared.stdout.contains("l1 (0 to 1): "),
        "{}",
        compared.stdout
    );
    assert!(
        compared.stdout.contains("on 5 pictures"),
        "{}",
        compared.stdout
    );
    // Four of five differ: by chance as often as two of the 32 ways to choose signs that count.
    assert!(
        compared.stdout.contains("no difference beyond chance"),
        "{}",
        compared.stdout
    );

    fs::write(place.path("bad.json"), "{}").unwrap();
    place
        .run("evaluate --compare near.json bad.json")
        .failed(1, &["`bad.json` is not a report of evaluate", "`pictures`"]);
    place
        .run("evaluate --compare near.json")
        .failed(2, &["--compare"]);

    // Of reports one metric can be asked for, and nothing that says how pictures are measured.
    let one = place
        .run("evaluate --compare near.json far.json --metrics l1")
        .done();
    assert!(one.stdout.contains("l1 (0 to 1): "), "{one:#?}");
    assert!(!one.stdout.contains("ssim"), "{one:#?}");
    for option in [
        "--mask near",
        "--real real",
        "--suffix-fake _x",
        "--cache",
        "--resize clean",
        "--kid-subsets 3",
    ] {
        let line = format!("evaluate --compare near.json far.json {option}");
        place.run(&line).failed(2, &["measured already"]);
    }

    // Folders of translations give the same; one may be a report.
    for runs in ["near far", "near.json far"] {
        let folders = place
            .run(&format!(
                "evaluate --real real --metrics l1,ssim --compare {runs}"
            ))
            .done();
        assert_eq!(folders.stdout, compared.stdout);
    }
    place
        .run("evaluate --compare near far")
        .failed(2, &["`near` is a folder", "--real"]);
}

#[test]
fn runs_within_masks_are_compared_with_such_alone() {
    let place = place();
    for index in 0..5 {
        place.save(
            &format!("masks/{index}.png"),
            GrayImage::from_pixel(40, 32, Luma([255])),
        );
    }
    for (name, mask) in [("masked", "--mask masks"), ("whole", "")] {
        let line = format!("evaluate --real real --fake near {mask} --report {name}.json");
        place.run(&line).done();
    }
    // A report of before, which does not say.
    let mut old = place.json("whole.json");
    old.as_object_mut().unwrap().remove("masked").unwrap();
    place.write("old.json", old.to_string());
    for (line, apart) in [
        (
            "--compare masked.json whole.json",
            ["masked.json", "whole.json"],
        ),
        (
            "--compare whole.json masked.json",
            ["masked.json", "whole.json"],
        ),
        (
            "--compare masked.json far --real real",
            ["masked.json", "far"],
        ),
        (
            "--compare whole.json far --real real --mask masks",
            ["far", "whole.json"],
        ),
    ] {
        let [masked, whole] = apart;
        let words =
            format!("`{masked}` is measured where masks are white alone, and `{whole}` all");
        place
            .run(&format!("evaluate {line}"))
            .failed(2, &[&words, "--mask"]);
    }
    for line in [
        "--compare masked.json far --real real --mask masks",
        "--compare whole.json far --real real",
        "--compare old.json masked.json",
    ] {
        place.run(&format!("evaluate {line} --metrics l1")).done();
    }
}

#[test]
fn options_without_effect_are_refused() {
    let place = place();
    let measure = "--real real --fake far --metrics ssim,swd";
    for (line, part) in [
        (measure, "--weights near"),
        (measure, "--cache"),
        (measure, "--resize clean"),
        (measure, "--kid-subset-size 5"),
        ("--real real --fake far", "--kid-subsets 5"),
        ("--real real --fake far --report one.json", "--seed 1"),
        ("--real real --fake far --metrics lpips", "--cache"),
        ("--real real --compare near far", "--weights near"),
        ("--real real --fake far --metrics colour", "--mask near"),
    ] {
        let option = part.split(' ').next().unwrap();
        place
            .run(&format!("evaluate {line} {part}"))
            .failed(2, &[option, "leave"]);
    }
    for (line, part) in [
        ("--real real --fake far --study page.html", "--metrics l1"),
        ("--real real --fake far --study page.html", "--cache"),
        (
            "--real real --fake far --study page.html",
            "--mask-threshold 0.3",
        ),
        ("--study-results one.json", "--mask-threshold 0.3"),
        ("--study-results one.json", "--seed 0"),
        ("--study-results one.json", "--resize clean"),
    ] {
        place
            .run(&format!("evaluate {line} {part}"))
            .failed(2, &[part.split(' ').next().unwrap(), "cannot be used with"]);
    }
    assert!(!place.path("page.html").exists());
    for line in [
        "--metrics l1,swd",
        "--metrics l1 --report page.html",
        "--study study.html",
    ] {
        place
            .run(&format!("evaluate --real real --fake far {line} --seed 1"))
            .done();
    }
}

#[test]
fn a_study_is_a_page_whose_results_add_up() {
    let place = place();
    let made = place
        .run("evaluate --real real --fake far --study study.html")
        .done();
    assert!(made.stdout.starts_with("wrote `study.html`: "), "{made:#?}");
    let page = fs::read_to_string(place.path("study.html")).unwrap();
    assert_eq!(page.matches("class=\"trial\"").count(), 5);
    assert!(!page.contains("http"));
    for (person, right) in [("one", "true"), ("two", "false")] {
        let answers = format!(
            r#"{{"study":"ab","answers":[{{"name":"0","correct":true}},{{"name":"1","correct":{right}}}]}}"#
        );
        fs::write(place.path(&format!("{person}.json")), answers).unwrap();
    }
    let results = place
        .run("evaluate --study-results one.json two.json")
        .done();
    assert!(
        results.stdout.starts_with(
            "3 of 4 answers of 2 people are right: 75.0%, 95% interval 30.1% to 95.4%"
        ),
        "{}",
        results.stdout
    );
    fs::write(place.path("three.json"), r#"{"study":"cd","answers":[]}"#).unwrap();
    place
        .run("evaluate --study-results one.json three.json")
        .failed(1, &["different studies"]);
}
