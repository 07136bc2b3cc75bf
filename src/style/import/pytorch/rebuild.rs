//! What the calls in a pickle make: containers and tensors.

use std::rc::Rc;

use super::element::Element;
use super::error::{PickleError, Result};
use super::tensor::{Storage, StoredTensor};
use super::value::{Heap, Object, Value};

/// The result of calling `callable`, a class or function, with `arguments`.
///
/// # Errors
/// A tensor is described wrongly.
pub(super) fn call(heap: &mut Heap, callable: &Value, arguments: &Value) -> Result<Value> {
    let (module, name) = match heap.get(callable) {
        Some(Object::Global(module, name)) => (Rc::clone(module), Rc::clone(name)),
        _ => return Ok(heap.insert(Object::Opaque)),
    };
    let fields = heap.copy_sequence(Some(arguments))?;
    let fields = fields.as_slice();
    let object = match (&*module, &*name) {
        // Their items usually follow; only Python 2 passes them as pairs.
        ("collections", "OrderedDict") | (_, "dict") => {
            let pairs = heap.copy_sequence(fields.first())?;
            let pair = |pair: &Value| match heap.sequence(pair)? {
                [key, value] => Some((key.clone(), value.clone())),
                _ => None,
            };
            Object::Dict(pairs.iter().filter_map(pair).collect())
        }
        // Its first argument makes the values of missing keys.
        ("collections", "defaultdict") => Object::Dict(Vec::new()),
        ("collections", "deque")
        | ("torch", "Size")
        | (_, "list" | "tuple" | "set" | "frozenset") => {
            Object::Sequence(heap.copy_sequence(fields.first())?)
        }
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            return first(fields, &name);
        }
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => tensor(heap, fields, None)?,
        ("torch._utils", "_rebuild_tensor_v3") => {
            // After the storage, offset, sizes, strides, the gradient and its hooks.
            let dtype = fields.get(6).cloned().unwrap_or(Value::Other);
            match heap.get(&dtype) {
                Some(Object::Global(_, dtype)) => match Element::from_dtype(dtype) {
                    Some(element) => tensor(heap, fields, Some(element))?,
                    // A type of which not even the size is known.
                    None => Object::Opaque,
                },
                _ => return Err(PickleError::invalid("a tensor has no type")),
            }
        }
        // A subclass: the function and its arguments make the plain tensor.
        ("torch._tensor", "_rebuild_from_type_v2") => {
            let function = first(fields, &name)?;
            let arguments = fields.get(2).cloned().unwrap_or(Value::Other);
            let is_nested = matches!(
                heap.get(&function),
                Some(Object::Global(_, inner)) if *inner == name
            );
            if is_nested {
                return Err(PickleError::invalid("a tensor is of a type of a type"));
            }
            return call(heap, &function, &arguments);
        }
        _ => Object::Opaque,
    };
    Ok(heap.insert(object))
}

fn first(fields: &[Value], name: &str) -> Result<Value> {
    let first = fields.first().cloned();
    first.ok_or_else(|| PickleError::Invalid(format!("`{name}` is called without arguments")))
}

/// The tensor of `(storage, offset, sizes, strides, ...)`.
fn tensor(heap: &Heap, fields: &[Value], element: Option<Element>) -> Result<Object> {
    let [storage, offset, sizes, strides, ..] = fields else {
        return Err(PickleError::invalid("a tensor has fewer than 4 fields"));
    };
    let Some(Object::Storage(storage)) = heap.get(storage) else {
        return Err(PickleError::invalid("a tensor has no storage"));
    };
    let element = match (storage.element, element) {
        (Some(stored), Some(element)) if stored.size() != element.size() => {
            return Err(PickleError::invalid(
                "a tensor has a type other than that of its storage",
            ));
        }
        (stored, element) => element
            .or(stored)
            .ok_or_else(|| PickleError::invalid("a tensor has no type"))?,
    };
    let tensor = StoredTensor::new(
        storage,
        element,
        natural(offset)?,
        dimensions(heap, sizes)?,
        dimensions(heap, strides)?,
    )?;
    Ok(Object::Tensor(tensor))
}

fn dimensions(heap: &Heap, value: &Value) -> Result<Vec<usize>> {
    let sizes = heap.sequence(value);
    let sizes = sizes.ok_or_else(|| PickleError::invalid("a tensor has no sizes"))?;
    sizes.iter().map(natural).collect()
}

/// A number that is not negative.
pub(super) fn natural(value: &Value) -> Result<usize> {
    let number = match value {
        Value::Int(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    number.ok_or_else(|| PickleError::invalid("a tensor has a size that is not a number"))
}

/// The storage of `("storage", class, key, device, elements, view)`.
///
/// # Errors
/// It is described wrongly.
pub(super) fn storage(heap: &Heap, fields: &[Value]) -> Result<Storage> {
    let [_, class, key, _, elements, view @ ..] = fields else {
        return Err(PickleError::invalid("a storage has fewer than 5 fields"));
    };
    let ((Some(Object::Global(_, class)), _) | (None, Value::Text(class))) =
        (heap.get(class), class)
    else {
        return Err(PickleError::invalid("a storage has no class"));
    };
    let element = match &**class {
        "UntypedStorage" => None,
        class => Some(Element::from_storage_class(class).ok_or_else(|| {
            PickleError::Invalid(format!(
                "`{class}` is a storage of a type that is not known"
            ))
        })?),
    };
    let mut offset = 0;
    let mut end = natural(elements)?;
    // Before PyTorch 0.1.10 a storage could be a part of another: key, first element, elements.
    if let Some([_, first, count]) = view.first().and_then(|view| heap.sequence(view)) {
        offset = natural(first)?;
        end = offset
            .checked_add(natural(count)?)
            .filter(|view_end| *view_end <= end)
            .ok_or_else(|| PickleError::invalid("a view reaches beyond the end of its storage"))?;
    }
    Ok(Storage {
        key: storage_key(key)?,
        element,
        offset,
        end,
    })
}

/// The name of a storage: a text, or a number.
pub(super) fn storage_key(value: &Value) -> Result<Rc<str>> {
    match value {
        Value::Text(text) => Ok(Rc::clone(text)),
        Value::Int(number) => Ok(number.to_string().into()),
        _ => Err(PickleError::invalid("a storage has no key")),
    }
}
