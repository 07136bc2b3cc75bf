//! Translation learnt from two sets of pictures without pairs: CycleGAN, CUT and FastCUT.

mod contrastive;
mod cycle_gan;
mod cycle_losses;
mod discriminator;
mod heads;
mod kept_luminance;
mod laplacian;
mod patch_nce;
mod patch_pool;
mod projections;
mod sliced_wasserstein;
mod transport;

pub use contrastive::Contrastive;
pub use cycle_gan::CycleGan;
