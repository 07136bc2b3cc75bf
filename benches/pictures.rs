//! Time of reading, resizing and loading pictures: `cargo bench --bench pictures`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use image::imageops::{FilterType, resize};
use translate::config::{Mode, Recipe};
use translate::data::{DataLoader, Dataset, Split, find_pictures};
use translate::picture::{Raster, read_rgb};

/// The bundled pairs of photos and their edges.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/sample/edges2photos")
}

/// Writes a photo of the sample, enlarged to 1920 x 1280, as a file of this name.
fn photo(folder: &Path, name: &str) -> PathBuf {
    let photos = find_pictures(&sample().join("B/train")).expect("the sample is there");
    let photo = read_rgb(&photos[0].path).expect("the sample can be read");
    let path = folder.join(name);
    let large = resize(&photo.pixels, 1920, 1280, FilterType::CatmullRom);
    large.save(&path).expect("the folder can be written to");
    path
}

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("read 1920 x 1280");
    for name in ["photo.jpg", "photo.png", "photo.webp", "photo.tiff"] {
        let path = photo(folder.path(), name);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(read_rgb(&path).expect("just written")));
        });
    }
    group.finish();
}

fn resizing(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = photo(folder.path(), "photo.png");
    let raster = Raster::new(read_rgb(&path).expect("just written").pixels, 3);
    criterion.bench_function("resize 1920 x 1280 to 286 x 286", |bencher| {
        bencher.iter(|| black_box(raster.clone().resized((286, 286))));
    });
}

fn loading(criterion: &mut Criterion) {
    let mut recipe = Recipe::defaults(Mode::Pix2pix);
    (recipe.data.load_size, recipe.data.crop_size) = (286, 256);
    let dataset = Dataset::open(&sample(), &recipe, Split::Train).expect("the sample is in order");
    let mut loader = DataLoader::start(Arc::new(dataset), 0).expect("threads");
    criterion.bench_function("a pair of the loader at 256 x 256", |bencher| {
        bencher.iter(|| black_box(loader.next().expect("the sample can be read")));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = reading, resizing, loading
}
criterion_main!(benches);
