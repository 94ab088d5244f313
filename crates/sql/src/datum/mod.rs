//! Values: PostgreSQL's text formats, and the way between values and attributes.
//!
//! Not here: binary wire formats (`pg-server`), Arrow (`analytics`).
//!
//! Invariants:
//! * `parse_text(t, to_text(d, t)) == d` for every value `d` of type `t`.
//! * `value_to_datum(datum_to_attribute(d, t), t) == d` for every value that can be stored.
//! * Timestamps, dates and times are stored in a form whose byte order is their order.

mod array;
mod attribute;
mod json;
mod number;
mod text;
mod time;

pub use attribute::{datum_to_attribute, item_to_json, value_to_datum, value_to_json};
pub use json::{json_to_attribute, normalize_json};
pub use number::{fit_numeric, format_number};
pub use text::{coerce, parse_text, to_text};
pub(crate) use text::{fit_text, natural_type};
pub(crate) use time::timestamp_to_unix_micros;
pub use time::{
    MICROS_PER_DAY, date_to_iso, days_of, format_date, format_time, format_timestamp, parse_date,
    parse_interval, parse_time, parse_timestamp, timestamp_to_iso, unix_micros_to_timestamp,
};

#[cfg(test)]
mod tests;
