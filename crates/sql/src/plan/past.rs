//! AS OF: the one position in the past at which a statement reads.
//!
//! The position is an expression without columns, whose value is found anew for every execution. All tables of a statement are read
//! there, or none; system relations and streams are read as they are now.
//!
//! Not here: what was there (`engine`), the syntax (`syntax::as_of`).

use super::{column_of, has_subquery, query_of, select_of};
use crate::bind::{Arguments, Binder, Scalar};
use crate::datum::{coerce, format_timestamp, timestamp_to_unix_micros, unix_micros_to_timestamp};
use crate::names::{Catalog, Relation, find_relation};
use crate::syntax::{AsOfClauses, Position};
use crate::{AnalyticPlan, Datum, Dialect, SqlError, SqlType};
use shale_engine::{AsOf, Error, HistoryProblem, TableDescription};
use sqlparser::ast::{
    CastKind, DataType, Expr, ObjectName, SelectItem, Statement, TimezoneInfo, TypedString,
};
use std::sync::Arc;

/// Where a planned statement reads.
pub(crate) struct PastPlan {
    unit: Unit,
    value: Scalar,
    /// What computes the value, if it is more than a constant.
    pub query: Option<Arc<dyn AnalyticPlan>>,
}

/// What positions are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Lsn,
    Time,
}

/// The position of a statement, not planned yet.
pub(crate) struct PastExpr {
    unit: Unit,
    /// Cast to the type that the unit has.
    expr: Expr,
}

/// The tables of a catalog as reads in the past see them: indexes have no history.
pub(crate) struct WithoutIndexes<'a>(pub &'a dyn Catalog);

impl Catalog for WithoutIndexes<'_> {
    fn table(&self, name: &str) -> Option<Arc<TableDescription>> {
        let table = self.0.table(name)?;
        if table.definition.derived.indexes.is_empty() {
            return Some(table);
        }
        let mut table = TableDescription::clone(&table);
        Arc::make_mut(&mut table.definition).derived.indexes.clear();
        Some(Arc::new(table))
    }

    fn table_names(&self) -> Vec<String> {
        self.0.table_names()
    }

    fn view(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.0.view(name)
    }

    fn view_names(&self) -> Vec<String> {
        self.0.view_names()
    }

    fn has_views(&self) -> bool {
        self.0.has_views()
    }
}

/// The position of all tables of a statement.
///
/// # Errors
/// 0A000 for more than one position and for what has no past, 55000 for tables without history, 42P01.
pub(crate) fn position_of(
    clauses: AsOfClauses,
    catalog: &dyn Catalog,
    text: &str,
) -> Result<PastExpr, SqlError> {
    let mut positions = clauses.positions.iter();
    let first = positions.next().filter(|_| !clauses.misplaced);
    let Some((_, position)) = first else {
        return Err(misplaced());
    };
    for (name, _) in &clauses.positions {
        check_past(catalog, name, text)?;
    }
    if positions.any(|(_, other)| other != position) {
        return Err(several("reading at two positions in one statement"));
    }
    for name in &clauses.without {
        match find_relation(catalog, name, text, Dialect::Postgres)? {
            Relation::System => {}
            Relation::Table(_) | Relation::Index(..) | Relation::View(_) => {
                let feature = format!("reading {name} as it is beside a table as it was");
                return Err(several(&feature));
            }
        }
    }
    let (unit, expr) = match position {
        Position::Lsn(expr) => (Unit::Lsn, expr),
        Position::Time(expr) => (Unit::Time, expr),
    };
    if has_subquery(expr) || column_of(expr).is_some() {
        return Err(refused(
            "a column or a subquery in AS OF",
            "The position is found before any table is read.",
        ));
    }
    Ok(PastExpr {
        unit,
        expr: Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(zone_kept(expr.clone())),
            data_type: match unit {
                Unit::Lsn => DataType::BigInt(None),
                Unit::Time => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
            },
            array: false,
            format: None,
        },
    })
}

fn refused(feature: &str, hint: &str) -> SqlError {
    SqlError::NotSupported {
        feature: feature.to_owned(),
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    }
}

/// A clause stands where none is taken.
pub(crate) fn misplaced() -> SqlError {
    refused(
        "AS OF here",
        "It stands behind the name of a table, in the FROM of a SELECT or of an INSERT … SELECT.",
    )
}

fn several(feature: &str) -> SqlError {
    refused(
        feature,
        "Write the same AS OF behind every table of the statement, or read in two statements.",
    )
}

/// Whether a name stands for something with a past.
fn check_past(catalog: &dyn Catalog, name: &ObjectName, text: &str) -> Result<(), SqlError> {
    let problem = match find_relation(catalog, name, text, Dialect::Postgres)? {
        Relation::System => {
            return Err(refused(&format!("AS OF behind the relation {name}"), ""));
        }
        Relation::View(_) => {
            return Err(refused(
                &format!("AS OF behind the view {name}"),
                "Write the view's query, with AS OF behind its tables.",
            ));
        }
        Relation::Index(table, index) => HistoryProblem::Index {
            table: table.definition.name.clone(),
            index,
        },
        Relation::Table(table) if table.definition.derived.history.is_none() => {
            HistoryProblem::Off {
                table: table.definition.name.clone(),
            }
        }
        Relation::Table(_) => return Ok(()),
    };
    Err(SqlError::Engine(Error::History(problem)))
}

/// A literal that names its zone means it, also behind the word TIMESTAMP, which elsewhere drops it without a word.
fn zone_kept(expr: Expr) -> Expr {
    match expr {
        Expr::TypedString(TypedString {
            data_type: DataType::Timestamp(..),
            value,
            ..
        }) => Expr::Value(value),
        other => other,
    }
}

impl PastExpr {
    /// The plan, where the position is a constant, a parameter, now() or the like; else it takes a query. `types` are those of the
    /// parameters, as far as they are known.
    ///
    /// # Errors
    /// Constants that are no position.
    pub(crate) fn constant(
        &self,
        text: &str,
        types: &mut Vec<SqlType>,
    ) -> Result<Option<PastPlan>, SqlError> {
        let nothing = super::ddl::no_table();
        let mut binder = Binder::new(text, Dialect::Postgres, &nothing, types);
        let scalar = binder.scalar(&self.expr, &SqlType::Unknown)?;
        Ok(scalar.map(|value| {
            *types = binder.parameter_types;
            PastPlan {
                unit: self.unit,
                value,
                query: None,
            }
        }))
    }

    /// The query that computes the position.
    pub(crate) fn query(&self) -> Statement {
        let item = SelectItem::UnnamedExpr(self.expr.clone());
        let select = select_of(vec![item], vec![], None);
        Statement::Query(Box::new(query_of(select)))
    }

    /// The plan with that query.
    pub(crate) fn computed(&self, query: Arc<dyn AnalyticPlan>) -> PastPlan {
        PastPlan {
            unit: self.unit,
            value: Scalar::Computed(0, SqlType::Unknown),
            query: Some(query),
        }
    }
}

impl PastPlan {
    /// The position, with the row of the query as what was computed.
    ///
    /// # Errors
    /// 22004 for NULL, 22023 for an LSN below 0, and values that are no position.
    pub(crate) fn as_of(&self, with: &Arguments<'_>) -> Result<AsOf, SqlError> {
        let sql_type = match self.unit {
            Unit::Lsn => SqlType::Int8,
            Unit::Time => SqlType::TimestampTz,
        };
        let value = coerce(self.value.datum(with)?.into_owned(), &sql_type)?;
        match (self.unit, value) {
            (Unit::Lsn, Datum::Int(lsn)) => match u64::try_from(lsn) {
                Ok(lsn) => Ok(AsOf::Lsn(lsn)),
                Err(_) => Err(no_position(
                    "22023",
                    "the LSN of AS OF must not be negative",
                )),
            },
            (Unit::Time, Datum::Timestamp(micros)) => {
                Ok(AsOf::Micros(timestamp_to_unix_micros(micros)))
            }
            _ => Err(no_position("22004", "the position of AS OF is null")),
        }
    }
}

fn no_position(sqlstate: &'static str, message: &str) -> SqlError {
    SqlError::Other {
        sqlstate,
        message: message.to_owned(),
        hint: None,
    }
}

/// A position, for EXPLAIN.
pub(crate) fn position_text(as_of: AsOf) -> String {
    match as_of {
        AsOf::Lsn(lsn) => format!("LSN {lsn}"),
        AsOf::Micros(micros) => format_timestamp(unix_micros_to_timestamp(micros), true),
    }
}
