//! The statement COPY: table, columns, format.

use super::CopyColumn;
use crate::bind::Scalar;
use crate::names::{
    Catalog, ITEM_COLUMN, TableColumn, created_name, find_column, table_columns, table_for_write,
};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::TableDescription;
use sqlparser::ast::{
    CopyLegacyCsvOption, CopyLegacyOption, CopyOption, CopySource, CopyTarget, Ident, Statement,
};
use std::sync::Arc;

/// A planned COPY … FROM STDIN.
pub(crate) struct CopyPlan {
    pub table: Arc<TableDescription>,
    pub columns: Vec<CopyColumn>,
    pub defaults: Vec<(Arc<str>, SqlType, Scalar)>,
    pub required: Vec<String>,
    pub format: Format,
}

/// How the data is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub csv: bool,
    pub delimiter: u8,
    pub null: String,
    pub header: bool,
    pub quote: u8,
    pub escape: u8,
}

#[derive(Default)]
struct Options {
    csv: bool,
    delimiter: Option<char>,
    null: Option<String>,
    header: bool,
    quote: Option<char>,
    escape: Option<char>,
}

fn unsupported(feature: &str, hint: &str) -> SqlError {
    SqlError::NotSupported {
        feature: feature.into(),
        hint: (!hint.is_empty()).then(|| hint.into()),
    }
}

/// Plans COPY.
///
/// # Errors
/// 0A000 for COPY … TO, files, programs and the binary format.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    statement: Statement,
    text: &str,
) -> Result<CopyPlan, SqlError> {
    let Statement::Copy {
        source,
        to,
        target,
        options,
        legacy_options,
        ..
    } = statement
    else {
        return Err(unsupported("this statement as COPY", ""));
    };
    if to {
        return Err(unsupported(
            "COPY … TO",
            "SELECT the rows; psql writes them to a file with \\g or --csv.",
        ));
    }
    if !matches!(target, CopyTarget::Stdin) {
        return Err(unsupported(
            "COPY from a file or program of the server",
            "Use COPY … FROM STDIN, or psql's \\copy.",
        ));
    }
    let CopySource::Table {
        table_name,
        columns,
    } = source
    else {
        return Err(unsupported("COPY of a query", ""));
    };
    let table = table_for_write(catalog, &table_name, text, Dialect::Postgres)?;
    let format = plan_format(&options, &legacy_options)?;
    let named = plan_columns(&table, &columns)?;
    let defaults = crate::plan::insert::defaults(&table, &named, Dialect::Postgres)?;
    let required = table_columns(&table)
        .into_iter()
        .filter(|column| column.not_null && (column.declared || column.key))
        .map(|column| column.name)
        .collect();
    Ok(CopyPlan {
        columns: named
            .into_iter()
            .map(|column| CopyColumn {
                name: column.name,
                sql_type: column.sql_type,
            })
            .collect(),
        table,
        defaults,
        required,
        format,
    })
}

fn plan_columns(table: &TableDescription, idents: &[Ident]) -> Result<Vec<TableColumn>, SqlError> {
    if idents.is_empty() {
        return Ok(table_columns(table));
    }
    let mut columns: Vec<TableColumn> = Vec::with_capacity(idents.len());
    for ident in idents {
        let quoted = ident.quote_style.is_some();
        let found = find_column(table, &ident.value, quoted, Dialect::Postgres);
        let column = found.unwrap_or_else(|| TableColumn {
            name: created_name(ident, Dialect::Postgres),
            sql_type: SqlType::Text,
            declared: false,
            key: false,
            not_null: false,
            default: None,
        });
        if column.name == ITEM_COLUMN {
            return Err(unsupported("COPY into the column _item", ""));
        }
        if columns.iter().any(|known| known.name == column.name) {
            return Err(SqlError::DuplicateColumn { name: column.name });
        }
        columns.push(column);
    }
    Ok(columns)
}

fn plan_format(options: &[CopyOption], legacy: &[CopyLegacyOption]) -> Result<Format, SqlError> {
    let mut found = Options::default();
    for option in options {
        match option {
            CopyOption::Format(name) => match name.value.to_lowercase().as_str() {
                "text" => {}
                "csv" => found.csv = true,
                other => {
                    return Err(unsupported(
                        &format!("COPY format \"{other}\""),
                        "Use text or csv.",
                    ));
                }
            },
            CopyOption::Delimiter(character) => found.delimiter = Some(*character),
            CopyOption::Null(text) => found.null = Some(text.clone()),
            CopyOption::Header(header) => found.header = *header,
            CopyOption::Quote(character) => found.quote = Some(*character),
            CopyOption::Escape(character) => found.escape = Some(*character),
            CopyOption::Encoding(name) if name.to_lowercase().replace(['-', '_'], "") == "utf8" => {
            }
            CopyOption::Freeze(false) => {}
            other => return Err(unsupported(&format!("COPY with {other}"), "")),
        }
    }
    for option in legacy {
        match option {
            CopyLegacyOption::Csv(csv) => {
                found.csv = true;
                for option in csv {
                    match option {
                        CopyLegacyCsvOption::Header => found.header = true,
                        CopyLegacyCsvOption::Quote(character) => found.quote = Some(*character),
                        CopyLegacyCsvOption::Escape(character) => found.escape = Some(*character),
                        other => return Err(unsupported(&format!("COPY with {other}"), "")),
                    }
                }
            }
            CopyLegacyOption::Delimiter(character) => found.delimiter = Some(*character),
            CopyLegacyOption::Null(text) => found.null = Some(text.clone()),
            CopyLegacyOption::Header => found.header = true,
            other => return Err(unsupported(&format!("COPY with {other}"), "")),
        }
    }
    check_format(found)
}

fn check_format(options: Options) -> Result<Format, SqlError> {
    let bad = |name: &str, value: String| SqlError::InvalidParameter {
        name: format!("COPY {name}"),
        value,
    };
    let single = |name: &str, character: char| {
        u8::try_from(character)
            .ok()
            .filter(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0))
            .ok_or_else(|| bad(name, character.to_string()))
    };
    let default = if options.csv { ',' } else { '\t' };
    let delimiter = single("delimiter", options.delimiter.unwrap_or(default))?;
    let quote = single("quote", options.quote.unwrap_or('"'))?;
    let escape = single("escape", options.escape.unwrap_or(char::from(quote)))?;
    if !options.csv && (options.quote.is_some() || options.escape.is_some()) {
        return Err(unsupported(
            "COPY quote and escape outside of CSV",
            "Use FORMAT csv.",
        ));
    }
    if options.csv && delimiter == quote {
        return Err(bad("quote", char::from(quote).to_string()));
    }
    // In text format these would be taken for escapes.
    let letters = b"\\.abcdefghijklmnopqrstuvwxyz0123456789";
    if !options.csv && letters.contains(&delimiter) {
        return Err(bad("delimiter", char::from(delimiter).to_string()));
    }
    let null = options.null.unwrap_or_else(|| {
        if options.csv {
            String::new()
        } else {
            "\\N".to_owned()
        }
    });
    if null.contains(['\n', '\r']) || null.contains(char::from(delimiter)) {
        return Err(bad("null", null));
    }
    Ok(Format {
        csv: options.csv,
        delimiter,
        null,
        header: options.header,
        quote,
        escape,
    })
}
