//! Building json from values: `to_jsonb`, `json_build_object`, `json_build_array`.
//!
//! Whether a text argument is itself json is not in its Arrow type. The calls are therefore planned in two steps: first without knowing,
//! then [`resolve`] replaces them by calls that know the SQL types of their arguments.

use super::edit::in_order;
use crate::error::carry;
use crate::lineage::argument_types;
use crate::parameters::parameter;
use crate::rows::array_to_datums;
use crate::types::sql_type;
use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use shale_sql::datum::to_text;
use shale_sql::{Datum, SqlError, SqlType};
use std::fmt::Write;
use std::sync::Arc;

/// The functions, not yet knowing their arguments' types.
pub(super) fn all() -> impl Iterator<Item = Arc<ScalarUDF>> {
    Form::ALL
        .into_iter()
        .map(|(name, form)| Arc::new(Build::new(name, form, None).into()))
}

/// The SQL type that such a function gives.
pub(super) fn result_type(name: &str) -> Option<SqlType> {
    let (name, _) = Form::ALL.into_iter().find(|(other, _)| *other == name)?;
    Some(if name.contains("jsonb") {
        SqlType::Jsonb
    } else {
        SqlType::Json
    })
}

/// Tells the calls of a plan the SQL types of their arguments, and puts the names of types in the places of `pg_typeof`.
pub(crate) fn resolve(plan: LogicalPlan) -> Result<LogicalPlan> {
    let resolved = plan.transform_up_with_subqueries(|node| {
        let input = node.inputs().first().map(|input| (*input).clone());
        let names = NamePreserver::new(&node);
        node.map_expressions(|expression| {
            let name = names.save(&expression);
            let resolved = expression.transform_up(|expression| {
                if let Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::StringConcat,
                    right,
                }) = &expression
                    && is_json_concatenation(left, right, input.as_ref())
                {
                    let arguments = vec![left.as_ref().clone(), right.as_ref().clone()];
                    let call = ScalarFunction::new_udf(super::json::concatenation(), arguments);
                    return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                }
                let Expr::ScalarFunction(call) = &expression else {
                    return Ok(Transformed::no(expression));
                };
                if call.func.name() == "pg_typeof" {
                    let types = argument_types(&call.args, input.as_ref());
                    let name = types.first().map(|sql_type| match sql_type {
                        SqlType::Array(element) => format!("{}[]", element.base_name()),
                        other => other.base_name().to_owned(),
                    });
                    return Ok(Transformed::yes(Expr::Literal(
                        ScalarValue::Utf8(name),
                        None,
                    )));
                }
                let Some(build) = call.func.inner().downcast_ref::<Build>() else {
                    return Ok(Transformed::no(expression));
                };
                let types = argument_types(&call.args, input.as_ref());
                let known = Build::new(build.name, build.form, Some(types));
                let call = ScalarFunction::new_udf(Arc::new(known.into()), call.args.clone());
                Ok(Transformed::yes(Expr::ScalarFunction(call)))
            })?;
            Ok(resolved.update_data(|expression| name.restore(expression)))
        })
    })?;
    Ok(resolved.data)
}

/// Whether `||` joins documents, not texts: one side is jsonb, the other as well, or a constant or parameter.
fn is_json_concatenation(left: &Expr, right: &Expr, input: Option<&LogicalPlan>) -> bool {
    let sides = [left.clone(), right.clone()];
    let types = argument_types(&sides, input);
    let fits = |(side, sql_type): (&Expr, &SqlType)| {
        *sql_type == SqlType::Jsonb
            || matches!(side, Expr::Literal(..))
            || parameter(side).is_some()
    };
    types.contains(&SqlType::Jsonb) && sides.iter().zip(&types).all(fits)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    Value,
    Object,
    Array,
    Row,
    /// Rows that were collected: as a value, but with blanks between them.
    List,
}

impl Form {
    const ALL: [(&'static str, Form); 8] = [
        ("to_json", Form::Value),
        ("to_jsonb", Form::Value),
        ("json_build_object", Form::Object),
        ("jsonb_build_object", Form::Object),
        ("json_build_array", Form::Array),
        ("jsonb_build_array", Form::Array),
        ("shale_row_to_json", Form::Row),
        ("shale_json_list", Form::List),
    ];
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Build {
    name: &'static str,
    form: Form,
    signature: Signature,
    /// SQL types of the arguments, once known.
    types: Option<Vec<SqlType>>,
}

impl Build {
    fn new(name: &'static str, form: Form, types: Option<Vec<SqlType>>) -> Build {
        let arguments = match form {
            Form::Value | Form::List => TypeSignature::Any(1),
            Form::Object | Form::Array | Form::Row => {
                TypeSignature::OneOf(vec![TypeSignature::Nullary, TypeSignature::VariadicAny])
            }
        };
        Build {
            name,
            form,
            signature: Signature::new(arguments, Volatility::Immutable),
            types,
        }
    }
}

impl ScalarUDFImpl for Build {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        if self.form == Form::Object && !arguments.len().is_multiple_of(2) {
            return plan_err!("argument list must have even number of elements");
        }
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns = args
            .args
            .into_iter()
            .enumerate()
            .map(|(index, value)| self.column(index, &value.to_array(rows)?))
            .collect::<Result<Vec<_>>>()?;
        let mut builder = StringBuilder::new();
        let mut out = String::new();
        for row in 0..rows {
            out.clear();
            match (self.form, columns.as_slice()) {
                (Form::Value | Form::List, [(values, _)]) if values[row] == Datum::Null => {
                    builder.append_null();
                    continue;
                }
                // json has no blank between the elements of an array, jsonb has one.
                (Form::Value, [(values, sql_type)]) if self.name == "to_json" => {
                    write_value(&values[row], sql_type, ",", &mut out);
                }
                (Form::Value | Form::List, [(values, sql_type)]) => {
                    write_json(&values[row], sql_type, &mut out);
                }
                (Form::Object, columns) => {
                    let members = object_members(columns, row)?;
                    match self.name.starts_with("jsonb") {
                        true => out.push_str(&in_order(members)),
                        false => write_object(&members, &mut out),
                    }
                }
                (Form::Row, columns) => write_row(columns, row, &mut out),
                (_, columns) => write_list(columns, row, &mut out),
            }
            builder.append_value(&out);
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}

impl Build {
    fn column(&self, index: usize, array: &ArrayRef) -> Result<(Vec<Datum>, SqlType)> {
        let known = self
            .types
            .as_ref()
            .and_then(|types| types.get(index))
            .cloned();
        let sql_type = known.unwrap_or_else(|| sql_type(array.data_type()));
        Ok((array_to_datums(array, &sql_type).map_err(carry)?, sql_type))
    }
}

/// Names and values of an object, in the order of the arguments.
fn object_members(columns: &[(Vec<Datum>, SqlType)], row: usize) -> Result<Vec<(String, String)>> {
    let mut members = Vec::with_capacity(columns.len() / 2);
    for pair in columns.chunks(2) {
        let [(keys, key_type), (values, value_type)] = pair else {
            continue;
        };
        if keys[row] == Datum::Null {
            return Err(carry(SqlError::Other {
                sqlstate: "22004",
                message: "null value not allowed for object key".to_owned(),
                hint: None,
            }));
        }
        let mut value = String::new();
        write_json(&values[row], value_type, &mut value);
        members.push((to_text(&keys[row], key_type), value));
    }
    Ok(members)
}

/// As json_build_object writes it: in the order of the arguments, doubles and all.
fn write_object(members: &[(String, String)], out: &mut String) {
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_string(name, out);
        out.push_str(" : ");
        out.push_str(value);
    }
    out.push('}');
}

/// As row_to_json writes a row without names: `{"f1":1,"f2":"x"}`.
fn write_row(columns: &[(Vec<Datum>, SqlType)], row: usize, out: &mut String) {
    out.push('{');
    for (index, (values, sql_type)) in columns.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let _ = write!(out, "\"f{}\":", index + 1);
        write_json(&values[row], sql_type, out);
    }
    out.push('}');
}

fn write_list(columns: &[(Vec<Datum>, SqlType)], row: usize, out: &mut String) {
    out.push('[');
    for (index, (values, sql_type)) in columns.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_json(&values[row], sql_type, out);
    }
    out.push(']');
}

fn write_string(text: &str, out: &mut String) {
    // A string is always written.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn write_json(datum: &Datum, sql_type: &SqlType, out: &mut String) {
    write_value(datum, sql_type, ", ", out);
}

fn write_value(datum: &Datum, sql_type: &SqlType, separator: &str, out: &mut String) {
    match datum {
        Datum::Null => out.push_str("null"),
        Datum::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Datum::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Datum::Float(value) if !value.is_finite() => write_string(&to_text(datum, sql_type), out),
        Datum::Float(_) | Datum::Numeric(_) => out.push_str(&to_text(datum, sql_type)),
        Datum::Json(text) => out.push_str(text),
        // ISO 8601, where PostgreSQL's text form has a space.
        Datum::Timestamp(_) => write_string(&to_text(datum, sql_type).replacen(' ', "T", 1), out),
        Datum::Array(elements) => {
            let element = sql_type.element().unwrap_or(sql_type);
            out.push('[');
            for (index, datum) in elements.iter().enumerate() {
                if index > 0 {
                    out.push_str(separator);
                }
                write_value(datum, element, separator, out);
            }
            out.push(']');
        }
        Datum::Text(_)
        | Datum::Bytes(_)
        | Datum::Date(_)
        | Datum::Time(_)
        | Datum::Interval { .. } => {
            write_string(&to_text(datum, sql_type), out);
        }
    }
}
