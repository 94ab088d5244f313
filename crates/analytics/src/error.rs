//! DataFusion's errors as [`SqlError`]s.
//!
//! The kind of an error comes from its variant where DataFusion has one for it. Where it only has a sentence (unknown functions, types that
//! do not fit), the sentence's fixed beginning decides; what is not recognised keeps DataFusion's words under a class of its own.

use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};
use shale_sql::SqlError;

/// An error of ours on its way through DataFusion.
#[derive(Debug)]
pub(crate) struct Carried(pub SqlError);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

/// Hands an error of ours to DataFusion; [`to_sql_error`] gives it back unchanged.
pub(crate) fn carry(error: impl Into<SqlError>) -> DataFusionError {
    DataFusionError::External(Box::new(Carried(error.into())))
}

/// What a failed plan or run means to the client.
pub(crate) fn to_sql_error(error: DataFusionError) -> SqlError {
    map(&error)
}

fn map(error: &DataFusionError) -> SqlError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => map(inner),
        DataFusionError::Shared(inner) => map(inner),
        DataFusionError::Collection(errors) => match errors.first() {
            Some(first) => map(first),
            None => internal("an empty collection of errors"),
        },
        DataFusionError::External(inner) => external(inner.as_ref()),
        DataFusionError::SchemaError(schema, _) => schema_error(schema),
        DataFusionError::ArrowError(arrow, _) => arrow_error(arrow),
        DataFusionError::SQL(parser, _) => SqlError::Syntax {
            message: parser.to_string(),
            position: None,
        },
        DataFusionError::NotImplemented(what) => not_supported(what),
        DataFusionError::ResourcesExhausted(what) => SqlError::Other {
            sqlstate: "53200",
            message: format!("out of memory for this statement: {}", first_line(what)),
            hint: None,
        },
        DataFusionError::Plan(message) => plan_error(message),
        DataFusionError::Execution(message) => execution_error(message),
        DataFusionError::IoError(io) => {
            other("58030", &format!("could not write temporary data: {io}"))
        }
        DataFusionError::Configuration(message)
        | DataFusionError::Internal(message)
        | DataFusionError::Substrait(message)
        | DataFusionError::Ffi(message) => internal(message),
        DataFusionError::ExecutionJoin(join) => internal(&join.to_string()),
        DataFusionError::ObjectStore(_) => internal(&error.strip_backtrace()),
    }
}

fn external(error: &(dyn std::error::Error + Send + Sync + 'static)) -> SqlError {
    if let Some(carried) = error.downcast_ref::<Carried>() {
        return carried.0.clone();
    }
    if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        return map(inner);
    }
    if let Some(inner) = error.downcast_ref::<ArrowError>() {
        return arrow_error(inner);
    }
    internal(&error.to_string())
}

fn schema_error(error: &SchemaError) -> SqlError {
    match error {
        SchemaError::FieldNotFound { field, .. } => {
            let name = match &field.relation {
                Some(relation) => format!("{}.{}", relation.table(), field.name),
                None => field.name.clone(),
            };
            SqlError::UndefinedColumn {
                name,
                position: None,
                hint: None,
            }
        }
        SchemaError::AmbiguousReference { field } => other(
            "42702",
            &format!("column reference \"{}\" is ambiguous", field.name),
        ),
        SchemaError::DuplicateQualifiedField { qualifier, name } => other(
            "42712",
            &format!("table name \"{qualifier}\" specified more than once, with column \"{name}\""),
        ),
        SchemaError::DuplicateUnqualifiedField { name } => {
            SqlError::DuplicateColumn { name: name.clone() }
        }
    }
}

fn arrow_error(error: &ArrowError) -> SqlError {
    match error {
        ArrowError::DivideByZero => other("22012", "division by zero"),
        ArrowError::ArithmeticOverflow(_) => SqlError::OutOfRange {
            type_name: "result of an operation".to_owned(),
        },
        ArrowError::CastError(message) | ArrowError::ParseError(message) => cast_error(message),
        ArrowError::ComputeError(message) | ArrowError::InvalidArgumentError(message) => {
            execution_error(message)
        }
        ArrowError::ExternalError(inner) => external(inner.as_ref()),
        ArrowError::NotYetImplemented(what) => not_supported(what),
        ArrowError::IoError(message, _) => other(
            "58030",
            &format!("could not write temporary data: {message}"),
        ),
        other => internal(&other.to_string()),
    }
}

/// Arrow's failed casts: `Cannot cast string 'x' to value of Int32 type`, and values beyond a type's range.
fn cast_error(message: &str) -> SqlError {
    if let Some(rest) = message.strip_prefix("Cannot cast string '")
        && let Some((value, rest)) = rest.rsplit_once("' to value of ")
    {
        return invalid_text(rest, value);
    }
    if let Some(rest) = message.strip_prefix("Cannot cast value '")
        && let Some((value, rest)) = rest.rsplit_once("' to value of ")
    {
        return invalid_text(rest, value);
    }
    if let Some((_, rest)) = message.split_once("Error parsing timestamp from '")
        && let Some((value, _)) = rest.split_once('\'')
    {
        return other(
            "22007",
            &format!("invalid input syntax for type timestamp: \"{value}\""),
        );
    }
    if message.contains("too large to store") || message.contains("too small to store") {
        return other("22003", "numeric field overflow");
    }
    if message.starts_with("Can't cast value") || message.contains("overflow") {
        return SqlError::OutOfRange {
            type_name: "value".to_owned(),
        };
    }
    if message.contains("is not supported") {
        return other("42846", first_line(message));
    }
    other("22P02", first_line(message))
}

/// PostgreSQL's name of a type that DataFusion names as Arrow does.
fn type_name(arrow_name: &str) -> String {
    let arrow_name = arrow_name.trim();
    if let Some(element) = arrow_name.strip_prefix("List(") {
        let element = element
            .trim_end_matches(')')
            .trim_start_matches("nullable ");
        return format!("{}[]", type_name(element));
    }
    match arrow_name {
        "Null" => "unknown",
        "Boolean" => "boolean",
        "Int8" | "Int16" | "UInt8" => "smallint",
        "Int32" | "UInt16" => "integer",
        "Int64" | "UInt64" => "bigint",
        "UInt32" => "oid",
        "Float16" | "Float32" => "real",
        "Float64" => "double precision",
        "Utf8" | "LargeUtf8" | "Utf8View" => "text",
        "Binary" | "LargeBinary" | "BinaryView" => "bytea",
        "Date32" | "Date64" => "date",
        name if name.starts_with("Decimal") => "numeric",
        name if name.starts_with("Timestamp") && name.contains("None") => {
            "timestamp without time zone"
        }
        "Timestamp(µs)" | "Timestamp(ns)" => "timestamp without time zone",
        name if name.starts_with("Timestamp") => "timestamp with time zone",
        name if name.starts_with("Time") => "time without time zone",
        name if name.starts_with("Interval") || name.starts_with("Duration") => "interval",
        other => other,
    }
    .to_owned()
}

/// `f(Int64, Utf8)` with PostgreSQL's names of the types.
fn with_type_names(call: &str) -> String {
    let Some((name, arguments)) = call.split_once('(') else {
        return call.to_owned();
    };
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in arguments.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(type_name(&arguments[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    if !arguments.is_empty() {
        names.push(type_name(&arguments[start..]));
    }
    format!("{name}({})", names.join(", "))
}

/// `Int32 + Boolean` behind one of DataFusion's sentences about operands, with PostgreSQL's names.
fn operation(line: &str) -> Option<String> {
    let rest = ["operation ", "expression "]
        .iter()
        .find_map(|word| line.split_once(word))?
        .1;
    let rest = rest.split(" to valid types").next()?;
    // What follows a colon is why.
    let rest = rest.split(": ").next()?;
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in rest.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => {
                parts.push(&rest[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&rest[start..]);
    match parts.as_slice() {
        [left, operator, right] => Some(format!(
            "{} {operator} {}",
            type_name(left),
            type_name(right)
        )),
        _ => None,
    }
}

/// A text that a cast did not read.
fn invalid_text(arrow_type: &str, value: &str) -> SqlError {
    let type_name = type_name(arrow_type.trim_end_matches(" type"));
    if matches!(type_name.as_str(), "date") || type_name.starts_with("time") {
        let message = format!("invalid input syntax for type {type_name}: \"{value}\"");
        return other("22007", &message);
    }
    SqlError::InvalidText {
        type_name,
        value: value.to_owned(),
    }
}

fn plan_error(message: &str) -> SqlError {
    let line = first_line(message);
    if let Some(rest) = line.strip_prefix("Invalid function '")
        && let Some((name, _)) = rest.split_once('\'')
    {
        return undefined_function(name);
    }
    if let Some(rest) = line.strip_prefix("table function '")
        && let Some((name, _)) = rest.split_once('\'')
    {
        return undefined_function(name);
    }
    if let Some(rest) = line.strip_prefix("Invalid qualifier ") {
        return missing_from(rest);
    }
    // Argument types that no variant of a function takes, operators on types that have none.
    let no_match = "No function matches the given name and argument types '";
    if let Some((_, rest)) = message.split_once(no_match)
        && let Some((call, _)) = rest.split_once('\'')
    {
        return undefined_function(&with_type_names(call));
    }
    if line.contains("Cannot infer common")
        || line.contains("There isn't result type for")
        || line.contains("Cannot coerce")
        || line.contains("Cannot get result type")
    {
        return no_operator(operation(line).as_deref().unwrap_or(line));
    }
    if let Some(found) =
        line.strip_prefix("Unary operator 'NOT' requires a boolean expression, got ")
    {
        let message = format!(
            "argument of NOT must be type boolean, not type {}",
            type_name(found)
        );
        return other("42804", &message);
    }
    if let Some(found) = line.strip_prefix("Join condition must be boolean type, but got ") {
        let message = format!(
            "argument of JOIN/ON must be type boolean, not type {}",
            type_name(found)
        );
        return other("42804", &message);
    }
    if let Some(found) = line.strip_prefix("Expected LIMIT to be an integer or null, but got ") {
        let message = format!(
            "argument of LIMIT must be type bigint, not type {}",
            type_name(found)
        );
        return other("42804", &message);
    }
    if line.starts_with("Unary operator '-'") {
        return no_operator("- on this type");
    }
    if let Some(error) = grouping_error(line) {
        return error;
    }
    if line.starts_with("Too many columns! The subquery should only return one column") {
        return other("42601", "subquery must return only one column");
    }
    if line.contains("UNION queries have different number of columns") {
        return other(
            "42601",
            "each UNION query must have the same number of columns",
        );
    }
    if let Some((_, rest)) = line.split_once("Order by column out of bounds, specified: ")
        && let Some((position, _)) = rest.split_once(',')
    {
        let message = format!("ORDER BY position {position} is not in select list");
        return other("42P10", &message);
    }
    if let Some((_, rest)) = line.split_once("Cannot find column with position ")
        && let Some((position, _)) = rest.split_once(' ')
    {
        let message = format!("GROUP BY position {position} is not in select list");
        return other("42P10", &message);
    }
    if let Some(inner) = line.strip_prefix("Error during planning: ") {
        return plan_error(inner);
    }
    if let Some((_, rest)) = line.split_once("The window ")
        && let Some((name, _)) = rest.split_once(" is not defined")
    {
        return other("42704", &format!("window \"{name}\" does not exist"));
    }
    match refused_value(line) {
        Some(sqlstate) => other(sqlstate, line),
        None => other("42000", line),
    }
}

fn no_operator(operation: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "42883",
        message: format!("operator does not exist: {operation}"),
        hint: Some(
            "No operator matches the given name and argument types. You might need to add explicit type casts."
                .to_owned(),
        ),
    }
}

/// Columns beside aggregates, and aggregates where none can be.
fn grouping_error(line: &str) -> Option<SqlError> {
    if line.contains("Aggregate functions are not allowed in the WHERE clause") {
        return Some(other(
            "42803",
            "aggregate functions are not allowed in WHERE",
        ));
    }
    if !line.contains("must be in the GROUP BY clause")
        && !line.contains("must appear in the GROUP BY clause")
    {
        return None;
    }
    let column = line
        .split_once("column \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(column, _)| column.trim_start_matches("public."));
    Some(match column {
        Some(column) => other(
            "42803",
            &format!(
                "column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function"
            ),
        ),
        None => other("42803", line),
    })
}

fn execution_error(message: &str) -> SqlError {
    let line = first_line(message);
    if line.contains("Divide by zero") || line.contains("division by zero") {
        return other("22012", "division by zero");
    }
    if line.contains("more than one row") {
        return other(
            "21000",
            "more than one row returned by a subquery used as an expression",
        );
    }
    if line.contains("too large to store") || line.contains("too small to store") {
        return other("22003", "numeric field overflow");
    }
    if line.contains("verflow") {
        return SqlError::OutOfRange {
            type_name: "result of an operation".to_owned(),
        };
    }
    if line.contains("negative substring length") || line.contains("negative count not allowed") {
        return other("22011", "negative substring length not allowed");
    }
    if line.contains("cannot take square root of a negative number") {
        return other("2201F", "cannot take square root of a negative number");
    }
    if let Some(sqlstate) = refused_value(line) {
        return other(sqlstate, line);
    }
    if line.starts_with("Placeholder '") || line.contains("No value found for placeholder") {
        return other("42P02", line);
    }
    other("22000", line)
}

/// The SQLSTATE of a sentence of DataFusion about a value that a function does not take.
fn refused_value(line: &str) -> Option<&'static str> {
    const SENTENCES: &[(&str, &str)] = &[
        ("Date part '", "22023"),
        ("Unsupported date_trunc granularity", "22023"),
        ("zero raised to a negative power", "2201F"),
        ("Month value '", "22008"),
        ("Day value '", "22008"),
        ("Unable to parse date from", "22008"),
        ("invalid Unicode scalar value", "22023"),
        ("field position must not be zero", "22023"),
        ("Failed to decode value using", "22023"),
        ("There is no built-in encoding named", "22023"),
        ("step can't be 0", "22023"),
        ("NTILE requires a positive integer", "22014"),
        ("Percentile value must be between", "22003"),
        ("regex parse error", "2201B"),
        ("Cannot access field at argument", "42703"),
        ("Aggregate function calls cannot be nested", "42803"),
        ("For SELECT DISTINCT, ORDER BY expressions", "42P10"),
        ("SELECT DISTINCT ON expressions must match", "42P10"),
        ("Inconsistent data length across values list", "42601"),
        ("There isn't a common type to coerce", "42883"),
        ("specified more than once", "42712"),
        ("names given as column alias", "42P10"),
    ];
    let found = SENTENCES
        .iter()
        .find(|(sentence, _)| line.contains(sentence));
    found.map(|(_, sqlstate)| *sqlstate)
}

fn missing_from(name: &str) -> SqlError {
    other(
        "42P01",
        &format!("missing FROM-clause entry for table \"{name}\""),
    )
}

/// A name and argument types that no function has.
pub(crate) fn undefined_function(name: &str) -> SqlError {
    let name = if name.contains('(') {
        name.to_owned()
    } else {
        format!("{name}()")
    };
    SqlError::UndefinedFunction {
        name,
        position: None,
    }
}

fn not_supported(what: &str) -> SqlError {
    if what.contains("OuterReferenceColumn") || what.contains("undecorrelated Subquery") {
        return SqlError::NotSupported {
            feature: "a reference to another table of FROM in this place".to_owned(),
            hint: Some("Set-returning functions over a column work in the SELECT list.".to_owned()),
        };
    }
    let line = first_line(what);
    if let Some(rest) = line.strip_prefix("Unsupported CAST from ")
        && let Some((from, to)) = rest.split_once(" to ")
    {
        let message = format!("cannot cast type {} to {}", type_name(from), type_name(to));
        return other("42846", &message);
    }
    if let Some(name) = line.strip_prefix("Unsupported SQL type ") {
        let message = format!("type \"{}\" does not exist", name.to_lowercase());
        return other("42704", &message);
    }
    if line.contains("does not support logical expression WindowFunction") {
        return other("42P20", "window functions are not allowed in WHERE");
    }
    if let Some((_, rest)) = line.split_once("Binary operator '")
        && let Some((name, _)) = rest.split_once('\'')
    {
        let symbol = match name {
            "AtArrow" => "@>",
            "ArrowAt" => "<@",
            other => other,
        };
        return SqlError::NotSupported {
            feature: format!("the operator {symbol} on these types"),
            hint: None,
        };
    }
    let feature = line
        .strip_prefix("Unsupported ")
        .unwrap_or(line)
        .trim_end_matches(" is not supported");
    SqlError::NotSupported {
        feature: feature.to_owned(),
        hint: None,
    }
}

fn other(sqlstate: &'static str, message: &str) -> SqlError {
    SqlError::Other {
        sqlstate,
        message: message.to_owned(),
        hint: None,
    }
}

fn internal(message: &str) -> SqlError {
    if let Some(sqlstate) = refused_value(message) {
        return other(sqlstate, first_line(message));
    }
    tracing::error!(%message, "analytic statement failed inside DataFusion");
    other("XX000", first_line(message))
}

/// DataFusion appends backtraces and candidate lists behind the first line.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}

/// The error for a panic that was caught.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> SqlError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    internal(&format!("panic: {message}"))
}
