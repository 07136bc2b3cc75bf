//! From device names to Burn devices.

use std::str::FromStr;

use burn::tensor::{Device, Tensor};

use crate::kernels::Precision;
#[cfg(feature = "libtorch")]
use crate::kernels::libtorch;
#[cfg(feature = "wgpu")]
use crate::kernels::wgpu;
use crate::panics;

/// A device as the user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// The best device that is compiled in and answers: a GPU, then LibTorch, then the CPU.
    Auto,
    /// The pure-Rust CPU backend.
    Cpu,
    /// LibTorch on the CPU.
    LibTorch,
    /// LibTorch on an NVIDIA GPU, by index.
    LibTorchCuda(usize),
    /// An NVIDIA GPU, by index.
    Cuda(usize),
    /// A GPU of any maker.
    Wgpu(AdapterChoice),
}

/// One of the graphics adapters of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterChoice {
    /// A discrete GPU, or else an integrated one, or whatever there is.
    Best,
    /// The first integrated GPU.
    Integrated,
    /// By index.
    Index(usize),
}

/// A device that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Not a device name.
    #[error(
        "`{0}` is not a device: use auto, cpu, libtorch, libtorch-cuda[:N], cuda[:N], wgpu[:N] or wgpu:integrated"
    )]
    Unknown(String),
    /// The feature is not compiled in.
    #[error(
        "device `{device}` is not compiled into this program: build it with `cargo build --release --features {feature}`"
    )]
    NotCompiled {
        /// Device.
        device: String,
        /// Cargo feature that brings it.
        feature: &'static str,
    },
    /// The device does not answer.
    #[error(
        "device `{device}` does not answer on this machine ({message}): check its driver, or use `--device cpu`"
    )]
    NotPresent {
        /// Device.
        device: String,
        /// What it reported instead.
        message: String,
    },
    /// The device does not compute in this precision.
    #[error(
        "device `{device}` does not compute in {precision}: use `--device cpu` or `libtorch` (a build with `--features libtorch`), or leave `--precision` and `train.precision` at f32"
    )]
    Precision {
        /// Device.
        device: String,
        /// Precision.
        precision: &'static str,
    },
}

/// A device that has answered.
#[derive(Debug, Clone)]
pub struct OpenDevice {
    /// As the user would name it.
    pub name: DeviceName,
    /// Without automatic differentiation.
    pub device: Device,
}

impl OpenDevice {
    /// Checks that the device offers `precision`.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, precision: Precision) -> Result<(), DeviceError> {
        if self.name.offers(precision) {
            return Ok(());
        }
        Err(DeviceError::Precision {
            device: self.name.to_string(),
            precision: precision.name(),
        })
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(text.to_owned());
        if text == "wgpu:integrated" {
            return Ok(Self::Wgpu(AdapterChoice::Integrated));
        }
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        match (name, index) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu),
            ("libtorch", None) => Ok(Self::LibTorch),
            ("libtorch-cuda", index) => Ok(Self::LibTorchCuda(index.unwrap_or(0))),
            ("cuda", index) => Ok(Self::Cuda(index.unwrap_or(0))),
            ("wgpu", index) => Ok(Self::Wgpu(
                index.map_or(AdapterChoice::Best, AdapterChoice::Index),
            )),
            _ => Err(unknown()),
        }
    }
}

impl std::fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => write!(formatter, "auto"),
            Self::Cpu => write!(formatter, "cpu"),
            Self::LibTorch => write!(formatter, "libtorch"),
            Self::LibTorchCuda(index) => write!(formatter, "libtorch-cuda:{index}"),
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
            Self::Wgpu(AdapterChoice::Best) => write!(formatter, "wgpu"),
            Self::Wgpu(AdapterChoice::Integrated) => write!(formatter, "wgpu:integrated"),
            Self::Wgpu(AdapterChoice::Index(index)) => write!(formatter, "wgpu:{index}"),
        }
    }
}

impl DeviceName {
    /// What `auto` tries, best first.
    pub const ALL: [Self; 5] = [
        Self::LibTorchCuda(0),
        Self::Cuda(0),
        Self::Wgpu(AdapterChoice::Best),
        Self::LibTorch,
        Self::Cpu,
    ];

    /// What `translate devices` lists: the same, with every graphics adapter.
    pub fn listed() -> Vec<Self> {
        #[cfg(feature = "wgpu")]
        let adapters = wgpu::adapters().len();
        #[cfg(not(feature = "wgpu"))]
        let adapters = 0;
        let numbered = (0..adapters).map(|index| Self::Wgpu(AdapterChoice::Index(index)));
        let mut names = Self::ALL.to_vec();
        if let Some(place) = names
            .iter()
            .position(|name| adapters > 0 && matches!(name, Self::Wgpu(_)))
        {
            names.splice(place..=place, numbered);
        }
        names
    }

    /// What stands behind the name: model, kind, driver and memory of a graphics adapter.
    pub fn description(self) -> Option<String> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu(choice) => choice.adapter().ok().map(ToString::to_string),
            _ => None,
        }
    }

    /// Whether `auto` may take the device: it takes no processor in the role of a GPU.
    fn is_hardware(self) -> bool {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu(choice) => choice
                .adapter()
                .is_ok_and(|adapter| adapter.kind != wgpu::AdapterKind::Software),
            _ => true,
        }
    }

    /// The cargo feature of the device.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Auto | Self::Cpu => "flex",
            Self::LibTorch | Self::LibTorchCuda(_) => "libtorch",
            Self::Cuda(_) => "cuda",
            Self::Wgpu(_) => "wgpu",
        }
    }

    /// Whether convolutions of this precision can be computed on the device.
    fn offers(self, precision: Precision) -> bool {
        match precision {
            Precision::F32 => true,
            Precision::Bf16 => {
                matches!(self, Self::Cpu | Self::LibTorch | Self::LibTorchCuda(_))
            }
        }
    }

    /// Whether the device computes synchronously, so that reading a result waits for nothing else.
    pub fn is_synchronous(self) -> bool {
        matches!(self, Self::Cpu | Self::LibTorch)
    }

    /// Opens the device and computes one sum on it.
    ///
    /// # Errors
    /// The device is not compiled in, or does not answer.
    pub fn open(self) -> Result<OpenDevice, DeviceError> {
        if self == Self::Auto {
            let mut candidates = Self::ALL.into_iter().filter(|name| name.is_hardware());
            let answering = candidates.find_map(|name| name.open().ok());
            return answering.ok_or_else(|| Self::Cpu.not_compiled());
        }
        let make = self.constructor().ok_or_else(|| self.not_compiled())?;
        #[cfg(feature = "libtorch")]
        if let Self::LibTorchCuda(index) = self
            && let Some(message) = libtorch::missing_gpu(index)
        {
            return Err(self.not_present(message));
        }
        // Burn reports a missing GPU or driver by a panic.
        let answer = panics::catch(|| {
            let device = make()?;
            let sum = Tensor::<1>::ones([2], &device).sum().into_scalar::<f32>();
            let is_right = (sum - 2.0).abs() < f32::EPSILON;
            is_right
                .then_some(device)
                .ok_or_else(|| "it computes wrong sums".to_owned())
        });
        let message = match answer.flatten() {
            Ok(device) => return Ok(OpenDevice { name: self, device }),
            Err(message) => message,
        };
        Err(self.not_present(message))
    }

    /// Opens the device for one of several processes on a machine, counted from 0: of GPUs each has its own, counted from this
    /// one. Where there are fewer, several share one.
    ///
    /// # Errors
    /// As [`DeviceName::open`].
    pub fn open_for(self, process: usize) -> Result<OpenDevice, DeviceError> {
        if self == Self::Auto && process > 0 {
            let mut answering = Self::ALL.into_iter();
            let answering = answering.find_map(|name| name.of_process(process).open().ok());
            return answering.ok_or_else(|| Self::Cpu.not_compiled());
        }
        self.of_process(process).open()
    }

    fn of_process(self, process: usize) -> Self {
        match self {
            #[cfg(feature = "libtorch")]
            Self::LibTorchCuda(first) => {
                let count = libtorch::gpu_count();
                let others = count.saturating_sub(first).max(1);
                Self::LibTorchCuda(first + process % others)
            }
            Self::Cuda(first) => Self::Cuda(first + process),
            name => name,
        }
    }

    fn not_present(self, message: String) -> DeviceError {
        DeviceError::NotPresent {
            device: self.to_string(),
            message,
        }
    }

    fn not_compiled(self) -> DeviceError {
        DeviceError::NotCompiled {
            device: self.to_string(),
            feature: self.feature(),
        }
    }

    /// The constructor of the device; `None` if it is not compiled in.
    #[cfg_attr(
        feature = "libtorch",
        expect(
            deprecated,
            reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
        )
    )]
    fn constructor(self) -> Option<Constructor> {
        match self {
            #[cfg(feature = "flex")]
            Self::Cpu => Some(Box::new(|| Ok(Device::flex()))),
            #[cfg(feature = "libtorch")]
            Self::LibTorch => Some(Box::new(|| {
                libtorch::start();
                Ok(Device::libtorch())
            })),
            #[cfg(feature = "libtorch")]
            Self::LibTorchCuda(index) => Some(Box::new(move || {
                libtorch::start();
                Ok(Device::libtorch_cuda(index))
            })),
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => Some(Box::new(move || Ok(Device::cuda(index)))),
            #[cfg(feature = "wgpu")]
            Self::Wgpu(choice) => Some(Box::new(move || wgpu::open(choice.adapter()?))),
            _ => None,
        }
    }
}

/// Makes a device, or says why it cannot be made.
type Constructor = Box<dyn Fn() -> Result<Device, String>>;

#[cfg(feature = "wgpu")]
impl AdapterChoice {
    fn adapter(self) -> Result<&'static wgpu::Adapter, String> {
        let mut adapters = wgpu::adapters().iter();
        let (chosen, missing) = match self {
            Self::Best => (
                adapters.min_by_key(|adapter| adapter.kind),
                "no driver offers an adapter".to_owned(),
            ),
            Self::Integrated => (
                adapters.find(|adapter| adapter.kind == wgpu::AdapterKind::Integrated),
                "no adapter is an integrated GPU".to_owned(),
            ),
            Self::Index(index) => (
                adapters.nth(index),
                format!(
                    "it has {} graphics adapters, counted from 0",
                    wgpu::adapters().len()
                ),
            ),
        };
        chosen.ok_or(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for text in [
            "auto",
            "cpu",
            "libtorch",
            "libtorch-cuda:1",
            "cuda:0",
            "wgpu",
            "wgpu:1",
            "wgpu:integrated",
        ] {
            assert_eq!(text.parse::<DeviceName>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<DeviceName>().unwrap(), DeviceName::Cuda(0));
        for text in [
            "gpu",
            "cpu:1",
            "cuda:x",
            "cuda:",
            "cuda:integrated",
            "vulkan",
        ] {
            assert!(text.parse::<DeviceName>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_compiled_in_names_its_feature() {
        assert_eq!(DeviceName::Cpu.open().unwrap().name, DeviceName::Cpu);
        #[cfg(not(feature = "cuda"))]
        assert_eq!(
            DeviceName::Cuda(0).open().unwrap_err().to_string(),
            "device `cuda:0` is not compiled into this program: build it with `cargo build --release --features cuda`"
        );
    }
}
