//! CycleGAN: translation learnt from two sets of pictures without pairs.

mod cycle_gan;

pub use cycle_gan::CycleGan;
