//! UpdateTable: billing mode, throughput, stream, deletion protection, global secondary indexes, settings.

use super::create_table::{
    BillingModeName, attribute_definitions, billing_mode, check_defined, check_definitions,
    provisioned_throughput, refuse_not_built, table_class, throughput_of,
};
use super::index_definitions::{IndexRequest, key_attributes, take_index, take_index_name};
use super::replicas;
use super::settings::{self, Changes, Encryption, Occasion, Throughput};
use super::stream_specification::StreamSpecification;
use super::table_description::{Answering, answer};
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{
    BillingMode, CreateTable, Index, IndexChange, IndexKind, IndexStatus, TableChanges,
};
use shale_item::{KeyAttribute, KeyType};

/// Parameters whose features are not built.
const NOT_BUILT: [&str; 5] = [
    "VectorIndexUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
];

pub(crate) async fn update_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    let mode = billing_mode(&mut request, &mut constraints)?;
    let throughput = provisioned_throughput(&mut request, &mut constraints)?;
    let class = table_class(&mut request, &mut constraints)?;
    let definitions = attribute_definitions(&mut request, &mut constraints)?.unwrap_or_default();
    let stream = StreamSpecification::take(&mut request, &mut constraints)?;
    let mut fault = None;
    let updates = take_updates(&mut request, &mut constraints, &mut fault)?;
    let replicas = replicas::take(&mut request, &mut constraints)?;
    let encryption = Encryption::take(&mut request, &mut constraints)?;
    let limits = Throughput::take(&mut request)?;
    let deletion_protection = request.bool("DeletionProtectionEnabled")?;
    constraints.check()?;
    if let Some(message) = fault {
        return Err(Exception::validation(message));
    }
    refuse_not_built(&request, &NOT_BUILT)?;
    let capacity = mode.is_some() || throughput.is_some() || !limits.is_empty();
    let switches = deletion_protection.is_some() || stream.is_some() || encryption.is_some();
    let lists = !updates.is_empty() || !replicas.is_empty();
    if !capacity && !switches && class.is_none() && !lists {
        return Err(Exception::validation(messages::UPDATE_TABLE_EMPTY));
    }

    let failed = |error| service.exception(error, Subject::Table, &table);
    let current = service.engine.describe_table(&table).map_err(failed)?;
    let billing_mode = billing(current.definition.billing_mode, mode, throughput)?;
    let before = &current.definition;
    let new_mode = billing_mode.unwrap_or(before.billing_mode);
    let now_micros = service.now_micros();
    let mut settings = settings::billing_mode_changes(&current, new_mode, now_micros);
    settings.extend(limits.changes(Occasion::Update, new_mode, &before.settings, None)?);
    settings.extend(index_settings(&updates, before, new_mode, now_micros)?);
    if let Some(encryption) = encryption {
        settings.extend(encryption.changes(service, &before.settings)?);
    }
    if let Some(class) = class {
        settings.extend(settings::class_changes(class, &before.settings, now_micros));
    }
    settings.extend(replicas::changes(
        service,
        &table,
        replicas,
        &before.settings,
    )?);
    let changes = TableChanges {
        billing_mode,
        deletion_protection,
        settings,
        stream: stream.map(|stream| stream.view()).transpose()?,
        indexes: index_changes(updates, &definitions, before, new_mode)?,
        ..TableChanges::default()
    };
    let description = service
        .engine
        .update_table(&table, changes)
        .await
        .map_err(failed)?;
    Ok(answer(
        service,
        &description,
        Answering::UpdateTable,
        "TableDescription",
    ))
}

/// One of GlobalSecondaryIndexUpdates.
enum IndexUpdate {
    Create(IndexRequest),
    Update {
        name: String,
        throughput: Option<(u64, u64)>,
        settings: Throughput,
    },
    Delete(String),
}

/// A fault that is not one of the API model is left there.
fn take_updates(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
    fault: &mut Option<&'static str>,
) -> Result<Vec<IndexUpdate>, Exception> {
    let list = request
        .list("GlobalSecondaryIndexUpdates")?
        .unwrap_or_default();
    let mut updates = Vec::with_capacity(list.len());
    for (number, json) in list.into_iter().enumerate() {
        let path = format!("GlobalSecondaryIndexUpdates.{}.member", number + 1);
        let mut update = Structure::open(json, "GlobalSecondaryIndexUpdate")?;
        let mut members = 0;
        if let Some(json) = update.take("Create") {
            members += 1;
            let path = format!("{path}.Create");
            let index = take_index(json, IndexKind::Global, constraints, &path)?;
            updates.push(IndexUpdate::Create(index));
        }
        if let Some(json) = update.take("Update") {
            members += 1;
            let path = format!("{path}.Update");
            let mut change = Structure::open(json, "UpdateGlobalSecondaryIndexAction")?;
            let name = take_index_name(&mut change, constraints, &path)?;
            let throughput = throughput_of(&mut change, constraints, &format!("{path}."))?;
            let settings = Throughput::take(&mut change)?;
            if throughput.is_none() && settings.is_empty() {
                fault.get_or_insert(messages::INDEX_UPDATE_EMPTY);
            }
            updates.push(IndexUpdate::Update {
                name,
                throughput,
                settings,
            });
        }
        if let Some(json) = update.take("Delete") {
            members += 1;
            let mut delete = Structure::open(json, "DeleteGlobalSecondaryIndexAction")?;
            let name = take_index_name(&mut delete, constraints, &format!("{path}.Delete"))?;
            updates.push(IndexUpdate::Delete(name));
        }
        if members != 1 {
            fault.get_or_insert(messages::ONE_INDEX_UPDATE);
        }
    }
    Ok(updates)
}

/// What the updates change. One index at a time is created or deleted, as the service has it.
fn index_changes(
    updates: Vec<IndexUpdate>,
    definitions: &[(String, KeyType)],
    current: &CreateTable,
    billing_mode: BillingMode,
) -> Result<Vec<IndexChange>, Exception> {
    let indexes = &current.derived.indexes;
    let creating = indexes
        .iter()
        .any(|index| index.status == IndexStatus::Creating);
    let online = updates
        .iter()
        .filter(|update| !matches!(update, IndexUpdate::Update { .. }))
        .count();
    if online > 1 || (creating && online > 0) {
        return Err(Exception::new(
            ExceptionType::LimitExceeded,
            messages::ONE_ONLINE_INDEX,
        ));
    }
    check_definitions(definitions)?;
    // Attributes of keys that are there keep their types; a request may leave them out.
    let known = key_attributes(current);
    let contradicts = |(name, key_type): &&(String, KeyType)| {
        let same = |key: &&KeyAttribute| key.name == *name && key.key_type != *key_type;
        known.iter().any(same)
    };
    if let Some((name, _)) = definitions.iter().find(contradicts) {
        return Err(Exception::validation(messages::index_type_conflict(name)));
    }
    let known = known
        .into_iter()
        .filter(|key| definitions.iter().all(|(name, _)| *name != key.name));
    let mut all = definitions.to_vec();
    all.extend(known.map(|key| (key.name.clone(), key.key_type)));
    let mut changes = capacity_of_indexes(current, billing_mode, &updates)?;
    for update in updates {
        if !matches!(
            update,
            IndexUpdate::Update {
                throughput: None,
                ..
            }
        ) {
            changes.push(index_change(update, &all, indexes, billing_mode)?);
        }
    }
    Ok(changes)
}

/// What another billing mode means for the global indexes that are there: on demand they have no capacity, otherwise they need one.
fn capacity_of_indexes(
    current: &CreateTable,
    billing_mode: BillingMode,
    updates: &[IndexUpdate],
) -> Result<Vec<IndexChange>, Exception> {
    let indexes = current.derived.indexes.iter();
    let mut global = indexes.filter(|index| index.kind == IndexKind::Global);
    match (current.billing_mode, billing_mode) {
        (BillingMode::Provisioned { .. }, BillingMode::PayPerRequest) => {
            let none = |index: &Index| IndexChange::Provision(index.name.clone(), None);
            Ok(global.map(none).collect())
        }
        (BillingMode::PayPerRequest, BillingMode::Provisioned { .. }) => {
            let is_given = |index: &Index| {
                updates.iter().any(|update| match update {
                    IndexUpdate::Update {
                        name, throughput, ..
                    } => *name == index.name && throughput.is_some(),
                    IndexUpdate::Delete(name) => *name == index.name,
                    IndexUpdate::Create(_) => false,
                })
            };
            match global.find(|index| !is_given(index)) {
                None => Ok(Vec::new()),
                Some(index) => {
                    let message = messages::index_throughput_missing(&index.name);
                    Err(Exception::validation(message))
                }
            }
        }
        _ => Ok(Vec::new()),
    }
}

fn index_change(
    update: IndexUpdate,
    definitions: &[(String, KeyType)],
    indexes: &[Index],
    billing_mode: BillingMode,
) -> Result<IndexChange, Exception> {
    match update {
        IndexUpdate::Create(index) => {
            check_defined(&index.keys, definitions)?;
            let index = index.resolve(definitions, billing_mode)?;
            Ok(IndexChange::Create(index))
        }
        IndexUpdate::Update { name, .. } if billing_mode == BillingMode::PayPerRequest => {
            let message = messages::index_throughput_not_allowed(&name);
            Err(Exception::validation(message))
        }
        IndexUpdate::Update {
            name, throughput, ..
        } => Ok(IndexChange::Provision(name, throughput)),
        IndexUpdate::Delete(name) if indexes.iter().all(|index| index.name != name) => {
            let message = messages::RESOURCE_NOT_FOUND;
            Err(Exception::new(ExceptionType::ResourceNotFound, message))
        }
        IndexUpdate::Delete(name) => Ok(IndexChange::Drop(name)),
    }
}

/// What the updates change of the settings of indexes.
fn index_settings(
    updates: &[IndexUpdate],
    before: &CreateTable,
    billing_mode: BillingMode,
    now_micros: u64,
) -> Result<Changes, Exception> {
    let stored = &before.settings;
    // A table that gets capacity again names that of its indexes, whatever it was.
    let switches = matches!(before.billing_mode, BillingMode::PayPerRequest)
        != matches!(billing_mode, BillingMode::PayPerRequest);
    let mut changes = Changes::new();
    for update in updates {
        let (occasion, name, settings) = match update {
            IndexUpdate::Create(index) => (Occasion::Create, &index.name, &index.settings),
            IndexUpdate::Update { name, settings, .. } => (Occasion::Update, name, settings),
            IndexUpdate::Delete(_) => continue,
        };
        let index = before.derived.index(name);
        if occasion == Occasion::Update && index.is_none() {
            let message = messages::RESOURCE_NOT_FOUND;
            return Err(Exception::new(ExceptionType::ResourceNotFound, message));
        }
        changes.extend(settings.changes(occasion, billing_mode, stored, Some(name))?);
        if let IndexUpdate::Update {
            throughput: Some(now),
            ..
        } = update
            && let Some(before) = index.and_then(|index| index.provisioned)
        {
            if before == *now && !switches {
                let message = messages::same_throughput(&format!("index {name}"), now.0, now.1);
                return Err(Exception::validation(message));
            }
            let capacity = settings::capacity_changes(stored, Some(name), before, *now, now_micros);
            changes.extend(capacity);
        }
    }
    Ok(changes)
}

/// The new billing mode, if the parameters change it. A mode that is not named stays.
fn billing(
    current: BillingMode,
    mode: Option<BillingModeName>,
    throughput: Option<(u64, u64)>,
) -> Result<Option<BillingMode>, Exception> {
    let refused = |message: &str| Err(Exception::validation(message));
    let (read, write) = match (mode, throughput, current) {
        (None, None, _) => return Ok(None),
        (Some(BillingModeName::PayPerRequest), None, _) => {
            return Ok(Some(BillingMode::PayPerRequest));
        }
        (Some(BillingModeName::PayPerRequest), Some(_), _)
        | (None, Some(_), BillingMode::PayPerRequest) => {
            return refused(messages::THROUGHPUT_NOT_ALLOWED);
        }
        (Some(BillingModeName::Provisioned), None, BillingMode::PayPerRequest) => {
            return refused(messages::THROUGHPUT_MISSING);
        }
        (Some(BillingModeName::Provisioned), None, BillingMode::Provisioned { .. }) => {
            return Ok(None);
        }
        (Some(BillingModeName::Provisioned), Some(units), _)
        | (None, Some(units), BillingMode::Provisioned { .. }) => units,
    };
    let wanted = BillingMode::Provisioned { read, write };
    if wanted == current {
        return Err(Exception::validation(messages::same_throughput(
            "table", read, write,
        )));
    }
    Ok(Some(wanted))
}
