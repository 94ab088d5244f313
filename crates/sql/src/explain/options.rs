//! The options of EXPLAIN, with PostgreSQL 15's rules and words.

use crate::SqlError;

/// How EXPLAIN answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
    Xml,
    Yaml,
}

/// What EXPLAIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExplainOptions {
    /// Run the statement.
    pub analyze: bool,
    /// Columns that nodes give.
    pub verbose: bool,
    /// Estimates: capacity units, rows, width.
    pub costs: bool,
    /// Times of nodes.
    pub timing: bool,
    /// Times of the statement.
    pub summary: bool,
    /// Requests to the engine and items read.
    pub buffers: bool,
    /// Settings that change how statements are planned and are not as they were at the start.
    pub settings: bool,
    pub format: Format,
}

impl ExplainOptions {
    /// What the options mean: names and values as they were written.
    ///
    /// # Errors
    /// 42601 for an unknown option or a value that is no boolean, 22023 for an unknown format and for what only makes sense with ANALYZE,
    /// 0A000 for WAL.
    pub(crate) fn of(written: &[(String, Option<String>)]) -> Result<ExplainOptions, SqlError> {
        let mut options = ExplainOptions {
            analyze: false,
            verbose: false,
            costs: true,
            timing: true,
            summary: false,
            buffers: false,
            settings: false,
            format: Format::Text,
        };
        let (mut timing, mut summary) = (None, None);
        for (name, value) in written {
            let name = name.to_ascii_lowercase();
            let flag = || boolean(&name, value.as_deref());
            match name.as_str() {
                "analyze" | "analyse" => options.analyze = flag()?,
                "verbose" => options.verbose = flag()?,
                "costs" => options.costs = flag()?,
                "buffers" => options.buffers = flag()?,
                "timing" => timing = Some(flag()?),
                "summary" => summary = Some(flag()?),
                "settings" => options.settings = flag()?,
                "wal" if flag()? => {
                    return Err(SqlError::NotSupported {
                        feature: "EXPLAIN (WAL)".into(),
                        hint: Some("A statement that writes makes one record of the log.".into()),
                    });
                }
                "wal" => {}
                "format" => options.format = format(value.as_deref())?,
                _ => {
                    return Err(other(
                        "42601",
                        format!("unrecognized EXPLAIN option \"{name}\""),
                    ));
                }
            }
        }
        if timing == Some(true) && !options.analyze {
            return Err(other(
                "22023",
                "EXPLAIN option TIMING requires ANALYZE".into(),
            ));
        }
        options.timing = timing.unwrap_or(options.analyze);
        options.summary = summary.unwrap_or(options.analyze);
        Ok(options)
    }
}

fn other(sqlstate: &'static str, message: String) -> SqlError {
    SqlError::Other {
        sqlstate,
        message,
        hint: None,
    }
}

/// PostgreSQL's booleans of options: no value is true.
fn boolean(name: &str, value: Option<&str>) -> Result<bool, SqlError> {
    match value.map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "on" | "1") => Ok(true),
        Some("false" | "off" | "0") => Ok(false),
        Some(_) => Err(other("42601", format!("{name} requires a Boolean value"))),
    }
}

fn format(value: Option<&str>) -> Result<Format, SqlError> {
    let Some(value) = value else {
        return Err(other("42601", "format requires a parameter".into()));
    };
    match value.to_ascii_lowercase().as_str() {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        "xml" => Ok(Format::Xml),
        "yaml" => Ok(Format::Yaml),
        _ => Err(other(
            "22023",
            format!("unrecognized value for EXPLAIN option \"format\": \"{value}\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(written: &[(&str, Option<&str>)]) -> Result<ExplainOptions, String> {
        let written: Vec<(String, Option<String>)> = written
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect();
        ExplainOptions::of(&written).map_err(|error| error.to_string())
    }

    #[test]
    fn options_have_postgresqls_defaults() {
        let plain = options(&[]).unwrap();
        assert!(plain.costs && !plain.analyze && !plain.timing && !plain.summary);
        let analyzed = options(&[("ANALYZE", None)]).unwrap();
        assert!(analyzed.timing && analyzed.summary);
        let quiet = options(&[
            ("analyze", Some("on")),
            ("timing", Some("0")),
            ("Summary", Some("FALSE")),
            ("format", Some("Json")),
        ]);
        let quiet = quiet.unwrap();
        assert!(quiet.analyze && !quiet.timing && !quiet.summary);
        assert_eq!(quiet.format, Format::Json);
    }

    #[test]
    fn what_is_no_option_is_refused_in_postgresqls_words() {
        let refused = |written: &[(&str, Option<&str>)]| options(written).unwrap_err();
        assert_eq!(
            refused(&[("foo", None)]),
            "unrecognized EXPLAIN option \"foo\""
        );
        assert_eq!(
            refused(&[("costs", Some("maybe"))]),
            "costs requires a Boolean value"
        );
        assert_eq!(refused(&[("format", None)]), "format requires a parameter");
        assert_eq!(
            refused(&[("format", Some("csv"))]),
            "unrecognized value for EXPLAIN option \"format\": \"csv\""
        );
        assert_eq!(
            refused(&[("timing", None)]),
            "EXPLAIN option TIMING requires ANALYZE"
        );
        assert!(refused(&[("wal", None)]).contains("EXPLAIN (WAL)"));
    }
}
