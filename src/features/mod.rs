//! Networks whose features metrics and losses compare: Inception, AlexNet and VGG. Their weights are files of the user's.

mod distance;
mod feature_network;
mod inception;
mod inception_layout;
mod inception_weights;
mod perceptual;
mod resize;
mod unit;

pub use distance::{Dists, Lpips};
pub use feature_network::FeatureNetwork;
pub use inception::{FEATURES, Inception, InceptionOutput, SIDE};
pub use resize::Resize;
