//! TransactGetItems: many items of any tables at one moment.
//!
//! Not here: projections (the front doors').

use crate::capacity::{read_units, transactional};
use crate::engine::Engine;
use crate::error::Error;
use crate::insights;
use crate::read::{At, again, read};
use crate::transact::{canceled_if_any, check_bytes, check_count, check_distinct};
use shale_item::{EncodedItem, Item, encode_key};

/// What TransactGetItems answers.
#[derive(Clone, Debug, Default)]
pub struct TransactGetOutput {
    /// Item (or none) by position in the request.
    pub items: Vec<Option<EncodedItem>>,
    /// Read capacity units by position in the request.
    pub capacity: Vec<f64>,
}

impl Engine {
    /// TransactGetItems: (table, key) each, at most 100 in any order of tables, all read at one LSN. Never conflicts with writes.
    ///
    /// # Errors
    /// [`Error::TableNotFound`]; [`Error::TransactionCanceled`] with [`Error::Key`] for keys that do not fit their tables;
    /// [`Error::SameKeyTwice`]; [`Error::Limit`] for more than 100 keys or 4 MB; or the shard's.
    pub fn transact_get(&self, keys: &[(String, Item)]) -> Result<TransactGetOutput, Error> {
        check_count(keys.len())?;
        again(|| self.get_all(keys))
    }

    fn get_all(&self, keys: &[(String, Item)]) -> Result<TransactGetOutput, Error> {
        let view = self.read_view()?;
        let at = At::View(&view);
        let mut found = Vec::with_capacity(keys.len());
        let mut reasons = Vec::with_capacity(keys.len());
        for (table, key) in keys {
            let table = at.table(table)?;
            match table.definition.key_schema.exact_key_of(key) {
                Ok(key) => {
                    found.push((table, key));
                    reasons.push(None);
                }
                Err(error) => reasons.push(Some(error.into())),
            }
        }
        canceled_if_any(reasons)?;
        let tree_keys = found.iter().map(|(table, key)| encode_key(table.id, key));
        let tree_keys: Vec<Vec<u8>> = tree_keys.collect();
        check_distinct(tree_keys.iter().map(Vec::as_slice))?;
        let mut output = TransactGetOutput::default();
        let mut bytes = 0;
        for (table, key) in &found {
            let item = read(at, table, key)?;
            let size = item.as_ref().map_or(0, EncodedItem::size);
            bytes += size;
            check_bytes(bytes)?;
            let units = transactional(read_units(size, true));
            insights::read_item(&self.inner, table, key, units);
            output.capacity.push(units);
            output.items.push(item);
        }
        Ok(output)
    }
}
