//! Settings of a session: PostgreSQL's names, as far as clients ask for them.
//!
//! A setting that has no effect here takes only the value that is true of this server, or is one by which a client describes itself.

use crate::SqlError;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// PostgreSQL's version whose behaviour is followed.
pub(crate) const SERVER_VERSION: &str = "15.0";
const SERVER_VERSION_NUM: &str = "150000";

/// What values a setting takes.
enum Kind {
    /// Cannot be set.
    Fixed,
    /// Any text.
    Text,
    Bool,
    /// An integer in these bounds.
    Integer(i64, i64),
    /// Milliseconds; also with a unit.
    Milliseconds,
    /// A level of isolation: any is taken, all run as the strictest.
    Isolation,
    /// One of these (compared without case); stored as written here.
    One(&'static [&'static str]),
    /// The names by which UTC goes.
    Utc,
    Encoding,
    DateStyle,
    SearchPath,
}

struct Definition {
    name: &'static str,
    default: &'static str,
    kind: Kind,
    /// Whether clients are told of changes.
    reported: bool,
}

const fn definition(
    name: &'static str,
    default: &'static str,
    kind: Kind,
    reported: bool,
) -> Definition {
    Definition {
        name,
        default,
        kind,
        reported,
    }
}

const DEFINITIONS: &[Definition] = &[
    definition("application_name", "", Kind::Text, true),
    definition("bytea_output", "hex", Kind::One(&["hex"]), false),
    definition("client_encoding", "UTF8", Kind::Encoding, true),
    definition(
        "client_min_messages",
        "notice",
        Kind::One(&[
            "debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error",
        ]),
        false,
    ),
    definition("datestyle", "ISO, MDY", Kind::DateStyle, true),
    definition("default_transaction_deferrable", "off", Kind::Bool, false),
    definition(
        "default_transaction_isolation",
        SERIALIZABLE,
        Kind::Isolation,
        false,
    ),
    definition(DEFAULT_READ_ONLY, "off", Kind::Bool, true),
    definition("extra_float_digits", "1", Kind::Integer(-15, 3), false),
    definition(IDLE_IN_TRANSACTION, "0", Kind::Milliseconds, false),
    definition("in_hot_standby", "off", Kind::Fixed, true),
    definition("integer_datetimes", "on", Kind::Fixed, true),
    definition("intervalstyle", "postgres", Kind::One(&["postgres"]), true),
    definition("is_superuser", "on", Kind::Fixed, true),
    definition("jit", "off", Kind::One(&["off"]), false),
    definition("lc_collate", "C", Kind::Fixed, false),
    definition("lc_ctype", "C.UTF-8", Kind::Fixed, false),
    definition(
        "lc_messages",
        "C",
        Kind::One(&["C", "en_US.UTF-8", "C.UTF-8"]),
        false,
    ),
    definition("lc_monetary", "C", Kind::Fixed, false),
    definition("lc_numeric", "C", Kind::Fixed, false),
    definition("lc_time", "C", Kind::Fixed, false),
    // No statement waits for a lock, so that every bound is kept.
    definition("lock_timeout", "0", Kind::Milliseconds, false),
    definition("max_connections", "100", Kind::Fixed, false),
    definition("max_identifier_length", "63", Kind::Fixed, false),
    definition("max_index_keys", "32", Kind::Fixed, false),
    definition(
        "password_encryption",
        "scram-sha-256",
        Kind::One(&["scram-sha-256"]),
        false,
    ),
    definition("row_security", "on", Kind::One(&["on", "off"]), false),
    definition("search_path", "\"$user\", public", Kind::SearchPath, false),
    definition("server_encoding", "UTF8", Kind::Fixed, true),
    definition("server_version", SERVER_VERSION, Kind::Fixed, true),
    definition("server_version_num", SERVER_VERSION_NUM, Kind::Fixed, false),
    definition("session_authorization", "", Kind::Fixed, true),
    definition(
        INDEX_CONSISTENCY,
        "strong",
        Kind::One(&["strong", "eventual"]),
        false,
    ),
    // Joins that look up keys instead of reading a table: by estimates, never, wherever it is possible.
    definition(
        LOOKUP_JOINS,
        "auto",
        Kind::One(&["auto", "off", "on"]),
        false,
    ),
    definition(
        "standard_conforming_strings",
        "on",
        Kind::One(&["on"]),
        true,
    ),
    definition("statement_timeout", "0", Kind::Milliseconds, false),
    definition("synchronous_commit", "on", Kind::One(&["on"]), false),
    definition("timezone", "UTC", Kind::Utc, true),
    definition("transaction_deferrable", "off", Kind::Bool, false),
    definition(
        "transaction_isolation",
        SERIALIZABLE,
        Kind::Isolation,
        false,
    ),
    definition("transaction_read_only", "off", Kind::Bool, false),
];

/// The only level of isolation.
const SERIALIZABLE: &str = "serializable";
const DEFAULT_READ_ONLY: &str = "default_transaction_read_only";
const INDEX_CONSISTENCY: &str = "shale.index_consistency";
const LOOKUP_JOINS: &str = "shale.lookup_joins";
const IDLE_IN_TRANSACTION: &str = "idle_in_transaction_session_timeout";

/// What the transaction under way is, and what those to come will be: the first of a pair shows the second outside of a block.
const OF_TRANSACTION: [(&str, &str); 2] = [
    ("transaction_deferrable", "default_transaction_deferrable"),
    ("transaction_read_only", DEFAULT_READ_ONLY),
];

/// Names as PostgreSQL reports them, where they have capitals.
fn reported_name(name: &str) -> &str {
    match name {
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        "timezone" => "TimeZone",
        other => other,
    }
}

#[derive(Clone)]
pub(crate) struct Settings {
    values: Arc<BTreeMap<String, String>>,
    /// Values at BEGIN, to which ROLLBACK returns.
    at_begin: Option<Arc<BTreeMap<String, String>>>,
    /// Values that SET LOCAL covers until the block ends.
    covered: BTreeMap<String, String>,
    /// What RESET returns to: defaults and startup parameters.
    initial: Arc<BTreeMap<String, String>>,
    changed: Vec<String>,
    started: bool,
}

/// The settings of a moment inside a block, to which ROLLBACK TO returns.
#[derive(Clone)]
pub(crate) struct SettingsMark {
    values: Arc<BTreeMap<String, String>>,
    covered: BTreeMap<String, String>,
}

fn find(name: &str) -> Option<&'static Definition> {
    let name = name.to_lowercase();
    DEFINITIONS
        .iter()
        .find(|definition| definition.name == name)
}

fn undefined(name: &str) -> SqlError {
    SqlError::UndefinedParameter { name: name.into() }
}

impl Settings {
    pub(crate) fn new(user: &str) -> Settings {
        let mut values = BTreeMap::new();
        for definition in DEFINITIONS {
            values.insert(definition.name.to_owned(), definition.default.to_owned());
        }
        values.insert("session_authorization".to_owned(), user.to_owned());
        let values = Arc::new(values);
        Settings {
            initial: values.clone(),
            values,
            at_begin: None,
            covered: BTreeMap::new(),
            changed: DEFINITIONS
                .iter()
                .filter(|definition| definition.reported)
                .map(|definition| definition.name.to_owned())
                .collect(),
            started: false,
        }
    }

    pub(crate) fn shared(&self) -> Arc<BTreeMap<String, String>> {
        self.values.clone()
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.values.get(&name.to_lowercase()).cloned()
    }

    /// All settings, for SHOW ALL.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (reported_name(name), value.as_str()))
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), SqlError> {
        let name = name.to_lowercase();
        let value = match find(&name) {
            Some(definition) => canonical(definition, value)?,
            // Names with a dot are a client's own.
            None if name.contains('.') => value.to_owned(),
            None => return Err(undefined(&name)),
        };
        self.put(name, value);
        Ok(())
    }

    /// Ends the phase in which startup parameters are applied: RESET returns to the values of this moment.
    pub(crate) fn on_first_statement(&mut self) {
        if !self.started {
            self.started = true;
            self.initial = self.values.clone();
        }
    }

    pub(crate) fn set_local(&mut self, name: &str, value: &str) -> Result<(), SqlError> {
        let before = self.get(name);
        self.set(name, value)?;
        if let Some(before) = before {
            self.covered.entry(name.to_lowercase()).or_insert(before);
        }
        Ok(())
    }

    fn put(&mut self, name: String, value: String) {
        if self.values.get(&name) == Some(&value) {
            return;
        }
        if find(&name).is_some_and(|definition| definition.reported) {
            self.changed.push(name.clone());
        }
        let of_transaction = OF_TRANSACTION
            .iter()
            .find(|(_, default)| *default == name)
            .filter(|_| self.at_begin.is_none());
        let values = Arc::make_mut(&mut self.values);
        if let Some((shown, _)) = of_transaction {
            values.insert((*shown).to_owned(), value.clone());
        }
        values.insert(name, value);
    }

    /// What the transaction that is under way may do, as SHOW tells it.
    pub(crate) fn show_transaction(&mut self, read_only: bool, deferrable: Option<bool>) {
        let word = |on: bool| if on { "on" } else { "off" };
        self.put("transaction_read_only".into(), word(read_only).into());
        if let Some(deferrable) = deferrable {
            self.put("transaction_deferrable".into(), word(deferrable).into());
        }
    }

    pub(crate) fn reset(&mut self, name: &str) -> Result<(), SqlError> {
        let name = name.to_lowercase();
        match (find(&name), self.initial.get(&name).cloned()) {
            (Some(definition), Some(_)) if matches!(definition.kind, Kind::Fixed) => {
                Err(cannot_change(&name))
            }
            (_, Some(value)) => {
                self.put(name, value);
                Ok(())
            }
            (None, None) if name.contains('.') => {
                Arc::make_mut(&mut self.values).remove(&name);
                Ok(())
            }
            _ => Err(undefined(&name)),
        }
    }

    pub(crate) fn reset_all(&mut self) {
        let initial = self.initial.clone();
        self.restore(initial);
    }

    fn restore(&mut self, target: Arc<BTreeMap<String, String>>) {
        for (name, value) in target.iter() {
            self.put(name.clone(), value.clone());
        }
        self.values = target;
    }

    pub(crate) fn mark(&self) -> SettingsMark {
        SettingsMark {
            values: self.values.clone(),
            covered: self.covered.clone(),
        }
    }

    /// SET is part of the block: ROLLBACK TO takes back what came after the savepoint.
    pub(crate) fn return_to(&mut self, mark: SettingsMark) {
        self.restore(mark.values);
        self.covered = mark.covered;
    }

    pub(crate) fn on_begin(&mut self) {
        self.at_begin.get_or_insert_with(|| self.values.clone());
    }

    /// SET is part of the block: COMMIT keeps it but for SET LOCAL, ROLLBACK takes it back.
    pub(crate) fn on_end(&mut self, committed: bool) {
        let before = self.at_begin.take();
        let covered = std::mem::take(&mut self.covered);
        if committed {
            for (name, value) in covered {
                self.put(name, value);
            }
        } else if let Some(before) = before {
            self.restore(before);
        }
        for (shown, default) in OF_TRANSACTION {
            if let Some(value) = self.get(default) {
                self.put(shown.into(), value);
            }
        }
    }

    /// Whether transactions that do not say otherwise only read.
    pub(crate) fn default_read_only(&self) -> bool {
        self.values
            .get(DEFAULT_READ_ONLY)
            .is_some_and(|value| value == "on")
    }

    /// Whether reads wait until global indexes show what is published.
    pub(crate) fn index_consistency(&self) -> bool {
        let value = self.values.get(INDEX_CONSISTENCY);
        value.is_none_or(|value| value != "eventual")
    }

    /// The settings by which statements are planned, where they are not the defaults.
    pub(crate) fn of_planning(&self) -> Vec<(String, String)> {
        let value = self
            .values
            .get(LOOKUP_JOINS)
            .filter(|value| *value != "auto");
        let found = value.map(|value| (LOOKUP_JOINS.to_owned(), value.clone()));
        found.into_iter().collect()
    }

    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        self.duration("statement_timeout")
    }

    pub(crate) fn idle_in_transaction_timeout(&self) -> Option<Duration> {
        self.duration(IDLE_IN_TRANSACTION)
    }

    /// A setting of milliseconds; `None` for 0, which is none.
    fn duration(&self, name: &str) -> Option<Duration> {
        let milliseconds = self.values.get(name)?;
        match parse_milliseconds(milliseconds) {
            Some(milliseconds @ 1..) => Some(Duration::from_millis(milliseconds)),
            _ => None,
        }
    }

    pub(crate) fn take_reported_changes(&mut self) -> Vec<(String, String)> {
        let mut names = std::mem::take(&mut self.changed);
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter_map(|name| {
                let value = self.values.get(&name)?;
                Some((reported_name(&name).to_owned(), value.clone()))
            })
            .collect()
    }
}

fn cannot_change(name: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "55P02",
        message: format!("parameter \"{name}\" cannot be changed"),
        hint: None,
    }
}

/// The value as it is kept.
fn canonical(definition: &Definition, value: &str) -> Result<String, SqlError> {
    let bad = || SqlError::InvalidParameter {
        name: definition.name.into(),
        value: value.into(),
    };
    let trimmed = value.trim();
    Ok(match &definition.kind {
        Kind::Fixed if trimmed == definition.default => trimmed.to_owned(),
        Kind::Fixed => return Err(cannot_change(definition.name)),
        Kind::Text => value.to_owned(),
        Kind::Bool => match trimmed.to_lowercase().as_str() {
            "on" | "true" | "yes" | "1" | "t" => "on".into(),
            "off" | "false" | "no" | "0" | "f" => "off".into(),
            _ => return Err(bad()),
        },
        Kind::Integer(low, high) => match trimmed.parse::<i64>() {
            Ok(number) if (*low..=*high).contains(&number) => number.to_string(),
            _ => return Err(bad()),
        },
        Kind::Milliseconds => match parse_milliseconds(trimmed) {
            Some(0) => "0".into(),
            Some(milliseconds) => print_milliseconds(milliseconds),
            None => return Err(bad()),
        },
        Kind::One(values) => match values
            .iter()
            .find(|known| known.eq_ignore_ascii_case(trimmed))
        {
            Some(known) => (*known).to_owned(),
            None => return Err(bad()),
        },
        Kind::Isolation => match trimmed.to_lowercase().as_str() {
            "serializable" | "repeatable read" | "read committed" | "read uncommitted" => {
                SERIALIZABLE.into()
            }
            _ => return Err(bad()),
        },
        Kind::Utc => match trimmed.to_lowercase().as_str() {
            "utc" | "etc/utc" | "gmt" | "etc/gmt" | "zulu" | "universal" | "0" | "+00"
            | "+00:00" | "default" | "local" => "UTC".into(),
            // As Sequelize says it.
            "interval '+00:00' hour to minute" => "UTC".into(),
            _ => return Err(bad()),
        },
        // Only letters and digits count in the name of an encoding, so that `'utf-8'`, quotes and all, is UTF8 (asyncpg sends that).
        Kind::Encoding => match trimmed
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase()
            .as_str()
        {
            "utf8" | "unicode" | "" => "UTF8".into(),
            // psql asks for it where the locale is C; texts then pass as they are, which is UTF-8.
            "sqlascii" => "SQL_ASCII".into(),
            _ => return Err(bad()),
        },
        Kind::DateStyle => {
            let mut order = "MDY";
            for word in trimmed.split(',').map(str::trim) {
                match word.to_lowercase().as_str() {
                    "iso" => {}
                    "mdy" | "us" | "noneuro" => order = "MDY",
                    "dmy" | "euro" => order = "DMY",
                    "ymd" => order = "YMD",
                    _ => return Err(bad()),
                }
            }
            format!("ISO, {order}")
        }
        Kind::SearchPath => {
            for schema in trimmed.split(',') {
                let schema = schema.trim().trim_matches(['"', '\'']);
                let known = schema.is_empty() || schema == "$user" || crate::is_schema(schema);
                if !known {
                    return Err(bad());
                }
            }
            trimmed.to_owned()
        }
    })
}

fn parse_milliseconds(text: &str) -> Option<u64> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.trim().parse().ok()?;
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number
        .checked_mul(factor)
        .filter(|milliseconds| *milliseconds <= i32::MAX as u64)
}

fn print_milliseconds(milliseconds: u64) -> String {
    for (factor, unit) in [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ] {
        if milliseconds.is_multiple_of(factor) {
            return format!("{}{unit}", milliseconds / factor);
        }
    }
    format!("{milliseconds}ms")
}
