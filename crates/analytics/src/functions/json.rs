//! Operators and functions over json texts: `->`, `->>`, `#>`, `#>>`, `?`, paths, lengths and types.
//!
//! A json value is its text. Members and elements are cut out of it without parsing numbers, so 38 digits stay 38 digits.
//! Text that is not JSON has no members and no elements.

use super::{Definition, Kind, MANY, RowFunction, Value};
use crate::error::carry;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use shale_sql::datum::normalize_json;
use shale_sql::{Datum, SqlError, SqlType};
use std::sync::{Arc, LazyLock};

/// The function that a document path (`a.b[0]`) becomes.
pub(crate) const fn path_function_name() -> &'static str {
    "jsonb_extract_path"
}

/// Nesting that the scanner follows; deeper values are cut off as having no members.
const DEPTH_MAX: usize = 128;

/// `||` of two documents.
const CONCATENATION: &str = "shale_json_concat";

/// The function of `||`; which of its uses are about documents only the SQL types of the operands tell.
pub(super) fn concatenation() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let definition = FUNCTIONS
            .iter()
            .find(|definition| definition.name == CONCATENATION)
            .expect("the definition is in the list below");
        Arc::new(ScalarUDF::new_from_impl(RowFunction::new(definition)))
    });
    Arc::clone(&FUNCTION)
}

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        CONCATENATION,
        &[Kind::Text, Kind::Text],
        Kind::Json,
        |_, arguments| concatenated(arguments[0].text(), arguments[1].text()).map(Value::from),
    )
    .immutable(),
    Definition::new(
        "shale_json_get",
        &[Kind::Text, Kind::Class],
        Kind::Json,
        |_, arguments| Ok(Value::from(step(arguments[0].text(), &arguments[1]))),
    )
    .immutable(),
    Definition::new(
        "shale_json_get_text",
        &[Kind::Text, Kind::Class],
        Kind::Text,
        |_, arguments| {
            Ok(Value::from(
                step(arguments[0].text(), &arguments[1]).and_then(as_text),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_path",
        &[Kind::Text, Kind::TextArray],
        Kind::Json,
        |_, arguments| {
            Ok(Value::from(walk_texts(
                arguments[0].text(),
                texts(&arguments[1]),
            )))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_path_text",
        &[Kind::Text, Kind::TextArray],
        Kind::Text,
        |_, arguments| {
            Ok(Value::from(
                walk_texts(arguments[0].text(), texts(&arguments[1])).and_then(as_text),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_has",
        &[Kind::Text, Kind::Text],
        Kind::Bool,
        |_, arguments| {
            let (document, name) = (arguments[0].text(), arguments[1].text());
            let has = member(document, name).is_some()
                || elements(document)
                    .into_iter()
                    .flatten()
                    .any(|element| as_string(element).as_deref() == Some(name));
            Ok(Value::Bool(has))
        },
    )
    .immutable(),
    Definition::new(path_function_name(), MANY, Kind::Json, |_, arguments| {
        Ok(Value::from(walk(arguments[0].text(), &arguments[1..])))
    })
    .required(1)
    .aliases(&["json_extract_path"])
    .immutable(),
    Definition::new(
        "jsonb_extract_path_text",
        MANY,
        Kind::Text,
        |_, arguments| {
            Ok(Value::from(
                walk(arguments[0].text(), &arguments[1..]).and_then(as_text),
            ))
        },
    )
    .required(1)
    .aliases(&["json_extract_path_text"])
    .immutable(),
    Definition::new("jsonb_typeof", &[Kind::Text], Kind::Text, |_, arguments| {
        Ok(Value::from(type_name(arguments[0].text())))
    })
    .aliases(&["json_typeof"])
    .immutable(),
    Definition::new(
        "jsonb_array_length",
        &[Kind::Text],
        Kind::Int4,
        |_, arguments| match elements(arguments[0].text()) {
            Some(elements) => Ok(Value::Int(elements.len() as i64)),
            None => Err(carry(SqlError::Other {
                sqlstate: "22023",
                message: "cannot get array length of a non-array".to_owned(),
                hint: None,
            })),
        },
    )
    .aliases(&["json_array_length"])
    .immutable(),
    Definition::new(
        "shale_json_elements",
        &[Kind::Text],
        Kind::JsonArray,
        |_, arguments| {
            let elements = elements(arguments[0].text()).unwrap_or_default();
            Ok(Value::Texts(
                elements.into_iter().map(str::to_owned).collect(),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_keys",
        &[Kind::Text],
        Kind::TextArray,
        |_, arguments| {
            Ok(Value::Texts(
                members(arguments[0].text())
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(key, _)| key)
                    .collect(),
            ))
        },
    )
    .immutable(),
    // Casts: checked, and in jsonb's form.
    Definition::new(
        "shale_jsonb_in",
        &[Kind::Text],
        Kind::Json,
        |_, arguments| {
            normalize_json(arguments[0].text())
                .map(Value::from)
                .map_err(carry)
        },
    )
    .aliases(&["jsonb"])
    .immutable(),
    Definition::new(
        "shale_json_in",
        &[Kind::Text],
        Kind::PlainJson,
        |_, arguments| {
            normalize_json(arguments[0].text()).map_err(carry)?;
            Ok(arguments[0].clone())
        },
    )
    .immutable(),
    Definition::new(
        "shale_uuid_in",
        &[Kind::Text],
        Kind::Uuid,
        |_, arguments| match shale_sql::datum::parse_text(&SqlType::Uuid, arguments[0].text())
            .map_err(carry)?
        {
            Datum::Text(uuid) => Ok(Value::from(uuid)),
            _ => Ok(Value::Null),
        },
    )
    .immutable(),
];

fn texts(value: &Value) -> &[String] {
    if let Value::Texts(texts) = value {
        texts
    } else {
        &[]
    }
}

fn walk(document: &str, steps: &[Value]) -> Option<String> {
    let mut current = document;
    for next in steps {
        current = step_in(current, next.text())?;
    }
    Some(current.to_owned())
}

fn walk_texts(document: &str, steps: &[String]) -> Option<String> {
    let mut current = document;
    for next in steps {
        current = step_in(current, next)?;
    }
    Some(current.to_owned())
}

/// A step of a path given as text: a member, or in an array the element of that number.
fn step_in<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    match document.trim_start().as_bytes().first()? {
        b'[' => element(document, name.trim().parse().ok()?),
        _ => member(document, name),
    }
}

/// `->`: a text is a member's name, a number an element's place.
fn step(document: &str, key: &Value) -> Option<String> {
    match key {
        // A value that is no container counts as an array of itself.
        Value::Int(0 | -1) if elements(document).is_none() && members(document).is_none() => {
            Some(document)
        }
        Value::Int(index) => element(document, *index),
        Value::Text(name) => member(document, name),
        _ => None,
    }
    .map(str::to_owned)
}

fn element(document: &str, index: i64) -> Option<&str> {
    let elements = elements(document)?;
    let index = if index < 0 {
        index + elements.len() as i64
    } else {
        index
    };
    elements.get(usize::try_from(index).ok()?).copied()
}

fn member<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    members(document)?
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The value as text: strings without quotes and escapes, null as NULL, everything else as it is.
pub(super) fn as_text(value: String) -> Option<String> {
    match value.as_str() {
        "null" => None,
        text if text.starts_with('"') => as_string(text),
        _ => Some(value),
    }
}

pub(super) fn as_string(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}

pub(super) fn type_name(value: &str) -> Option<&'static str> {
    Some(match value.trim_start().as_bytes().first()? {
        b'{' => "object",
        b'[' => "array",
        b'"' => "string",
        b't' | b'f' => "boolean",
        b'n' => "null",
        _ => "number",
    })
}

/// Two objects merge, the second's members win; anything else is joined as arrays.
fn concatenated(left: &str, right: &str) -> Result<String> {
    let normalized = |document: &str| normalize_json(document).map_err(carry);
    let (left, right) = (normalized(left)?, normalized(right)?);
    let inside = |document: &str| document[1..document.len() - 1].to_owned();
    let joined = |left: String, right: String| match left.is_empty() || right.is_empty() {
        true => left + &right,
        false => format!("{left}, {right}"),
    };
    if left.starts_with('{') && right.starts_with('{') {
        return normalized(&format!("{{{}}}", joined(inside(&left), inside(&right))));
    }
    let elements = |document: &str| match document.starts_with('[') {
        true => inside(document),
        false => document.to_owned(),
    };
    Ok(format!("[{}]", joined(elements(&left), elements(&right))))
}

pub(super) fn members(document: &str) -> Option<Vec<(String, &str)>> {
    let bytes = document.as_bytes();
    let mut at = skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    at = skip_space(bytes, at + 1);
    while bytes.get(at) == Some(&b'"') {
        let key_end = skip_value(bytes, at, 0)?;
        let key = as_string(&document[at..key_end])?;
        at = skip_space(bytes, key_end);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        at = skip_space(bytes, at + 1);
        let end = skip_value(bytes, at, 0)?;
        members.push((key, &document[at..end]));
        at = next_part(bytes, end);
    }
    (bytes.get(at) == Some(&b'}')).then_some(members)
}

pub(super) fn elements(document: &str) -> Option<Vec<&str>> {
    let bytes = document.as_bytes();
    let mut at = skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'[') {
        return None;
    }
    let mut elements = Vec::new();
    at = skip_space(bytes, at + 1);
    while bytes.get(at).is_some_and(|byte| *byte != b']') {
        let end = skip_value(bytes, at, 0)?;
        elements.push(&document[at..end]);
        at = next_part(bytes, end);
    }
    (bytes.get(at) == Some(&b']')).then_some(elements)
}

/// Behind a value: over the comma, if there is one.
fn next_part(bytes: &[u8], end: usize) -> usize {
    let at = skip_space(bytes, end);
    if bytes.get(at) == Some(&b',') {
        skip_space(bytes, at + 1)
    } else {
        at
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`.
fn skip_value(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    if depth > DEPTH_MAX {
        return None;
    }
    match bytes.get(at)? {
        b'"' => {
            let mut end = at + 1;
            loop {
                match bytes.get(end)? {
                    b'"' => return Some(end + 1),
                    b'\\' => end += 2,
                    _ => end += 1,
                }
            }
        }
        b'{' | b'[' => {
            let mut end = skip_space(bytes, at + 1);
            loop {
                match bytes.get(end)? {
                    b'}' | b']' => return Some(end + 1),
                    b',' | b':' => end = skip_space(bytes, end + 1),
                    _ => end = skip_space(bytes, skip_value(bytes, end, depth + 1)?),
                }
            }
        }
        _ => {
            let rest = &bytes[at..];
            let length = rest
                .iter()
                .position(|byte| {
                    matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace()
                })
                .unwrap_or(rest.len());
            (length > 0).then_some(at + length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"a": {"b": [10, {"c": "x\"y"}, null]}, "n": 12345678901234567890123456789012345678, "e": {}, "l": []}"#;

    #[test]
    fn paths_reach_members_and_elements() {
        let get = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
            walk_texts(DOCUMENT, &path)
        };
        assert_eq!(get(&["a", "b", "0"]).as_deref(), Some("10"));
        assert_eq!(get(&["a", "b", "-1"]).as_deref(), Some("null"));
        assert_eq!(
            get(&["a", "b", "1", "c"]).and_then(as_text).as_deref(),
            Some("x\"y")
        );
        assert_eq!(
            get(&["n"]).as_deref(),
            Some("12345678901234567890123456789012345678")
        );
        assert_eq!(get(&["a", "b", "2"]).and_then(as_text), None);
        assert_eq!(get(&["a", "x"]), None);
        assert_eq!(get(&["n", "x"]), None);
        assert_eq!(elements("[]").map(|elements| elements.len()), Some(0));
        assert_eq!(members("{}").map(|members| members.len()), Some(0));
    }

    #[test]
    fn what_is_not_json_has_no_parts() {
        for text in [
            "",
            "{",
            "{\"a\"",
            "{\"a\":",
            "[1",
            "[",
            "\"",
            "nonsense",
            "{\"a\" 1}",
            "[\"\\",
        ] {
            let _ = (members(text), elements(text), type_name(text));
        }
        assert_eq!(elements("[1"), None);
        let deep = "[".repeat(100_000);
        assert_eq!(elements(&deep), None);
    }
}
