//! INSERT, UPDATE, DELETE of items whose keys are known: on the engine, or staged in a transaction.
//!
//! Not here: finding the items of an UPDATE or DELETE of many (`rows`), when a statement is a transaction of its own (`request`).

use super::bind_update::bind_update;
use super::rows::{Bounds, Found, unreadable_key};
use crate::access::{Access, AccessPath, Needs, choose_for};
use crate::bind::{Arguments, Predicate, Semantics, both, lower};
use crate::datum::to_text;
use crate::names::table_columns;
use crate::plan::check;
use crate::plan::conflict::Conflict;
use crate::plan::insert::InsertRow;
use crate::plan::{DeletePlan, InsertPlan, Outputs, UpdatePlan};
use crate::{Row, SqlError, SqlType};
use shale_engine::{
    DeleteItem, Engine, Error, EvaluationError, GetItem, ITEM_BYTES_MAX, InsertOutcome, OnConflict,
    PutItem, ReturnValues, TableDescription, Transaction, UpdateItem, WriteOutput,
};
use shale_expression::{Condition, Path};
use shale_item::{AttributeValue, EncodedItem, Item, KeyError, item_size};
use std::collections::BTreeSet;

/// Where a statement writes.
#[derive(Clone, Copy)]
pub(crate) enum Writer<'a> {
    /// At once: what it answers is durable.
    Engine(&'a Engine),
    /// With its transaction.
    Transaction(&'a Transaction),
}

impl Writer<'_> {
    async fn update_item(self, request: UpdateItem) -> Result<WriteOutput, Error> {
        match self {
            Writer::Engine(engine) => engine.update_item(request).await,
            Writer::Transaction(transaction) => transaction.update_item(&request),
        }
    }

    async fn delete_item(self, request: DeleteItem) -> Result<WriteOutput, Error> {
        match self {
            Writer::Engine(engine) => engine.delete_item(request).await,
            Writer::Transaction(transaction) => transaction.delete_item(&request),
        }
    }

    async fn insert_all(
        self,
        table: &str,
        items: Vec<(Item, OnConflict)>,
    ) -> Result<Vec<InsertOutcome>, Error> {
        let answer = match self {
            Writer::Engine(engine) => engine.insert_all(table, items).await,
            Writer::Transaction(transaction) => transaction.insert_all(table, items),
        };
        answer.map_err(|(_, error)| error)
    }
}

/// What a write answers.
#[derive(Default)]
pub(crate) struct Written {
    pub count: u64,
    /// Rows of RETURNING.
    pub rows: Vec<Row>,
    /// About the bytes of the items that the rows were read from.
    bytes: usize,
}

/// Bytes of items whose columns RETURNING holds until the statement is done.
const RETURNED_BYTES_MAX: usize = 64 << 20;

impl Written {
    fn one(outputs: &Option<Outputs>, item: Option<&Item>) -> Written {
        let mut written = Written {
            count: 1,
            ..Written::default()
        };
        if let (Some(outputs), Some(item)) = (outputs, item) {
            written.bytes = item_size(item);
            written.rows.push(row_of(outputs, item));
        }
        written
    }

    /// Adds what another write answered.
    ///
    /// # Errors
    /// 54000 beyond [`RETURNED_BYTES_MAX`].
    pub(crate) fn add(&mut self, other: Written) -> Result<(), SqlError> {
        self.count += other.count;
        self.bytes += other.bytes;
        self.rows.extend(other.rows);
        if self.bytes > RETURNED_BYTES_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!(
                    "RETURNING has rows of items with more than {RETURNED_BYTES_MAX} bytes"
                ),
            });
        }
        Ok(())
    }
}

fn row_of(outputs: &Outputs, item: &Item) -> Row {
    outputs.row(EncodedItem::encode(item).view())
}

/// The items of an INSERT, complete with defaults and checked for NULL.
pub(crate) fn insert_items(plan: &InsertPlan, with: &Arguments<'_>) -> Result<Vec<Item>, SqlError> {
    let checks = check::lowered(&plan.checks, with)?;
    let mut items = Vec::with_capacity(plan.rows.len());
    for row in &plan.rows {
        let item = match row {
            InsertRow::Values(values) => {
                let mut item = Item::new();
                for (name, sql_type, scalar) in values {
                    if let Some(value) = scalar.attribute(with, sql_type)? {
                        item.insert(name.to_string(), value);
                    }
                }
                item
            }
            InsertRow::Document { members, defaults } => {
                let mut item = Item::new();
                for (name, sql_type, scalar) in members {
                    let value = scalar.attribute(with, sql_type)?;
                    item.insert(name.clone(), value.unwrap_or(AttributeValue::Null));
                }
                for (name, sql_type, scalar) in defaults {
                    if let Some(value) = scalar.attribute(with, sql_type)? {
                        item.insert(name.to_string(), value);
                    }
                }
                item
            }
            InsertRow::Parameter(scalar) => match scalar.attribute(with, &SqlType::Jsonb)? {
                Some(AttributeValue::M(members)) => members,
                _ => {
                    return Err(SqlError::DatatypeMismatch {
                        message: "INSERT … VALUE takes a document".into(),
                        position: None,
                    });
                }
            },
        };
        plan.check_required(&item)?;
        check::check_item(&plan.table, &checks, &item)?;
        items.push(item);
    }
    Ok(items)
}

/// Inserts items: all or none.
pub(crate) async fn insert(
    writer: Writer<'_>,
    plan: &InsertPlan,
    items: Vec<Item>,
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        let on_conflict = match &plan.conflict {
            Conflict::Fail => OnConflict::Fail,
            Conflict::Skip => OnConflict::Skip,
            Conflict::Update(on_conflict) => {
                let with = Arguments {
                    excluded: Some(&item),
                    ..with.with_computed(with.computed)
                };
                let update = bind_update(&on_conflict.actions, &plan.checks, &with)?;
                let condition = match &on_conflict.predicate {
                    None => None,
                    Some(predicate) => Some(lower(predicate, &with, Semantics::ThreeValued)?),
                };
                OnConflict::Update { update, condition }
            }
        };
        requests.push((item, on_conflict));
    }
    let outcomes = writer
        .insert_all(&plan.table.definition.name, requests)
        .await
        .map_err(|error| insert_error(&plan.table, error))?;
    let mut written = Written::default();
    for outcome in outcomes {
        let item = match outcome {
            InsertOutcome::Inserted(item) | InsertOutcome::Updated(item) => item,
            InsertOutcome::Skipped => continue,
        };
        written.count += 1;
        if let Some(outputs) = &plan.returning {
            written.rows.push(row_of(outputs, &item));
        }
    }
    Ok(written)
}

/// PostgreSQL's words for what the engine says of an insert.
pub(crate) fn insert_error(table: &TableDescription, error: Error) -> SqlError {
    match error {
        Error::ItemExists { key } => unique_violation(table, &key),
        Error::SameKeyTwice => SqlError::Other {
            sqlstate: "21000",
            message: "ON CONFLICT DO UPDATE command cannot affect row a second time".into(),
            hint: Some(
                "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
                    .into(),
            ),
        },
        other => write_error(table, other),
    }
}

/// PostgreSQL's words for an update whose results break a rule of their column.
fn write_error(table: &TableDescription, error: Error) -> SqlError {
    match error {
        Error::Evaluation(EvaluationError::OutOfRange(path)) => {
            let column = table_columns(table)
                .into_iter()
                .find(|column| column.name == path.root);
            let sql_type = match column.map(|column| column.sql_type) {
                Some(SqlType::Array(element)) if !path.steps.is_empty() => *element,
                Some(sql_type) => sql_type,
                None => SqlType::Numeric(None),
            };
            SqlError::OutOfRange {
                type_name: sql_type.name(),
            }
        }
        Error::Evaluation(EvaluationError::ValueRequired(path)) => SqlError::NotNullViolation {
            table: table.definition.name.clone(),
            column: path.root,
        },
        Error::Evaluation(EvaluationError::CheckViolated(constraint)) => SqlError::CheckViolation {
            table: table.definition.name.clone(),
            constraint,
        },
        other => other.into(),
    }
}

fn unique_violation(table: &TableDescription, key: &Item) -> SqlError {
    let schema = &table.definition.key_schema;
    let columns = table_columns(table);
    let mut names = Vec::new();
    let mut values = Vec::new();
    let encoded = EncodedItem::encode(key);
    for attribute in std::iter::once(&schema.partition).chain(&schema.sort) {
        names.push(attribute.name.as_str());
        let sql_type = columns
            .iter()
            .find(|column| column.name == attribute.name)
            .map_or(SqlType::Text, |column| column.sql_type.clone());
        let value = encoded.view().get(&attribute.name);
        values.push(value.map_or_else(String::new, |value| {
            to_text(&crate::datum::value_to_datum(value, &sql_type), &sql_type)
        }));
    }
    SqlError::UniqueViolation {
        constraint: format!("{}_pkey", table.definition.name),
        detail: format!(
            "Key ({})=({}) already exists.",
            names.join(", "),
            values.join(", ")
        ),
    }
}

/// One item to write, and what it must satisfy.
pub(crate) struct OneItem {
    pub key: Item,
    pub residual: Option<Condition>,
}

impl OneItem {
    /// The same as a path to read it.
    pub(crate) fn into_access(self) -> Access {
        Access {
            path: AccessPath::KeyLookup {
                keys: vec![self.key],
            },
            residual: self.residual,
        }
    }
}

/// What UPDATE or DELETE is about.
pub(crate) enum Target {
    /// There can be no such item.
    Nothing,
    One(OneItem),
    Many(Access),
}

/// Finds what UPDATE or DELETE is about.
pub(crate) fn target(
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
    semantics: Semantics,
) -> Result<Target, SqlError> {
    // Only keys are read; what is written is read again.
    let needs = Needs {
        attributes: Some(BTreeSet::new()),
        limited: false,
        index: None,
    };
    let access = choose_for(table, Some(lower(predicate, with, semantics)?), &needs);
    Ok(match access.path {
        AccessPath::Nothing => Target::Nothing,
        AccessPath::KeyLookup { mut keys } if keys.len() == 1 => match keys.pop() {
            Some(key) => Target::One(OneItem {
                key,
                residual: access.residual,
            }),
            None => Target::Nothing,
        },
        path => Target::Many(Access {
            path,
            residual: access.residual,
        }),
    })
}

fn exists(table: &TableDescription) -> Condition {
    Condition::AttributeExists(Path {
        root: table.definition.key_schema.partition.name.clone(),
        steps: vec![],
    })
}

/// Updates one item, if it is there and satisfies the rest of WHERE.
pub(crate) async fn update(
    writer: Writer<'_>,
    plan: &UpdatePlan,
    target: OneItem,
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let update = bind_update(&plan.actions, &plan.checks, with)?;
    let mut wanted = exists(&plan.table);
    if let Some(residual) = target.residual {
        wanted = both(wanted, residual);
    }
    let request = UpdateItem {
        table: plan.table.definition.name.clone(),
        key: target.key,
        update: Some(update),
        condition: Some(wanted),
        return_values: plan.return_values,
        return_item_on_failure: false,
    };
    match writer.update_item(request).await {
        Ok(output) => {
            let item = output.attributes.unwrap_or_default();
            Ok(Written::one(&plan.returning, Some(&item)))
        }
        // The item is not there, or WHERE does not hold.
        Err(Error::ConditionFailed { .. }) => Ok(Written::default()),
        Err(Error::Key(KeyError::Empty { .. } | KeyError::TooLarge { .. })) => {
            Ok(Written::default())
        }
        Err(error) => Err(write_error(&plan.table, error)),
    }
}

/// Deletes one item, if it is there and satisfies the rest of WHERE.
pub(crate) async fn delete(
    writer: Writer<'_>,
    plan: &DeletePlan,
    target: OneItem,
) -> Result<Written, SqlError> {
    let request = DeleteItem {
        table: plan.table.definition.name.clone(),
        key: target.key,
        condition: target.residual,
        return_values: match plan.returning {
            Some(_) => ReturnValues::AllOld,
            None => ReturnValues::None,
        },
        return_item_on_failure: false,
    };
    match writer.delete_item(request).await {
        Ok(output) if output.existed => {
            Ok(Written::one(&plan.returning, output.attributes.as_ref()))
        }
        Ok(_) | Err(Error::ConditionFailed { .. }) => Ok(Written::default()),
        Err(error) => Err(error.into()),
    }
}

/// Updates items of which some may get another key: then the old item goes and a new one comes. All old ones go first, so that keys may
/// be handed on from one row to the next.
pub(crate) fn move_rows(
    transaction: &Transaction,
    plan: &UpdatePlan,
    found: &[Found],
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let table = &plan.table;
    let name = &table.definition.name;
    let schema = &table.definition.key_schema;
    let view = transaction.view();
    let mut bounds = Bounds::default();
    let mut written = Written::default();
    let (mut moved, mut kept) = (Vec::new(), Vec::new());
    for row in found {
        let request = GetItem {
            table: name.clone(),
            key: row.key.clone(),
            consistent: true,
        };
        let old = view.get_item(&request)?.item.ok_or_else(unreadable_key)?;
        let with = match plan.per_row {
            true => &with.with_computed(&row.computed),
            false => with,
        };
        let update = bind_update(&plan.actions, &plan.checks, with)?;
        let mut new = old.to_item();
        update
            .apply(&mut new, ITEM_BYTES_MAX)
            .map_err(|error| write_error(table, error.into()))?;
        bounds.add(item_size(&new))?;
        let returned = match plan.return_values {
            ReturnValues::None => None,
            ReturnValues::AllOld => Some(old.to_item()),
            ReturnValues::UpdatedOld => Some(update.updated_old(&old.to_item())),
            ReturnValues::AllNew => Some(new.clone()),
            ReturnValues::UpdatedNew => Some(update.updated_new(&new)),
        };
        written.add(Written::one(&plan.returning, returned.as_ref()))?;
        let key = schema.key_of(&new).map_err(Error::Key)?;
        if schema.to_attributes(&key) == row.key {
            kept.push(new);
        } else {
            transaction.delete_item(&DeleteItem {
                table: name.clone(),
                key: row.key.clone(),
                condition: None,
                return_values: ReturnValues::None,
                return_item_on_failure: false,
            })?;
            moved.push((new, OnConflict::Fail));
        }
    }
    for item in kept {
        let request = PutItem {
            table: name.clone(),
            item,
            condition: None,
            return_values: ReturnValues::None,
            return_item_on_failure: false,
        };
        transaction
            .put_item(&request)
            .map_err(|error| write_error(table, error))?;
    }
    transaction
        .insert_all(name, moved)
        .map_err(|(_, error)| insert_error(table, error))?;
    Ok(written)
}
