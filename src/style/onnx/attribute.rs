//! Settings of nodes.

use super::message::{AttributeKind, AttributeProto};

/// A floating-point number.
pub(crate) fn float_attr(name: &str, value: f64) -> AttributeProto {
    AttributeProto {
        f: Some(value as f32),
        ..attribute(name, AttributeKind::Float)
    }
}

/// A whole number.
pub(crate) fn int_attr(name: &str, value: usize) -> AttributeProto {
    AttributeProto {
        i: Some(value as i64),
        ..attribute(name, AttributeKind::Int)
    }
}

/// A text.
pub(crate) fn string_attr(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: Some(value.as_bytes().to_vec()),
        ..attribute(name, AttributeKind::String)
    }
}

/// A list of whole numbers.
pub(crate) fn ints_attr(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        ints: values.iter().map(|&value| value as i64).collect(),
        ..attribute(name, AttributeKind::Ints)
    }
}

fn attribute(name: &str, kind: AttributeKind) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: kind.into(),
        ..AttributeProto::default()
    }
}
