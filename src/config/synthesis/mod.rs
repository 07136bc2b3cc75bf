//! Recipes of the modes that make pictures from noise: what their keys default to, and which of them go together.

mod latent_codes;
mod modes;
mod networks;
mod stages;
