//! The ten attribute types, and the item: a map of them.
//!
//! Sizes are DynamoDB's, as "DynamoDB item sizes and formats" in its developer guide defines them; they decide the 400 KB limit and
//! the capacity units. The stored bytes (`codec`) have another length.

use crate::Number;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that a list or map costs whatever it holds.
const DOCUMENT_OVERHEAD: usize = 3;
/// Bytes that each element of a list or map costs beside its content.
const ELEMENT_OVERHEAD: usize = 1;

/// Levels of maps and lists inside each other, at most. DynamoDB's limit is 32 levels, and it counts the innermost value as one of them.
pub const NESTING_LEVELS_MAX: usize = 31;

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
    /// All types.
    pub const ALL: [AttributeType; 10] = [
        AttributeType::S,
        AttributeType::N,
        AttributeType::B,
        AttributeType::Bool,
        AttributeType::Null,
        AttributeType::M,
        AttributeType::L,
        AttributeType::Ss,
        AttributeType::Ns,
        AttributeType::Bs,
    ];

    /// DynamoDB's descriptor: `S`, `N`, `B`, `BOOL`, `NULL`, `M`, `L`, `SS`, `NS`, `BS`.
    pub fn descriptor(self) -> &'static str {
        match self {
            AttributeType::S => "S",
            AttributeType::N => "N",
            AttributeType::B => "B",
            AttributeType::Bool => "BOOL",
            AttributeType::Null => "NULL",
            AttributeType::M => "M",
            AttributeType::L => "L",
            AttributeType::Ss => "SS",
            AttributeType::Ns => "NS",
            AttributeType::Bs => "BS",
        }
    }

    /// The type of that descriptor (case-sensitive).
    pub fn from_descriptor(descriptor: &str) -> Option<AttributeType> {
        AttributeType::ALL
            .into_iter()
            .find(|candidate| candidate.descriptor() == descriptor)
    }
}

impl AttributeValue {
    /// The value's type.
    pub fn attribute_type(&self) -> AttributeType {
        match self {
            AttributeValue::S(_) => AttributeType::S,
            AttributeValue::N(_) => AttributeType::N,
            AttributeValue::B(_) => AttributeType::B,
            AttributeValue::Bool(_) => AttributeType::Bool,
            AttributeValue::Null => AttributeType::Null,
            AttributeValue::M(_) => AttributeType::M,
            AttributeValue::L(_) => AttributeType::L,
            AttributeValue::Ss(_) => AttributeType::Ss,
            AttributeValue::Ns(_) => AttributeType::Ns,
            AttributeValue::Bs(_) => AttributeType::Bs,
        }
    }

    /// Size in bytes as DynamoDB counts it, without the attribute's name: strings their UTF-8 bytes, binaries their raw bytes, numbers
    /// [`Number::size`], booleans and NULL 1, sets the sum of their elements, lists and maps 3 + for each element 1 + its size (and
    /// its name's bytes in a map).
    pub fn size(&self) -> usize {
        match self {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.size(),
            AttributeValue::B(bytes) => bytes.len(),
            AttributeValue::Bool(_) | AttributeValue::Null => 1,
            AttributeValue::M(members) => {
                let content = item_size(members) + ELEMENT_OVERHEAD * members.len();
                DOCUMENT_OVERHEAD + content
            }
            AttributeValue::L(elements) => {
                let content: usize = elements.iter().map(|e| ELEMENT_OVERHEAD + e.size()).sum();
                DOCUMENT_OVERHEAD + content
            }
            AttributeValue::Ss(elements) => elements.iter().map(String::len).sum(),
            AttributeValue::Ns(elements) => elements.iter().map(|e| e.size()).sum(),
            AttributeValue::Bs(elements) => elements.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether at most `levels` maps and lists are inside each other here: a scalar or set has 0 levels, an empty list 1, a list in a
    /// map 2. Looks no deeper than `levels`, so that hostile depth costs no stack.
    pub fn is_nested_within(&self, levels: usize) -> bool {
        match self {
            AttributeValue::M(members) => {
                levels > 0 && members.values().all(|v| v.is_nested_within(levels - 1))
            }
            AttributeValue::L(elements) => {
                levels > 0 && elements.iter().all(|v| v.is_nested_within(levels - 1))
            }
            _ => true,
        }
    }
}

/// An item: attribute names and values, in name order.
pub type Item = BTreeMap<String, AttributeValue>;

/// DynamoDB's size of an item in bytes: its names' UTF-8 bytes and its values' [sizes](AttributeValue::size).
pub fn item_size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + value.size())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> AttributeValue {
        AttributeValue::N(text.parse().unwrap())
    }
    fn s(text: &str) -> AttributeValue {
        AttributeValue::S(text.into())
    }

    #[test]
    fn sizes_are_dynamodbs() {
        let cases = [
            (s("héllo"), 6),
            (s(""), 0),
            (AttributeValue::B(Bytes::from_static(&[0; 7])), 7),
            (AttributeValue::Bool(false), 1),
            (AttributeValue::Null, 1),
            (n("27"), 2),
            (n("-27"), 3),
            (n("461"), 3),
            (n("0"), 1),
            (n("1200"), 2),
            (n("0.05"), 2),
            (n("10.05"), 3),
            (n("1.5"), 3),
            (n("-0.123"), 4),
            (n("99999999999999999999999999999999999999"), 20),
            (AttributeValue::L(vec![]), 3),
            (AttributeValue::M(BTreeMap::new()), 3),
            (
                AttributeValue::L(vec![s("ab"), AttributeValue::Null]),
                3 + 3 + 2,
            ),
            (
                AttributeValue::M(BTreeMap::from([("key".into(), s("ab"))])),
                3 + 1 + 3 + 2,
            ),
            (AttributeValue::Ss(["a".into(), "bc".into()].into()), 3),
            (
                AttributeValue::Ns([Number::from(1), Number::from(461)].into()),
                5,
            ),
            (AttributeValue::Bs([Bytes::from_static(b"xyz")].into()), 3),
        ];
        for (value, size) in cases {
            assert_eq!(value.size(), size, "{value:?}");
        }
        let item = Item::from([("id".into(), s("x")), ("n".into(), n("27"))]);
        assert_eq!(item_size(&item), 2 + 1 + 1 + 2);
    }

    #[test]
    fn nesting_is_counted_in_documents() {
        let mut value = s("leaf");
        for level in 0..40 {
            assert!(value.is_nested_within(level), "{level}");
            assert!(level == 0 || !value.is_nested_within(level - 1), "{level}");
            value = AttributeValue::L(vec![value]);
        }
        assert!(!value.is_nested_within(NESTING_LEVELS_MAX));
    }

    #[test]
    fn descriptors_read_back() {
        for attribute_type in AttributeType::ALL {
            let descriptor = attribute_type.descriptor();
            assert_eq!(
                AttributeType::from_descriptor(descriptor),
                Some(attribute_type)
            );
        }
        assert_eq!(AttributeType::from_descriptor("bool"), None);
    }
}
