//! GetItem.

use super::capacity::ReturnConsumedCapacity;
use super::read::{projection, write_projected};
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::{ObjectWriter, Structure};
use crate::service::Service;
use shale_engine::GetItem;

pub(crate) fn get_item(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?.into_owned();
    let key = constraints.required(request.take("Key"), "Key");
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let mut legacy = Legacy::take(&mut request, &mut constraints, &["AttributesToGet"])?;
    constraints.check()?;

    let key = key.map(decode_item_json).transpose()?.unwrap_or_default();
    let consistent = request.bool("ConsistentRead")?.unwrap_or_default();
    let projection_expression = request.string("ProjectionExpression")?;
    let attributes = ExpressionAttributes::take(
        &mut request,
        &[("ProjectionExpression", projection_expression.is_some())],
        &legacy,
    )?;
    let mut expressions = attributes.expressions();
    let projection = projection(
        projection_expression.as_deref(),
        &mut legacy,
        &mut expressions,
    )?;
    expressions.finish()?;

    let get = GetItem {
        table,
        key,
        consistent,
    };
    let output = service
        .engine
        .get_item(&get)
        .map_err(|error| service.exception(error, Subject::Key, &get.table))?;
    let mut out = Vec::with_capacity(64 + output.item.as_ref().map_or(0, |item| item.size() * 2));
    let mut answer = ObjectWriter::begin(&mut out);
    if let Some(item) = &output.item {
        write_projected(answer.member("Item"), item.view(), projection.as_ref());
    }
    capacity.write(&mut answer, &get.table, output.capacity);
    answer.end();
    Ok(out)
}
