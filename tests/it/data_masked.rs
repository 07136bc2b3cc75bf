//! Photos with holes: layouts, masks and batches.

use std::path::Path;
use std::sync::Arc;

use translate::config::{MaskKind, Mode, Preprocess, Recipe};
use translate::data::{Batch, DataLoader, Dataset, HOLE_COLOUR, Split};

use crate::data::{Folder, gradient, recipe};

fn photos() -> Folder {
    let folder = Folder::new();
    for index in 0..7 {
        folder.png(
            &format!("{index}.png"),
            gradient(40 + index, 60 - index, index as u8 * 30),
        );
    }
    folder
}

fn inpaint(masks: MaskKind) -> Recipe {
    let mut recipe = recipe(Mode::Inpaint, Preprocess::ScaleShortsideAndCrop, 40, 32);
    recipe.data.masks = masks;
    recipe.data.batch_size = 3;
    recipe.loss.overlap = 2;
    recipe
}

fn batches(root: &Path, recipe: &Recipe, first_step: u64, count: usize) -> Vec<Batch> {
    let dataset = Dataset::open(root, recipe, Split::Train).unwrap();
    let mut loader = DataLoader::start(Arc::new(dataset), first_step).unwrap();
    (0..count).map(|_| loader.next().unwrap()).collect()
}

fn mask(batch: &Batch) -> &[f32] {
    batch.mask.as_ref().unwrap().as_slice().unwrap()
}

fn same(first: &[Batch], second: &[Batch]) -> bool {
    first.len() == second.len()
        && first.iter().zip(second).all(|(first, second)| {
            first.names == second.names
                && first.a == second.a
                && first.b == second.b
                && first.mask == second.mask
        })
}

#[test]
fn holes_have_the_mean_colour_and_the_rest_is_the_photo() {
    let folder = photos();
    let colour = HOLE_COLOUR.map(|level| (f32::from(level) / 255.0 - 0.5) / 0.5);
    for kind in [
        MaskKind::Centre,
        MaskKind::Blocks,
        MaskKind::Regions,
        MaskKind::Strokes,
    ] {
        for batch in batches(folder.path(), &inpaint(kind), 0, 3) {
            let count = batch.names.len();
            assert_eq!(
                batch.mask.as_ref().unwrap().shape().to_vec(),
                [count, 1, 32, 32]
            );
            assert_eq!(batch.a.shape().to_vec(), [count, 3, 32, 32]);
            let (a, b): (&[f32], &[f32]) =
                (batch.a.as_slice().unwrap(), batch.b.as_slice().unwrap());
            for (position, (a, b)) in a.iter().zip(b).enumerate() {
                let (picture, channel, pixel) =
                    (position / 3072, position / 1024 % 3, position % 1024);
                let wanted = match mask(&batch)[picture * 1024 + pixel] {
                    0.0 => *b,
                    _ => colour[channel],
                };
                assert_eq!(a.to_bits(), wanted.to_bits());
            }
            for picture in mask(&batch).chunks_exact(1024) {
                let area = picture.iter().filter(|&&value| value > 0.0).count();
                assert!((1..=512).contains(&area), "{kind:?}: {area}");
                if kind == MaskKind::Centre {
                    // Half of 32, less 2 on each side.
                    assert_eq!(area, 12 * 12);
                }
            }
        }
    }
}

#[test]
fn each_sample_of_each_epoch_has_its_own_mask() {
    let folder = photos();
    let recipe = inpaint(MaskKind::Strokes);
    // Seven photos in batches of three: two epochs.
    let run = batches(folder.path(), &recipe, 0, 6);
    let mut masks: Vec<Vec<u32>> = run
        .iter()
        .flat_map(|batch| mask(batch).chunks_exact(1024))
        .map(|mask| mask.iter().map(|value| value.to_bits()).collect())
        .collect();
    assert_eq!(masks.len(), 14);
    masks.sort();
    masks.dedup();
    assert_eq!(masks.len(), 14);
    assert!(same(&run, &batches(folder.path(), &recipe, 0, 6)));
    let mut workers = recipe.clone();
    workers.data.workers = 4;
    assert!(same(&run, &batches(folder.path(), &workers, 0, 6)));
    assert!(same(&run[4..], &batches(folder.path(), &recipe, 4, 2)));
    let mut seed = recipe;
    seed.train.seed = 9;
    assert!(!same(&run, &batches(folder.path(), &seed, 0, 6)));
}

#[test]
fn previews_show_the_same_holes_every_time() {
    let folder = photos();
    let dataset = Dataset::open(folder.path(), &inpaint(MaskKind::Regions), Split::Train).unwrap();
    let [first, again, other] = [0, 0, 1].map(|index| dataset.fixed(index).unwrap());
    assert_eq!(first.mask, again.mask);
    assert_eq!(first.a, again.a);
    assert_ne!(first.mask, other.mask);
}

#[test]
fn photos_lie_beside_other_folders_or_in_train() {
    let folder = photos();
    for name in ["masks/0.png", "test/0.png", "val/1.png", "more/8.png"] {
        folder.png(name, gradient(50, 50, 200));
    }
    let length = |recipe: &Recipe, split| {
        Dataset::open_optional(folder.path(), recipe, split)
            .unwrap()
            .map(|dataset| dataset.len())
    };
    let recipe = inpaint(MaskKind::Folder);
    assert_eq!(length(&recipe, Split::Train), Some(8));
    assert_eq!(length(&recipe, Split::Test), Some(1));
    folder.png("train/9.png", gradient(50, 50, 0));
    assert_eq!(length(&recipe, Split::Train), Some(1));
    assert_eq!(
        Dataset::open(folder.path(), &recipe, Split::Train)
            .unwrap()
            .steps_per_epoch(1),
        1
    );
}

#[test]
fn mask_files_count_in_the_fingerprint() {
    let folder = photos();
    folder.png("masks/0.png", gradient(50, 50, 200));
    let fingerprint = |kind| {
        let dataset = Dataset::open(folder.path(), &inpaint(kind), Split::Train).unwrap();
        dataset.fingerprint()
    };
    let (before, drawn) = (fingerprint(MaskKind::Folder), fingerprint(MaskKind::Centre));
    folder.png("masks/1.png", gradient(50, 51, 200));
    assert_ne!(fingerprint(MaskKind::Folder), before);
    assert_eq!(fingerprint(MaskKind::Centre), drawn);
}
