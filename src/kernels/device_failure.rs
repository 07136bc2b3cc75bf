//! What fails on devices, in words for the person whose work it was.

use crate::panics;

/// Why work on a device has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFailure {
    /// A tensor of so many bytes is more than the device takes at once.
    #[error("the device takes no tensor of {}", size(*.0))]
    TooLarge(u64),
    /// The device has no more memory, for so many bytes if it tells.
    #[error("the device is out of memory{}", .0.map_or(String::new(), |bytes| format!(" for a tensor of {}", size(bytes))))]
    OutOfMemory(Option<u64>),
    /// Anything else, in the words of the backend.
    #[error("the work on the device failed: {0}")]
    Other(String),
}

impl DeviceFailure {
    /// Runs `work`; backends report failures by panics, some of them in other threads.
    ///
    /// # Errors
    /// It has failed.
    pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Self> {
        let (result, behind) = panics::catch_with_drivers(work);
        // What went wrong first is what a driver's thread has said.
        result.map_err(|message| Self::from_message(&behind.unwrap_or(message)))
    }

    /// Whether less work at a time may succeed.
    pub fn is_of_memory(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    fn from_message(message: &str) -> Self {
        let number_after = |words: &str| {
            let (_, rest) = message.split_once(words)?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        if let Some(bytes) = number_after("allocate buffer of size: ") {
            return Self::TooLarge(bytes);
        }
        if message.to_lowercase().contains("out of memory")
            || message.contains("out of device memory")
        {
            return Self::OutOfMemory(number_after("out of device memory allocating "));
        }
        Self::Other(message.to_owned())
    }
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_backends_say_is_understood() {
        let of = DeviceFailure::from_message;
        let reason = "Error while reading data: WithContext { reason: \"can't allocate buffer of size: 268435456\\n\" }";
        let failure = of(reason);
        assert_eq!(failure, DeviceFailure::TooLarge(1 << 28));
        assert_eq!(failure.to_string(), "the device takes no tensor of 256 MiB");
        let failure = of("out of device memory allocating 1048577 bytes");
        assert_eq!(
            failure.to_string(),
            "the device is out of memory for a tensor of 2 MiB"
        );
        let failure = of("CUDA out of memory. Tried to allocate 2.00 GiB");
        assert_eq!(failure, DeviceFailure::OutOfMemory(None));
        assert!(failure.is_of_memory());
        let failure = of("wgpu error: Validation Error");
        assert_eq!(
            failure.to_string(),
            "the work on the device failed: wgpu error: Validation Error"
        );
        assert!(!failure.is_of_memory());
    }

    #[test]
    fn work_that_fails_says_why() {
        assert_eq!(DeviceFailure::catch(|| 3), Ok(3));
        let failure = DeviceFailure::catch(|| panic!("wgpu error: Out of Memory"));
        assert_eq!(failure, Err::<(), _>(DeviceFailure::OutOfMemory(None)));
    }
}
