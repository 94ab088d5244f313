//! Changed documents: `jsonb_set`, `jsonb_insert`, `#-`, `- text[]`, `jsonb_strip_nulls`; documents of arrays; `?|` and `?&`.
//!
//! Documents are in jsonb's form when they come here; what is changed in them keeps it.

use super::contain::{document, invalid, object_of};
use super::json::{as_string, as_text, elements, members, type_name};
use super::{Definition, Kind, Value};
use crate::error::carry;
use datafusion::common::Result;
use shale_sql::SqlError;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "jsonb_set",
        &[Kind::Text, Kind::TextArray, Kind::Text, Kind::Bool],
        Kind::Json,
        |_, row| {
            let how = How::Set {
                create: row.get(3).is_none_or(Value::is_true),
            };
            changed(row, how)
        },
    )
    .required(3)
    .immutable(),
    Definition::new(
        "jsonb_insert",
        &[Kind::Text, Kind::TextArray, Kind::Text, Kind::Bool],
        Kind::Json,
        |_, row| {
            let how = How::Insert {
                behind: row.get(3).is_some_and(Value::is_true),
            };
            changed(row, how)
        },
    )
    .required(3)
    .immutable(),
    Definition::new(
        "shale_json_delete_path",
        &[Kind::Text, Kind::TextArray],
        Kind::Json,
        |_, row| {
            let document = document(&row[0])?;
            refuse_scalar(&document, "cannot delete path in scalar")?;
            let path = steps(&row[1]);
            match path.is_empty() {
                true => Ok(Value::from(document)),
                false => Ok(Value::from(at_path(&document, path, "", How::Delete)?)),
            }
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_delete_names",
        &[Kind::Text, Kind::TextArray],
        Kind::Json,
        |_, row| {
            let document = document(&row[0])?;
            let names = steps(&row[1]);
            if let Some(members) = members(&document) {
                let kept = members
                    .into_iter()
                    .filter(|(name, _)| !names.contains(name));
                return Ok(Value::from(object_of(kept)));
            }
            let Some(parts) = elements(&document) else {
                return Err(invalid("cannot delete from scalar"));
            };
            let named = |part: &str| as_string(part).is_some_and(|name| names.contains(&name));
            let kept: Vec<&str> = parts.into_iter().filter(|part| !named(part)).collect();
            Ok(Value::from(format!("[{}]", kept.join(", "))))
        },
    )
    .immutable(),
    Definition::new("jsonb_strip_nulls", &[Kind::Text], Kind::Json, |_, row| {
        Ok(Value::from(without_nulls(&document(&row[0])?)))
    })
    .aliases(&["json_strip_nulls"])
    .immutable(),
    Definition::new(
        "jsonb_exists_any",
        &[Kind::Text, Kind::TextArray],
        Kind::Bool,
        |_, row| {
            let document = document(&row[0])?;
            Ok(Value::Bool(
                steps(&row[1]).iter().any(|name| has(&document, name)),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "jsonb_exists_all",
        &[Kind::Text, Kind::TextArray],
        Kind::Bool,
        |_, row| {
            let document = document(&row[0])?;
            Ok(Value::Bool(
                steps(&row[1]).iter().all(|name| has(&document, name)),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_element_texts",
        &[Kind::Text],
        Kind::TextArray,
        |_, row| {
            let Some(parts) = elements(row[0].text()) else {
                return Err(invalid("cannot extract elements from an object"));
            };
            let texts = parts.into_iter().map(|part| as_text(part.to_owned()));
            Ok(Value::NullableTexts(texts.collect()))
        },
    )
    .immutable(),
    Definition::new(
        "jsonb_object",
        &[Kind::NullableTextArray, Kind::NullableTextArray],
        Kind::Json,
        |_, row| object(row).map(Value::from),
    )
    .required(1)
    .aliases(&["json_object"])
    .immutable(),
    Definition::new(
        "shale_json_object_of",
        &[Kind::NullableTextArray, Kind::Text],
        Kind::Json,
        |_, row| {
            let values = elements(row[1].text()).unwrap_or_default();
            let pairs = nullable(&row[0]).into_iter().zip(values);
            let members = pairs
                .map(|(name, value)| match name {
                    Some(name) => Ok((name, value.to_owned())),
                    None => Err(invalid("field name must not be null")),
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(Value::from(in_order(members)))
        },
    )
    .immutable(),
];

/// What is done at the end of a path.
#[derive(Clone, Copy)]
enum How {
    Set { create: bool },
    Insert { behind: bool },
    Delete,
}

fn steps(value: &Value) -> &[String] {
    match value {
        Value::Texts(texts) => texts,
        _ => &[],
    }
}

fn nullable(value: &Value) -> Vec<Option<String>> {
    match value {
        Value::NullableTexts(texts) => texts.clone(),
        Value::Texts(texts) => texts.iter().cloned().map(Some).collect(),
        _ => Vec::new(),
    }
}

fn refuse_scalar(document: &str, message: &str) -> Result<()> {
    match members(document).is_none() && elements(document).is_none() {
        true => Err(invalid(message)),
        false => Ok(()),
    }
}

fn changed(row: &[Value], how: How) -> Result<Value> {
    let (whole, value) = (document(&row[0])?, document(&row[2])?);
    refuse_scalar(&whole, "cannot set path in scalar")?;
    let path = steps(&row[1]);
    match path.is_empty() {
        true => Ok(Value::from(whole)),
        false => Ok(Value::from(at_path(&whole, path, &value, how)?)),
    }
}

/// The document with a change at the end of a path; without it where the path ends before.
fn at_path(document: &str, path: &[String], value: &str, how: How) -> Result<String> {
    let Some((step, rest)) = path.split_first() else {
        return Ok(value.to_owned());
    };
    if let Some(own) = members(document) {
        let mut found = false;
        let mut kept = Vec::with_capacity(own.len() + 1);
        for (name, part) in own {
            if name != *step {
                kept.push((name, part.to_owned()));
                continue;
            }
            found = true;
            match (rest.is_empty(), how) {
                (true, How::Delete) => {}
                (true, How::Insert { .. }) => {
                    return Err(carry(SqlError::Other {
                        sqlstate: "22023",
                        message: "cannot replace existing key".to_owned(),
                        hint: Some(
                            "Try using the function jsonb_set to replace key value.".to_owned(),
                        ),
                    }));
                }
                _ => kept.push((name, at_path(part, rest, value, how)?)),
            }
        }
        let creates = matches!(how, How::Set { create: true } | How::Insert { .. });
        if !found && rest.is_empty() && creates {
            kept.push((step.clone(), value.to_owned()));
        }
        return Ok(in_order(kept));
    }
    match elements(document) {
        Some(parts) => in_array(parts, step, rest, value, how),
        None => Ok(document.to_owned()),
    }
}

fn in_array(
    parts: Vec<&str>,
    step: &str,
    rest: &[String],
    value: &str,
    how: How,
) -> Result<String> {
    let place: i64 = step.trim().parse().map_err(|_| {
        carry(SqlError::Other {
            sqlstate: "22P02",
            message: format!("path element is not an integer: \"{step}\""),
            hint: None,
        })
    })?;
    let count = parts.len() as i64;
    let from_start = if place < 0 { place + count } else { place };
    let mut kept: Vec<String> = parts.into_iter().map(str::to_owned).collect();
    let inside = usize::try_from(from_start)
        .ok()
        .filter(|at| *at < kept.len());
    match (inside, rest.is_empty(), how) {
        (Some(at), true, How::Delete) => {
            kept.remove(at);
        }
        (Some(at), true, How::Set { .. }) => kept[at] = value.to_owned(),
        (Some(at), true, How::Insert { behind }) => {
            kept.insert(at + usize::from(behind), value.to_owned());
        }
        (Some(at), false, _) => kept[at] = at_path(&kept[at].clone(), rest, value, how)?,
        (None, true, How::Set { create: true } | How::Insert { .. }) => match place < 0 {
            true => kept.insert(0, value.to_owned()),
            false => kept.push(value.to_owned()),
        },
        (None, ..) => {}
    }
    Ok(format!("[{}]", kept.join(", ")))
}

/// An object whose members stand as jsonb has them: shorter names first, of one name the last value.
pub(super) fn in_order(members: Vec<(String, String)>) -> String {
    let mut ordered: Vec<(String, String)> = Vec::with_capacity(members.len());
    let mut sorted = members;
    sorted.sort_by(|(left, _), (right, _)| {
        let by_length = left.len().cmp(&right.len());
        by_length.then_with(|| left.cmp(right))
    });
    for (name, value) in sorted {
        match ordered.last_mut() {
            Some((last, kept)) if *last == name => *kept = value,
            _ => ordered.push((name, value)),
        }
    }
    object_of(
        ordered
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str())),
    )
}

fn without_nulls(document: &str) -> String {
    if let Some(members) = members(document) {
        let kept: Vec<(String, String)> = members
            .into_iter()
            .filter(|(_, value)| *value != "null")
            .map(|(name, value)| (name, without_nulls(value)))
            .collect();
        return object_of(
            kept.iter()
                .map(|(name, value)| (name.clone(), value.as_str())),
        );
    }
    match elements(document) {
        Some(parts) => {
            let parts: Vec<String> = parts.into_iter().map(without_nulls).collect();
            format!("[{}]", parts.join(", "))
        }
        None => document.to_owned(),
    }
}

/// Whether a document has a member, or is or holds a string, of that name.
fn has(document: &str, name: &str) -> bool {
    match type_name(document) {
        Some("object") => members(document)
            .into_iter()
            .flatten()
            .any(|(own, _)| own == name),
        Some("array") => elements(document)
            .into_iter()
            .flatten()
            .any(|part| as_string(part).as_deref() == Some(name)),
        _ => as_string(document).as_deref() == Some(name),
    }
}

/// `{name, value, …}`, or names and values apart.
fn object(row: &[Value]) -> Result<String> {
    let first = nullable(&row[0]);
    let pairs: Vec<(Option<String>, Option<String>)> = match row.get(1) {
        Some(values) => {
            let values = nullable(values);
            if values.len() != first.len() {
                return Err(mismatched("mismatched array dimensions"));
            }
            first.into_iter().zip(values).collect()
        }
        None if !first.len().is_multiple_of(2) => {
            return Err(mismatched("array must have even number of elements"));
        }
        None => first
            .chunks(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect(),
    };
    let members = pairs.into_iter().map(|(name, value)| match name {
        Some(name) => {
            let value = value.map_or_else(
                || "null".to_owned(),
                |value| serde_json::Value::from(value).to_string(),
            );
            Ok((name, value))
        }
        None => Err(carry(SqlError::Other {
            sqlstate: "22004",
            message: "null value not allowed for object key".to_owned(),
            hint: None,
        })),
    });
    Ok(in_order(members.collect::<Result<Vec<_>>>()?))
}

fn mismatched(message: &str) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate: "2202E",
        message: message.to_owned(),
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, path: &[&str], value: &str, how: How, expected: &str) {
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(at_path(document, &path, value, how).unwrap(), expected);
    }

    #[test]
    fn changes_happen_at_the_end_of_a_path() {
        let set = How::Set { create: true };
        check(
            r#"{"a": {"b": 1}}"#,
            &["a", "b"],
            "2",
            set,
            r#"{"a": {"b": 2}}"#,
        );
        check(r#"{"bb": 1}"#, &["a"], "2", set, r#"{"a": 2, "bb": 1}"#);
        check("{}", &["a"], "2", How::Set { create: false }, "{}");
        check("{}", &["a", "b"], "2", set, "{}");
        check("[1, 2]", &["-1"], "9", set, "[1, 9]");
        check("[1, 2]", &["7"], "9", set, "[1, 2, 9]");
        check("[1, 2]", &["-7"], "9", set, "[9, 1, 2]");
        check(
            "[1, 2]",
            &["1"],
            "9",
            How::Insert { behind: true },
            "[1, 2, 9]",
        );
        check("[1, [2, 3]]", &["1", "0"], "", How::Delete, "[1, [3]]");
        check(
            r#"{"a": [1]}"#,
            &["a", "3"],
            "",
            How::Delete,
            r#"{"a": [1]}"#,
        );
    }
}
