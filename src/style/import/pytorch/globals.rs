//! The Python names that a checkpoint may refer to.

/// Whether a weight file may refer to this name: the builders of tensors and plain data.
///
/// The same idea as PyTorch's own `weights_only` loading. Classes that only hold data, as whole checkpoints have beside
/// their weights (options, numbers of numpy), are on the list too, since nothing is ever called. A name with a dot would
/// lead from a harmless module to any other that it imports.
pub(super) fn is_harmless(module: &str, name: &str) -> bool {
    const DATA: [&str; 15] = [
        "bool",
        "bytearray",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "object",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
    ];
    const TYPES: [&str; 16] = [
        "float32", "float64", "float16", "bfloat16", "float", "double", "half", "int8", "int16",
        "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
    ];
    if name.contains('.') {
        return false;
    }
    match module {
        "builtins" => DATA.contains(&name),
        // Python 2.
        "__builtin__" => DATA.contains(&name) || matches!(name, "long" | "unicode" | "xrange"),
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        "collections" => matches!(name, "Counter" | "OrderedDict" | "defaultdict" | "deque"),
        "copy_reg" | "copyreg" => name == "_reconstructor",
        "datetime" => matches!(
            name,
            "date" | "datetime" | "time" | "timedelta" | "timezone"
        ),
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            matches!(name, "_reconstruct" | "scalar")
        }
        "numpy.dtypes" => name.ends_with("DType"),
        "pathlib" | "pathlib._local" => name.ends_with("Path"),
        "torch" => {
            name.ends_with("Storage")
                || name.ends_with("Tensor")
                || TYPES.contains(&name)
                || name.starts_with("float8_")
                || matches!(name, "Size" | "device")
                || matches!(name, "per_tensor_affine" | "per_channel_affine")
        }
        "torch.cuda" => name.ends_with("Storage") || name.ends_with("Tensor"),
        "torch._tensor" => name == "_rebuild_from_type_v2",
        "torch._utils" => name.starts_with("_rebuild_"),
        "torch.nn.parameter" => name == "Parameter",
        "torch.serialization" => name == "_get_layout",
        "torch.storage" => name.ends_with("Storage"),
        "torch.torch_version" => name == "TorchVersion",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_through_a_harmless_module_is_not_harmless() {
        assert!(is_harmless("collections", "OrderedDict"));
        assert!(!is_harmless("collections", "_sys.x.yzw"));
        assert!(!is_harmless("torch.nn.modules.module", "torch"));
        assert!(!is_harmless("torch.storage", "_load_from_bytes"));
    }
}
