//! Rows that every PostgreSQL has: built-in types, functions, operators, casts, key words.
//!
//! The files in `builtin/` are those of a fresh PostgreSQL 15 (PostgreSQL Global Development Group; licence in `builtin/COPYRIGHT`),
//! written by `builtin/generate.py`, which also says what it leaves out. Each is read when its relation is first asked for, and kept.
//!
//! * A file is COPY's text with a line of column names; columns that it does not have are NULL.
//! * Oids in it are those of `relations.txt`: both come from the same server.

use super::rows::{Cell, cells_to_array};
use super::spec::{SystemColumn, SystemRelation};
use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use shale_sql::datum::parse_text;
use shale_sql::{Datum, SqlType};
use std::sync::{Arc, OnceLock};

struct BuiltIn {
    name: &'static str,
    text: &'static str,
    batch: OnceLock<RecordBatch>,
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(BuiltIn {
            name: $name,
            text: include_str!(concat!("builtin/", $name, ".tsv")),
            batch: OnceLock::new(),
        }),*]
    };
}

static ALL: [BuiltIn; 16] = built_in![
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_get_keywords",
    "pg_language",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_proc",
    "pg_range",
    "pg_tablespace",
    "pg_type",
];

fn find(relation: &SystemRelation) -> Option<&'static BuiltIn> {
    let named = |built_in: &&BuiltIn| built_in.name == relation.name;
    ALL.iter()
        .find(named)
        .filter(|_| relation.schema == "pg_catalog")
}

/// Whether there are such rows for a relation.
pub(crate) fn has_rows(relation: &SystemRelation) -> bool {
    find(relation).is_some()
}

/// The rows of a relation; none for a relation that has no built-in rows.
pub(crate) fn rows(relation: &SystemRelation) -> Result<RecordBatch> {
    let Some(built_in) = find(relation) else {
        return Ok(RecordBatch::new_empty(Arc::clone(&relation.arrow)));
    };
    if let Some(batch) = built_in.batch.get() {
        return Ok(batch.clone());
    }
    let batch = read(relation, built_in.text)?;
    Ok(built_in.batch.get_or_init(|| batch).clone())
}

/// The rows of a relation of pg_catalog.
pub(crate) fn rows_of(name: &str) -> Option<RecordBatch> {
    let batch = super::spec::find("pg_catalog", name).map(rows);
    // The data is part of the binary: that it cannot be read is a broken build, which every catalog query then shows.
    batch?
        .inspect_err(|error| tracing::error!(%error, name, "built-in rows could not be read"))
        .ok()
}

fn read(relation: &SystemRelation, text: &'static str) -> Result<RecordBatch> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let rows: Vec<Vec<&'static str>> = lines.map(|line| line.split('\t').collect()).collect();
    if rows.iter().any(|row| row.len() != header.len()) {
        return internal_err!("{} has rows of another width", relation.name);
    }
    let mut columns = Vec::with_capacity(relation.columns.len());
    for (column, field) in relation.columns.iter().zip(relation.arrow.fields()) {
        let Some(position) = header.iter().position(|name| *name == column.name) else {
            columns.push(new_null_array(field.data_type(), rows.len()));
            continue;
        };
        let cells = rows
            .iter()
            .map(|row| cell(column, field.data_type(), row[position]))
            .collect::<Result<Vec<_>>>()?;
        columns.push(cells_to_array(field.data_type(), cells.iter())?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let schema = Arc::clone(&relation.arrow);
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// A value as COPY writes it.
fn cell(column: &SystemColumn, data_type: &DataType, field: &'static str) -> Result<Cell> {
    if field == "\\N" {
        return Ok(Cell::Null);
    }
    if *data_type == DataType::Utf8 && !field.contains('\\') {
        return Ok(Cell::Static(field));
    }
    let unreadable =
        || internal_datafusion_err!("{} of {} cannot be read", field, column.type_name);
    let datum = parse_text(&column.sql_type, &unescape(field)).map_err(|_| unreadable())?;
    Ok(match (datum, &column.sql_type) {
        (Datum::Bool(value), _) => Cell::Bool(value),
        (Datum::Int(value), _) => Cell::Int(value),
        (Datum::Float(value), _) => Cell::Float(value as f32),
        (Datum::Text(value), _) => Cell::Text(value),
        (Datum::Array(elements), SqlType::Array(element)) if **element == SqlType::Text => {
            let texts = elements.into_iter().map(|element| match element {
                Datum::Text(text) => Ok(text),
                _ => Err(unreadable()),
            });
            Cell::Texts(texts.collect::<Result<_>>()?)
        }
        (Datum::Array(elements), _) => {
            let numbers = elements.into_iter().map(|element| match element {
                Datum::Int(number) => Ok(number),
                _ => Err(unreadable()),
            });
            Cell::Ints(numbers.collect::<Result<_>>()?)
        }
        _ => return Err(unreadable()),
    })
}

/// A field without COPY's backslashes.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        text.extend(characters.next().map(|escaped| match escaped {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            other => other,
        }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::picture::NAMESPACES;
    use crate::catalog::spec;
    use arrow::array::{Array, ArrayRef, AsArray};
    use arrow::compute::cast;
    use arrow::datatypes::UInt32Type;
    use std::collections::HashSet;

    fn relation(name: &str) -> &'static SystemRelation {
        match name {
            "pg_get_keywords" => spec::keywords(),
            _ => spec::find("pg_catalog", name).unwrap(),
        }
    }

    fn column(name: &str, column: &str) -> ArrayRef {
        let batch = rows(relation(name)).unwrap();
        Arc::clone(batch.column_by_name(column).unwrap())
    }

    fn oids(name: &str, of: &str) -> Vec<u32> {
        let column = column(name, of);
        assert_eq!(column.null_count(), 0, "{name}.{of}");
        column.as_primitive::<UInt32Type>().values().to_vec()
    }

    fn texts(name: &str, of: &str) -> Vec<String> {
        let column = cast(&column(name, of), &DataType::Utf8).unwrap();
        let texts = column.as_string::<i32>().iter();
        texts.map(|text| text.unwrap().to_owned()).collect()
    }

    #[test]
    fn every_file_fits_its_relation() {
        for built_in in &ALL {
            let relation = relation(built_in.name);
            let header = built_in.text.lines().next().unwrap();
            for name in header.split('\t') {
                let known = relation.columns.iter().any(|column| column.name == name);
                assert!(known, "{}.{name}", relation.name);
            }
            let batch = rows(relation).unwrap();
            assert_eq!(batch.num_rows() + 1, built_in.text.lines().count());
            assert!(batch.num_rows() > 0, "{}", relation.name);
            for (column, values) in relation.columns.iter().zip(batch.columns()) {
                let complete = !column.not_null || values.null_count() == 0;
                assert!(complete, "{}.{}", relation.name, column.name);
            }
        }
    }

    #[test]
    fn row_types_and_schemas_are_those_of_our_lists() {
        let names = texts("pg_type", "typname");
        let described = oids("pg_type", "typrelid");
        let mut row_types = 0;
        for (name, oid) in names.iter().zip(described).filter(|(_, oid)| *oid != 0) {
            let known = spec::all()
                .iter()
                .any(|relation| relation.oid == i64::from(oid) && relation.name == name);
            assert!(known, "{name} {oid}");
            row_types += 1;
        }
        let ours = |relation: &&SystemRelation| relation.name.starts_with("shale_");
        let ours = spec::all().iter().filter(ours).count();
        assert_eq!(row_types, spec::all().len() - ours);
        for (name, of) in [
            ("pg_type", "typnamespace"),
            ("pg_proc", "pronamespace"),
            ("pg_operator", "oprnamespace"),
        ] {
            let known = |oid: u32| NAMESPACES.iter().any(|(_, known)| *known == i64::from(oid));
            let unknown = oids(name, of).into_iter().find(|oid| !known(*oid));
            assert_eq!(unknown, None, "{name}.{of}");
        }
    }

    #[test]
    fn oids_refer_to_rows() {
        for (from, of, to) in [
            ("pg_aggregate", "aggfnoid", "pg_proc"),
            ("pg_aggregate", "aggtransfn", "pg_proc"),
            ("pg_amop", "amopopr", "pg_operator"),
            ("pg_amproc", "amproc", "pg_proc"),
            ("pg_cast", "castsource", "pg_type"),
            ("pg_cast", "castfunc", "pg_proc"),
            ("pg_opclass", "opcmethod", "pg_am"),
            ("pg_operator", "oprcode", "pg_proc"),
            ("pg_operator", "oprresult", "pg_type"),
            ("pg_proc", "prolang", "pg_language"),
            ("pg_proc", "prorettype", "pg_type"),
            ("pg_range", "rngsubtype", "pg_type"),
            ("pg_type", "typinput", "pg_proc"),
            ("pg_type", "typarray", "pg_type"),
            ("pg_type", "typelem", "pg_type"),
            ("pg_type", "typcollation", "pg_collation"),
        ] {
            let known: HashSet<u32> = oids(to, "oid").into_iter().collect();
            let unknown = oids(from, of)
                .into_iter()
                .find(|oid| *oid != 0 && !known.contains(oid));
            assert_eq!(unknown, None, "{from}.{of}");
        }
    }

    #[test]
    fn arrays_and_escapes_are_read() {
        let place = texts("pg_proc", "proname")
            .iter()
            .position(|name| name == "_pg_expandarray")
            .unwrap();
        let types = column("pg_proc", "proallargtypes");
        let types = types.as_list::<i32>().value(place);
        assert_eq!(
            types.as_primitive::<UInt32Type>().values(),
            &[2277, 2283, 23]
        );
        let names = column("pg_proc", "proargnames");
        let names = names.as_list::<i32>().value(place);
        let names: Vec<_> = names.as_string::<i32>().iter().flatten().collect();
        assert_eq!(names, ["", "x", "n"]);
        assert!(texts("pg_proc", "prosrc")[place].starts_with("select $1[s],\n  "));
        assert_eq!(unescape("a\\tb\\\\c\\N"), "a\tb\\cN");
    }
}
