//! Element types of PyTorch's tensors.

use burn::tensor::DType;

/// The type of a tensor's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Element {
    /// Floating point that the host computes with.
    Float(DType),
    /// 8-bit floating point: 4 bits of exponent, 3 of mantissa, no infinities.
    Float8E4M3,
    /// 8-bit floating point: 5 bits of exponent, 2 of mantissa.
    Float8E5M2,
    /// Integers and booleans of this many bytes.
    Integer(usize),
    /// Complex, quantized and other numbers of this many bytes, which no weights here are.
    Other(usize),
}

impl Element {
    /// The type that a class such as `torch.FloatStorage` stores.
    pub(super) fn from_storage_class(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Self::Float(DType::F32),
            "DoubleStorage" => Self::Float(DType::F64),
            "HalfStorage" => Self::Float(DType::F16),
            "BFloat16Storage" => Self::Float(DType::BF16),
            "LongStorage" => Self::Integer(8),
            "IntStorage" => Self::Integer(4),
            "ShortStorage" => Self::Integer(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Integer(1),
            "ComplexDoubleStorage" => Self::Other(16),
            "ComplexFloatStorage" => Self::Other(8),
            "QInt32Storage" => Self::Other(4),
            _ if name.starts_with('Q') => Self::Other(1),
            _ => return None,
        })
    }

    /// The type that an attribute of `torch`, such as `float8_e5m2`, stands for.
    pub(super) fn from_dtype(name: &str) -> Option<Self> {
        Some(match name {
            "float32" | "float" => Self::Float(DType::F32),
            "float64" | "double" => Self::Float(DType::F64),
            "float16" | "half" => Self::Float(DType::F16),
            "bfloat16" => Self::Float(DType::BF16),
            "float8_e4m3fn" => Self::Float8E4M3,
            "float8_e5m2" => Self::Float8E5M2,
            "int64" | "uint64" | "long" => Self::Integer(8),
            "int32" | "uint32" | "int" => Self::Integer(4),
            "int16" | "uint16" | "short" => Self::Integer(2),
            "int8" | "uint8" | "bool" => Self::Integer(1),
            _ if name.starts_with("float8_") => Self::Other(1),
            _ => return None,
        })
    }

    /// Bytes of one number.
    pub(in super::super) fn size(self) -> usize {
        match self {
            Self::Float(kind) => kind.size(),
            Self::Float8E4M3 | Self::Float8E5M2 => 1,
            Self::Integer(size) | Self::Other(size) => size,
        }
    }

    /// Whether weights can be of this type.
    pub(in super::super) fn is_float(self) -> bool {
        matches!(self, Self::Float(_) | Self::Float8E4M3 | Self::Float8E5M2)
    }
}
