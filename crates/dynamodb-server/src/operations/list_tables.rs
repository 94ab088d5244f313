//! ListTables.

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure, write_list, write_string};
use crate::service::Service;

/// The documented limit of one page, also the default.
const LIMIT_MAX: i32 = 100;

pub(crate) fn list_tables(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let start = request.string("ExclusiveStartTableName")?;
    if let Some(start) = &start {
        let path = "ExclusiveStartTableName";
        constraints.length(start.chars().count(), path, 1, 255);
        constraints.name_pattern(start, path);
    }
    let limit = request.integer("Limit")?;
    if let Some(limit) = limit {
        constraints.range(limit, "Limit", 1, LIMIT_MAX);
    }
    constraints.check()?;

    let limit = limit.unwrap_or(LIMIT_MAX).unsigned_abs() as usize;
    // One more than asked for tells whether there is another page.
    let mut names = service.engine.list_tables(start.as_deref(), limit + 1);
    let more = names.len() > limit;
    names.truncate(limit);

    let mut out = Vec::with_capacity(64 + names.len() * 32);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("TableNames"), &names, |out, name| {
        write_string(out, name);
    });
    if let Some(last) = names.last().filter(|_| more) {
        answer.string("LastEvaluatedTableName", last);
    }
    answer.end();
    Ok(out)
}
