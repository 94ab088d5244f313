//! Functions about the session and the server.

use super::{Call, Definition, Kind, Value};
use crate::catalog::picture::DATABASE_NAME;
use crate::error::carry;
use datafusion::common::Result;
use shale_sql::{AnalyticContext, SqlError};
use std::sync::atomic::{AtomicI64, Ordering};

/// The setting that names the PostgreSQL release that is modelled, and what it is without a session that sets it.
const VERSION_SETTING: &str = "server_version";
const VERSION_DEFAULT: &str = "15.0";

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition::new("version", &[], Kind::Text, |call, _| {
        let settings = &call.context()?.session.settings;
        let postgres = settings
            .get(VERSION_SETTING)
            .map_or(VERSION_DEFAULT, String::as_str);
        Ok(Value::from(format!(
            "PostgreSQL {postgres} on {}, compatible: ShaleDB {}",
            std::env::consts::ARCH,
            env!("CARGO_PKG_VERSION")
        )))
    }),
    // Also where the client connected to an alias: the catalog knows one database.
    Definition::new("current_database", &[], Kind::Name, |_, _| {
        Ok(Value::from(DATABASE_NAME))
    })
    .aliases(&["current_catalog"]),
    Definition::new("current_schema", &[], Kind::Name, |_, _| {
        Ok(Value::from("public"))
    }),
    Definition::new(
        "current_schemas",
        &[Kind::Bool],
        Kind::NameArray,
        |_, arguments| {
            let implicit = arguments[0].is_true().then(|| "pg_catalog".to_owned());
            Ok(Value::Texts(
                implicit.into_iter().chain(["public".to_owned()]).collect(),
            ))
        },
    ),
    Definition::new("current_user", &[], Kind::Name, |call, _| {
        Ok(Value::from(call.context()?.session.user.as_str()))
    })
    .aliases(&["session_user", "user", "current_role"]),
    Definition::new("pg_backend_pid", &[], Kind::Int4, |call, _| {
        Ok(Value::Int(backend_pid(&call.context()?.session)))
    }),
    // Sessions hold no advisory locks: there is nothing to let go. Connection pools call it.
    Definition::new("pg_advisory_unlock_all", &[], Kind::Text, |_, _| {
        Ok(Value::from(""))
    })
    .volatile(),
    Definition::new(
        "pg_cancel_backend",
        &[Kind::Int],
        Kind::Bool,
        |call, arguments| {
            let backends = &call.context()?.session.backends;
            Ok(Value::Bool(backends.cancel(arguments[0].int())))
        },
    )
    .volatile(),
    Definition::new(
        "pg_terminate_backend",
        &[Kind::Int],
        Kind::Bool,
        |call, arguments| {
            let backends = &call.context()?.session.backends;
            Ok(Value::Bool(backends.terminate(arguments[0].int())))
        },
    )
    .volatile(),
    Definition::new("pg_is_in_recovery", &[], Kind::Bool, |_, _| {
        Ok(Value::Bool(false))
    }),
    Definition::new("pg_is_wal_replay_paused", &[], Kind::Bool, |_, _| {
        Ok(Value::Bool(false))
    }),
    Definition::new("inet_server_addr", &[], Kind::Text, |_, _| Ok(Value::Null))
        .aliases(&["inet_client_addr"]),
    Definition::new("inet_server_port", &[], Kind::Int4, |_, _| Ok(Value::Null))
        .aliases(&["inet_client_port"]),
    // What the statement reads; in a transaction its snapshot.
    Definition::new("shale_current_lsn", &[], Kind::Int, |call, _| {
        let lsn = call.context()?.view.lsn();
        Ok(Value::Int(i64::try_from(lsn).unwrap_or(i64::MAX)))
    }),
    // There are no transaction numbers that rows could be compared with: a number that grows with each call.
    Definition::new("txid_current", &[], Kind::Int, |_, _| {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        Ok(Value::Int(NEXT.fetch_add(1, Ordering::Relaxed)))
    })
    .aliases(&["pg_current_xact_id"])
    .volatile(),
    Definition::new(
        "current_setting",
        &[Kind::Text, Kind::Bool],
        Kind::Text,
        current_setting,
    )
    .required(1),
    Definition::new(
        "set_config",
        &[Kind::Text, Kind::Text, Kind::Bool],
        Kind::Text,
        set_config,
    )
    .takes_nulls()
    .volatile(),
    Definition::new("pg_client_encoding", &[], Kind::Name, |_, _| {
        Ok(Value::from("UTF8"))
    })
    .aliases(&["getdatabaseencoding"]),
    Definition::new(
        "pg_encoding_to_char",
        &[Kind::Int],
        Kind::Name,
        |_, arguments| {
            Ok(Value::from(match arguments[0].int() {
                0 => "SQL_ASCII",
                6 => "UTF8",
                _ => "",
            }))
        },
    ),
    Definition::new(
        "pg_char_to_encoding",
        &[Kind::Text],
        Kind::Int4,
        |_, arguments| {
            let name = arguments[0].text().to_ascii_uppercase().replace('-', "");
            Ok(Value::Int(if name == "UTF8" || name == "UNICODE" {
                6
            } else {
                -1
            }))
        },
    ),
    Definition::new("pg_my_temp_schema", &[], Kind::Oid, |_, _| {
        Ok(Value::Int(0))
    }),
    Definition::new(
        "pg_is_other_temp_schema",
        &[Kind::Oid],
        Kind::Bool,
        |_, _| Ok(Value::Bool(false)),
    ),
];

/// The process number that the client was given; without a front door, the server's own.
pub(crate) fn backend_pid(session: &AnalyticContext) -> i64 {
    match session.backend_pid {
        0 => i64::from(std::process::id()),
        pid => i64::from(pid),
    }
}

fn current_setting(call: &Call<'_>, arguments: &[Value]) -> Result<Value> {
    let name = arguments[0].text().to_lowercase();
    let settings = &call.context()?.session.settings;
    if let Some(value) = settings.get(&name) {
        return Ok(Value::from(value.as_str()));
    }
    // What the catalog shows tables with.
    if name == "default_table_access_method" {
        return Ok(Value::from("heap"));
    }
    match arguments.get(1) {
        Some(missing_ok) if missing_ok.is_true() => Ok(Value::Null),
        _ => Err(carry(SqlError::UndefinedParameter { name })),
    }
}

fn set_config(call: &Call<'_>, arguments: &[Value]) -> Result<Value> {
    let name = arguments[0].text().to_lowercase();
    let value = arguments[1].text();
    let current = call.context()?.session.settings.get(&name);
    if current.is_some_and(|current| current == value) {
        return Ok(Value::from(value));
    }
    Err(carry(SqlError::NotSupported {
        feature: format!("set_config of {name} inside a query"),
        hint: Some(format!("Use SET {name} = …")),
    }))
}
