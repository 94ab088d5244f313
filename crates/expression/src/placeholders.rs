//! ExpressionAttributeNames and ExpressionAttributeValues, and which of them were used.

use crate::{ExpressionError, SUBSTITUTIONS_BYTES_MAX};
use shale_item::AttributeValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What `#names` and `:values` stand for. One is shared by all expressions of a request, so that unused ones can be told at the end.
#[derive(Debug, Default)]
pub struct Placeholders<'a> {
    names: Option<&'a BTreeMap<String, String>>,
    values: Option<&'a BTreeMap<String, AttributeValue>>,
    used_names: BTreeSet<&'a str>,
    /// What was used is copied once and shared by all places that name it.
    used_values: BTreeMap<&'a str, Arc<AttributeValue>>,
    /// Bytes of all names that were put in for their placeholders, each as often as it was.
    substituted_bytes: usize,
}

impl<'a> Placeholders<'a> {
    /// The keys of the maps carry their `#` and `:`.
    pub fn new(
        names: Option<&'a BTreeMap<String, String>>,
        values: Option<&'a BTreeMap<String, AttributeValue>>,
    ) -> Placeholders<'a> {
        Placeholders {
            names,
            values,
            ..Placeholders::default()
        }
    }

    /// The defined `#names` that no expression used, in order.
    pub fn unused_names(&self) -> impl Iterator<Item = &'a str> {
        let keys = self.names.into_iter().flat_map(|names| names.keys());
        keys.map(String::as_str)
            .filter(|name| !self.used_names.contains(name))
    }

    /// The defined `:values` that no expression used, in order.
    pub fn unused_values(&self) -> impl Iterator<Item = &'a str> {
        let keys = self.values.into_iter().flat_map(|values| values.keys());
        keys.map(String::as_str)
            .filter(|name| !self.used_values.contains_key(name))
    }

    /// The attribute name of a `#name`.
    pub(crate) fn name(&mut self, placeholder: &str) -> Result<&'a str, ExpressionError> {
        let entry = self
            .names
            .and_then(|names| names.get_key_value(placeholder));
        let (key, name) = entry.ok_or_else(|| ExpressionError::UndefinedName {
            name: placeholder.to_string(),
        })?;
        self.used_names.insert(key);
        self.substituted_bytes += name.len();
        if self.substituted_bytes > SUBSTITUTIONS_BYTES_MAX {
            return Err(ExpressionError::SubstitutionsTooLong {
                length: self.substituted_bytes,
                limit: SUBSTITUTIONS_BYTES_MAX,
            });
        }
        Ok(name)
    }

    /// The value of a `:value`.
    pub(crate) fn value(
        &mut self,
        placeholder: &str,
    ) -> Result<Arc<AttributeValue>, ExpressionError> {
        let entry = self
            .values
            .and_then(|values| values.get_key_value(placeholder));
        let (key, value) = entry.ok_or_else(|| ExpressionError::UndefinedValue {
            name: placeholder.to_string(),
        })?;
        let shared = self.used_values.entry(key);
        Ok(Arc::clone(
            shared.or_insert_with(|| Arc::new(value.clone())),
        ))
    }
}
