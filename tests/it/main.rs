//! The one integration binary; each area has its module.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod apply_network;
mod apply_output;
mod apply_plan;
mod apply_run;
mod evaluate;
