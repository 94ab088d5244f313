//! Arrays in PostgreSQL's text form `{1,NULL,"a b"}`; one dimension.

use super::{parse_text, to_text};
use crate::{Datum, SqlError, SqlType};

fn malformed(text: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "22P02",
        message: format!("malformed array literal: \"{text}\""),
        hint: None,
    }
}

pub(super) fn parse(element: &SqlType, text: &str) -> Result<Datum, SqlError> {
    let body = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| malformed(text))?;
    let mut elements = Vec::new();
    if body.trim().is_empty() {
        return Ok(Datum::Array(elements));
    }
    let mut characters = body.chars().peekable();
    loop {
        while characters.peek().is_some_and(|c| c.is_whitespace()) {
            characters.next();
        }
        let mut value = String::new();
        let mut quoted = false;
        if characters.peek() == Some(&'"') {
            quoted = true;
            characters.next();
            loop {
                match characters.next().ok_or_else(|| malformed(text))? {
                    '"' => break,
                    '\\' => value.push(characters.next().ok_or_else(|| malformed(text))?),
                    other => value.push(other),
                }
            }
            while characters.peek().is_some_and(|c| c.is_whitespace()) {
                characters.next();
            }
        } else {
            while let Some(&next) = characters.peek() {
                match next {
                    ',' => break,
                    '{' | '}' => {
                        return Err(SqlError::NotSupported {
                            feature: "an array with more than one dimension".into(),
                            hint: Some("Use a jsonb value.".into()),
                        });
                    }
                    '"' => return Err(malformed(text)),
                    '\\' => {
                        characters.next();
                        value.push(characters.next().ok_or_else(|| malformed(text))?);
                    }
                    other => {
                        characters.next();
                        value.push(other);
                    }
                }
            }
            value.truncate(value.trim_end().len());
            if value.is_empty() {
                return Err(malformed(text));
            }
        }
        elements.push(if !quoted && value.eq_ignore_ascii_case("null") {
            Datum::Null
        } else {
            parse_text(element, &value)?
        });
        match characters.next() {
            None => return Ok(Datum::Array(elements)),
            Some(',') => {}
            Some(_) => return Err(malformed(text)),
        }
    }
}

pub(super) fn format(element: &SqlType, elements: &[Datum]) -> String {
    let mut out = String::from("{");
    for (position, datum) in elements.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if matches!(datum, Datum::Null) {
            out.push_str("NULL");
            continue;
        }
        let text = to_text(datum, element);
        let quote = text.is_empty()
            || text.eq_ignore_ascii_case("null")
            || text.contains(|c: char| c.is_whitespace() || "{},\"\\".contains(c));
        if !quote {
            out.push_str(&text);
            continue;
        }
        out.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
        out.push('"');
    }
    out.push('}');
    out
}
