//! Convolutions with fewer multiplications: Winograd's minimal filtering.
//!
//! Two neighbouring outputs of a filter with `r` taps need `r + 1` multiplications instead of `2 r`, once input, weights
//! and output have gone through small linear transforms; in two dimensions that saves the square. A kernel of 3 x 3 takes
//! 16 products for 4 outputs instead of 36, one of 4 x 4, as four of 2 x 2, takes 36 instead of 64. The products of all
//! tiles and channels are matrix products, one for each point of the transform.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. Measured: the convolutions of a ResNet
//! generator, forward and backward, take about half as long as by columns; the rounding errors stay of the same size,
//! since with two outputs to a tile all factors are 1 or 1/2.

mod algorithm;
mod convolution;
mod lines;
mod tiles;
mod weights;

pub(super) use convolution::{convolution, input_gradient, weight_gradient};
