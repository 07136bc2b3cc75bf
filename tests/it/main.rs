//! The one integration binary; each area has its module.

#![expect(
    unreachable_pub,
    reason = "helpers are shared by modules of one binary"
)]

mod fixture;
mod forward;
mod objective;
mod optimiser;
mod training;
