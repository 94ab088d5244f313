//! CREATE VIEW, DROP VIEW, DROP TABLE with what depends on it, and COMMENT ON.

use super::{NoticeSeverity, Session};
use crate::names::{Relation, find_relation};
use crate::plan::comment::CommentPlan;
use crate::plan::view_ddl::{CreateViewPlan, check_replacement};
use crate::plan::views::dependencies;
use crate::{Catalog, Dialect, Outcome, SqlError};
use shale_engine::{ColumnChange, Error, ReadView, TableChanges, Transaction};
use sqlparser::ast::ObjectName;
use std::collections::BTreeMap;

/// What a DROP drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    View,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::View => "view",
        }
    }
}

/// A DROP of tables or views.
#[derive(Clone, Debug)]
pub(crate) struct DropRelations {
    pub kind: Kind,
    pub names: Vec<ObjectName>,
    pub if_exists: bool,
    pub cascade: bool,
}

impl DropRelations {
    /// Command tag.
    pub(crate) fn tag(&self) -> &'static str {
        match self.kind {
            Kind::Table => "DROP TABLE",
            Kind::View => "DROP VIEW",
        }
    }
}

impl Session {
    pub(super) async fn create_view(
        &self,
        plan: &CreateViewPlan,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        self.in_transaction_of(transaction, |transaction| create_view(plan, transaction))
            .await?;
        done("CREATE VIEW")
    }

    pub(super) async fn drop_relations(
        &mut self,
        drop: &DropRelations,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let notices = self
            .in_transaction_of(transaction, |transaction| drop_relations(drop, transaction))
            .await?;
        for notice in notices {
            self.notice(NoticeSeverity::Notice, "00000", notice);
        }
        done(drop.tag())
    }

    pub(super) async fn comment(
        &self,
        plan: &CommentPlan,
        transaction: Option<&Transaction>,
    ) -> Result<Outcome, SqlError> {
        let changes = TableChanges {
            settings: [(plan.setting.clone(), plan.comment.clone())].into(),
            ..TableChanges::default()
        };
        self.in_transaction_of(transaction, |transaction| {
            transaction.update_table(&plan.relation, &changes)?;
            Ok(())
        })
        .await?;
        done("COMMENT")
    }
}

fn done(tag: &str) -> Result<Outcome, SqlError> {
    Ok(Outcome::Done { tag: tag.into() })
}

fn create_view(plan: &CreateViewPlan, transaction: &Transaction) -> Result<(), SqlError> {
    let name = &plan.request.name;
    let catalog = transaction.view();
    let exists = || SqlError::DuplicateTable { name: name.clone() };
    match (catalog.view(name), plan.or_replace) {
        (Some(old), true) => {
            let columns = &plan.request.columns;
            check_replacement(&old.definition.columns, columns)?;
            let changes = TableChanges {
                view: plan.request.sql.view.clone(),
                columns: columns.iter().cloned().map(ColumnChange::Put).collect(),
                ..TableChanges::default()
            };
            transaction.update_table(name, &changes)?;
            return Ok(());
        }
        (None, true) if catalog.table(name).is_some() => {
            return Err(not_a(Kind::View, name));
        }
        _ => {}
    }
    match transaction.create_table(&plan.request) {
        Ok(_) => Ok(()),
        Err(Error::TableExists { .. }) => Err(exists()),
        Err(error) => Err(error.into()),
    }
}

fn not_a(kind: Kind, name: &str) -> SqlError {
    let other = match kind {
        Kind::Table => Kind::View,
        Kind::View => Kind::Table,
    };
    let (kind, other) = (kind.word(), other.word());
    SqlError::Other {
        sqlstate: "42809",
        message: format!("\"{name}\" is not a {kind}"),
        hint: Some(format!(
            "Use DROP {} to remove a {other}.",
            other.to_uppercase()
        )),
    }
}

/// Answers what the client is to be told.
fn drop_relations(
    drop: &DropRelations,
    transaction: &Transaction,
) -> Result<Vec<String>, SqlError> {
    let catalog = transaction.view();
    let mut notices = Vec::new();
    let mut found: BTreeMap<String, Kind> = BTreeMap::new();
    let word = drop.kind.word();
    for name in &drop.names {
        match find_relation(&catalog, name, "", Dialect::Postgres) {
            Ok(Relation::Table(table)) if drop.kind == Kind::Table => {
                found.insert(table.definition.name.clone(), Kind::Table);
            }
            Ok(Relation::View(view)) if drop.kind == Kind::View => {
                found.insert(view.definition.name.clone(), Kind::View);
            }
            Ok(Relation::Table(other) | Relation::View(other)) => {
                return Err(not_a(drop.kind, &other.definition.name));
            }
            Ok(Relation::Index(_, index)) => {
                return Err(SqlError::Other {
                    sqlstate: "42809",
                    message: format!("\"{index}\" is not a {word}"),
                    hint: Some("Use DROP INDEX to remove an index.".into()),
                });
            }
            Ok(Relation::System) => {
                return Err(SqlError::Other {
                    sqlstate: "42501",
                    message: format!("permission denied: \"{name}\" is a system catalog"),
                    hint: None,
                });
            }
            Err(SqlError::UndefinedTable { name, .. }) => {
                let missing = format!("{word} \"{name}\" does not exist");
                if !drop.if_exists {
                    return Err(SqlError::Other {
                        sqlstate: "42P01",
                        message: missing,
                        hint: None,
                    });
                }
                notices.push(format!("{missing}, skipping"));
            }
            Err(error) => return Err(error),
        }
    }
    let dependents = dependents(&catalog, &found);
    if !dependents.is_empty() && !drop.cascade {
        return Err(in_use(drop, &found, &dependents));
    }
    match dependents.as_slice() {
        [] => {}
        [(view, _)] => notices.push(format!("drop cascades to view {view}")),
        several => notices.push(format!("drop cascades to {} other objects", several.len())),
    }
    found.extend(dependents.into_iter().map(|(view, _)| (view, Kind::View)));
    for (name, kind) in found {
        match kind {
            Kind::Table => transaction.delete_table(&name)?,
            Kind::View => transaction.delete_view(&name)?,
        };
    }
    Ok(notices)
}

/// Views that read what goes, each with what it reads of that: also those that read such views.
fn dependents(catalog: &ReadView, going: &BTreeMap<String, Kind>) -> Vec<(String, (Kind, String))> {
    let mut going = going.clone();
    let mut found = Vec::new();
    let views: Vec<_> = catalog
        .view_names()
        .iter()
        .filter_map(|name| catalog.view(name))
        .map(|view| (view.definition.name.clone(), dependencies(catalog, &view)))
        .collect();
    loop {
        let next = views.iter().find_map(|(view, reads)| {
            let on = reads.iter().find(|name| going.contains_key(*name))?;
            (!going.contains_key(view)).then(|| (view.clone(), on.clone()))
        });
        let Some((view, on)) = next else {
            return found;
        };
        let kind = going.get(&on).copied().unwrap_or(Kind::Table);
        going.insert(view.clone(), Kind::View);
        found.push((view, (kind, on)));
    }
}

/// 2BP01
fn in_use(
    drop: &DropRelations,
    found: &BTreeMap<String, Kind>,
    dependents: &[(String, (Kind, String))],
) -> SqlError {
    let mut names = found.keys();
    let message = match (names.next(), names.next()) {
        (Some(name), None) => format!(
            "cannot drop {} {name} because other objects depend on it",
            drop.kind.word()
        ),
        _ => "cannot drop desired object(s) because other objects depend on them".to_owned(),
    };
    let lines = dependents
        .iter()
        .map(|(view, (kind, on))| format!("view {view} depends on {} {on}", kind.word()));
    SqlError::Detailed {
        sqlstate: "2BP01",
        message,
        detail: lines.collect::<Vec<_>>().join("\n"),
        hint: Some("Use DROP ... CASCADE to drop the dependent objects too.".into()),
    }
}
