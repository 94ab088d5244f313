//! What all sessions share: engine, analytic executor, clock, randomness, the statement cache.
//!
//! Not here: transaction blocks and settings (`session`).

use crate::copy::CopyWriter;
use crate::plan::alter::AlterPlan;
use crate::plan::calls::CallsPlan;
use crate::plan::comment::CommentPlan;
use crate::plan::insert::InsertSelect;
use crate::plan::past::PastPlan;
use crate::plan::table_as::TableAsPlan;
use crate::plan::view_ddl::CreateViewPlan;
use crate::plan::{ConstantPlan, DeletePlan, InsertPlan, SelectPlan, UpdatePlan, ddl, index};
use crate::planner::{Planned, Planning};
use crate::run::explain::ExplainPlan;
use crate::session::{Command, DropRelations, Session};
use crate::syntax::{CursorOptions, parse_statement};
use crate::{
    AnalyticContext, AnalyticExecutor, AnalyticPlan, Backends, Catalog, Column, Dialect, SqlError,
    SqlType,
};
use parking_lot::RwLock;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use shale_engine::{Engine, Transaction};
use shale_env::{Clock, Rand, SystemClock, SystemRand};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Statements whose plans are kept.
const CACHED_STATEMENTS_MAX: usize = 4_096;
/// Longer texts are not kept: they are bulk inserts, seen once.
const CACHED_TEXT_BYTES_MAX: usize = 8 << 10;

/// What is shared by all sessions of a server: engine, analytic executor, statement cache.
#[derive(Clone)]
pub struct SqlService {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub engine: Engine,
    pub analytic: Arc<dyn AnalyticExecutor>,
    pub clock: Arc<dyn Clock>,
    pub rand: Arc<dyn Rand>,
    pub users: RwLock<Vec<String>>,
    pub backends: Arc<Backends>,
    statements: Cache<StatementKey, Arc<Prepared>>,
}

/// A parsed and planned statement.
pub struct Prepared {
    /// Types of `$1 …`.
    pub parameter_types: Vec<SqlType>,
    /// Result columns; `None` for statements that return no rows.
    pub columns: Option<Arc<[Column]>>,
    pub(crate) plan: Plan,
    /// Where its tables are read, if not as they are.
    pub(crate) past: Option<PastPlan>,
    text: String,
    /// Parameter types that the client declared.
    declared: Vec<SqlType>,
    /// Tables that the plan was made for: name and version.
    tables: Vec<(String, u64)>,
    /// Whether the plan reads system relations, so that it depends on the whole catalog.
    reads_catalog: bool,
    /// FOR UPDATE and its like.
    locks_rows: bool,
    /// The catalog's version for which the plan is known to be right.
    catalog_version: AtomicU64,
}

/// What a statement does.
pub(crate) enum Plan {
    Empty,
    Select(Arc<SelectPlan>),
    /// PartiQL's EXISTS: a condition of a transaction.
    Exists(Arc<SelectPlan>),
    Constant(ConstantPlan),
    /// SELECT of functions that the session calls
    Calls(CallsPlan, Option<Arc<dyn AnalyticPlan>>),
    Analytic(Arc<dyn AnalyticPlan>),
    /// With what computes its constants.
    Insert(InsertPlan, Option<Arc<dyn AnalyticPlan>>),
    InsertSelect {
        plan: InsertPlan,
        /// Of ON CONFLICT.
        constants: Option<Arc<dyn AnalyticPlan>>,
        select: InsertSelect,
        /// The query.
        source: Box<Plan>,
    },
    /// With what computes its constants, or finds its rows.
    Update(UpdatePlan, Option<Arc<dyn AnalyticPlan>>),
    /// With what finds its rows.
    Delete(DeletePlan, Option<Arc<dyn AnalyticPlan>>),
    CreateTable(Box<ddl::CreateTablePlan>),
    CreateTableAs {
        plan: Box<TableAsPlan>,
        /// The query.
        source: Box<Plan>,
    },
    CreateView(Box<CreateViewPlan>),
    DropRelations(DropRelations),
    Comment(CommentPlan),
    Truncate(Vec<sqlparser::ast::ObjectName>),
    CreateIndex(Box<index::CreateIndexPlan>),
    DropIndexes {
        names: Vec<sqlparser::ast::ObjectName>,
        if_exists: bool,
    },
    /// ALTER TABLE, ALTER INDEX
    Alter {
        plan: Box<AlterPlan>,
        /// Command tag.
        tag: &'static str,
    },
    /// COPY … FROM
    Copy(crate::copy::CopyPlan),
    CopyTo {
        /// The query.
        source: Box<Plan>,
        columns: Arc<[Column]>,
        writer: CopyWriter,
    },
    /// DECLARE
    DeclareCursor {
        name: String,
        options: CursorOptions,
        /// The query.
        source: Box<Plan>,
        columns: Arc<[Column]>,
    },
    Explain(Box<ExplainPlan>),
    Command(Command),
}

impl Plan {
    /// What the statement is called, if it changes something.
    pub(crate) fn changes(&self) -> Option<&'static str> {
        Some(match self {
            Plan::Insert(..) | Plan::InsertSelect { .. } => "INSERT",
            Plan::Update(..) => "UPDATE",
            Plan::Delete(..) => "DELETE",
            Plan::CreateTable(_) => "CREATE TABLE",
            Plan::CreateTableAs { .. } => "CREATE TABLE AS",
            Plan::CreateView(_) => "CREATE VIEW",
            Plan::DropRelations(drop) => drop.tag(),
            Plan::Comment(_) => "COMMENT",
            Plan::Truncate(_) => "TRUNCATE TABLE",
            Plan::CreateIndex(_) => "CREATE INDEX",
            Plan::DropIndexes { .. } => "DROP INDEX",
            Plan::Alter { tag, .. } => tag,
            Plan::Copy(_) => "COPY FROM",
            Plan::Explain(explained) if explained.options.analyze => {
                return explained.plan.changes();
            }
            _ => return None,
        })
    }

    /// What computes the constants of a write before it.
    pub(crate) fn constants(&self) -> &Option<Arc<dyn AnalyticPlan>> {
        match self {
            Plan::Insert(_, constants)
            | Plan::InsertSelect { constants, .. }
            | Plan::Calls(_, constants) => constants,
            Plan::Update(plan, constants) if !plan.per_row => constants,
            _ => &None,
        }
    }

    /// Whether a write reads more than the items that it names by their keys, so that alone it is a transaction.
    pub(crate) fn needs_transaction(&self) -> bool {
        match self {
            Plan::Insert(plan, _) => plan.reads_tables,
            Plan::InsertSelect { .. } => true,
            Plan::Update(plan, _) => plan.per_row || plan.reads_tables || plan.moves,
            Plan::Delete(_, query) => query.is_some(),
            _ => false,
        }
    }

    /// See [`Prepared::is_shareable`].
    fn is_shareable(&self) -> bool {
        match self {
            Plan::Select(_) | Plan::Exists(_) | Plan::Constant(_) => true,
            Plan::Insert(_, query) | Plan::Update(_, query) | Plan::Delete(_, query) => {
                query.is_none()
            }
            Plan::InsertSelect {
                constants, source, ..
            } => constants.is_none() && source.is_shareable(),
            _ => false,
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
struct StatementKey {
    dialect: Dialect,
    text: String,
    declared: Vec<SqlType>,
}

struct StatementKeyRef<'a> {
    dialect: Dialect,
    text: &'a str,
    declared: &'a [SqlType],
}

impl Hash for StatementKeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dialect.hash(state);
        self.text.hash(state);
        self.declared.hash(state);
    }
}

impl Equivalent<StatementKey> for StatementKeyRef<'_> {
    fn equivalent(&self, key: &StatementKey) -> bool {
        self.dialect == key.dialect && self.text == key.text && self.declared == key.declared
    }
}

impl SqlService {
    /// A service over an engine.
    pub fn new(engine: Engine, analytic: Arc<dyn AnalyticExecutor>) -> SqlService {
        SqlService::with_environment(
            engine,
            analytic,
            Arc::new(SystemClock::new()),
            Arc::new(SystemRand),
        )
    }

    /// A service with its own clock (now()) and randomness (gen_random_uuid()).
    pub fn with_environment(
        engine: Engine,
        analytic: Arc<dyn AnalyticExecutor>,
        clock: Arc<dyn Clock>,
        rand: Arc<dyn Rand>,
    ) -> SqlService {
        SqlService {
            shared: Arc::new(Shared {
                engine,
                analytic,
                clock,
                rand,
                users: RwLock::new(vec![]),
                backends: Arc::default(),
                statements: Cache::new(CACHED_STATEMENTS_MAX),
            }),
        }
    }

    /// Opens a session.
    pub fn session(&self, user: &str, database: &str) -> Session {
        Session::open(self.shared.clone(), user, database)
    }

    /// Tells the service the users that exist, for the catalog.
    pub fn set_users(&self, users: Vec<String>) {
        *self.shared.users.write() = users;
    }
}

impl Shared {
    /// The plan of a text: from the cache, or made and kept there. `context` is asked for only if the analytic executor plans. `within` is
    /// a transaction to which names mean something else than to others: its plans are its own.
    pub(crate) async fn prepare(
        &self,
        text: &str,
        dialect: Dialect,
        declared: &[SqlType],
        context: &(dyn Fn() -> AnalyticContext + Sync),
        within: Option<&Transaction>,
    ) -> Result<Arc<Prepared>, SqlError> {
        let cacheable = text.len() <= CACHED_TEXT_BYTES_MAX && within.is_none();
        if cacheable {
            let key = StatementKeyRef {
                dialect,
                text,
                declared,
            };
            if let Some(found) = self.statements.get(&key)
                && self.is_current(&found, None)
            {
                return Ok(found);
            }
        }
        // Boxed: the state of planning is large, and most statements find their plan made.
        let planning = Box::pin(async {
            let view = within.map(Transaction::view);
            let (catalog, version): (&dyn Catalog, u64) = match &view {
                Some(view) => (view, view.catalog_version()),
                None => (&self.engine, self.engine.catalog_version()),
            };
            let of = Planning {
                text,
                dialect,
                declared,
                catalog,
                context,
            };
            self.plan(of, version).await
        });
        let prepared = Arc::new(planning.await?);
        if cacheable && prepared.is_shareable() {
            let key = StatementKey {
                dialect,
                text: text.to_owned(),
                declared: declared.to_vec(),
            };
            self.statements.insert(key, prepared.clone());
        }
        Ok(prepared)
    }

    /// Whether nothing that the plan depends on has changed.
    pub(crate) fn is_current(&self, prepared: &Prepared, within: Option<&Transaction>) -> bool {
        let version = match within {
            None => self.engine.catalog_version(),
            Some(transaction) => transaction.catalog_version(),
        };
        if prepared.catalog_version.load(Ordering::Relaxed) == version {
            return true;
        }
        if prepared.reads_catalog {
            return false;
        }
        let unchanged = prepared.tables.iter().all(|(name, version)| {
            let now = match within {
                None => self.engine.describe_relation(name),
                Some(transaction) => transaction.view().describe_relation(name),
            };
            now.is_ok_and(|table| table.version == *version)
        });
        // Others share the plan, and to them the transaction's version means nothing.
        if unchanged && within.is_none() {
            prepared.catalog_version.store(version, Ordering::Relaxed);
        }
        unchanged
    }

    /// The same statement planned for the catalog as it is now.
    ///
    /// # Errors
    /// 0A000 if its result columns are no longer those that the client knows.
    pub(crate) async fn refresh(
        &self,
        prepared: &Prepared,
        context: &(dyn Fn() -> AnalyticContext + Sync),
        within: Option<&Transaction>,
    ) -> Result<Arc<Prepared>, SqlError> {
        let fresh = self
            .prepare(
                &prepared.text,
                Dialect::Postgres,
                &prepared.declared,
                context,
                within,
            )
            .await?;
        if !same_columns(fresh.columns.as_deref(), prepared.columns.as_deref()) {
            return Err(SqlError::ChangedResultType);
        }
        Ok(fresh)
    }

    async fn plan(&self, of: Planning<'_>, catalog_version: u64) -> Result<Prepared, SqlError> {
        let Planning { text, declared, .. } = of;
        let mut planned = match parse_statement(text, of.dialect)? {
            None => Planned::new(Plan::Empty),
            Some(statement) => self.plan_statement(statement, of).await?,
        };
        if planned.parameter_types.len() < declared.len() {
            planned
                .parameter_types
                .resize(declared.len(), SqlType::Unknown);
        }
        for sql_type in &mut planned.parameter_types {
            if *sql_type == SqlType::Unknown {
                *sql_type = SqlType::Text;
            }
        }
        Ok(Prepared {
            parameter_types: planned.parameter_types,
            columns: planned.columns,
            plan: planned.plan,
            past: planned.past,
            text: text.to_owned(),
            declared: declared.to_vec(),
            tables: planned.tables,
            reads_catalog: planned.reads_catalog,
            locks_rows: planned.locks_rows,
            catalog_version: AtomicU64::new(catalog_version),
        })
    }
}

/// Whether rows look the same to a client.
fn same_columns(left: Option<&[Column]>, right: Option<&[Column]>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| left.is_like(right))
        }
        (None, None) => true,
        _ => false,
    }
}

impl Prepared {
    /// The statement.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether sessions may share it: it holds nothing of the session that made it.
    fn is_shareable(&self) -> bool {
        let past = self.past.as_ref();
        self.plan.is_shareable() && past.is_none_or(|past| past.query.is_none())
    }

    /// Whether the statement belongs to its transaction's snapshot. Reading the past does not.
    pub(crate) fn in_snapshot(&self) -> bool {
        match &self.plan {
            // Who waits for a lock wants to see what was done under it.
            Plan::Empty | Plan::Command(_) | Plan::Calls(..) => false,
            plan => self.past.is_none() || plan.changes().is_some(),
        }
    }

    /// Whether it is a query of what is current, which may read by an index.
    pub(crate) fn may_use_indexes(&self) -> bool {
        let query = match &self.plan {
            Plan::CopyTo { source, .. }
            | Plan::DeclareCursor { source, .. }
            | Plan::CreateTableAs { source, .. } => source,
            Plan::Explain(explained) if explained.options.analyze => &explained.plan,
            plan => plan,
        };
        self.past.is_none() && matches!(query, Plan::Select(_) | Plan::Analytic(_))
    }

    /// What the statement is called where only reading is allowed; `None` if it only reads.
    pub(crate) fn changes(&self) -> Option<&'static str> {
        match self.locks_rows {
            true => Some("SELECT FOR UPDATE"),
            false => self.plan.changes(),
        }
    }
}
