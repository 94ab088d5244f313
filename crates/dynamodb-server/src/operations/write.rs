//! What PutItem, UpdateItem and DeleteItem have in common.

use super::capacity::{Consumed, ReturnConsumedCapacity};
use super::collection_metrics::{self, CollectionKey, ReturnItemCollectionMetrics};
use crate::attribute_value::{decode_item_json, write_item};
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType};
use crate::expressions::{ExpressionAttributes, Expressions, Legacy};
use crate::json::{ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{ReturnValues, WriteOutput};
use shale_expression::Condition;
use shale_item::Item;

/// Parameters of every write.
pub(super) struct WriteParameters {
    pub(super) return_values: ReturnValues,
    pub(super) return_item_on_failure: bool,
    capacity: ReturnConsumedCapacity,
    metrics: ReturnItemCollectionMetrics,
}

impl WriteParameters {
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<WriteParameters, Exception> {
        let return_values = request.string("ReturnValues")?;
        let values = [
            ("ALL_NEW", ReturnValues::AllNew),
            ("UPDATED_OLD", ReturnValues::UpdatedOld),
            ("ALL_OLD", ReturnValues::AllOld),
            ("NONE", ReturnValues::None),
            ("UPDATED_NEW", ReturnValues::UpdatedNew),
        ];
        let return_values = constraints
            .enumeration(return_values.as_deref(), "ReturnValues", &values)
            .unwrap_or_default();
        let path = "ReturnValuesOnConditionCheckFailure";
        let return_item_on_failure = return_item_on_failure(request, constraints, path)?;
        let metrics = ReturnItemCollectionMetrics::take(request, constraints)?;
        Ok(WriteParameters {
            return_values,
            return_item_on_failure,
            metrics,
            capacity: ReturnConsumedCapacity::take(request, constraints)?,
        })
    }

    /// PutItem and DeleteItem can return the old item or nothing.
    fn only_old(&self) -> Result<(), Exception> {
        match self.return_values {
            ReturnValues::None | ReturnValues::AllOld => Ok(()),
            ReturnValues::UpdatedOld | ReturnValues::AllNew | ReturnValues::UpdatedNew => {
                Err(Exception::validation(messages::RETURN_VALUES_OLD))
            }
        }
    }

    /// The key of the item's collection, if the answer tells of it.
    pub(super) fn collection_key(
        &self,
        service: &Service,
        table: &str,
        attributes: &Item,
    ) -> CollectionKey {
        self.metrics.key_of(service, table, attributes)
    }

    /// The answer's body.
    pub(super) fn answer(
        &self,
        service: &Service,
        table: &str,
        collection: &CollectionKey,
        output: &WriteOutput,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let mut answer = ObjectWriter::begin(&mut out);
        if let Some(item) = output.attributes.as_ref().filter(|item| !item.is_empty()) {
            write_item(answer.member("Attributes"), item);
        }
        self.capacity.write_consumed(&mut answer, table, || {
            let indexes = output.index_capacity.iter();
            let indexes = indexes.map(|(name, units)| (name, *units));
            Consumed::with_indexes(service, table, output.capacity, indexes)
        });
        collection_metrics::write_one(&mut answer, collection, output.collection_bytes);
        answer.end();
        out
    }
}

/// A write of a whole item under a condition: what PutItem and DeleteItem ask for.
pub(super) struct WholeWrite {
    pub(super) table: String,
    /// The item to put, or the key to delete.
    pub(super) attributes: Item,
    pub(super) condition: Option<Condition>,
    pub(super) parameters: WriteParameters,
    /// Of the item, if the answer tells of it.
    pub(super) collection: CollectionKey,
}

impl WholeWrite {
    /// Takes a request whose item or key is that member.
    pub(super) fn take(
        service: &Service,
        mut request: Structure<'_>,
        member: &'static str,
    ) -> Result<WholeWrite, Exception> {
        let mut constraints = Constraints::default();
        let table = constraints.table_name(service, &mut request)?.into_owned();
        let attributes = constraints.required(request.take(member), member);
        let parameters = WriteParameters::take(&mut request, &mut constraints)?;
        let mut legacy = Legacy::take(&mut request, &mut constraints, &["Expected"])?;
        constraints.check()?;

        let (attributes, condition) = counted(|| {
            let attributes = attributes.map(decode_item_json).transpose()?;
            let condition_expression = request.string("ConditionExpression")?;
            let placeholders = ExpressionAttributes::take(
                &mut request,
                &[("ConditionExpression", condition_expression.is_some())],
                &legacy,
            )?;
            let mut expressions = placeholders.expressions();
            parameters.only_old()?;
            let condition = condition(
                condition_expression.as_deref(),
                &mut legacy,
                &mut expressions,
            )?;
            expressions.finish()?;
            Ok((attributes.unwrap_or_default(), condition))
        })?;
        Ok(WholeWrite {
            collection: parameters.collection_key(service, &table, &attributes),
            table,
            attributes,
            condition,
            parameters,
        })
    }
}

/// Reads what is left of a request when the constraints of the API model hold.
/// PutItem, UpdateItem and DeleteItem word what is wrong there as one violated constraint (the service's answers since June 2026);
/// what depends on the table is worded as it is, and so is everything that reads, batches and transactions find.
pub(super) fn counted<T>(read: impl FnOnce() -> Result<T, Exception>) -> Result<T, Exception> {
    read().map_err(|exception| match exception.exception_type {
        ExceptionType::Validation => {
            Exception::validation(messages::constraints(&[exception.message]))
        }
        _ => exception,
    })
}

/// ReturnValuesOnConditionCheckFailure: whether a failed condition shows the item.
pub(super) fn return_item_on_failure(
    structure: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<bool, Exception> {
    let text = structure.string("ReturnValuesOnConditionCheckFailure")?;
    let values = [("ALL_OLD", true), ("NONE", false)];
    let value = constraints.enumeration(text.as_deref(), path, &values);
    Ok(value.unwrap_or_default())
}

/// The condition of a write, from ConditionExpression or from Expected.
pub(super) fn condition(
    expression: Option<&str>,
    legacy: &mut Legacy<'_>,
    expressions: &mut Expressions<'_>,
) -> Result<Option<Condition>, Exception> {
    match expression {
        Some(text) => Ok(Some(expressions.condition("ConditionExpression", text)?)),
        None => legacy.conditions("Expected"),
    }
}
