//! The parameters that expressions replaced (Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, AttributesToGet,
//! ConditionalOperator), lowered to the same syntax tree.

use crate::attribute_value::decode_value;
use crate::constraints::Constraints;
use crate::exception::{Exception, internal};
use crate::expressions::key_condition_message;
use crate::json::{Json, Structure};
use crate::messages;
use crate::model;
use shale_expression::{
    Action, Comparison, Condition, KeyCondition, Operand, Path, Projection, SetValue,
    SortCondition, Update,
};
use shale_item::{AttributeType, AttributeValue};
use std::collections::BTreeSet;
use std::sync::Arc;

const CONDITIONAL_OPERATOR: &str = "ConditionalOperator";

/// The legacy parameters of a request; by default none, as newer operations have none.
#[derive(Debug, Default)]
pub(crate) struct Legacy<'a> {
    given: Vec<(&'static str, Json<'a>)>,
    operator: Option<Junction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Junction {
    And,
    Or,
}

impl<'a> Legacy<'a> {
    /// Takes those parameters out of `known` that the request has, and ConditionalOperator; checks ExpressionAttributeNames too.
    pub(crate) fn take(
        request: &mut Structure<'a>,
        constraints: &mut Constraints,
        known: &[&'static str],
    ) -> Result<Legacy<'a>, Exception> {
        Legacy::take_at(request, constraints, known, "")
    }

    /// As `take`, of a structure at that path in messages (with a dot behind it).
    pub(crate) fn take_at(
        request: &mut Structure<'a>,
        constraints: &mut Constraints,
        known: &[&'static str],
        path: &str,
    ) -> Result<Legacy<'a>, Exception> {
        let mut given = Vec::new();
        for name in known {
            if let Some(json) = request.take(name) {
                let path = format!("{path}{name}");
                model::check_member(&json, shape_of(name), &path, constraints)?;
                given.push((*name, json));
            }
        }
        constraints.attribute_names(request, path);
        let operator = request.string(CONDITIONAL_OPERATOR)?;
        let values = [("OR", Junction::Or), ("AND", Junction::And)];
        Ok(Legacy {
            operator: constraints.enumeration(operator.as_deref(), "ConditionalOperator", &values),
            given,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.operator.is_none()
    }

    /// Names of the parameters given, for messages.
    pub(crate) fn parameters(&self) -> Vec<&'static str> {
        let operator = self.operator.map(|_| CONDITIONAL_OPERATOR);
        self.given
            .iter()
            .map(|(name, _)| *name)
            .chain(operator)
            .collect()
    }

    /// The parameter that names attributes to return, if the request has one.
    pub(crate) fn projection_parameter(&self, expression: bool) -> Option<&'static str> {
        if expression {
            return Some("ProjectionExpression");
        }
        self.given
            .iter()
            .map(|(name, _)| *name)
            .find(|name| *name == "AttributesToGet")
    }

    fn remove(&mut self, parameter: &str) -> Option<Json<'a>> {
        let index = self.given.iter().position(|(name, _)| *name == parameter)?;
        Some(self.given.swap_remove(index).1)
    }

    /// Expected, QueryFilter or ScanFilter.
    pub(crate) fn conditions(&mut self, parameter: &str) -> Result<Option<Condition>, Exception> {
        let Some(json) = self.remove(parameter) else {
            return match self.operator {
                None => Ok(None),
                Some(_) => Err(Exception::validation(messages::CONDITIONAL_OPERATOR_ALONE)),
            };
        };
        let members = json.into_map("com.amazonaws.dynamodb.v20120810.Condition")?;
        if self.operator.is_some() && members.len() < 2 {
            return Err(Exception::validation(messages::CONDITIONAL_OPERATOR_SINGLE));
        }
        let mut conditions = Vec::with_capacity(members.len());
        for (attribute, json) in members {
            conditions.push(match parameter {
                "Expected" => expected(&attribute, json)?,
                _ => filter(&attribute, json)?,
            });
        }
        if conditions.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self.operator {
            Some(Junction::Or) => Condition::Or(conditions),
            Some(Junction::And) | None => Condition::And(conditions),
        }))
    }

    /// AttributeUpdates.
    pub(crate) fn updates(&mut self) -> Result<Option<Update>, Exception> {
        let Some(json) = self.remove("AttributeUpdates") else {
            return Ok(None);
        };
        let members = json.into_map("com.amazonaws.dynamodb.v20120810.AttributeValueUpdate")?;
        let mut actions = Vec::with_capacity(members.len());
        for (attribute, json) in members {
            actions.push(action(&attribute, json)?);
        }
        Ok(Some(Update {
            actions,
            ..Update::default()
        }))
    }

    /// AttributesToGet.
    pub(crate) fn attributes_to_get(&mut self) -> Result<Option<Projection>, Exception> {
        let Some(json) = self.remove("AttributesToGet") else {
            return Ok(None);
        };
        let names = json.into_list()?;
        let mut seen = BTreeSet::new();
        for name in names {
            let name = name.into_string()?.into_owned();
            if seen.contains(&name) {
                let message = format!("{}{name}", messages::DUPLICATE_ATTRIBUTES_TO_GET);
                return Err(Exception::validation(message));
            }
            seen.insert(name);
        }
        let paths = seen.into_iter().map(attribute_path).collect();
        Ok(Some(Projection { paths }))
    }

    /// KeyConditions.
    pub(crate) fn key_conditions(&mut self) -> Result<Option<KeyCondition>, Exception> {
        let Some(json) = self.remove("KeyConditions") else {
            return Ok(None);
        };
        let members = json.into_map("com.amazonaws.dynamodb.v20120810.Condition")?;
        if members.is_empty() {
            return Err(Exception::validation(messages::KEY_CONDITIONS_LENGTH));
        }
        let mut terms = Vec::with_capacity(members.len());
        for (attribute, json) in members {
            let (operator, mut values) = operator_and_values(json)?;
            operator.check(&values)?;
            let last = values.pop();
            let first = values.pop();
            let condition = match (operator, first, last) {
                (Operator::Eq, None, Some(value)) => SortCondition::Eq(value),
                (Operator::Lt, None, Some(value)) => SortCondition::Lt(value),
                (Operator::Le, None, Some(value)) => SortCondition::Le(value),
                (Operator::Gt, None, Some(value)) => SortCondition::Gt(value),
                (Operator::Ge, None, Some(value)) => SortCondition::Ge(value),
                (Operator::BeginsWith, None, Some(value)) => SortCondition::BeginsWith(value),
                (Operator::Between, Some(low), Some(high)) => SortCondition::Between(low, high),
                (operator, ..) => {
                    return Err(Exception::validation(messages::key_operator(
                        operator.word(),
                    )));
                }
            };
            terms.push((attribute.into_owned(), condition));
        }
        match KeyCondition::new(terms) {
            Ok(condition) => Ok(Some(condition)),
            Err(error) => Err(Exception::validation(key_condition_message(&error))),
        }
    }
}

macro_rules! operators {
    ($($word:literal => $name:ident),* $(,)?) => {
        /// ComparisonOperator.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Operator {
            $($name,)*
        }

        impl Operator {
            /// In the order of messages.
            const ALL: &[(&str, Operator)] = &[$(($word, Operator::$name),)*];

            fn word(self) -> &'static str {
                match self {
                    $(Operator::$name => $word,)*
                }
            }
        }
    };
}

operators! {
    "IN" => In,
    "NULL" => Null,
    "BETWEEN" => Between,
    "LT" => Lt,
    "NOT_CONTAINS" => NotContains,
    "EQ" => Eq,
    "GT" => Gt,
    "NOT_NULL" => NotNull,
    "NE" => Ne,
    "LE" => Le,
    "BEGINS_WITH" => BeginsWith,
    "GE" => Ge,
    "CONTAINS" => Contains,
}

impl Operator {
    /// Checks number and types of the arguments.
    fn check(self, values: &[AttributeValue]) -> Result<(), Exception> {
        use AttributeType as Type;
        let count_fits = match self {
            Operator::Null | Operator::NotNull => values.is_empty(),
            Operator::In => !values.is_empty(),
            Operator::Between => values.len() == 2,
            Operator::Lt
            | Operator::NotContains
            | Operator::Eq
            | Operator::Gt
            | Operator::Ne
            | Operator::Le
            | Operator::BeginsWith
            | Operator::Ge
            | Operator::Contains => values.len() == 1,
        };
        if !count_fits {
            return Err(Exception::validation(messages::operator_arguments(
                self.word(),
            )));
        }
        let allowed: &[Type] = match self {
            Operator::Null | Operator::NotNull | Operator::Eq | Operator::Ne => return Ok(()),
            Operator::In
            | Operator::Between
            | Operator::Lt
            | Operator::Le
            | Operator::Gt
            | Operator::Ge => &[Type::S, Type::N, Type::B],
            Operator::Contains | Operator::NotContains => {
                &[Type::S, Type::N, Type::B, Type::Bool, Type::Null]
            }
            Operator::BeginsWith => &[Type::S, Type::B],
        };
        match values
            .iter()
            .map(AttributeValue::attribute_type)
            .find(|found| !allowed.contains(found))
        {
            None => self.check_together(values),
            Some(found) => Err(Exception::validation(messages::operator_type(
                self.word(),
                found.descriptor(),
            ))),
        }
    }

    /// The values of IN are of one type, those of BETWEEN also in order.
    fn check_together(self, values: &[AttributeValue]) -> Result<(), Exception> {
        let mixed = values
            .windows(2)
            .any(|pair| pair[0].attribute_type() != pair[1].attribute_type());
        let refused = |message: &str| Err(Exception::validation(message));
        match self {
            Operator::In if mixed => refused(messages::IN_OF_SEVERAL_TYPES),
            Operator::Between if mixed => refused(messages::BETWEEN_OF_SEVERAL_TYPES),
            Operator::Between if is_descending(values) => refused(messages::BETWEEN_DESCENDING),
            _ => Ok(()),
        }
    }

    fn condition(
        self,
        attribute: &str,
        values: Vec<AttributeValue>,
    ) -> Result<Condition, Exception> {
        self.check(&values)?;
        let path = attribute_path(attribute.to_owned());
        let operand = Operand::Path(path.clone());
        let mut values = values.into_iter().map(Operand::constant);
        let mut next = || {
            values
                .next()
                .ok_or_else(|| Exception::validation(messages::operator_arguments(self.word())))
        };
        Ok(match self {
            Operator::Null => Condition::AttributeNotExists(path),
            Operator::NotNull => Condition::AttributeExists(path),
            Operator::Eq => Condition::Compare(operand, Comparison::Eq, next()?),
            Operator::Ne => Condition::Compare(operand, Comparison::Ne, next()?),
            Operator::Lt => Condition::Compare(operand, Comparison::Lt, next()?),
            Operator::Le => Condition::Compare(operand, Comparison::Le, next()?),
            Operator::Gt => Condition::Compare(operand, Comparison::Gt, next()?),
            Operator::Ge => Condition::Compare(operand, Comparison::Ge, next()?),
            Operator::BeginsWith => Condition::BeginsWith(operand, next()?),
            Operator::Contains => Condition::Contains(operand, next()?),
            Operator::NotContains => {
                Condition::Not(Box::new(Condition::Contains(operand, next()?)))
            }
            Operator::Between => Condition::Between(operand, next()?, next()?),
            Operator::In => Condition::In(operand, values.collect()),
        })
    }
}

/// Whether the first of two values of one ordered type is above the second.
fn is_descending(values: &[AttributeValue]) -> bool {
    match values {
        [AttributeValue::S(low), AttributeValue::S(high)] => low > high,
        [AttributeValue::N(low), AttributeValue::N(high)] => low > high,
        [AttributeValue::B(low), AttributeValue::B(high)] => low > high,
        _ => false,
    }
}

/// What the API model calls a parameter's type.
fn shape_of(parameter: &str) -> &'static str {
    match parameter {
        "AttributesToGet" => "AttributeNameList",
        "AttributeUpdates" => "AttributeUpdates",
        "Expected" => "ExpectedAttributeMap",
        "KeyConditions" => "KeyConditions",
        _ => "FilterConditionMap",
    }
}

fn attribute_path(name: String) -> Path {
    Path {
        root: name,
        steps: Vec::new(),
    }
}

/// ComparisonOperator and AttributeValueList of a Condition structure.
fn operator_and_values(json: Json<'_>) -> Result<(Operator, Vec<AttributeValue>), Exception> {
    let mut structure = Structure::open(json, "Condition")?;
    let values = value_list(&mut structure)?.unwrap_or_default();
    let operator = comparison_operator(&mut structure)?;
    let operator = operator.ok_or_else(|| internal("a condition without an operator"))?;
    Ok((operator, values))
}

/// The constraints are checked: a word that is given is one of them.
fn comparison_operator(structure: &mut Structure<'_>) -> Result<Option<Operator>, Exception> {
    let word = structure.string("ComparisonOperator")?;
    let mut operators = Operator::ALL.iter();
    let found = operators.find(|(known, _)| word.as_deref() == Some(known));
    Ok(found.map(|(_, operator)| *operator))
}

fn value_list(structure: &mut Structure<'_>) -> Result<Option<Vec<AttributeValue>>, Exception> {
    let Some(values) = structure.list("AttributeValueList")? else {
        return Ok(None);
    };
    values
        .into_iter()
        .map(decode_value)
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

/// A condition of QueryFilter or ScanFilter.
fn filter(attribute: &str, json: Json<'_>) -> Result<Condition, Exception> {
    let (operator, values) = operator_and_values(json)?;
    operator.condition(attribute, values)
}

/// A condition of Expected: an operator with its list, or Value and Exists.
fn expected(attribute: &str, json: Json<'_>) -> Result<Condition, Exception> {
    let mut structure = Structure::open(json, "ExpectedAttributeValue")?;
    let value = structure.take("Value").map(decode_value).transpose()?;
    let exists = structure.bool("Exists")?;
    let list = value_list(&mut structure)?;
    let operator = comparison_operator(&mut structure)?;
    let refused = |message| Err(Exception::validation(message));
    match (operator, list, value, exists) {
        (Some(_), _, _, Some(_)) => refused(messages::operator_and_exists(attribute)),
        (_, Some(_), Some(_), _) => refused(messages::operator_and_value(attribute)),
        (Some(operator), Some(list), None, None) => operator.condition(attribute, list),
        (Some(operator), None, value, None) => {
            operator.condition(attribute, value.into_iter().collect())
        }
        (None, Some(_), None, _) => refused(messages::list_without_operator(attribute)),
        (None, None, Some(_), Some(false)) => refused(messages::value_without_exists(attribute)),
        (None, None, Some(value), Some(true) | None) => {
            Operator::Eq.condition(attribute, vec![value])
        }
        (None, None, None, Some(false)) => Operator::Null.condition(attribute, Vec::new()),
        (None, None, None, Some(true)) => refused(messages::exists_without_value(attribute)),
        (None, None, None, None) => refused(messages::expected_empty(attribute)),
    }
}

/// An action of AttributeUpdates.
fn action(attribute: &str, json: Json<'_>) -> Result<Action, Exception> {
    #[derive(Clone, Copy)]
    enum Word {
        Put,
        Add,
        Delete,
    }
    let mut structure = Structure::open(json, "AttributeValueUpdate")?;
    let value = structure.take("Value").map(decode_value).transpose()?;
    // The constraints are checked: it is one of three words, of which PUT is the default.
    let action = match structure.string("Action")?.as_deref() {
        Some("ADD") => Word::Add,
        Some("DELETE") => Word::Delete,
        _ => Word::Put,
    };
    let path = attribute_path(attribute.to_owned());
    let refused = |message| Err(Exception::validation(message));
    match (action, value) {
        (Word::Put, Some(value)) => Ok(Action::Set(path, SetValue::constant(value))),
        (Word::Delete, None) => Ok(Action::Remove(path)),
        (Word::Put | Word::Add, None) => refused(messages::UPDATE_WITHOUT_VALUE.to_owned()),
        (Word::Add, Some(value)) => match value.attribute_type() {
            AttributeType::N | AttributeType::Ss | AttributeType::Ns | AttributeType::Bs => {
                Ok(Action::Add(path, Arc::new(value)))
            }
            AttributeType::L => {
                let current = SetValue::IfNotExists(
                    path.clone(),
                    Box::new(SetValue::constant(AttributeValue::L(Vec::new()))),
                );
                let appended =
                    SetValue::ListAppend(Box::new(current), Box::new(SetValue::constant(value)));
                Ok(Action::Set(path, appended))
            }
            other => refused(messages::update_value_type("ADD", other.descriptor())),
        },
        (Word::Delete, Some(value)) => match value.attribute_type() {
            AttributeType::Ss | AttributeType::Ns | AttributeType::Bs => {
                Ok(Action::Delete(path, Arc::new(value)))
            }
            other => refused(messages::update_value_type("DELETE", other.descriptor())),
        },
    }
}
