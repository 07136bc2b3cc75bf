//! The forward pass in bands gives what the whole pass gives.

use std::ops::Range;
use std::path::PathBuf;

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use proptest::prelude::*;
use translate::config::{
    Downsample, GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe, Upsample,
};
use translate::nn::{
    BandLimits, ForwardMode, Generator, NormStats, StoreError, TensorRows, WeightInit,
    forward_in_bands,
};

/// A picture in memory, and what is made of it.
pub struct InMemory {
    device: Device,
    picture: Tensor<4>,
    made: Vec<Tensor<4>>,
    next: usize,
    shares: Vec<f64>,
    read: Vec<Range<usize>>,
}

impl TensorRows for InMemory {
    type Error = StoreError;

    fn device(&self) -> &Device {
        &self.device
    }

    fn read(&mut self, rows: Range<usize>) -> Result<Tensor<4>, StoreError> {
        self.read.push(rows.clone());
        Ok(self.picture.clone().narrow(2, rows.start, rows.len()))
    }

    fn write(&mut self, rows: Range<usize>, values: Tensor<4>) -> Result<(), StoreError> {
        assert_eq!(rows.start, self.next, "in order");
        assert_eq!(values.dims()[2], rows.len());
        self.next = rows.end;
        self.made.push(values);
        Ok(())
    }

    fn progress(&mut self, share: f64) -> Result<(), StoreError> {
        self.shares.push(share);
        Ok(())
    }
}

fn generator(recipe: &GeneratorRecipe, device: &Device) -> Generator {
    // Large weights and biases, so that nothing is hidden by small values.
    let mut init = WeightInit::new(InitKind::Xavier, 1.0, 5, 0, device).with_reference_batch(3);
    Generator::new(&mut init, recipe, 3, 3)
}

pub fn in_bands(
    generator: &Generator,
    picture: &Tensor<4>,
    mode: ForwardMode,
    limits: &BandLimits,
) -> (Tensor<4>, InMemory) {
    let [_, channels, height, width] = picture.dims();
    let mut rows = InMemory {
        device: picture.device(),
        picture: picture.clone(),
        made: Vec::new(),
        next: 0,
        shares: Vec::new(),
        read: Vec::new(),
    };
    let dims = [channels, height, width];
    forward_in_bands(generator, dims, mode, limits, &mut rows).unwrap();
    assert!(rows.next.is_multiple_of(height));
    (Tensor::cat(rows.made.clone(), 2), rows)
}

pub fn largest_difference(left: TensorData, right: TensorData) -> f32 {
    assert_eq!(left.shape(), right.shape());
    let (left, right) = (
        left.try_to_vec::<f32>().unwrap(),
        right.try_to_vec::<f32>().unwrap(),
    );
    let pairs = left.into_iter().zip(right);
    pairs
        .map(|(left, right)| (left - right).abs())
        .fold(0.0, f32::max)
}

fn limits(rows: Option<usize>, kept: u64, folder: &tempfile::TempDir) -> BandLimits {
    BandLimits {
        rows,
        working: 1 << 18,
        kept,
        folder: PathBuf::from(folder.path()),
    }
}

fn picture(dims: [usize; 4], device: &Device) -> Tensor<4> {
    device.seed(8);
    Tensor::random(dims, Distribution::Uniform(-1.0, 1.0), device)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn bands_give_what_the_whole_gives(
        arch in prop::sample::select(vec![
            GeneratorArch::Resnet6Blocks,
            GeneratorArch::Resnet9Blocks,
            GeneratorArch::Global,
            GeneratorArch::Local,
            GeneratorArch::Unet64,
            GeneratorArch::Srresnet,
        ]),
        (scale, residual) in (prop::sample::select(vec![1usize, 2, 4]), any::<bool>()),
        norm in prop::sample::select(vec![
            NormKind::Instance, NormKind::InstanceAffine, NormKind::Batch, NormKind::ReferenceBatch,
            NormKind::VirtualBatch, NormKind::None,
        ]),
        upsample in prop::sample::select(vec![Upsample::Deconv, Upsample::Resize, Upsample::Blur]),
        downsample in prop::sample::select(vec![Downsample::Strided, Downsample::Blur]),
        norm_stats in prop::sample::select(vec![NormStats::Batch, NormStats::Running]),
        channels in 2usize..5,
        (height, width) in (2usize..6, 2usize..5),
        rows in prop::option::of(1usize..60),
        kept in prop::sample::select(vec![0u64, 20_000, 1 << 40]),
    ) {
        let recipe = GeneratorRecipe {
            arch,
            norm,
            // Filters are for the generators of CycleGAN.
            upsample: match upsample {
                Upsample::Blur if arch.resnet_blocks().is_none() => Upsample::Resize,
                any => any,
            },
            downsample: match arch.resnet_blocks() {
                Some(_) => downsample,
                None => Downsample::Strided,
            },
            channels,
            dropout: false,
            downsamplings: 3,
            blocks: 2,
            enhancers: 1,
            enhancer_blocks: 1,
            scale: if arch == GeneratorArch::Srresnet { scale } else { 1 },
            residual: arch == GeneratorArch::Srresnet && residual,
            ..Recipe::defaults(Mode::Pix2pixhd).generator
        };
        let device = Device::flex();
        let generator = generator(&recipe, &device);
        let multiple = recipe.size_multiple().max(4);
        let (height, width) = match arch {
            GeneratorArch::Unet64 => (multiple * height.div_ceil(2), multiple),
            _ => (multiple * height, multiple * width),
        };
        let picture = picture([1, 3, height, width], &device);
        let mode = ForwardMode::inference(norm_stats, false);
        let whole = generator.forward(picture.clone(), mode).into_data();
        let folder = tempfile::tempdir().unwrap();
        let limits = limits(rows, kept, &folder);
        let (banded, rows) = in_bands(&generator, &picture, mode, &limits);
        let difference = largest_difference(whole, banded.into_data());
        prop_assert!(difference < 2e-4, "{difference}");
        prop_assert!(rows.shares.is_sorted());
        prop_assert!((rows.shares[rows.shares.len() - 1] - 1.0).abs() < 1e-9);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// Pictures that are flat, in part or nearly: blank pages, empty slides, black frames.
fn flat_picture(
    kind: usize,
    value: f32,
    [height, width]: [usize; 2],
    device: &Device,
) -> Tensor<4> {
    let flat = Tensor::<4>::full([1, 3, height, width], value, device);
    match kind {
        0 => flat,
        // One level of 255 more in one pixel.
        1 => {
            let pixel = Tensor::full([1, 3, 1, 1], value + 2.0 / 255.0, device);
            flat.slice_assign([0..1, 0..3, height / 2..height / 2 + 1, 1..2], pixel)
        }
        _ => {
            let rest = picture([1, 3, height / 2, width], device);
            flat.slice_assign([0..1, 0..3, 0..height / 2, 0..width], rest)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn flat_pictures_are_the_same_in_bands(
        arch in prop::sample::select(vec![
            GeneratorArch::Resnet6Blocks,
            GeneratorArch::Global,
            GeneratorArch::Unet64,
        ]),
        upsample in prop::sample::select(vec![Upsample::Deconv, Upsample::Resize]),
        kind in 0usize..3,
        level in 0u8..=255,
        rows in prop::option::of(5usize..40),
    ) {
        let recipe = GeneratorRecipe {
            arch,
            norm: NormKind::Instance,
            upsample,
            channels: 6,
            dropout: false,
            downsamplings: 3,
            blocks: 3,
            ..Recipe::defaults(Mode::Pix2pixhd).generator
        };
        let device = Device::flex();
        let generator = generator(&recipe, &device);
        let multiple = recipe.size_multiple();
        let size = [multiple * 64usize.div_ceil(multiple) * 2, multiple * 48usize.div_ceil(multiple)];
        let picture = flat_picture(kind, f32::from(level) / 127.5 - 1.0, size, &device);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let whole = generator.forward(picture.clone(), mode).into_data();
        let folder = tempfile::tempdir().unwrap();
        let (banded, _) = in_bands(&generator, &picture, mode, &limits(rows, 0, &folder));
        let difference = largest_difference(whole, banded.into_data());
        // One level of 255.
        prop_assert!(difference < 2.0 / 255.0, "{difference}");
    }
}

#[test]
fn without_statistics_of_the_picture_each_row_is_read_in_one_pass() {
    let recipe = GeneratorRecipe {
        arch: GeneratorArch::Resnet9Blocks,
        norm: NormKind::Batch,
        channels: 4,
        dropout: false,
        ..Recipe::defaults(Mode::Cycle).generator
    };
    let device = Device::flex();
    let generator = generator(&recipe, &device);
    let picture = picture([1, 3, 256, 16], &device);
    let folder = tempfile::tempdir().unwrap();
    let limits = limits(Some(16), 0, &folder);
    let count = |norm_stats| {
        let mode = ForwardMode::inference(norm_stats, false);
        let (_, rows) = in_bands(&generator, &picture, mode, &limits);
        rows.read.iter().map(Range::len).sum::<usize>()
    };
    assert_eq!(count(NormStats::Running), 256);
    // One pass for the statistics of the stem, and the others: from the first halving on, at the latest, features are kept.
    let batch = count(NormStats::Batch);
    assert!((2 * 256..=3 * 256).contains(&batch), "{batch}");
}
