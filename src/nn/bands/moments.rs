//! Mean and variance of features that arrive in parts.

use burn::tensor::{Device, Tensor};

use crate::kernels::{ChannelStatistics, channel_statistics};

/// Running mean and sum of squared deviations of each channel.
#[derive(Debug)]
pub(super) struct Moments {
    count: f64,
    channels: Vec<Moment>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    mean: f64,
    squares: f64,
}

impl Moments {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            count: 0.0,
            channels: vec![Moment::default(); channels],
        }
    }

    /// Adds a part, `[1, channels, rows, width]`.
    pub(super) fn add(&mut self, part: Tensor<4>) {
        let [_, _, rows, width] = part.dims();
        let statistics = channel_statistics(part);
        let numbers = |tensor: Tensor<1>| tensor.into_data().convert::<f64>();
        let (means, variances) = (numbers(statistics.mean), numbers(statistics.variance));
        let both = means.iter::<f64>().zip(variances.iter::<f64>());
        // Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
        let count = (rows * width) as f64;
        let total = self.count + count;
        for (moment, (mean, variance)) in self.channels.iter_mut().zip(both) {
            let distance = mean - moment.mean;
            moment.mean += distance * count / total;
            moment.squares += variance * count + distance * distance * self.count * count / total;
        }
        self.count = total;
    }

    /// Mean and biased variance of all parts.
    pub(super) fn statistics(&self, device: &Device) -> ChannelStatistics {
        let tensor = |value: &dyn Fn(&Moment) -> f64| {
            let values: Vec<f32> = self.channels.iter().map(|one| value(one) as f32).collect();
            Tensor::from_floats(values.as_slice(), device)
        };
        ChannelStatistics {
            mean: tensor(&|moment| moment.mean),
            variance: tensor(&|moment| moment.squares / self.count),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    #[test]
    fn parts_have_the_statistics_of_the_whole() {
        let device = Device::flex();
        device.seed(3);
        let far = Distribution::Normal(50.0, 0.5);
        let whole = Tensor::<4>::random([1, 3, 37, 11], far, &device);
        let mut moments = Moments::new(3);
        for (start, rows) in [(0, 1), (1, 20), (21, 3), (24, 13)] {
            moments.add(whole.clone().narrow(2, start, rows));
        }
        let (found, expected) = (moments.statistics(&device), channel_statistics(whole));
        let tolerance = Tolerance::<f32>::relative(1e-5);
        found
            .mean
            .into_data()
            .assert_approx_eq(&expected.mean.into_data(), tolerance);
        found
            .variance
            .into_data()
            .assert_approx_eq(&expected.variance.into_data(), tolerance);
    }
}
