//! The ten attribute types, and the item: a map of them.

use crate::Number;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// One attribute value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// String.
    S(String),
    /// Number.
    N(Number),
    /// Binary.
    B(Bytes),
    /// Boolean.
    Bool(bool),
    /// The NULL type.
    Null,
    /// Map.
    M(BTreeMap<String, AttributeValue>),
    /// List.
    L(Vec<AttributeValue>),
    /// String set; never empty.
    Ss(BTreeSet<String>),
    /// Number set; never empty.
    Ns(BTreeSet<Number>),
    /// Binary set; never empty.
    Bs(BTreeSet<Bytes>),
}

/// The name of an attribute's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
    /// Boolean.
    Bool,
    /// NULL.
    Null,
    /// Map.
    M,
    /// List.
    L,
    /// String set.
    Ss,
    /// Number set.
    Ns,
    /// Binary set.
    Bs,
}

impl AttributeType {
    /// DynamoDB's descriptor: `S`, `N`, `B`, `BOOL`, `NULL`, `M`, `L`, `SS`, `NS`, `BS`.
    pub fn descriptor(self) -> &'static str {
        todo!()
    }
}

impl AttributeValue {
    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
        todo!()
    }
    /// Size in bytes as DynamoDB counts it, without the attribute's name.
    pub fn size(&self) -> usize {
        todo!()
    }
}

/// An item: attribute names and values, in name order.
pub type Item = BTreeMap<String, AttributeValue>;
