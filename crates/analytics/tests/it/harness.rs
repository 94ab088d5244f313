//! A database over a log and trees in memory, spilling into a directory of its own, and answers as text.

use futures::StreamExt;
use shale_analytics::{AnalyticOptions, DataFusionExecutor};
use shale_engine::{
    Engine, EngineOptions, Index, IndexChange, IndexKind, IndexProjection, IndexStatus,
    TableChanges,
};
use shale_env::ManualClock;
use shale_item::{KeyAttribute, KeyType, TableId};
use shale_sql::datum::to_text;
use shale_sql::{Column, Datum, Outcome, Session, SqlError, SqlService, SqlType};
use std::sync::Arc;

/// A database that is gone with this value.
pub struct Database {
    pub engine: Engine,
    pub service: SqlService,
    /// The engine's.
    pub clock: Arc<ManualClock>,
    _directory: tempfile::TempDir,
}

/// An answer: columns, and rows as PostgreSQL prints their values; NULL as `∅`.
#[derive(Debug)]
pub struct Answer {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

impl Answer {
    /// One line a row, values with `|` between them.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.rows.iter().map(|row| row.join("|")).collect();
        lines.join("\n")
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns
            .iter()
            .map(|column| column.name.as_str())
            .collect()
    }

    pub fn types(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.sql_type.name())
            .collect()
    }
}

impl Database {
    pub fn new() -> Database {
        Database::with_memory(256 << 20)
    }

    pub fn with_memory(memory_bytes: usize) -> Database {
        Database::with(memory_bytes, true)
    }

    /// Without the engine's background jobs: what they would do is done by `Engine::job_step`.
    pub fn without_jobs() -> Database {
        Database::with(256 << 20, false)
    }

    fn with(memory_bytes: usize, jobs: bool) -> Database {
        let directory = tempfile::tempdir().unwrap();
        let options = EngineOptions {
            jobs,
            ..EngineOptions::new(directory.path())
        };
        let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
        let engine = Engine::open(
            options,
            Arc::new(crate::instant_log::InstantLog::default()),
            Box::new(shale_storage::MemoryStore::default()),
            clock.clone(),
            Arc::new(shale_env::SeededRand::new(7)),
        )
        .unwrap();
        let options = AnalyticOptions {
            memory_bytes,
            spill_directory: Some(directory.path().join("spill")),
            ..AnalyticOptions::default()
        };
        let executor = Arc::new(DataFusionExecutor::new(options));
        let service = SqlService::new(engine.clone(), executor);
        service.set_users(vec!["alice".to_owned(), "bob".to_owned()]);
        Database {
            engine,
            service,
            clock,
            _directory: directory,
        }
    }

    /// Creates an index as UpdateTable does, and waits until it is complete.
    pub async fn create_index(&self, table: &str, index: Index) {
        let name = index.name.clone();
        let changes = TableChanges {
            indexes: vec![IndexChange::Create(index)],
            ..TableChanges::default()
        };
        self.engine.update_table(table, changes).await.unwrap();
        self.engine.index_complete(table, &name).await.unwrap();
    }

    pub fn session(&self) -> Session {
        self.service.session("alice", "shale")
    }

    /// Runs statements, separated by `;` at line ends.
    pub async fn run(&self, statements: &str) {
        let mut session = self.session();
        for statement in statements.split(";\n") {
            let statement = statement.trim().trim_end_matches(';');
            if !statement.is_empty() {
                execute(&mut session, statement, &[], vec![])
                    .await
                    .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            }
        }
    }

    pub async fn query(&self, statement: &str) -> Answer {
        self.try_query(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}\n{error:?}"))
    }

    pub async fn try_query(&self, statement: &str) -> Result<Answer, SqlError> {
        execute(&mut self.session(), statement, &[], vec![]).await
    }

    pub async fn query_with(&self, statement: &str, parameters: Vec<Datum>) -> Answer {
        execute(&mut self.session(), statement, &[], parameters)
            .await
            .unwrap_or_else(|error| panic!("{statement}\n{error:?}"))
    }

    pub async fn error(&self, statement: &str) -> SqlError {
        match self.try_query(statement).await {
            Ok(answer) => panic!("{statement} was answered: {answer:?}"),
            Err(error) => error,
        }
    }

    /// The lines of EXPLAIN.
    pub async fn explain(&self, statement: &str) -> String {
        self.query(&format!("EXPLAIN {statement}")).await.text()
    }
}

/// A global index; names with their types, separated by spaces: `"Genre:S"`.
pub fn global_index(name: &str, partition: &str, sort: &str) -> Index {
    let attributes =
        |list: &str| -> Vec<KeyAttribute> { list.split_whitespace().map(key_attribute).collect() };
    Index {
        name: name.to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: attributes(partition),
        sort: attributes(sort),
        projection: IndexProjection::KeysOnly,
        provisioned: None,
        status: IndexStatus::Creating,
    }
}

/// `"Genre:S"`
pub fn key_attribute(attribute: &str) -> KeyAttribute {
    let (name, key_type) = attribute.split_once(':').unwrap();
    KeyAttribute {
        name: name.to_owned(),
        key_type: match key_type {
            "S" => KeyType::S,
            "N" => KeyType::N,
            _ => KeyType::B,
        },
    }
}

pub async fn execute(
    session: &mut Session,
    statement: &str,
    types: &[SqlType],
    parameters: Vec<Datum>,
) -> Result<Answer, SqlError> {
    let prepared = session.prepare(statement, types).await?;
    match session.execute(&prepared, parameters).await? {
        Outcome::Rows {
            columns, mut rows, ..
        } => {
            let described = prepared.columns.clone().unwrap();
            assert_eq!(described, columns, "described and returned columns differ");
            let mut answer = Answer {
                columns: columns.to_vec(),
                rows: Vec::new(),
            };
            while let Some(batch) = rows.next().await {
                for row in batch? {
                    assert_eq!(row.len(), columns.len());
                    answer.rows.push(
                        row.iter()
                            .zip(columns.iter())
                            .map(|(datum, column)| print(datum, &column.sql_type))
                            .collect(),
                    );
                }
            }
            Ok(answer)
        }
        _ => Ok(Answer {
            columns: vec![],
            rows: vec![],
        }),
    }
}

fn print(datum: &Datum, sql_type: &SqlType) -> String {
    match datum {
        Datum::Null => "∅".to_owned(),
        datum => {
            assert!(
                has_form_of(datum, sql_type),
                "{datum:?} is no value of {}",
                sql_type.name()
            );
            to_text(datum, sql_type)
        }
    }
}

/// Whether the value has the form that the described type promises to the wire's encoder.
fn has_form_of(datum: &Datum, sql_type: &SqlType) -> bool {
    match (datum, sql_type) {
        (Datum::Bool(_), SqlType::Bool) => true,
        (Datum::Int(_), SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Oid) => true,
        (Datum::Float(_), SqlType::Float4 | SqlType::Float8) => true,
        (Datum::Numeric(_), SqlType::Numeric(_)) => true,
        (Datum::Text(_), SqlType::Uuid | SqlType::Unknown) => true,
        (Datum::Text(_), other) => other.is_text(),
        (Datum::Bytes(_), SqlType::Bytea) => true,
        (Datum::Date(_), SqlType::Date) => true,
        (Datum::Time(_), SqlType::Time) => true,
        (Datum::Timestamp(_), SqlType::Timestamp | SqlType::TimestampTz) => true,
        (Datum::Interval { .. }, SqlType::Interval) => true,
        (Datum::Json(_), other) => other.is_json(),
        (Datum::Array(elements), SqlType::Array(element) | SqlType::Vector(element)) => elements
            .iter()
            .all(|datum| matches!(datum, Datum::Null) || has_form_of(datum, element)),
        _ => false,
    }
}
