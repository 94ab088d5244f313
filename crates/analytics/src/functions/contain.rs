//! jsonb's containment, deletion and printing: `@>`, `<@`, `-`, `jsonb_pretty`; members as sets.

use super::json::{as_string, as_text, elements, members, type_name};
use super::{Definition, Kind, Value};
use crate::error::carry;
use datafusion::common::Result;
use shale_item::Number;
use shale_sql::SqlError;
use shale_sql::datum::normalize_json;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "shale_json_contains",
        &[Kind::Text, Kind::Text],
        Kind::Bool,
        |_, arguments| {
            let (outer, inner) = (document(&arguments[0])?, document(&arguments[1])?);
            Ok(Value::Bool(holds(&outer, &inner)))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_delete",
        &[Kind::Text, Kind::Class],
        Kind::Json,
        |_, arguments| delete(&document(&arguments[0])?, &arguments[1]).map(Value::from),
    )
    .immutable(),
    Definition::new("jsonb_pretty", &[Kind::Text], Kind::Text, |_, arguments| {
        let mut out = String::new();
        pretty(&document(&arguments[0])?, 0, &mut out);
        Ok(Value::from(out))
    })
    .immutable(),
    Definition::new(
        "shale_json_values",
        &[Kind::Text],
        Kind::JsonArray,
        |_, arguments| {
            let members = object(&arguments[0])?;
            Ok(Value::Texts(
                members.into_iter().map(|(_, value)| value).collect(),
            ))
        },
    )
    .immutable(),
    Definition::new(
        "shale_json_value_texts",
        &[Kind::Text],
        Kind::TextArray,
        |_, arguments| {
            let members = object(&arguments[0])?;
            Ok(Value::NullableTexts(
                members
                    .into_iter()
                    .map(|(_, value)| as_text(value))
                    .collect(),
            ))
        },
    )
    .immutable(),
];

pub(super) fn invalid(message: &str) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate: "22023",
        message: message.to_owned(),
        hint: None,
    })
}

/// The argument in jsonb's form. These operators exist for jsonb only: text that is none has no such operator.
pub(super) fn document(value: &Value) -> Result<String> {
    normalize_json(value.text()).map_err(carry)
}

fn object(value: &Value) -> Result<Vec<(String, String)>> {
    let document = document(value)?;
    let members =
        members(&document).ok_or_else(|| invalid("cannot call jsonb_each on a non-object"))?;
    Ok(members
        .into_iter()
        .map(|(key, value)| (key, value.to_owned()))
        .collect())
}

/// `@>` of whole documents: an array also holds a bare value.
fn holds(outer: &str, inner: &str) -> bool {
    match elements(outer) {
        Some(parts) if members(inner).is_none() && elements(inner).is_none() => {
            parts.into_iter().any(|part| same(part, inner))
        }
        _ => contains(outer, inner),
    }
}

fn contains(outer: &str, inner: &str) -> bool {
    if let Some(wanted) = members(inner) {
        let Some(have) = members(outer) else {
            return false;
        };
        return wanted.into_iter().all(|(key, value)| {
            let found = have.iter().find(|(name, _)| *name == key);
            found.is_some_and(|(_, own)| contains(own, value))
        });
    }
    if let Some(wanted) = elements(inner) {
        let Some(have) = elements(outer) else {
            return false;
        };
        return wanted
            .into_iter()
            .all(|value| have.iter().any(|own| contains(own, value)));
    }
    same(outer, inner)
}

/// Whether two values that are no containers are equal.
fn same(left: &str, right: &str) -> bool {
    match (type_name(left), type_name(right)) {
        (Some("number"), Some("number")) => {
            match (left.parse::<Number>(), right.parse::<Number>()) {
                (Ok(left), Ok(right)) => left == right,
                _ => left == right,
            }
        }
        (Some("string"), Some("string")) => as_string(left) == as_string(right),
        (left_type, right_type) => left_type == right_type && left == right,
    }
}

fn delete(document: &str, key: &Value) -> Result<String> {
    if let Some(members) = members(document) {
        let Value::Text(name) = key else {
            return Err(invalid("cannot delete from object using integer index"));
        };
        let kept = members.into_iter().filter(|(own, _)| own != name);
        return Ok(object_of(kept));
    }
    let Some(parts) = elements(document) else {
        return Err(invalid("cannot delete from scalar"));
    };
    let kept: Vec<&str> = match key {
        Value::Int(index) => {
            let count = parts.len() as i64;
            let index = if *index < 0 { index + count } else { *index };
            let others = parts.into_iter().zip(0..).filter(|(_, at)| *at != index);
            others.map(|(part, _)| part).collect()
        }
        key => {
            let name = Some(key.text());
            let named = |part: &&str| as_string(part).as_deref() == name;
            parts.into_iter().filter(|part| !named(part)).collect()
        }
    };
    Ok(format!("[{}]", kept.join(", ")))
}

pub(super) fn object_of<'a>(members: impl Iterator<Item = (String, &'a str)>) -> String {
    let members: Vec<String> = members
        .map(|(key, value)| format!("{}: {value}", quoted(&key)))
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn quoted(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

fn pretty(document: &str, depth: usize, out: &mut String) {
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    let separate = |out: &mut String, at: usize| {
        if at > 0 {
            out.push(',');
        }
        indent(out, depth + 1);
    };
    if let Some(members) = members(document) {
        out.push('{');
        for (at, (key, value)) in members.into_iter().enumerate() {
            separate(out, at);
            out.push_str(&quoted(&key));
            out.push_str(": ");
            pretty(value, depth + 1, out);
        }
        indent(out, depth);
        out.push('}');
    } else if let Some(parts) = elements(document) {
        out.push('[');
        for (at, part) in parts.into_iter().enumerate() {
            separate(out, at);
            pretty(part, depth + 1, out);
        }
        indent(out, depth);
        out.push(']');
    } else {
        out.push_str(document);
    }
}
