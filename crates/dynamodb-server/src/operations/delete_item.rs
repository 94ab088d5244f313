//! DeleteItem.

use super::write::WholeWrite;
use crate::exception::{Exception, Subject};
use crate::json::Structure;
use crate::service::Service;
use shale_engine::DeleteItem;

pub(crate) async fn delete_item(
    service: &Service,
    request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let write = WholeWrite::take(service, request, "Key")?;
    let output = service
        .engine
        .delete_item(DeleteItem {
            table: write.table.clone(),
            key: write.attributes,
            condition: write.condition,
            return_values: write.parameters.return_values,
            return_item_on_failure: write.parameters.return_item_on_failure,
        })
        .await
        .map_err(|error| service.exception(error, Subject::Key, &write.table))?;
    let WholeWrite {
        table,
        collection,
        parameters,
        ..
    } = write;
    Ok(parameters.answer(service, &table, &collection, &output))
}
