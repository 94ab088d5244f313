//! PutItem.

use super::write::WholeWrite;
use crate::exception::{Exception, Subject};
use crate::json::Structure;
use crate::service::Service;
use shale_engine::PutItem;

pub(crate) async fn put_item(
    service: &Service,
    request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let write = WholeWrite::take(service, request, "Item")?;
    let output = service
        .engine
        .put_item(PutItem {
            table: write.table.clone(),
            item: write.attributes,
            condition: write.condition,
            return_values: write.parameters.return_values,
            return_item_on_failure: write.parameters.return_item_on_failure,
        })
        .await
        .map_err(|error| service.exception(error, Subject::Item, &write.table))?;
    let WholeWrite {
        table,
        collection,
        parameters,
        ..
    } = write;
    Ok(parameters.answer(service, &table, &collection, &output))
}
