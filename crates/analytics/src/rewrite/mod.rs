//! PostgreSQL's syntax tree to one that DataFusion plans with the same meaning.
//!
//! Four passes, in this order:
//! 1. `output`: columns get the names PostgreSQL gives them, unique within their SELECT.
//! 2. `empty`: a SELECT that joins a system relation which never has rows becomes one without rows.
//! 3. `compat`, with `casts`, `arrays`, `from` and `order`: qualified functions and types, `OPERATOR(…)`, COLLATE, casts to oid types and json,
//!    `ARRAY(SELECT …)`, array literals, json operators, functions in FROM; `order`: aggregates keep the order of a subquery.
//!    `forms`: operators and functions that are calls of ours; `rows`: rows of values; `sets`: INTERSECT ALL and EXCEPT ALL.
//! 4. `names` finds the tables, `columns` gives columns their exact names and makes calls of document paths, `star` keeps what is hidden out
//!    of `*`.
//!
//! Not here: what needs types (`analyze`), correlated subqueries (`subplan`).

mod arrays;
mod casts;
mod columns;
mod compat;
mod empty;
mod forms;
mod from;
mod names;
mod order;
mod output;
mod rows;
mod sets;
mod star;
mod tableoid;
mod vectors;

pub(crate) use names::{Scope, ScopedTable};
pub(crate) use output::visible_name;
pub(crate) use sets::number_duplicates;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Statement,
    TimezoneInfo, Value,
};
use shale_sql::{Catalog, SqlError, SqlType};

/// Rewrites a query and finds the tables that it reads.
pub(crate) fn rewrite(
    statement: &Statement,
    catalog: &dyn Catalog,
) -> Result<(Statement, Scope), SqlError> {
    let mut statement = statement.clone();
    let Statement::Query(query) = &mut statement else {
        return Err(SqlError::NotSupported {
            feature: "a statement other than a query in the analytic executor".to_owned(),
            hint: None,
        });
    };
    output::name_columns(query);
    let ctes = names::cte_names(query);
    empty::prune(query, &ctes);
    compat::rewrite(query)?;
    let scope = names::resolve(query, catalog, ctes)?;
    Ok((statement, scope))
}

/// A call of a function.
fn call(name: &str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    let args = arguments
        .into_iter()
        .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// A string constant.
fn text(value: impl Into<String>) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.into()).with_empty_span())
}

/// A quoted identifier: taken as it is.
fn exact(name: impl Into<String>) -> Ident {
    Ident::with_quote('"', name)
}

/// The name of a function without its schema, folded.
fn function_name(function: &Function) -> String {
    match function.name.0.last().and_then(|part| part.as_ident()) {
        Some(ident) => folded(ident),
        None => String::new(),
    }
}

/// An identifier as PostgreSQL looks it up.
fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// `CAST(expr AS type)`.
pub(crate) fn call_cast(expr: Expr, sql_type: &SqlType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type: ast_type(sql_type),
        array: false,
        format: None,
    }
}

/// A type as the syntax tree has it; types that Arrow has as text are text.
fn ast_type(sql_type: &SqlType) -> DataType {
    match sql_type {
        SqlType::Bool => DataType::Boolean,
        SqlType::Int2 => DataType::SmallInt(None),
        SqlType::Int4 => DataType::Integer(None),
        SqlType::Int8 | SqlType::Oid => DataType::BigInt(None),
        SqlType::Float4 => DataType::Real,
        SqlType::Float8 => DataType::DoublePrecision,
        SqlType::Numeric(_) => DataType::Numeric(ExactNumberInfo::None),
        SqlType::Bytea => DataType::Bytea,
        SqlType::Date => DataType::Date,
        SqlType::Time => DataType::Time(None, TimezoneInfo::None),
        SqlType::Timestamp => DataType::Timestamp(None, TimezoneInfo::None),
        SqlType::TimestampTz => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
        SqlType::Interval => DataType::Interval {
            fields: None,
            precision: None,
        },
        SqlType::Array(element) | SqlType::Vector(element) => DataType::Array(
            ArrayElemTypeDef::SquareBracket(Box::new(ast_type(element)), None),
        ),
        SqlType::Unknown
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Char(_)
        | SqlType::Name
        | SqlType::SingleChar
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb => DataType::Text,
    }
}
