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
        DataFusionError::ResourcesExhausted(what) => SqlError::ProgramLimit {
            message: format!("out of memory for this statement: {}", first_line(what)),
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
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) => {
            internal(&error.strip_backtrace())
        }
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
        let arrow_name = rest.trim_end_matches(" type");
        return SqlError::InvalidText {
            type_name: type_name(arrow_name).to_owned(),
            value: value.to_owned(),
        };
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

fn type_name(arrow_name: &str) -> &str {
    match arrow_name {
        "Boolean" => "boolean",
        "Int8" | "Int16" => "smallint",
        "Int32" => "integer",
        "Int64" => "bigint",
        "Float32" => "real",
        "Float64" => "double precision",
        "Date32" | "Date64" => "date",
        name if name.starts_with("Decimal") => "numeric",
        name if name.starts_with("Timestamp") => "timestamp",
        name if name.starts_with("Time") => "time",
        name if name.starts_with("Interval") => "interval",
        other => other,
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
        return undefined_function(call);
    }
    if line.contains("Cannot infer common argument type")
        || line.contains("There isn't result type for")
        || line.contains("Cannot coerce")
        || line.contains("Cannot get result type")
    {
        return SqlError::Other {
            sqlstate: "42883",
            message: format!("operator does not exist: {line}"),
            hint: Some("Explicit type casts may help.".to_owned()),
        };
    }
    if line.contains("must be in the GROUP BY clause")
        || line.contains("must appear in the GROUP BY clause")
    {
        return other("42803", line);
    }
    if let Some(inner) = line.strip_prefix("Error during planning: ") {
        return plan_error(inner);
    }
    other("42000", line)
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
    if line.contains("verflow") {
        return SqlError::OutOfRange {
            type_name: "result of an operation".to_owned(),
        };
    }
    if line.starts_with("Placeholder '") || line.contains("No value found for placeholder") {
        return other("42P02", line);
    }
    other("22000", line)
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
    SqlError::NotSupported {
        feature: first_line(what).to_owned(),
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
    tracing::error!(%message, "analytic statement failed inside DataFusion");
    other("XX000", first_line(message))
}

/// DataFusion appends backtraces and candidate lists behind the first line.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}

/// Runs what may panic inside DataFusion: one statement fails, not its connection.
pub(crate) fn guard<T>(run: impl FnOnce() -> Result<T, SqlError>) -> Result<T, SqlError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(panic) => Err(panicked(panic.as_ref())),
    }
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
