//! Regular expressions that give arrays and parts: `regexp_split_to_array`, `regexp_substr`, SIMILAR TO, `substring(s from 'pattern')`.
//!
//! Matching is that of the regex crate, whose syntax has all that PostgreSQL's has but references back and looking ahead.

use super::{Definition, Kind, Value};
use crate::error::carry;
use datafusion::common::Result;
use regex::{Regex, RegexBuilder};
use shale_sql::SqlError;

/// Bytes that a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "regexp_split_to_array",
        &[Kind::Text, Kind::Text, Kind::Text],
        Kind::TextArray,
        |_, row| {
            let (regex, _) = compiled(row, 2)?;
            Ok(Value::Texts(split(&regex, row[0].text())))
        },
    )
    .required(2)
    .immutable(),
    Definition::new(
        "regexp_substr",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, row| {
            let (regex, _) = compiled(row, usize::MAX)?;
            Ok(Value::from(
                regex.find(row[0].text()).map(|found| found.as_str()),
            ))
        },
    )
    .immutable(),
    // The first group, or all of it.
    Definition::new(
        "shale_substring_match",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, row| {
            let (regex, _) = compiled(row, usize::MAX)?;
            let found = regex.captures(row[0].text());
            let part = found.and_then(|found| {
                let group = if found.len() > 1 { 1 } else { 0 };
                found.get(group).map(|part| part.as_str().to_owned())
            });
            Ok(Value::from(part))
        },
    )
    .immutable(),
    Definition::new(
        "shale_similar_pattern",
        &[Kind::Text, Kind::Text],
        Kind::Text,
        |_, row| {
            let escape = row
                .get(1)
                .map_or(Some('\\'), |escape| escape.text().chars().next());
            Ok(Value::from(of_similar(row[0].text(), escape)))
        },
    )
    .required(1)
    .immutable(),
];

/// The expression in the second argument with the flags at a place; whether they ask for all matches.
fn compiled(row: &[Value], flags_at: usize) -> Result<(Regex, bool)> {
    let flags = row.get(flags_at).map_or("", Value::text);
    let mut builder = RegexBuilder::new(row[1].text());
    builder
        .size_limit(COMPILED_BYTES_MAX)
        .dot_matches_new_line(true);
    let mut all = false;
    for flag in flags.chars() {
        match flag {
            'g' => all = true,
            'i' => {
                builder.case_insensitive(true);
            }
            'c' => {
                builder.case_insensitive(false);
            }
            'n' | 'm' => {
                builder.multi_line(true).dot_matches_new_line(false);
            }
            's' => {
                builder.multi_line(false).dot_matches_new_line(true);
            }
            'x' => {
                builder.ignore_whitespace(true);
            }
            other => {
                return Err(carry(SqlError::Other {
                    sqlstate: "22023",
                    message: format!("invalid regular expression option: \"{other}\""),
                    hint: None,
                }));
            }
        }
    }
    let regex = builder.build().map_err(|error| {
        carry(SqlError::Other {
            sqlstate: "2201B",
            message: format!("invalid regular expression: {error}"),
            hint: None,
        })
    })?;
    Ok((regex, all))
}

/// Parts between matches. Matches of nothing split between characters, but neither before the first nor behind the last.
fn split(regex: &Regex, text: &str) -> Vec<String> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for found in regex.find_iter(text) {
        if found.is_empty() && (found.start() == from || found.start() == text.len()) {
            continue;
        }
        parts.push(text[from..found.start()].to_owned());
        from = found.end();
    }
    parts.push(text[from..].to_owned());
    parts
}

/// A pattern of SIMILAR TO as a regular expression: it is about the whole text, `%` and `_` stand for characters.
fn of_similar(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::from("^(?:");
    let mut in_brackets = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            escaped if Some(escaped) == escape => {
                if let Some(literal) = characters.next() {
                    out.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
                }
            }
            ']' => {
                in_brackets = false;
                out.push(']');
            }
            inside if in_brackets => out.push(inside),
            '[' => {
                in_brackets = true;
                out.push('[');
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '.' | '^' | '$' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out.push_str(")$");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_patterns_are_about_whole_texts() {
        for (pattern, expected) in [
            ("a%", "^(?:a.*)$"),
            ("_{5}", "^(?:.{5})$"),
            ("(a|b)_", "^(?:(a|b).)$"),
            ("[%_]", "^(?:[%_])$"),
            ("a\\%.", "^(?:a%\\.)$"),
        ] {
            assert_eq!(of_similar(pattern, Some('\\')), expected);
        }
    }

    #[test]
    fn texts_are_split_as_in_postgres() {
        for (pattern, text, expected) in [
            ("[ ,]", "a b,c", vec!["a", "b", "c"]),
            ("x*", "abc", vec!["a", "b", "c"]),
            (",", "", vec![""]),
            (",", ",a,", vec!["", "a", ""]),
        ] {
            let regex = Regex::new(pattern).unwrap();
            assert_eq!(split(&regex, text), expected, "{pattern} {text}");
        }
    }
}
