//! Queries through ExecuteStatement that DynamoDB refuses and SQL allows: joins, aggregates, functions, any ORDER BY, LIMIT.
//!
//! Not here: statements that read one table as a page (`partiql`); joins themselves (the analytic executor).
//!
//! The result is cut into pages. Each page runs the query anew and leaves out what the pages before it held, so that a query without
//! ORDER BY, or one whose tables change meanwhile, may show an item twice or never; LIMIT and OFFSET in the statement are exact.

use crate::datum::{datum_to_attribute, value_to_datum};
use crate::service::{Prepared, Shared};
use crate::{AnalyticPlan, Column, Datum, PartiQlOutput, PartiQlRequest, Row, SqlError, SqlType};
use futures::TryStreamExt;
use shale_engine::Error;
use shale_item::{AttributeValue, EncodedItem, Item, Number, item_size};

/// Bytes of the items of a page, as of a page of a table; the item that goes beyond it is its last.
const PAGE_BYTES: usize = 1 << 20;
/// The attribute of a start key that holds the number of items on the pages before. A token belongs to its statement, so that it cannot be
/// taken for a key of a table.
const POSITION: &str = "position";

/// One page of a query's result.
pub(super) async fn page(
    shared: &Shared,
    plan: &dyn AnalyticPlan,
    prepared: &Prepared,
    request: &PartiQlRequest,
) -> Result<PartiQlOutput, SqlError> {
    let start = request.start_key.as_ref().map(position_of).transpose()?;
    let start = start.unwrap_or_default();
    let parameters = data(&request.parameters, &prepared.parameter_types)?;
    let limit = request.limit.map_or(usize::MAX, |limit| limit as usize);
    let columns = plan.columns();
    check_names(columns)?;

    let mut output = PartiQlOutput::default();
    let (mut skipped, mut bytes) = (0, 0);
    let mut rows = plan.execute(&shared.partiql_context(), &parameters).await?;
    while let Some(batch) = rows.try_next().await? {
        for row in batch {
            if skipped < start {
                skipped += 1;
                continue;
            }
            if output.items.len() >= limit || bytes >= PAGE_BYTES {
                let position = start + output.items.len() as u64;
                output.last_evaluated_key = Some(key_of_position(position));
                return Ok(output);
            }
            let item = item_of(columns, row)?;
            bytes += item_size(&item);
            output.items.push(item);
        }
    }
    Ok(output)
}

/// Columns are attributes of an item: no two have one name.
fn check_names(columns: &[Column]) -> Result<(), SqlError> {
    for (position, column) in columns.iter().enumerate() {
        if columns[..position]
            .iter()
            .any(|other| other.name == column.name)
        {
            return Err(SqlError::DuplicateColumn {
                name: column.name.clone(),
            });
        }
    }
    Ok(())
}

/// NULL is an absent attribute.
fn item_of(columns: &[Column], row: Row) -> Result<Item, SqlError> {
    let mut item = Item::new();
    for (column, datum) in columns.iter().zip(row) {
        if let Some(value) = datum_to_attribute(&datum, &column.sql_type)? {
            item.insert(column.name.clone(), value);
        }
    }
    Ok(item)
}

/// The parameters as values of the types that the query wants.
fn data(parameters: &[AttributeValue], types: &[SqlType]) -> Result<Vec<Datum>, SqlError> {
    let mut data = Vec::with_capacity(parameters.len());
    for (position, (parameter, sql_type)) in parameters.iter().zip(types).enumerate() {
        let item = EncodedItem::encode(&Item::from([(POSITION.to_owned(), parameter.clone())]));
        let value = item.view().get(POSITION);
        let datum = value.map_or(Datum::Null, |value| value_to_datum(value, sql_type));
        if datum == Datum::Null && *parameter != AttributeValue::Null {
            return Err(SqlError::DatatypeMismatch {
                message: format!(
                    "parameter {} has type {}, the statement needs {}",
                    position + 1,
                    parameter.attribute_type().descriptor(),
                    sql_type.name()
                ),
                position: None,
            });
        }
        data.push(datum);
    }
    Ok(data)
}

fn key_of_position(position: u64) -> Item {
    let position = AttributeValue::N(Number::from(position));
    Item::from([(POSITION.to_owned(), position)])
}

fn position_of(key: &Item) -> Result<u64, SqlError> {
    let position = match key.get(POSITION) {
        Some(AttributeValue::N(position)) if key.len() == 1 => position.to_i64(),
        _ => None,
    };
    let position = position.and_then(|position| u64::try_from(position).ok());
    position.ok_or(SqlError::Engine(Error::InvalidStartKey))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_into_keys_and_back() {
        for position in [0, 1, 1_000_000, i64::MAX as u64] {
            assert_eq!(position_of(&key_of_position(position)).unwrap(), position);
        }
        let n = |text: &str| AttributeValue::N(text.parse().unwrap());
        for key in [
            Item::new(),
            Item::from([("pk".to_owned(), n("1"))]),
            Item::from([(POSITION.to_owned(), n("-1"))]),
            Item::from([(POSITION.to_owned(), n("1.5"))]),
            Item::from([(POSITION.to_owned(), AttributeValue::S("1".to_owned()))]),
            Item::from([(POSITION.to_owned(), n("1")), ("pk".to_owned(), n("1"))]),
        ] {
            assert!(position_of(&key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn parameters_take_the_types_that_the_query_wants() {
        let n = |text: &str| AttributeValue::N(text.parse().unwrap());
        let s = |text: &str| AttributeValue::S(text.to_owned());
        let one = |value: AttributeValue, sql_type| data(&[value], &[sql_type]);
        assert_eq!(one(n("5"), SqlType::Int8).unwrap(), [Datum::Int(5)]);
        assert_eq!(
            one(s("x"), SqlType::Text).unwrap(),
            [Datum::Text("x".to_owned())]
        );
        assert_eq!(
            one(AttributeValue::Null, SqlType::Int8).unwrap(),
            [Datum::Null]
        );
        assert!(one(n("5.5"), SqlType::Int8).is_err());
        assert!(one(s("x"), SqlType::Int4).is_err());
        assert!(one(AttributeValue::Bool(true), SqlType::Numeric(None)).is_err());
    }
}
