//! ALTER TABLE: what changes of the definition, and what that asks of the items.
//!
//! Not here: options of tables (`index`), looking at the items and changing them (`session::alter`).
//!
//! Items hold no definition: what a column says of rows that are there already is made true when it changes. A new column's default is
//! written to them, a dropped column's attribute removed from them, and a new constraint is held against each.

use super::check::{self, Check};
use super::comment::{Commented, no_column, setting};
use super::ddl::{check_constraint_kind, plan_column, unsupported};
use super::index::alter_options;
use super::insert::default_scalar;
use super::views::mentions;
use crate::bind::Scalar;
use crate::names::{Catalog, created_name, is_schema};
use crate::{Dialect, SqlError, SqlType};
use shale_engine::{
    CheckChange, CheckConstraint, ColumnChange, ColumnDefinition, CreateTable, IndexChange,
    IndexProjection, TableChanges, TableDescription,
};
use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, Ident, ObjectName,
    TableConstraint,
};

/// A planned ALTER TABLE.
#[derive(Debug)]
pub(crate) struct AlterPlan {
    /// Empty: there is nothing to be done.
    pub table: String,
    pub changes: TableChanges,
    /// What follows for the items, in order.
    pub steps: Vec<Step>,
    /// SQLSTATE and sentence of what IF [NOT] EXISTS skips.
    pub notices: Vec<(&'static str, String)>,
}

/// What a change asks of the items of the table.
#[derive(Debug)]
pub(crate) enum Step {
    /// Those without the attribute get this value.
    Fill {
        column: String,
        sql_type: SqlType,
        value: Scalar,
    },
    /// The attribute goes.
    Remove(String),
    /// Each has the attribute, and not NULL.
    Require(String),
    /// Each obeys the constraint.
    Obey(Check),
}

/// Plans ALTER TABLE.
///
/// # Errors
/// 42701, 42703, 42704, 42710 for names, 42P16, 2BP01, 0A000 for what is not built, by name.
pub(crate) fn plan(
    catalog: &dyn Catalog,
    alter: &AlterTable,
    table: &TableDescription,
    text: &str,
) -> Result<AlterPlan, SqlError> {
    let mut altering = Altering {
        catalog,
        text,
        now: CreateTable::clone(&table.definition),
        plan: AlterPlan {
            table: table.definition.name.clone(),
            changes: TableChanges::default(),
            steps: Vec::new(),
            notices: Vec::new(),
        },
    };
    for operation in &alter.operations {
        match operation {
            AlterTableOperation::SetOptionsParens { options } => {
                alter_options(options, table, &mut altering.plan.changes)?;
            }
            other => altering.operation(other)?,
        }
    }
    Ok(altering.plan)
}

/// ALTER TABLE IF EXISTS of a table that is not there.
pub(crate) fn skipped(name: &str) -> AlterPlan {
    AlterPlan {
        table: String::new(),
        changes: TableChanges::default(),
        steps: Vec::new(),
        notices: vec![(
            "00000",
            format!("relation \"{name}\" does not exist, skipping"),
        )],
    }
}

struct Altering<'a> {
    catalog: &'a dyn Catalog,
    text: &'a str,
    /// The definition as it is behind the operations so far.
    now: CreateTable,
    plan: AlterPlan,
}

impl Altering<'_> {
    fn operation(&mut self, operation: &AlterTableOperation) -> Result<(), SqlError> {
        match operation {
            AlterTableOperation::AddColumn {
                if_not_exists,
                column_def,
                column_position: None,
                ..
            } => self.add_column(column_def, *if_not_exists),
            AlterTableOperation::DropColumn {
                column_names,
                if_exists,
                drop_behavior,
                ..
            } => {
                let cascade = matches!(drop_behavior, Some(sqlparser::ast::DropBehavior::Cascade));
                column_names
                    .iter()
                    .try_for_each(|name| self.drop_column(name, *if_exists, cascade))
            }
            AlterTableOperation::AlterColumn { column_name, op } => {
                self.alter_column(column_name, op)
            }
            AlterTableOperation::AddConstraint {
                constraint,
                not_valid,
            } => self.add_constraint(constraint, *not_valid),
            AlterTableOperation::DropConstraint {
                if_exists, name, ..
            } => self.drop_constraint(name, *if_exists),
            AlterTableOperation::RenameConstraint { old_name, new_name } => {
                self.rename_constraint(old_name, new_name)
            }
            AlterTableOperation::RenameColumn { .. } => Err(unsupported(
                "ALTER TABLE … RENAME COLUMN",
                "Items hold the names of their attributes. Add a column, UPDATE it from the old one, and drop that; or give it a name in a view.",
            )),
            AlterTableOperation::RenameTable { .. } => Err(unsupported(
                "ALTER TABLE … RENAME TO",
                "Streams, ARNs and clients know the table by its name. CREATE TABLE … AS copies it; a view gives it another name.",
            )),
            AlterTableOperation::OwnerTo { .. } => Err(unsupported(
                "ALTER TABLE … OWNER TO",
                "Every user may do everything with every table.",
            )),
            other => Err(unsupported(
                &format!("ALTER TABLE … {}", first_words(other)),
                "",
            )),
        }
    }

    /// Tables without declarations show what their items have.
    fn check_declared(&self) -> Result<(), SqlError> {
        match self.now.columns.is_empty() {
            false => Ok(()),
            true => Err(unsupported(
                "declaring columns of a table that has none",
                "Attributes need no declaration: INSERT and UPDATE take new ones as they come.",
            )),
        }
    }

    fn column(&self, ident: &Ident) -> Result<ColumnDefinition, SqlError> {
        self.check_declared()?;
        let is = |name: &str| match ident.quote_style {
            Some(_) => name == ident.value,
            None => name.eq_ignore_ascii_case(&ident.value),
        };
        let mut columns = self.now.columns.iter();
        let found = columns.find(|column| is(&column.name));
        found
            .cloned()
            .ok_or_else(|| no_column(&ident.value, &self.now.name))
    }

    fn put(&mut self, column: ColumnDefinition) {
        match self
            .now
            .columns
            .iter_mut()
            .find(|known| known.name == column.name)
        {
            Some(known) => *known = column.clone(),
            None => self.now.columns.push(column.clone()),
        }
        self.plan.changes.columns.push(ColumnChange::Put(column));
    }

    fn add_column(&mut self, column: &ColumnDef, if_not_exists: bool) -> Result<(), SqlError> {
        self.check_declared()?;
        let mut key = Vec::new();
        let mut checks = Vec::new();
        let planned = plan_column(column, &mut key, &mut checks, Dialect::Postgres)?;
        if !key.is_empty() {
            return Err(unsupported(
                "ALTER TABLE … ADD COLUMN … PRIMARY KEY",
                "The primary key is that of CREATE TABLE.",
            ));
        }
        let name = planned.name.clone();
        if self.now.columns.iter().any(|known| known.name == name) {
            let message = format!(
                "column \"{name}\" of relation \"{}\" already exists",
                self.now.name
            );
            if if_not_exists {
                self.plan
                    .notices
                    .push(("42701", format!("{message}, skipping")));
                return Ok(());
            }
            return Err(SqlError::Other {
                sqlstate: "42701",
                message,
                hint: None,
            });
        }
        let sql_type = SqlType::parse(&planned.sql_type).unwrap_or(SqlType::Text);
        let value = match &planned.default {
            Some(text) => default_scalar(text, &sql_type)?,
            None => Scalar::Null,
        };
        match value {
            Scalar::Null if planned.not_null => self.plan.steps.push(Step::Require(name)),
            Scalar::Null => {}
            value => self.plan.steps.push(Step::Fill {
                column: name,
                sql_type,
                value,
            }),
        }
        self.put(planned);
        for (name, expr) in checks {
            self.add_check(name.as_ref(), &expr)?;
        }
        Ok(())
    }

    fn drop_column(
        &mut self,
        ident: &Ident,
        if_exists: bool,
        cascade: bool,
    ) -> Result<(), SqlError> {
        let column = match self.column(ident) {
            Err(SqlError::Other {
                sqlstate: "42703",
                message,
                ..
            }) if if_exists => {
                self.plan
                    .notices
                    .push(("00000", format!("{message}, skipping")));
                return Ok(());
            }
            column => column?,
        };
        let name = column.name;
        self.check_unused(&name, cascade)?;
        let checks = &self.now.sql.checks;
        let gone: Vec<String> = checks
            .iter()
            .filter(|check| check::check_columns(&self.now, check).contains(&name))
            .map(|check| check.name.clone())
            .collect();
        for check in gone {
            self.forget_check(check);
        }
        self.now.columns.retain(|known| known.name != name);
        let changes = &mut self.plan.changes;
        changes
            .settings
            .insert(setting(Commented::Column(&name)), None);
        changes.columns.push(ColumnChange::Drop(name.clone()));
        self.plan.steps.push(Step::Remove(name));
        Ok(())
    }

    /// Whether nothing but constraints needs a column.
    fn check_unused(&self, name: &str, cascade: bool) -> Result<(), SqlError> {
        if self.now.key_schema.is_key(name) {
            return Err(unsupported(
                &format!("dropping the column \"{name}\" of the primary key"),
                "The primary key is that of CREATE TABLE.",
            ));
        }
        let derived = &self.now.derived;
        let uses = |projection: &IndexProjection| match projection {
            IndexProjection::Include(names) => names.iter().any(|included| included == name),
            IndexProjection::KeysOnly | IndexProjection::All => false,
        };
        let mut indexes = derived.indexes.iter();
        let index = indexes
            .find(|index| index.key_names().any(|key| key == name) || uses(&index.projection));
        if let Some(index) = index {
            return Err(self.in_use(name, &format!("index {}", index.name), false));
        }
        if derived
            .ttl
            .as_ref()
            .is_some_and(|ttl| ttl.attribute == name)
        {
            return Err(self.in_use(name, "its time to live", false));
        }
        let views = self.catalog.view_names();
        let mut views = views.iter().filter_map(|view| self.catalog.view(view));
        let reader = views.find(|view| {
            let reads = super::views::dependencies(self.catalog, view);
            reads.contains(&self.now.name) && mentions(view, name)
        });
        match reader {
            // CASCADE would have to find the views that read those, too: DROP VIEW does.
            Some(view) => {
                let view = format!("view {}", view.definition.name);
                Err(self.in_use(name, &view, cascade))
            }
            None => Ok(()),
        }
    }

    fn in_use(&self, column: &str, by: &str, cascade: bool) -> SqlError {
        let table = &self.now.name;
        let dropped = match by.split_once(' ') {
            Some((kind @ ("view" | "index"), name)) => {
                format!("DROP {} {name}", kind.to_uppercase())
            }
            _ => format!("ALTER TABLE {table} RESET (ttl)"),
        };
        SqlError::Detailed {
            sqlstate: if cascade { "0A000" } else { "2BP01" },
            message: match cascade {
                true => "ALTER TABLE … DROP COLUMN … CASCADE is not supported".to_owned(),
                false => format!(
                    "cannot drop column {column} of table {table} because other objects depend on it"
                ),
            },
            detail: format!("{by} depends on column {column} of table {table}"),
            hint: Some(format!("{dropped} first.")),
        }
    }

    fn alter_column(
        &mut self,
        ident: &Ident,
        operation: &AlterColumnOperation,
    ) -> Result<(), SqlError> {
        let mut column = self.column(ident)?;
        let name = column.name.clone();
        match operation {
            AlterColumnOperation::SetNotNull => {
                if !column.not_null {
                    self.plan.steps.push(Step::Require(name));
                }
                column.not_null = true;
            }
            AlterColumnOperation::DropNotNull => {
                if self.now.key_schema.is_key(&name) {
                    return Err(SqlError::InvalidTableDefinition {
                        message: format!("column \"{name}\" is in a primary key"),
                    });
                }
                column.not_null = false;
            }
            AlterColumnOperation::SetDefault { value } => {
                let text = value.to_string();
                let sql_type = SqlType::parse(&column.sql_type).unwrap_or(SqlType::Text);
                default_scalar(&text, &sql_type)?;
                column.default = Some(text);
            }
            AlterColumnOperation::DropDefault => column.default = None,
            AlterColumnOperation::SetDataType {
                data_type,
                using: None,
                ..
            } => {
                let sql_type = SqlType::from_ast(data_type)?;
                let old = SqlType::parse(&column.sql_type).unwrap_or(SqlType::Text);
                if !holds_all_of(&sql_type, &old) {
                    return Err(unsupported(
                        &format!(
                            "changing the type of column \"{name}\" from {} to {}",
                            old.name(),
                            sql_type.name()
                        ),
                        "A type can become one that holds all its values as they are stored. Otherwise add a column of the new type, UPDATE it from the old one, and drop that.",
                    ));
                }
                if let Some(default) = &column.default {
                    default_scalar(default, &sql_type)?;
                }
                column.sql_type = sql_type.name();
            }
            AlterColumnOperation::SetDataType { .. } => {
                return Err(unsupported(
                    "ALTER COLUMN … TYPE … USING",
                    "Add a column of the new type, UPDATE it from the old one, and drop that.",
                ));
            }
            AlterColumnOperation::AddGenerated { .. } => {
                return Err(unsupported(
                    "a GENERATED or IDENTITY column",
                    crate::session::command::SEQUENCE_HINT,
                ));
            }
        }
        self.put(column);
        Ok(())
    }

    fn add_constraint(
        &mut self,
        constraint: &TableConstraint,
        not_valid: bool,
    ) -> Result<(), SqlError> {
        let TableConstraint::Check(check) = constraint else {
            return Err(check_constraint_kind(constraint));
        };
        if not_valid || check.enforced == Some(false) {
            return Err(unsupported("a CHECK that is NOT VALID or NOT ENFORCED", ""));
        }
        self.check_declared()?;
        self.add_check(check.name.as_ref(), &check.expr)
    }

    fn add_check(
        &mut self,
        name: Option<&Ident>,
        expr: &sqlparser::ast::Expr,
    ) -> Result<(), SqlError> {
        let (constraint, check) = check::plan_check(&self.now, name, expr, self.text)?;
        self.plan.steps.push(Step::Obey(check));
        self.put_check(constraint);
        Ok(())
    }

    fn put_check(&mut self, check: CheckConstraint) {
        self.now.sql.checks.push(check.clone());
        self.plan.changes.checks.push(CheckChange::Put(check));
    }

    fn forget_check(&mut self, name: String) {
        self.now.sql.checks.retain(|check| check.name != name);
        self.plan.changes.checks.push(CheckChange::Drop(name));
    }

    fn check_named(&self, ident: &Ident) -> Result<CheckConstraint, SqlError> {
        let name = created_name(ident, Dialect::Postgres);
        if check::is_key_name(&self.now, &name) {
            return Err(unsupported(
                "changing the primary key",
                "It is that of CREATE TABLE.",
            ));
        }
        let mut checks = self.now.sql.checks.iter();
        let found = checks.find(|check| check.name == name).cloned();
        found.ok_or_else(|| SqlError::Other {
            sqlstate: "42704",
            message: format!(
                "constraint \"{name}\" of relation \"{}\" does not exist",
                self.now.name
            ),
            hint: None,
        })
    }

    fn drop_constraint(&mut self, ident: &Ident, if_exists: bool) -> Result<(), SqlError> {
        match self.check_named(ident) {
            Ok(check) => self.forget_check(check.name),
            Err(SqlError::Other {
                sqlstate: "42704",
                message,
                ..
            }) if if_exists => {
                self.plan
                    .notices
                    .push(("00000", format!("{message}, skipping")));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn rename_constraint(&mut self, old: &Ident, new: &Ident) -> Result<(), SqlError> {
        let check = self.check_named(old)?;
        let name = created_name(new, Dialect::Postgres);
        if self.now.sql.checks.iter().any(|check| check.name == name)
            || check::is_key_name(&self.now, &name)
        {
            return Err(SqlError::Other {
                sqlstate: "42710",
                message: format!(
                    "constraint \"{name}\" for relation \"{}\" already exists",
                    self.now.name
                ),
                hint: None,
            });
        }
        self.forget_check(check.name.clone());
        self.put_check(CheckConstraint { name, ..check });
        Ok(())
    }
}

/// Whether each value of a type is one of another, stored in the same way.
fn holds_all_of(new: &SqlType, old: &SqlType) -> bool {
    let whole = |sql_type: &SqlType| match sql_type {
        SqlType::Int2 => Some(5),
        SqlType::Int4 => Some(10),
        SqlType::Int8 => Some(19),
        _ => None,
    };
    match (old, new) {
        (old, new) if old == new => true,
        (SqlType::Int2, SqlType::Int4 | SqlType::Int8) | (SqlType::Int4, SqlType::Int8) => true,
        (SqlType::Float4, SqlType::Float8) | (SqlType::Json, SqlType::Jsonb) => true,
        (SqlType::Jsonb, SqlType::Json) => true,
        (old, SqlType::Numeric(None)) => {
            whole(old).is_some() || matches!(old, SqlType::Numeric(Some(_)))
        }
        (SqlType::Numeric(Some((old, old_scale))), SqlType::Numeric(Some((new, new_scale)))) => {
            new_scale >= old_scale
                && new.saturating_sub(*new_scale) >= old.saturating_sub(*old_scale)
        }
        (old, SqlType::Numeric(Some((precision, scale)))) => {
            whole(old).is_some_and(|digits| precision.saturating_sub(*scale) >= digits)
        }
        (SqlType::Text | SqlType::Varchar(_), SqlType::Text | SqlType::Varchar(None)) => true,
        (SqlType::Varchar(Some(old)), SqlType::Varchar(Some(new))) => new >= old,
        _ => false,
    }
}

/// The words that an operation begins with.
fn first_words(operation: &AlterTableOperation) -> String {
    let text = operation.to_string();
    let words: Vec<&str> = text
        .split_whitespace()
        .take_while(|word| word.chars().all(|c| c.is_ascii_uppercase()))
        .take(4)
        .collect();
    words.join(" ")
}

/// Plans ALTER INDEX … RENAME TO: the table, and what changes of it.
///
/// # Errors
/// 42704 for an index that is not there, 42P07 for a name that the table's indexes have.
pub(crate) fn plan_rename_index(
    catalog: &dyn Catalog,
    name: &ObjectName,
    new: &ObjectName,
) -> Result<AlterPlan, SqlError> {
    let (table, index) = super::index::find_index(catalog, name, Dialect::Postgres)?;
    let new = match new.0.as_slice() {
        [part] => part.as_ident(),
        [schema, part] => part.as_ident().filter(|_| {
            schema
                .as_ident()
                .is_some_and(|schema| is_schema(&schema.value))
        }),
        _ => None,
    };
    let Some(new) = new else {
        return Err(unsupported("this form of ALTER INDEX", ""));
    };
    let new = super::index::checked_name(created_name(new, Dialect::Postgres))?;
    if table.definition.derived.index(&new).is_some() {
        return Err(SqlError::DuplicateTable { name: new });
    }
    Ok(AlterPlan {
        table: table.definition.name.clone(),
        changes: TableChanges {
            indexes: vec![IndexChange::Rename(index, new)],
            ..TableChanges::default()
        },
        steps: Vec::new(),
        notices: Vec::new(),
    })
}
