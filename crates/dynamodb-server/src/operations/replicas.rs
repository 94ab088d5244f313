//! Replicas of a table in other regions: stored and shown, and not replicated to.
//!
//! A replica is the table's setting `replica:<region>`; its text is the parameters that it was given, as JSON. There is one region
//! here, so that a replica's status is REGION_DISABLED, whose meaning in the API is that the replica cannot be reached.
//!
//! Source: the API Reference of ReplicationGroupUpdate and ReplicaDescription.

use super::settings::{Changes, Settings};
use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::model;
use crate::service::Service;

/// The parameter of UpdateTable.
const UPDATES: &str = "ReplicaUpdates";
/// What the names of the settings begin with.
const SETTING: &str = "replica:";
/// Replicas of a table, at most: there are fewer regions.
const REPLICAS_MAX: usize = 50;
const STATUS: &str = "REGION_DISABLED";

/// One of ReplicaUpdates.
#[derive(Debug)]
pub(super) enum ReplicaUpdate {
    Create(String, Replica),
    Update(String, Replica),
    Delete(String),
}

/// What a request says of a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Replica {
    kms_key: Option<String>,
    overrides: Overrides,
    table_class: Option<String>,
    indexes: Option<Vec<(String, Overrides)>>,
}

/// ProvisionedThroughputOverride and OnDemandThroughputOverride.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Overrides {
    read_units: Option<i64>,
    max_read_units: Option<i64>,
}

/// Takes ReplicaUpdates.
pub(super) fn take(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Vec<ReplicaUpdate>, Exception> {
    let Some(json) = request.take(UPDATES) else {
        return Ok(Vec::new());
    };
    model::check_member(&json, "ReplicationGroupUpdateList", UPDATES, constraints)?;
    let mut updates = Vec::new();
    for element in json.into_list()? {
        let mut actions = Structure::open(element, "ReplicationGroupUpdate")?;
        let mut given = Vec::new();
        for action in ["Create", "Update", "Delete", "Disassociate"] {
            if let Some(members) = actions.structure(action, action)? {
                given.push((action, members));
            }
        }
        let [(action, mut members)] = <[_; 1]>::try_from(given)
            .map_err(|_| Exception::validation(messages::ONE_REPLICA_ACTION))?;
        let region = members
            .string("RegionName")?
            .unwrap_or_default()
            .into_owned();
        updates.push(match action {
            "Create" => ReplicaUpdate::Create(region, Replica::take(&mut members)?),
            "Update" => ReplicaUpdate::Update(region, Replica::take(&mut members)?),
            "Delete" => ReplicaUpdate::Delete(region),
            _ => {
                let message = messages::not_available("Disassociate of ReplicaUpdates");
                return Err(Exception::validation(message));
            }
        });
    }
    Ok(updates)
}

/// What the updates change of a table's settings.
pub(super) fn changes(
    service: &Service,
    table: &str,
    updates: Vec<ReplicaUpdate>,
    current: &Settings,
) -> Result<Changes, Exception> {
    let mut changes = Changes::new();
    let mut count = regions(current).count();
    for update in updates {
        let (ReplicaUpdate::Create(region, _)
        | ReplicaUpdate::Update(region, _)
        | ReplicaUpdate::Delete(region)) = &update;
        if *region == service.region {
            return Err(Exception::validation(messages::LOCAL_REGION));
        }
        let setting = format!("{SETTING}{region}");
        if changes.contains_key(&setting) {
            return Err(Exception::validation(messages::ONE_REPLICA_ACTION));
        }
        let stored = current.get(&setting);
        let text = match (update, stored) {
            (ReplicaUpdate::Create(_, replica), None) => {
                count += 1;
                Some(replica.to_text())
            }
            (ReplicaUpdate::Create(..), Some(_)) => {
                return Err(Exception::validation(messages::replica_exists(table)));
            }
            (ReplicaUpdate::Update(_, replica), Some(stored)) => {
                Some(Replica::of_text(stored).updated(replica).to_text())
            }
            (ReplicaUpdate::Delete(_), Some(_)) => None,
            (ReplicaUpdate::Update(..) | ReplicaUpdate::Delete(_), None) => {
                return Err(Exception::validation(messages::REPLICA_NOT_FOUND));
            }
        };
        changes.insert(setting, text);
    }
    if count > REPLICAS_MAX {
        let message = messages::too_many_replicas(REPLICAS_MAX);
        return Err(Exception::new(ExceptionType::LimitExceeded, message));
    }
    Ok(changes)
}

/// The regions of a table's replicas, in order, and what is stored of each.
fn regions(settings: &Settings) -> impl Iterator<Item = (&str, &str)> {
    let replicas = settings.range(SETTING.to_owned()..);
    replicas.map_while(|(name, text)| Some((name.strip_prefix(SETTING)?, text.as_str())))
}

/// Writes GlobalTableVersion and Replicas of a table's description, if there are any.
pub(super) fn write_replicas(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    table: &str,
    settings: &Settings,
) {
    if regions(settings).next().is_none() {
        return;
    }
    out.string("GlobalTableVersion", "2019.11.21");
    write_list(
        out.member("Replicas"),
        regions(settings),
        |out, (region, text)| {
            let mut replica = ObjectWriter::begin(out);
            replica.string("RegionName", region);
            replica.string("ReplicaArn", &service.table_arn_in(region, table));
            replica.string("ReplicaStatus", STATUS);
            let description = messages::replica_not_reached(&service.region);
            replica.string("ReplicaStatusDescription", &description);
            Replica::of_text(text).write(&mut replica, "ReplicaTableClassSummary");
            replica.end();
        },
    );
}

/// Writes Replicas of a table's auto scaling description.
pub(super) fn write_scaled_replicas(out: &mut ObjectWriter<'_>, settings: &Settings) {
    write_list(
        out.member("Replicas"),
        regions(settings),
        |out, (region, _)| {
            let mut replica = ObjectWriter::begin(out);
            replica.string("RegionName", region);
            replica.string("ReplicaStatus", STATUS);
            replica.end();
        },
    );
}

impl Replica {
    fn take(members: &mut Structure<'_>) -> Result<Replica, Exception> {
        let text = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| text.into_owned());
        let indexes = members.list("GlobalSecondaryIndexes")?;
        let indexes = indexes.map(|list| {
            let index = |json| {
                let mut index = Structure::open(json, "ReplicaGlobalSecondaryIndex")?;
                let name = index.string("IndexName")?.unwrap_or_default().into_owned();
                Ok((name, Overrides::take(&mut index)?))
            };
            list.into_iter()
                .map(index)
                .collect::<Result<_, Exception>>()
        });
        Ok(Replica {
            kms_key: text(members.string("KMSMasterKeyId")?),
            overrides: Overrides::take(members)?,
            table_class: text(members.string("TableClassOverride")?),
            indexes: indexes.transpose()?,
        })
    }

    /// With what an update says; what it does not name stays.
    fn updated(self, update: Replica) -> Replica {
        let (old, new) = (self.overrides, update.overrides);
        Replica {
            kms_key: update.kms_key.or(self.kms_key),
            overrides: Overrides {
                read_units: new.read_units.or(old.read_units),
                max_read_units: new.max_read_units.or(old.max_read_units),
            },
            table_class: update.table_class.or(self.table_class),
            indexes: update.indexes.or(self.indexes),
        }
    }

    fn to_text(&self) -> String {
        let text = ObjectWriter::text(|out| self.write(out, "TableClassOverride"));
        String::from_utf8(text).expect("JSON is text")
    }

    /// What `to_text` wrote; a text that is not of that form says nothing.
    fn of_text(text: &str) -> Replica {
        let members = Json::parse(text.as_bytes()).map(|json| Structure::open(json, "Replica"));
        let replica = members.and_then(|members| Replica::take(&mut members?));
        replica.unwrap_or_default()
    }

    /// The class is a text of its own in a request and a structure in an answer.
    fn write(&self, out: &mut ObjectWriter<'_>, class_member: &str) {
        if let Some(key) = &self.kms_key {
            out.string("KMSMasterKeyId", key);
        }
        self.overrides.write(out);
        match &self.table_class {
            Some(class) if class_member == "TableClassOverride" => out.string(class_member, class),
            Some(class) => out.object(class_member, |summary| summary.string("TableClass", class)),
            None => {}
        }
        if let Some(indexes) = &self.indexes {
            let list = out.member("GlobalSecondaryIndexes");
            write_list(list, indexes, |out, (name, overrides)| {
                let mut index = ObjectWriter::begin(out);
                index.string("IndexName", name);
                overrides.write(&mut index);
                index.end();
            });
        }
    }
}

impl Overrides {
    fn take(members: &mut Structure<'_>) -> Result<Overrides, Exception> {
        let mut units = |structure: &'static str, member| {
            let found = members.structure(structure, structure)?;
            found.map_or(Ok(None), |mut units| units.long(member))
        };
        Ok(Overrides {
            read_units: units("ProvisionedThroughputOverride", "ReadCapacityUnits")?,
            max_read_units: units("OnDemandThroughputOverride", "MaxReadRequestUnits")?,
        })
    }

    fn write(&self, out: &mut ObjectWriter<'_>) {
        if let Some(units) = self.read_units {
            let name = "ProvisionedThroughputOverride";
            out.object(name, |out| out.integer("ReadCapacityUnits", units));
        }
        if let Some(units) = self.max_read_units {
            let name = "OnDemandThroughputOverride";
            out.object(name, |out| out.integer("MaxReadRequestUnits", units));
        }
    }
}
