//! What the PartiQL operations have in common: the parameters of a statement, and what it consumed.

use super::capacity::Consumed;
use super::write::return_item_on_failure;
use crate::attribute_value::decode_value;
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{Json, Structure};
use crate::permission::Caller;
use crate::service::Service;
use shale_sql::{PartiQlOutput, PartiQlRequest};
use std::borrow::Cow;

/// Characters of a statement, at most (documented).
const STATEMENT_CHARACTERS_MAX: usize = 8192;

/// What a statement consumed.
pub(super) fn consumed(service: &Service, output: &PartiQlOutput) -> Consumed {
    let indexes = output.index_capacity.iter();
    let indexes = indexes.map(|(name, units)| (name, *units));
    Consumed::with_indexes(service, &output.table, output.capacity, indexes)
}

/// A statement, its constraints checked.
pub(super) struct Statement<'a> {
    pub(super) text: Cow<'a, str>,
    parameters: Vec<Json<'a>>,
    return_item_on_failure: bool,
}

impl<'a> Statement<'a> {
    /// Takes Statement, Parameters and ReturnValuesOnConditionCheckFailure; `prefix` is what stands before them in messages.
    pub(super) fn take(
        structure: &mut Structure<'a>,
        constraints: &mut Constraints,
        prefix: &str,
    ) -> Result<Statement<'a>, Exception> {
        let path = |member: &str| format!("{prefix}{member}");
        let text = structure.string("Statement")?;
        match &text {
            None => constraints.missing(&path("Statement")),
            Some(text) => constraints.length(
                text.chars().count(),
                &path("Statement"),
                1,
                STATEMENT_CHARACTERS_MAX,
            ),
        }
        let parameters = structure.list("Parameters")?;
        if parameters.as_ref().is_some_and(Vec::is_empty) {
            constraints.length(0, &path("Parameters"), 1, usize::MAX);
        }
        Ok(Statement {
            text: text.unwrap_or_default(),
            parameters: parameters.unwrap_or_default(),
            return_item_on_failure: return_item_on_failure(
                structure,
                constraints,
                &path("ReturnValuesOnConditionCheckFailure"),
            )?,
        })
    }

    /// The caller's request for it, with nothing but these parameters.
    pub(super) fn decode(self, caller: &Caller) -> Result<PartiQlRequest, Exception> {
        let parameters = self.parameters.into_iter().map(decode_value);
        Ok(PartiQlRequest {
            statement: self.text.into_owned(),
            parameters: parameters.collect::<Result<_, _>>()?,
            return_item_on_failure: self.return_item_on_failure,
            read_only: caller.only_reads(),
            ..PartiQlRequest::default()
        })
    }
}
