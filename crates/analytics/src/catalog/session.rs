//! Rows of pg_catalog that tell of roles, the session and what is counted.

use super::picture::{CatalogPicture, DATABASE_NAME, DATABASE_OID};
use super::rows::{Cell, Rows};
use super::spec::SystemRelation;
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use datafusion::common::Result;
use shale_sql::{Activity, BackendState};

/// pg_roles and its siblings differ in the prefix of their columns. Every user may do everything that can be done here.
pub(super) fn role_rows(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    if let "pg_user" | "pg_shadow" = relation.name {
        let columns = [
            "usename",
            "usesysid",
            "usecreatedb",
            "usesuper",
            "userepl",
            "usebypassrls",
            "passwd",
        ];
        let mut rows = Rows::new(relation, columns);
        for role in &picture.roles {
            rows.push([
                (&role.name).into(),
                role.oid.into(),
                false.into(),
                true.into(),
                false.into(),
                true.into(),
                "********".into(),
            ]);
        }
        return rows.finish();
    }
    let columns = [
        "oid",
        "rolname",
        "rolsuper",
        "rolinherit",
        "rolcreaterole",
        "rolcreatedb",
        "rolcanlogin",
        "rolreplication",
        "rolbypassrls",
        "rolconnlimit",
        "rolpassword",
    ];
    let mut rows = Rows::new(relation, columns);
    for role in &picture.roles {
        rows.push([
            role.oid.into(),
            (&role.name).into(),
            true.into(),
            true.into(),
            false.into(),
            false.into(),
            true.into(),
            false.into(),
            true.into(),
            (-1).into(),
            "********".into(),
        ]);
    }
    rows.finish()
}

pub(super) fn settings(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<RecordBatch> {
    let mut rows = Rows::new(
        relation,
        [
            "name",
            "setting",
            "category",
            "short_desc",
            "context",
            "vartype",
            "source",
            "reset_val",
        ],
    );
    for (name, value) in context.session.settings.iter() {
        rows.push([
            name.into(),
            value.into(),
            "Session".into(),
            "".into(),
            "user".into(),
            "string".into(),
            "session".into(),
            value.into(),
        ]);
    }
    rows.finish()
}

/// All sessions.
pub(super) fn activity(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<RecordBatch> {
    let picture = context.picture();
    let mut rows = Rows::new(
        relation,
        [
            "datid",
            "datname",
            "pid",
            "usesysid",
            "usename",
            "application_name",
            "client_addr",
            "client_port",
            "backend_start",
            "xact_start",
            "query_start",
            "state_change",
            "state",
            "query",
            "backend_type",
        ],
    );
    let mut sessions = context.session.backends.activity();
    // A session that no front door has attached sees itself.
    if context.session.backend_pid == 0 {
        sessions.push(Activity {
            pid: crate::functions::backend_pid(&context.session) as i32,
            user: context.session.user.clone(),
            state: BackendState::Active,
            ..Activity::default()
        });
    }
    let micros = |micros: Option<u64>| match micros {
        Some(micros) if micros > 0 => Cell::Micros(i64::try_from(micros).unwrap_or(i64::MAX)),
        _ => Cell::Null,
    };
    for session in sessions {
        let mut roles = picture.roles.iter();
        let role = roles.find(|role| role.name == session.user);
        rows.push([
            DATABASE_OID.into(),
            DATABASE_NAME.into(),
            i64::from(session.pid).into(),
            role.map(|role| role.oid).into(),
            session.user.clone().into(),
            session.application_name.into(),
            session
                .address
                .map(|address| address.ip().to_string())
                .into(),
            session
                .address
                .map(|address| i64::from(address.port()))
                .into(),
            micros(Some(session.started_micros)),
            micros(session.transaction_micros),
            micros(session.query_micros),
            micros(session.state_micros),
            match session.state {
                BackendState::Active => "active",
                BackendState::Idle => "idle",
                BackendState::IdleInTransaction => "idle in transaction",
                BackendState::IdleInFailedTransaction => "idle in transaction (aborted)",
            }
            .into(),
            session.query.into(),
            "client backend".into(),
        ]);
    }
    rows.finish()
}

pub(super) fn table_statistics(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let mut rows = Rows::new(relation, ["relid", "schemaname", "relname", "n_live_tup"]);
    for table in &picture.tables {
        let items = i64::try_from(table.relation.description.item_count).unwrap_or(i64::MAX);
        let name = table.relation.name().to_owned();
        rows.push([table.oid.into(), "public".into(), name.into(), items.into()]);
    }
    rows.finish()
}
