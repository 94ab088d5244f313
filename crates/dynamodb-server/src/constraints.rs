//! The constraints that the API model declares, collected and reported together:
//! `2 validation errors detected: Value at 'Select' failed to satisfy constraint: …; Value at …`.
//!
//! Not here: rules between parameters (the operations' modules).

use crate::exception::Exception;
use crate::json::{Json, Structure};
use crate::messages;
use crate::service::Service;
use std::borrow::Cow;
use std::fmt::Display;

/// The pattern of table and index names.
const NAME_PATTERN: &str = "[a-zA-Z0-9_.-]+";
/// Characters of a table's ARN, at most.
const TABLE_ARN_CHARACTERS_MAX: usize = 1024;
/// Characters of a name in ExpressionAttributeNames, at most.
const ATTRIBUTE_NAME_CHARACTERS_MAX: usize = 65_535;

/// At most this many violations are worded; a request can hold thousands of wrong elements.
const VIOLATIONS_MAX: usize = 10;

/// Violations found so far.
#[derive(Debug, Default)]
pub(crate) struct Constraints {
    violations: Vec<String>,
}

impl Constraints {
    /// Fails if a constraint was violated.
    pub(crate) fn check(self) -> Result<(), Exception> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(self.into_exception())
    }

    /// The exception that lists the violations.
    pub(crate) fn into_exception(self) -> Exception {
        Exception::validation(messages::constraints(&self.violations))
    }

    /// Notes a violation.
    pub(crate) fn violated(&mut self, path: &str, rule: &str) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(messages::constraint(path, rule));
        }
    }

    /// A required member that is absent.
    pub(crate) fn missing(&mut self, path: &str) {
        self.violated(path, messages::MEMBER_MISSING);
    }

    /// Notes that a required member is absent, or hands it on.
    pub(crate) fn required<T>(&mut self, value: Option<T>, path: &str) -> Option<T> {
        if value.is_none() {
            self.missing(path);
        }
        value
    }

    /// A length in characters (strings) or elements.
    pub(crate) fn length(&mut self, length: usize, path: &str, min: usize, max: usize) {
        if length < min {
            self.violated(path, &messages::at_least("length", min));
        }
        if length > max {
            self.violated(path, &messages::at_most("length", max));
        }
    }

    /// A list's length; `None` if it is absent.
    pub(crate) fn list_length(
        &mut self,
        length: Option<usize>,
        path: &str,
        min: usize,
        max: usize,
    ) {
        match length {
            None => self.missing(path),
            Some(length) => self.length(length, path, min, max),
        }
    }

    /// ClientRequestToken.
    pub(crate) fn client_request_token<'a>(
        &mut self,
        request: &mut Structure<'a>,
    ) -> Result<Option<Cow<'a, str>>, Exception> {
        const CHARACTERS_MAX: usize = 36;
        let token = request.string("ClientRequestToken")?;
        if let Some(token) = &token {
            let length = token.chars().count();
            self.length(length, "ClientRequestToken", 1, CHARACTERS_MAX);
        }
        Ok(token)
    }

    /// A number's range.
    pub(crate) fn range<T: PartialOrd + Display>(&mut self, value: T, path: &str, min: T, max: T) {
        if value < min {
            self.violated(path, &messages::at_least("value", min));
        }
        if value > max {
            self.violated(path, &messages::at_most("value", max));
        }
    }

    /// The pattern of table and index names.
    pub(crate) fn name_pattern(&mut self, name: &str, path: &str) {
        if !is_name(name) {
            self.violated(path, &messages::pattern(NAME_PATTERN));
        }
    }

    /// The member of an enumeration that a text names. `values` pairs the words with their meaning, in the order of the message.
    pub(crate) fn enumeration<T: Copy>(
        &mut self,
        text: Option<&str>,
        path: &str,
        values: &[(&str, T)],
    ) -> Option<T> {
        let text = text?;
        let found = values.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<&str> = values.iter().map(|(word, _)| *word).collect();
            self.violated(path, &messages::enumeration(&words));
        }
        found.map(|(_, value)| *value)
    }

    /// Takes the TableName parameter: a name, or a table's ARN, whose name is then used.
    pub(crate) fn table_name<'a>(
        &mut self,
        service: &Service,
        request: &mut Structure<'a>,
    ) -> Result<Cow<'a, str>, Exception> {
        self.table_name_at(service, request, "TableName")
    }

    /// As `table_name`, of a structure inside the request.
    pub(crate) fn table_name_at<'a>(
        &mut self,
        service: &Service,
        structure: &mut Structure<'a>,
        path: &str,
    ) -> Result<Cow<'a, str>, Exception> {
        let Some(name) = structure.string("TableName")? else {
            self.missing(path);
            return Ok(Cow::Borrowed(""));
        };
        self.check_table_name(&name, path);
        service.table_name(name)
    }

    /// The constraints of a parameter that names an existing table.
    pub(crate) fn check_table_name(&mut self, name: &str, path: &str) {
        let characters = name.chars().count();
        self.length(characters, path, 1, TABLE_ARN_CHARACTERS_MAX);
        if table_of_arn(name).is_none() {
            self.name_pattern(name, path);
        }
    }
}

/// Whether a text has only the characters of names of tables and indexes.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.bytes().all(is_allowed)
}

impl Constraints {
    /// The names of tables that are the keys of RequestItems.
    pub(crate) fn check_table_keys<'t>(&mut self, names: impl Iterator<Item = &'t str>) {
        let (mut lengths, mut patterns) = (true, true);
        for name in names {
            lengths &= (1..=TABLE_ARN_CHARACTERS_MAX).contains(&name.chars().count());
            patterns &= name.is_empty() || is_name(name) || table_of_arn(name).is_some();
        }
        if lengths && patterns {
            return;
        }
        let mut rules = vec![
            messages::at_most("length", TABLE_ARN_CHARACTERS_MAX),
            messages::at_least("length", 1),
        ];
        rules.extend((!patterns).then(|| messages::pattern(NAME_PATTERN)));
        let rule = messages::of_elements("Map keys", &rules);
        self.violated("RequestItems", &rule);
    }

    /// ExpressionAttributeNames of a structure at that path, with a dot behind it if it is inside the request.
    pub(crate) fn attribute_names(&mut self, structure: &Structure<'_>, path: &str) {
        let Some(Json::Object(names)) = structure.peek("ExpressionAttributeNames") else {
            return;
        };
        // Bytes first: they are counted already, and characters are not more.
        let too_long = |(_, name): &(Cow<'_, str>, Json<'_>)| match name {
            Json::String(name) => {
                name.len() > ATTRIBUTE_NAME_CHARACTERS_MAX
                    && name.chars().count() > ATTRIBUTE_NAME_CHARACTERS_MAX
            }
            _ => false,
        };
        if names.iter().any(too_long) {
            let rules = [messages::at_most("length", ATTRIBUTE_NAME_CHARACTERS_MAX)];
            let rule = messages::of_elements("Map value", &rules);
            let path = format!("{path}ExpressionAttributeNames");
            self.violated(&path, &rule);
        }
    }
}

/// The table's name in `arn:aws:dynamodb:<region>:<account>:table/<name>`.
pub(crate) fn table_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix("arn:aws:dynamodb:")?.splitn(3, ':');
    let (_region, _account) = (parts.next()?, parts.next()?);
    let name = parts.next()?.strip_prefix("table/")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}
