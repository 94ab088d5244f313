//! DataFusion's filter expressions to conditions on items.
//!
//! SQL compares the values of a column, a condition compares what is stored. The two agree where every value seen of the attribute has the
//! type that the column stores: only then a comparison is translated. Where a stored value may still read as NULL (a number out of the
//! column's range, a text longer than it), or in another form (timestamps), the translation keeps more items than the filter:
//! [`Precision::Superset`].

use crate::relation::{ColumnSource, Relation, RelationColumn};
use crate::rows::scalar_to_datum;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{InList, Like, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use shale_engine::TableDescription;
use shale_expression::{Comparison, Condition, Operand, Path};
use shale_item::{AttributeType, AttributeValue};
use shale_sql::datum::datum_to_attribute;
use shale_sql::{Datum, SqlType};

/// Whether a condition holds for exactly the items that the filter is true for, or for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// Exactly those.
    Exact,
    /// Those and maybe others.
    Superset,
}

impl Precision {
    fn and(self, other: Precision) -> Precision {
        if self == Precision::Exact {
            other
        } else {
            self
        }
    }
}

type Translated = Option<(Condition, Precision)>;

/// The condition for a filter on a table, if there is one.
pub(crate) fn condition(filter: &Expr, relation: &Relation) -> Translated {
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And,
            right,
        }) => {
            match (condition(left, relation), condition(right, relation)) {
                (Some((left, first)), Some((right, second))) => {
                    Some((Condition::And(vec![left, right]), first.and(second)))
                }
                // Half of a conjunction still narrows.
                (Some((half, _)), None) | (None, Some((half, _))) => {
                    Some((half, Precision::Superset))
                }
                (None, None) => None,
            }
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let (left, first) = condition(left, relation)?;
            let (right, second) = condition(right, relation)?;
            Some((Condition::Or(vec![left, right]), first.and(second)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let op = comparison(*op)?;
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), Expr::Literal(value, _)) => {
                    compare(relation, &column.name, op, value)
                }
                (Expr::Literal(value, _), Expr::Column(column)) => {
                    compare(relation, &column.name, mirrored(op), value)
                }
                _ => None,
            }
        }
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => {
            let (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) =
                (expr.as_ref(), low.as_ref(), high.as_ref())
            else {
                return None;
            };
            let place = Place::find(relation, &column.name)?;
            let condition =
                Condition::Between(place.operand(), place.value(low)?, place.value(high)?);
            Some((condition, place.precision))
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            let Expr::Column(column) = expr.as_ref() else {
                return None;
            };
            let place = Place::find(relation, &column.name)?;
            let values = list
                .iter()
                .map(|value| match value {
                    Expr::Literal(value, _) => place.value(value),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?;
            Some((Condition::In(place.operand(), values), place.precision))
        }
        Expr::Column(column) => compare(
            relation,
            &column.name,
            Comparison::Eq,
            &ScalarValue::Boolean(Some(true)),
        ),
        Expr::IsNotNull(inner) | Expr::IsNull(inner) => {
            let Expr::Column(column) = inner.as_ref() else {
                return None;
            };
            let place = Place::find(relation, &column.name)?;
            if place.precision != Precision::Exact || place.has_nulls {
                return None;
            }
            let exists = matches!(filter, Expr::IsNotNull(_));
            let condition = match exists {
                true => Condition::AttributeExists(place.path()),
                false => Condition::AttributeNotExists(place.path()),
            };
            Some((condition, Precision::Exact))
        }
        Expr::Like(Like {
            negated: false,
            expr,
            pattern,
            escape_char: None,
            case_insensitive: false,
        }) => {
            let (Expr::Column(column), Expr::Literal(pattern, _)) =
                (expr.as_ref(), pattern.as_ref())
            else {
                return None;
            };
            let pattern = pattern.try_as_str()??;
            let prefix: String = pattern
                .chars()
                .take_while(|c| !matches!(c, '%' | '_' | '\\'))
                .collect();
            let exact = pattern.strip_prefix(prefix.as_str()) == Some("%");
            begins_with(relation, &column.name, prefix, exact)
        }
        Expr::ScalarFunction(ScalarFunction { func, args })
            if matches!(func.name(), "starts_with" | "begins_with") =>
        {
            let [Expr::Column(column), Expr::Literal(prefix, _)] = args.as_slice() else {
                return None;
            };
            begins_with(
                relation,
                &column.name,
                prefix.try_as_str()??.to_owned(),
                true,
            )
        }
        _ => None,
    }
}

fn begins_with(relation: &Relation, name: &str, prefix: String, exact: bool) -> Translated {
    let place = Place::find(relation, name)?;
    let text = matches!(
        place.column.sql_type,
        SqlType::Text | SqlType::Name | SqlType::Varchar(_)
    );
    if !text || prefix.is_empty() {
        return None;
    }
    let precision = if exact {
        place.precision
    } else {
        Precision::Superset
    };
    let prefix = Operand::constant(AttributeValue::S(prefix));
    Some((Condition::BeginsWith(place.operand(), prefix), precision))
}

fn comparison(op: Operator) -> Option<Comparison> {
    Some(match op {
        Operator::Eq => Comparison::Eq,
        Operator::NotEq => Comparison::Ne,
        Operator::Lt => Comparison::Lt,
        Operator::LtEq => Comparison::Le,
        Operator::Gt => Comparison::Gt,
        Operator::GtEq => Comparison::Ge,
        _ => return None,
    })
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        same => same,
    }
}

fn compare(relation: &Relation, name: &str, op: Comparison, value: &ScalarValue) -> Translated {
    let place = Place::find(relation, name)?;
    let value = place.value(value)?;
    // The NULL type differs from every value, and `<>` holds between different types.
    if op == Comparison::Ne && place.has_nulls {
        return None;
    }
    let mut condition = Condition::Compare(place.operand(), op, value);
    // A condition holds `<>` of what is not there, SQL does not.
    if op == Comparison::Ne && !place.is_key {
        condition = Condition::And(vec![Condition::AttributeExists(place.path()), condition]);
    }
    Some((condition, place.precision))
}

/// Whether items can be found by values of the column.
pub(crate) fn comparable(column: &RelationColumn, description: &TableDescription) -> bool {
    Place::of(column, description).is_some()
}

/// The attribute value that items have whose column equals that value; items that have it may read otherwise all the same. `None` for a value
/// that cannot be looked up.
pub(crate) fn key_value(
    column: &RelationColumn,
    description: &TableDescription,
    value: &ScalarValue,
) -> Option<AttributeValue> {
    match Place::of(column, description)?.value(value)? {
        Operand::Value(value) => Some(AttributeValue::clone(&value)),
        _ => None,
    }
}

/// A column whose stored values can be compared.
struct Place<'a> {
    column: &'a RelationColumn,
    precision: Precision,
    has_nulls: bool,
    is_key: bool,
}

impl<'a> Place<'a> {
    fn find(relation: &'a Relation, name: &str) -> Option<Place<'a>> {
        Place::of(relation.column(name)?, &relation.description)
    }

    fn of(column: &'a RelationColumn, description: &TableDescription) -> Option<Place<'a>> {
        let name = column.name.as_str();
        if column.source != ColumnSource::Attribute {
            return None;
        }
        let stored = column.sql_type.attribute_type()?;
        let observed = description.observed.get(name);
        let has_nulls = observed.is_some_and(|observed| observed.has(AttributeType::Null));
        let is_key = description.definition.key_schema.is_key(name);
        if !is_key {
            let others = observed.map_or(0, |observed| {
                observed.types & !(1 << stored as u16) & !(1 << AttributeType::Null as u16)
            });
            if others != 0 {
                return None;
            }
        }
        let whole = observed.is_some_and(|observed| !observed.beyond_i64);
        let precision = match &column.sql_type {
            SqlType::Text
            | SqlType::Name
            | SqlType::Varchar(None)
            | SqlType::Bool
            | SqlType::Bytea => Precision::Exact,
            SqlType::Int8 if whole => Precision::Exact,
            SqlType::Numeric(None) if matches!(column.data_type, DataType::Decimal128(..)) => {
                Precision::Exact
            }
            SqlType::Int2
            | SqlType::Int4
            | SqlType::Int8
            | SqlType::Numeric(Some(_))
            | SqlType::Varchar(Some(_))
            | SqlType::Uuid
            | SqlType::Date
            | SqlType::Time
            | SqlType::Timestamp
            | SqlType::TimestampTz => Precision::Superset,
            // Doubles round, char(n) pads, documents and arrays compare otherwise.
            _ => return None,
        };
        Some(Place {
            column,
            precision,
            has_nulls,
            is_key,
        })
    }

    fn path(&self) -> Path {
        Path {
            root: self.column.name.clone(),
            steps: Vec::new(),
        }
    }

    fn operand(&self) -> Operand {
        Operand::Path(self.path())
    }

    /// The attribute value that a constant is compared as; NULL compares with nothing.
    fn value(&self, scalar: &ScalarValue) -> Option<Operand> {
        let sql_type = match &self.column.sql_type {
            // Any number compares with any number.
            number if number.is_number() => SqlType::Numeric(None),
            SqlType::Varchar(_) => SqlType::Text,
            other => other.clone(),
        };
        let datum = scalar_to_datum(scalar, &sql_type)?;
        let fits = match (&datum, &sql_type) {
            (Datum::Null, _) => false,
            (Datum::Numeric(_) | Datum::Int(_), other) => other.is_number(),
            (Datum::Text(_), other) => other.is_text() || *other == SqlType::Uuid,
            (Datum::Bool(_), other) => *other == SqlType::Bool,
            (Datum::Bytes(_), other) => *other == SqlType::Bytea,
            (Datum::Date(_), other) => *other == SqlType::Date,
            (Datum::Time(_), other) => *other == SqlType::Time,
            (Datum::Timestamp(_), other) => {
                matches!(other, SqlType::Timestamp | SqlType::TimestampTz)
            }
            _ => false,
        };
        if !fits {
            return None;
        }
        datum_to_attribute(&datum, &sql_type)
            .ok()?
            .map(Operand::constant)
    }
}
