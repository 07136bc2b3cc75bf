//! Python objects, as pickles describe them.

use std::rc::Rc;

use super::error::{PickleError, Result};
use super::tensor::{Storage, StoredTensor};

/// Nesting beyond this is not that of a checkpoint.
const MAX_DEPTH: usize = 64;
/// Objects can be shared, so that walking through a small pickle could take forever.
const MAX_VISITS: usize = 4_000_000;

/// A value; containers stand in the [`Heap`], because Python shares them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Int(i64),
    Bool(bool),
    Text(Rc<str>),
    /// `None`, fractions, long integers and bytes: nothing that tensors are made of.
    Other,
    Object(usize),
}

/// What a value refers to.
#[derive(Debug)]
pub(super) enum Object {
    /// A list, tuple, set or deque.
    Sequence(Vec<Value>),
    /// Keys and values in the order in which they were set.
    Dict(Vec<(Value, Value)>),
    /// A class or function by its module and name.
    Global(Rc<str>, Rc<str>),
    Storage(Storage),
    Tensor(StoredTensor),
    /// An instance of a class whose contents do not matter here.
    Opaque,
}

/// All objects of one pickle.
#[derive(Debug, Default)]
pub(super) struct Heap {
    objects: Vec<Object>,
    /// Items of containers that were made out of others.
    copied: usize,
}

impl Heap {
    pub(super) fn insert(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    pub(super) fn get(&self, value: &Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(*index),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, value: &Value) -> Option<&mut Object> {
        match value {
            Value::Object(index) => self.objects.get_mut(*index),
            _ => None,
        }
    }

    pub(super) fn sequence(&self, value: &Value) -> Option<&[Value]> {
        match self.get(value) {
            Some(Object::Sequence(items)) => Some(items),
            _ => None,
        }
    }

    /// All storages that it refers to.
    pub(super) fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.objects.iter().filter_map(|object| match object {
            Object::Storage(storage) => Some(storage),
            _ => None,
        })
    }

    /// The value of a text key in a dictionary.
    pub(super) fn entry(&self, dictionary: &Value, key: &str) -> Option<&Value> {
        let Object::Dict(entries) = self.get(dictionary)? else {
            return None;
        };
        let found = entries.iter().rev();
        found
            .map(|(name, value)| (name, value))
            .find(|(name, _)| matches!(name, Value::Text(text) if **text == *key))
            .map(|(_, value)| value)
    }

    /// A copy of the items of a sequence; of other objects none.
    ///
    /// # Errors
    /// So much was copied that only a pickle made to fill the memory does it.
    pub(super) fn copy_sequence(&mut self, value: Option<&Value>) -> Result<Vec<Value>> {
        let items = value.and_then(|value| self.sequence(value));
        let items = items.unwrap_or_default().to_vec();
        self.copied += items.len();
        if self.copied > MAX_VISITS {
            return Err(PickleError::invalid(
                "its pickle copies more than any checkpoint does",
            ));
        }
        Ok(items)
    }

    /// Passes every tensor below `root` to `take`, with the keys and indices on the way to it, joined by dots.
    ///
    /// # Errors
    /// The objects are nested or shared beyond what checkpoints do.
    pub(super) fn visit_tensors(
        &self,
        root: &Value,
        mut take: impl FnMut(String, &StoredTensor),
    ) -> Result<()> {
        let mut visits = 0;
        let mut pending = vec![(String::new(), root.clone(), 0)];
        while let Some((path, value, depth)) = pending.pop() {
            visits += 1;
            if visits > MAX_VISITS || depth > MAX_DEPTH {
                return Err(PickleError::invalid(
                    "its objects are nested deeper than those of any checkpoint",
                ));
            }
            let join = |part: &str| match path.as_str() {
                "" => part.to_owned(),
                path => format!("{path}.{part}"),
            };
            match self.get(&value) {
                Some(Object::Tensor(tensor)) => take(path, tensor),
                Some(Object::Sequence(items)) => {
                    let objects = items.iter().enumerate().rev();
                    pending.extend(
                        objects
                            .filter(|(_, item)| matches!(item, Value::Object(_)))
                            .map(|(index, item)| {
                                (join(&index.to_string()), item.clone(), depth + 1)
                            }),
                    );
                }
                Some(Object::Dict(entries)) => {
                    let objects = entries.iter();
                    pending.extend(
                        objects
                            .filter(|(_, item)| matches!(item, Value::Object(_)))
                            .filter_map(|(key, item)| {
                                Some((join(&key.as_key()?), item.clone(), depth + 1))
                            }),
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Value {
    /// What names an entry of a dictionary: texts and numbers.
    fn as_key(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.to_string()),
            Self::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }
}
