//! How different the pictures of a batch are, as a feature.

use burn::tensor::Tensor;

/// Pictures whose deviation is taken together, where the batch has a multiple of them.
const GROUP: usize = 4;
/// Added to variances.
const EPSILON: f64 = 1e-8;

/// `[batch, channels, height, width]` with one more channel: the standard deviation over the pictures of a group, on average over
/// channels and places. A discriminator sees from it that generated pictures resemble each other more than real ones.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018.
pub(super) fn minibatch_deviation(features: Tensor<4>) -> Tensor<4> {
    let [batch, _, height, width] = features.dims();
    let (_, deviation) = centred_and_deviation(features.clone());
    let group = batch / deviation.dims()[1];
    let map = deviation
        .mean_dim(2)
        .repeat_dim(0, group)
        .reshape([batch, 1, 1, 1])
        .repeat_dim(2, height)
        .repeat_dim(3, width);
    Tensor::cat(vec![features, map], 1)
}

/// The gradient with respect to `features`, from that of the output.
pub(super) fn minibatch_deviation_gradient(gradient: Tensor<4>, features: Tensor<4>) -> Tensor<4> {
    let shape = features.dims();
    let [batch, channels, ..] = shape;
    let own = gradient.clone().narrow(1, 0, channels);
    let (centred, deviation) = centred_and_deviation(features);
    let [group, groups, values] = centred.dims();
    let of_map = gradient
        .narrow(1, channels, 1)
        .reshape([batch, shape[2] * shape[3]])
        .sum_dim(1)
        .reshape([group, groups, 1])
        .sum_dim(0);
    let share = of_map / (group * values) as f64;
    own + (centred / deviation * share).reshape(shape)
}

/// The distance from the mean of the group, `[group, groups, values]`, and the deviation, `[1, groups, values]`.
fn centred_and_deviation(features: Tensor<4>) -> (Tensor<3>, Tensor<3>) {
    let [batch, channels, height, width] = features.dims();
    let group = if batch.is_multiple_of(GROUP) {
        GROUP
    } else {
        batch
    };
    let rows = features.reshape([group, batch / group, channels * height * width]);
    let centred = rows.clone() - rows.mean_dim(0);
    let deviation = (centred.clone().square().mean_dim(0) + EPSILON).sqrt();
    (centred, deviation)
}
