//! Device names to Burn devices.
