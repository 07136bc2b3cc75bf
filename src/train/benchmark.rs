//! How fast a recipe trains and translates, on generated pictures in memory.

use std::time::Instant;

use burn::tensor::TensorData;
use rand::RngExt;

use super::error::TrainError;
use super::methods::BuildMethod;
use crate::config::{Mode, Recipe, Samples};
use crate::data::Batch;
use crate::device::OpenDevice;
use crate::kernels::DeviceFailure;
use crate::method::{Method, StepContext};
use crate::random;

/// What is measured.
#[derive(Debug, Clone)]
pub struct Benchmark {
    /// The networks, losses and optimisers.
    pub recipe: Recipe,
    /// How the method is built.
    pub build: BuildMethod,
    /// Width and height of the pictures.
    pub size: [usize; 2],
    /// Number of training steps and of translations that are timed.
    pub steps: usize,
}

/// The measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkResult {
    /// Seconds of each training step, sorted.
    pub seconds: Vec<f64>,
    /// Pictures that the generator translates per second, one at a time.
    pub pictures_per_second: f64,
}

impl Benchmark {
    /// Trains and translates. The first step, which allocates memory, is not counted.
    ///
    /// # Errors
    /// A weight file that the recipe names cannot be read, or the device fails.
    pub fn run(&self, device: &OpenDevice) -> Result<BenchmarkResult, TrainError> {
        DeviceFailure::catch(|| self.measure(device)).map_err(TrainError::Device)?
    }

    fn measure(&self, device: &OpenDevice) -> Result<BenchmarkResult, TrainError> {
        let mut method = (self.build)(&self.recipe, &device.device)?;
        let reference = self.recipe.needed_reference_batch();
        if reference > 0 {
            let chosen = method.set_reference(&self.batch(reference));
            chosen.expect("as many pictures are made as the recipe says, with its channels");
        }
        let batch = self.batch(self.recipe.data.batch_size);
        let mut seconds: Vec<f64> = (0..=self.steps)
            .map(|step| self.step(&mut *method, &batch, step as u64 + 1, device))
            .skip(1)
            .collect();
        seconds.sort_by(f64::total_cmp);

        let one = self.batch(1);
        let show = || method.preview(one.clone());
        drop(show());
        let started = Instant::now();
        for _ in 0..self.steps {
            drop(show());
        }
        let pictures = (self.steps * passes(&self.recipe)) as f64;
        Ok(BenchmarkResult {
            seconds,
            pictures_per_second: pictures / started.elapsed().as_secs_f64(),
        })
    }

    fn step(&self, method: &mut dyn Method, batch: &Batch, step: u64, device: &OpenDevice) -> f64 {
        let batch = batch.clone();
        let optim = &self.recipe.optim;
        let context = StepContext {
            step,
            epoch: 1,
            seed: self.recipe.train.seed,
            position: 0,
            generator_rate: optim.lr,
            discriminator_rate: self.recipe.discriminator_learning_rate(),
            detail: 1.0,
            reducer: None,
        };
        let started = Instant::now();
        device.device.seed(step);
        // Reading the losses waits for the device.
        for loss in method.step(batch, context) {
            let _ = loss.value.into_scalar::<f32>();
        }
        started.elapsed().as_secs_f64()
    }

    /// A batch of noise with `count` samples.
    fn batch(&self, count: usize) -> Batch {
        let data = &self.recipe.data;
        let mut rng = random::step_rng(self.recipe.train.seed, 0);
        let mut pictures =
            |size, channels| planes(size, [count, channels], || rng.random_range(-1.0..1.0));
        let smaller = self.size.map(|side| side / self.recipe.generator.scale);
        let (a, b) = (
            pictures(smaller, data.input_channels),
            pictures(self.size, data.output_channels),
        );
        let mut batch = Batch {
            a,
            b,
            instances: None,
            features: None,
            mask: None,
            names: Vec::new(),
        };
        let [width, height] = self.size;
        let position = |index: usize| (index % width, index / width % height);
        match self.recipe.mode.samples() {
            Samples::Pairs | Samples::Sets | Samples::Pictures => {}
            Samples::Maps => {
                // Squares of one class, each an instance of its own.
                let square = |index| {
                    let (x, y) = position(index);
                    x / 32 + y / 32 * width.div_ceil(32)
                };
                if data.classes > 0 {
                    batch.a = self.map(count, |index| (square(index) % data.classes) as f32);
                }
                batch.instances = Some(self.map(count, |index| square(index) as f32));
            }
            Samples::Holes => {
                batch.mask = Some(self.map(count, |index| {
                    let (x, y) = position(index);
                    let inside = |at: usize, side: usize| at >= side / 4 && at < side - side / 4;
                    f32::from(inside(x, width) && inside(y, height))
                }));
            }
        }
        batch
    }

    /// A plane for each sample.
    fn map(&self, count: usize, value: impl Fn(usize) -> f32) -> TensorData {
        let mut index = 0;
        planes(self.size, [count, 1], || {
            index += 1;
            value(index - 1)
        })
    }
}

/// Pictures of this width and height.
fn planes(
    [width, height]: [usize; 2],
    [count, channels]: [usize; 2],
    mut value: impl FnMut() -> f32,
) -> TensorData {
    let values = (0..count * channels * height * width).map(|_| value());
    TensorData::new(
        values.collect::<Vec<f32>>(),
        [count, channels, height, width],
    )
}

/// Translations in one preview.
fn passes(recipe: &Recipe) -> usize {
    match recipe.mode {
        // There and back, in both directions.
        Mode::Cycle => 4,
        // One of the mean code, and three more looks.
        Mode::Pix2pix if recipe.has_latent_code() => 4,
        // Pictures from noise are made at once.
        _ => 1,
    }
}
