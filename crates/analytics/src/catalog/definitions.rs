//! Definitions as SQL text, as the catalog's functions and views show them.

use super::indexes::IndexEntry;
use super::picture::TableEntry;
use shale_engine::{CheckConstraint, Index, IndexKind, IndexProjection};

/// `CREATE UNIQUE INDEX … ON public.… USING btree (…)` of a table's primary key; of secondary indexes what makes them once more:
/// CREATE INDEX, and for a local index, which only CREATE TABLE makes, the element of its list.
pub(crate) fn index_definition(table: &TableEntry, entry: &IndexEntry<'_>) -> String {
    let name = quote_identifier(&entry.name);
    let on = quote_identifier(table.relation.name());
    match entry.secondary {
        None => {
            let keys = column_list(&entry.key_names());
            format!("CREATE UNIQUE INDEX {name} ON public.{on} USING btree ({keys})")
        }
        Some(index) if index.kind == IndexKind::Local => {
            let sort: Vec<&str> = index.sort.iter().map(|key| key.name.as_str()).collect();
            format!(
                "LOCAL INDEX {name} ({}){}",
                column_list(&sort),
                projection(index)
            )
        }
        Some(index) => format!(
            "CREATE INDEX {name} ON public.{on} USING btree ({}){}",
            keys(index),
            projection(index)
        ),
    }
}

/// A CHECK constraint, as pg_get_constraintdef shows it.
pub(crate) fn check_definition(check: &CheckConstraint, pretty: bool) -> String {
    match pretty {
        true => format!("CHECK ({})", check.expression),
        false => format!("CHECK (({}))", check.expression),
    }
}

/// The first column is HASH and the others RANGE, unless words say otherwise.
fn keys(index: &Index) -> String {
    let (hash, range) = match index.partition.len() {
        1 => ("", ""),
        _ => (" HASH", " RANGE"),
    };
    let partition = index.partition.iter().map(|key| (key, hash));
    let sort = index.sort.iter().map(|key| (key, range));
    let keys = partition.chain(sort);
    keys.map(|(key, word)| quote_identifier(&key.name) + word)
        .collect::<Vec<_>>()
        .join(", ")
}

fn projection(index: &Index) -> String {
    match &index.projection {
        IndexProjection::KeysOnly => String::new(),
        IndexProjection::All => " WITH (projection='all')".to_owned(),
        IndexProjection::Include(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!(" INCLUDE ({})", column_list(&names))
        }
    }
}

/// Names, quoted where needed, with commas.
pub(crate) fn column_list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| quote_identifier(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A name as SQL text: quoted unless it is plain lower case.
pub(crate) fn quote_identifier(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_digit())
        && !is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// PostgreSQL's reserved words.
fn is_reserved(name: &str) -> bool {
    const RESERVED: &[&str] = &[
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "current_catalog",
        "current_date",
        "current_role",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "intersect",
        "into",
        "lateral",
        "leading",
        "limit",
        "localtime",
        "localtimestamp",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "placing",
        "primary",
        "references",
        "returning",
        "select",
        "session_user",
        "some",
        "symmetric",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "when",
        "where",
        "window",
        "with",
    ];
    RESERVED.binary_search(&name).is_ok()
}
