//! The constraints that the API model declares, collected and reported together:
//! `2 validation errors detected: Value 'x' at 'select' failed to satisfy constraint: …; Value null at …`.
//!
//! Not here: rules between parameters (the operations' modules).

use crate::exception::Exception;
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use std::borrow::Cow;
use std::fmt::Display;

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

    /// Notes a violation; `value` is quoted already.
    pub(crate) fn violated(&mut self, value: &str, path: &str, rule: &str) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations
                .push(messages::constraint(value, path, rule));
        }
    }

    /// A required member that is absent.
    pub(crate) fn missing(&mut self, path: &str) {
        self.violated("null", path, "Member must not be null");
    }

    /// Notes that a required member is absent, or hands it on.
    pub(crate) fn required<T>(&mut self, value: Option<T>, path: &str) -> Option<T> {
        if value.is_none() {
            self.missing(path);
        }
        value
    }

    /// A length in characters (strings) or elements.
    pub(crate) fn length(
        &mut self,
        value: &str,
        length: usize,
        path: &str,
        min: usize,
        max: usize,
    ) {
        if length < min {
            let rule = format!("Member must have length greater than or equal to {min}");
            self.violated(value, path, &rule);
        }
        if length > max {
            let rule = format!("Member must have length less than or equal to {max}");
            self.violated(value, path, &rule);
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
            Some(0) => self.length("'[]'", 0, path, min, max),
            Some(length) => self.length("'[...]'", length, path, min, max),
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
            self.length(
                &quoted(token),
                length,
                "clientRequestToken",
                1,
                CHARACTERS_MAX,
            );
        }
        Ok(token)
    }

    /// A number's range.
    pub(crate) fn range<T: PartialOrd + Display>(&mut self, value: T, path: &str, min: T, max: T) {
        let quoted = format!("'{value}'");
        if value < min {
            let rule = format!("Member must have value greater than or equal to {min}");
            self.violated(&quoted, path, &rule);
        }
        if value > max {
            let rule = format!("Member must have value less than or equal to {max}");
            self.violated(&quoted, path, &rule);
        }
    }

    /// The pattern of table and index names.
    pub(crate) fn name_pattern(&mut self, name: &str, path: &str) {
        let valid = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !valid {
            self.pattern(name, path, "[a-zA-Z0-9_.-]+");
        }
    }

    /// A text that a pattern does not match.
    pub(crate) fn pattern(&mut self, text: &str, path: &str, pattern: &str) {
        let rule = format!("Member must satisfy regular expression pattern: {pattern}");
        self.violated(&quoted(text), path, &rule);
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
            let rule = format!(
                "Member must satisfy enum value set: {}",
                messages::bracketed(&words)
            );
            self.violated(&quoted(text), path, &rule);
        }
        found.map(|(_, value)| *value)
    }

    /// Takes the TableName parameter: a name, or a table's ARN, whose name is then used.
    pub(crate) fn table_name<'a>(
        &mut self,
        service: &Service,
        request: &mut Structure<'a>,
    ) -> Result<Cow<'a, str>, Exception> {
        self.table_name_at(service, request, "tableName")
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
        const TABLE_ARN_CHARACTERS_MAX: usize = 1024;
        let characters = name.chars().count();
        // Quoted only for the message: every request comes here.
        if !(1..=TABLE_ARN_CHARACTERS_MAX).contains(&characters) {
            let max = TABLE_ARN_CHARACTERS_MAX;
            self.length(&quoted(name), characters, path, 1, max);
        }
        if table_of_arn(name).is_none() {
            self.name_pattern(name, path);
        }
    }
}

/// `'text'`, as messages quote a value; long values are cut.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 1024;
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("'{}...'", &text[..end]),
        None => format!("'{text}'"),
    }
}

/// The table's name in `arn:aws:dynamodb:<region>:<account>:table/<name>`.
pub(crate) fn table_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix("arn:aws:dynamodb:")?.splitn(3, ':');
    let (_region, _account) = (parts.next()?, parts.next()?);
    let name = parts.next()?.strip_prefix("table/")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}
