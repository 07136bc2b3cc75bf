//! The calls in docs/serve.md, as people type them.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::serve_support::Served;

#[test]
fn every_call_of_the_documents_works() {
    let has_curl = Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if has_curl.is_err() {
        println!("SKIPPED: the calls in docs/serve.md need curl");
        return;
    }
    let place = crate::cli_support::Place::new();
    for index in 0..2 {
        place.picture(&format!("photos/in/{index}.png"), 70, 64, index);
    }
    let source = Served::start();
    for (from, to) in [("tiny", "monet"), ("hole", "fill")] {
        for name in crate::cli_support::names(&source.place.path(&format!("checkpoints/{from}"))) {
            place.write(
                &format!("checkpoints/{to}/{name}"),
                source.place.read(&format!("checkpoints/{from}/{name}")),
            );
        }
    }
    drop(source);
    place.picture("cat.jpg", 90, 70, 2);
    place.picture("photo.png", 90, 70, 3);
    let hole = |x, y| image::Luma([255 * u8::from((30..40).contains(&x) && (20..40).contains(&y))]);
    place.save("mask.png", image::GrayImage::from_fn(90, 70, hole));
    let served = Served::start_in(place, |options| options.roots = vec!["photos".into()]);
    let text = include_str!("../../docs/serve.md");
    let mut blocks = 0;
    for block in text.split("```sh\n").skip(1) {
        let script = block.split("```").next().unwrap();
        let script = script.replace("127.0.0.1:7860", &served.address.to_string());
        let output = Command::new("sh")
            .args(["-e", "-c", &script])
            .current_dir(served.place.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{script}\n{text}");
        assert!(!text.contains("\"error\":\""), "{script}\n{text}");
        blocks += 1;
    }
    assert_eq!(blocks, 5);
    assert!(image::open(served.place.path("painted.jpg")).is_ok());
    assert!(image::open(served.place.path("filled.png")).is_ok());
    assert!(served.place.path("photos/out/1.png").is_file());
    let run: Value = served.until("/api/runs/bricks", |run| {
        ["stopped", "finished", "failed"].contains(&run["state"].as_str().unwrap())
    });
    assert_ne!(run["state"], "failed", "{run}");
}
