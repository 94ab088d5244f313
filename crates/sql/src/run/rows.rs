//! The rows that an UPDATE or DELETE is about: their keys, and what was computed for each of them.
//!
//! All keys are found before the first row is written, so that a statement does not meet its own work.
//! Not here: writing them (`write`).

use super::read::{ReadFrom, Reader};
use crate::access::Access;
use crate::datum::datum_to_attribute;
use crate::names::find_column;
use crate::{AnalyticContext, AnalyticPlan, Datum, Dialect, SqlError, SqlType};
use futures::TryStreamExt;
use shale_engine::{RECORD_BYTES_MAX, RECORD_ROWS_MAX, ReadView, TableDescription};
use shale_item::{EncodedItem, Item, KeySchema};
use std::collections::HashSet;

/// One row to write.
pub(crate) struct Found {
    pub key: Item,
    /// Values of the statement's expressions for this row.
    pub computed: Vec<Datum>,
}

/// What is kept of the rows, so that a statement's memory is bounded.
#[derive(Default)]
pub(crate) struct Bounds {
    rows: usize,
    bytes: usize,
}

impl Bounds {
    /// # Errors
    /// 54000 beyond what one record takes.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), SqlError> {
        self.rows += 1;
        self.bytes += bytes;
        if self.rows > RECORD_ROWS_MAX {
            return Err(too_much(format!(
                "the statement writes more than {RECORD_ROWS_MAX} rows"
            )));
        }
        if self.bytes > RECORD_BYTES_MAX {
            return Err(too_much(format!(
                "the rows that the statement writes have more than {RECORD_BYTES_MAX} bytes"
            )));
        }
        Ok(())
    }
}

/// 54000, with what to do.
fn too_much(message: String) -> SqlError {
    SqlError::Other {
        sqlstate: "54000",
        message,
        hint: Some(
            "All rows of a statement are written at once. Write fewer at a time, for example by ranges of the key."
                .into(),
        ),
    }
}

/// The keys of the items that an access path reaches and its residual condition lets through.
pub(crate) async fn of_access(
    view: &ReadView,
    table: &TableDescription,
    access: Access,
) -> Result<Vec<Found>, SqlError> {
    let definition = &table.definition;
    let from = ReadFrom::View(view);
    let mut reader = Reader::new(from, &definition.name, access, true, None)?;
    let mut bounds = Bounds::default();
    let mut found = Vec::new();
    while let Some(items) = reader.next_page()? {
        for item in &items {
            let key = key_of(&definition.key_schema, item)?;
            bounds.add(shale_item::item_size(&key))?;
            found.push(Found {
                key,
                computed: vec![],
            });
        }
        // A page was work: let others run, and a cancellation be seen.
        tokio::task::yield_now().await;
    }
    Ok(found)
}

fn key_of(schema: &KeySchema, item: &EncodedItem) -> Result<Item, SqlError> {
    let key = schema
        .key_of_view(item.view())
        .map_err(shale_engine::Error::Key)?;
    Ok(schema.to_attributes(&key))
}

/// The rows that a query names by their keys, which are its first columns; the others were computed for them. A row that it names twice
/// is written once, with the first values, as in PostgreSQL.
pub(crate) async fn of_query(
    plan: &dyn AnalyticPlan,
    context: &AnalyticContext,
    parameters: &[Datum],
    table: &TableDescription,
) -> Result<Vec<Found>, SqlError> {
    let schema = &table.definition.key_schema;
    let keys: Vec<(&str, SqlType)> = std::iter::once(&schema.partition)
        .chain(&schema.sort)
        .map(|attribute| {
            let column = find_column(table, &attribute.name, true, Dialect::Postgres);
            let sql_type = column.map_or(SqlType::Text, |column| column.sql_type);
            (attribute.name.as_str(), sql_type)
        })
        .collect();
    let mut bounds = Bounds::default();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut rows = plan.execute(context, parameters).await?;
    while let Some(batch) = rows.try_next().await? {
        for mut row in batch {
            let computed = row.split_off(keys.len().min(row.len()));
            let mut key = Item::new();
            for ((name, sql_type), value) in keys.iter().zip(row) {
                let value = datum_to_attribute(&value, sql_type)?.ok_or_else(unreadable_key)?;
                key.insert((*name).to_owned(), value);
            }
            let encoded = EncodedItem::encode(&key);
            if !seen.insert(encoded.as_bytes().to_vec()) {
                continue;
            }
            let values: usize = computed.iter().map(datum_size).sum();
            bounds.add(encoded.as_bytes().len() + values)?;
            found.push(Found { key, computed });
        }
    }
    Ok(found)
}

/// An item that was written with a key that is no value of its column, so that SQL cannot name it.
pub(crate) fn unreadable_key() -> SqlError {
    SqlError::Other {
        sqlstate: "22000",
        message: "the key of an item that the statement selects is no value of its column".into(),
        hint: Some("Exclude the item by a condition that compares columns with constants.".into()),
    }
}

/// About the bytes that a value takes in memory.
pub(crate) fn datum_size(datum: &Datum) -> usize {
    const FIXED: usize = 24;
    match datum {
        Datum::Text(text) | Datum::Json(text) => FIXED + text.len(),
        Datum::Bytes(bytes) => FIXED + bytes.len(),
        Datum::Array(elements) => FIXED + elements.iter().map(datum_size).sum::<usize>(),
        _ => FIXED,
    }
}
