//! INSERT, UPDATE, DELETE on the engine.

use super::bind_update::bind_update;
use crate::access::{AccessPath, choose};
use crate::bind::{Arguments, Predicate, Semantics, both, lower};
use crate::datum::to_text;
use crate::names::table_columns;
use crate::plan::conflict::Conflict;
use crate::plan::insert::InsertRow;
use crate::plan::{InsertPlan, Outputs, UpdatePlan, whole_key_required};
use crate::{Dialect, Row, SqlError, SqlType};
use shale_engine::{
    Engine, Error, EvaluationError, InsertOutcome, OnConflict, ReturnValues, TableDescription,
    UpdateItem,
};
use shale_expression::{Condition, Path};
use shale_item::{AttributeValue, EncodedItem, Item};
use std::sync::Arc;

/// What a write answers.
pub(crate) struct Written {
    pub count: u64,
    /// Rows of RETURNING.
    pub rows: Vec<Row>,
}

impl Written {
    fn nothing() -> Written {
        Written {
            count: 0,
            rows: vec![],
        }
    }
}

fn row_of(outputs: &Outputs, item: &Item) -> Row {
    outputs.row(EncodedItem::encode(item).view())
}

/// The items of an INSERT, complete with defaults and checked for NULL.
pub(crate) fn insert_items(plan: &InsertPlan, with: &Arguments<'_>) -> Result<Vec<Item>, SqlError> {
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
        for name in &plan.required {
            if matches!(item.get(name), None | Some(AttributeValue::Null)) {
                return Err(SqlError::NotNullViolation {
                    table: plan.table.definition.name.clone(),
                    column: name.clone(),
                });
            }
        }
        items.push(item);
    }
    Ok(items)
}

/// Runs an INSERT: all rows or none.
pub(crate) async fn insert(
    engine: &Engine,
    plan: &InsertPlan,
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let items = insert_items(plan, with)?;
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        let on_conflict = match &plan.conflict {
            Conflict::Fail => OnConflict::Fail,
            Conflict::Skip => OnConflict::Skip,
            Conflict::Update(on_conflict) => {
                let with = Arguments {
                    excluded: Some(&item),
                    parameters: with.parameters,
                    computed: with.computed,
                    now_micros: with.now_micros,
                    rand: with.rand,
                    made: Arc::clone(&with.made),
                };
                let update = bind_update(&on_conflict.actions, &with)?;
                let condition = match &on_conflict.predicate {
                    None => None,
                    Some(predicate) => Some(lower(predicate, &with, Semantics::ThreeValued)?),
                };
                OnConflict::Update { update, condition }
            }
        };
        requests.push((item, on_conflict));
    }
    let outcomes = engine
        .insert_all(&plan.table.definition.name, requests)
        .await
        .map_err(|(_, error)| insert_error(&plan.table, error))?;
    let mut written = Written::nothing();
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

/// The one key that a predicate pins, and the rest of it.
pub(crate) struct Target {
    pub key: Item,
    pub residual: Option<Condition>,
}

/// Finds the item that UPDATE or DELETE is about; `None` if there can be none.
pub(crate) fn target(
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
    semantics: Semantics,
    command: &str,
) -> Result<Option<Target>, SqlError> {
    let schema = &table.definition.key_schema;
    let dialect = match semantics {
        Semantics::ThreeValued => Dialect::Postgres,
        Semantics::Dynamo => Dialect::PartiQl,
    };
    let access = choose(schema, Some(lower(predicate, with, semantics)?));
    match access.path {
        AccessPath::Nothing => Ok(None),
        AccessPath::KeyLookup { mut keys } if keys.len() == 1 => Ok(keys.pop().map(|key| Target {
            key,
            residual: access.residual,
        })),
        _ => Err(whole_key_required(command, schema, dialect)),
    }
}

fn exists(table: &TableDescription) -> Condition {
    Condition::AttributeExists(Path {
        root: table.definition.key_schema.partition.name.clone(),
        steps: vec![],
    })
}

/// Runs an UPDATE of one item.
pub(crate) async fn update(
    engine: &Engine,
    plan: &UpdatePlan,
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let update = bind_update(&plan.actions, with)?;
    let found = target(
        &plan.table,
        &plan.predicate,
        with,
        Semantics::ThreeValued,
        "UPDATE",
    )?;
    let Some(found) = found else {
        return Ok(Written::nothing());
    };
    let mut wanted = exists(&plan.table);
    if let Some(residual) = found.residual {
        wanted = both(wanted, residual);
    }
    let request = UpdateItem {
        table: plan.table.definition.name.clone(),
        key: found.key,
        update: Some(update),
        condition: Some(wanted),
        return_values: plan.return_values,
        return_item_on_failure: false,
    };
    match engine.update_item(request).await {
        Ok(output) => {
            let mut written = Written {
                count: 1,
                rows: vec![],
            };
            if let Some(outputs) = &plan.returning {
                let item = output.attributes.unwrap_or_default();
                written.rows.push(row_of(outputs, &item));
            }
            Ok(written)
        }
        // The item is not there, or WHERE does not hold.
        Err(Error::ConditionFailed { .. }) => Ok(Written::nothing()),
        Err(Error::Key(
            shale_item::KeyError::Empty { .. } | shale_item::KeyError::TooLarge { .. },
        )) => Ok(Written::nothing()),
        Err(error) => Err(write_error(&plan.table, error)),
    }
}

/// Runs a DELETE of one item.
pub(crate) async fn delete(
    engine: &Engine,
    plan: &crate::plan::DeletePlan,
    with: &Arguments<'_>,
) -> Result<Written, SqlError> {
    let found = target(
        &plan.table,
        &plan.predicate,
        with,
        Semantics::ThreeValued,
        "DELETE",
    )?;
    let Some(found) = found else {
        return Ok(Written::nothing());
    };
    let request = shale_engine::DeleteItem {
        table: plan.table.definition.name.clone(),
        key: found.key,
        condition: found.residual,
        return_values: match plan.returning {
            Some(_) => ReturnValues::AllOld,
            None => ReturnValues::None,
        },
        return_item_on_failure: false,
    };
    match engine.delete_item(request).await {
        Ok(output) if output.existed => {
            let mut written = Written {
                count: 1,
                rows: vec![],
            };
            if let (Some(outputs), Some(item)) = (&plan.returning, &output.attributes) {
                written.rows.push(row_of(outputs, item));
            }
            Ok(written)
        }
        Ok(_) | Err(Error::ConditionFailed { .. }) => Ok(Written::nothing()),
        Err(error) => Err(error.into()),
    }
}
