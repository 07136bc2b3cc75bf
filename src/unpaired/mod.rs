//! Translation learnt from two sets of pictures without pairs: CycleGAN, CUT and FastCUT.

mod contrastive;
mod cycle_gan;
mod discriminator;
mod heads;
mod patch_nce;

pub use contrastive::Contrastive;
pub use cycle_gan::CycleGan;
