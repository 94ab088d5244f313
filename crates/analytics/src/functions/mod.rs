//! PostgreSQL's functions that DataFusion lacks, or has with other results.
//!
//! * `session`: who and where we are, settings.
//! * `catalog`: names, definitions and privileges by oid; `regclass` and its relatives; `sizes`: bytes of relations.
//! * `text`: quoting, `to_char`.
//! * `series`: `generate_series` with a bound; `keywords`: `pg_get_keywords`.
//! * `json`: operators and functions over json texts; `contain`: containment, deletion, printing; `build`: json from values.
//! * `times`: `age`, `to_date`, `to_timestamp`, intervals times numbers.
//! * `typed`: functions over values of SQL types, with variants: `numbers`, `moments`; `zone`: time zones.
//! * `edit`: changed documents; `patterns`: regular expressions that give arrays; `pick`: ordered-set aggregates.
//! * `choosing`: `coalesce`, `greatest`, `least` beside text constants; `arrays`: what takes an array of any element type.
//!
//! Here: what such a function is made of. Most are row functions: they run per row on [`Value`]s, which is fast enough for catalogs.
//! Not here: the widening of `sum` and `avg` (`widen`), casts (`analyze`).

mod arrays;
mod build;
mod catalog;
mod choosing;
mod contain;
mod edit;
mod json;
mod keywords;
mod moments;
mod number_format;
mod numbers;
mod padding;
mod patterns;
mod pick;
mod series;
mod session;
mod sizes;
mod text;
mod times;
mod typed;
mod zone;

pub(crate) use build::resolve as resolve_json_arguments;
pub(crate) use catalog::{REG_IN, REG_OUT};
pub(crate) use json::path_function_name;
pub(crate) use pick::{MODE, PERCENTILE};
pub(crate) use session::backend_pid;

use crate::error::carry;
use crate::statement::StatementContext;
use crate::stream;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Int32Builder, Int64Builder, ListBuilder,
    StringBuilder, UInt32Builder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, Result, internal_err, plan_datafusion_err, plan_err};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use shale_sql::{SqlError, SqlType};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// Adds all of them to a state.
pub(crate) fn register(builder: SessionStateBuilder) -> SessionStateBuilder {
    let mut builder = builder;
    let scalars = builder.scalar_functions().get_or_insert_default();
    scalars.push(Arc::new(arrays::array_or_empty()));
    scalars.push(Arc::new(arrays::expand_array()));
    scalars.extend(arrays::bounds());
    scalars.extend(choosing::all());
    scalars.extend(build::all());
    scalars.extend(series::all());
    scalars.extend(pick::all());
    scalars.extend(typed_functions().map(typed::Typed::function));
    scalars.extend(
        definitions()
            .map(|definition| Arc::new(ScalarUDF::new_from_impl(RowFunction::new(definition)))),
    );
    builder
}

/// Adds the functions that are tables.
pub(crate) fn register_table_functions(state: &mut SessionState) {
    state.register_udtf(keywords::NAME, Arc::new(keywords::Keywords));
    state.register_udtf(stream::NAME, Arc::new(stream::StreamFunction));
}

fn definitions() -> impl Iterator<Item = &'static Definition> {
    [
        session::FUNCTIONS,
        catalog::FUNCTIONS,
        sizes::FUNCTIONS,
        text::FUNCTIONS,
        padding::FUNCTIONS,
        json::FUNCTIONS,
        contain::FUNCTIONS,
        times::FUNCTIONS,
        edit::FUNCTIONS,
        patterns::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

fn typed_functions() -> impl Iterator<Item = &'static typed::Typed> {
    [numbers::FUNCTIONS, moments::FUNCTIONS]
        .into_iter()
        .flatten()
}

/// One of the functions over values of SQL types.
pub(crate) fn typed_function(name: &str) -> Result<Arc<ScalarUDF>> {
    match typed_functions().find(|typed| typed.name == name) {
        Some(typed) => Ok(typed.function()),
        None => internal_err!("there is no function {name}"),
    }
}

/// One of the row functions, for calls that operators are planned as.
pub(crate) fn row_function(name: &str) -> Result<Arc<ScalarUDF>> {
    match definitions().find(|definition| definition.name == name) {
        Some(definition) => Ok(Arc::new(ScalarUDF::new_from_impl(RowFunction::new(
            definition,
        )))),
        None => internal_err!("there is no function {name}"),
    }
}

/// The error for arguments that no function of that name takes.
/// No such function, as PostgreSQL words it.
pub(crate) fn no_match(name: &str, arguments: &[DataType]) -> DataFusionError {
    let types: Vec<String> = arguments.iter().map(DataType::to_string).collect();
    let call = format!("{name}({})", types.join(", "));
    plan_datafusion_err!("No function matches the given name and argument types '{call}'")
}

/// The SQL type that a function's result has, where its Arrow type does not tell.
pub(crate) fn result_type(function: &str) -> Option<SqlType> {
    static TYPES: LazyLock<HashMap<&'static str, SqlType>> = LazyLock::new(|| {
        definitions()
            .filter_map(|definition| {
                let sql_type = match definition.returns {
                    Kind::Name => SqlType::Name,
                    Kind::Json => SqlType::Jsonb,
                    Kind::PlainJson => SqlType::Json,
                    Kind::Uuid => SqlType::Uuid,
                    Kind::NameArray => SqlType::Array(Box::new(SqlType::Name)),
                    Kind::JsonArray => SqlType::Array(Box::new(SqlType::Jsonb)),
                    _ => return None,
                };
                Some((definition.name, sql_type))
            })
            .collect()
    });
    match function {
        // DataFusion's own, which gen_random_uuid is planned as.
        "uuid" => Some(SqlType::Uuid),
        other => TYPES
            .get(other)
            .cloned()
            .or_else(|| build::result_type(other))
            .or_else(|| {
                typed_functions()
                    .find(|typed| typed.name == other)?
                    .result_type()
            }),
    }
}

/// What a parameter takes, or a function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Name,
    Int,
    Int4,
    Oid,
    Bool,
    Json,
    PlainJson,
    Uuid,
    NameArray,
    /// NULLs among the elements are left out.
    TextArray,
    NullableTextArray,
    JsonArray,
    /// A number or a name that stands for one: oid parameters, which clients also give as text.
    Class,
    /// Anything, as it is.
    Any,
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Kind::Text | Kind::Name | Kind::Json | Kind::PlainJson | Kind::Uuid => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Oid => DataType::UInt32,
            Kind::Int4 => DataType::Int32,
            Kind::Bool => DataType::Boolean,
            Kind::NameArray | Kind::TextArray | Kind::NullableTextArray | Kind::JsonArray => {
                DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
            }
            Kind::Class | Kind::Any => DataType::Null,
        }
    }

    /// The type that an argument is coerced to.
    fn coerced(self, argument: &DataType) -> DataType {
        match self {
            Kind::Any => argument.clone(),
            Kind::Class if is_text(argument) => DataType::Utf8,
            Kind::Class => DataType::Int64,
            Kind::Int4 | Kind::Oid => DataType::Int64,
            other => other.data_type(),
        }
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8
    )
}

/// Parameters of functions that take any number, up to a bound.
const MANY: &[Kind] = &[
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
    Kind::Any,
];

/// A value of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
    NullableTexts(Vec<Option<String>>),
}

impl Value {
    fn text(&self) -> &str {
        if let Value::Text(text) = self {
            text
        } else {
            ""
        }
    }

    fn int(&self) -> i64 {
        if let Value::Int(value) = self {
            *value
        } else {
            0
        }
    }

    fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A call of a row function.
pub(crate) struct Call<'a> {
    options: &'a ConfigOptions,
    /// Types of the arguments as given.
    argument_types: &'a [DataType],
}

impl Call<'_> {
    /// The run that the call is part of.
    pub(crate) fn context(&self) -> Result<&Arc<StatementContext>> {
        StatementContext::of(self.options)
    }
}

type Body = fn(&Call<'_>, &[Value]) -> Result<Value>;

/// A row function.
pub(crate) struct Definition {
    name: &'static str,
    aliases: &'static [&'static str],
    parameters: &'static [Kind],
    /// How many parameters, from the first, must be given.
    required: usize,
    returns: Kind,
    volatility: Volatility,
    /// NULL for any NULL argument.
    strict: bool,
    body: Body,
}

impl Definition {
    const fn new(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Kind,
        body: Body,
    ) -> Definition {
        Definition {
            name,
            aliases: &[],
            parameters,
            required: parameters.len(),
            returns,
            volatility: Volatility::Stable,
            strict: true,
            body,
        }
    }

    const fn aliases(mut self, aliases: &'static [&'static str]) -> Definition {
        self.aliases = aliases;
        self
    }

    const fn required(mut self, required: usize) -> Definition {
        self.required = required;
        self
    }

    const fn takes_nulls(mut self) -> Definition {
        self.strict = false;
        self
    }

    const fn volatile(mut self) -> Definition {
        self.volatility = Volatility::Volatile;
        self
    }

    const fn immutable(mut self) -> Definition {
        self.volatility = Volatility::Immutable;
        self
    }
}

/// Bytes of text that a function may make for one batch of rows: batches are counted only once they are made.
const RESULT_BYTES_MAX: usize = 256 << 20;

struct RowFunction {
    definition: &'static Definition,
    signature: Signature,
    aliases: Vec<String>,
}

impl RowFunction {
    fn new(definition: &'static Definition) -> RowFunction {
        let mut variants = Vec::new();
        if definition.required == 0 {
            variants.push(TypeSignature::Nullary);
        }
        if !definition.parameters.is_empty() {
            variants.push(TypeSignature::UserDefined);
        }
        RowFunction {
            definition,
            signature: Signature::one_of(variants, definition.volatility),
            aliases: definition
                .aliases
                .iter()
                .map(|&alias| alias.to_owned())
                .collect(),
        }
    }
}

impl std::fmt::Debug for RowFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

impl PartialEq for RowFunction {
    fn eq(&self, other: &RowFunction) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for RowFunction {}

impl Hash for RowFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl ScalarUDFImpl for RowFunction {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.definition.returns {
            Kind::Any => arguments.first().cloned().unwrap_or(DataType::Null),
            kind => kind.data_type(),
        })
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let parameters = self.definition.parameters;
        if arguments.len() < self.definition.required || arguments.len() > parameters.len() {
            return plan_err!(
                "{} takes {} to {} arguments, not {}",
                self.definition.name,
                self.definition.required,
                parameters.len(),
                arguments.len()
            );
        }
        Ok(arguments
            .iter()
            .zip(parameters)
            .map(|(argument, kind)| kind.coerced(argument))
            .collect())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let argument_types: Vec<DataType> = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let call = Call {
            options: &args.config_options,
            argument_types: &argument_types,
        };
        // All constant: one row is enough.
        let constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)))
            && self.definition.volatility != Volatility::Volatile;
        let count = if constant { 1 } else { args.number_rows };
        let columns = args
            .args
            .into_iter()
            .enumerate()
            .map(|(place, value)| {
                let array = value.to_array(count)?;
                match self.definition.parameters.get(place) {
                    Some(Kind::NullableTextArray) => nullable_lists(&array),
                    _ => column_values(&array),
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let mut results = Vec::with_capacity(count);
        let mut row = vec![Value::Null; columns.len()];
        let mut bytes = 0;
        for index in 0..count {
            for (value, column) in row.iter_mut().zip(&columns) {
                value.clone_from(&column[index]);
            }
            let strict_null = self.definition.strict && row.contains(&Value::Null);
            let result = if strict_null {
                Value::Null
            } else {
                (self.definition.body)(&call, &row)?
            };
            bytes += result.text().len();
            if bytes > RESULT_BYTES_MAX {
                return Err(carry(SqlError::ProgramLimit {
                    message: format!(
                        "{} made more than {RESULT_BYTES_MAX} bytes of one batch of rows",
                        self.definition.name
                    ),
                }));
            }
            results.push(result);
        }
        let array = values_to_array(args.return_field.data_type(), &results)?;
        if constant {
            let scalar = datafusion::common::ScalarValue::try_from_array(&array, 0)?;
            return Ok(ColumnarValue::Scalar(scalar));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// An argument's values; types that are none of [`Value`]'s come as PostgreSQL prints them.
fn column_values(array: &ArrayRef) -> Result<Vec<Value>> {
    let values = |array: &ArrayRef, get: &dyn Fn(usize) -> Value| {
        (0..array.len())
            .map(|index| {
                if array.is_null(index) {
                    Value::Null
                } else {
                    get(index)
                }
            })
            .collect()
    };
    Ok(match array.data_type() {
        DataType::Null => vec![Value::Null; array.len()],
        DataType::Boolean => {
            let typed = array.as_boolean();
            values(array, &|index| Value::Bool(typed.value(index)))
        }
        DataType::Int64 => {
            let typed = array.as_primitive::<Int64Type>();
            values(array, &|index| Value::Int(typed.value(index)))
        }
        data_type if data_type.is_integer() => column_values(&cast(array, &DataType::Int64)?)?,
        DataType::List(_) => {
            let typed = array.as_list::<i32>();
            values(array, &|index| {
                let elements = cast(&typed.value(index), &DataType::Utf8);
                Value::Texts(elements.map_or_else(
                    |_| Vec::new(),
                    |elements| {
                        elements
                            .as_string::<i32>()
                            .iter()
                            .flatten()
                            .map(str::to_owned)
                            .collect()
                    },
                ))
            })
        }
        DataType::Utf8 => {
            let typed = array.as_string::<i32>();
            values(array, &|index| Value::Text(typed.value(index).to_owned()))
        }
        _ => column_values(&cast(array, &DataType::Utf8)?)?,
    })
}

/// An argument's lists of texts, whose elements may be NULL.
fn nullable_lists(array: &ArrayRef) -> Result<Vec<Value>> {
    if array.data_type().is_null() {
        return Ok(vec![Value::Null; array.len()]);
    }
    let lists = array.as_list::<i32>().iter();
    lists
        .map(|elements| {
            let Some(elements) = elements else {
                return Ok(Value::Null);
            };
            let texts = cast(&elements, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            Ok(Value::NullableTexts(
                texts.map(|text| text.map(str::to_owned)).collect(),
            ))
        })
        .collect()
}

fn values_to_array(data_type: &DataType, values: &[Value]) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Boolean => {
            let mut builder = BooleanBuilder::new();
            for value in values {
                builder.append_option(if let Value::Bool(value) = value {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Int64 => {
            let mut builder = Int64Builder::new();
            for value in values {
                builder.append_option(if let Value::Int(value) = value {
                    Some(*value)
                } else {
                    None
                });
            }
            Arc::new(builder.finish())
        }
        DataType::UInt32 => {
            let mut builder = UInt32Builder::new();
            for value in values {
                builder.append_option(match value {
                    Value::Int(value) => u32::try_from(*value).ok(),
                    _ => None,
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Int32 => {
            let mut builder = Int32Builder::new();
            for value in values {
                builder.append_option(match value {
                    Value::Int(value) => i32::try_from(*value).ok(),
                    _ => None,
                });
            }
            Arc::new(builder.finish())
        }
        DataType::List(_) => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for value in values {
                match value {
                    Value::Texts(texts) => {
                        for text in texts {
                            builder.values().append_value(text);
                        }
                    }
                    Value::NullableTexts(texts) => {
                        for text in texts {
                            builder.values().append_option(text.as_deref());
                        }
                    }
                    _ => {}
                }
                let list = matches!(value, Value::Texts(_) | Value::NullableTexts(_));
                builder.append(list);
            }
            Arc::new(builder.finish())
        }
        other => {
            let mut builder = StringBuilder::new();
            for value in values {
                match value {
                    Value::Text(text) => builder.append_value(text),
                    _ => builder.append_null(),
                }
            }
            cast(&builder.finish(), other)?
        }
    })
}
