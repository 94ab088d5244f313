//! UpdateTimeToLive and DescribeTimeToLive.

use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{Error, IndexStatus, TableChanges};

/// Characters of the attribute's name at most (documented).
const ATTRIBUTE_CHARACTERS_MAX: usize = 255;

pub(crate) async fn update_time_to_live(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    let path = "TimeToLiveSpecification";
    let mut specification =
        request.structure("TimeToLiveSpecification", "TimeToLiveSpecification")?;
    let (mut enabled, mut attribute) = (None, None);
    match &mut specification {
        None => constraints.missing(path),
        Some(specification) => {
            enabled = specification.bool("Enabled")?;
            constraints.required(enabled, &format!("{path}.Enabled"));
            attribute = specification.string("AttributeName")?;
            let path = format!("{path}.AttributeName");
            match &attribute {
                None => constraints.missing(&path),
                Some(name) => {
                    let length = name.chars().count();
                    constraints.length(length, &path, 1, ATTRIBUTE_CHARACTERS_MAX);
                }
            }
        }
    }
    constraints.check()?;
    let (enabled, attribute) = (
        enabled.unwrap_or_default(),
        attribute.unwrap_or_default().into_owned(),
    );
    if !enabled {
        let described = service.engine.describe_table(&table);
        let described =
            described.map_err(|error| service.exception(error, Subject::Table, &table))?;
        if let Some(current) = &described.definition.derived.ttl
            && current.attribute != attribute
        {
            let message = messages::ttl_of_another(&current.attribute);
            return Err(Exception::validation(message));
        }
    }
    let changes = TableChanges {
        ttl: Some(enabled.then(|| attribute.clone())),
        ..TableChanges::default()
    };
    let updated = service.engine.update_table(&table, changes).await;
    updated.map_err(|error| match error {
        Error::TimeToLive {
            attribute: Some(current),
        } if current != attribute => Exception::validation(messages::ttl_of_another(&current)),
        error => service.exception(error, Subject::Table, &table),
    })?;
    let mut out = Vec::with_capacity(128);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object("TimeToLiveSpecification", |specification| {
        specification.bool("Enabled", enabled);
        specification.string("AttributeName", &attribute);
    });
    answer.end();
    Ok(out)
}

pub(crate) fn describe_time_to_live(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?;
    constraints.check()?;
    let description = service
        .engine
        .describe_table(&table)
        .map_err(|error| service.exception(error, Subject::Table, &table))?;
    let mut out = Vec::with_capacity(128);
    let mut answer = ObjectWriter::begin(&mut out);
    answer.object("TimeToLiveDescription", |member| {
        match &description.definition.derived.ttl {
            None => member.string("TimeToLiveStatus", "DISABLED"),
            Some(ttl) => {
                let status = match ttl.status {
                    IndexStatus::Creating => "ENABLING",
                    IndexStatus::Active => "ENABLED",
                };
                member.string("TimeToLiveStatus", status);
                member.string("AttributeName", &ttl.attribute);
            }
        }
    });
    answer.end();
    Ok(out)
}
