//! BatchGetItem.

use super::capacity::ReturnConsumedCapacity;
use super::read::{projection, write_projected};
use crate::attribute_value::{decode_item_json, write_item};
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::{Json, ObjectWriter, Structure, write_list, write_string};
use crate::messages;
use crate::service::Service;
use shale_engine::{BatchGetOutput, blocking};
use shale_expression::Projection;
use shale_item::Item;
use std::borrow::Cow;
use std::ops::Range;

/// The documented limit of keys in a call.
const KEYS_MAX: usize = 100;
const REQUEST_ITEMS_TYPE: &str = "com.amazonaws.dynamodb.v20120810.KeysAndAttributes";

/// What is asked of one table.
struct TableRequest<'a> {
    table: String,
    /// Positions of its keys in the flat list.
    keys: Range<usize>,
    consistent: bool,
    projection: Option<Projection>,
    /// The parameters as sent, for UnprocessedKeys.
    projection_expression: Option<String>,
    attributes_to_get: Option<Json<'a>>,
    names: Option<Json<'a>>,
}

pub(crate) fn batch_get_item(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let items = request.map("RequestItems", REQUEST_ITEMS_TYPE)?;
    match &items {
        None => constraints.missing("RequestItems"),
        Some(items) => constraints.length(items.len(), "RequestItems", 1, KEYS_MAX),
    }
    let items = items.unwrap_or_default();
    let mut taken = Vec::with_capacity(items.len());
    constraints.check_table_keys(items.iter().map(|(table, _)| table.as_ref()));
    for (table, json) in items {
        let structure = Structure::open(json, "KeysAndAttributes")?;
        taken.push(TakenTable::take(table, structure, &mut constraints)?);
    }
    constraints.check()?;
    for taken in &mut taken {
        taken.table = service.table_name(std::mem::take(&mut taken.table))?;
    }
    Service::check_named_once(taken.iter().map(|taken| taken.table.as_ref()))?;
    if taken.iter().map(|taken| taken.keys.len()).sum::<usize>() > KEYS_MAX {
        return Err(Exception::validation(messages::too_many_items(
            "BatchGetItem",
        )));
    }

    let mut keys: Vec<(String, Item)> = Vec::new();
    let mut tables = Vec::with_capacity(taken.len());
    for mut taken in taken {
        let start = keys.len();
        for key in std::mem::take(&mut taken.keys) {
            let key = decode_item_json(key)?;
            if keys[start..].iter().any(|(_, earlier)| *earlier == key) {
                return Err(Exception::validation(messages::DUPLICATE_KEYS));
            }
            keys.push((taken.table.clone().into_owned(), key));
        }
        tables.push(table_request(taken, start..keys.len())?);
    }
    let output = blocking(|| read(service, &keys, &tables))?;
    Ok(answer(capacity, &keys, &tables, &output))
}

/// What is asked of one table, its constraints checked.
struct TakenTable<'a> {
    table: Cow<'a, str>,
    keys: Vec<Json<'a>>,
    names: Option<Json<'a>>,
    attributes_to_get: Option<Json<'a>>,
    legacy: Legacy<'a>,
    /// What is left: expression parameters.
    structure: Structure<'a>,
}

impl<'a> TakenTable<'a> {
    fn take(
        table: Cow<'a, str>,
        mut structure: Structure<'a>,
        constraints: &mut Constraints,
    ) -> Result<TakenTable<'a>, Exception> {
        let path = format!("RequestItems.{table}.member.");
        let keys = structure.list("Keys")?;
        let length = keys.as_ref().map(Vec::len);
        constraints.list_length(length, &format!("{path}Keys"), 1, KEYS_MAX);
        let names = structure.peek("ExpressionAttributeNames").cloned();
        let attributes_to_get = structure.peek("AttributesToGet").cloned();
        let known = &["AttributesToGet"];
        let legacy = Legacy::take_at(&mut structure, constraints, known, &path)?;
        Ok(TakenTable {
            table,
            keys: keys.unwrap_or_default(),
            names,
            attributes_to_get,
            legacy,
            structure,
        })
    }
}

fn table_request(taken: TakenTable<'_>, keys: Range<usize>) -> Result<TableRequest<'_>, Exception> {
    let TakenTable {
        table,
        names,
        attributes_to_get,
        mut legacy,
        mut structure,
        ..
    } = taken;
    let consistent = structure.bool("ConsistentRead")?.unwrap_or_default();
    let expression = structure.string("ProjectionExpression")?;
    let attributes = ExpressionAttributes::take(
        &mut structure,
        &[("ProjectionExpression", expression.is_some())],
        &legacy,
    )?;
    let mut expressions = attributes.expressions();
    let projection = projection(expression.as_deref(), &mut legacy, &mut expressions)?;
    expressions.finish()?;
    Ok(TableRequest {
        table: table.into_owned(),
        keys,
        consistent,
        projection,
        projection_expression: expression.map(|text| text.into_owned()),
        attributes_to_get,
        names,
    })
}

/// Reads all keys. The engine takes one consistency for all, so tables that differ in it are read in two calls.
fn read(
    service: &Service,
    keys: &[(String, Item)],
    tables: &[TableRequest<'_>],
) -> Result<BatchGetOutput, Exception> {
    let failed = |error, keys: &[(String, Item)]| {
        let table = keys.first().map_or("", |(table, _)| table.as_str());
        service.exception(error, Subject::Key, table)
    };
    let consistent = tables.iter().any(|table| table.consistent);
    if tables.iter().all(|table| table.consistent == consistent) {
        return service
            .engine
            .batch_get(keys, consistent)
            .map_err(|error| failed(error, keys));
    }
    let mut output = BatchGetOutput {
        items: vec![None; keys.len()],
        ..BatchGetOutput::default()
    };
    for consistent in [true, false] {
        let positions: Vec<usize> = tables
            .iter()
            .filter(|table| table.consistent == consistent)
            .flat_map(|table| table.keys.clone())
            .collect();
        if !output.unprocessed.is_empty() {
            // The size limit of the answer was reached already.
            output.unprocessed.extend(positions);
            break;
        }
        let part: Vec<(String, Item)> = positions.iter().map(|&at| keys[at].clone()).collect();
        let read = service
            .engine
            .batch_get(&part, consistent)
            .map_err(|error| failed(error, &part))?;
        for (&position, item) in positions.iter().zip(read.items) {
            output.items[position] = item;
        }
        output
            .unprocessed
            .extend(read.unprocessed.into_iter().map(|at| positions[at]));
        output.capacity.extend(read.capacity);
    }
    Ok(output)
}

fn answer(
    capacity: ReturnConsumedCapacity,
    keys: &[(String, Item)],
    tables: &[TableRequest<'_>],
    output: &BatchGetOutput,
) -> Vec<u8> {
    let bytes: usize = output.items.iter().flatten().map(|item| item.size()).sum();
    let mut out = Vec::with_capacity(256 + bytes * 3 / 2);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object("Responses", |responses| {
        for table in tables {
            let items = output.items[table.keys.clone()].iter().flatten();
            write_list(responses.member(&table.table), items, |out, item| {
                write_projected(out, item.view(), table.projection.as_ref());
            });
        }
    });
    answer.object("UnprocessedKeys", |unprocessed| {
        for table in tables {
            let positions = output
                .unprocessed
                .iter()
                .filter(|position| table.keys.contains(position));
            if positions.clone().next().is_some() {
                unprocessed.object(&table.table, |member| {
                    let left = positions.map(|&position| &keys[position].1);
                    write_list(member.member("Keys"), left, write_item);
                    write_parameters(member, table);
                });
            }
        }
    });
    capacity.write_all(&mut answer, &output.capacity);
    answer.end();
    out
}

/// The table's parameters again, so that UnprocessedKeys can be sent as RequestItems.
fn write_parameters(member: &mut ObjectWriter<'_>, table: &TableRequest<'_>) {
    if table.consistent {
        member.bool("ConsistentRead", true);
    }
    if let Some(expression) = &table.projection_expression {
        member.string("ProjectionExpression", expression);
    }
    if let Some(Json::Array(names)) = &table.attributes_to_get {
        write_list(member.member("AttributesToGet"), names, |out, name| {
            if let Json::String(name) = name {
                write_string(out, name);
            }
        });
    }
    if let Some(Json::Object(names)) = &table.names {
        member.object("ExpressionAttributeNames", |member| {
            for (placeholder, name) in names {
                if let Json::String(name) = name {
                    member.string(placeholder, name);
                }
            }
        });
    }
}
