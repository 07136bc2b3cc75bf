//! Codes of pictures for generators without an encoder.

use burn::tensor::{Device, Tensor, TensorData};

use super::classes::Classes;
use super::coded_picture::{CodedPicture, CoderError, Preparation, PreparedPictures, ReadPictures};
use super::generator_input::GeneratorInput;
use super::latent_codes::{LatentCodes, told};
use super::noise::normal_noise;
use super::sampler::{Code, Sampler};
use super::staged_generator::StagedGenerator;
use crate::random::sample_rng;
use crate::style::{Manifest, StyleError, StyleFolder};

/// Vectors of which the nearest is where the search for a picture begins.
const STARTS: u64 = 16;
/// Combinations of categories of which each is tried before the search, and the steps of a trial; of more as many are drawn.
const MAX_CHOICES: usize = 64;
const TRIAL_STEPS: usize = 20;
/// Learning rate of the search at its begin; it falls to nothing on a straight line.
const RATE: f64 = 0.1;
/// Adam's decays, and what it adds to the divisor.
const DECAYS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// What a picture could be made from.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundCode {
    /// What the generator makes a picture like it from.
    pub code: Code,
    /// Root of the mean squared difference of that picture and the given one, of values in [-1, 1].
    pub distance: f32,
}

/// The search for what a generator makes given pictures from, by the gradient of their distance.
///
/// Creswell and Bharath, "Inverting the Generator of a Generative Adversarial Network", 2018. Adam goes from the nearest of some vectors
/// that are drawn from the seed 0; each picture is searched for on its own. Continuous latent codes are searched for beside the vector, from
/// 0 on. For categorical ones there is no way down: a short search is made with each category, and the best one goes on.
#[derive(Debug)]
pub struct Inversion {
    network: StagedGenerator,
    preparation: Preparation,
    codes: LatentCodes,
    latent: usize,
    steps: usize,
    /// With automatic differentiation.
    device: Device,
}

impl Inversion {
    /// Loads the generator of a style on `device`, for searches of this many `steps`.
    ///
    /// # Errors
    /// The style makes no pictures, or its weights are missing, damaged or of another network.
    pub fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        device: &Device,
        steps: usize,
    ) -> Result<Self, StyleError> {
        let device = device.clone().autodiff();
        let sampler = Sampler::load(folder, manifest, &device)?;
        let network = sampler.into_networks().frozen();
        let recipe = &manifest.recipe;
        Ok(Self {
            preparation: Preparation {
                classes: Classes::new(recipe),
                recipe: recipe.clone(),
                style: folder.name(),
            },
            codes: LatentCodes::new(recipe),
            latent: network.noise_length(),
            network,
            steps,
            device,
        })
    }

    /// Reads `pictures`. Their class is the one at the place `class`, or that of their folder.
    ///
    /// # Errors
    /// Nothing says of what class a picture is.
    pub fn read(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
    ) -> Result<ReadPictures, CoderError> {
        self.preparation.read(pictures, class, &self.device)
    }

    /// What each of the pictures could be made from, all at once.
    pub fn search(&self, prepared: &PreparedPictures) -> Vec<FoundCode> {
        let choices = self.codes.choices(MAX_CHOICES);
        let trial = match choices.len() {
            1 => 0,
            _ => TRIAL_STEPS.min(self.steps),
        };
        let mut best = vec![Candidate::default(); prepared.places.len()];
        for choice in &choices {
            let rows = self.nearest_starts(prepared, choice);
            self.compare(&self.descended(rows, prepared, trial), prepared, &mut best);
        }
        let rows = best.into_iter().flat_map(|found| found.row).collect();
        let rows = self.descended(rows, prepared, self.steps);
        let distances = self.distances(self.tensor(&rows), prepared).into_data();
        let found = rows.chunks(self.row_length()).zip(&prepared.places);
        found
            .zip(distances.iter::<f32>())
            .map(|((row, &class), distance)| FoundCode {
                code: Code {
                    latent_codes: row[self.latent..].to_vec(),
                    ..Code::new(row[..self.latent].to_vec(), class)
                },
                distance: distance.sqrt(),
            })
            .collect()
    }

    /// For each picture the vector among those that are drawn whose picture with the latent codes `choice` is nearest to it, with these
    /// codes behind it; all in one row.
    fn nearest_starts(&self, prepared: &PreparedPictures, choice: &[f32]) -> Vec<f32> {
        let count = prepared.places.len();
        let mut nearest = vec![Candidate::default(); count];
        for start in 0..STARTS {
            let mut row = normal_noise(&mut sample_rng(0, start), self.latent);
            row.extend(choice);
            self.compare(&row.repeat(count), prepared, &mut nearest);
        }
        nearest.into_iter().flat_map(|found| found.row).collect()
    }

    /// Puts the vectors and codes of `rows` in the place of those whose pictures are less near to the given ones.
    fn compare(&self, rows: &[f32], prepared: &PreparedPictures, best: &mut [Candidate]) {
        let distances = self.distances(self.tensor(rows), prepared).into_data();
        let rows = rows.chunks(self.row_length());
        for ((best, distance), row) in best.iter_mut().zip(distances.iter::<f32>()).zip(rows) {
            if best.row.is_empty() || distance < best.distance {
                let row = row.to_vec();
                *best = Candidate { distance, row };
            }
        }
    }

    /// What a search of so many steps makes of vectors and codes in one row.
    fn descended(&self, mut rows: Vec<f32>, prepared: &PreparedPictures, steps: usize) -> Vec<f32> {
        let length = self.row_length();
        // Categories stay.
        let (first, numbers) = (self.latent, length - self.codes.continuous_count());
        let mut moments = [vec![0.0f64; rows.len()], vec![0.0f64; rows.len()]];
        for step in 0..steps {
            let codes = self.tensor(&rows).require_grad();
            let distances = self.distances(codes.clone(), prepared);
            // A sum, so that a picture does not change the gradient of another.
            let gradient = codes.grad(&distances.sum().backward());
            let Some(gradient) = gradient else { break };
            let gradient = gradient.into_data();
            let rate = RATE * (1.0 - step as f64 / steps as f64);
            let along = gradient.iter::<f64>().enumerate();
            let along = along.map(|(place, value)| {
                let is_category = (first..numbers).contains(&(place % length));
                if is_category { 0.0 } else { value }
            });
            adam_step(&mut rows, &mut moments, along, step as i32 + 1, rate);
            for row in rows.chunks_mut(length) {
                for value in &mut row[numbers..] {
                    *value = value.clamp(-1.0, 1.0);
                }
            }
        }
        rows
    }

    /// Values of a vector and of the latent codes behind it.
    fn row_length(&self) -> usize {
        self.latent + self.codes.count()
    }

    /// Vectors and codes in one row as `[count, latent + codes, 1, 1]`.
    fn tensor(&self, rows: &[f32]) -> Tensor<4> {
        let length = self.row_length();
        let shape = [rows.len() / length, length, 1, 1];
        Tensor::from_data(TensorData::new(rows.to_vec(), shape), &self.device)
    }

    /// The mean squared difference of each picture and what is made of its vector and codes, `[count, 1, 1, 1]`.
    fn distances(&self, rows: Tensor<4>, prepared: &PreparedPictures) -> Tensor<4> {
        let classes = &self.preparation.classes;
        let classes = classes.one_hot(&prepared.places, &self.device);
        let vectors = rows.clone().narrow(1, 0, self.latent);
        let count = self.codes.count();
        let codes = (count > 0).then(|| rows.narrow(1, self.latent, count));
        let input = GeneratorInput::new(vectors, told(classes, codes));
        let apart = (self.network.forward(input) - prepared.pictures.clone()).square();
        apart.mean_dim(1).mean_dim(2).mean_dim(3)
    }
}

/// A vector and the codes behind it, and how far what is made of them is from a picture.
#[derive(Debug, Clone, Default)]
struct Candidate {
    distance: f32,
    /// Empty before there is one.
    row: Vec<f32>,
}

/// Step `number` (from 1) of Adam at this `rate`, with the moving means of gradients and of their squares.
fn adam_step(
    values: &mut [f32],
    [means, squares]: &mut [Vec<f64>; 2],
    gradient: impl Iterator<Item = f64>,
    number: i32,
    rate: f64,
) {
    let [of_means, of_squares] = DECAYS;
    let corrections = DECAYS.map(|decay| 1.0 - decay.powi(number));
    let moments = means.iter_mut().zip(squares);
    for ((value, (mean, square)), gradient) in values.iter_mut().zip(moments).zip(gradient) {
        *mean = of_means * *mean + (1.0 - of_means) * gradient;
        *square = of_squares * *square + (1.0 - of_squares) * gradient * gradient;
        let divisor = (*square / corrections[1]).sqrt() + EPSILON;
        *value -= (rate * *mean / corrections[0] / divisor) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_down_to_the_least() {
        let (mut values, mut moments) = (vec![3.0f32, -2.0], [vec![0.0; 2], vec![0.0; 2]]);
        for step in 0..200 {
            let gradient: Vec<f64> = values
                .iter()
                .map(|&value| 2.0 * (f64::from(value) - 1.0))
                .collect();
            let rate = 0.1 * (1.0 - f64::from(step) / 200.0);
            adam_step(
                &mut values,
                &mut moments,
                gradient.into_iter(),
                step + 1,
                rate,
            );
        }
        assert!(
            values.iter().all(|value| (value - 1.0).abs() < 0.01),
            "{values:?}"
        );
    }
}
