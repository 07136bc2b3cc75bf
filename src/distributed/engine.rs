//! The engine of a group, where the program has one.

#[cfg(all(feature = "libtorch", target_os = "linux"))]
pub(super) use crate::kernels::libtorch::{GroupOptions, ProcessGroup};

#[cfg(not(all(feature = "libtorch", target_os = "linux")))]
pub(super) use absent::ProcessGroup;

/// A program without an engine: there is no group in it.
#[cfg(not(all(feature = "libtorch", target_os = "linux")))]
mod absent {
    use std::time::Duration;

    #[derive(Debug)]
    pub(in super::super) enum ProcessGroup {}

    impl ProcessGroup {
        pub(in super::super) fn sum(&self, _: &mut [f32], _: Duration) -> Result<(), String> {
            match *self {}
        }

        pub(in super::super) fn broadcast(
            &self,
            _: &mut [u8],
            _: usize,
            _: Duration,
        ) -> Result<(), String> {
            match *self {}
        }

        pub(in super::super) fn collect(
            &self,
            _: &mut [u8],
            _: Duration,
        ) -> Result<Vec<u8>, String> {
            match *self {}
        }

        pub(in super::super) fn send(
            &self,
            _: &mut [u8],
            _: usize,
            _: Duration,
        ) -> Result<(), String> {
            match *self {}
        }

        pub(in super::super) fn receive(
            &self,
            _: &mut [u8],
            _: usize,
            _: Duration,
        ) -> Result<(), String> {
            match *self {}
        }
    }
}
