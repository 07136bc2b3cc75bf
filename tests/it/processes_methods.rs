//! Every method trains in several processes, and goes on to the bit.

use crate::cli_support::{CONTRASTIVE, INPAINT, PIX2PIXHD, Place, assert_same};
use crate::processes_support::{Processes, free_port, process, run_together};

/// Trains in two processes at once, and with a stop after `first` of all steps: what is learnt is the same.
fn goes_on_to_the_bit(place: &Place, settings: &str, first: u64, steps: u64) {
    let line = format!(
        "--device cpu train {settings} --set train.log_every=1 --set train.preview_every={first}"
    );
    run_together(place, 2, &format!("{line} --steps {steps} --name whole"));
    run_together(place, 2, &format!("{line} --steps {first} --name halves"));
    let resumed = format!("--device cpu train --resume --name halves --steps {steps}");
    run_together(place, 2, &resumed);
    assert_eq!(place.last_step("halves"), steps);
    assert_same(&place.learnt("halves"), &place.learnt("whole"));
}

#[test]
fn pix2pixhd_in_both_stages() {
    // Six pictures: three steps of two processes are an epoch. The stop is in the second stage.
    let stages = "--set optim.global_epochs=1 --set optim.epochs=1 --set optim.decay_epochs=1";
    let place = Place::with_labels();
    goes_on_to_the_bit(&place, &format!("{PIX2PIXHD} {stages}"), 4, 9);
    let recipe = place.text("checkpoints/whole/style.toml");
    assert!(recipe.contains("finished = true"), "{recipe}");
}

#[test]
fn contrastive() {
    goes_on_to_the_bit(&Place::new(), CONTRASTIVE, 3, 6);
}

#[test]
fn inpaint_with_shared_statistics() {
    let settings = INPAINT.replace("data.batch_size=2", "data.batch_size=1");
    let place = Place::with_photos();
    goes_on_to_the_bit(
        &place,
        &format!("{settings} --set train.sync_norm=true"),
        3,
        6,
    );
}

#[test]
fn processes_on_two_machines_have_their_own_places() {
    let (here, there) = (Place::with_photos(), Place::with_photos());
    std::fs::rename(there.path("photos"), there.path("elsewhere")).unwrap();
    let port = free_port();
    let line = |data: &str| {
        format!(
            "--device libtorch train {} --steps 3 --name s --set train.log_every=1",
            INPAINT.replace("photos", data)
        )
    };
    let machine = |place: &Place, rank: usize, data: &str| {
        let mut command = process(place, (rank, 2), port, &line(data));
        command.envs([
            ("MASTER_ADDR", "127.0.0.2"),
            ("LOCAL_WORLD_SIZE", "1"),
            ("GLOO_SOCKET_IFNAME", "lo"),
        ]);
        command.spawn().unwrap()
    };
    let children = vec![machine(&here, 0, "photos"), machine(&there, 1, "elsewhere")];
    for outcome in Processes::of(&here, children).wait() {
        outcome.done();
    }
    assert_eq!(here.last_step("s"), 3);
    assert!(!there.path("checkpoints").exists());
}

#[test]
fn statistics_are_shared_where_there_are_any() {
    Place::with_pairs()
        .run(&format!(
            "train {} --set train.sync_norm=true",
            crate::cli_support::CYCLE
        ))
        .failed(2, &["train.sync_norm", "no network has it"]);
    Place::with_pairs()
        .run(&format!(
            "train {CONTRASTIVE} --set generator.norm=batch --set loss.flip_equivariance=true --set train.sync_norm=true"
        ))
        .failed(2, &["train.sync_norm", "flip_equivariance"]);
}
