//! Runs that end because they get no better.

use crate::cli_support::{PIX2PIX, Place};

/// The line of a manifest that says how much longer a run was made.
fn extensions(manifest: &str) -> Option<&str> {
    manifest.lines().find(|line| line.starts_with("extensions"))
}

#[test]
fn a_run_that_got_no_better_is_not_made_longer() {
    let place = Place::with_pairs();
    let settings = format!(
        "{PIX2PIX} --seed 3 --set train.evaluate_every=1 --set train.metrics=l1 --set train.stop_after=2 \
         --set optim.lr=1e-12"
    );
    let first = place.run(&format!("train {settings} --name s --steps 60"));
    first.done().says("no better for 2 evaluations");
    assert!(place.last_step("s") < 60);
    let manifest = place.text("checkpoints/s/style.toml");
    // The same command, as launchers give it again, and fewer steps go nowhere.
    for (same, part) in [
        ("--steps 60", "the run is over"),
        ("--steps 2", "is finished"),
    ] {
        let again = format!("train {settings} --name s --resume {same}");
        place.run(&again).done().says(part);
    }
    for more in ["--epochs 500", "--steps 900"] {
        place
            .run(&format!("train --resume --name s {more}"))
            .failed(2, &["2 evaluations were no better", "--init-from s"]);
    }
    let after = place.text("checkpoints/s/style.toml");
    assert_eq!(extensions(&after), extensions(&manifest));
}
