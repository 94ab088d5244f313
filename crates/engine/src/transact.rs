//! TransactWriteItems: writes and checks of items of any tables, all or none, in one record.
//!
//! Not here: what a single write decides (`write`), request tokens (`transact_token`), transactions of several requests.
//!
//! Invariants:
//! * All conditions are evaluated on the newest images under the latches of all items, those that are only checked included; so
//!   transactions and single writes are in one order, that of their records.
//! * An action that cannot be done leaves no record of any; all actions are evaluated, so that each has its reason.

use crate::api::{DeleteItem, PutItem, UpdateItem, WriteOutput};
use crate::blocking::blocking_if;
use crate::capacity::{read_units, transactional, write_units};
use crate::catalog::Table;
use crate::change::{Change, ChangeOutput, Changed, NotSequenced};
use crate::collection::{TooLarge, latch_key};
use crate::engine::{Decided, Engine, Inner};
use crate::error::{Error, LimitKind};
use crate::gate::{self, Open};
use crate::insights;
use crate::limits::{TRANSACTION_ACTIONS_MAX, TRANSACTION_BYTES_MAX, encode_checked};
use crate::section::{Section, Successions};
use crate::transact_token::{ClientRequest, Found, Sweep};
use crate::write::{
    Decision, Plan, Verdict, condition_failed, current, holds, plan_delete, plan_put, plan_update,
    size_of,
};
use rustc_hash::FxHashSet;
use shale_expression::Condition;
use shale_item::{EncodedItem, Item, encode_key, item_size};
use shale_storage::{Generation, Lsn, Role, Shard};
use std::sync::Arc;

/// Bytes of new items from which on a transaction is long work for the thread that runs it.
const BYTES_LARGE: usize = 256 * 1024;

/// ConditionCheck: a condition on an item that the transaction does not write.
#[derive(Clone, Debug)]
pub struct ConditionCheck {
    /// Table name.
    pub table: String,
    /// Exactly the key attributes.
    pub key: Item,
    /// Must hold on the item that is there (empty if none).
    pub condition: Condition,
    /// Whether `ConditionFailed` carries the item.
    pub return_item_on_failure: bool,
}

/// One action of a transaction.
#[derive(Clone, Debug)]
pub enum TransactAction {
    /// Writes an item.
    Put(PutItem),
    /// Writes an item whose key must not exist ([`Error::ItemExists`]): PartiQL's INSERT.
    Insert {
        /// Table name.
        table: String,
        /// The item.
        item: Item,
    },
    /// Changes an item.
    Update(UpdateItem),
    /// Deletes an item.
    Delete(DeleteItem),
    /// Checks an item.
    Check(ConditionCheck),
}

impl TransactAction {
    /// Table name.
    pub fn table(&self) -> &str {
        match self {
            TransactAction::Put(put) => &put.table,
            TransactAction::Insert { table, .. } => table,
            TransactAction::Update(update) => &update.table,
            TransactAction::Delete(delete) => &delete.table,
            TransactAction::Check(check) => &check.table,
        }
    }

    /// The item that it brings along, or the key of the item that it is about.
    pub fn attributes(&self) -> &Item {
        match self {
            TransactAction::Put(PutItem { item, .. }) | TransactAction::Insert { item, .. } => item,
            TransactAction::Update(UpdateItem { key, .. })
            | TransactAction::Delete(DeleteItem { key, .. })
            | TransactAction::Check(ConditionCheck { key, .. }) => key,
        }
    }

    /// Size of the item that it brings along.
    fn new_bytes(&self) -> usize {
        match self {
            TransactAction::Put(PutItem { item, .. }) | TransactAction::Insert { item, .. } => {
                item_size(item)
            }
            TransactAction::Update(_) | TransactAction::Delete(_) | TransactAction::Check(_) => 0,
        }
    }
}

/// What TransactWriteItems answers.
#[derive(Clone, Debug, Default)]
pub struct TransactWriteOutput {
    /// For each action in order; capacity is what it costs inside a transaction.
    pub actions: Vec<WriteOutput>,
    /// The transaction was done before, by a request with the same token: nothing was written now, there are no attributes, and capacity
    /// counts read units.
    pub repeated: bool,
}

/// An action, checked.
struct Checked<'a> {
    /// Position among the transaction's tables.
    table: usize,
    tree_key: Vec<u8>,
    decide: Decide<'a>,
}

/// What an action decides on the item that is there.
type Decide<'a> = Box<dyn Fn(Option<&EncodedItem>) -> Decision + Send + Sync + 'a>;

/// A transaction as its section needs it.
struct Transaction<'a> {
    actions: Vec<Checked<'a>>,
    /// Each once, in the order of their ids, which is that of their gates.
    tables: Vec<Arc<Table>>,
    request: Option<&'a ClientRequest>,
    large: bool,
}

/// Items as they are newest.
struct Images {
    /// By action.
    images: Vec<Option<EncodedItem>>,
    /// The newest record among them that is not published yet.
    pending: Option<Lsn>,
}

type Answer = Result<TransactWriteOutput, Error>;

impl Engine {
    /// TransactWriteItems: at most 100 actions on different items of any tables; all are done, in one record, or none.
    ///
    /// With a request token, a transaction that was done within the last 10 minutes is not done again.
    ///
    /// # Errors
    /// [`Error::TransactionCanceled`] with a reason for each action that cannot be done: [`Error::Key`], [`Error::Limit`] of an item,
    /// [`Error::UpdatesKey`], [`Error::Evaluation`], [`Error::IndexKey`], [`Error::ConditionFailed`], [`Error::ItemExists`],
    /// [`Error::KeyContention`]. For the whole: [`Error::TableNotFound`], [`Error::SameKeyTwice`], [`Error::Limit`],
    /// [`Error::IdempotentParameterMismatch`], [`Error::TransactionInProgress`], or the shard's.
    pub async fn transact_write(
        &self,
        actions: &[TransactAction],
        request: Option<&ClientRequest>,
    ) -> Result<TransactWriteOutput, Error> {
        check_count(actions.len())?;
        let mut successions = Successions::default();
        loop {
            let transaction = self.check_transaction(actions, request)?;
            let section =
                || blocking_if(transaction.large, || self.transaction_section(&transaction));
            match self.run_section(section).await {
                Err(error) if successions.has_another(self, &error) => {}
                decided => return self.settle(decided?).await,
            }
        }
    }

    /// What can be said without looking at the items.
    fn check_transaction<'a>(
        &self,
        actions: &'a [TransactAction],
        request: Option<&'a ClientRequest>,
    ) -> Result<Transaction<'a>, Error> {
        let named = actions.iter().map(|action| self.table(action.table()));
        let named: Vec<Arc<Table>> = named.collect::<Result<_, _>>()?;
        let mut tables = named.clone();
        tables.sort_unstable_by_key(|table| table.id);
        tables.dedup_by_key(|table| table.id);
        let mut checked = Vec::with_capacity(actions.len());
        let mut reasons = Vec::with_capacity(actions.len());
        for (action, table) in actions.iter().zip(&named) {
            let position = tables.partition_point(|other| other.id < table.id);
            match check_action(action, table, position) {
                Ok(action) => {
                    checked.push(action);
                    reasons.push(None);
                }
                Err(error) => reasons.push(Some(error)),
            }
        }
        canceled_if_any(reasons)?;
        check_distinct(checked.iter().map(|action| action.tree_key.as_slice()))?;
        // Behind the checks: what walks an item recurses.
        let bytes = actions.iter().map(TransactAction::new_bytes).sum();
        check_bytes(bytes)?;
        Ok(Transaction {
            actions: checked,
            tables,
            request,
            large: bytes >= BYTES_LARGE,
        })
    }

    /// The synchronous part, under the latches of all items and of the token.
    fn transaction_section<'t>(
        &self,
        transaction: &'t Transaction<'_>,
    ) -> Result<Section<'t, Answer>, Error> {
        let Inner { shard, latches, .. } = &*self.inner;
        let latch = match latches.hold_each(transaction.latch_keys()) {
            Ok(latch) => latch,
            Err(positions) => {
                return Ok(Section::Decided(Decided {
                    after: None,
                    answer: Err(transaction.contended(&positions)),
                }));
            }
        };
        // IMPORTANT: before the first read, so that a rollback after it is noticed.
        let generation = shard.generation();
        let tables = match transaction.enter(generation) {
            Ok(tables) => tables,
            Err((table, drop)) => return Ok(Section::Dropping(table, drop)),
        };
        let Images { images, pending } = transaction.read(shard)?;
        let decided = |after, answer| Ok(Section::Decided(Decided { after, answer }));
        let now_micros = self.inner.clock.now_micros();
        if let Some(request) = transaction.request
            && let Found::Used {
                same,
                pending: of_token,
            } = request.find(shard, now_micros)?
        {
            let answer = match same {
                true => Ok(repeated(&images)),
                false => Err(Error::IdempotentParameterMismatch),
            };
            return decided(pending.max(of_token), answer);
        }
        let (changes, mut actions) = match transaction.decide(&tables, images) {
            Ok(decided) => decided,
            Err(error) => return decided(pending, Err(error)),
        };
        let request = transaction.request;
        let after = match self.sequence_transaction(generation, &changes, request, now_micros) {
            Ok(Some(changed)) => {
                transaction.add_outputs(&mut actions, &changes, changed.outputs);
                Some(changed.lsn)
            }
            Ok(None) => pending,
            Err(NotSequenced::TooLarge(too_large)) => {
                let after = pending.max(too_large.pending);
                return decided(
                    after,
                    Err(transaction.grown_too_large(&changes, &too_large)),
                );
            }
            Err(NotSequenced::Other(error)) => return Err(error),
        };
        let factor = transactional(1.0);
        for change in &changes {
            insights::wrote_entries(&self.inner, change, factor);
        }
        for (action, output) in transaction.actions.iter().zip(&actions) {
            let table = &transaction.tables[action.table];
            insights::wrote(&self.inner, table, &action.tree_key, output.capacity);
        }
        drop(changes);
        drop((tables, latch));
        self.after_write();
        let repeated = false;
        decided(after, Ok(TransactWriteOutput { actions, repeated }))
    }

    /// Sequences the changes with the request's token; nothing if there is neither.
    fn sequence_transaction(
        &self,
        generation: Generation,
        changes: &[Change<'_>],
        request: Option<&ClientRequest>,
        now_micros: u64,
    ) -> Result<Option<Changed>, NotSequenced> {
        let Inner { shard, tokens, .. } = &*self.inner;
        let Some(request) = request else {
            return match changes {
                [] => Ok(None),
                _ => Ok(Some(self.sequence_changes(generation, changes)?)),
            };
        };
        let mut rows = vec![request.row(now_micros)];
        let sweep = tokens.sweep(shard, generation, now_micros)?;
        rows.extend(sweep.iter().flat_map(Sweep::rows));
        let changed = self.sequence_changes_with(generation, changes, &rows)?;
        if let Some(sweep) = sweep {
            sweep.done();
        }
        Ok(Some(changed))
    }
}

impl Transaction<'_> {
    /// The items, and behind them the token.
    fn latch_keys(&self) -> impl Iterator<Item = &[u8]> {
        let items = self.actions.iter();
        let items = items.map(|action| latch_key(&self.tables[action.table], &action.tree_key));
        items.chain(self.request.map(ClientRequest::latch_key))
    }

    /// What a transaction is told whose latches at those positions others held for too long.
    fn contended(&self, positions: &[usize]) -> Error {
        if positions.contains(&self.actions.len()) {
            return Error::TransactionInProgress;
        }
        let reason = |position| {
            positions
                .contains(&position)
                .then_some(Error::KeyContention)
        };
        Error::TransactionCanceled {
            reasons: (0..self.actions.len()).map(reason).collect(),
        }
    }

    /// What a transaction is told whose changes would let a collection grow too large.
    fn grown_too_large(&self, changes: &[Change<'_>], too_large: &TooLarge) -> Error {
        let grows = |action: &Checked<'_>| {
            let mut keys = too_large.changes.iter().map(|at| changes[*at].tree_key);
            keys.any(|key| key == action.tree_key)
        };
        let reason = |action| grows(action).then(|| too_large.error.clone());
        Error::TransactionCanceled {
            reasons: self.actions.iter().map(reason).collect(),
        }
    }

    /// Enters the gates of all tables, or names one whose drop is sequenced.
    fn enter(&self, generation: Generation) -> Result<Vec<Open<'_>>, (&Table, Lsn)> {
        let tables = self.tables.iter();
        tables
            .map(|table| gate::enter(table, generation).map_err(|drop| (&**table, drop)))
            .collect()
    }

    /// The newest images.
    fn read(&self, shard: &Shard) -> Result<Images, Error> {
        let mut pending = None;
        let mut images = Vec::with_capacity(self.actions.len());
        for action in &self.actions {
            let latest = shard.latest(Role::Items, &action.tree_key)?;
            pending = pending.max(latest.pending);
            images.push(current(latest)?);
        }
        Ok(Images { images, pending })
    }

    /// Decides every action on the item that is there.
    fn decide<'t>(
        &'t self,
        tables: &'t [Open<'t>],
        images: Vec<Option<EncodedItem>>,
    ) -> Result<(Vec<Change<'t>>, Vec<WriteOutput>), Error> {
        let mut bytes = 0;
        let mut changes = Vec::with_capacity(self.actions.len());
        let mut outputs = Vec::with_capacity(self.actions.len());
        let mut reasons = Vec::with_capacity(self.actions.len());
        for (action, old) in self.actions.iter().zip(images) {
            let Decision { verdict, answer } = (action.decide)(old.as_ref());
            let (size, new) = match verdict {
                Verdict::Keep => (size_of(old.as_ref()), None),
                Verdict::Delete => (size_of(old.as_ref()), Some(None)),
                Verdict::Put(item) => (item.size(), Some(Some(item))),
            };
            bytes += size;
            let change = new.map(|new| Change {
                table: &tables[action.table],
                tree_key: &action.tree_key,
                old,
                new,
                by_service: false,
            });
            let fits = change.as_ref().map_or(Ok(()), Change::check);
            match answer.and_then(|output| fits.map(|()| output)) {
                Ok(output) => {
                    outputs.push(WriteOutput {
                        capacity: transactional(output.capacity),
                        ..output
                    });
                    changes.extend(change);
                    reasons.push(None);
                }
                Err(error) => reasons.push(Some(error)),
            }
        }
        canceled_if_any(reasons)?;
        check_bytes(bytes)?;
        Ok((changes, outputs))
    }

    /// Adds what followed from the changes to the outputs of the actions that made them.
    fn add_outputs(
        &self,
        outputs: &mut [WriteOutput],
        changes: &[Change<'_>],
        changed: Vec<ChangeOutput>,
    ) {
        // The changes are those of some of the actions, in their order.
        let mut written = changes.iter().zip(changed).peekable();
        for (action, output) in self.actions.iter().zip(outputs) {
            if let Some((_, change)) =
                written.next_if(|(change, _)| change.tree_key == action.tree_key)
            {
                output.add(change);
                for (_, units) in &mut output.index_capacity {
                    *units = transactional(*units);
                }
            }
        }
    }
}

fn check_action<'a>(
    action: &'a TransactAction,
    table: &Table,
    position: usize,
) -> Result<Checked<'a>, Error> {
    let (tree_key, decide) = match action {
        TransactAction::Put(put) => boxed(plan_put(table, put)?),
        TransactAction::Insert { item, .. } => boxed(plan_insert(table, item)?),
        TransactAction::Update(update) => boxed(plan_update(table, update)?),
        TransactAction::Delete(delete) => boxed(plan_delete(table, delete)?),
        TransactAction::Check(check) => boxed(plan_check(table, check)?),
    };
    Ok(Checked {
        table: position,
        tree_key,
        decide,
    })
}

fn boxed<'a>(
    (tree_key, decide): (
        Vec<u8>,
        impl Fn(Option<&EncodedItem>) -> Decision + Send + Sync + 'a,
    ),
) -> (Vec<u8>, Decide<'a>) {
    (tree_key, Box::new(decide))
}

fn plan_insert<'r>(
    table: &Table,
    item: &'r Item,
) -> Plan<impl Fn(Option<&EncodedItem>) -> Decision + use<'r>> {
    let key_schema = &table.definition.key_schema;
    let key = key_schema.key_of(item)?;
    let tree_key = encode_key(table.id, &key);
    let attributes = key_schema.to_attributes(&key);
    let new = encode_checked(item)?;
    Ok((tree_key, move |old: Option<&EncodedItem>| {
        if old.is_some() {
            let key = attributes.clone();
            return Decision::refuse(Error::ItemExists { key });
        }
        Decision {
            verdict: Verdict::Put(new.clone()),
            answer: Ok(WriteOutput {
                capacity: write_units(0, new.size()),
                ..WriteOutput::default()
            }),
        }
    }))
}

fn plan_check<'r>(
    table: &Table,
    request: &'r ConditionCheck,
) -> Plan<impl Fn(Option<&EncodedItem>) -> Decision + use<'r>> {
    let key = table.definition.key_schema.exact_key_of(&request.key)?;
    let tree_key = encode_key(table.id, &key);
    Ok((tree_key, move |old: Option<&EncodedItem>| {
        let capacity = write_units(size_of(old), 0);
        if !holds(Some(&request.condition), old) {
            return condition_failed(request.return_item_on_failure, old, capacity);
        }
        Decision {
            verdict: Verdict::Keep,
            answer: Ok(WriteOutput {
                existed: old.is_some(),
                capacity,
                ..WriteOutput::default()
            }),
        }
    }))
}

/// What a transaction answers that was done before: what reading its items costs.
fn repeated(images: &[Option<EncodedItem>]) -> TransactWriteOutput {
    let read = |image: &Option<EncodedItem>| WriteOutput {
        existed: image.is_some(),
        capacity: transactional(read_units(size_of(image.as_ref()), true)),
        ..WriteOutput::default()
    };
    TransactWriteOutput {
        actions: images.iter().map(read).collect(),
        repeated: true,
    }
}

/// The cancellation, if an action has a reason for one.
pub(crate) fn canceled_if_any(reasons: Vec<Option<Error>>) -> Result<(), Error> {
    match reasons.iter().any(Option::is_some) {
        true => Err(Error::TransactionCanceled { reasons }),
        false => Ok(()),
    }
}

/// The limit on actions, and on keys of TransactGetItems.
pub(crate) fn check_count(actual: usize) -> Result<(), Error> {
    check_limit(
        LimitKind::TransactionActions,
        actual,
        TRANSACTION_ACTIONS_MAX,
    )
}

/// The limit on the items together: for each action, the item that it leaves, deletes or checks.
pub(crate) fn check_bytes(actual: usize) -> Result<(), Error> {
    check_limit(LimitKind::TransactionSize, actual, TRANSACTION_BYTES_MAX)
}

fn check_limit(kind: LimitKind, actual: usize, limit: usize) -> Result<(), Error> {
    match actual > limit {
        true => Err(Error::Limit {
            kind,
            actual,
            limit,
        }),
        false => Ok(()),
    }
}

/// No item may be named twice.
pub(crate) fn check_distinct<'k>(
    mut tree_keys: impl Iterator<Item = &'k [u8]>,
) -> Result<(), Error> {
    let mut seen = FxHashSet::default();
    match tree_keys.all(|key| seen.insert(key)) {
        true => Ok(()),
        false => Err(Error::SameKeyTwice),
    }
}

#[cfg(test)]
mod tests;
