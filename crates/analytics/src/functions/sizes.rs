//! Sizes of relations and of the database, in bytes of items and of entries of indexes.
//!
//! A primary key is the order of its table's tree and takes no room of its own.

use super::catalog::class_of;
use super::{Call, Definition, Kind, Value};
use crate::catalog::picture::{Class, DATABASE_OID};
use crate::catalog::spec;
use crate::error::carry;
use datafusion::common::Result;
use shale_sql::SqlError;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "pg_relation_size",
        &[Kind::Class, Kind::Text],
        Kind::Int,
        |call, arguments| match arguments.get(1).map(Value::text) {
            None | Some("main") => size(call, &arguments[0], Part::Own),
            // Forks that PostgreSQL keeps beside the data.
            Some("fsm" | "vm" | "init") => size(call, &arguments[0], Part::Nothing),
            Some(_) => Err(carry(SqlError::Other {
                sqlstate: "22023",
                message: "invalid fork name".to_owned(),
                hint: Some(
                    "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".".to_owned(),
                ),
            })),
        },
    )
    .required(1),
    Definition::new(
        "pg_table_size",
        &[Kind::Class],
        Kind::Int,
        |call, arguments| size(call, &arguments[0], Part::Own),
    ),
    Definition::new(
        "pg_indexes_size",
        &[Kind::Class],
        Kind::Int,
        |call, arguments| size(call, &arguments[0], Part::Indexes),
    ),
    Definition::new(
        "pg_total_relation_size",
        &[Kind::Class],
        Kind::Int,
        |call, arguments| size(call, &arguments[0], Part::All),
    ),
    // All that is stored is the database's.
    Definition::new("pg_database_size", &[Kind::Class], Kind::Int, |call, _| {
        let context = call.context()?;
        let tables = context.picture().tables.iter();
        let bytes = tables
            .map(|table| table.relation.description.size_bytes + context.indexes_bytes(table))
            .sum();
        Ok(count(bytes))
    })
    .aliases(&["pg_tablespace_size"]),
    Definition::new(
        "pg_size_pretty",
        &[Kind::Int],
        Kind::Text,
        |_, arguments| Ok(Value::from(pretty(arguments[0].int()))),
    )
    .immutable(),
];

/// What of a relation is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Own,
    Indexes,
    All,
    Nothing,
}

/// NULL for an oid that nothing has.
fn size(call: &Call<'_>, relation: &Value, part: Part) -> Result<Value> {
    let oid = class_of(call, relation)?.int();
    let context = call.context()?;
    let (own, indexes) = match context.picture().class(oid) {
        Some(Class::Table(table)) => {
            let own = table.relation.description.size_bytes;
            (own, context.indexes_bytes(table))
        }
        Some(Class::PrimaryKey(_)) => (0, 0),
        Some(Class::Index(table, index)) => (context.index_size(table, index).1, 0),
        None if oid != DATABASE_OID && spec::all().iter().any(|system| system.oid == oid) => (0, 0),
        None => return Ok(Value::Null),
    };
    Ok(count(match part {
        Part::Own => own,
        Part::Indexes => indexes,
        Part::All => own + indexes,
        Part::Nothing => 0,
    }))
}

fn count(bytes: u64) -> Value {
    Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// Bytes up to 10 kB, then kB, MB, GB, TB, PB, each up to 10240 of them, rounded half away from zero.
fn pretty(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    if bytes.unsigned_abs() < 10 * 1024 {
        return format!("{bytes} bytes");
    }
    // One bit more than the unit, for rounding.
    let mut doubled = bytes >> 9;
    for unit in &UNITS[1..] {
        if doubled.unsigned_abs() < 20 * 1024 - 1 || *unit == "PB" {
            return format!("{} {unit}", (doubled + doubled.signum()) / 2);
        }
        doubled >>= 10;
    }
    unreachable!("the last unit takes everything")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_printed_as_postgres_prints_them() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (8192, "8192 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (10_751, "10 kB"),
            (10_752, "11 kB"),
            (1_048_576, "1024 kB"),
            (123_456_789, "118 MB"),
            (1 << 40, "1024 GB"),
        ] {
            assert_eq!(pretty(bytes), expected);
        }
    }
}
