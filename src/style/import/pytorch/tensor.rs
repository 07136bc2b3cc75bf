//! Tensors whose numbers are still in the file.

use std::rc::Rc;

use super::element::Element;
use super::error::{PickleError, Result};

/// A run of numbers in a checkpoint, on which tensors are views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storage {
    /// Its name in the container.
    pub(super) key: Rc<str>,
    /// `None` for bytes, whose type each tensor says.
    pub(super) element: Option<Element>,
    /// Elements before those that tensors here begin to count at.
    pub(super) offset: usize,
    /// Elements from the first of the whole storage to the last that tensors may use.
    pub(super) end: usize,
}

/// A strided view on a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct StoredTensor {
    /// Name of the storage in the container.
    pub(super) key: Rc<str>,
    /// Type of the numbers.
    pub(in super::super) element: Element,
    /// Sizes of the dimensions.
    pub(in super::super) shape: Vec<usize>,
    strides: Vec<usize>,
    /// Elements of the storage before the first one.
    first: usize,
    /// Elements of the storage up to the last one that the tensor reaches.
    end: usize,
}

impl StoredTensor {
    /// A view of `shape` on `storage`, whose numbers are of type `element`, from its element `offset` on.
    ///
    /// # Errors
    /// It reaches beyond the storage.
    pub(super) fn new(
        storage: &Storage,
        element: Element,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self> {
        let beyond = || {
            PickleError::Invalid(format!(
                "a tensor reaches beyond the end of its storage `{}`",
                storage.key
            ))
        };
        if shape.len() != strides.len() {
            return Err(PickleError::invalid(
                "a tensor has other dimensions than strides",
            ));
        }
        let first = offset.checked_add(storage.offset).ok_or_else(beyond)?;
        let numbers = shape
            .iter()
            .try_fold(element.size(), |bytes, size| bytes.checked_mul(*size))
            .ok_or_else(beyond)?;
        let end = if numbers == 0 {
            first
        } else {
            let reach = shape.iter().zip(&strides);
            reach
                .map(|(size, stride)| (size - 1).checked_mul(*stride))
                .try_fold(first, |reach, step| reach.checked_add(step?))
                .and_then(|last| last.checked_add(1))
                .ok_or_else(beyond)?
        };
        let available = match storage.element {
            Some(_) => storage.end,
            None => storage.end / element.size(),
        };
        if end > available || end.checked_mul(element.size()).is_none() {
            return Err(beyond());
        }
        Ok(Self {
            key: Rc::clone(&storage.key),
            element,
            shape,
            strides,
            first,
            end,
        })
    }

    /// Bytes of the tensor itself.
    pub(in super::super) fn byte_len(&self) -> usize {
        // Checked when it was made.
        self.shape.iter().product::<usize>() * self.element.size()
    }

    /// The bytes of its storage that it needs.
    pub(super) fn byte_range(&self) -> std::ops::Range<u64> {
        let size = self.element.size() as u64;
        self.first as u64 * size..self.end as u64 * size
    }

    /// Its numbers in row-major order, out of the bytes in [`byte_range`](Self::byte_range).
    pub(super) fn gather(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut contiguous = 1;
        let mut is_contiguous = true;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            is_contiguous &= size == 1 || stride == contiguous;
            contiguous *= size;
        }
        if is_contiguous || bytes.is_empty() {
            return bytes;
        }
        let size = self.element.size();
        let mut gathered = Vec::with_capacity(self.byte_len());
        let mut index = vec![0; self.shape.len()];
        let mut at = 0;
        loop {
            gathered.extend_from_slice(&bytes[at * size..(at + 1) * size]);
            // Counts up the last dimension that is not at its end.
            let mut dimension = self.shape.len();
            loop {
                if dimension == 0 {
                    return gathered;
                }
                dimension -= 1;
                at += self.strides[dimension];
                index[dimension] += 1;
                if index[dimension] < self.shape[dimension] {
                    break;
                }
                at -= self.strides[dimension] * self.shape[dimension];
                index[dimension] = 0;
            }
        }
    }
}
