//! Settings of tables and indexes that are stored and shown, and change nothing else: OnDemandThroughput, WarmThroughput,
//! SSESpecification, TableClass, and when capacity and class were changed.
//!
//! A setting is a word and a text; those of an index have its name behind a slash.
//!
//! Source: the API Reference of CreateTable, UpdateTable and TableDescription.

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{BillingMode, TableDescription};
use std::collections::BTreeMap;

/// The setting that holds TableClass; SQL writes it too.
pub(super) const TABLE_CLASS: &str = "table_class";
const TABLE_CLASS_MICROS: &str = "table_class_micros";
const KMS_KEY_ARN: &str = "kms_key_arn";
const MAX_READ: &str = "max_read_request_units";
const MAX_WRITE: &str = "max_write_request_units";
const WARM_READ: &str = "warm_read_units";
const WARM_WRITE: &str = "warm_write_units";
const ON_DEMAND_MICROS: &str = "on_demand_micros";
const INCREASE_MICROS: &str = "increase_micros";
const DECREASE_MICROS: &str = "decrease_micros";
/// The day of the last decrease, counted from the Unix epoch, a blank, and how many there were on it.
const DECREASES: &str = "decreases";

const MICROS_PER_DAY: u64 = 86_400_000_000;
/// The limit that removes one.
const NO_LIMIT: i64 = -1;

/// What settings are stored as.
pub(super) type Settings = BTreeMap<String, String>;
/// How they change; none removes one.
pub(super) type Changes = BTreeMap<String, Option<String>>;

/// The name of a setting of an index, or of the table.
fn name_of(setting: &str, index: Option<&str>) -> String {
    match index {
        None => setting.to_owned(),
        Some(index) => format!("{setting}/{index}"),
    }
}

fn number_in(settings: &Settings, setting: &str, index: Option<&str>) -> Option<i64> {
    settings.get(&name_of(setting, index))?.parse().ok()
}

/// Whether a table is made or changed: only a change can remove limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    Create,
    Update,
}

/// OnDemandThroughput and WarmThroughput of a table or of an index, as a request has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Throughput {
    max_read: Option<i64>,
    max_write: Option<i64>,
    warm_read: Option<i64>,
    warm_write: Option<i64>,
}

impl Throughput {
    /// Takes both parameters.
    pub(super) fn take(structure: &mut Structure<'_>) -> Result<Throughput, Exception> {
        let mut throughput = Throughput::default();
        let name = "OnDemandThroughput";
        if let Some(mut limits) = structure.structure(name, name)? {
            throughput.max_read = limits.long("MaxReadRequestUnits")?;
            throughput.max_write = limits.long("MaxWriteRequestUnits")?;
        }
        let name = "WarmThroughput";
        if let Some(mut warm) = structure.structure(name, name)? {
            throughput.warm_read = warm.long("ReadUnitsPerSecond")?;
            throughput.warm_write = warm.long("WriteUnitsPerSecond")?;
        }
        Ok(throughput)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Throughput::default()
    }

    /// What changes of the settings, for a table that is billed that way from now on.
    pub(super) fn changes(
        &self,
        occasion: Occasion,
        billing_mode: BillingMode,
        current: &Settings,
        index: Option<&str>,
    ) -> Result<Changes, Exception> {
        let mut changes = Changes::new();
        for (setting, member, units) in [
            (MAX_READ, "MaxReadRequestUnits", self.max_read),
            (MAX_WRITE, "MaxWriteRequestUnits", self.max_write),
        ] {
            let Some(units) = units else { continue };
            if billing_mode != BillingMode::PayPerRequest {
                let message = messages::limit_not_allowed(member);
                return Err(Exception::validation(message));
            }
            let removes = units == NO_LIMIT && occasion == Occasion::Update;
            if units < 1 && !removes {
                let message = messages::units_too_few(member, units);
                return Err(Exception::validation(message));
            }
            let value = (!removes).then(|| units.to_string());
            changes.insert(name_of(setting, index), value);
        }
        for (setting, member, units) in [
            (WARM_READ, "ReadUnitsPerSecond", self.warm_read),
            (WARM_WRITE, "WriteUnitsPerSecond", self.warm_write),
        ] {
            let Some(units) = units else { continue };
            if units < 1 {
                let message = messages::units_too_few(member, units);
                return Err(Exception::validation(message));
            }
            if number_in(current, setting, index).is_some_and(|current| units < current) {
                let message = messages::warm_throughput_decreased(member, index);
                return Err(Exception::validation(message));
            }
            changes.insert(name_of(setting, index), Some(units.to_string()));
        }
        Ok(changes)
    }
}

/// What a change of the billing mode means for the settings: limits are those of requests on demand.
pub(super) fn billing_mode_changes(
    table: &TableDescription,
    now: BillingMode,
    now_micros: u64,
) -> Changes {
    let (before, created_micros) = (&table.definition, table.created_micros);
    let mut changes = Changes::new();
    match (before.billing_mode, now) {
        (BillingMode::Provisioned { .. }, BillingMode::PayPerRequest) => {
            changes.insert(ON_DEMAND_MICROS.to_owned(), Some(now_micros.to_string()));
        }
        (BillingMode::PayPerRequest, BillingMode::Provisioned { .. }) => {
            let names = before.settings.keys();
            let limits =
                names.filter(|name| name.starts_with(MAX_READ) || name.starts_with(MAX_WRITE));
            changes.extend(limits.map(|name| (name.clone(), None)));
            // Otherwise nobody would know that it was on demand.
            let since = before.settings.get(ON_DEMAND_MICROS).cloned();
            let since = since.unwrap_or_else(|| created_micros.to_string());
            changes.insert(ON_DEMAND_MICROS.to_owned(), Some(since));
        }
        (
            BillingMode::Provisioned { read, write },
            BillingMode::Provisioned {
                read: now_read,
                write: now_write,
            },
        ) => {
            let (old, new) = ((read, write), (now_read, now_write));
            changes.extend(capacity_changes(
                &before.settings,
                None,
                old,
                new,
                now_micros,
            ));
        }
        (BillingMode::PayPerRequest, BillingMode::PayPerRequest) => {}
    }
    changes
}

/// When the capacity of a table or of an index was increased and decreased.
pub(super) fn capacity_changes(
    settings: &Settings,
    index: Option<&str>,
    (read, write): (u64, u64),
    (now_read, now_write): (u64, u64),
    now_micros: u64,
) -> Changes {
    let mut changes = Changes::new();
    let now = Some(now_micros.to_string());
    if now_read > read || now_write > write {
        changes.insert(name_of(INCREASE_MICROS, index), now.clone());
    }
    if now_read < read || now_write < write {
        changes.insert(name_of(DECREASE_MICROS, index), now);
        let count = decreases_today(settings, index, now_micros) + 1;
        let count = format!("{} {count}", now_micros / MICROS_PER_DAY);
        changes.insert(name_of(DECREASES, index), Some(count));
    }
    changes
}

fn decreases_today(settings: &Settings, index: Option<&str>, now_micros: u64) -> u64 {
    let counted = settings.get(&name_of(DECREASES, index));
    let counted = counted.and_then(|counted| counted.split_once(' '));
    match counted {
        Some((day, count)) if day == (now_micros / MICROS_PER_DAY).to_string() => {
            count.parse().unwrap_or_default()
        }
        _ => 0,
    }
}

/// SSESpecification.
#[derive(Debug)]
pub(super) struct Encryption {
    enabled: bool,
    key: Option<String>,
}

impl Encryption {
    /// Takes the parameter. A key is one of KMS, and needs that type and the switch.
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<Option<Encryption>, Exception> {
        let name = "SSESpecification";
        let Some(mut specification) = request.structure(name, name)? else {
            return Ok(None);
        };
        let enabled = specification.bool("Enabled")?.unwrap_or_default();
        let word = specification.string("SSEType")?;
        let types = [("AES256", false), ("KMS", true)];
        let kms = constraints.enumeration(word.as_deref(), "SSESpecification.SSEType", &types);
        let key = specification.string("KMSMasterKeyId")?;
        if kms == Some(false) {
            return Err(Exception::validation(messages::SSE_TYPE));
        }
        if key.is_some() && kms.is_none() {
            return Err(Exception::validation(messages::KEY_WITHOUT_TYPE));
        }
        if key.is_some() && !enabled {
            return Err(Exception::validation(messages::KEY_WITHOUT_ENCRYPTION));
        }
        Ok(Some(Encryption {
            enabled,
            key: key.map(std::borrow::Cow::into_owned),
        }))
    }

    /// What changes of the settings.
    pub(super) fn changes(
        &self,
        service: &Service,
        current: &Settings,
    ) -> Result<Changes, Exception> {
        let key = self.key.as_deref().unwrap_or("alias/aws/dynamodb");
        let arn = match key {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            alias if alias.starts_with("alias/") => service.kms_arn(alias),
            id => service.kms_arn(&format!("key/{id}")),
        };
        if self.enabled && current.get(KMS_KEY_ARN) == Some(&arn) {
            return Err(Exception::validation(messages::SAME_KEY));
        }
        let arn = self.enabled.then_some(arn);
        Ok(Changes::from([(KMS_KEY_ARN.to_owned(), arn)]))
    }
}

/// What another table class changes of the settings.
pub(super) fn class_changes(class: &str, current: &Settings, now_micros: u64) -> Changes {
    let mut changes = Changes::from([(TABLE_CLASS.to_owned(), Some(class.to_owned()))]);
    let before = current.get(TABLE_CLASS).map_or("STANDARD", String::as_str);
    if before != class {
        let now = Some(now_micros.to_string());
        changes.insert(TABLE_CLASS_MICROS.to_owned(), now);
    }
    changes
}

/// Writes ProvisionedThroughput of a description.
pub(super) fn write_capacity(
    out: &mut ObjectWriter<'_>,
    settings: &Settings,
    index: Option<&str>,
    (read, write): (u64, u64),
    now_micros: u64,
) {
    out.object("ProvisionedThroughput", |throughput| {
        write_time(
            throughput,
            "LastIncreaseDateTime",
            settings,
            &name_of(INCREASE_MICROS, index),
        );
        write_time(
            throughput,
            "LastDecreaseDateTime",
            settings,
            &name_of(DECREASE_MICROS, index),
        );
        let decreases = decreases_today(settings, index, now_micros);
        throughput.integer("NumberOfDecreasesToday", decreases);
        throughput.integer("ReadCapacityUnits", read);
        throughput.integer("WriteCapacityUnits", write);
    });
}

fn write_time(out: &mut ObjectWriter<'_>, member: &str, settings: &Settings, setting: &str) {
    let micros = settings.get(setting).and_then(|micros| micros.parse().ok());
    if let Some(micros) = micros {
        out.timestamp(member, micros);
    }
}

/// Writes BillingModeSummary of a description, for a table that is or was billed by request.
pub(super) fn write_billing_mode(out: &mut ObjectWriter<'_>, table: &TableDescription) {
    let definition = &table.definition;
    let since = definition.settings.get(ON_DEMAND_MICROS);
    let word = match definition.billing_mode {
        BillingMode::PayPerRequest => "PAY_PER_REQUEST",
        BillingMode::Provisioned { .. } if since.is_some() => "PROVISIONED",
        BillingMode::Provisioned { .. } => return,
    };
    let since = since.and_then(|micros| micros.parse().ok());
    out.object("BillingModeSummary", |summary| {
        summary.string("BillingMode", word);
        let since = since.unwrap_or(table.created_micros);
        summary.timestamp("LastUpdateToPayPerRequestDateTime", since);
    });
}

/// Writes OnDemandThroughput and WarmThroughput of a table or of an index, as far as they are set.
pub(super) fn write_throughput(
    out: &mut ObjectWriter<'_>,
    settings: &Settings,
    index: Option<&str>,
) {
    let stored = |setting| number_in(settings, setting, index);
    let (read, write) = (stored(MAX_READ), stored(MAX_WRITE));
    if read.is_some() || write.is_some() {
        out.object("OnDemandThroughput", |limits| {
            limits.integer("MaxReadRequestUnits", read.unwrap_or(NO_LIMIT));
            limits.integer("MaxWriteRequestUnits", write.unwrap_or(NO_LIMIT));
        });
    }
    let (read, write) = (stored(WARM_READ), stored(WARM_WRITE));
    if read.is_some() || write.is_some() {
        out.object("WarmThroughput", |warm| {
            if let Some(read) = read {
                warm.integer("ReadUnitsPerSecond", read);
            }
            if let Some(write) = write {
                warm.integer("WriteUnitsPerSecond", write);
            }
            warm.string("Status", "ACTIVE");
        });
    }
}

/// Writes SSEDescription and TableClassSummary, as far as they were ever set.
pub(super) fn write_encryption_and_class(out: &mut ObjectWriter<'_>, settings: &Settings) {
    if let Some(arn) = settings.get(KMS_KEY_ARN) {
        out.object("SSEDescription", |encryption| {
            encryption.string("Status", "ENABLED");
            encryption.string("SSEType", "KMS");
            encryption.string("KMSMasterKeyArn", arn);
        });
    }
    if let Some(class) = settings.get(TABLE_CLASS) {
        out.object("TableClassSummary", |summary| {
            summary.string("TableClass", class);
            write_time(summary, "LastUpdateDateTime", settings, TABLE_CLASS_MICROS);
        });
    }
}
