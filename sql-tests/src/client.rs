//! One connection, as sqllogictest wants it.

use crate::render::{Raw, render};
use sqllogictest::{AsyncDB, ColumnType, DBOutput};
use std::time::Duration;
use tokio_postgres::types::Type;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// Which of PostgreSQL's two query protocols.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    /// One Query message; values in text; column types are not checked.
    Simple,
    /// Parse, Bind, Execute; values in binary; column types are checked.
    Extended,
}

impl Protocol {
    /// Name for `onlyif` and `skipif`.
    pub fn label(self) -> &'static str {
        match self {
            Protocol::Simple => "simple",
            Protocol::Extended => "extended",
        }
    }
}

/// A connection.
pub struct Client {
    client: tokio_postgres::Client,
    protocol: Protocol,
}

/// Why a statement failed: the driver's error with the server's sentence.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.as_db_error().map_or_else(|| .0.to_string(), ToString::to_string))]
pub struct Error(#[from] tokio_postgres::Error);

/// Letters of a `query` line: I integer, N numeric, R float, B boolean, T text, J json, D date and time, X bytea, A array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter(char);

impl ColumnType for Letter {
    fn from_char(value: char) -> Option<Self> {
        "INRBTJDXA?".contains(value).then_some(Letter(value))
    }
    fn to_char(&self) -> char {
        self.0
    }
}

/// Types must be the same where both sides know them.
#[allow(clippy::ptr_arg)] // The signature that `Runner` takes.
pub fn column_type_validator(actual: &Vec<Letter>, expected: &Vec<Letter>) -> bool {
    actual.len() == expected.len()
        && actual
            .iter()
            .zip(expected)
            .all(|(actual, expected)| actual == expected || actual.0 == '?' || expected.0 == '?')
}

fn letter(column_type: &Type) -> Letter {
    Letter(match *column_type {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => 'I',
        Type::NUMERIC => 'N',
        Type::FLOAT4 | Type::FLOAT8 => 'R',
        Type::BOOL => 'B',
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::UUID
        | Type::CHAR
        | Type::UNKNOWN => 'T',
        Type::JSON | Type::JSONB => 'J',
        Type::DATE | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::INTERVAL => 'D',
        Type::BYTEA => 'X',
        _ => 'A',
    })
}

impl Client {
    /// Connects.
    pub async fn connect(url: String, protocol: Protocol) -> Result<Client, Error> {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Client { client, protocol })
    }

    async fn run_simple(&self, sql: &str) -> Result<DBOutput<Letter>, Error> {
        let (mut types, mut rows, mut count) = (None, Vec::new(), 0);
        for message in self.client.simple_query(sql).await? {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    types = Some(vec![Letter('?'); columns.len()])
                }
                SimpleQueryMessage::Row(row) => {
                    rows.push(
                        (0..row.len())
                            .map(|at| shown(row.get(at).map(str::to_owned)))
                            .collect(),
                    );
                }
                SimpleQueryMessage::CommandComplete(rows) => count = rows,
                _ => {}
            }
        }
        Ok(match types {
            Some(types) => DBOutput::Rows { types, rows },
            None => DBOutput::StatementComplete(count),
        })
    }

    async fn run_extended(&self, sql: &str) -> Result<DBOutput<Letter>, Error> {
        let statement = self.client.prepare(sql).await?;
        if statement.columns().is_empty() {
            return Ok(DBOutput::StatementComplete(
                self.client.execute(&statement, &[]).await?,
            ));
        }
        let rows = self.client.query(&statement, &[]).await?;
        let rows = rows
            .iter()
            .map(|row| {
                (0..row.len())
                    .map(|at| {
                        let raw: Option<Raw> = row.get(at);
                        shown(raw.map(|raw| render(row.columns()[at].type_(), &raw.0)))
                    })
                    .collect()
            })
            .collect();
        Ok(DBOutput::Rows {
            types: statement
                .columns()
                .iter()
                .map(|column| letter(column.type_()))
                .collect(),
            rows,
        })
    }
}

/// NULL and the empty string must stay visible in a file of white-space separated values.
fn shown(value: Option<String>) -> String {
    match value {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => text,
    }
}

#[async_trait::async_trait]
impl AsyncDB for Client {
    type Error = Error;
    type ColumnType = Letter;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Letter>, Error> {
        match self.protocol {
            Protocol::Simple => self.run_simple(sql).await,
            Protocol::Extended => self.run_extended(sql).await,
        }
    }
    async fn shutdown(&mut self) {}
    /// The runner's labels tell the servers apart.
    fn engine_name(&self) -> &'static str {
        ""
    }
    async fn sleep(duration: Duration) {
        tokio::time::sleep(duration).await;
    }
    fn error_sql_state(error: &Error) -> Option<String> {
        error.0.code().map(|code| code.code().to_owned())
    }
}
