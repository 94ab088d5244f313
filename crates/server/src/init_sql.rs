//! Runs a SQL script on a new database, as `psql -f` would: statements, and `COPY … FROM stdin` with its data behind it up to `\.`.

use crate::error::Error;
use bytes::Bytes;
use futures::StreamExt;
use shale_sql::{CopyIn, Outcome, Session, SqlError, SqlService};
use std::path::Path;

/// A script is at most this large; larger data is loaded through a door.
const SCRIPT_BYTES_MAX: u64 = 64 << 20;

/// Runs the script; the first error stops it.
///
/// # Errors
/// The file cannot be read, or a statement failed: its line and what it said.
pub async fn run(path: &Path, sql: &SqlService, user: &str) -> Result<(), Error> {
    let unreadable = || Error::io(format!("cannot read {}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable())?.len();
    if size > SCRIPT_BYTES_MAX {
        return Err(unreadable()(std::io::Error::other("larger than 64 MiB")));
    }
    let script = std::fs::read_to_string(path).map_err(unreadable())?;
    let mut session = sql.session(user, "shale");
    for part in parts(&script) {
        run_part(&mut session, &part)
            .await
            .map_err(|(offset, error)| Error::InitSql {
                path: path.to_owned(),
                line: part.line
                    + part
                        .sql
                        .get(..offset)
                        .unwrap_or_default()
                        .matches('\n')
                        .count(),
                message: error.to_string(),
            })?;
    }
    Ok(())
}

/// Statements up to and including a COPY, and that COPY's data.
struct Part<'s> {
    line: usize,
    sql: &'s str,
    data: Option<&'s str>,
}

/// Cuts the script at the lines where data for a COPY begins and ends.
fn parts(script: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = script;
    let mut line = 1;
    while !rest.is_empty() {
        let Some(end) = end_of_copy_statement(rest) else {
            parts.push(Part {
                line,
                sql: rest,
                data: None,
            });
            break;
        };
        let (sql, behind) = rest.split_at(end);
        let (data, next) = match behind.find("\n\\.") {
            _ if behind.starts_with("\\.") => {
                ("", behind.find('\n').map_or(behind.len(), |end| end + 1))
            }
            Some(end) => {
                let next = behind.get(end + 1..).and_then(|tail| tail.find('\n'));
                (
                    behind.get(..=end).unwrap_or(behind),
                    next.map_or(behind.len(), |next| end + next + 2),
                )
            }
            None => (behind, behind.len()),
        };
        parts.push(Part {
            line,
            sql,
            data: Some(data),
        });
        line +=
            sql.matches('\n').count() + behind.get(..next).unwrap_or(behind).matches('\n').count();
        rest = behind.get(next..).unwrap_or_default();
    }
    parts
}

/// Where the data of the first COPY … FROM stdin begins: behind the line that ends with its semicolon.
fn end_of_copy_statement(script: &str) -> Option<usize> {
    let mut in_copy = false;
    let mut offset = 0;
    for line in script.split_inclusive('\n') {
        let upper = line.trim().to_ascii_uppercase();
        in_copy |= upper.starts_with("COPY ");
        offset += line.len();
        if in_copy && upper.ends_with(';') {
            if upper.contains("FROM STDIN") {
                return Some(offset);
            }
            in_copy = false;
        }
    }
    None
}

async fn run_part(session: &mut Session, part: &Part<'_>) -> Result<(), (usize, SqlError)> {
    let statements = session.split(part.sql).map_err(|error| (0, error))?;
    for (offset, text) in statements {
        let outcome = run_statement(session, text)
            .await
            .map_err(|error| (offset, error))?;
        if let Some(copy) = outcome {
            load(copy, part.data.unwrap_or_default())
                .await
                .map_err(|error| (offset, error))?;
        }
    }
    Ok(())
}

async fn run_statement(session: &mut Session, text: &str) -> Result<Option<CopyIn>, SqlError> {
    let prepared = session.prepare(text, &[]).await?;
    match session.execute(&prepared, Vec::new()).await? {
        Outcome::Rows { mut rows, .. } => {
            while let Some(batch) = rows.next().await {
                batch?;
            }
            Ok(None)
        }
        Outcome::Done { .. } | Outcome::Empty => Ok(None),
        Outcome::CopyIn(copy) => Ok(Some(copy)),
        Outcome::CopyOut(_) => Err(SqlError::NotSupported {
            feature: "COPY … TO STDOUT in a script".into(),
            hint: None,
        }),
    }
}

async fn load(mut copy: CopyIn, data: &str) -> Result<(), SqlError> {
    const PIECE: usize = 64 << 10;
    for piece in data.as_bytes().chunks(PIECE) {
        copy.write(Bytes::copy_from_slice(piece)).await?;
    }
    copy.finish().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_cut_where_copy_data_begins_and_ends() {
        let script = "CREATE TABLE t (a int PRIMARY KEY);\nCOPY t (a)\n  FROM stdin;\n1\n2\n\\.\nSELECT 1;\nCOPY t FROM stdin;\n\\.\n";
        let cut: Vec<_> = parts(script)
            .into_iter()
            .map(|part| (part.line, part.sql, part.data))
            .collect();
        assert_eq!(
            cut,
            [
                (
                    1,
                    "CREATE TABLE t (a int PRIMARY KEY);\nCOPY t (a)\n  FROM stdin;\n",
                    Some("1\n2\n")
                ),
                (7, "SELECT 1;\nCOPY t FROM stdin;\n", Some("")),
            ]
        );
    }

    #[test]
    fn a_script_without_copy_is_one_part() {
        let cut = parts("SELECT 1;\nSELECT 2;\n");
        assert_eq!(cut.len(), 1);
        assert_eq!(cut[0].data, None);
    }
}
