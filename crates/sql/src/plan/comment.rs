//! COMMENT ON, and where comments are kept: among the settings of the relation's definition.
//!
//! ```text
//! comment                  of the table or view
//! comment.pkey             of the index of the primary key
//! comment.column.<name>    of a column; in the name % is %25 and / is %2F
//! comment/<index>          of a secondary index, with which it goes
//! ```

use super::ddl::unsupported;
use super::index::find_index;
use crate::names::{Catalog, Relation, find_relation, table_columns};
use crate::{Dialect, SqlError};
use shale_engine::TableDescription;
use sqlparser::ast::{CommentObject, Ident, ObjectName, ObjectNamePart};
use std::sync::Arc;

/// Longest comment, in bytes: it is a part of a row of the catalog.
const COMMENT_BYTES_MAX: usize = 64 << 10;

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commented<'a> {
    /// A table or view.
    Relation,
    /// The index of its primary key.
    PrimaryKey,
    /// A column.
    Column(&'a str),
    /// A secondary index.
    Index(&'a str),
}

/// The comment on a table, a view, or a part of it.
pub fn comment_on<'d>(
    description: &'d TableDescription,
    commented: Commented<'_>,
) -> Option<&'d str> {
    let settings = &description.definition.settings;
    settings.get(&setting(commented)).map(String::as_str)
}

/// The name of the setting that keeps a comment.
pub(crate) fn setting(commented: Commented<'_>) -> String {
    match commented {
        Commented::Relation => "comment".to_owned(),
        Commented::PrimaryKey => "comment.pkey".to_owned(),
        Commented::Column(name) => {
            format!(
                "comment.column.{}",
                name.replace('%', "%25").replace('/', "%2F")
            )
        }
        Commented::Index(name) => format!("comment/{name}"),
    }
}

/// A planned COMMENT ON.
#[derive(Debug)]
pub(crate) struct CommentPlan {
    /// The table or view.
    pub relation: String,
    /// The setting that keeps it.
    pub setting: String,
    pub comment: Option<String>,
}

/// Plans COMMENT ON.
///
/// # Errors
/// 42P01, 42703, 42704 for what is not there, 42809 for another kind of relation, 0A000 for other objects.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    object: CommentObject,
    name: &ObjectName,
    comment: Option<String>,
    text: &str,
) -> Result<CommentPlan, SqlError> {
    if let Some(comment) = &comment
        && comment.len() > COMMENT_BYTES_MAX
    {
        return Err(SqlError::ProgramLimit {
            message: format!("a comment has at most {COMMENT_BYTES_MAX} bytes"),
        });
    }
    let (relation, setting) = match object {
        CommentObject::Table => match find_relation(catalog, name, text, Dialect::Postgres)? {
            Relation::Table(table) => (table, setting(Commented::Relation)),
            other => return Err(not_a("table", &other, name)),
        },
        CommentObject::View => match find_relation(catalog, name, text, Dialect::Postgres)? {
            Relation::View(view) => (view, setting(Commented::Relation)),
            other => return Err(not_a("view", &other, name)),
        },
        CommentObject::Column => column(catalog, name, text)?,
        CommentObject::Index => index(catalog, name)?,
        other => return Err(unsupported(&format!("COMMENT ON {other}"), "")),
    };
    Ok(CommentPlan {
        relation: relation.definition.name.clone(),
        setting,
        // As in PostgreSQL, an empty comment is none.
        comment: comment.filter(|comment| !comment.is_empty()),
    })
}

fn not_a(kind: &str, found: &Relation, name: &ObjectName) -> SqlError {
    let name = match found {
        Relation::Table(found) | Relation::View(found) => found.definition.name.clone(),
        Relation::Index(_, index) => index.clone(),
        Relation::System => {
            return SqlError::Other {
                sqlstate: "42501",
                message: format!("permission denied: \"{name}\" is a system catalog"),
                hint: None,
            };
        }
    };
    let article = if kind == "index" { "an" } else { "a" };
    SqlError::Other {
        sqlstate: "42809",
        message: format!("\"{name}\" is not {article} {kind}"),
        hint: None,
    }
}

fn column(
    catalog: &dyn Catalog,
    name: &ObjectName,
    text: &str,
) -> Result<(Arc<TableDescription>, String), SqlError> {
    let mut parts: Vec<ObjectNamePart> = name.0.clone();
    let column = parts.pop();
    let column = column.as_ref().and_then(ObjectNamePart::as_ident);
    let Some(column) = column.filter(|_| !parts.is_empty()) else {
        return Err(SqlError::Other {
            sqlstate: "42601",
            message: "column name must be qualified".into(),
            hint: None,
        });
    };
    let of = ObjectName(parts);
    let relation = match find_relation(catalog, &of, text, Dialect::Postgres)? {
        Relation::Table(relation) | Relation::View(relation) => relation,
        other => return Err(not_a("table", &other, &of)),
    };
    let known = table_columns(&relation);
    let is = |name: &str| match column.quote_style {
        Some(_) => name == column.value,
        None => name.eq_ignore_ascii_case(&column.value),
    };
    match known.iter().find(|known| is(&known.name)) {
        Some(known) => {
            let setting = setting(Commented::Column(&known.name));
            Ok((relation, setting))
        }
        None => Err(no_column(&column.value, &relation.definition.name)),
    }
}

/// 42703 as statements about definitions say it.
pub(crate) fn no_column(column: &str, table: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "42703",
        message: format!("column \"{column}\" of relation \"{table}\" does not exist"),
        hint: None,
    }
}

fn index(
    catalog: &dyn Catalog,
    name: &ObjectName,
) -> Result<(Arc<TableDescription>, String), SqlError> {
    let ident = name.0.last().and_then(ObjectNamePart::as_ident);
    let of_key = ident.and_then(|ident| {
        let table = ident.value.strip_suffix("_pkey")?;
        let table = Ident {
            value: table.to_owned(),
            ..ident.clone()
        };
        crate::names::find_table(catalog, &table, Dialect::Postgres)
    });
    if let Some(table) = of_key.filter(|table| !table.definition.hidden_key) {
        return Ok((table, setting(Commented::PrimaryKey)));
    }
    match find_index(catalog, name, Dialect::Postgres) {
        Ok((table, index)) => {
            let setting = setting(Commented::Index(&index));
            Ok((table, setting))
        }
        Err(error) => match find_relation(catalog, name, "", Dialect::Postgres) {
            Ok(found @ (Relation::Table(_) | Relation::View(_))) => {
                Err(not_a("index", &found, name))
            }
            _ => Err(match error {
                SqlError::Other {
                    sqlstate: "42704", ..
                } => SqlError::UndefinedTable {
                    name: name.to_string().replace('"', ""),
                    position: None,
                },
                other => other,
            }),
        },
    }
}
