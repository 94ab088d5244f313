//! How the data of COPY is written: the options of the statement.
//!
//! Not here: reading (`parser`) and writing it (`out`).

use super::plan::unsupported;
use crate::SqlError;
use sqlparser::ast::{CopyLegacyCsvOption, CopyLegacyOption, CopyOption, Ident};

/// The format of COPY data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyFormat {
    pub(crate) kind: Kind,
    pub(crate) delimiter: u8,
    pub(crate) null: String,
    pub(crate) header: bool,
    pub(crate) quote: u8,
    pub(crate) escape: u8,
    /// Columns whose values are quoted always.
    pub(crate) force_quote: Vec<Ident>,
}

/// What kind of data it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Text,
    Csv,
    Binary,
}

impl CopyFormat {
    /// Whether it is PostgreSQL's binary format, which only the protocol can read and write.
    pub(crate) fn is_binary(&self) -> bool {
        self.kind == Kind::Binary
    }

    pub(crate) fn is_csv(&self) -> bool {
        self.kind == Kind::Csv
    }
}

#[derive(Default)]
struct Options {
    kind: Kind,
    delimiter: Option<char>,
    null: Option<String>,
    header: bool,
    quote: Option<char>,
    escape: Option<char>,
    force_quote: Option<Vec<Ident>>,
}

/// Reads the options of a COPY; `to`: of one that writes data.
///
/// # Errors
/// 22023 for values that an option cannot have, 0A000 for options that there are not, or not in this format.
pub(super) fn plan_format(
    options: &[CopyOption],
    legacy: &[CopyLegacyOption],
    to: bool,
) -> Result<CopyFormat, SqlError> {
    let mut found = Options::default();
    for option in options {
        match option {
            CopyOption::Format(name) => match name.value.to_lowercase().as_str() {
                "text" => {}
                "csv" => found.kind = Kind::Csv,
                "binary" => found.kind = Kind::Binary,
                other => {
                    return Err(unsupported(
                        &format!("COPY format \"{other}\""),
                        "Use text, csv or binary.",
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
            CopyOption::ForceQuote(columns) if to => found.force_quote = Some(columns.clone()),
            other => return Err(unsupported(&format!("COPY with {other}"), "")),
        }
    }
    for option in legacy {
        match option {
            CopyLegacyOption::Csv(csv) => {
                found.kind = Kind::Csv;
                for option in csv {
                    match option {
                        CopyLegacyCsvOption::Header => found.header = true,
                        CopyLegacyCsvOption::Quote(character) => found.quote = Some(*character),
                        CopyLegacyCsvOption::Escape(character) => found.escape = Some(*character),
                        CopyLegacyCsvOption::ForceQuote(columns) if to => {
                            found.force_quote = Some(columns.clone());
                        }
                        other => return Err(unsupported(&format!("COPY with {other}"), "")),
                    }
                }
            }
            CopyLegacyOption::Binary => found.kind = Kind::Binary,
            CopyLegacyOption::Delimiter(character) => found.delimiter = Some(*character),
            CopyLegacyOption::Null(text) => found.null = Some(text.clone()),
            CopyLegacyOption::Header => found.header = true,
            other => return Err(unsupported(&format!("COPY with {other}"), "")),
        }
    }
    check_format(found)
}

fn check_format(options: Options) -> Result<CopyFormat, SqlError> {
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
    let csv = options.kind == Kind::Csv;
    let textual = options.delimiter.is_some() || options.null.is_some() || options.header;
    if options.kind == Kind::Binary && textual {
        return Err(SqlError::Other {
            sqlstate: "42601",
            message: "cannot specify DELIMITER, NULL or HEADER in BINARY mode".into(),
            hint: None,
        });
    }
    let default = if csv { ',' } else { '\t' };
    let delimiter = single("delimiter", options.delimiter.unwrap_or(default))?;
    let quote = single("quote", options.quote.unwrap_or('"'))?;
    let escape = single("escape", options.escape.unwrap_or(char::from(quote)))?;
    let quoting =
        options.quote.is_some() || options.escape.is_some() || options.force_quote.is_some();
    if !csv && quoting {
        return Err(unsupported(
            "COPY quote and escape outside of CSV",
            "Use FORMAT csv.",
        ));
    }
    if csv && delimiter == quote {
        return Err(bad("quote", char::from(quote).to_string()));
    }
    // In text format these would be taken for escapes.
    let letters = b"\\.abcdefghijklmnopqrstuvwxyz0123456789";
    if options.kind == Kind::Text && letters.contains(&delimiter) {
        return Err(bad("delimiter", char::from(delimiter).to_string()));
    }
    let null = options
        .null
        .unwrap_or_else(|| if csv { String::new() } else { "\\N".to_owned() });
    if null.contains(['\n', '\r']) || null.contains(char::from(delimiter)) {
        return Err(bad("null", null));
    }
    Ok(CopyFormat {
        kind: options.kind,
        delimiter,
        null,
        header: options.header,
        quote,
        escape,
        force_quote: options.force_quote.unwrap_or_default(),
    })
}
