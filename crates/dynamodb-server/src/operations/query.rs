//! Query.

use super::read::{PageParameters, attribute_in, projection, refuse_index};
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy, key_condition_message};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{Query, blocking};
use shale_expression::{KeyCondition, SortCondition};
use shale_item::{AttributeType, AttributeValue, KeyAttribute, KeySchema, KeyType};

pub(crate) fn query(service: &Service, mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?.into_owned();
    let parameters = PageParameters::take(&mut request, &mut constraints)?;
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
    parameters.check_select(legacy.projection_parameter(projection_expression.is_some()))?;
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
    refuse_index(&mut request)?;
    let schema = &description.definition.key_schema;
    let (partition, sort) = resolve(key_condition, schema)?;
    if let Some(name) = filter
        .as_ref()
        .and_then(|filter| attribute_in(filter, &|name| schema.is_key(name)))
    {
        return Err(Exception::validation(if by_expression {
            messages::filter_on_key(name)
        } else {
            messages::legacy_filter_on_key(name)
        }));
    }
    if let Some(key) = &exclusive_start_key {
        schema
            .exact_key_of(key)
            .map_err(|error| service.exception(error.into(), Subject::Query, &table))?;
    }
    let query = Query {
        table,
        index: None,
        whole_items: false,
        partition: vec![partition],
        sort_prefix: vec![],
        sort,
        filter,
        forward,
        limit: parameters.limit,
        exclusive_start_key,
        consistent,
    };
    let page = blocking(|| service.engine.query(&query))
        .map_err(|error| service.exception(error, Subject::Query, &query.table))?;
    Ok(parameters.answer(&query.table, &page, projection.as_ref()))
}

/// The value of the partition key and the condition on the sort key, with types that fit the table.
fn resolve(
    condition: KeyCondition,
    schema: &KeySchema,
) -> Result<(AttributeValue, Option<SortCondition>), Exception> {
    let (partition, sort) = condition
        .for_schema(schema)
        .map_err(|error| Exception::validation(key_condition_message(&error)))?;
    check_type(&partition, schema.partition.key_type)?;
    if let (Some(condition), Some(key)) = (&sort, &schema.sort) {
        check_sort_values(condition, key)?;
    }
    Ok((partition, sort))
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
