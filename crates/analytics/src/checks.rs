//! What PostgreSQL refuses and DataFusion would cast: a text compared with a number, branches of different types, casts that there are
//! not, numbers as arguments of functions over texts.
//!
//! Looks at a plan as it was made, where only casts that were written are casts. A text constant has no type yet and may be anything; what
//! a column of a system relation holds has another type than PostgreSQL's now and then, so that statements about those are not checked.

use crate::catalog::SystemTable;
use crate::error::carry;
use crate::functions::no_match;
use crate::lineage::argument_types;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Case, Cast, Expr, ExprSchemable, LogicalPlan, Operator,
};
use shale_sql::{SqlError, SqlType};

/// Functions whose first argument is a text.
const OF_TEXTS: &[&str] = &[
    "ascii",
    "btrim",
    "character_length",
    "initcap",
    "left",
    "lower",
    "lpad",
    "ltrim",
    "octet_length",
    "repeat",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "translate",
    "upper",
];

/// Types between which nothing is cast by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Bool,
    Moment,
    Time,
    Interval,
    Bytes,
    Array,
    /// A constant without a type, NULL, a document, what is not known.
    Open,
}

/// Refuses what PostgreSQL refuses.
///
/// # Errors
/// 42883 for operators and functions, 42804 for branches and conditions, 42846 for casts.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    if reads_catalog(plan)? {
        return Ok(());
    }
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        let schema = merge_schema(&inputs);
        let scope = Scope {
            schema: &schema,
            input: match inputs.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        };
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                scope.check(expression)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

fn reads_catalog(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && source_as_provider(&scan.source).is_ok_and(|provider| provider.is::<SystemTable>())
        {
            found = true;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Where expressions stand.
struct Scope<'a> {
    schema: &'a DFSchema,
    input: Option<&'a LogicalPlan>,
}

impl Scope<'_> {
    fn check(&self, expression: &Expr) -> Result<()> {
        match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) => {
                self.compared(left, &op.to_string(), right)
            }
            Expr::Between(between) => {
                self.compared(&between.expr, ">=", &between.low)?;
                self.compared(&between.expr, "<=", &between.high)
            }
            Expr::InList(list) => {
                let mut candidates = list.list.iter();
                candidates.try_for_each(|candidate| self.compared(&list.expr, "=", candidate))
            }
            Expr::Like(like) => {
                let matched = self.family(&like.expr);
                match matches!(matched, Family::Text | Family::Open | Family::Bytes) {
                    true => Ok(()),
                    false => Err(no_operator(&self.name(&like.expr), "~~", "unknown")),
                }
            }
            Expr::Case(case) => self.case(case),
            Expr::Cast(Cast { expr, field }) => {
                let from = self.sql_type(expr);
                let to = crate::types::sql_type(field.data_type());
                let literal = matches!(expr.as_ref(), Expr::Literal(..));
                let bigint_column = from == SqlType::Int8
                    && to == SqlType::Bool
                    && matches!(expr.as_ref(), Expr::Column(_));
                match (is_cast(&from, &to) && !bigint_column) || literal {
                    true => Ok(()),
                    false => Err(failed(
                        "42846",
                        format!(
                            "cannot cast type {} to {}",
                            from.base_name(),
                            to.base_name()
                        ),
                    )),
                }
            }
            Expr::ScalarFunction(call) => {
                let arguments: Vec<&Expr> = call.args.iter().collect();
                match call.func.name() {
                    "coalesce" => self.common("COALESCE", &arguments),
                    "greatest" => self.common("GREATEST", &arguments),
                    "least" => self.common("LEAST", &arguments),
                    "make_array" => self.common("ARRAY", &arguments),
                    "nullif" => match arguments.as_slice() {
                        [left, right] => self.compared(left, "=", right),
                        _ => Ok(()),
                    },
                    name if OF_TEXTS.contains(&name) => self.of_text(name, &arguments),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The SQL type of an expression, as far as it is known.
    fn sql_type(&self, expression: &Expr) -> SqlType {
        let known = match self.input {
            Some(_) => argument_types(std::slice::from_ref(expression), self.input).pop(),
            None => None,
        };
        known.unwrap_or_else(|| match expression.get_type(self.schema) {
            Ok(data_type) => crate::types::sql_type(&data_type),
            Err(_) => SqlType::Unknown,
        })
    }

    fn name(&self, expression: &Expr) -> String {
        match self.family(expression) {
            Family::Open => "unknown".to_owned(),
            _ => match self.sql_type(expression) {
                SqlType::Array(element) => format!("{}[]", element.base_name()),
                other => other.base_name().to_owned(),
            },
        }
    }

    fn family(&self, expression: &Expr) -> Family {
        match expression {
            Expr::Literal(value, _) if value.is_null() || is_text_value(value) => Family::Open,
            Expr::Placeholder(_) => Family::Open,
            Expr::Alias(alias) => self.family(&alias.expr),
            _ => match expression.get_type(self.schema) {
                Ok(data_type) if data_type.is_null() => Family::Open,
                Ok(_) => family(&self.sql_type(expression)),
                Err(_) => Family::Open,
            },
        }
    }

    fn compared(&self, left: &Expr, op: &str, right: &Expr) -> Result<()> {
        let families = (self.family(left), self.family(right));
        match families {
            (Family::Open, _) | (_, Family::Open) => Ok(()),
            (left, right) if left == right => Ok(()),
            // Other pairs DataFusion refuses by itself where they make no sense.
            (Family::Text, _) | (_, Family::Text) => {
                Err(no_operator(&self.name(left), op, &self.name(right)))
            }
            _ => Ok(()),
        }
    }

    fn case(&self, case: &Case) -> Result<()> {
        if case.expr.is_none() {
            for (when, _) in &case.when_then_expr {
                if !matches!(self.family(when), Family::Bool | Family::Open) {
                    let found = self.name(when);
                    let message =
                        format!("argument of CASE/WHEN must be type boolean, not type {found}");
                    return Err(failed("42804", message));
                }
            }
        }
        let results: Vec<&Expr> = case
            .when_then_expr
            .iter()
            .map(|(_, then)| then.as_ref())
            .chain(case.else_expr.as_deref())
            .collect();
        self.common("CASE", &results)
    }

    /// All have one type, or types of numbers or moments, which have a common one.
    fn common(&self, of: &str, expressions: &[&Expr]) -> Result<()> {
        let mut first: Option<(&Expr, Family)> = None;
        for expression in expressions {
            let own = self.family(expression);
            match first {
                _ if own == Family::Open => {}
                None => first = Some((expression, own)),
                Some((_, family)) if family == own => {}
                Some((other, _)) => {
                    let (other, own) = (self.name(other), self.name(expression));
                    let message = format!("{of} types {other} and {own} cannot be matched");
                    return Err(failed("42804", message));
                }
            }
        }
        Ok(())
    }

    fn of_text(&self, name: &str, arguments: &[&Expr]) -> Result<()> {
        let of_text = arguments.first().is_none_or(|first| {
            matches!(
                self.family(first),
                Family::Text | Family::Open | Family::Bytes
            )
        });
        if of_text {
            return Ok(());
        }
        let types: Vec<_> = arguments
            .iter()
            .filter_map(|argument| argument.get_type(self.schema).ok())
            .collect();
        Err(no_match(name, &types))
    }
}

fn is_text_value(value: &datafusion::common::ScalarValue) -> bool {
    use datafusion::common::ScalarValue;
    matches!(
        value,
        ScalarValue::Utf8(_) | ScalarValue::Utf8View(_) | ScalarValue::LargeUtf8(_)
    )
}

fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn family(sql_type: &SqlType) -> Family {
    match sql_type {
        SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Oid
        | SqlType::Numeric(_)
        | SqlType::Float4
        | SqlType::Float8 => Family::Number,
        SqlType::Text | SqlType::Varchar(_) | SqlType::Char(_) => Family::Text,
        SqlType::Bool => Family::Bool,
        SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz => Family::Moment,
        SqlType::Time => Family::Time,
        SqlType::Interval => Family::Interval,
        SqlType::Bytea => Family::Bytes,
        SqlType::Array(_) => Family::Array,
        SqlType::Unknown
        | SqlType::Name
        | SqlType::SingleChar
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Vector(_) => Family::Open,
    }
}

/// Whether there is a cast between types, both of which Arrow tells apart.
fn is_cast(from: &SqlType, to: &SqlType) -> bool {
    let moment = |family| matches!(family, Family::Moment | Family::Time | Family::Interval);
    let (of, into) = (family(from), family(to));
    if *from == SqlType::Uuid && !matches!(into, Family::Text | Family::Open) {
        return false;
    }
    match (of, into) {
        // What is computed of constants is bigint until constants are narrowed.
        (Family::Number, Family::Bool) => matches!(from, SqlType::Int4 | SqlType::Int8),
        (Family::Bool, Family::Number) => matches!(to, SqlType::Int4),
        (Family::Number | Family::Bool, other) if moment(other) => false,
        (other, Family::Number | Family::Bool) if moment(other) => false,
        _ => true,
    }
}

fn no_operator(left: &str, op: &str, right: &str) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate: "42883",
        message: format!("operator does not exist: {left} {op} {right}"),
        hint: Some(
            "No operator matches the given name and argument types. You might need to add explicit type casts."
                .to_owned(),
        ),
    })
}

fn failed(sqlstate: &'static str, message: String) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate,
        message,
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_are_those_of_postgres() {
        for (from, to, expected) in [
            (SqlType::Int4, SqlType::Bool, true),
            (SqlType::Int2, SqlType::Bool, false),
            (SqlType::Bool, SqlType::Int4, true),
            (SqlType::Bool, SqlType::Numeric(None), false),
            (SqlType::Date, SqlType::Int4, false),
            (SqlType::Int4, SqlType::Timestamp, false),
            (SqlType::Date, SqlType::Timestamp, true),
            (SqlType::Time, SqlType::Interval, true),
            (SqlType::Text, SqlType::Int4, true),
            (SqlType::Uuid, SqlType::Int4, false),
            (SqlType::Uuid, SqlType::Text, true),
        ] {
            assert_eq!(is_cast(&from, &to), expected, "{from:?} {to:?}");
        }
    }
}
