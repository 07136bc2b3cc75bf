//! Latent codes that a discriminator recognises.

use std::f64::consts::TAU;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use crate::config::{Recipe, SynthesisRecipe};
use crate::nn::full_precision;
use crate::random::sample_rng;

/// The latent codes of a generator: values beside its noise that the discriminator recognises in its pictures, so that each comes to
/// stand for something.
///
/// Categorical ones, one of so many categories each, which are all as likely; then continuous ones, which are uniform in [-1, 1]. Both
/// networks minimise how unlikely the recognised laws make the codes of pictures, the variational bound of their mutual information: Chen
/// et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets", 2016.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentCodes {
    categories: Vec<usize>,
    continuous: usize,
    /// Weights of the losses of both kinds.
    weights: [f64; 2],
}

/// What one of the codes can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// One of so many categories, from 0 on.
    Category(usize),
    /// From -1 to 1, and what is a little beyond.
    Continuous,
}

impl LatentCodes {
    /// Those of a recipe.
    pub fn new(recipe: &Recipe) -> Self {
        let SynthesisRecipe {
            categories,
            continuous,
            categories_weight,
            continuous_weight,
            ..
        } = &recipe.synthesis;
        Self {
            categories: categories.clone(),
            continuous: *continuous,
            weights: [*categories_weight, *continuous_weight],
        }
    }

    /// What each of the codes can be, in their order.
    pub fn kinds(&self) -> Vec<CodeKind> {
        let categories = self.categories.iter().copied().map(CodeKind::Category);
        let continuous = std::iter::repeat_n(CodeKind::Continuous, self.continuous);
        categories.chain(continuous).collect()
    }

    /// Values of all codes of a picture: one for each category, 1 for that of the picture and 0 for the others, then the continuous ones.
    pub fn count(&self) -> usize {
        self.category_count() + self.continuous
    }

    /// Draws the values of the codes of so many `pictures`, one picture after the other.
    pub fn draw(&self, rng: &mut impl Rng, pictures: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(pictures * self.count());
        for _ in 0..pictures {
            for &categories in &self.categories {
                let drawn = rng.random_range(0..categories);
                values.extend((0..categories).map(|place| f32::from(u8::from(place == drawn))));
            }
            values.extend((0..self.continuous).map(|_| rng.random_range(-1.0..1.0f32)));
        }
        values
    }

    /// Sets code `number`, which is one of the [kinds](Self::kinds), in the values of a picture.
    pub fn set(&self, values: &mut [f32], number: usize, value: f32) {
        match self.categories.get(number) {
            Some(&count) => {
                let first: usize = self.categories[..number].iter().sum();
                values[first..first + count].fill(0.0);
                values[first + value as usize] = 1.0;
            }
            None => values[self.category_count() + number - self.categories.len()] = value,
        }
    }

    /// What the values of the codes of a picture say: a category of each categorical one, and the numbers of the continuous ones.
    pub fn read(&self, values: &[f32]) -> Vec<f32> {
        let mut rest = values;
        let mut read = Vec::new();
        for &count in &self.categories {
            let (own, others) = rest.split_at(count);
            let chosen = own.iter().position(|&value| value > 0.5);
            read.push(chosen.unwrap_or_default() as f32);
            rest = others;
        }
        read.extend(rest);
        read
    }

    /// The values of codes that say this, one for each of the [kinds](Self::kinds).
    pub fn values(&self, said: &[f32]) -> Vec<f32> {
        let mut values = vec![0.0; self.count()];
        for (number, &value) in said.iter().enumerate() {
            self.set(&mut values, number, value);
        }
        values
    }

    /// The values of a mean picture of these: of each categorical code the category that most of them have, the first of several such;
    /// the means of the continuous ones.
    pub fn mean(&self, pictures: &[Vec<f32>]) -> Vec<f32> {
        let read: Vec<Vec<f32>> = pictures.iter().map(|values| self.read(values)).collect();
        let of_code = |(number, kind): (usize, CodeKind)| {
            let said: Vec<f32> = read.iter().map(|read| read[number]).collect();
            match kind {
                CodeKind::Continuous => said.iter().sum::<f32>() / said.len().max(1) as f32,
                CodeKind::Category(count) => {
                    let often = |category: &usize| {
                        let is_it = |value: &&f32| **value as usize == *category;
                        said.iter().filter(is_it).count()
                    };
                    // The last of the largest is taken.
                    (0..count).rev().max_by_key(often).unwrap_or_default() as f32
                }
            }
        };
        let said: Vec<f32> = self.kinds().into_iter().enumerate().map(of_code).collect();
        self.values(&said)
    }

    /// The values of each combination of categories with zeros for the numbers; of more than `most` combinations as many drawn ones.
    pub(super) fn choices(&self, most: usize) -> Vec<Vec<f32>> {
        let counts = self.categories.iter();
        let all = counts.fold(1usize, |all, &count| all.saturating_mul(count));
        let choice = |number: usize| {
            let mut rest = number;
            let said: Vec<f32> = (self.categories.iter())
                .map(|&count| {
                    let category = rest % count;
                    rest /= count;
                    category as f32
                })
                .collect();
            self.values(&said)
        };
        if all <= most {
            return (0..all).map(choice).collect();
        }
        let drawn = |index: usize| {
            let mut values = self.draw(&mut sample_rng(0, index as u64), 1);
            values[self.category_count()..].fill(0.0);
            values
        };
        (0..most).map(drawn).collect()
    }

    /// How many of the codes are continuous, which stand behind the others.
    pub(super) fn continuous_count(&self) -> usize {
        self.continuous
    }

    /// Values that the discriminator recognises codes by: a logit for each category; mean and logarithm of the deviation of each continuous
    /// code.
    pub(super) fn recognised_count(&self) -> usize {
        self.category_count() + 2 * self.continuous
    }

    /// The values of codes as `[batch, count, 1, 1]`; none where there are no codes.
    pub(super) fn tensor(&self, values: Vec<f32>, device: &Device) -> Option<Tensor<4>> {
        let count = self.count();
        (count > 0).then(|| {
            let shape = [values.len() / count, count, 1, 1];
            Tensor::from_data(TensorData::new(values, shape), device)
        })
    }

    /// The weighted negative logarithm, `[1]`, of how likely `recognised`, `[batch, recognised, 1, 1]`, makes `codes`,
    /// `[batch, count, 1, 1]`, by their mean over the batch: cross entropies, and the densities of normal laws.
    pub(super) fn loss(&self, recognised: Tensor<4>, codes: &Tensor<4>) -> Tensor<1> {
        let recognised = full_precision(recognised);
        let batch = codes.dims()[0] as f64;
        let [of_categories, of_continuous] = self.weights;
        let part = |tensor: &Tensor<4>, first, count| tensor.clone().narrow(1, first, count);
        let (mut terms, mut first) = (Vec::new(), 0);
        for &count in &self.categories {
            let likely = log_softmax(part(&recognised, first, count), 1);
            let entropy = (likely * part(codes, first, count)).sum();
            terms.push(entropy * (-of_categories / batch));
            first += count;
        }
        if self.continuous > 0 {
            let count = self.continuous;
            let mean = part(&recognised, first, count);
            let log_deviation = part(&recognised, first + count, count);
            let apart = part(codes, first, count) - mean;
            let apart = (apart * (-log_deviation.clone()).exp()).square();
            let terms_of = apart * 0.5 + log_deviation + 0.5 * TAU.ln();
            terms.push(terms_of.sum() * (of_continuous / batch));
        }
        let sum = terms.into_iter().reduce(|sum, term| sum + term);
        sum.expect("losses are asked for where there are codes")
    }

    fn category_count(&self) -> usize {
        self.categories.iter().sum()
    }
}

/// What a generator is told: classes, then latent codes, each where there are any.
pub(super) fn told(classes: Option<Tensor<4>>, codes: Option<Tensor<4>>) -> Option<Tensor<4>> {
    match (classes, codes) {
        (Some(classes), Some(codes)) => Some(Tensor::cat(vec![classes, codes], 1)),
        (classes, codes) => classes.or(codes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(categories: &[usize], continuous: usize) -> LatentCodes {
        LatentCodes {
            categories: categories.to_vec(),
            continuous,
            weights: [1.0, 0.1],
        }
    }

    #[test]
    fn codes_are_one_category_each_and_numbers_below_1() {
        let codes = codes(&[3, 2], 2);
        let drawn = codes.draw(&mut sample_rng(1, 0), 300);
        assert_eq!(drawn.len(), 300 * 7);
        let mut seen = [0; 5];
        for picture in drawn.chunks(7) {
            let sums = [&picture[..3], &picture[3..5]].map(|part| part.iter().sum::<f32>());
            assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
            assert!(picture[5..].iter().all(|value| value.abs() <= 1.0));
            for (seen, value) in seen.iter_mut().zip(picture) {
                *seen += *value as usize;
            }
        }
        assert!(seen[..3].iter().all(|&seen| seen > 60) && seen[3] > 100 && seen[4] > 100);
        assert!(codes.tensor(drawn, &Device::flex()).is_some());
    }

    #[test]
    fn a_code_is_set_and_the_others_stay() {
        let codes = codes(&[3, 2], 2);
        let mut values = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.5, -0.5];
        codes.set(&mut values, 0, 2.0);
        codes.set(&mut values, 3, 0.75);
        assert_eq!(values, [0.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.75]);
        codes.set(&mut values, 1, 0.0);
        assert_eq!(values[3..5], [1.0, 0.0]);
        let kinds = codes.kinds();
        assert_eq!(kinds[1..3], [CodeKind::Category(2), CodeKind::Continuous]);
        assert_eq!(codes.read(&values), [2.0, 0.0, 0.5, 0.75]);
        assert_eq!(codes.values(&[2.0, 0.0, 0.5, 0.75]), values);
    }

    #[test]
    fn a_mean_has_the_category_of_most() {
        let codes = codes(&[3], 1);
        let pictures = [[2.0, 0.5], [1.0, -0.25], [2.0, 0.5]];
        let pictures = pictures.map(|said| codes.values(&said));
        assert_eq!(codes.read(&codes.mean(&pictures)), [2.0, 0.25]);
        // Of two that are as frequent the first.
        assert_eq!(codes.read(&codes.mean(&pictures[..2]))[..1], [1.0]);
    }

    #[test]
    fn each_combination_of_categories_is_a_choice() {
        let two = codes(&[3, 2], 1);
        let mut read: Vec<_> = two
            .choices(6)
            .iter()
            .map(|values| two.read(values))
            .collect();
        read.sort_by(|one, other| one.partial_cmp(other).unwrap());
        read.dedup();
        assert_eq!(read.len(), 6);
        assert_eq!(
            (read[0].clone(), read[5].clone()),
            (vec![0.0; 3], vec![2.0, 1.0, 0.0])
        );
        let drawn = two.choices(5);
        assert_eq!(drawn.len(), 5);
        assert!(drawn.iter().all(|values| values[5] == 0.0));
        assert_eq!(codes(&[], 2).choices(5), [[0.0, 0.0]]);
        assert_eq!(codes(&[], 0).choices(5), [[0.0; 0]]);
    }
}
