//! Type oids and names: `format_type`, `atttypid`.

use super::builtin;
use super::picture::INFORMATION_SCHEMA_OID;
use arrow::array::AsArray;
use arrow::datatypes::UInt32Type;
use shale_sql::SqlType;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Oid and length (`typlen`) of a type.
pub(crate) fn type_oid(sql_type: &SqlType) -> (i64, i64) {
    match sql_type {
        SqlType::Unknown | SqlType::Text => (25, -1),
        SqlType::Bool => (16, 1),
        SqlType::Int2 => (21, 2),
        SqlType::Int4 => (23, 4),
        SqlType::Int8 => (20, 8),
        SqlType::Float4 => (700, 4),
        SqlType::Float8 => (701, 8),
        SqlType::Numeric(_) => (1700, -1),
        SqlType::Varchar(_) => (1043, -1),
        SqlType::Char(_) => (1042, -1),
        SqlType::Name => (19, 64),
        SqlType::SingleChar => (18, 1),
        SqlType::Oid => (26, 4),
        SqlType::Bytea => (17, -1),
        SqlType::Uuid => (2950, 16),
        SqlType::Date => (1082, 4),
        SqlType::Time => (1083, 8),
        SqlType::Timestamp => (1114, 8),
        SqlType::TimestampTz => (1184, 8),
        SqlType::Interval => (1186, 16),
        SqlType::Json => (114, -1),
        SqlType::Jsonb => (3802, -1),
        SqlType::Array(element) => (array_oid(element), -1),
        SqlType::Vector(element) => match element.as_ref() {
            SqlType::Int2 => (22, -1),
            _ => (30, -1),
        },
    }
}

fn array_oid(element: &SqlType) -> i64 {
    match element {
        SqlType::Bool => 1000,
        SqlType::Bytea => 1001,
        SqlType::SingleChar => 1002,
        SqlType::Name => 1003,
        SqlType::Int2 => 1005,
        SqlType::Int4 => 1007,
        SqlType::Int8 => 1016,
        SqlType::Float4 => 1021,
        SqlType::Float8 => 1022,
        SqlType::Oid => 1028,
        SqlType::Char(_) => 1014,
        SqlType::Varchar(_) => 1015,
        SqlType::Timestamp => 1115,
        SqlType::Date => 1182,
        SqlType::Time => 1183,
        SqlType::TimestampTz => 1185,
        SqlType::Interval => 1187,
        SqlType::Numeric(_) => 1231,
        SqlType::Json => 199,
        SqlType::Uuid => 2951,
        SqlType::Jsonb => 3807,
        SqlType::Unknown | SqlType::Text | SqlType::Array(_) | SqlType::Vector(_) => 1009,
    }
}

/// The modifier (`atttypmod`) of a type; -1 without one.
pub(crate) fn type_modifier(sql_type: &SqlType) -> i64 {
    match sql_type {
        SqlType::Numeric(Some((precision, scale))) => {
            ((i64::from(*precision) << 16) | i64::from(*scale)) + 4
        }
        SqlType::Varchar(Some(length)) | SqlType::Char(Some(length)) => i64::from(*length) + 4,
        SqlType::Array(element) => type_modifier(element),
        _ => -1,
    }
}

/// How a type's values are stored (`typstorage`).
pub(crate) fn type_storage(sql_type: &SqlType) -> &'static str {
    match type_oid(sql_type) {
        (1700, _) => "m",
        (_, -1) => "x",
        _ => "p",
    }
}

/// What is known of the types in pg_type.
struct TypeNames {
    /// Name and element type (0 unless it is an array) by oid.
    by_oid: HashMap<i64, (String, i64)>,
    by_name: HashMap<String, i64>,
    /// Those of information_schema, which is not on the search path.
    hidden: HashSet<i64>,
}

static NAMES: LazyLock<TypeNames> = LazyLock::new(|| {
    let mut names = TypeNames {
        by_oid: HashMap::new(),
        by_name: HashMap::new(),
        hidden: HashSet::new(),
    };
    let Some(batch) = builtin::rows_of("pg_type") else {
        return names;
    };
    let column = |name: &str| batch.column_by_name(name);
    let (Some(oids), Some(texts), Some(schemas), Some(elements), Some(categories)) = (
        column("oid"),
        column("typname"),
        column("typnamespace"),
        column("typelem"),
        column("typcategory"),
    ) else {
        return names;
    };
    let oids = oids.as_primitive::<UInt32Type>();
    let texts = texts.as_string::<i32>();
    let schemas = schemas.as_primitive::<UInt32Type>();
    let elements = elements.as_primitive::<UInt32Type>();
    let categories = categories.as_string::<i32>();
    for row in 0..batch.num_rows() {
        let element = if categories.value(row) == "A" {
            elements.value(row).into()
        } else {
            0
        };
        if i64::from(schemas.value(row)) == INFORMATION_SCHEMA_OID {
            names.hidden.insert(oids.value(row).into());
        }
        names.by_oid.insert(
            oids.value(row).into(),
            (texts.value(row).to_owned(), element),
        );
        names
            .by_name
            .insert(texts.value(row).to_owned(), oids.value(row).into());
    }
    names
});

/// Whether a type is found without its schema.
pub(crate) fn is_visible_type(oid: i64) -> bool {
    NAMES.by_oid.contains_key(&oid) && !NAMES.hidden.contains(&oid)
}

/// PostgreSQL's `format_type`: the SQL name of a type with its modifier; `???` for an oid that is no type.
pub(crate) fn format_type(oid: i64, modifier: Option<i64>) -> String {
    if oid == 0 {
        return "-".to_owned();
    }
    let Some((name, element)) = NAMES.by_oid.get(&oid) else {
        return "???".to_owned();
    };
    if *element != 0 && name.starts_with('_') {
        return format!("{}[]", format_type(*element, modifier));
    }
    let base = sql_name(name);
    match modifier {
        Some(modifier) if modifier >= 4 => match name.as_str() {
            "numeric" => {
                let modifier = modifier - 4;
                format!("numeric({},{})", modifier >> 16 & 0xffff, modifier & 0x7ff)
            }
            "varchar" | "bpchar" => format!("{base}({})", modifier - 4),
            _ => base.to_owned(),
        },
        // A bpchar without a length is its own name in PostgreSQL, "character" would mean character(1).
        Some(_) if name == "bpchar" => "bpchar".to_owned(),
        _ => base.to_owned(),
    }
}

/// The oid of a type's name, in SQL's or pg_type's spelling.
pub(crate) fn type_oid_by_name(name: &str) -> Option<i64> {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    if let Some(element) = name.strip_suffix("[]") {
        let element = NAMES.by_oid.get(&type_oid_by_name(element)?)?;
        return NAMES.by_name.get(&format!("_{}", element.0)).copied();
    }
    let name = match name {
        "boolean" => "bool",
        "smallint" => "int2",
        "integer" | "int" => "int4",
        "bigint" => "int8",
        "real" => "float4",
        "double precision" => "float8",
        "character varying" => "varchar",
        "character" => "bpchar",
        "\"char\"" => "char",
        "decimal" => "numeric",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "bit varying" => "varbit",
        other => other,
    };
    NAMES.by_name.get(name).copied()
}

/// The name in pg_type of the type with that oid.
pub(crate) fn type_name_by_oid(oid: i64) -> Option<&'static str> {
    NAMES.by_oid.get(&oid).map(|(name, _)| name.as_str())
}

fn sql_name(name: &str) -> &str {
    match name {
        "bool" => "boolean",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "varchar" => "character varying",
        "bpchar" => "character",
        "char" => "\"char\"",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "varbit" => "bit varying",
        other => other,
    }
}

/// A function of pg_proc.
struct ProcedureEntry {
    name: String,
    result: i64,
    returns_set: bool,
    arguments: Vec<i64>,
}

static PROCEDURES: LazyLock<HashMap<i64, ProcedureEntry>> = LazyLock::new(|| {
    let mut procedures = HashMap::new();
    let Some(batch) = builtin::rows_of("pg_proc") else {
        return procedures;
    };
    let column = |name: &str| batch.column_by_name(name);
    let (Some(oids), Some(names), Some(results), Some(sets), Some(arguments)) = (
        column("oid"),
        column("proname"),
        column("prorettype"),
        column("proretset"),
        column("proargtypes"),
    ) else {
        return procedures;
    };
    let (names, sets) = (names.as_string::<i32>(), sets.as_boolean());
    let results = results.as_primitive::<UInt32Type>();
    let arguments = arguments.as_list::<i32>();
    for (row, oid) in oids
        .as_primitive::<UInt32Type>()
        .values()
        .iter()
        .enumerate()
    {
        let entry = ProcedureEntry {
            name: names.value(row).to_owned(),
            result: results.value(row).into(),
            returns_set: sets.value(row),
            arguments: arguments
                .value(row)
                .as_primitive::<UInt32Type>()
                .values()
                .iter()
                .map(|argument| i64::from(*argument))
                .collect(),
        };
        procedures.insert(i64::from(*oid), entry);
    }
    procedures
});

/// The oid of a function's name; of several, the lowest.
pub(crate) fn function_oid_by_name(name: &str) -> Option<i64> {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let named = PROCEDURES.iter().filter(|(_, entry)| entry.name == name);
    named.map(|(oid, _)| *oid).min()
}

/// The name of the function with that oid.
pub(crate) fn function_name(oid: i64) -> Option<&'static str> {
    PROCEDURES.get(&oid).map(|entry| entry.name.as_str())
}

/// The result type of a function, as `\df` shows it.
pub(crate) fn function_result(oid: i64) -> Option<String> {
    let entry = PROCEDURES.get(&oid)?;
    let set = if entry.returns_set { "SETOF " } else { "" };
    Some(format!("{set}{}", format_type(entry.result, None)))
}

/// The argument types of a function, as `\df` shows them.
pub(crate) fn function_arguments(oid: i64) -> Option<String> {
    let entry = PROCEDURES.get(&oid)?;
    let types: Vec<String> = entry
        .arguments
        .iter()
        .map(|oid| format_type(*oid, None))
        .collect();
    Some(types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_postgres_prints_them() {
        for sql_type in [
            SqlType::Int4,
            SqlType::Numeric(Some((10, 2))),
            SqlType::Varchar(Some(3)),
            SqlType::Varchar(None),
            SqlType::Char(Some(5)),
            SqlType::SingleChar,
            SqlType::TimestampTz,
            SqlType::Jsonb,
            SqlType::Array(Box::new(SqlType::Text)),
            SqlType::Array(Box::new(SqlType::Int8)),
        ] {
            let (oid, _) = type_oid(&sql_type);
            assert_eq!(
                format_type(oid, Some(type_modifier(&sql_type))),
                sql_type.name()
            );
        }
        assert_eq!(format_type(0, None), "-");
        assert_eq!(format_type(999_999, None), "???");
    }

    #[test]
    fn names_are_read_in_both_spellings() {
        assert_eq!(type_oid_by_name("integer"), Some(23));
        assert_eq!(type_oid_by_name("pg_catalog.int4"), Some(23));
        assert_eq!(type_oid_by_name("text[]"), Some(1009));
        assert_eq!(type_oid_by_name("nonsense"), None);
        assert_eq!(
            function_name(function_oid_by_name("array_in").unwrap()),
            Some("array_in")
        );
    }
}
