//! DEFAULT of a column as `pg_get_expr` prints it: constants in the form of their column's type, as PostgreSQL keeps them.

use shale_sql::SqlType;
use shale_sql::datum::{parse_text, to_text};

/// What PostgreSQL would print for a DEFAULT that was written so; `None` if it is no default at all (NULL).
pub(crate) fn shown_default(written: &str, sql_type: &SqlType) -> Option<String> {
    let written = written.trim();
    if written.eq_ignore_ascii_case("null") {
        return None;
    }
    for keyword in ["CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME"] {
        if written.eq_ignore_ascii_case(keyword) {
            return Some(keyword.to_owned());
        }
    }
    let Some(text) = string_constant(written).or_else(|| negative_number(written)) else {
        return Some(written.to_owned());
    };
    let canonical = match parse_text(sql_type, &text) {
        Ok(datum) => to_text(&datum, sql_type),
        Err(_) => text,
    };
    let bare = match sql_type {
        SqlType::Bool => {
            return Some(if canonical == "t" { "true" } else { "false" }.to_owned());
        }
        SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Numeric(_)
        | SqlType::Float4
        | SqlType::Float8 => !canonical.starts_with('-'),
        _ => false,
    };
    if bare {
        return Some(canonical);
    }
    let quoted = canonical.replace('\'', "''");
    let element = sql_type.element();
    let brackets = if element.is_some() { "[]" } else { "" };
    let name = element.unwrap_or(sql_type).base_name();
    Some(format!("'{quoted}'::{name}{brackets}"))
}

/// The value of a text that is one string constant.
fn string_constant(written: &str) -> Option<String> {
    let inner = written.strip_prefix('\'')?.strip_suffix('\'')?;
    let value = inner.replace("''", "\0");
    (!value.contains('\'')).then(|| value.replace('\0', "'"))
}

fn negative_number(written: &str) -> Option<String> {
    let digits = written.strip_prefix('-')?.trim_start();
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits
            .chars()
            .all(|sign| sign.is_ascii_digit() || sign == '.');
    is_number.then(|| format!("-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_shown_as_postgresql_keeps_them() {
        let varchar = SqlType::Varchar(Some(5));
        let texts = SqlType::Array(Box::new(SqlType::Text));
        for (written, sql_type, expected) in [
            ("5", &SqlType::Int4, Some("5")),
            ("'18'", &SqlType::Int4, Some("18")),
            ("-1", &SqlType::Int4, Some("'-1'::integer")),
            ("'x'", &SqlType::Text, Some("'x'::text")),
            ("'it''s'", &varchar, Some("'it''s'::character varying")),
            ("'1'", &SqlType::Bool, Some("true")),
            ("true", &SqlType::Bool, Some("true")),
            ("'{}'", &SqlType::Jsonb, Some("'{}'::jsonb")),
            ("'{a,b}'", &texts, Some("'{a,b}'::text[]")),
            ("'2020-1-2'", &SqlType::Date, Some("'2020-01-02'::date")),
            ("now()", &SqlType::TimestampTz, Some("now()")),
            ("current_date", &SqlType::Date, Some("CURRENT_DATE")),
            ("NULL", &SqlType::Text, None),
            ("'a' || 'b'", &SqlType::Text, Some("'a' || 'b'")),
        ] {
            let shown = shown_default(written, sql_type);
            assert_eq!(shown.as_deref(), expected, "{written}");
        }
    }
}
