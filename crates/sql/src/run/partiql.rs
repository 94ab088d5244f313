//! ExecuteStatement: one PartiQL statement with items as its result, DynamoDB's semantics throughout.

use super::bind_update::bind_update;
use super::write::{insert_items, target};
use crate::access::{AccessPath, choose};
use crate::bind::{Arguments, Parameters, Predicate, Semantics, lower};
use crate::plan::conflict::Conflict;
use crate::plan::{DeletePlan, InsertPlan, Order, Output, SelectPlan, UpdatePlan, pinned};
use crate::service::{Plan, Shared, SqlService};
use crate::{AnalyticContext, Dialect, PartiQlOutput, PartiQlRequest, SqlError, SqlType};
use shale_engine::{
    DeleteItem, Error, GetItem, OnConflict, Page, Query, ReturnValues, Scan, TableDescription,
    UpdateItem,
};
use shale_expression::{AbsentOperand, Condition, Path, Projection};
use shale_item::{AttributeValue, EncodedItem, Item};

impl SqlService {
    /// Runs one PartiQL statement outside of any session: one page of a SELECT, or one write.
    ///
    /// # Errors
    /// What the engine refuses comes as [`SqlError::Engine`] (`ItemExists`, `ConditionFailed` …).
    pub async fn execute_partiql(
        &self,
        request: &PartiQlRequest,
    ) -> Result<PartiQlOutput, SqlError> {
        let shared = &self.shared;
        let context = || AnalyticContext {
            engine: shared.engine.clone(),
            user: String::new(),
            database: String::new(),
            settings: std::sync::Arc::default(),
            users: vec![],
        };
        let prepared = shared
            .prepare(&request.statement, Dialect::PartiQl, &[], &context)
            .await?;
        if request.parameters.len() != prepared.parameter_types.len() {
            return Err(SqlError::Other {
                sqlstate: "08P01",
                message: "Number of parameters in request and statement don't match.".into(),
                hint: None,
            });
        }
        let with = shared.arguments(
            Parameters::Attributes(&request.parameters),
            &[],
            shared.clock.now_micros(),
        );
        match &prepared.plan {
            Plan::Select(plan) => {
                if let Some(predicate) = &plan.predicate {
                    check_keys(&plan.table, predicate, &with)?;
                }
                select(shared, plan, request, &with)
            }
            Plan::Insert(plan, None) => insert(shared, plan, &with).await,
            Plan::Update(plan, None) => {
                check_keys(&plan.table, &plan.predicate, &with)?;
                update(shared, plan, request, &with).await
            }
            Plan::Delete(plan, None) => {
                check_keys(&plan.table, &plan.predicate, &with)?;
                delete(shared, plan, request, &with).await
            }
            Plan::Empty => Err(SqlError::Syntax {
                message: "Expected: a statement, found: EOF".into(),
                position: Some(0),
            }),
            _ => Err(SqlError::NotSupported {
                feature: "this statement in ExecuteStatement".into(),
                hint: None,
            }),
        }
    }
}

/// A constant that a key attribute must equal has to be a value of the key's type: unlike SQL, where such a key just does not exist.
fn check_keys(
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
) -> Result<(), SqlError> {
    let schema = &table.definition.key_schema;
    for attribute in std::iter::once(&schema.partition).chain(&schema.sort) {
        if let Some(scalar) = pinned(predicate, &attribute.name)
            && let Some(value) = scalar.attribute(with, &SqlType::Unknown)?
        {
            attribute
                .value_of(&value, usize::MAX)
                .map_err(|error| SqlError::Engine(Error::Key(error)))?;
        }
    }
    Ok(())
}

fn select(
    shared: &Shared,
    plan: &SelectPlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<PartiQlOutput, SqlError> {
    let condition = match &plan.predicate {
        None => None,
        Some(predicate) => Some(lower(predicate, with, Semantics::Dynamo)?),
    };
    if plan.limit.is_some() || plan.offset.is_some() {
        return Err(SqlError::NotSupported {
            feature: "LIMIT and OFFSET in ExecuteStatement".into(),
            hint: Some("Use the request's Limit.".into()),
        });
    }
    let forward = match &plan.order {
        Order::Any => true,
        Order::SortKey { forward } => *forward,
        Order::Memory(_) => {
            return Err(SqlError::NotSupported {
                feature: "ORDER BY other than the sort key".into(),
                hint: Some(
                    "WHERE must pin the partition key and ORDER BY name the sort key.".into(),
                ),
            });
        }
    };
    let table = &plan.table.definition;
    let access = choose(&table.key_schema, condition);
    let page = match access.path {
        AccessPath::Nothing => Page::default(),
        AccessPath::KeyLookup { keys } => lookup(shared, plan, keys, access.residual, request)?,
        AccessPath::RangeScan { partitions, sort } => ranges(
            shared,
            plan,
            partitions,
            sort,
            access.residual,
            forward,
            request,
        )?,
        AccessPath::Scan => shared.engine.scan(&Scan {
            table: table.name.clone(),
            index: None,
            whole_items: false,
            filter: access.residual,
            limit: request.limit,
            exclusive_start_key: request.start_key.clone(),
            segment: None,
            consistent: request.consistent,
        })?,
    };
    let projection = projection(plan)?;
    Ok(PartiQlOutput {
        items: page
            .items
            .iter()
            .map(|item| match &projection {
                None => item.to_item(),
                Some(projection) => projection.project(item.view()),
            })
            .collect(),
        last_evaluated_key: page.last_evaluated_key,
        table: table.name.clone(),
        is_write: false,
        capacity: page.capacity,
    })
}

/// What is kept of each item; `None` for `*`.
fn projection(plan: &SelectPlan) -> Result<Option<Projection>, SqlError> {
    let Some(outputs) = &plan.projection else {
        return Ok(None);
    };
    let mut paths: Vec<Path> = Vec::with_capacity(outputs.len());
    for output in outputs {
        match output {
            Output::Attribute(path, _) if !paths.contains(path) => paths.push(path.clone()),
            Output::Attribute(..) => {}
            Output::Item | Output::Constant(_) => {
                return Err(SqlError::NotSupported {
                    feature: "a constant or _item in the select list of ExecuteStatement".into(),
                    hint: None,
                });
            }
        }
    }
    Ok(Some(Projection { paths }))
}

/// The position behind the start key.
fn remaining<'k>(keys: &'k [Item], start: Option<&Item>) -> Result<&'k [Item], SqlError> {
    match start {
        None => Ok(keys),
        Some(start) => match keys.iter().position(|key| key == start) {
            Some(position) => Ok(&keys[position + 1..]),
            None => Err(SqlError::Engine(Error::InvalidStartKey)),
        },
    }
}

fn lookup(
    shared: &Shared,
    plan: &SelectPlan,
    keys: Vec<Item>,
    residual: Option<Condition>,
    request: &PartiQlRequest,
) -> Result<Page, SqlError> {
    const PAGE_BYTES: usize = 1 << 20;
    let keys = remaining(&keys, request.start_key.as_ref())?;
    let limit = request.limit.map_or(usize::MAX, |limit| limit as usize);
    let mut page = Page::default();
    let mut bytes = 0;
    for (position, key) in keys.iter().enumerate() {
        if position >= limit || bytes >= PAGE_BYTES {
            page.last_evaluated_key = position.checked_sub(1).map(|last| keys[last].clone());
            break;
        }
        let output = shared.engine.get_item(&GetItem {
            table: plan.table.definition.name.clone(),
            key: key.clone(),
            consistent: request.consistent,
        })?;
        page.capacity += output.capacity;
        page.scanned_count += 1;
        if let Some(item) = output.item {
            bytes += item.size();
            if residual
                .as_ref()
                .is_none_or(|residual| residual.evaluate(item.view()))
            {
                page.items.push(item);
            }
        }
    }
    Ok(page)
}

fn ranges(
    shared: &Shared,
    plan: &SelectPlan,
    partitions: Vec<AttributeValue>,
    sort: Option<shale_expression::SortCondition>,
    filter: Option<Condition>,
    forward: bool,
    request: &PartiQlRequest,
) -> Result<Page, SqlError> {
    let schema = &plan.table.definition.key_schema;
    let start_partition = request
        .start_key
        .as_ref()
        .and_then(|start| start.get(&schema.partition.name));
    let first = match start_partition {
        None => 0,
        Some(value) => partitions
            .iter()
            .position(|partition| partition == value)
            .ok_or(SqlError::Engine(Error::InvalidStartKey))?,
    };
    let mut all = Page::default();
    let mut start = request.start_key.clone();
    for partition in &partitions[first..] {
        let limit = request
            .limit
            .map(|limit| limit.saturating_sub(all.scanned_count));
        if limit == Some(0) {
            break;
        }
        let page = shared.engine.query(&Query {
            table: plan.table.definition.name.clone(),
            index: None,
            whole_items: false,
            partition: vec![partition.clone()],
            sort_prefix: vec![],
            sort: sort.clone(),
            filter: None,
            forward,
            limit,
            exclusive_start_key: start.take(),
            consistent: request.consistent,
        })?;
        // Filtered here, so that the key of the last item read is known even if the filter drops it.
        let last_read = page.items.last().map(|item| key_of(schema, item));
        all.items.extend(page.items.into_iter().filter(|item| {
            filter
                .as_ref()
                .is_none_or(|filter| filter.evaluate(item.view()))
        }));
        all.scanned_count += page.scanned_count;
        all.capacity += page.capacity;
        if page.last_evaluated_key.is_some() {
            all.last_evaluated_key = page.last_evaluated_key;
            return Ok(all);
        }
        if limit.is_some_and(|limit| page.scanned_count >= limit)
            && partitions.last() != Some(partition)
        {
            all.last_evaluated_key = last_read;
            return Ok(all);
        }
    }
    Ok(all)
}

fn key_of(schema: &shale_item::KeySchema, item: &EncodedItem) -> Item {
    let mut key = Item::new();
    for attribute in std::iter::once(&schema.partition).chain(&schema.sort) {
        if let Some(value) = item.view().get(&attribute.name) {
            key.insert(attribute.name.clone(), value.to_value());
        }
    }
    key
}

fn write_output(plan_table: &str, item: Option<Item>, capacity: f64) -> PartiQlOutput {
    PartiQlOutput {
        items: item.into_iter().collect(),
        last_evaluated_key: None,
        table: plan_table.to_owned(),
        is_write: true,
        capacity,
    }
}

async fn insert(
    shared: &Shared,
    plan: &InsertPlan,
    with: &Arguments<'_>,
) -> Result<PartiQlOutput, SqlError> {
    let table = &plan.table.definition.name;
    if !matches!(plan.conflict, Conflict::Fail) || plan.returning.is_some() {
        return Err(SqlError::NotSupported {
            feature: "ON CONFLICT and RETURNING of INSERT in ExecuteStatement".into(),
            hint: None,
        });
    }
    let mut items = insert_items(plan, with)?;
    let (Some(item), true) = (items.pop(), items.is_empty()) else {
        return Err(SqlError::NotSupported {
            feature: "INSERT of more than one item in ExecuteStatement".into(),
            hint: Some("Send one statement per item.".into()),
        });
    };
    let size = EncodedItem::encode(&item).size();
    shared
        .engine
        .insert_all(table, vec![(item, OnConflict::Fail)])
        .await
        .map_err(|(_, error)| SqlError::Engine(error))?;
    const WRITE_UNIT_BYTES: usize = 1_024;
    let capacity = size.div_ceil(WRITE_UNIT_BYTES).max(1) as f64;
    Ok(write_output(table, None, capacity))
}

fn exists(plan_table: &TableDescription) -> Path {
    Path {
        root: plan_table.definition.key_schema.partition.name.clone(),
        steps: vec![],
    }
}

/// What a WHERE means whose key no item can have: the condition of a write that never holds.
fn impossible() -> SqlError {
    SqlError::Engine(Error::ConditionFailed {
        item: None,
        capacity: 0.0,
    })
}

async fn update(
    shared: &Shared,
    plan: &UpdatePlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<PartiQlOutput, SqlError> {
    let mut update = bind_update(&plan.actions, with)?;
    update.absent_operand = AbsentOperand::Fails;
    let found = target(
        &plan.table,
        &plan.predicate,
        with,
        Semantics::Dynamo,
        "UPDATE",
    )?
    .ok_or_else(impossible)?;
    let mut condition = Condition::AttributeExists(exists(&plan.table));
    if let Some(residual) = found.residual {
        condition = crate::bind::both(condition, residual);
    }
    let table = &plan.table.definition.name;
    let output = shared
        .engine
        .update_item(UpdateItem {
            table: table.clone(),
            key: found.key,
            update: Some(update),
            condition: Some(condition),
            return_values: plan.return_values,
            return_item_on_failure: request.return_item_on_failure,
        })
        .await?;
    Ok(write_output(table, output.attributes, output.capacity))
}

/// A missing item is no error of DELETE; an item on which the condition does not hold is.
async fn delete(
    shared: &Shared,
    plan: &DeletePlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<PartiQlOutput, SqlError> {
    let found = target(
        &plan.table,
        &plan.predicate,
        with,
        Semantics::Dynamo,
        "DELETE",
    )?
    .ok_or_else(impossible)?;
    let condition = found.residual.map(|residual| {
        Condition::Or(vec![
            Condition::AttributeNotExists(exists(&plan.table)),
            residual,
        ])
    });
    let table = &plan.table.definition.name;
    let output = shared
        .engine
        .delete_item(DeleteItem {
            table: table.clone(),
            key: found.key,
            condition,
            return_values: match plan.returning {
                Some(_) => ReturnValues::AllOld,
                None => ReturnValues::None,
            },
            return_item_on_failure: request.return_item_on_failure,
        })
        .await?;
    Ok(write_output(table, output.attributes, output.capacity))
}
