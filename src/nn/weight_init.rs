//! Initial weights, drawn on the host so that a seed gives the same network on every device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::config::{InitKind, NormKind, Recipe};
use crate::kernels::Precision;

/// Makes the parameters of a network: distribution, random numbers and device.
#[derive(Debug)]
pub struct WeightInit {
    /// `None` if weights are loaded later: parameters start as zeros.
    kind: Option<InitKind>,
    gain: f64,
    rng: ChaCha8Rng,
    device: Device,
    precision: Precision,
    spectral_norm: bool,
    reference_batch: usize,
}

impl WeightInit {
    /// Draws parameters from the distribution `kind` with standard deviation or gain `gain`, on `device`.
    ///
    /// `stream` separates the networks of one seed.
    pub fn new(kind: InitKind, gain: f64, seed: u64, stream: u64, device: &Device) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self {
            kind: Some(kind),
            gain,
            rng,
            device: device.clone(),
            precision: Precision::F32,
            spectral_norm: false,
            reference_batch: 0,
        }
    }

    /// Draws parameters as `recipe` asks for, on `device`; `stream` separates its networks.
    pub fn from_recipe(recipe: &Recipe, stream: u64, device: &Device) -> Self {
        let generator = &recipe.generator;
        Self::new(
            generator.init,
            generator.init_gain,
            recipe.train.seed,
            stream,
            device,
        )
        .with_precision(recipe.train.precision)
        .with_reference_batch(recipe.data.reference_batch)
    }

    /// Makes norms for a reference batch of so many pictures.
    pub fn with_reference_batch(self, reference_batch: usize) -> Self {
        Self {
            reference_batch,
            ..self
        }
    }

    /// Pictures of the reference batch.
    pub(super) fn reference_batch(&self) -> usize {
        self.reference_batch
    }

    /// Makes layers that compute in `precision`; their parameters are always 32-bit.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Precision in which the layers compute.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Makes zeros on `device`, for networks whose weights are loaded afterwards.
    pub fn zeros(device: &Device) -> Self {
        Self {
            kind: None,
            gain: 0.0,
            rng: ChaCha8Rng::seed_from_u64(0),
            device: device.clone(),
            precision: Precision::F32,
            spectral_norm: false,
            reference_batch: 0,
        }
    }

    /// Makes layers from here on with spectral normalisation or without it, as networks with these norms have them. Networks whose
    /// weights are loaded to be used have none: it is part of their weights.
    pub fn set_norm(&mut self, norm: NormKind) {
        self.spectral_norm = norm == NormKind::Spectral && self.kind.is_some();
    }

    /// Whether layers get spectral normalisation.
    pub(super) fn has_spectral_norm(&self) -> bool {
        self.spectral_norm
    }

    /// A direction at random, `[size]`, of length 1.
    pub(super) fn direction(&mut self, size: usize) -> Tensor<1> {
        let mut values = self.normal(size);
        let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
        for value in &mut values {
            *value = (f64::from(*value) / squares.sqrt()) as f32;
        }
        Tensor::from_data(TensorData::new(values, [size]), &self.device)
    }

    /// The device on which parameters are made.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Weight of a convolution, `[out, in, kernel, kernel]`, or of a transposed one, `[in, out, kernel, kernel]`.
    ///
    /// The fans are counted as PyTorch does, from the second dimension (in) and the first (out), whatever the layer.
    /// Xavier: Glorot and Bengio, 2010. Kaiming: He et al., 2015. Orthogonal: Saxe, McClelland and Ganguli, 2014.
    pub fn weight(&mut self, shape: [usize; 4]) -> Param<Tensor<4>> {
        let [rows, second, height, width] = shape;
        let (fan_in, fan_out) = (second * height * width, rows * height * width);
        let Some(kind) = self.kind else {
            // One zero, expanded: weights that will be replaced need no memory.
            let zero = Tensor::<4>::zeros([1; 4], &self.device);
            return Param::from_tensor(zero.expand(shape));
        };
        let mut values = self.normal(rows * fan_in);
        let std_dev = match kind {
            InitKind::Normal => self.gain,
            InitKind::Xavier => self.gain * (2.0 / (fan_in + fan_out) as f64).sqrt(),
            InitKind::Kaiming => (2.0 / fan_in as f64).sqrt(),
            InitKind::Orthogonal => {
                orthogonalise(&mut values, rows, fan_in);
                self.gain
            }
        };
        for value in &mut values {
            *value *= std_dev as f32;
        }
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Weight of a layer whose scale is not of its weights: normal with this standard deviation, whatever the recipe's law.
    pub(crate) fn standard_normal(
        &mut self,
        shape: [usize; 4],
        deviation: f64,
    ) -> Param<Tensor<4>> {
        if self.kind.is_none() {
            return self.weight(shape);
        }
        let mut values = self.normal(shape.iter().product());
        for value in &mut values {
            *value *= deviation as f32;
        }
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// A bias: zeros.
    pub fn bias(&self, channels: usize) -> Param<Tensor<1>> {
        self.constant(0.0, channels)
    }

    /// Scale of an instance normalisation: ones.
    pub fn ones(&self, channels: usize) -> Param<Tensor<1>> {
        self.constant(1.0, channels)
    }

    /// One value for each channel.
    pub fn constant(&self, value: f32, channels: usize) -> Param<Tensor<1>> {
        Param::from_data(
            TensorData::new(vec![value; channels], [channels]),
            &self.device,
        )
    }

    /// Scale of a batch normalisation: normal around 1 with standard deviation `gain`.
    pub fn scale(&mut self, channels: usize) -> Param<Tensor<1>> {
        let gain = self.gain as f32;
        let values: Vec<f32> = self
            .normal(channels)
            .into_iter()
            .map(|value| 1.0 + gain * value)
            .collect();
        Param::from_data(TensorData::new(values, [channels]), &self.device)
    }

    fn normal(&mut self, count: usize) -> Vec<f32> {
        StandardNormal
            .sample_iter(&mut self.rng)
            .take(count)
            .collect()
    }
}

/// Makes the rows of a `rows` x `columns` matrix orthonormal, or the columns if there are fewer of them.
fn orthogonalise(values: &mut [f32], rows: usize, columns: usize) {
    if rows <= columns {
        let mut vectors: Vec<Vec<f64>> = values
            .chunks_exact(columns)
            .map(|row| row.iter().copied().map(f64::from).collect())
            .collect();
        gram_schmidt(&mut vectors);
        for (value, new) in values.iter_mut().zip(vectors.iter().flatten()) {
            *value = *new as f32;
        }
    } else {
        let mut vectors: Vec<Vec<f64>> = (0..columns)
            .map(|column| {
                let entries = values.iter().skip(column).step_by(columns);
                entries.copied().map(f64::from).collect()
            })
            .collect();
        gram_schmidt(&mut vectors);
        for (column, vector) in vectors.iter().enumerate() {
            for (row, new) in vector.iter().enumerate() {
                values[row * columns + column] = *new as f32;
            }
        }
    }
}

/// Modified Gram-Schmidt: normalises each vector, then removes its component from those after it.
fn gram_schmidt(vectors: &mut [Vec<f64>]) {
    let dot = |first: &[f64], second: &[f64]| -> f64 {
        first.iter().zip(second).map(|(x, y)| x * y).sum()
    };
    for index in 0..vectors.len() {
        let (before, after) = vectors.split_at_mut(index + 1);
        let unit = &mut before[index];
        // Random vectors are never zero.
        let scale = dot(unit, unit).sqrt().recip();
        for value in unit.iter_mut() {
            *value *= scale;
        }
        let unit = &*unit;
        after.par_iter_mut().for_each(|vector| {
            let along = dot(unit, vector);
            for (value, direction) in vector.iter_mut().zip(unit) {
                *value -= along * direction;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(kind: InitKind, gain: f64, shape: [usize; 4]) -> Vec<f32> {
        let mut init = WeightInit::new(kind, gain, 7, 0, &Device::flex());
        let data = init.weight(shape).val().into_data();
        data.try_into_vec().unwrap()
    }

    fn std_dev(values: &[f32]) -> f64 {
        let squares: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
        (squares / values.len() as f64).sqrt()
    }

    #[test]
    fn each_law_has_its_standard_deviation() {
        let shape = [64, 32, 4, 4];
        let cases = [
            (InitKind::Normal, 0.02, 0.02),
            (InitKind::Xavier, 0.5, 0.5 * (2.0f64 / (96.0 * 16.0)).sqrt()),
            (InitKind::Kaiming, 0.02, (2.0f64 / 512.0).sqrt()),
            // Rows of norm 1 over 512 entries.
            (InitKind::Orthogonal, 2.0, 2.0 / 512.0f64.sqrt()),
        ];
        for (kind, gain, expected) in cases {
            let got = std_dev(&weight(kind, gain, shape));
            assert!(
                (got / expected - 1.0).abs() < 0.02,
                "{kind:?}: {got} for {expected}"
            );
        }
    }

    #[test]
    fn orthogonal_weights_are_orthogonal_both_ways() {
        for shape in [[6, 3, 3, 3], [40, 3, 2, 2]] {
            let columns = shape[1] * shape[2] * shape[3];
            let values = weight(InitKind::Orthogonal, 1.0, shape);
            let entry = |row: usize, column: usize| values[row * columns + column];
            let wide = shape[0] <= columns;
            let (count, length) = if wide {
                (shape[0], columns)
            } else {
                (columns, shape[0])
            };
            for i in 0..count {
                for j in 0..count {
                    let product: f32 = (0..length)
                        .map(|k| {
                            if wide {
                                entry(i, k) * entry(j, k)
                            } else {
                                entry(k, i) * entry(k, j)
                            }
                        })
                        .sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!(
                        (product - expected).abs() < 1e-5,
                        "{shape:?} {i} {j}: {product}"
                    );
                }
            }
        }
    }

    #[test]
    fn streams_differ_and_seeds_repeat() {
        let draw = |seed, stream| {
            let device = Device::flex();
            let mut init = WeightInit::new(InitKind::Normal, 1.0, seed, stream, &device);
            init.weight([2, 2, 1, 1]).val().into_data()
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }
}
