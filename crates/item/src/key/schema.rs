//! Which attributes are a table's key, and taking them out of items.

use super::{KeyValue, PARTITION_KEY_BYTES_MAX, PrimaryKey, SORT_KEY_BYTES_MAX};
use crate::{AttributeType, AttributeValue, Item, ItemView, ValueView};
use bytes::Bytes;

/// The types a key attribute can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

/// Name and type of a key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Attribute name.
    pub name: String,
    /// Its type.
    pub key_type: KeyType,
}

/// A table's primary key: HASH, and RANGE if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySchema {
    /// HASH.
    pub partition: KeyAttribute,
    /// RANGE.
    pub sort: Option<KeyAttribute>,
}

/// Why attributes are not a key of a schema, or bytes not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A key attribute is absent.
    #[error("key attribute {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A key attribute has another type.
    #[error("key attribute {name} has the wrong type")]
    WrongType {
        /// Its name.
        name: String,
        /// What the schema says.
        expected: KeyType,
        /// What it is.
        actual: AttributeType,
    },
    /// An empty string or binary.
    #[error("key attribute {name} is empty")]
    Empty {
        /// Its name.
        name: String,
    },
    /// Above 2,048 bytes (HASH) or 1,024 bytes (RANGE).
    #[error("key attribute {name} has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Its name.
        name: String,
        /// Bytes.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More attributes than the schema has (only where a bare key is asked for).
    #[error("the key has attributes that are not in the schema")]
    NotExact,
    /// Bytes that no encoder made.
    #[error("not an encoded key")]
    Corrupt,
}

impl KeySchema {
    /// The key of an item; other attributes are allowed.
    ///
    /// # Errors
    /// `Missing`, `WrongType`, `Empty` or `TooLarge`, HASH before RANGE.
    pub fn key_of(&self, item: &Item) -> Result<PrimaryKey, KeyError> {
        self.key_from(|name| item.get(name).map(borrow_scalar))
    }

    /// The key of an encoded item; errors as [`KeySchema::key_of`].
    pub fn key_of_view(&self, item: ItemView<'_>) -> Result<PrimaryKey, KeyError> {
        self.key_from(|name| item.get(name).map(Scalar::View))
    }

    /// The key from a map that must hold the key attributes and nothing else.
    ///
    /// # Errors
    /// As [`KeySchema::key_of`], and `NotExact` for more attributes.
    pub fn exact_key_of(&self, key: &Item) -> Result<PrimaryKey, KeyError> {
        let primary_key = self.key_of(key)?;
        if key.len() != 1 + usize::from(self.sort.is_some()) {
            return Err(KeyError::NotExact);
        }
        Ok(primary_key)
    }

    /// The key as attributes.
    pub fn to_attributes(&self, key: &PrimaryKey) -> Item {
        let mut item = Item::from([(self.partition.name.clone(), key.partition.clone().into())]);
        if let (Some(attribute), Some(value)) = (&self.sort, &key.sort) {
            item.insert(attribute.name.clone(), value.clone().into());
        }
        item
    }

    /// Whether that attribute is part of the key.
    pub fn is_key(&self, name: &str) -> bool {
        self.partition.name == name || self.sort.as_ref().is_some_and(|sort| sort.name == name)
    }

    fn key_from<'a>(
        &self,
        get: impl Fn(&str) -> Option<Scalar<'a>>,
    ) -> Result<PrimaryKey, KeyError> {
        let value = |attribute: &KeyAttribute, limit| match get(&attribute.name) {
            Some(value) => attribute.scalar(value, limit),
            None => Err(KeyError::Missing {
                name: attribute.name.clone(),
            }),
        };
        Ok(PrimaryKey {
            partition: value(&self.partition, PARTITION_KEY_BYTES_MAX)?,
            sort: match &self.sort {
                Some(sort) => Some(value(sort, SORT_KEY_BYTES_MAX)?),
                None => None,
            },
        })
    }
}

/// An attribute as a key sees it: a scalar in place, or only the type of something that is none.
enum Scalar<'a> {
    View(ValueView<'a>),
    Other(AttributeType),
    /// A binary that can be shared instead of copied.
    Binary(&'a Bytes),
}

fn borrow_scalar(value: &AttributeValue) -> Scalar<'_> {
    match value {
        AttributeValue::S(text) => Scalar::View(ValueView::S(text)),
        AttributeValue::N(number) => Scalar::View(ValueView::N(*number)),
        AttributeValue::B(bytes) => Scalar::Binary(bytes),
        other => Scalar::Other(other.attribute_type()),
    }
}

impl KeyAttribute {
    /// Checks type, emptiness and (for `limit` bytes) length, and converts.
    ///
    /// # Errors
    /// `WrongType`, `Empty` or `TooLarge`.
    pub fn value_of(&self, value: &AttributeValue, limit: usize) -> Result<KeyValue, KeyError> {
        self.scalar(borrow_scalar(value), limit)
    }

    /// As [`KeyAttribute::value_of`], of a value in an encoded item.
    ///
    /// # Errors
    /// `WrongType`, `Empty` or `TooLarge`.
    pub fn value_of_view(&self, value: ValueView<'_>, limit: usize) -> Result<KeyValue, KeyError> {
        self.scalar(Scalar::View(value), limit)
    }

    fn scalar(&self, value: Scalar<'_>, limit: usize) -> Result<KeyValue, KeyError> {
        let (key_value, size) = match (self.key_type, &value) {
            (KeyType::S, Scalar::View(ValueView::S(text))) => {
                (KeyValue::S(text.to_string()), text.len())
            }
            (KeyType::B, Scalar::Binary(bytes)) => (KeyValue::B(Bytes::clone(bytes)), bytes.len()),
            (KeyType::B, Scalar::View(ValueView::B(bytes))) => {
                (KeyValue::B(Bytes::copy_from_slice(bytes)), bytes.len())
            }
            (KeyType::N, Scalar::View(ValueView::N(number))) => return Ok(KeyValue::N(*number)),
            (expected, actual) => {
                return Err(KeyError::WrongType {
                    name: self.name.clone(),
                    expected,
                    actual: match actual {
                        Scalar::View(view) => view.attribute_type(),
                        Scalar::Binary(_) => AttributeType::B,
                        Scalar::Other(attribute_type) => *attribute_type,
                    },
                });
            }
        };
        self.check_size(size, limit)?;
        Ok(key_value)
    }

    fn check_size(&self, size: usize, limit: usize) -> Result<(), KeyError> {
        if size == 0 {
            return Err(KeyError::Empty {
                name: self.name.clone(),
            });
        }
        if size > limit {
            return Err(KeyError::TooLarge {
                name: self.name.clone(),
                size,
                limit,
            });
        }
        Ok(())
    }
}
