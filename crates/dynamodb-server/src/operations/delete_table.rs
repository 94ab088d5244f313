//! DeleteTable.

use super::table_description::{Answering, answer};
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::Structure;
use crate::service::Service;

pub(crate) async fn delete_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let description = service
        .engine
        .delete_table(&table)
        .await
        .map_err(|error| service.exception(error, Subject::Table, &table))?;
    Ok(answer(
        service,
        &description,
        Answering::State,
        "TableDescription",
    ))
}
