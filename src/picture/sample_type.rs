//! What one number of a pixel is.

/// Kinds of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SampleClass {
    Unsigned,
    Signed,
    Float,
}

impl SampleClass {
    /// The kind as people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "whole numbers",
            Self::Signed => "signed numbers",
            Self::Float => "floating-point numbers",
        }
    }
}

/// One number of a pixel as it is in memory, in the byte order of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleType {
    /// 0 to 255.
    Unsigned8,
    /// 0 to 65535.
    Unsigned16,
    /// 32 bits without sign.
    Unsigned32,
    /// 64 bits without sign; beyond 2^53 not every number is exact.
    Unsigned64,
    /// -128 to 127.
    Signed8,
    /// -32768 to 32767.
    Signed16,
    /// 32 bits with sign.
    Signed32,
    /// 64 bits with sign; beyond 2^53 not every number is exact.
    Signed64,
    /// Half precision.
    Float16,
    /// Single precision.
    Float32,
    /// Double precision.
    Float64,
}

impl SampleType {
    /// The smallest type that numbers of so many bits fit in; none for those that are not supported.
    pub(crate) fn of(class: SampleClass, bits: usize) -> Option<Self> {
        Some(match (class, bits) {
            (SampleClass::Unsigned, 1..=8) => Self::Unsigned8,
            (SampleClass::Unsigned, 9..=16) => Self::Unsigned16,
            (SampleClass::Unsigned, 17..=32) => Self::Unsigned32,
            (SampleClass::Unsigned, 64) => Self::Unsigned64,
            (SampleClass::Signed, 8) => Self::Signed8,
            (SampleClass::Signed, 16) => Self::Signed16,
            (SampleClass::Signed, 32) => Self::Signed32,
            (SampleClass::Signed, 64) => Self::Signed64,
            (SampleClass::Float, 16) => Self::Float16,
            (SampleClass::Float, 32) => Self::Float32,
            (SampleClass::Float, 64) => Self::Float64,
            _ => return None,
        })
    }

    pub(crate) fn class(self) -> SampleClass {
        match self {
            Self::Unsigned8 | Self::Unsigned16 | Self::Unsigned32 | Self::Unsigned64 => {
                SampleClass::Unsigned
            }
            Self::Signed8 | Self::Signed16 | Self::Signed32 | Self::Signed64 => SampleClass::Signed,
            Self::Float16 | Self::Float32 | Self::Float64 => SampleClass::Float,
        }
    }

    /// Such numbers as people call them.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unsigned32 => "32-bit whole numbers",
            Self::Unsigned64 => "64-bit whole numbers",
            other => other.class().name(),
        }
    }

    /// Bytes of one.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Unsigned8 | Self::Signed8 => 1,
            Self::Unsigned16 | Self::Signed16 | Self::Float16 => 2,
            Self::Unsigned32 | Self::Signed32 | Self::Float32 => 4,
            Self::Unsigned64 | Self::Signed64 | Self::Float64 => 8,
        }
    }

    /// Whether pictures hold it: black is 0, and the highest number is white.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Unsigned8 | Self::Unsigned16)
    }

    /// Black and white of whole numbers that use all that their type has; floating-point numbers have none.
    pub(crate) fn full_range(self) -> Option<[f64; 2]> {
        Some(match self {
            Self::Unsigned8 => [0.0, 255.0],
            Self::Unsigned16 => [0.0, 65_535.0],
            _ => return None,
        })
    }

    /// The number that `bytes` begin with.
    pub(crate) fn read(self, bytes: &[u8]) -> f64 {
        macro_rules! number {
            ($kind:ty) => {
                bytes
                    .first_chunk()
                    .map_or(0.0, |&bytes| f64::from(<$kind>::from_ne_bytes(bytes)))
            };
        }
        macro_rules! long_number {
            ($kind:ty) => {
                bytes
                    .first_chunk()
                    .map_or(0.0, |&bytes| <$kind>::from_ne_bytes(bytes) as f64)
            };
        }
        match self {
            Self::Unsigned8 => number!(u8),
            Self::Unsigned16 => number!(u16),
            Self::Unsigned32 => number!(u32),
            Self::Signed8 => number!(i8),
            Self::Signed16 => number!(i16),
            Self::Signed32 => number!(i32),
            Self::Unsigned64 => long_number!(u64),
            Self::Signed64 => long_number!(i64),
            Self::Float16 => number!(half::f16),
            Self::Float32 => number!(f32),
            Self::Float64 => number!(f64),
        }
    }

    /// Appends the nearest number of this type; what is not a number becomes 0 where there is no such thing.
    pub(crate) fn write(self, number: f64, bytes: &mut Vec<u8>) {
        let rounded = number.round();
        match self {
            Self::Unsigned8 => bytes.extend((rounded as u8).to_ne_bytes()),
            Self::Unsigned16 => bytes.extend((rounded as u16).to_ne_bytes()),
            Self::Unsigned32 => bytes.extend((rounded as u32).to_ne_bytes()),
            Self::Signed8 => bytes.extend((rounded as i8).to_ne_bytes()),
            Self::Signed16 => bytes.extend((rounded as i16).to_ne_bytes()),
            Self::Signed32 => bytes.extend((rounded as i32).to_ne_bytes()),
            Self::Unsigned64 => bytes.extend((rounded as u64).to_ne_bytes()),
            Self::Signed64 => bytes.extend((rounded as i64).to_ne_bytes()),
            Self::Float16 => bytes.extend(half::f16::from_f64(number).to_ne_bytes()),
            Self::Float32 => bytes.extend((number as f32).to_ne_bytes()),
            Self::Float64 => bytes.extend(number.to_ne_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_are_clipped() {
        for (kind, number, wanted) in [
            (SampleType::Unsigned8, 254.6, 255.0),
            (SampleType::Unsigned8, -3.0, 0.0),
            (SampleType::Unsigned16, 1e9, 65_535.0),
            (SampleType::Unsigned32, 4e9, 4e9),
            (SampleType::Signed8, -200.0, -128.0),
            (SampleType::Signed16, -1000.4, -1000.0),
            (SampleType::Signed32, -2e9, -2e9),
            (SampleType::Unsigned64, 1e15, 1e15),
            (SampleType::Signed64, -1e15, -1e15),
            (SampleType::Float16, 0.5, 0.5),
            (SampleType::Float32, -1.25, -1.25),
            (SampleType::Float64, 1e-300, 1e-300),
        ] {
            let mut bytes = Vec::new();
            kind.write(number, &mut bytes);
            assert_eq!(bytes.len(), kind.size());
            assert!((kind.read(&bytes) - wanted).abs() <= 0.0, "{kind:?}");
        }
    }
}
