//! The one integration binary; each area has its module.

mod kernels_activation;
mod kernels_adam;
mod kernels_convolution;
mod kernels_norm;
