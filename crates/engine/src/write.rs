//! PutItem, UpdateItem, DeleteItem: one item, one record.
//!
//! Not here: many items in one record (`insert`, `transact`), many records in one request (`batch`).

use crate::api::{DeleteItem, PutItem, ReturnValues, UpdateItem, WriteOutput};
use crate::apply::item_of;
use crate::capacity::write_units;
use crate::catalog::Table;
use crate::change::{Change, ChangeOutput, Changed, NotSequenced};
use crate::collection::latch_key;
use crate::engine::{Decided, Engine};
use crate::error::Error;
use crate::gate;
use crate::insights;
use crate::limits::{ITEM_BYTES_MAX, encode_checked};
use crate::section::{Section, Successions};
use shale_expression::{Action, Condition, Update};
use shale_item::{EncodedItem, Item, ItemView, encode_key, item_size};
use shale_storage::{Latest, Lsn, Role};

/// What happens to the item.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing.
    Keep,
    /// It is this now.
    Put(EncodedItem),
    /// It is gone.
    Delete,
}

/// What a write decides on the item that is there.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) answer: Result<WriteOutput, Error>,
}

impl Decision {
    /// Refuses, and leaves the item.
    pub(crate) fn refuse(error: Error) -> Decision {
        Decision {
            verdict: Verdict::Keep,
            answer: Err(error),
        }
    }
}

impl Engine {
    /// PutItem.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], [`Error::Limit`], [`Error::ConditionFailed`], [`Error::KeyContention`], or the shard's.
    pub async fn put_item(&self, request: PutItem) -> Result<WriteOutput, Error> {
        let mut successions = Successions::default();
        loop {
            let table = self.table(&request.table)?;
            let (tree_key, decide) = plan_put(&table, &request)?;
            match self.write(&table, &tree_key, decide).await {
                Err(error) if successions.has_another(self, &error) => {}
                answer => return answer,
            }
        }
    }

    /// UpdateItem. Creates the item if it is not there, unless the update only removes.
    ///
    /// # Errors
    /// As [`Engine::put_item`], [`Error::UpdatesKey`], [`Error::Evaluation`].
    pub async fn update_item(&self, request: UpdateItem) -> Result<WriteOutput, Error> {
        let mut successions = Successions::default();
        loop {
            let table = self.table(&request.table)?;
            let (tree_key, decide) = plan_update(&table, &request)?;
            match self.write(&table, &tree_key, decide).await {
                Err(error) if successions.has_another(self, &error) => {}
                answer => return answer,
            }
        }
    }

    /// DeleteItem.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::Key`], [`Error::ConditionFailed`], [`Error::KeyContention`], or the shard's.
    pub async fn delete_item(&self, request: DeleteItem) -> Result<WriteOutput, Error> {
        let mut successions = Successions::default();
        loop {
            let table = self.table(&request.table)?;
            let (tree_key, decide) = plan_delete(&table, &request)?;
            match self.write(&table, &tree_key, decide).await {
                Err(error) if successions.has_another(self, &error) => {}
                answer => return answer,
            }
        }
    }

    /// Admission, decision, durability.
    async fn write(
        &self,
        table: &Table,
        tree_key: &[u8],
        decide: impl Fn(Option<&EncodedItem>) -> Decision,
    ) -> Result<WriteOutput, Error> {
        let section = || self.write_section(table, tree_key, &decide);
        let decided = self.run_section(section).await?;
        self.settle(decided).await
    }

    /// The synchronous part of a write: everything between taking the latch and releasing it.
    pub(crate) fn write_section<'t>(
        &self,
        table: &'t Table,
        tree_key: &[u8],
        decide: impl Fn(Option<&EncodedItem>) -> Decision,
    ) -> Result<Section<'t, Result<WriteOutput, Error>>, Error> {
        let shard = &self.inner.shard;
        let latch = self.inner.latches.hold(latch_key(table, tree_key))?;
        // IMPORTANT: before the first read, so that a rollback after it is noticed.
        let generation = shard.generation();
        let table = match gate::enter(table, generation) {
            Ok(table) => table,
            Err(drop) => return Ok(Section::Dropping(table, drop)),
        };
        let latest = shard.latest(Role::Items, tree_key)?;
        let pending = latest.pending;
        let old = current(latest)?;
        let Decision {
            verdict,
            mut answer,
        } = decide(old.as_ref());
        let new = match verdict {
            Verdict::Keep => None,
            Verdict::Put(item) => Some(Some(item)),
            Verdict::Delete => Some(None),
        };
        let after = match new {
            None => match &mut answer {
                Ok(output) => pending.max(self.note_collection(table.table, tree_key, output)?),
                Err(_) => pending,
            },
            Some(new) => {
                let change = Change {
                    table: &table,
                    tree_key,
                    old,
                    new,
                    by_service: false,
                };
                let changes = [change];
                match self.sequence_changes(generation, &changes) {
                    Ok(Changed { lsn, outputs }) => {
                        insights::wrote_entries(&self.inner, &changes[0], 1.0);
                        if let Ok(output) = &mut answer {
                            outputs.into_iter().for_each(|change| output.add(change));
                        }
                        Some(lsn)
                    }
                    Err(NotSequenced::TooLarge(too_large)) => {
                        answer = Err(too_large.error);
                        pending.max(too_large.pending)
                    }
                    Err(NotSequenced::Other(error)) => return Err(error),
                }
            }
        };
        if table.table.insights.is_on()
            && let Some(units) = paid(&answer)
        {
            insights::wrote(&self.inner, table.table, tree_key, units);
        }
        drop((table, latch));
        self.after_write();
        Ok(Section::Decided(Decided { after, answer }))
    }

    /// Adds the size of an item's collection to the answer of a write that leaves it as it is, and says which record it depends on.
    fn note_collection(
        &self,
        table: &Table,
        tree_key: &[u8],
        output: &mut WriteOutput,
    ) -> Result<Option<Lsn>, Error> {
        let size = self.collection_size(table, tree_key)?;
        output.collection_bytes = size.map(|(bytes, _)| bytes);
        Ok(size.and_then(|(_, pending)| pending))
    }
}

/// Write capacity units that a write is charged with, also for a condition that did not hold.
fn paid(answer: &Result<WriteOutput, Error>) -> Option<f64> {
    match answer {
        Ok(WriteOutput { capacity, .. }) | Err(Error::ConditionFailed { capacity, .. }) => {
            Some(*capacity)
        }
        Err(_) => None,
    }
}

impl WriteOutput {
    /// Adds what followed from the change that was made.
    pub(crate) fn add(&mut self, change: ChangeOutput) {
        self.index_capacity = change.index_units;
        self.collection_bytes = change.collection_bytes;
    }
}

/// A checked request: the key that it writes, and what it decides on the item there.
pub(crate) type Plan<D> = Result<(Vec<u8>, D), Error>;

/// Checks a PutItem.
pub(crate) fn plan_put<'r>(
    table: &Table,
    request: &'r PutItem,
) -> Plan<impl Fn(Option<&EncodedItem>) -> Decision + use<'r>> {
    let key = table.definition.key_schema.key_of(&request.item)?;
    let tree_key = encode_key(table.id, &key);
    let item = encode_checked(&request.item)?;
    Ok((tree_key, move |old: Option<&EncodedItem>| {
        decide_put(request, &item, old)
    }))
}

/// Checks an UpdateItem.
pub(crate) fn plan_update<'r>(
    table: &Table,
    request: &'r UpdateItem,
) -> Plan<impl Fn(Option<&EncodedItem>) -> Decision + use<'r>> {
    let key = table.definition.key_schema.exact_key_of(&request.key)?;
    if let Some(update) = &request.update {
        check_targets(table, update)?;
    }
    let tree_key = encode_key(table.id, &key);
    Ok((tree_key, move |old: Option<&EncodedItem>| {
        decide_update(request, old)
    }))
}

/// Checks a DeleteItem.
pub(crate) fn plan_delete<'r>(
    table: &Table,
    request: &'r DeleteItem,
) -> Plan<impl Fn(Option<&EncodedItem>) -> Decision + use<'r>> {
    let key = table.definition.key_schema.exact_key_of(&request.key)?;
    let tree_key = encode_key(table.id, &key);
    Ok((tree_key, move |old: Option<&EncodedItem>| {
        decide_delete(request, old)
    }))
}

/// The item in what the shard has newest.
pub(crate) fn current(latest: Latest) -> Result<Option<EncodedItem>, Error> {
    Ok(latest.value.map(item_of).transpose()?)
}

/// An update may not write attributes of the key.
pub(crate) fn check_targets(table: &Table, update: &Update) -> Result<(), Error> {
    let key_schema = &table.definition.key_schema;
    match update.targets().find(|path| key_schema.is_key(&path.root)) {
        Some(path) => Err(Error::UpdatesKey {
            name: path.root.clone(),
        }),
        None => Ok(()),
    }
}

fn decide_put(request: &PutItem, new: &EncodedItem, old: Option<&EncodedItem>) -> Decision {
    let capacity = write_units(size_of(old), new.size());
    if !holds(request.condition.as_ref(), old) {
        return condition_failed(request.return_item_on_failure, old, capacity);
    }
    Decision {
        verdict: Verdict::Put(new.clone()),
        answer: Ok(WriteOutput {
            attributes: old_item(request.return_values, old),
            existed: old.is_some(),
            capacity,
            ..WriteOutput::default()
        }),
    }
}

fn decide_delete(request: &DeleteItem, old: Option<&EncodedItem>) -> Decision {
    let capacity = write_units(size_of(old), 0);
    if !holds(request.condition.as_ref(), old) {
        return condition_failed(request.return_item_on_failure, old, capacity);
    }
    Decision {
        // Deleting what is not there leaves no record.
        verdict: old.map_or(Verdict::Keep, |_| Verdict::Delete),
        answer: Ok(WriteOutput {
            attributes: old_item(request.return_values, old),
            existed: old.is_some(),
            capacity,
            ..WriteOutput::default()
        }),
    }
}

fn decide_update(request: &UpdateItem, old: Option<&EncodedItem>) -> Decision {
    let old_decoded = old.map(EncodedItem::to_item);
    let updated = apply_update(&request.key, request.update.as_ref(), old_decoded.as_ref());
    if !holds(request.condition.as_ref(), old) {
        // The item that was not written counts too, as far as it can be computed.
        let new_size = updated.as_ref().map_or(0, item_size);
        let capacity = write_units(size_of(old), new_size);
        return condition_failed(request.return_item_on_failure, old, capacity);
    }
    let new = match updated {
        Ok(new) => new,
        Err(error) => return Decision::refuse(error),
    };
    if old.is_none() && only_removes(request.update.as_ref()) {
        return Decision {
            verdict: Verdict::Keep,
            answer: Ok(WriteOutput {
                attributes: None,
                existed: false,
                capacity: write_units(0, 0),
                ..WriteOutput::default()
            }),
        };
    }
    let encoded = match encode_checked(&new) {
        Ok(encoded) => encoded,
        Err(error) => return Decision::refuse(error),
    };
    let capacity = write_units(size_of(old), encoded.size());
    let attributes = match request.return_values {
        ReturnValues::None => None,
        ReturnValues::AllOld => old_decoded,
        ReturnValues::UpdatedOld => old_decoded
            .zip(request.update.as_ref())
            .map(|(old, update)| update.updated_old(&old)),
        ReturnValues::UpdatedNew => request
            .update
            .as_ref()
            .map(|update| update.updated_new(&new)),
        ReturnValues::AllNew => Some(new),
    };
    Decision {
        verdict: Verdict::Put(encoded),
        answer: Ok(WriteOutput {
            attributes: attributes.filter(|attributes| !attributes.is_empty()),
            existed: old.is_some(),
            capacity,
            ..WriteOutput::default()
        }),
    }
}

/// The item after the update. Right sides see the item without key attributes if none was there.
pub(crate) fn apply_update(
    key: &Item,
    update: Option<&Update>,
    old: Option<&Item>,
) -> Result<Item, Error> {
    let mut item = old.cloned().unwrap_or_default();
    if let Some(update) = update {
        update.apply(&mut item, ITEM_BYTES_MAX)?;
    }
    if old.is_none() {
        item.extend(
            key.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    Ok(item)
}

/// DynamoDB does not create an item only to remove from it.
fn only_removes(update: Option<&Update>) -> bool {
    update.is_some_and(|update| {
        let mut actions = update.actions.iter();
        !update.actions.is_empty()
            && actions.all(|action| matches!(action, Action::Remove(_) | Action::Delete(..)))
    })
}

/// Whether the condition holds on the item, or on the empty one if none is there.
pub(crate) fn holds(condition: Option<&Condition>, old: Option<&EncodedItem>) -> bool {
    let view = old.map_or(ItemView::EMPTY, EncodedItem::view);
    condition.is_none_or(|condition| condition.evaluate(view))
}

pub(crate) fn condition_failed(
    return_item: bool,
    old: Option<&EncodedItem>,
    capacity: f64,
) -> Decision {
    let item = old.filter(|_| return_item).map(EncodedItem::to_item);
    Decision::refuse(Error::ConditionFailed { item, capacity })
}

fn old_item(return_values: ReturnValues, old: Option<&EncodedItem>) -> Option<Item> {
    match return_values {
        ReturnValues::AllOld => old.map(EncodedItem::to_item),
        // Puts and deletes have no other; the edges refuse them.
        ReturnValues::None
        | ReturnValues::UpdatedOld
        | ReturnValues::AllNew
        | ReturnValues::UpdatedNew => None,
    }
}

pub(crate) fn size_of(item: Option<&EncodedItem>) -> usize {
    item.map_or(0, EncodedItem::size)
}
