//! PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: policies of tables and streams, stored with the table.
//!
//! They are not enforced yet; what they say is not looked at.
//!
//! Source: the API Reference of these operations; the Developer Guide's "Resource-based policy considerations" (20 KB).

use super::tags::table_of;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{Json, ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use crate::stream_name::parts_of_arn;
use shale_engine::{Error, TableChanges, TableDescription};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a policy at most, blanks included.
const POLICY_BYTES_MAX: usize = 20 * 1024;
/// The ExpectedRevisionId that stands for no policy.
const NO_POLICY: &str = "NO_POLICY";

/// What a policy is attached to: a table or a stream of it.
struct Resource {
    arn: String,
    table: String,
    /// Names of the settings that hold policy and revision.
    policy: String,
    revision: String,
}

/// A policy that is stored.
struct Stored {
    policy: String,
    revision: String,
}

/// The settings of a new table that hold its policy.
pub(super) fn settings_of(
    policy: &str,
    now_micros: u64,
) -> Result<[(String, String); 2], Exception> {
    check_policy(policy)?;
    Ok([
        ("resource_policy".to_owned(), policy.to_owned()),
        (
            "resource_policy_revision".to_owned(),
            revision(now_micros, None),
        ),
    ])
}

pub(crate) async fn put_resource_policy(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let resource = Resource::take(service, &mut request)?;
    let policy = request.string("Policy")?.unwrap_or_default();
    check_policy(&policy)?;
    let expected = request.string("ExpectedRevisionId")?;
    let expected = expected.as_deref();
    loop {
        let stored = resource.stored(service)?;
        resource.check(stored.as_ref(), expected)?;
        if let Some(stored) = stored.as_ref().filter(|stored| stored.policy == policy) {
            return Ok(answer(&stored.revision));
        }
        let revision = revision(service.now_micros(), stored.as_ref());
        let changes = [
            (&resource.policy, Some(policy.clone().into_owned())),
            (&resource.revision, Some(revision.clone())),
        ];
        if resource.store(service, stored.as_ref(), changes).await? {
            return Ok(answer(&revision));
        }
    }
}

pub(crate) fn get_resource_policy(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let resource = Resource::take(service, &mut request)?;
    let Some(stored) = resource.stored(service)? else {
        return Err(resource.not_found(None));
    };
    Ok(ObjectWriter::text(|answer| {
        answer.string("Policy", &stored.policy);
        answer.string("RevisionId", &stored.revision);
    }))
}

pub(crate) async fn delete_resource_policy(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let resource = Resource::take(service, &mut request)?;
    let expected = request.string("ExpectedRevisionId")?;
    loop {
        let stored = resource.stored(service)?;
        resource.check(stored.as_ref(), expected.as_deref())?;
        let Some(stored) = stored else {
            return Ok(b"{}".to_vec());
        };
        let changes = [(&resource.policy, None), (&resource.revision, None)];
        if resource.store(service, Some(&stored), changes).await? {
            return Ok(answer(&stored.revision));
        }
    }
}

fn answer(revision: &str) -> Vec<u8> {
    ObjectWriter::text(|answer| answer.string("RevisionId", revision))
}

impl Resource {
    /// ResourceArn: of a table or stream that is there.
    fn take(service: &Service, request: &mut Structure<'_>) -> Result<Resource, Exception> {
        let arn = request.string("ResourceArn")?.unwrap_or_default();
        let (table, suffix) = match parts_of_arn(&arn) {
            None => (table_of(service, &arn)?, String::new()),
            Some((table, label)) => {
                let stream = service.stream_of_arn(&arn);
                if stream.is_none_or(|stream| service.engine.describe_stream(&stream).is_err()) {
                    return Err(missing(&arn));
                }
                (table.to_owned(), format!("/{label}"))
            }
        };
        service.existing_table(&table, || missing(&arn))?;
        Ok(Resource {
            policy: format!("resource_policy{suffix}"),
            revision: format!("resource_policy_revision{suffix}"),
            arn: arn.into_owned(),
            table,
        })
    }

    fn stored(&self, service: &Service) -> Result<Option<Stored>, Exception> {
        let table: Arc<TableDescription> =
            service.existing_table(&self.table, || missing(&self.arn))?;
        let settings = &table.definition.settings;
        let policy = settings.get(&self.policy).cloned();
        let revision = settings.get(&self.revision).cloned();
        let stored = policy.zip(revision);
        Ok(stored.map(|(policy, revision)| Stored { policy, revision }))
    }

    /// Whether the policy has the revision that the request expects, if it expects one.
    fn check(&self, stored: Option<&Stored>, expected: Option<&str>) -> Result<(), Exception> {
        let revision = stored.map_or(NO_POLICY, |stored| stored.revision.as_str());
        match expected {
            Some(expected) if expected != revision => Err(self.not_found(Some(expected))),
            _ => Ok(()),
        }
    }

    /// Changes the settings if the policy is still that one; says whether it was.
    async fn store(
        &self,
        service: &Service,
        stored: Option<&Stored>,
        changes: [(&String, Option<String>); 2],
    ) -> Result<bool, Exception> {
        let settings = changes.into_iter();
        let settings = settings.map(|(name, value)| (name.clone(), value));
        let revision = stored.map(|stored| stored.revision.clone());
        let changes = TableChanges {
            settings: settings.collect(),
            expected_settings: BTreeMap::from([(self.revision.clone(), revision)]),
            ..TableChanges::default()
        };
        match service.engine.update_table(&self.table, changes).await {
            Ok(_) => Ok(true),
            Err(Error::SettingsChanged) => Ok(false),
            Err(Error::TableNotFound { .. }) => Err(missing(&self.arn)),
            Err(error) => Err(service.exception(error, Subject::Table, &self.table)),
        }
    }

    fn not_found(&self, expected: Option<&str>) -> Exception {
        let message = match expected {
            None => messages::policy_not_found(&self.arn),
            Some(expected) => messages::policy_has_other_revision(&self.arn, expected),
        };
        Exception::new(ExceptionType::PolicyNotFound, message)
    }
}

fn missing(arn: &str) -> Exception {
    Exception::new(
        ExceptionType::ResourceNotFound,
        messages::resource_not_found(arn),
    )
}

/// A revision that the policy has not had: the time in milliseconds, or behind the one before.
fn revision(now_micros: u64, stored: Option<&Stored>) -> String {
    let before = stored.and_then(|stored| stored.revision.parse::<u64>().ok());
    let after = before.map_or(0, |before| before.saturating_add(1));
    (now_micros / 1000).max(after).to_string()
}

fn check_policy(policy: &str) -> Result<(), Exception> {
    if policy.len() > POLICY_BYTES_MAX {
        let message = messages::policy_too_large(policy.len(), POLICY_BYTES_MAX);
        return Err(Exception::validation(message));
    }
    let invalid = || Exception::validation(messages::POLICY_INVALID);
    let document = Json::parse(policy.as_bytes()).map_err(|_| invalid())?;
    let document = Structure::open(document, "Policy").map_err(|_| invalid())?;
    match document.has("Statement") {
        true => Ok(()),
        false => Err(invalid()),
    }
}
