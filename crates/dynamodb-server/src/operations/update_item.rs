//! UpdateItem.

use super::write::{WriteParameters, condition, counted};
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{Error, UpdateItem};
use shale_expression::EvaluationError;

pub(crate) async fn update_item(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?.into_owned();
    let key = constraints.required(request.take("Key"), "Key");
    let parameters = WriteParameters::take(&mut request, &mut constraints)?;
    let mut legacy = Legacy::take(
        &mut request,
        &mut constraints,
        &["AttributeUpdates", "Expected"],
    )?;
    constraints.check()?;

    let mut by_expression = false;
    let (key, update, condition) = counted(|| {
        let key = key.map(decode_item_json).transpose()?.unwrap_or_default();
        let update_expression = request.string("UpdateExpression")?;
        let condition_expression = request.string("ConditionExpression")?;
        let attributes = ExpressionAttributes::take(
            &mut request,
            &[
                ("UpdateExpression", update_expression.is_some()),
                ("ConditionExpression", condition_expression.is_some()),
            ],
            &legacy,
        )?;
        let mut expressions = attributes.expressions();
        by_expression = update_expression.is_some();
        let update = match update_expression {
            Some(text) => Some(expressions.update(&text)?),
            None => legacy.updates()?,
        };
        let condition = condition(
            condition_expression.as_deref(),
            &mut legacy,
            &mut expressions,
        )?;
        expressions.finish()?;
        Ok((key, update, condition))
    })?;

    let collection = parameters.collection_key(service, &table, &key);
    let output = service
        .engine
        .update_item(UpdateItem {
            table: table.clone(),
            key,
            update,
            condition,
            return_values: parameters.return_values,
            return_item_on_failure: parameters.return_item_on_failure,
        })
        .await
        .map_err(|error| match error {
            Error::Evaluation(EvaluationError::OperandType { .. }) if !by_expression => {
                Exception::validation(messages::UPDATED_ATTRIBUTE_TYPE)
            }
            error => service.exception(error, Subject::Update, &table),
        })?;
    Ok(parameters.answer(service, &table, &collection, &output))
}
