//! CREATE TABLE … AS: the table and its rows.
//!
//! What one record takes (65,536 rows with 16 MB) is written together with the table, in the block's transaction or in one of its own.
//! More rows than that, outside of a block, are written behind the creation of the table in batches; what fails or is cancelled drops the
//! table again, but a crash leaves it with a part of its rows.

use super::{NoticeSeverity, Session};
use crate::bind::{Arguments, Parameters, Scalar};
use crate::datum::datum_to_attribute;
use crate::plan::table_as::TableAsPlan;
use crate::{Outcome, Row, RowStream, SqlError, SqlType};
use futures::TryStreamExt;
use shale_engine::{Engine, Error, OnConflict, RECORD_BYTES_MAX, RECORD_ROWS_MAX, Transaction};
use shale_item::{Item, item_size};

/// Rows of a batch.
const BATCH_ROWS: usize = 500;
/// Bytes of items from which on a batch is full.
const BATCH_BYTES: usize = 1 << 20;

impl Session {
    /// Whether the table is there already: then nothing is to be done.
    ///
    /// # Errors
    /// 42P07 without IF NOT EXISTS.
    pub(super) fn is_there(
        &mut self,
        plan: &TableAsPlan,
        transaction: Option<&Transaction>,
    ) -> Result<bool, SqlError> {
        let name = &plan.request.name;
        let found = match transaction {
            Some(transaction) => transaction.view().describe_relation(name),
            None => self.shared.engine.describe_relation(name),
        };
        match found {
            Err(Error::TableNotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) if plan.if_not_exists => {
                let message = format!("relation \"{name}\" already exists, skipping");
                self.notice(NoticeSeverity::Notice, "42P07", message);
                Ok(true)
            }
            Ok(_) => Err(SqlError::DuplicateTable { name: name.clone() }),
        }
    }

    /// Creates the table with these rows.
    pub(super) async fn create_table_as(
        &self,
        plan: &TableAsPlan,
        rows: Option<RowStream>,
        transaction: Option<&Transaction>,
        now_micros: u64,
    ) -> Result<Outcome, SqlError> {
        let Some(mut rows) = rows else {
            self.create_with(plan, &[], transaction).await?;
            return Ok(Outcome::Done {
                tag: "CREATE TABLE AS".into(),
            });
        };
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(batch) = rows.try_next().await? {
            for row in &batch {
                let item = self.item(plan, row, now_micros)?;
                bytes += item_size(&item);
                items.push(item);
            }
            if items.len() > RECORD_ROWS_MAX || bytes > RECORD_BYTES_MAX / 2 {
                if transaction.is_some() {
                    return Err(too_many());
                }
                let written = self
                    .create_in_batches(plan, items, rows, now_micros)
                    .await?;
                return Ok(selected(written));
            }
        }
        self.create_with(plan, &items, transaction).await?;
        Ok(selected(items.len()))
    }

    async fn create_with(
        &self,
        plan: &TableAsPlan,
        items: &[Item],
        transaction: Option<&Transaction>,
    ) -> Result<(), SqlError> {
        let name = &plan.request.name;
        self.in_transaction_of(transaction, |transaction| {
            match transaction.create_table(&plan.request) {
                Ok(_) => {}
                Err(Error::TableExists { name }) => {
                    return Err(SqlError::DuplicateTable { name });
                }
                Err(error) => return Err(error.into()),
            }
            let rows = items.iter().map(|item| (item.clone(), OnConflict::Fail));
            transaction
                .insert_all(name, rows.collect())
                .map_err(|(_, error)| error)?;
            Ok(())
        })
        .await
    }

    async fn create_in_batches(
        &self,
        plan: &TableAsPlan,
        items: Vec<Item>,
        rows: RowStream,
        now_micros: u64,
    ) -> Result<usize, SqlError> {
        let engine = &self.shared.engine;
        match engine.create_table(plan.request.clone()).await {
            Ok(_) => {}
            Err(Error::TableExists { name }) => return Err(SqlError::DuplicateTable { name }),
            Err(error) => return Err(error.into()),
        }
        let unfinished = Unfinished {
            table: Some((engine.clone(), plan.request.name.clone())),
        };
        let filled = self.fill(plan, items, rows, now_micros).await;
        if filled.is_err() {
            engine.delete_table(&plan.request.name).await?;
        }
        unfinished.finish();
        filled
    }

    async fn fill(
        &self,
        plan: &TableAsPlan,
        items: Vec<Item>,
        mut rows: RowStream,
        now_micros: u64,
    ) -> Result<usize, SqlError> {
        let (engine, name) = (&self.shared.engine, &plan.request.name);
        let mut written = 0;
        let mut batch = Batch::default();
        for item in items {
            written += batch.add(engine, name, item).await?;
        }
        while let Some(more) = rows.try_next().await? {
            for row in &more {
                let item = self.item(plan, row, now_micros)?;
                written += batch.add(engine, name, item).await?;
            }
        }
        Ok(written + batch.write(engine, name).await?)
    }

    fn item(&self, plan: &TableAsPlan, row: &Row, now_micros: u64) -> Result<Item, SqlError> {
        let with: Arguments<'_> = self
            .shared
            .arguments(Parameters::Datums(&[]), &[], now_micros);
        let mut item = Item::new();
        let columns = plan.request.columns.iter().zip(&plan.types);
        for ((column, sql_type), value) in columns.zip(row) {
            if let Some(value) = datum_to_attribute(value, sql_type)? {
                item.insert(column.name.clone(), value);
            }
        }
        let key = &plan.request.key_schema.partition.name;
        if let Some(value) = Scalar::Uuid.attribute(&with, &SqlType::Text)? {
            item.insert(key.clone(), value);
        }
        Ok(item)
    }
}

fn selected(rows: usize) -> Outcome {
    Outcome::Done {
        tag: format!("SELECT {rows}"),
    }
}

fn too_many() -> SqlError {
    SqlError::Other {
        sqlstate: "54000",
        message: format!(
            "the query has more rows than one transaction writes: {RECORD_ROWS_MAX} rows, {RECORD_BYTES_MAX} bytes"
        ),
        hint: Some("Outside of a transaction block CREATE TABLE AS takes any number.".into()),
    }
}

/// Items that are written together.
#[derive(Default)]
struct Batch {
    items: Vec<(Item, OnConflict)>,
    bytes: usize,
}

impl Batch {
    /// Adds an item; answers how many were written.
    async fn add(&mut self, engine: &Engine, table: &str, item: Item) -> Result<usize, SqlError> {
        self.bytes += item_size(&item);
        self.items.push((item, OnConflict::Fail));
        match self.items.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            true => self.write(engine, table).await,
            false => Ok(0),
        }
    }

    async fn write(&mut self, engine: &Engine, table: &str) -> Result<usize, SqlError> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.items);
        let written = items.len();
        engine
            .insert_all(table, items)
            .await
            .map_err(|(_, error)| error)?;
        Ok(written)
    }
}

/// A table that goes again if the statement is cancelled before all its rows are written.
struct Unfinished {
    table: Option<(Engine, String)>,
}

impl Unfinished {
    fn finish(mut self) {
        self.table = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some((engine, table)) = self.table.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = engine.delete_table(&table).await {
                    tracing::warn!(table, %error, "an unfinished table stays");
                }
            });
        }
    }
}
