//! BatchWriteItem.

use super::capacity::{Consumed, ReturnConsumedCapacity};
use super::collection_metrics::{self, CollectionKey, ReturnItemCollectionMetrics};
use crate::attribute_value::{decode_item_json, write_item};
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use shale_engine::{BatchWrite, BatchWriteOutput};
use shale_item::{Item, PrimaryKey};
use std::collections::HashSet;

/// The documented limit of writes in a call.
const WRITES_MAX: usize = 25;
const REQUEST_ITEMS_TYPE: &str = "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>";

/// `body` is the request's, read again in the rare case that writes are left to return.
pub(crate) async fn batch_write_item(
    service: &Service,
    mut request: Structure<'_>,
    body: &[u8],
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let metrics = ReturnItemCollectionMetrics::take(&mut request, &mut constraints)?;
    let writes = decode_writes(service, &mut request, &mut constraints)?;
    check_keys(service, &writes)?;
    let collections = collections(service, metrics, &writes);
    let table = writes.first().map(|(table, _)| table.clone());
    let output = service.engine.batch_write(writes).await.map_err(|error| {
        service.exception(error, Subject::Item, table.as_deref().unwrap_or_default())
    })?;
    answer(service, capacity, collections, &output, body)
}

/// The writes of all tables in the order of the request.
fn decode_writes(
    service: &Service,
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Vec<(String, BatchWrite)>, Exception> {
    let items = request.map("RequestItems", REQUEST_ITEMS_TYPE)?;
    match &items {
        None => constraints.missing("RequestItems"),
        Some(items) => constraints.length(items.len(), "RequestItems", 1, WRITES_MAX),
    }
    let items = items.unwrap_or_default();
    constraints.check_table_keys(items.iter().map(|(table, _)| table.as_ref()));
    let mut lists = Vec::with_capacity(items.len());
    let mut counts_fit = true;
    for (table, json) in items {
        let list = json.into_list()?;
        counts_fit &= (1..=WRITES_MAX).contains(&list.len());
        let mut taken = Vec::with_capacity(list.len());
        for (position, json) in list.into_iter().enumerate() {
            let path = format!("RequestItems.{table}.member.{}.member.", position + 1);
            taken.push(take_write(json, constraints, &path)?);
        }
        lists.push((table, taken));
    }
    if !counts_fit {
        let rules = [
            messages::at_most("length", WRITES_MAX),
            messages::at_least("length", 1),
        ];
        let rule = messages::of_elements("Map value", &rules);
        constraints.violated("RequestItems", &rule);
    }
    std::mem::take(constraints).check()?;
    for (table, _) in &mut lists {
        *table = service.table_name(std::mem::take(table))?;
    }
    Service::check_named_once(lists.iter().map(|(table, _)| table.as_ref()))?;
    let count: usize = lists.iter().map(|(_, list)| list.len()).sum();
    if count > WRITES_MAX {
        return Err(Exception::validation(messages::too_many_items(
            "BatchWriteItem",
        )));
    }
    let mut writes = Vec::with_capacity(count);
    for (table, list) in lists {
        for write in list {
            writes.push((table.clone().into_owned(), decode_write(write)?));
        }
    }
    Ok(writes)
}

/// Item of PutRequest and Key of DeleteRequest.
type TakenWrite<'a> = (Option<Json<'a>>, Option<Json<'a>>);

/// A write, at that path in messages.
fn take_write<'a>(
    json: Json<'a>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<TakenWrite<'a>, Exception> {
    let mut write = Structure::open(json, "WriteRequest")?;
    let put = write.structure("PutRequest", "PutRequest")?;
    let delete = write.structure("DeleteRequest", "DeleteRequest")?;
    let item = put.and_then(|mut put| {
        constraints.required(put.take("Item"), &format!("{path}PutRequest.Item"))
    });
    let key = delete.and_then(|mut delete| {
        constraints.required(delete.take("Key"), &format!("{path}DeleteRequest.Key"))
    });
    Ok((item, key))
}

fn decode_write(write: TakenWrite<'_>) -> Result<BatchWrite, Exception> {
    match write {
        (Some(item), None) => decode_item_json(item).map(BatchWrite::Put),
        (None, Some(key)) => decode_item_json(key).map(BatchWrite::Delete),
        (Some(_), Some(_)) | (None, None) => {
            Err(Exception::validation(messages::WRITE_REQUEST_SHAPE))
        }
    }
}

/// Keys must fit their tables, and none may be written twice.
fn check_keys(service: &Service, writes: &[(String, BatchWrite)]) -> Result<(), Exception> {
    let mut seen: HashSet<(&str, PrimaryKey)> = HashSet::with_capacity(writes.len());
    let mut description = None;
    let mut described = "";
    for (table, write) in writes {
        if table != described {
            let found = service.engine.describe_table(table);
            description =
                Some(found.map_err(|error| service.exception(error, Subject::Item, table))?);
            described = table;
        }
        let Some(description) = &description else {
            continue;
        };
        let schema = &description.definition.key_schema;
        let (key, subject): (_, Subject) = match write {
            BatchWrite::Put(item) => (schema.key_of(item), Subject::Item),
            BatchWrite::Delete(key) => (schema.exact_key_of(key), Subject::Key),
        };
        let key = key.map_err(|error| service.exception(error.into(), subject, table))?;
        if !seen.insert((table, key)) {
            return Err(Exception::validation(messages::DUPLICATE_KEYS));
        }
    }
    Ok(())
}

/// Tables and keys of the collections of all writes in order; nothing if they are not asked for.
fn collections(
    service: &Service,
    metrics: ReturnItemCollectionMetrics,
    writes: &[(String, BatchWrite)],
) -> Vec<(String, CollectionKey)> {
    if metrics == ReturnItemCollectionMetrics::None {
        return Vec::new();
    }
    let collection = |(table, write): &(String, BatchWrite)| {
        let (BatchWrite::Put(attributes) | BatchWrite::Delete(attributes)) = write;
        (table.clone(), metrics.key_of(service, table, attributes))
    };
    writes.iter().map(collection).collect()
}

fn answer(
    service: &Service,
    capacity: ReturnConsumedCapacity,
    collections: Vec<(String, CollectionKey)>,
    output: &BatchWriteOutput,
    body: &[u8],
) -> Result<Vec<u8>, Exception> {
    let mut out = Vec::with_capacity(64);
    let mut answer = ObjectWriter::begin(&mut out);
    let mut left = Vec::new();
    if !output.unprocessed.is_empty() {
        let mut request = Structure::open(Json::parse(body)?, "Request")?;
        let writes = decode_writes(service, &mut request, &mut Constraints::default())?;
        left = writes
            .into_iter()
            .enumerate()
            .filter(|(position, _)| output.unprocessed.contains(position))
            .map(|(_, write)| write)
            .collect();
    }
    answer.object("UnprocessedItems", |member| {
        // The writes of one table follow each other.
        for writes in left.chunk_by(|(one, _), (other, _)| one == other) {
            let table = &writes[0].0;
            write_list(member.member(table), writes, |out, (_, write)| {
                write_request(out, write);
            });
        }
    });
    let tables = output.capacity.iter().map(|(table, units)| {
        let indexes = output.index_capacity.get(table).into_iter().flatten();
        let indexes = indexes.map(|(name, units)| (name, *units));
        let consumed = Consumed::with_indexes(service, table, *units, indexes);
        (table.as_str(), consumed)
    });
    capacity.write_each(&mut answer, tables);
    let sizes = collections.iter().zip(&output.collection_bytes);
    let sizes = sizes.map(|((table, key), bytes)| (table.as_str(), key.clone(), *bytes));
    collection_metrics::write_each(&mut answer, sizes);
    answer.end();
    Ok(out)
}

fn write_request(out: &mut Vec<u8>, write: &BatchWrite) {
    let (request, name, item): (&str, &str, &Item) = match write {
        BatchWrite::Put(item) => ("PutRequest", "Item", item),
        BatchWrite::Delete(key) => ("DeleteRequest", "Key", key),
    };
    let mut element = ObjectWriter::begin(out);
    element.object(request, |member| write_item(member.member(name), item));
    element.end();
}
