//! ExecuteStatement: one PartiQL statement with items as its result, DynamoDB's semantics throughout.
//!
//! Not here: several statements in one request (`partiql_many`).

use super::bind_update::bind_update;
use super::partiql_query;
use super::write::{OneItem, Target, insert_items, target};
use crate::access::{AccessPath, IndexScan, choose, choose_for, holds_attribute, not_held};
use crate::bind::{Arguments, Parameters, Predicate, Semantics, both, lower};
use crate::plan::conflict::Conflict;
use crate::plan::output::follow;
use crate::plan::select::SortItem;
use crate::plan::{
    DeletePlan, InsertPlan, Order, Output, SelectPlan, UpdatePlan, pinned, whole_key_required,
};
use crate::service::{Plan, Prepared, Shared, SqlService};
use crate::{
    AnalyticContext, Dialect, PartiQlOutput, PartiQlRequest, SqlError, SqlType, WriteKind,
};
use shale_engine::{
    DeleteItem, Engine, Error, GetItem, IndexKind, Page, PutItem, Query, ReturnValues, Scan,
    TableDescription, TransactAction, UpdateItem, WriteOutput,
};
use shale_expression::{AbsentOperand, Condition, Path};
use shale_item::{AttributeValue, EncodedItem, Item};
use std::sync::Arc;

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
        let prepared = shared.prepare_partiql(request).await?;
        let with = shared.partiql_arguments(request);
        match &prepared.plan {
            Plan::Select(plan) => {
                if let Some(predicate) = &plan.predicate {
                    check_keys(&plan.table, predicate, &with)?;
                }
                select(shared, plan, request, &with)
            }
            Plan::Analytic(plan) => {
                partiql_query::page(shared, plan.as_ref(), &prepared, request).await
            }
            plan => match write_action(plan, request, &with)? {
                Some(action) => run_action(shared, action).await,
                None => Err(unsuitable(plan, "ExecuteStatement")),
            },
        }
    }
}

impl Shared {
    /// The plan of a statement whose parameters are as many as it has.
    pub(super) async fn prepare_partiql(
        &self,
        request: &PartiQlRequest,
    ) -> Result<Arc<Prepared>, SqlError> {
        let context = || self.partiql_context();
        let prepared = self
            .prepare(&request.statement, Dialect::PartiQl, &[], &context, None)
            .await?;
        if request.parameters.len() != prepared.parameter_types.len() {
            return Err(SqlError::Other {
                sqlstate: "08P01",
                message: "Number of parameters in request and statement don't match.".into(),
                hint: None,
            });
        }
        if request.read_only
            && let Some((kind, table)) = write_of(&prepared.plan)
        {
            return Err(SqlError::InsufficientPrivilege {
                kind,
                table: table.definition.name.clone(),
            });
        }
        Ok(prepared)
    }

    /// What a query may ask of its session: there is none, and it reads what is published.
    pub(super) fn partiql_context(&self) -> AnalyticContext {
        AnalyticContext {
            engine: self.engine.clone(),
            user: String::new(),
            database: String::new(),
            settings: Arc::default(),
            users: self.users.read().clone(),
            backends: Arc::clone(&self.backends),
            backend_pid: 0,
            view: None,
            probe: None,
        }
    }

    pub(super) fn partiql_arguments<'a>(&'a self, request: &'a PartiQlRequest) -> Arguments<'a> {
        let parameters = Parameters::Attributes(&request.parameters);
        self.arguments(parameters, &[], self.clock.now_micros())
    }
}

/// What a statement would write, and to which table.
fn write_of(plan: &Plan) -> Option<(WriteKind, &TableDescription)> {
    Some(match plan {
        Plan::Insert(plan, _) | Plan::InsertSelect { plan, .. } => (WriteKind::Insert, &plan.table),
        Plan::Update(plan, _) => (WriteKind::Update, &plan.table),
        Plan::Delete(plan, _) => (WriteKind::Delete, &plan.table),
        _ => return None,
    })
}

/// What is said of a statement that an operation does not take.
pub(super) fn unsuitable(plan: &Plan, operation: &str) -> SqlError {
    match plan {
        Plan::Empty => SqlError::Syntax {
            message: "Expected: a statement, found: EOF".into(),
            position: Some(0),
        },
        Plan::Exists(_) => SqlError::NotSupported {
            feature: format!("EXISTS in {operation}"),
            hint: Some("It is a condition of a transaction: ExecuteTransaction.".into()),
        },
        _ => SqlError::NotSupported {
            feature: format!("this statement in {operation}"),
            hint: None,
        },
    }
}

/// What a writing statement asks of the engine; `None` for other statements.
pub(super) fn write_action(
    plan: &Plan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<Option<TransactAction>, SqlError> {
    Ok(Some(match plan {
        Plan::Insert(plan, None) => insert(plan, with)?,
        Plan::Update(plan, None) => {
            check_keys(&plan.table, &plan.predicate, with)?;
            TransactAction::Update(update(plan, request, with)?)
        }
        Plan::Delete(plan, None) => {
            check_keys(&plan.table, &plan.predicate, with)?;
            TransactAction::Delete(delete(plan, request, with)?)
        }
        _ => return Ok(None),
    }))
}

/// Does it by itself.
pub(super) async fn run_action(
    shared: &Shared,
    action: TransactAction,
) -> Result<PartiQlOutput, SqlError> {
    let engine = &shared.engine;
    let table = action.table().to_owned();
    let output = match action {
        TransactAction::Insert { table, item } => insert_item(engine, table, item).await?,
        TransactAction::Put(put) => engine.put_item(put).await?,
        TransactAction::Update(update) => engine.update_item(update).await?,
        TransactAction::Delete(delete) => engine.delete_item(delete).await?,
        // A condition by itself has no effect; no statement outside of transactions is one.
        TransactAction::Check(_) => WriteOutput::default(),
    };
    Ok(write_output(&table, output))
}

/// Writes an item whose key must not exist.
async fn insert_item(engine: &Engine, table: String, item: Item) -> Result<WriteOutput, Error> {
    let key_schema = engine.describe_table(&table)?.definition.key_schema.clone();
    let key = key_schema.to_attributes(&key_schema.key_of(&item)?);
    let put = PutItem {
        table,
        item,
        condition: Some(Condition::AttributeNotExists(Path {
            root: key_schema.partition.name,
            steps: vec![],
        })),
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    };
    match engine.put_item(put).await {
        Err(Error::ConditionFailed { .. }) => Err(Error::ItemExists { key }),
        outcome => outcome,
    }
}

/// A constant that a key attribute must equal has to be a value of the key's type: unlike SQL, where such a key just does not exist.
pub(super) fn check_keys(
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
    let forward = direction(plan)?;
    let table = &plan.table.definition;
    let (mut read_index, mut completed) = (None, false);
    check_projected(plan, condition.as_ref())?;
    let access = match plan.needs.index {
        None => choose(&table.key_schema, condition),
        Some(_) => choose_for(&plan.table, condition, &plan.needs),
    };
    let page = match access.path {
        AccessPath::IndexScan(scan) => {
            read_index = Some(scan.index.clone());
            completed = scan.whole_items;
            index_page(shared, plan, scan, access.residual, forward, request)?
        }
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
    let items = page.items.iter();
    let mut items: Vec<Item> = items
        .map(|item| projected(item, projection.as_ref()))
        .collect();
    // Items were completed for the condition only: `*` is what the entries hold.
    if let (Some(index), true, None) = (&read_index, completed, &projection) {
        for item in &mut items {
            item.retain(|name, _| holds_attribute(table, index, name));
        }
    }
    // What is read of an index costs the table nothing but what the entries lack.
    let (capacity, index_capacity) = match read_index {
        Some(index) => (
            page.whole_items_capacity,
            vec![(index.name.clone(), page.capacity)],
        ),
        None => (page.capacity, vec![]),
    };
    Ok(PartiQlOutput {
        items,
        last_evaluated_key: page.last_evaluated_key,
        table: table.name.clone(),
        is_write: false,
        capacity,
        index_capacity,
    })
}

/// Unlike a local index, a global one is not completed from its table: it must hold what a statement names.
fn check_projected(plan: &SelectPlan, condition: Option<&Condition>) -> Result<(), SqlError> {
    let definition = &plan.table.definition;
    let index = plan.needs.index.as_ref();
    let index = index.and_then(|name| definition.derived.index(name));
    let Some(index) = index.filter(|index| index.kind == IndexKind::Global) else {
        return Ok(());
    };
    let absent = not_held(definition, index, &plan.needs, condition);
    if absent.is_empty() {
        return Ok(());
    }
    let absent = Vec::from_iter(absent).join(", ");
    Err(SqlError::Other {
        sqlstate: "0A000",
        message: format!(
            "One or more parameter values were invalid: Global secondary index {} does not project [{absent}]",
            index.name
        ),
        hint: None,
    })
}

/// One page of the entries of an index.
fn index_page(
    shared: &Shared,
    plan: &SelectPlan,
    scan: IndexScan,
    filter: Option<Condition>,
    forward: bool,
    request: &PartiQlRequest,
) -> Result<Page, SqlError> {
    let table = &plan.table.definition.name;
    if scan.index.kind == IndexKind::Global && request.consistent {
        return Err(SqlError::Other {
            sqlstate: "0A000",
            message: "Consistent reads are not supported on global secondary indexes".into(),
            hint: None,
        });
    }
    let path = AccessPath::IndexScan(scan);
    let start_key = request.start_key.clone();
    if let Some(scan) = path.scan(table) {
        return Ok(shared.engine.scan(&Scan {
            filter,
            limit: request.limit,
            exclusive_start_key: start_key,
            consistent: request.consistent,
            ..scan
        })?);
    }
    let mut queries = path.queries(table);
    match (queries.pop(), queries.is_empty()) {
        (Some(query), true) => Ok(shared.engine.query(&Query {
            filter,
            forward,
            limit: request.limit,
            exclusive_start_key: start_key,
            consistent: request.consistent,
            ..query
        })?),
        _ => Err(SqlError::NotSupported {
            feature: "several partition keys of an index in one statement".into(),
            hint: Some("Name one value of each HASH attribute.".into()),
        }),
    }
}

/// In which direction a statement reads, if it asks for nothing that has to be done with the items afterwards.
pub(super) fn direction(plan: &SelectPlan) -> Result<bool, SqlError> {
    if plan.limit.is_some() || plan.offset.is_some() {
        return Err(SqlError::NotSupported {
            feature: "LIMIT and OFFSET in PartiQL".into(),
            hint: Some("Use the request's Limit.".into()),
        });
    }
    match &plan.order {
        Order::Any => Ok(true),
        Order::SortKey { forward } => Ok(*forward),
        Order::Memory(items) if by_index_key(plan, items) => {
            Ok(!items.iter().any(|item| item.descending))
        }
        Order::Memory(_) => Err(SqlError::NotSupported {
            feature: "ORDER BY other than the sort key".into(),
            hint: Some("WHERE must pin the partition key and ORDER BY name the sort key.".into()),
        }),
    }
}

/// Whether the one term of ORDER BY is the first RANGE attribute of the index that is read.
fn by_index_key(plan: &SelectPlan, items: &[SortItem]) -> bool {
    let index = plan.needs.index.as_ref();
    let index = index.and_then(|name| plan.table.definition.derived.index(name));
    match (index.and_then(|index| index.sort.first()), items) {
        (Some(first), [item]) => item.attribute() == Some(&first.name),
        _ => false,
    }
}

/// The attributes of a result: names, and where their values stand in the item.
pub(super) type ResultAttributes = Vec<(String, Path)>;

/// What a select list takes of an item; what is not there is left out.
pub(super) fn projected(item: &EncodedItem, attributes: Option<&ResultAttributes>) -> Item {
    let Some(attributes) = attributes else {
        return item.to_item();
    };
    let value_of = |path| follow(item.view(), path).map(|value| value.to_value());
    attributes
        .iter()
        .filter_map(|(name, path)| Some((name.clone(), value_of(path)?)))
        .collect()
}

/// What the select list names; `None` for `*`.
pub(super) fn projection(plan: &SelectPlan) -> Result<Option<ResultAttributes>, SqlError> {
    let Some(outputs) = &plan.projection else {
        return Ok(None);
    };
    let mut attributes = ResultAttributes::with_capacity(outputs.len());
    for (output, column) in outputs.iter().zip(plan.outputs.columns.iter()) {
        let Output::Attribute(path, _) = output else {
            return Err(SqlError::NotSupported {
                feature: "a constant or _item in the select list of PartiQL".into(),
                hint: None,
            });
        };
        match attributes.iter().find(|(name, _)| *name == column.name) {
            None => attributes.push((column.name.clone(), path.clone())),
            Some((_, same)) if same == path => {}
            Some(_) => {
                return Err(SqlError::DuplicateColumn {
                    name: column.name.clone(),
                });
            }
        }
    }
    Ok(Some(attributes))
}

/// Whether a query reads its table as DynamoDB does: in the order of keys, from a key to the end of a page.
pub(crate) fn is_page(plan: &SelectPlan) -> bool {
    let is_attribute = |output: &Output| matches!(output, Output::Attribute(..));
    let outputs = plan.projection.as_deref().unwrap_or_default();
    direction(plan).is_ok() && outputs.iter().all(is_attribute)
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

/// What a write answers.
pub(super) fn write_output(table: &str, output: WriteOutput) -> PartiQlOutput {
    PartiQlOutput {
        items: output.attributes.into_iter().collect(),
        last_evaluated_key: None,
        table: table.to_owned(),
        is_write: true,
        capacity: output.capacity,
        index_capacity: output.index_capacity,
    }
}

fn insert(plan: &InsertPlan, with: &Arguments<'_>) -> Result<TransactAction, SqlError> {
    if !matches!(plan.conflict, Conflict::Fail) || plan.returning.is_some() {
        return Err(SqlError::NotSupported {
            feature: "ON CONFLICT and RETURNING of INSERT in PartiQL".into(),
            hint: None,
        });
    }
    let mut items = insert_items(plan, with)?;
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => Ok(TransactAction::Insert {
            table: plan.table.definition.name.clone(),
            item,
        }),
        _ => Err(SqlError::NotSupported {
            feature: "INSERT of more than one item in a PartiQL statement".into(),
            hint: Some("Send one statement per item.".into()),
        }),
    }
}

/// The condition that an item is there.
pub(super) fn exists(table: &TableDescription) -> Condition {
    Condition::AttributeExists(partition_key(table))
}

fn partition_key(table: &TableDescription) -> Path {
    Path {
        root: table.definition.key_schema.partition.name.clone(),
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

/// The item that a write or a condition is about.
pub(super) fn one_item(
    table: &TableDescription,
    predicate: &Predicate,
    with: &Arguments<'_>,
) -> Result<OneItem, SqlError> {
    match target(table, predicate, with, Semantics::Dynamo)? {
        Target::Nothing => Err(impossible()),
        Target::One(item) => Ok(item),
        Target::Many(_) => Err(whole_key_required()),
    }
}

fn update(
    plan: &UpdatePlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<UpdateItem, SqlError> {
    let mut update = bind_update(&plan.actions, &plan.checks, with)?;
    update.absent_operand = AbsentOperand::Fails;
    let found = one_item(&plan.table, &plan.predicate, with)?;
    let mut condition = exists(&plan.table);
    if let Some(residual) = found.residual {
        condition = both(condition, residual);
    }
    Ok(UpdateItem {
        table: plan.table.definition.name.clone(),
        key: found.key,
        update: Some(update),
        condition: Some(condition),
        return_values: plan.return_values,
        return_item_on_failure: request.return_item_on_failure,
    })
}

/// A missing item is no error of DELETE; an item on which the condition does not hold is.
fn delete(
    plan: &DeletePlan,
    request: &PartiQlRequest,
    with: &Arguments<'_>,
) -> Result<DeleteItem, SqlError> {
    let found = one_item(&plan.table, &plan.predicate, with)?;
    let condition = found.residual.map(|residual| {
        Condition::Or(vec![
            Condition::AttributeNotExists(partition_key(&plan.table)),
            residual,
        ])
    });
    Ok(DeleteItem {
        table: plan.table.definition.name.clone(),
        key: found.key,
        condition,
        return_values: match plan.returning {
            Some(_) => ReturnValues::AllOld,
            None => ReturnValues::None,
        },
        return_item_on_failure: request.return_item_on_failure,
    })
}
