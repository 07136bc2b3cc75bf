//! Pictures and folders that the tests of the data side make for themselves.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;
use translate::config::{Mode, Preprocess, Recipe};

/// A picture in which every pixel tells where it is.
pub(crate) fn gradient(width: u32, height: u32, blue: u8) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 7 % 256) as u8, (y * 5 % 256) as u8, blue])
    })
}

/// A picture with detail everywhere, as photos have: losses of data show.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed = (x ^ (y << 9)).wrapping_mul(2_654_435_761);
        let slope = (x + y) * 100 / (width + height);
        Rgb([0, 8, 16].map(|shift| ((mixed >> shift) % 64 + slope) as u8))
    })
}

/// The bytes of a file of that format.
pub(crate) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A data set that is deleted when it goes out of scope.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn png(&self, name: &str, image: RgbImage) -> PathBuf {
        self.write(name, &encoded(image, ImageFormat::Png))
    }
}

/// A recipe of small pictures: 8 pixels are the multiple of no U-Net, so it has a ResNet in both modes.
pub(crate) fn recipe(mode: Mode, preprocess: Preprocess, load: usize, crop: usize) -> Recipe {
    let mut recipe = Recipe::defaults(mode);
    recipe.generator.arch = translate::config::GeneratorArch::Resnet6Blocks;
    recipe.discriminator.layers = 1;
    recipe.data.preprocess = preprocess;
    recipe.data.load_size = load;
    recipe.data.crop_size = crop;
    recipe
}

/// The shared real pictures, where they are present.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: the pictures of {name} are not here");
    None
}
