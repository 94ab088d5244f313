//! CHECK constraints: what a row that SQL writes must not make false.
//!
//! Stored as the text of their expressions, and lowered as WHERE is: a row violates a constraint where its expression is false, not where
//! it is unknown. The expression is bound to the declared types, whatever was seen in the table: it is for values that SQL writes.
//! Not here: evaluating them (`shale-expression`), when (`run`).

use super::ddl::{invalid, unsupported};
use crate::bind::{Arguments, Binder, Predicate, Semantics, lower};
use crate::names::created_name;
use crate::syntax::{parse_expression, walk};
use crate::{Dialect, SqlError};
use shale_engine::{CheckConstraint, CreateTable, TableDescription};
use shale_expression::Check as LoweredCheck;
use shale_item::{EncodedItem, Item};
use sqlparser::ast::{Expr, Ident, Visitor};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Most CHECK constraints of a table: each write evaluates all of them.
pub(crate) const CHECKS_MAX: usize = 400;

/// A constraint of a planned write.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub name: String,
    /// True where the constraint is violated.
    pub violated: Predicate,
}

/// The constraints of a table.
///
/// # Errors
/// None of a table that SQL has made.
pub(crate) fn checks_of(table: &TableDescription) -> Result<Vec<Check>, SqlError> {
    let checks = &table.definition.sql.checks;
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let declared = as_declared(&table.definition);
    checks
        .iter()
        .map(|check| {
            Ok(Check {
                name: check.name.clone(),
                violated: violation(&declared, &parse_expression(&check.expression)?, "")?,
            })
        })
        .collect()
}

/// A table as its definition has it, of which nothing was seen.
fn as_declared(definition: &CreateTable) -> TableDescription {
    TableDescription {
        definition: Arc::new(definition.clone()),
        ..super::ddl::no_table()
    }
}

fn violation(table: &TableDescription, expr: &Expr, text: &str) -> Result<Predicate, SqlError> {
    let mut binder = Binder::new(text, Dialect::Postgres, table, &[]);
    let predicate = binder.predicate(expr)?;
    match predicate {
        Some(predicate) if binder.parameter_types.is_empty() => {
            Ok(Predicate::Not(Box::new(predicate)))
        }
        Some(_) => Err(SqlError::Other {
            sqlstate: "42P02",
            message: "there is no parameter $1".into(),
            hint: None,
        }),
        None => Err(unsupported(
            &format!("the expression \"{expr}\" in CHECK"),
            "Supported are what single writes evaluate: comparisons of columns with constants, IN, BETWEEN, LIKE 'x%', IS NULL, AND, OR, NOT.",
        )),
    }
}

/// A new constraint of a table.
///
/// # Errors
/// 42703, 42804 of its expression, 0A000 if it is none that is evaluated where items are written, 42710 for a name that is taken.
pub(crate) fn plan_check(
    definition: &CreateTable,
    name: Option<&Ident>,
    expr: &Expr,
    text: &str,
) -> Result<(CheckConstraint, Check), SqlError> {
    let taken = |name: &str| {
        let checks = &definition.sql.checks;
        checks.iter().any(|check| check.name == name) || is_key_name(definition, name)
    };
    if definition.sql.checks.len() >= CHECKS_MAX {
        return Err(invalid(format!(
            "tables can have at most {CHECKS_MAX} CHECK constraints"
        )));
    }
    let violated = violation(&as_declared(definition), expr, text)?;
    let name = match name {
        Some(name) => created_name(name, Dialect::Postgres),
        None => default_name(definition, expr, taken),
    };
    if taken(&name) {
        return Err(SqlError::Other {
            sqlstate: "42710",
            message: format!(
                "constraint \"{name}\" for relation \"{}\" already exists",
                definition.name
            ),
            hint: None,
        });
    }
    let constraint = CheckConstraint {
        name: name.clone(),
        expression: expr.to_string(),
    };
    Ok((constraint, Check { name, violated }))
}

/// Whether that is the name of the primary key.
pub(crate) fn is_key_name(definition: &CreateTable, name: &str) -> bool {
    !definition.hidden_key && name.strip_suffix("_pkey") == Some(&definition.name)
}

/// As PostgreSQL names one: table, column if there is just one, `check`, and a number if that is taken.
fn default_name(definition: &CreateTable, expr: &Expr, taken: impl Fn(&str) -> bool) -> String {
    let columns = columns_of(definition, expr);
    let mut columns = columns.iter();
    let base = match (columns.next(), columns.next()) {
        (Some(only), None) => format!("{}_{only}_check", definition.name),
        _ => format!("{}_check", definition.name),
    };
    let numbered = (1..).map(|number| format!("{base}{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// The columns that an expression names.
pub(crate) fn columns_of(definition: &CreateTable, expr: &Expr) -> BTreeSet<String> {
    struct Columns<'a> {
        definition: &'a CreateTable,
        found: BTreeSet<String>,
    }
    impl Visitor for Columns<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let idents = match expr {
                Expr::Identifier(ident) => std::slice::from_ref(ident),
                Expr::CompoundIdentifier(idents) => idents.as_slice(),
                _ => return ControlFlow::Continue(()),
            };
            for column in &self.definition.columns {
                let is = |ident: &Ident| match ident.quote_style {
                    Some(_) => ident.value == column.name,
                    None => ident.value.eq_ignore_ascii_case(&column.name),
                };
                if idents.iter().any(is) {
                    self.found.insert(column.name.clone());
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut columns = Columns {
        definition,
        found: BTreeSet::new(),
    };
    let _ = walk(expr, &mut columns);
    columns.found
}

/// The columns that a stored constraint names, in no order; none if its text cannot be read.
pub fn check_columns(definition: &CreateTable, check: &CheckConstraint) -> BTreeSet<String> {
    match parse_expression(&check.expression) {
        Ok(expr) => columns_of(definition, &expr),
        Err(_) => BTreeSet::new(),
    }
}

/// Constraints with the arguments of their statement.
///
/// # Errors
/// Arguments that are no values of their columns.
pub(crate) fn lowered(
    checks: &[Check],
    with: &Arguments<'_>,
) -> Result<Vec<LoweredCheck>, SqlError> {
    checks
        .iter()
        .map(|check| {
            Ok(LoweredCheck {
                name: check.name.clone(),
                violated_if: lower(&check.violated, with, Semantics::ThreeValued)?,
            })
        })
        .collect()
}

/// Checks an item that is to be written.
///
/// # Errors
/// 23514
pub(crate) fn check_item(
    table: &TableDescription,
    checks: &[LoweredCheck],
    item: &Item,
) -> Result<(), SqlError> {
    if checks.is_empty() {
        return Ok(());
    }
    let encoded = EncodedItem::encode(item);
    match checks
        .iter()
        .find(|check| check.violated_if.evaluate(encoded.view()))
    {
        None => Ok(()),
        Some(check) => Err(SqlError::CheckViolation {
            table: table.definition.name.clone(),
            constraint: check.name.clone(),
        }),
    }
}
