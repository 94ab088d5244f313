//! BatchGetItem and BatchWriteItem: many independent operations in one request.
//!
//! Not here: limits on the number of operations, and refusing the same key twice (the edges).

use crate::api::{BatchGetOutput, BatchWrite, BatchWriteOutput, WriteOutput};
use crate::capacity::{read_units, write_units};
use crate::catalog::Table;
use crate::engine::{Decided, Engine};
use crate::error::Error;
use crate::insights;
use crate::limits::{BATCH_GET_BYTES_MAX, encode_checked};
use crate::read::{At, read};
use crate::section::Successions;
use crate::table_ddl::move_to;
use crate::write::{Decision, Verdict};
use shale_item::{EncodedItem, Item, PrimaryKey, encode_key};
use shale_storage::{Lsn, StorageError};
use std::sync::Arc;

/// BatchGetItem.
pub(crate) fn get(
    engine: &Engine,
    keys: &[(String, Item)],
    consistent: bool,
) -> Result<BatchGetOutput, Error> {
    // Everything is checked before anything is read.
    let checked: Result<Vec<_>, Error> = keys.iter().map(|key| check_key(engine, key)).collect();
    let mut output = BatchGetOutput::default();
    let mut bytes = 0;
    for (position, (table, key)) in checked?.into_iter().enumerate() {
        let full = bytes >= BATCH_GET_BYTES_MAX;
        let item = match full {
            true => None,
            false => read(At::Published(engine), &table, &key)?,
        };
        let size = item.as_ref().map_or(0, EncodedItem::size);
        if full || bytes + size > BATCH_GET_BYTES_MAX {
            bytes = BATCH_GET_BYTES_MAX;
            output.unprocessed.push(position);
            output.items.push(None);
            continue;
        }
        bytes += size;
        output.items.push(item);
        let units = read_units(size, consistent);
        insights::read_item(&engine.inner, &table, &key, units);
        *capacity_of(&mut output.capacity, &table) += units;
    }
    Ok(output)
}

fn check_key(
    engine: &Engine,
    (table, key): &(String, Item),
) -> Result<(Arc<Table>, PrimaryKey), Error> {
    let table = engine.table(table)?;
    let key = table.definition.key_schema.exact_key_of(key)?;
    Ok((table, key))
}

/// One write, checked and encoded.
struct Write {
    table: Arc<Table>,
    tree_key: Vec<u8>,
    /// The item to put; none deletes.
    item: Option<EncodedItem>,
}

impl Engine {
    /// BatchWriteItem: writes of many tables, independent of each other. What a full disk or a held key kept from being written is
    /// reported as unprocessed, unless that is everything.
    ///
    /// # Errors
    /// As [`Engine::put_item`], for any of the writes, before anything is written; then only the shard's.
    pub async fn batch_write(
        &self,
        writes: Vec<(String, BatchWrite)>,
    ) -> Result<BatchWriteOutput, Error> {
        let writes = writes
            .into_iter()
            .map(|(table, write)| check_write(self, &table, write));
        let mut writes: Vec<Write> = writes.collect::<Result<_, _>>()?;
        let mut outcomes = Vec::with_capacity(writes.len());
        // All are sequenced before the first is waited for, so that they share groups.
        for write in &mut writes {
            let mut successions = Successions::default();
            let outcome = loop {
                match self.begin_write(write).await {
                    Err(error) if successions.has_another(self, &error) => {}
                    outcome => break outcome,
                }
                write.table = self.table(&write.table.definition.name)?;
                move_to(&mut write.tree_key, write.table.id);
            };
            outcomes.push(outcome);
        }
        let mut output = BatchWriteOutput {
            collection_bytes: vec![None; writes.len()],
            ..BatchWriteOutput::default()
        };
        let mut last_refusal = None;
        for (position, (write, outcome)) in writes.iter().zip(outcomes).enumerate() {
            let outcome = match outcome {
                Ok(Decided { after, answer }) => match self.wait_for(after).await {
                    Ok(()) => answer,
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            match outcome {
                Ok(written) => {
                    output.collection_bytes[position] = written.collection_bytes;
                    *capacity_of(&mut output.capacity, &write.table) += written.capacity;
                    let indexes = output
                        .index_capacity
                        .entry(write.table.definition.name.clone());
                    let indexes = indexes.or_default();
                    for (index, units) in written.index_capacity {
                        *indexes.entry(index).or_default() += units;
                    }
                }
                Err(error) if is_certain_refusal(&error) => {
                    output.unprocessed.push(position);
                    last_refusal = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match last_refusal {
            Some(error) if output.unprocessed.len() == writes.len() => Err(error),
            _ => Ok(output),
        }
    }

    async fn wait_for(&self, after: Option<Lsn>) -> Result<(), Error> {
        match after {
            Some(lsn) => self.published(lsn).await,
            None => Ok(()),
        }
    }

    /// Sequences one write. The answer is its capacity.
    async fn begin_write(
        &self,
        write: &Write,
    ) -> Result<Decided<Result<WriteOutput, Error>>, Error> {
        let decide = |old: Option<&EncodedItem>| {
            let old_size = old.map_or(0, EncodedItem::size);
            let new_size = write.item.as_ref().map_or(0, EncodedItem::size);
            Decision {
                verdict: match &write.item {
                    Some(item) => Verdict::Put(item.clone()),
                    None => old.map_or(Verdict::Keep, |_| Verdict::Delete),
                },
                answer: Ok(WriteOutput {
                    capacity: write_units(old_size, new_size),
                    ..WriteOutput::default()
                }),
            }
        };
        let section = || self.write_section(&write.table, &write.tree_key, decide);
        self.run_section(section).await
    }
}

fn check_write(engine: &Engine, table: &str, write: BatchWrite) -> Result<Write, Error> {
    let table = engine.table(table)?;
    let key_schema = &table.definition.key_schema;
    let (key, item) = match write {
        BatchWrite::Put(item) => (key_schema.key_of(&item)?, Some(encode_checked(&item)?)),
        BatchWrite::Delete(key) => (key_schema.exact_key_of(&key)?, None),
    };
    let tree_key = encode_key(table.id, &key);
    Ok(Write {
        table,
        tree_key,
        item,
    })
}

/// Certainly not written, and worth sending again.
fn is_certain_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::KeyContention | Error::Storage(StorageError::DiskFull | StorageError::RolledBack)
    )
}

/// A table's entry in consumed capacity.
fn capacity_of<'a>(
    capacity: &'a mut std::collections::BTreeMap<String, f64>,
    table: &Table,
) -> &'a mut f64 {
    let name = &table.definition.name;
    if !capacity.contains_key(name) {
        capacity.insert(name.clone(), 0.0);
    }
    capacity.get_mut(name).expect("just inserted")
}
