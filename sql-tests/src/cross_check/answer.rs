//! What a server answers, and when two answers are the same.
//!
//! * Column names and, through the extended protocol, their types are the same.
//! * Rows are the same values in the same order; where the statement leaves the order open, sorted.
//! * Errors have the same SQLSTATE. Their sentences may differ.
//! * Numbers that are printed without exponent are the same if they differ by rounding only: the scale of a quotient is another one here
//!   (docs/COMPAT.md, numeric), and the last digit of a root belongs to the mathematical library.

use super::schema;
use super::statements::Statement;
use crate::client::Protocol;
use crate::render::{Raw, render};
use std::fmt;
use tokio_postgres::types::Type;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// What rounding may make of a numeric whose scale follows from a quotient.
const ROUNDING: f64 = 1e-14;
/// The same as a part of the value, which is what the last digit of a double is, too.
const RELATIVE_ROUNDING: f64 = 1e-14;

/// A connection, made again when the server closes it.
pub struct Connection {
    client: tokio_postgres::Client,
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    Rows {
        /// Name and, if known, type.
        columns: Vec<(String, Option<String>)>,
        rows: Vec<Vec<Option<String>>>,
    },
    Failed {
        sqlstate: String,
        message: String,
    },
}

impl Connection {
    /// Connects.
    pub async fn open(url: &str) -> Result<Connection, String> {
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .map_err(|error| format!("{url}: {error}"))?;
        tokio::spawn(connection);
        Ok(Connection { client })
    }

    /// Makes the tables and their rows.
    pub async fn prepare_tables(&self) -> Result<(), String> {
        for sql in schema::STATEMENTS {
            self.client
                .batch_execute(sql)
                .await
                .map_err(|error| format!("{sql}: {}", describe(&error)))?;
        }
        Ok(())
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// When the connection is lost: no statement may do that.
    pub async fn ask(
        &mut self,
        statement: &Statement,
        protocol: Protocol,
    ) -> Result<Answer, String> {
        let outcome = match protocol {
            Protocol::Simple => self.ask_simply(&statement.sql).await,
            Protocol::Extended => self.ask_prepared(&statement.sql).await,
        };
        match outcome {
            Ok(mut answer) => {
                if !statement.ordered {
                    answer.sort();
                }
                Ok(answer)
            }
            Err(error) => match error.as_db_error() {
                Some(failed) => Ok(Answer::Failed {
                    sqlstate: failed.code().code().to_owned(),
                    message: failed.message().to_owned(),
                }),
                None => Err(error.to_string()),
            },
        }
    }

    async fn ask_simply(&self, sql: &str) -> Result<Answer, tokio_postgres::Error> {
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for message in self.client.simple_query(sql).await? {
            match message {
                SimpleQueryMessage::RowDescription(described) => {
                    columns = described
                        .iter()
                        .map(|column| (column.name().to_owned(), None))
                        .collect();
                }
                SimpleQueryMessage::Row(row) => rows.push(
                    (0..row.len())
                        .map(|at| row.get(at).map(str::to_owned))
                        .collect(),
                ),
                _ => {}
            }
        }
        Ok(Answer::Rows { columns, rows })
    }

    async fn ask_prepared(&self, sql: &str) -> Result<Answer, tokio_postgres::Error> {
        let statement = self.client.prepare(sql).await?;
        let columns = statement
            .columns()
            .iter()
            .map(|column| {
                (
                    column.name().to_owned(),
                    Some(column.type_().name().to_owned()),
                )
            })
            .collect();
        let rows = self.client.query(&statement, &[]).await?;
        let types: Vec<Type> = statement
            .columns()
            .iter()
            .map(|column| column.type_().clone())
            .collect();
        let rows = rows
            .iter()
            .map(|row| {
                let values = types.iter().enumerate();
                values
                    .map(|(at, column_type)| {
                        let raw: Option<Raw> = row.get(at);
                        raw.map(|raw| render(column_type, &raw.0))
                    })
                    .collect()
            })
            .collect();
        Ok(Answer::Rows { columns, rows })
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(failed) => failed.to_string(),
        None => error.to_string(),
    }
}

impl Answer {
    fn sort(&mut self) {
        if let Answer::Rows { rows, .. } = self {
            rows.sort_unstable();
        }
    }

    /// Whether both servers answered the same.
    pub fn agrees(&self, other: &Answer) -> bool {
        match (self, other) {
            (
                Answer::Rows { columns, rows },
                Answer::Rows {
                    columns: other_columns,
                    rows: other_rows,
                },
            ) => {
                columns == other_columns
                    && rows.len() == other_rows.len()
                    && rows.iter().zip(other_rows).all(|(row, other)| {
                        row.iter()
                            .zip(other)
                            .all(|(value, other)| same_value(value.as_deref(), other.as_deref()))
                    })
            }
            (
                Answer::Failed { sqlstate, .. },
                Answer::Failed {
                    sqlstate: other, ..
                },
            ) => sqlstate == other,
            _ => false,
        }
    }
}

fn same_value(value: Option<&str>, other: Option<&str>) -> bool {
    value == other
        || match (value, other) {
            (Some(value), Some(other)) => same_text(value, other),
            _ => false,
        }
}

/// Whether both are the same but for rounding in the numbers that stand in them.
fn same_text(value: &str, other: &str) -> bool {
    let (left, right) = (parts(value), parts(other));
    left.len() == right.len()
        && left
            .iter()
            .zip(&right)
            .all(|(left, right)| left == right || same_number(left, right))
}

/// A text cut where numbers begin and end.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    let of_number = |c: char| c.is_ascii_digit() || c == '.';
    while let Some(first) = rest.chars().next() {
        let digits = of_number(first);
        let end = rest
            .find(|c: char| of_number(c) != digits)
            .unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

/// Whether both are numbers that differ by no more than rounding.
fn same_number(value: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        (unsigned.bytes().all(digits) && unsigned.contains(|c: char| c.is_ascii_digit()))
            .then(|| text.parse::<f64>().ok())
            .flatten()
    };
    match (plain(value), plain(other)) {
        (Some(value), Some(other)) => {
            (value - other).abs() <= ROUNDING.max(value.abs() * RELATIVE_ROUNDING)
        }
        _ => false,
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ROWS_SHOWN: usize = 12;
        match self {
            Answer::Failed { sqlstate, message } => write!(f, "{sqlstate} {message}"),
            Answer::Rows { columns, rows } => {
                for (name, column_type) in columns {
                    write!(f, "{name}")?;
                    if let Some(column_type) = column_type {
                        write!(f, " {column_type}")?;
                    }
                    f.write_str(", ")?;
                }
                write!(f, "{} rows", rows.len())?;
                for row in rows.iter().take(ROWS_SHOWN) {
                    f.write_str("\n    ")?;
                    for value in row {
                        write!(f, "{}|", value.as_deref().unwrap_or("NULL"))?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_rounded_differently_far_behind_the_point() {
        for (value, other, same) in [
            ("1.50", "1.5", true),
            ("1.0", "1", true),
            ("3.3333333333333333", "3.33333333333333333333", true),
            ("0.66666666666666666667", "0.6666666666666667", true),
            ("3.33", "3.3333333333333333", false),
            ("3.3333333333333333", "3.3333333333344444", false),
            ("1", "2", false),
            ("1", "-1", false),
            ("x", "y", false),
            ("", "0", false),
        ] {
            assert_eq!(same_number(value, other), same, "{value} {other}");
        }
    }
}
