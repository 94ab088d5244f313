//! TransactGetItems.

use super::capacity::{Consumed, Direction, ReturnConsumedCapacity};
use super::read::write_projected;
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::service::Service;
use shale_engine::{TransactGetOutput, blocking};
use shale_expression::Projection;
use shale_item::Item;

/// The documented limit of items in a call.
const ITEMS_MAX: usize = 100;

/// One Get, its constraints checked.
struct Get<'a> {
    table: String,
    key: Option<Json<'a>>,
    /// What is left: expression parameters.
    structure: Structure<'a>,
}

pub(crate) fn transact_get_items(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let list = request.list("TransactItems")?;
    let length = list.as_ref().map(Vec::len);
    constraints.list_length(length, "TransactItems", 1, ITEMS_MAX);
    let mut gets = Vec::with_capacity(list.as_ref().map_or(0, Vec::len));
    for (position, json) in list.unwrap_or_default().into_iter().enumerate() {
        gets.extend(take_get(service, json, position + 1, &mut constraints)?);
    }
    constraints.check()?;

    let mut keys: Vec<(String, Item)> = Vec::with_capacity(gets.len());
    let mut projections = Vec::with_capacity(gets.len());
    for get in gets {
        let key = get.key.map(decode_item_json).transpose()?;
        keys.push((get.table, key.unwrap_or_default()));
        projections.push(projection(get.structure)?);
    }
    let output = blocking(|| service.engine.transact_get(&keys)).map_err(|error| {
        let parts = keys.iter().map(|(table, _)| (Subject::Key, table.as_str()));
        service.transaction_exception(error, &parts.collect::<Vec<_>>())
    })?;
    Ok(answer(capacity, &keys, &projections, &output))
}

fn take_get<'a>(
    service: &Service,
    json: Json<'a>,
    number: usize,
    constraints: &mut Constraints,
) -> Result<Option<Get<'a>>, Exception> {
    let path = |member: &str| format!("TransactItems.{number}.member.Get{member}");
    let mut element = Structure::open(json, "TransactGetItem")?;
    let Some(mut structure) = element.structure("Get", "Get")? else {
        constraints.missing(&path(""));
        return Ok(None);
    };
    let table = constraints.table_name_at(service, &mut structure, &path(".TableName"))?;
    constraints.attribute_names(&structure, &path("."));
    Ok(Some(Get {
        table: table.into_owned(),
        key: constraints.required(structure.take("Key"), &path(".Key")),
        structure,
    }))
}

fn projection(mut structure: Structure<'_>) -> Result<Option<Projection>, Exception> {
    let expression = structure.string("ProjectionExpression")?;
    let given = [("ProjectionExpression", expression.is_some())];
    let attributes = ExpressionAttributes::take(&mut structure, &given, &Legacy::default())?;
    let mut expressions = attributes.expressions();
    let projection = expression.map(|text| expressions.projection(&text));
    let projection = projection.transpose()?;
    expressions.finish()?;
    Ok(projection)
}

fn answer(
    capacity: ReturnConsumedCapacity,
    keys: &[(String, Item)],
    projections: &[Option<Projection>],
    output: &TransactGetOutput,
) -> Vec<u8> {
    let bytes: usize = output.items.iter().flatten().map(|item| item.size()).sum();
    let mut out = Vec::with_capacity(256 + bytes * 3 / 2);
    let mut answer = ObjectWriter::begin(&mut out);
    let tables = keys.iter().map(|(table, _)| table.as_str());
    let consumed = output
        .capacity
        .iter()
        .map(|units| Consumed::of_table(*units));
    capacity.write_transaction(&mut answer, Direction::Read, tables.zip(consumed));
    let found = output.items.iter().zip(projections);
    write_list(
        answer.member("Responses"),
        found,
        |out, (item, projection)| {
            let mut element = ObjectWriter::begin(out);
            if let Some(item) = item {
                write_projected(element.member("Item"), item.view(), projection.as_ref());
            }
            element.end();
        },
    );
    answer.end();
    out
}
