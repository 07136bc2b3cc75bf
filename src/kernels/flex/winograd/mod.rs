//! Convolutions with a kernel of 3 x 3 and stride 1 in fewer multiplications: Winograd's minimal filtering.
//!
//! Two neighbouring outputs of a filter with three taps need four multiplications instead of six, once input, weights and
//! output have gone through small linear transforms: in two dimensions 16 for a tile of four outputs instead of 36. The
//! products of all tiles and channels are matrix products, one for each of the 16 points of the transform.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. Measured: a training step of two ResNet
//! generators takes a fifth less time. The rounding errors stay of the same size, since all factors are 1 or 1/2. The same
//! for kernels of 4 x 4, as four of 2 x 2, gained nothing at 256 x 256: there transforming the weights takes too long.

mod convolution;
mod lines;
mod tiles;
mod transform;
mod weights;

pub(in crate::kernels) use convolution::{convolution, input_gradient, weight_gradient};
pub(in crate::kernels) use transform::suits;
