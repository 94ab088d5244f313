//! SELECT of constants without FROM: what drivers send to see whether the server is there.
//!
//! Anything that is more than a list of constants, parameters, casts of them and shale_current_lsn() is the analytic executor's.

use super::ddl::no_table;
use crate::bind::{Arguments, Binder, CURRENT_LSN, Scalar};
use crate::datum::coerce;
use crate::{Column, Datum, Dialect, Row, SqlError, SqlType};
use sqlparser::ast::{Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, UnaryOperator, Value};
use std::sync::Arc;

/// A planned row of constants.
pub(crate) struct ConstantPlan {
    values: Vec<Scalar>,
    pub columns: Arc<[Column]>,
}

impl ConstantPlan {
    /// Its row.
    ///
    /// # Errors
    /// Parameters that cannot be cast.
    pub(crate) fn row(&self, with: &Arguments<'_>) -> Result<Row, SqlError> {
        self.values
            .iter()
            .map(|value| Ok(value.datum(with)?.into_owned()))
            .collect()
    }
}

/// Plans a query of one row of constants; `None` if it is another one. With the plan come the types of its parameters.
///
/// # Errors
/// Errors of the constants.
pub(crate) fn plan(
    query: &Query,
    text: &str,
    declared: &[SqlType],
) -> Result<Option<(ConstantPlan, Vec<SqlType>)>, SqlError> {
    let Some(select) = list_only(query) else {
        return Ok(None);
    };
    let nothing = no_table();
    let mut binder = Binder::new(text, Dialect::Postgres, &nothing, declared);
    let mut values = Vec::with_capacity(select.projection.len());
    let mut columns = Vec::with_capacity(select.projection.len());
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return Ok(None),
        };
        let Some((value, sql_type)) = constant(&mut binder, expr)? else {
            return Ok(None);
        };
        let name = match alias {
            Some(alias) => crate::names::created_name(alias, Dialect::Postgres),
            None => column_name(expr, &sql_type),
        };
        values.push(value);
        columns.push(Column::computed(name, sql_type));
    }
    let plan = ConstantPlan {
        values,
        columns: columns.into(),
    };
    Ok(Some((plan, binder.parameter_types)))
}

/// The name of the column of a constant.
pub(super) fn column_name(expr: &Expr, sql_type: &SqlType) -> String {
    match expr {
        Expr::Cast { .. } => type_name(sql_type),
        Expr::Function(_) => CURRENT_LSN.to_owned(),
        _ => "?column?".to_owned(),
    }
}

/// The SELECT of a query that has a list and nothing else.
pub(super) fn list_only(query: &Query) -> Option<&Select> {
    let plain = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty();
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let no_groups = matches!(&select.group_by, GroupByExpr::Expressions(exprs, modifiers)
        if exprs.is_empty() && modifiers.is_empty());
    let list = no_groups
        && select.from.is_empty()
        && !select.projection.is_empty()
        && select.selection.is_none()
        && select.distinct.is_none()
        && select.top.is_none()
        && select.into.is_none()
        && select.having.is_none()
        && select.qualify.is_none()
        && select.prewhere.is_none()
        && select.exclude.is_none()
        && select.value_table_mode.is_none()
        && select.named_window.is_empty()
        && select.lateral_views.is_empty()
        && select.connect_by.is_empty();
    (plain && list).then_some(select)
}

pub(super) fn constant(
    binder: &mut Binder<'_>,
    expr: &Expr,
) -> Result<Option<(Scalar, SqlType)>, SqlError> {
    if let Expr::Cast {
        expr: inner,
        data_type,
        ..
    } = expr
    {
        // Casts of casts, and those that are more than reading a constant, are not evaluated here.
        let scalar = match inner.as_ref() {
            Expr::Value(value) if !matches!(value.value, Value::Boolean(_)) => {
                binder.scalar(expr, &SqlType::Unknown)?
            }
            _ => return Ok(None),
        };
        let sql_type = match SqlType::from_ast(data_type) {
            Ok(sql_type) => sql_type,
            Err(_) => return Ok(None),
        };
        let read_from = match &scalar {
            Some(Scalar::Cast(inner, _)) => inner.sql_type(&binder.parameter_types),
            Some(Scalar::Typed(..)) => SqlType::Unknown,
            _ => return Ok(None),
        };
        let numbers = read_from.is_number() && sql_type.is_number();
        let usable = read_from == SqlType::Unknown || read_from == sql_type || numbers;
        return Ok(scalar.filter(|_| usable).map(|scalar| (scalar, sql_type)));
    }
    if let Expr::Function(_) = expr {
        let scalar = binder.scalar(expr, &SqlType::Unknown)?;
        let scalar = scalar.filter(|scalar| *scalar == Scalar::CurrentLsn);
        return Ok(scalar.map(|scalar| (scalar, SqlType::Int8)));
    }
    let number = match expr {
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => expr.as_ref(),
        other => other,
    };
    let Expr::Value(value) = number else {
        return Ok(None);
    };
    let scalar = binder.scalar(expr, &SqlType::Text)?;
    Ok(match scalar {
        Some(Scalar::Untyped(text)) => Some((
            Scalar::Typed(Datum::Text(text), SqlType::Text),
            SqlType::Text,
        )),
        Some(Scalar::Null) => Some((Scalar::Null, SqlType::Text)),
        Some(Scalar::Typed(datum, SqlType::Numeric(None))) => {
            // PostgreSQL keeps the digits that were written.
            let scale = match &value.value {
                Value::Number(digits, _) => written_scale(digits),
                _ => None,
            };
            let sql_type = SqlType::Numeric(scale.map(|scale| (NUMERIC_DIGITS, scale)));
            let datum = coerce(datum, &SqlType::Numeric(None))?;
            Some((Scalar::Typed(datum, sql_type.clone()), sql_type))
        }
        Some(Scalar::Typed(datum, sql_type)) => {
            Some((Scalar::Typed(datum, sql_type.clone()), sql_type))
        }
        Some(scalar @ Scalar::Parameter(_)) => {
            let sql_type = scalar.sql_type(&binder.parameter_types);
            Some((scalar, sql_type))
        }
        _ => None,
    })
}

const NUMERIC_DIGITS: u8 = crate::NUMERIC_DIGITS_MAX;

/// Digits behind the point of a number without exponent.
fn written_scale(digits: &str) -> Option<u8> {
    let (_, fraction) = digits.split_once('.')?;
    let plain = fraction.chars().all(|c| c.is_ascii_digit());
    u8::try_from(fraction.len())
        .ok()
        .filter(|scale| plain && *scale <= NUMERIC_DIGITS)
}

/// The name that a cast gives its column: that of the type in pg_type.
fn type_name(sql_type: &SqlType) -> String {
    let name = match sql_type {
        SqlType::Bool => "bool",
        SqlType::Int2 => "int2",
        SqlType::Int4 => "int4",
        SqlType::Int8 => "int8",
        SqlType::Float4 => "float4",
        SqlType::Float8 => "float8",
        SqlType::Varchar(_) => "varchar",
        SqlType::Char(_) => "bpchar",
        SqlType::SingleChar => "char",
        SqlType::Time => "time",
        SqlType::Timestamp => "timestamp",
        SqlType::TimestampTz => "timestamptz",
        SqlType::Array(element) => return type_name(element),
        other => other.base_name(),
    };
    name.to_owned()
}
