//! A run that is stopped or killed goes on as if nothing had happened.

use std::time::Duration;

use rand::RngExt;

use crate::cli_support::{
    CONTRASTIVE, CYCLE, INPAINT, Outcome, PIX2PIX, PIX2PIXHD, Place, assert_same, terminate,
};

const STEPS: u64 = 60;

const AVERAGED: &str = "--set optim.ema=0.9";
const AUGMENTED: &str = "--set discriminator.augment=color,translation,cutout";

/// Settings of the runs that are interrupted. The image pool of the cycle is full long before the end; the U-Net has dropout.
fn settings(mode: &str) -> String {
    let mode = match mode {
        "cycle" => format!("{CYCLE} --set optim.pool_size=5 {AVERAGED} {AUGMENTED}"),
        "contrastive" => format!(
            "{CONTRASTIVE} --set loss.flip_equivariance=true --set loss.nce_patches=40 {AVERAGED} {AUGMENTED}"
        ),
        // 24 steps of the first stage, then 36 of which 12 fix the global generator.
        "pix2pixhd" => format!(
            "{PIX2PIXHD} --set optim.global_epochs=2 --set optim.global_decay_epochs=2 --set optim.epochs=3 \
             --set optim.decay_epochs=3 --set optim.fix_global_epochs=2 {AVERAGED} {AUGMENTED}"
        ),
        "inpaint" => format!(
            "{INPAINT} --set data.masks=regions --set data.batch_size=4 {AVERAGED} {AUGMENTED}"
        ),
        _ => format!("{PIX2PIX} --set generator.dropout=true --set optim.pool_size=4"),
    };
    // The number of steps between previews is no multiple of that between checkpoints: they fall before and after kills.
    format!(
        "{mode} --seed 3 --steps {STEPS} --set train.checkpoint_every=4 --set train.log_every=1 --set train.preview_every=15"
    )
}

fn resume(place: &Place, style: &str) -> Outcome {
    place.run(&format!("train --resume --name {style}")).done()
}

fn interrupted_runs_equal_an_uninterrupted_one(mode: &str, kills: u64) {
    let place = if mode == "inpaint" {
        Place::with_photos()
    } else if mode == "pix2pixhd" {
        Place::with_labels()
    } else {
        Place::with_pairs()
    };
    let settings = settings(mode);
    place.run(&format!("train {settings} --name whole")).done();
    let whole = place.learnt("whole");
    assert_eq!(place.last_step("whole"), STEPS);

    // SIGTERM once, in the middle.
    let mut child = place
        .command(&format!("train {settings} --name stopped"))
        .spawn()
        .unwrap();
    assert!(place.reaches(&mut child, "stopped", STEPS / 3));
    terminate(&child);
    let stopped = place.wait(child).done();
    assert_eq!(stopped.stdout, "");
    let step = place.last_step("stopped");
    let message = format!(
        "stopped after step {step} of {STEPS}, all saved: go on with `translate train --resume --name stopped`"
    );
    let stopped = stopped.says(&message);
    assert!(step < STEPS, "{stopped:#?}");
    resume(&place, "stopped").says(&format!("resuming after step {step} of {STEPS}"));
    assert_same(&place.learnt("stopped"), &whole);

    // SIGKILL at random moments: the first while the run starts, the others spread over it. Each may have left a
    // temporary file behind; none stays.
    let mut random = rand::rng();
    let mut moments = Vec::new();
    for kill in 0..kills {
        let line = format!("train {settings} --name killed --resume");
        let mut child = place.command(&line).spawn().unwrap();
        let step = if kill == 0 {
            0
        } else {
            random.random_range(kill * STEPS / kills..(kill + 1) * STEPS / kills - 1)
        };
        let late = if kill == 0 { 150 } else { 25 };
        assert!(
            place.reaches(&mut child, "killed", step),
            "{:#?}",
            place.wait(child)
        );
        let delay = random.random_range(0..late);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        place.wait(child);
        moments.push((step, delay));
    }
    println!("killed at steps, after milliseconds: {moments:?}");
    place
        .run(&format!("train {settings} --name killed --resume"))
        .done();
    assert_same(&place.learnt("killed"), &whole);
    place.run("styles").done();
}

#[test]
fn interrupted_runs_of_pix2pix_equal_an_uninterrupted_one() {
    interrupted_runs_equal_an_uninterrupted_one("pix2pix", 5);
}

#[test]
fn interrupted_runs_of_cycle_equal_an_uninterrupted_one() {
    interrupted_runs_equal_an_uninterrupted_one("cycle", 5);
}

#[test]
fn interrupted_runs_of_contrastive_equal_an_uninterrupted_one() {
    interrupted_runs_equal_an_uninterrupted_one("contrastive", 5);
}

#[test]
fn interrupted_runs_of_both_stages_of_pix2pixhd_equal_an_uninterrupted_one() {
    interrupted_runs_equal_an_uninterrupted_one("pix2pixhd", 6);
}

#[test]
fn interrupted_runs_of_inpaint_equal_an_uninterrupted_one() {
    interrupted_runs_equal_an_uninterrupted_one("inpaint", 5);
}

#[test]
fn resuming_says_what_there_is_to_resume() {
    let place = Place::with_pairs();
    let start = format!("train {PIX2PIX} --name s --steps 4 --resume");
    let first = place.run(&start).done();
    let first = first.says("nothing to resume, starting from scratch");
    assert!(first.stdout.starts_with("style `s` is in `checkpoints/s`"));

    let before = place.learnt("s");
    resume(&place, "s").says("`s` is finished: all 4 steps are done");
    assert_same(&place.learnt("s"), &before);

    // A kill right after the last checkpoint: description and report are made up for.
    let finished = place.text("checkpoints/s/style.toml");
    place.write(
        "checkpoints/s/style.toml",
        finished.replace("finished = true", "finished = false"),
    );
    std::fs::remove_file(place.path("checkpoints/s/report.html")).unwrap();
    resume(&place, "s").says("`s` is finished: all 4 steps are done");
    assert_eq!(place.text("checkpoints/s/style.toml"), finished);
    assert!(place.path("checkpoints/s/report.html").is_file());
    assert_same(&place.learnt("s"), &before);

    // And one between that checkpoint and its preview.
    std::fs::remove_file(place.path("checkpoints/s/previews/step-000004.png")).unwrap();
    resume(&place, "s").says("`s` is finished: all 4 steps are done");
    assert_same(&place.learnt("s"), &before);

    // More steps than before extend the run.
    place
        .run("train --resume --name s --steps 7 --set train.log_every=1")
        .done()
        .says("resuming after step 4 of 7");
    assert_eq!(place.last_step("s"), 7);
    assert!(place.text("checkpoints/s/style.toml").contains("steps = 7"));

    place
        .run("train")
        .failed(2, &["say how to train", "--mode pix2pix"]);
}

#[test]
fn an_evaluation_that_a_kill_prevented_is_made_up_for() {
    let place = Place::with_pairs();
    for (folder, kind) in [("testA", 7), ("testB", 107)] {
        place.picture(&format!("pairs/{folder}/0.png"), 80, 76, kind);
    }
    let settings = "--set train.evaluate_every=2 --set train.metrics=l1,colour";
    place
        .run(&format!("train {PIX2PIX} --name s --steps 4 {settings}"))
        .done();
    let (before, evaluations) = (
        place.learnt("s"),
        place.text("checkpoints/s/evaluations.jsonl"),
    );
    let (first, _) = evaluations.trim_end().rsplit_once('\n').unwrap();
    place.write("checkpoints/s/evaluations.jsonl", format!("{first}\n"));
    resume(&place, "s").says("`s` is finished: all 4 steps are done");
    assert_eq!(place.text("checkpoints/s/evaluations.jsonl"), evaluations);
    assert_same(&place.learnt("s"), &before);

    // What is measured may change: nothing is learnt from it.
    place
        .run("train --resume --name s --steps 6 --set train.metrics=colour")
        .done();
    let text = place.text("checkpoints/s/evaluations.jsonl");
    let line = text.strip_prefix(&evaluations).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["step"], &line["decides"]),
        (&6.into(), &"colour".into())
    );
    assert_eq!(line["metrics"].as_object().unwrap().len(), 1, "{line}");
    // What has not been measured before is the best so far.
    place
        .run("train --resume --name s --steps 8 --set train.metrics=psnr")
        .done();
    let text = place.text("checkpoints/s/evaluations.jsonl");
    let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&line["decides"], &line["best"]),
        (&"psnr".into(), &true.into())
    );
}

#[test]
fn an_extended_run_is_unfinished_until_its_end() {
    let place = Place::new();
    place
        .run(&format!("train {CYCLE} --name s --steps 2"))
        .done();
    let line = "train --resume --name s --steps 5000 --set train.log_every=1";
    let mut child = place.command(line).spawn().unwrap();
    assert!(place.reaches(&mut child, "s", 4));
    let list = place.run("styles").done();
    assert!(list.stdout.contains("unfinished"), "{list:#?}");
    terminate(&child);
    place.wait(child).done();
}

#[test]
fn a_run_does_not_go_on_with_another_recipe_or_other_data() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --name s --steps 2"))
        .done();
    let before = place.learnt("s");

    let other = place
        .run("train --resume --name s --steps 4 --set generator.channels=3 --set optim.lr=0.1 --set data.workers=1")
        .failed(2, &[]);
    insta::assert_snapshot!(other.error(), @r"
    error: the recipe is not that of the run to resume:
      generator.channels: 2, now 3
      optim.lr: 0.0002, now 0.1
    leave these settings out, or start a new style with `--init-from checkpoints/s`
    ");
    place
        .run("train --resume --name s --steps 4 --set train.metrics=l1")
        .failed(2, &["`train.metrics`: has no effect without"]);
    let other = place
        .run("train --resume --mode cycle --name s")
        .failed(2, &[]);
    assert!(other.error().contains("mode: \"pix2pix\", now \"cycle\""));

    place.picture("pairs/A/7.png", 80, 76, 7);
    place.picture("pairs/B/7.png", 80, 76, 8);
    place.run("train --resume --name s --steps 4").failed(
        1,
        &["not those that `s` was trained on", "6 samples", "pairs"],
    );
    assert_same(&place.learnt("s"), &before);

    std::fs::remove_dir_all(place.path("pairs")).unwrap();
    place
        .run("train --resume --name s --steps 4")
        .failed(1, &["`[PLACE]/pairs` is not a folder"]);
}

#[test]
fn what_a_kill_leaves_behind_is_cleared_away() {
    let place = Place::new();
    // Killed while the very first file was written.
    place.write("checkpoints/s/.lock", "");
    place.write("checkpoints/s/.aBcDeF.tmp", "format_ver");
    std::fs::create_dir_all(place.path("checkpoints/s/state")).unwrap();
    let line = format!("train {CYCLE} --name s --steps 2");
    place.run(&line).done();

    // Killed while a checkpoint, a preview and a weight file were written.
    for name in [
        ".aBcDeF.tmp",
        "generator_a2b.safetensors.tmp",
        "previews/.aBcDeF.tmp",
        "state/.step-000003.tmp/generator_a2b.safetensors",
    ] {
        place.write(&format!("checkpoints/s/{name}"), "half a file");
    }
    place.run("train --resume --name s --steps 4").done();
    let names = crate::cli_support::names(&place.path("checkpoints/s"));
    let left: Vec<&String> = names.iter().filter(|name| name.contains(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// `state/` may be deleted; the weights that are left must not be replaced by fresh ones.
#[test]
fn weights_without_a_state_are_not_trained_over() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 2 --name s"))
        .done();
    let weights = place.read("checkpoints/s/generator.safetensors");
    std::fs::remove_dir_all(place.path("checkpoints/s/state")).unwrap();
    place
        .run("train --resume --name s --steps 4")
        .failed(1, &["has weights but no saved state", "--init-from"]);
    assert_eq!(place.read("checkpoints/s/generator.safetensors"), weights);
    place
        .run(&format!(
            "train {PIX2PIX} --steps 4 --name t --init-from checkpoints/s"
        ))
        .done()
        .says("initial weights: generator, discriminator");
}

/// Evaluations are steps of a run like others: what is best and when it ends does not depend on kills.
#[test]
fn evaluations_keep_the_best_and_end_runs_the_same_after_kills() {
    let place = Place::with_pairs();
    for index in 0..3 {
        place.picture(&format!("pairs/testA/{index}.png"), 80, 76, 7 + index);
        place.picture(&format!("pairs/testB/{index}.png"), 80, 76, 107 + index);
    }
    let settings = format!(
        "{PIX2PIX} --seed 3 --steps 60 --set train.checkpoint_every=5 --set train.evaluate_every=3 \
         --set train.metrics=l1,colour --set train.stop_after=3 --set train.preview_every=60 --set optim.lr=0.002"
    );
    let whole = place.run(&format!("train {settings} --name whole")).done();
    let evaluations = place.text("checkpoints/whole/evaluations.jsonl");
    let lines: Vec<serde_json::Value> = evaluations
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let values: Vec<f64> = lines
        .iter()
        .map(|line| line["metrics"]["l1"].as_f64().unwrap())
        .collect();
    let best = lines.iter().rposition(|line| line["best"] == true).unwrap();
    assert!(values.iter().all(|value| *value >= values[best]));
    assert_eq!(lines[0]["best"], true);
    let last = place.last_step("whole");
    if last < 60 {
        assert_eq!(lines.len() - 1 - best, 3);
        whole.says("no better for 3 evaluations");
    }
    assert!(
        place
            .text("checkpoints/whole/report.html")
            .contains("\"evaluations\":[{")
    );
    // The best weights are a style of their own.
    place
        .run("apply --input pairs/testA --style whole/best --output best")
        .done();
    assert!(place.path("best/0.png").is_file());
    // A finished run stays finished.
    place.run("train --resume --name whole").done();
    assert_eq!(
        place.text("checkpoints/whole/evaluations.jsonl"),
        evaluations
    );

    for kill in 0..6 {
        let line = format!("train {settings} --name killed --resume");
        let mut child = place.command(&line).spawn().unwrap();
        let alive = place.reaches(&mut child, "killed", kill * last / 6);
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..25)));
        if alive {
            child.kill().unwrap();
        }
        place.wait(child);
    }
    place
        .run(&format!("train {settings} --name killed --resume"))
        .done();
    assert_eq!(
        place.text("checkpoints/killed/evaluations.jsonl"),
        evaluations
    );
    assert_same(&place.learnt("killed"), &place.learnt("whole"));
    let weights =
        |style: &str| place.read(&format!("checkpoints/{style}/best/generator.safetensors"));
    assert!(weights("killed") == weights("whole"));

    place
        .run(&format!(
            "train {CYCLE} --name c --set train.evaluate_every=5 --set train.metrics=ssim"
        ))
        .failed(2, &["`train.metrics`", "swd, colour"]);
    place
        .run(&format!(
            "train {CYCLE} --name d --set train.evaluate_every=5 --set train.metrics=fid"
        ))
        .failed(1, &["fid needs the weights of Inception"]);
    assert!(!place.path("checkpoints/d/metrics.jsonl").exists());
    place
        .run(&format!("train {CYCLE} --name c --set train.stop_after=5"))
        .failed(2, &["train.stop_after", "train.evaluate_every"]);
}
