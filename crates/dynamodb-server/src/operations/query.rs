//! Query.

use super::read::{PageParameters, attribute_in, find_index, index_name, projection};
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy, key_condition_message};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{Error, Index, Query, blocking};
use shale_expression::{KeyCondition, ResolvedKeyCondition, SortCondition};
use shale_item::{AttributeType, AttributeValue, Item, KeyAttribute, KeySchema, KeyType};

pub(crate) fn query(service: &Service, mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?.into_owned();
    let parameters = PageParameters::take(&mut request, &mut constraints)?;
    let index_name = index_name(&mut request, &mut constraints)?;
    let mut legacy = Legacy::take(
        &mut request,
        &mut constraints,
        &["AttributesToGet", "QueryFilter", "KeyConditions"],
    )?;
    constraints.check()?;

    let consistent = request.bool("ConsistentRead")?.unwrap_or_default();
    let forward = request.bool("ScanIndexForward")?.unwrap_or(true);
    let exclusive_start_key = request
        .take("ExclusiveStartKey")
        .map(decode_item_json)
        .transpose()?;
    let projection_expression = request.string("ProjectionExpression")?;
    let filter_expression = request.string("FilterExpression")?;
    let key_expression = request.string("KeyConditionExpression")?;
    let attributes = ExpressionAttributes::take(
        &mut request,
        &[
            ("ProjectionExpression", projection_expression.is_some()),
            ("FilterExpression", filter_expression.is_some()),
            ("KeyConditionExpression", key_expression.is_some()),
        ],
        &legacy,
    )?;
    let mut expressions = attributes.expressions();
    parameters.check_select(
        legacy.projection_parameter(projection_expression.is_some()),
        index_name.is_some(),
    )?;
    let key_condition = match key_expression {
        Some(text) => expressions.key_condition(&text)?,
        None => legacy
            .key_conditions()?
            .ok_or_else(|| Exception::validation(messages::NO_KEY_CONDITION))?,
    };
    let by_expression = filter_expression.is_some();
    let filter = match filter_expression {
        Some(text) => Some(expressions.condition("FilterExpression", &text)?),
        None => legacy.conditions("QueryFilter")?,
    };
    let projection = projection(
        projection_expression.as_deref(),
        &mut legacy,
        &mut expressions,
    )?;
    expressions.finish()?;

    let description = service
        .engine
        .describe_table(&table)
        .map_err(|error| service.exception(error, Subject::Query, &table))?;
    let definition = &description.definition;
    let schema = &definition.key_schema;
    let index = find_index(definition, index_name.as_ref(), consistent)?;
    let (partition, sort) = match index {
        Some(index) => (index.partition.as_slice(), index.sort.as_slice()),
        None => (
            std::slice::from_ref(&schema.partition),
            schema.sort.as_slice(),
        ),
    };
    let resolved = resolve(key_condition, partition, sort)?;
    let is_key = |name: &str| {
        let mut keys = partition.iter().chain(sort);
        keys.any(|key| key.name == name)
    };
    if let Some(name) = filter
        .as_ref()
        .and_then(|filter| attribute_in(filter, &is_key))
    {
        return Err(Exception::validation(if by_expression {
            messages::filter_on_key(name)
        } else {
            messages::legacy_filter_on_key(name)
        }));
    }
    match (&exclusive_start_key, index) {
        (Some(key), None) => drop(
            schema
                .exact_key_of(key)
                .map_err(|error| service.exception(error.into(), Subject::Query, &table))?,
        ),
        (Some(key), Some(index)) if !is_key_of_entry(key, schema, index) => {
            return Err(Exception::validation(messages::START_KEY_INVALID));
        }
        _ => {}
    }
    // Of a key of the same partition only the sort key can be out of bounds.
    let in_partition = exclusive_start_key.as_ref().is_some_and(|key| {
        let values = partition.iter().map(|attribute| key.get(&attribute.name));
        values.eq(resolved.partition.iter().map(Some))
    });
    let mut shown = projection;
    let mut whole_items = false;
    if let Some(index) = index {
        whole_items = parameters.whole_items(definition, index, shown.as_ref(), filter.as_ref())?;
        if whole_items {
            shown = shown.or_else(|| parameters.held(definition, index));
        }
    }
    let query = Query {
        table,
        index: index_name,
        whole_items,
        partition: resolved.partition,
        sort_prefix: resolved.sort_prefix,
        sort: resolved.sort,
        filter,
        forward,
        limit: parameters.limit,
        exclusive_start_key,
        consistent,
    };
    let page = blocking(|| service.engine.query(&query)).map_err(|error| match error {
        Error::InvalidStartKey if in_partition => Exception::validation(messages::START_KEY_RANGE),
        error => service.exception(error, Subject::Query, &query.table),
    })?;
    let source = (query.table.as_str(), query.index.as_ref());
    Ok(parameters.answer(service, source, &page, shown.as_ref()))
}

/// Whether a start key has the keys of an index and of its table, and nothing else.
fn is_key_of_entry(key: &Item, schema: &KeySchema, index: &Index) -> bool {
    let of_table = std::iter::once(&schema.partition).chain(&schema.sort);
    let keys = of_table.chain(&index.partition).chain(&index.sort);
    let fits = |attribute: &KeyAttribute| {
        let value = key.get(&attribute.name);
        value.is_some_and(|value| check_type(value, attribute.key_type).is_ok())
    };
    let is_one = |name: &String| schema.is_key(name) || index.key_names().any(|key| key == name);
    keys.into_iter().all(fits) && key.keys().all(is_one)
}

/// What the condition says about the key, with types that fit it.
fn resolve(
    condition: KeyCondition,
    partition: &[KeyAttribute],
    sort: &[KeyAttribute],
) -> Result<ResolvedKeyCondition, Exception> {
    let resolved = condition
        .for_key(partition, sort)
        .map_err(|error| Exception::validation(key_condition_message(&error)))?;
    for (value, key) in resolved.partition.iter().zip(partition) {
        check_type(value, key.key_type)?;
    }
    let mut sort = sort.iter();
    for (value, key) in resolved.sort_prefix.iter().zip(&mut sort) {
        check_type(value, key.key_type)?;
    }
    if let (Some(condition), Some(key)) = (&resolved.sort, sort.next()) {
        check_sort_values(condition, key)?;
    }
    Ok(resolved)
}

/// Of the key's type, and not empty: no key is, so that a bound which is cannot be meant.
fn check_sort_values(condition: &SortCondition, key: &KeyAttribute) -> Result<(), Exception> {
    let check = |value: &AttributeValue| {
        check_type(value, key.key_type)?;
        let binary = key.key_type == KeyType::B;
        match value {
            AttributeValue::S(text) if text.is_empty() => {}
            AttributeValue::B(bytes) if bytes.is_empty() => {}
            _ => return Ok(()),
        }
        Err(Exception::validation(messages::empty_key(
            &key.name, binary,
        )))
    };
    match condition {
        SortCondition::Eq(value)
        | SortCondition::Lt(value)
        | SortCondition::Le(value)
        | SortCondition::Gt(value)
        | SortCondition::Ge(value)
        | SortCondition::BeginsWith(value) => check(value),
        SortCondition::Between(low, high) => {
            check(low)?;
            check(high)
        }
    }
}

fn check_type(value: &AttributeValue, key_type: KeyType) -> Result<(), Exception> {
    let expected = match key_type {
        KeyType::S => AttributeType::S,
        KeyType::N => AttributeType::N,
        KeyType::B => AttributeType::B,
    };
    if value.attribute_type() == expected {
        return Ok(());
    }
    Err(Exception::validation(messages::CONDITION_TYPE))
}
