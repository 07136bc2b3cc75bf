//! Codes of pictures for generators without an encoder.

use burn::tensor::{Device, Tensor, TensorData};

use super::classes::Classes;
use super::coded_picture::{CodedPicture, CoderError, Preparation, PreparedPictures};
use super::generator_input::GeneratorInput;
use super::noise::normal_noise;
use super::sampler::{Code, Sampler};
use super::staged_generator::StagedGenerator;
use crate::random::sample_rng;
use crate::style::{Manifest, StyleError, StyleFolder};

/// Vectors of which the nearest is where the search for a picture begins.
const STARTS: u64 = 16;
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
/// that are drawn from the seed 0; each picture is searched for on its own.
#[derive(Debug)]
pub struct Inversion {
    network: StagedGenerator,
    preparation: Preparation,
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
            latent: network.noise_length(),
            network,
            steps,
            device,
        })
    }

    /// Reads `pictures`, of which there is at least one. Their class is the one at the place `class`, or that of their folder.
    ///
    /// # Errors
    /// A picture cannot be read, or nothing says of what class it is.
    pub fn prepare(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
    ) -> Result<PreparedPictures, CoderError> {
        self.preparation.prepare(pictures, class, &self.device)
    }

    /// What each of the pictures could be made from, all at once.
    pub fn search(&self, prepared: &PreparedPictures) -> Vec<FoundCode> {
        let mut vectors = self.nearest_starts(prepared);
        let mut moments = [vec![0.0f64; vectors.len()], vec![0.0f64; vectors.len()]];
        for step in 0..self.steps {
            let codes = self.tensor(&vectors).require_grad();
            let distances = self.distances(codes.clone(), prepared);
            // A sum, so that a picture does not change the gradient of another.
            let gradient = codes.grad(&distances.sum().backward());
            let Some(gradient) = gradient else { break };
            let gradient = gradient.into_data();
            let rate = RATE * (1.0 - step as f64 / self.steps as f64);
            let along = gradient.iter::<f64>();
            adam_step(&mut vectors, &mut moments, along, step as i32 + 1, rate);
        }
        let distances = self.distances(self.tensor(&vectors), prepared).into_data();
        let rows = vectors.chunks(self.latent).zip(&prepared.places);
        rows.zip(distances.iter::<f32>())
            .map(|((vector, &class), distance)| FoundCode {
                code: Code::new(vector.to_vec(), class),
                distance: distance.sqrt(),
            })
            .collect()
    }

    /// For each picture the vector among those that are drawn whose picture is nearest to it, all in one row.
    fn nearest_starts(&self, prepared: &PreparedPictures) -> Vec<f32> {
        let mut nearest = vec![(f32::INFINITY, Vec::new()); prepared.places.len()];
        for start in 0..STARTS {
            let vector = normal_noise(&mut sample_rng(0, start), self.latent);
            let all = self.tensor(&vector.repeat(prepared.places.len()));
            let distances = self.distances(all, prepared).into_data();
            for (nearest, distance) in nearest.iter_mut().zip(distances.iter::<f32>()) {
                if nearest.1.is_empty() || distance < nearest.0 {
                    *nearest = (distance, vector.clone());
                }
            }
        }
        nearest.into_iter().flat_map(|(_, vector)| vector).collect()
    }

    /// Vectors in one row as `[count, latent, 1, 1]`.
    fn tensor(&self, vectors: &[f32]) -> Tensor<4> {
        let shape = [vectors.len() / self.latent, self.latent, 1, 1];
        Tensor::from_data(TensorData::new(vectors.to_vec(), shape), &self.device)
    }

    /// The mean squared difference of each picture and what is made of its code, `[count, 1, 1, 1]`.
    fn distances(&self, codes: Tensor<4>, prepared: &PreparedPictures) -> Tensor<4> {
        let classes = &self.preparation.classes;
        let classes = classes.one_hot(&prepared.places, &self.device);
        let made = self.network.forward(GeneratorInput::new(codes, classes));
        let apart = (made - prepared.pictures.clone()).square();
        apart.mean_dim(1).mean_dim(2).mean_dim(3)
    }
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
