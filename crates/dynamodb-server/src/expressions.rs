//! The expression parameters of a request: placeholders, texts, and their legacy counterparts, all into `expression`'s syntax tree.
//!
//! Not here: grammar and evaluation (`expression`), which parameters an operation has (`operations`).

mod legacy;
mod wording;

#[cfg(test)]
mod tests;

pub(crate) use legacy::Legacy;
pub(crate) use wording::key_condition_message;

use crate::attribute_value::decode_value;
use crate::exception::{Exception, ExceptionType};
use crate::json::Structure;
use crate::messages;
use shale_expression::{
    Condition, ExpressionError, KeyCondition, Placeholders, Projection, SUBSTITUTIONS_BYTES_MAX,
    Update, parse_condition, parse_key_condition, parse_projection, parse_update,
};
use shale_item::AttributeValue;
use std::collections::BTreeMap;

const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// ExpressionAttributeNames and ExpressionAttributeValues.
#[derive(Debug, Default)]
pub(crate) struct ExpressionAttributes {
    names: Option<BTreeMap<String, String>>,
    values: Option<BTreeMap<String, AttributeValue>>,
}

impl ExpressionAttributes {
    /// Takes both parameters. `expressions` are the expression parameters that the operation knows, and whether the request has them;
    /// the order is that of messages.
    pub(crate) fn take(
        request: &mut Structure<'_>,
        expressions: &[(&str, bool)],
        legacy: &Legacy<'_>,
    ) -> Result<ExpressionAttributes, Exception> {
        let names = request.map(NAMES, "java.lang.String")?;
        let values = request.map(VALUES, "com.amazonaws.dynamodb.v20120810.AttributeValue")?;
        let given: Vec<&str> = expressions
            .iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| *name)
            .collect();
        let refused = |message: String| Err(Exception::validation(message));
        if !legacy.is_empty() && !given.is_empty() {
            return refused(messages::mixed_parameters(&legacy.parameters(), &given));
        }
        if names.is_some() && given.is_empty() {
            return refused(messages::NAMES_WITHOUT_EXPRESSION.to_owned());
        }
        let takes_values = |name: &&str| *name != "ProjectionExpression";
        if values.is_some() && !given.iter().any(takes_values) {
            let parameters: Vec<&str> = expressions
                .iter()
                .map(|(name, _)| *name)
                .filter(takes_values)
                .collect();
            return refused(messages::values_without_expression(&parameters));
        }
        let mut attributes = ExpressionAttributes::default();
        if let Some(members) = names {
            if members.is_empty() {
                return refused(messages::NAMES_EMPTY.to_owned());
            }
            let mut names = BTreeMap::new();
            for (key, json) in members {
                check_placeholder(NAMES, &key, '#')?;
                let name = json.into_string()?.into_owned();
                if name.is_empty() {
                    return refused(messages::empty_placeholder_name(&key));
                }
                names.insert(key.into_owned(), name);
            }
            attributes.names = Some(names);
        }
        if let Some(members) = values {
            if members.is_empty() {
                return refused(messages::VALUES_EMPTY.to_owned());
            }
            let mut values = BTreeMap::new();
            for (key, json) in members {
                check_placeholder(VALUES, &key, ':')?;
                let value = decode_value(json).map_err(|exception| in_values(exception, &key))?;
                values.insert(key.into_owned(), value);
            }
            attributes.values = Some(values);
        }
        attributes.check_size()?;
        Ok(attributes)
    }

    /// "The maximum length of all substitution variables in an expression is 2 MB. This is the sum of the lengths of all
    /// ExpressionAttributeNames and ExpressionAttributeValues."
    fn check_size(&self) -> Result<(), Exception> {
        let names = self.names.iter().flatten();
        let values = self.values.iter().flatten();
        let bytes = names
            .map(|(key, name)| key.len() + name.len())
            .sum::<usize>()
            + values
                .map(|(key, value)| key.len() + value.size())
                .sum::<usize>();
        match bytes > SUBSTITUTIONS_BYTES_MAX {
            true => Err(Exception::validation(messages::substitutions_too_large(
                bytes,
                SUBSTITUTIONS_BYTES_MAX,
            ))),
            false => Ok(()),
        }
    }

    /// Parses expressions with these placeholders; [`Expressions::finish`] refuses those that none used.
    pub(crate) fn expressions(&self) -> Expressions<'_> {
        Expressions {
            placeholders: Placeholders::new(self.names.as_ref(), self.values.as_ref()),
        }
    }
}

/// A faulty value is told with its placeholder.
fn in_values(exception: Exception, key: &str) -> Exception {
    if exception.exception_type != ExceptionType::Validation {
        return exception;
    }
    Exception::validation(messages::invalid_placeholder_value(&exception.message, key))
}

/// `#` or `:`, then letters, digits and underscores.
fn check_placeholder(parameter: &str, key: &str, sigil: char) -> Result<(), Exception> {
    let valid = key.strip_prefix(sigil).is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    if valid {
        return Ok(());
    }
    Err(Exception::validation(messages::invalid_placeholder(
        parameter, key,
    )))
}

/// The expressions of one request.
pub(crate) struct Expressions<'a> {
    placeholders: Placeholders<'a>,
}

impl Expressions<'_> {
    /// A condition or filter; `parameter` is its name in messages.
    pub(crate) fn condition(
        &mut self,
        parameter: &str,
        text: &str,
    ) -> Result<Condition, Exception> {
        parse_condition(text, &mut self.placeholders).map_err(|error| invalid(parameter, &error))
    }

    /// UpdateExpression.
    pub(crate) fn update(&mut self, text: &str) -> Result<Update, Exception> {
        parse_update(text, &mut self.placeholders)
            .map_err(|error| invalid("UpdateExpression", &error))
    }

    /// ProjectionExpression.
    pub(crate) fn projection(&mut self, text: &str) -> Result<Projection, Exception> {
        parse_projection(text, &mut self.placeholders)
            .map_err(|error| invalid("ProjectionExpression", &error))
    }

    /// KeyConditionExpression.
    pub(crate) fn key_condition(&mut self, text: &str) -> Result<KeyCondition, Exception> {
        parse_key_condition(text, &mut self.placeholders)
            .map_err(|error| invalid("KeyConditionExpression", &error))
    }

    /// Refuses placeholders that no expression used.
    pub(crate) fn finish(self) -> Result<(), Exception> {
        let unused: Vec<&str> = self.placeholders.unused_names().collect();
        if !unused.is_empty() {
            return Err(Exception::validation(messages::unused(NAMES, &unused)));
        }
        let unused: Vec<&str> = self.placeholders.unused_values().collect();
        if !unused.is_empty() {
            return Err(Exception::validation(messages::unused(VALUES, &unused)));
        }
        Ok(())
    }
}

fn invalid(parameter: &str, error: &ExpressionError) -> Exception {
    Exception::validation(wording::expression_message(parameter, error))
}
