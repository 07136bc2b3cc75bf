//! The engine of a group, where the program has one.

#[cfg(all(feature = "libtorch", target_os = "linux"))]
pub(super) use crate::kernels::libtorch::{GpuGroup, GroupOptions, Nccl, ProcessGroup};

#[cfg(not(all(feature = "libtorch", target_os = "linux")))]
pub(super) use absent::{GpuGroup, Nccl, ProcessGroup};

/// A program without an engine: there is no group in it.
#[cfg(not(all(feature = "libtorch", target_os = "linux")))]
mod absent {
    use std::time::Duration;

    use burn::tensor::Tensor;

    #[derive(Debug)]
    pub(in super::super) enum ProcessGroup {}

    #[derive(Debug)]
    pub(in super::super) enum GpuGroup {}

    /// Stands for a library that is not there.
    #[derive(Debug)]
    pub(in super::super) enum Nccl {}

    impl Nccl {
        pub(in super::super) fn load() -> Result<Self, String> {
            Err("this program is built without LibTorch".to_owned())
        }

        pub(in super::super) fn new_id(&self) -> Result<Vec<u8>, String> {
            match *self {}
        }
    }

    impl GpuGroup {
        pub(in super::super) fn join(
            nccl: Nccl,
            _: &[u8],
            _: [usize; 2],
            _: usize,
        ) -> Result<Self, String> {
            match nccl {}
        }

        pub(in super::super) fn sum(
            &mut self,
            _: Tensor<1>,
            _: Duration,
        ) -> Result<Tensor<1>, String> {
            match *self {}
        }
    }

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
