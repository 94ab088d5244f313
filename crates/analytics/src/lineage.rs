//! The SQL type of a plan's columns.
//!
//! Arrow has one string type and no oids, uuids or lengths. So the type of a result column is looked for where its values come from: a
//! column that is only passed on keeps the type it was declared with; what is computed has the type of its Arrow form.

use crate::catalog::SystemTable;
use crate::functions::{MODE, PERCENTILE, result_type};
use crate::stream::{COLUMNS, StreamTable};
use crate::table::UserTable;
use crate::types::{DECIMAL_DIGITS_MAX, arrow_type, sql_type};
use arrow::datatypes::DataType;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{
    BinaryExpr, Cast, Distinct, Expr, ExprSchemable, JoinType, LogicalPlan, Operator,
};
use shale_sql::{ColumnOrigin, SqlType};

/// The SQL types of all columns of a plan, whose Arrow types are known once it is analysed: constants and set operations are coerced there.
pub(crate) fn column_types(plan: &LogicalPlan, analysed: &DFSchema) -> Vec<SqlType> {
    analysed
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| match declared(plan, index) {
            Some(declared) if fits(&declared, field.data_type()) => declared,
            _ => sql_type(field.data_type()),
        })
        .collect()
}

/// The SQL type of one column of a plan.
fn column_type(plan: &LogicalPlan, index: usize) -> SqlType {
    let data_type = plan.schema().field(index).data_type();
    match declared(plan, index) {
        Some(declared) if fits(&declared, data_type) => declared,
        _ => sql_type(data_type),
    }
}

/// Whether values of that Arrow type can be values of that SQL type.
fn fits(declared: &SqlType, data_type: &DataType) -> bool {
    let plain = sql_type(data_type);
    if let (Some(declared), Some(plain)) = (declared.element(), plain.element()) {
        return family(declared) == family(plain);
    }
    match (declared, &plain) {
        // Numbers beyond 38 digits are computed as doubles.
        (SqlType::Numeric(None), SqlType::Float8) => true,
        _ => family(declared) == family(&plain),
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_))
}

/// Types that share an Arrow form.
fn family(sql_type: &SqlType) -> u8 {
    match sql_type {
        SqlType::Bool => 1,
        SqlType::Int2 => 2,
        SqlType::Int4 => 3,
        SqlType::Int8 => 4,
        SqlType::Oid => 16,
        SqlType::Float4 => 5,
        SqlType::Float8 => 6,
        SqlType::Numeric(_) => 7,
        SqlType::Unknown
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Char(_)
        | SqlType::Name
        | SqlType::SingleChar
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb => 8,
        SqlType::Bytea => 9,
        SqlType::Date => 10,
        SqlType::Time => 11,
        SqlType::Timestamp => 12,
        SqlType::TimestampTz => 13,
        SqlType::Interval => 14,
        SqlType::Array(_) | SqlType::Vector(_) => 15,
    }
}

fn declared(plan: &LogicalPlan, index: usize) -> Option<SqlType> {
    match plan {
        LogicalPlan::Projection(projection) => {
            expression_type(projection.expr.get(index)?, &projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => declared(&alias.input, index),
        LogicalPlan::Subquery(subquery) => declared(&subquery.subquery, index),
        LogicalPlan::Filter(filter) => declared(&filter.input, index),
        LogicalPlan::Sort(sort) => declared(&sort.input, index),
        LogicalPlan::Limit(limit) => declared(&limit.input, index),
        LogicalPlan::Repartition(repartition) => declared(&repartition.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => declared(input, index),
        LogicalPlan::Distinct(Distinct::On(on)) => {
            expression_type(on.select_expr.get(index)?, &on.input)
        }
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    declared(&join.right, index)
                }
                _ if index < left => declared(&join.left, index),
                _ => declared(&join.right, index - left),
            }
        }
        LogicalPlan::Aggregate(aggregate) => {
            // Sets of groups are one expression with several columns.
            let groups = aggregate
                .schema
                .fields()
                .len()
                .checked_sub(aggregate.aggr_expr.len())?;
            match (index.checked_sub(groups), aggregate.group_expr.as_slice()) {
                (Some(computed), _) => {
                    expression_type(aggregate.aggr_expr.get(computed)?, &aggregate.input)
                }
                (None, [Expr::GroupingSet(_)]) => None,
                (None, grouped) => expression_type(grouped.get(index)?, &aggregate.input),
            }
        }
        LogicalPlan::Unnest(unnest) => {
            let source = *unnest.dependency_indices.get(index)?;
            match column_type(&unnest.input, source) {
                SqlType::Array(element) | SqlType::Vector(element)
                    if !is_list(unnest.schema.field(index).data_type()) =>
                {
                    Some(*element)
                }
                passed_on => Some(passed_on),
            }
        }
        LogicalPlan::Values(values) => {
            let column: Vec<Expr> = values
                .values
                .iter()
                .map(|row| row.get(index).cloned())
                .collect::<Option<_>>()?;
            common_type(&column, plan)
        }
        LogicalPlan::RecursiveQuery(recursive) => declared(&recursive.static_term, index),
        LogicalPlan::Window(window) => match index < window.input.schema().fields().len() {
            true => declared(&window.input, index),
            false => {
                let computed = index - window.input.schema().fields().len();
                expression_type(window.window_expr.get(computed)?, &window.input)
            }
        },
        LogicalPlan::Union(union) => {
            // Each input once: unions nest, and twice per level would be 2^levels.
            let (first, others) = union.inputs.split_first()?;
            let first = column_type(first, index);
            let same = others
                .iter()
                .all(|input| column_type(input, index) == first);
            same.then_some(first)
        }
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source).ok()?;
            let name = scan.projected_schema.field(index).name();
            if let Some(table) = provider.downcast_ref::<UserTable>() {
                let column = table.columns().iter().find(|column| column.name == *name)?;
                return Some(column.sql_type.clone());
            }
            if provider.is::<StreamTable>() {
                let (_, sql_type) = COLUMNS.iter().find(|(column, _)| column == name)?;
                return Some(sql_type.clone());
            }
            let system = provider.downcast_ref::<SystemTable>()?;
            let column = system
                .relation
                .columns
                .iter()
                .find(|column| column.name == name)?;
            Some(column.sql_type.clone())
        }
        _ => None,
    }
}

/// The column of a table that a column of a plan shows, if it is only passed on.
pub(crate) fn column_origin(plan: &LogicalPlan, index: usize) -> Option<ColumnOrigin> {
    match plan {
        LogicalPlan::Projection(projection) => {
            passed_on(projection.expr.get(index)?, &projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => column_origin(&alias.input, index),
        LogicalPlan::Filter(filter) => column_origin(&filter.input, index),
        LogicalPlan::Sort(sort) => column_origin(&sort.input, index),
        LogicalPlan::Limit(limit) => column_origin(&limit.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => column_origin(input, index),
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    column_origin(&join.right, index)
                }
                _ if index < left => column_origin(&join.left, index),
                _ => column_origin(&join.right, index - left),
            }
        }
        LogicalPlan::Aggregate(aggregate) => {
            passed_on(aggregate.group_expr.get(index)?, &aggregate.input)
        }
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source).ok()?;
            let table = provider.downcast_ref::<UserTable>()?;
            let name = scan.projected_schema.field(index).name();
            table.origin(name)
        }
        _ => None,
    }
}

fn passed_on(expression: &Expr, input: &LogicalPlan) -> Option<ColumnOrigin> {
    match expression {
        Expr::Alias(alias) => passed_on(&alias.expr, input),
        Expr::Column(column) => column_origin(input, input.schema().maybe_index_of_column(column)?),
        _ => None,
    }
}

/// The SQL types of expressions over a plan's columns; without a plan, of constants.
pub(crate) fn argument_types(arguments: &[Expr], input: Option<&LogicalPlan>) -> Vec<SqlType> {
    arguments
        .iter()
        .map(|argument| {
            let Some(input) = input else {
                return SqlType::Text;
            };
            let data_type = argument.get_type(input.schema()).unwrap_or(DataType::Utf8);
            match expression_type(argument, input) {
                Some(declared) if fits(&declared, &data_type) => declared,
                _ => sql_type(&data_type),
            }
        })
        .collect()
}

fn expression_type(expression: &Expr, input: &LogicalPlan) -> Option<SqlType> {
    match expression {
        Expr::Alias(alias) => expression_type(&alias.expr, input),
        Expr::Column(column) => {
            let index = input.schema().maybe_index_of_column(column)?;
            Some(column_type(input, index))
        }
        Expr::ScalarFunction(call) => match call.func.name() {
            // They give one of their arguments.
            // A member of a row that `lateral` has collected, which its name tells the type of.
            "get_field" => match call.args.as_slice() {
                [_, Expr::Literal(ScalarValue::Utf8(Some(name)), _)] => {
                    SqlType::parse(name.split_once(':')?.1)
                }
                _ => None,
            },
            "array_sort" => expression_type(call.args.first()?, input),
            // What `=` takes: text for all strings of limited length.
            "nullif" => match expression_type(call.args.first()?, input)? {
                SqlType::Varchar(_) => Some(SqlType::Text),
                own => Some(own),
            },
            "coalesce" | "nvl" | "greatest" | "least" => common_type(&call.args, input),
            "abs" => expression_type(call.args.first()?, input),
            "round" | "trunc" => match call.args.as_slice() {
                [_] => with_scale(0),
                [_, Expr::Literal(ScalarValue::Int32(Some(digits)), _)] => {
                    with_scale(i8::try_from(*digits).ok()?)
                }
                [_, Expr::Literal(ScalarValue::Int64(Some(digits)), _)] => {
                    with_scale(i8::try_from(*digits).ok()?)
                }
                _ => None,
            },
            "ceil" | "floor" => with_scale(0),
            MODE | PERCENTILE => match expression_type(call.args.first()?, input)? {
                SqlType::Array(element) => Some(*element),
                _ => None,
            },
            // An array without NULL.
            "shale_array_or_empty" => expression_type(call.args.first()?, input),
            name => result_type(name),
        },
        Expr::AggregateFunction(call) => {
            of_aggregate(call.func.name(), call.params.args.first(), input)
        }
        Expr::WindowFunction(call) => {
            of_aggregate(call.fun.name(), call.params.args.first(), input)
        }
        Expr::Literal(ScalarValue::Decimal128(_, _, scale), _) => with_scale(*scale),
        Expr::Cast(Cast { field, .. }) => match field.data_type() {
            data_type if *data_type == arrow_type(&SqlType::Numeric(None)) => None,
            DataType::Decimal128(precision, scale) => Some(SqlType::Numeric(Some((
                *precision,
                u8::try_from(*scale).ok()?,
            )))),
            _ => None,
        },
        Expr::Negative(inner) => expression_type(inner, input),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Modulo),
            right,
        }) => {
            let scale_of = |side: &Expr| {
                let own = expression_type(side, input);
                let own = own.or_else(|| Some(sql_type(&side.get_type(input.schema()).ok()?)));
                scale(&own?)
            };
            let (left, right) = (scale_of(left)?, scale_of(right)?);
            // Integers stay integers: the Arrow type tells.
            match op {
                Operator::Multiply => with_scale(left.checked_add(right)?),
                _ => with_scale(left.max(right)),
            }
        }
        Expr::ScalarSubquery(subquery) => Some(column_type(&subquery.subquery, 0)),
        Expr::Case(case) => {
            let results: Vec<Expr> = case
                .when_then_expr
                .iter()
                .map(|(_, then)| then.as_ref().clone())
                .chain(case.else_expr.as_deref().cloned())
                .collect();
            common_type(&results, input)
        }
        _ => None,
    }
}

/// What aggregates and window functions give that is made of their first argument.
fn of_aggregate(name: &str, argument: Option<&Expr>, input: &LogicalPlan) -> Option<SqlType> {
    match name {
        "min" | "max" => match expression_type(argument?, input)? {
            SqlType::Varchar(_) => Some(SqlType::Text),
            own => Some(own),
        },
        "first_value" | "last_value" | "nth_value" | "lag" | "lead" => {
            expression_type(argument?, input)
        }
        "sum" => expression_type(argument?, input).and_then(|own| with_scale(scale(&own)?)),
        "array_agg" => {
            let element = expression_type(argument?, input)?;
            Some(SqlType::Array(Box::new(element)))
        }
        _ => None,
    }
}

/// Digits behind the point that PostgreSQL prints of such a number, as far as the type tells.
fn scale(sql_type: &SqlType) -> Option<i8> {
    match sql_type {
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 => Some(0),
        SqlType::Numeric(Some((_, scale))) => i8::try_from(*scale).ok(),
        _ => None,
    }
}

fn with_scale(scale: i8) -> Option<SqlType> {
    let scale = u8::try_from(scale).ok()?;
    (scale <= DECIMAL_DIGITS_MAX).then_some(SqlType::Numeric(Some((0, scale))))
}

/// The type that all of them have, leaving NULL aside.
fn common_type(expressions: &[Expr], input: &LogicalPlan) -> Option<SqlType> {
    let mut common = None;
    for expression in expressions {
        if matches!(expression, Expr::Literal(value, _) if value.is_null()) {
            continue;
        }
        let own = match expression_type(expression, input) {
            Some(own) => own,
            None => sql_type(&expression.get_type(input.schema()).ok()?),
        };
        match &common {
            None => common = Some(own),
            Some(first) if *first == own => {}
            Some(_) => return None,
        }
    }
    common
}
