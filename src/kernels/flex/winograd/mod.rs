//! Convolutions in fewer multiplications: Winograd's minimal filtering, here of kernels of 3 x 3 at stride 1.
//!
//! Four neighbouring outputs of a filter with three taps need six multiplications instead of twelve, once input, weights and
//! output have gone through small linear transforms: in two dimensions 36 for a tile of 16 outputs instead of 144. The
//! products of all tiles and channels are matrix products, one for each of the 36 points of the transform.
//!
//! A thread takes a few segments of 16 tiles through transform, products and transform back, so that what lies between stays in its
//! own cache, and threads need not wait for each other. Measured against one step after the other over blocks of 128 tiles: 1.2 times
//! as fast with 256 channels of 64 x 64, 1.3 with 128 channels of rows of 1000 pixels, 1.6 with 33 of 41 x 53.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. Measured against tiles of four outputs, which
//! need 16 multiplications instead of 36 and whose factors are all 1 or 1/2: `resnet_9blocks` translates a third more
//! pictures per second, and a CycleGAN step at 256 x 256 takes a third less time. The rounding error of 256 channels is
//! 1.5e-6 of the outputs' deviation instead of 0.5e-6, where adding up in order makes one of 0.8e-6.
//!
//! Kernels of 4 x 4 and 3 x 3 at stride 2, and their input gradients, are kernels of two taps or fewer on every second pixel. For
//! tiles of 2 x 2 of the smaller picture they need 36 and 25 multiplications instead of 64 and 36: 1.1 to 1.8 times as fast for the
//! layers of `unet_256` with 32 x 32 pixels and more, and for those of ResNets. With fewer pixels, transforming the weights takes as
//! long as is saved.

mod convolution;
mod deinterleave;
mod few_tiles;
mod halving;
mod kernels;
mod lines;
mod products;
mod reader;
mod scheme;
mod segments;
mod tiles;
mod transform;
mod weights;
mod writer;

pub(in crate::kernels) use convolution::{
    convolution, has_input_gradient, input_gradient, is_applicable, weight_gradient,
};
pub(in crate::kernels) use transform::has_weight_gradient;
