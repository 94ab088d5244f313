//! Functions that make long texts of short ones: `repeat`, `lpad`, `rpad`, with a bound on what they make.
//!
//! DataFusion has them too, but a short statement could ask it for gigabytes.

use super::{Definition, Kind, Value};
use crate::error::carry;
use datafusion::common::Result;
use shale_sql::SqlError;

/// Bytes of a text that a function makes; PostgreSQL's bound is 1 GB.
const TEXT_BYTES_MAX: usize = 64 << 20;

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new(
        "repeat",
        &[Kind::Text, Kind::Int],
        Kind::Text,
        |_, arguments| {
            let text = arguments[0].text();
            let times = count(&arguments[1]);
            bounded(text.len().saturating_mul(times))?;
            Ok(Value::from(text.repeat(times)))
        },
    )
    .required(2)
    .immutable(),
    Definition::new("lpad", PADDING, Kind::Text, |_, arguments| {
        let (text, fill) = padded(arguments)?;
        Ok(Value::from(fill + &text))
    })
    .required(2)
    .immutable(),
    Definition::new("rpad", PADDING, Kind::Text, |_, arguments| {
        let (text, fill) = padded(arguments)?;
        Ok(Value::from(text + &fill))
    })
    .required(2)
    .immutable(),
];

/// Text, length in characters, fill.
const PADDING: &[Kind] = &[Kind::Text, Kind::Int, Kind::Text];

/// The text, cut to the length, and what fills it up.
fn padded(arguments: &[Value]) -> Result<(String, String)> {
    let length = count(&arguments[1]);
    let fill = arguments.get(2).map_or(" ", Value::text);
    let text: String = arguments[0].text().chars().take(length).collect();
    let missing = match fill {
        "" => 0,
        _ => length - text.chars().count(),
    };
    let widest = fill.chars().map(char::len_utf8).max().unwrap_or(0);
    bounded(missing.saturating_mul(widest))?;
    let fill = fill.chars().cycle().take(missing).collect();
    Ok((text, fill))
}

/// A number of times; below zero counts as zero.
fn count(value: &Value) -> usize {
    match value {
        Value::Int(count) => usize::try_from(*count).unwrap_or(0),
        _ => 0,
    }
}

fn bounded(bytes: usize) -> Result<()> {
    if bytes <= TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(carry(SqlError::ProgramLimit {
        message: "requested length too large".to_owned(),
    }))
}
