//! SearchVectors: no table has a vector index yet.

use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;

pub(crate) fn search_vectors(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let description = service.engine.describe_table(&table);
    description.map_err(|error| service.exception(error, Subject::Query, &table))?;
    let index = request.string("IndexName")?.unwrap_or_default();
    Err(Exception::validation(messages::no_index(&index)))
}
