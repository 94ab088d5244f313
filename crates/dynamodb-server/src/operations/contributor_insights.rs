//! Contributor Insights, which are not there yet: off for every table and index.

use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;

/// What the insights are about.
struct Target {
    table: String,
    index: Option<String>,
}

impl Target {
    /// TableName and IndexName; both must be there.
    fn take(service: &Service, request: &mut Structure<'_>) -> Result<Target, Exception> {
        let mut constraints = Constraints::default();
        let table = constraints.table_name(service, request)?.into_owned();
        constraints.check()?;
        let index = request.string("IndexName")?;
        let description = service
            .engine
            .describe_table(&table)
            .map_err(|error| service.exception(error, Subject::Table, &table))?;
        if let Some(index) = &index
            && description.definition.derived.index(index).is_none()
        {
            return Err(Exception::new(
                ExceptionType::ResourceNotFound,
                messages::index_not_found(&table, index),
            ));
        }
        Ok(Target {
            table,
            index: index.map(std::borrow::Cow::into_owned),
        })
    }

    /// They are off.
    fn answer(&self) -> Vec<u8> {
        ObjectWriter::text(|answer| {
            answer.string("TableName", &self.table);
            if let Some(index) = &self.index {
                answer.string("IndexName", index);
            }
            answer.string("ContributorInsightsStatus", "DISABLED");
        })
    }
}

pub(crate) fn describe_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    Ok(Target::take(service, &mut request)?.answer())
}

/// Switching them off is done already.
pub(crate) fn update_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let target = Target::take(service, &mut request)?;
    match request.string("ContributorInsightsAction")?.as_deref() {
        Some("DISABLE") => Ok(target.answer()),
        _ => Err(Exception::validation(messages::not_available(
            "Contributor Insights",
        ))),
    }
}

/// Only tables for which they were ever on would be listed.
pub(crate) fn list_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    if request.has("TableName") {
        Target::take(service, &mut request)?;
    }
    if let Some(token) = request.string("NextToken")? {
        return Err(Exception::validation(messages::invalid_token(&token)));
    }
    Ok(ObjectWriter::text(|answer| {
        let summaries = answer.member("ContributorInsightsSummaries");
        write_list(summaries, [(); 0], |_, ()| {});
    }))
}
