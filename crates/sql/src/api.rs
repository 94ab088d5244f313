//! What the front doors ask of SQL, and what `analytics` implements for it.

use crate::explain::{PlanNode, PlanProbe};
use crate::{Backends, Catalog, CopyIn, CopyOut};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use shale_engine::{Engine, ReadView};
use shale_item::{AttributeValue, Item, Number};
use std::sync::Arc;

/// PostgreSQL's types, as far as columns, parameters and results have them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// Not known yet; sent as text.
    Unknown,
    /// bool
    Bool,
    /// int2
    Int2,
    /// int4
    Int4,
    /// int8
    Int8,
    /// float4
    Float4,
    /// float8
    Float8,
    /// numeric(precision, scale). Precision 0, which no declaration can have, is a computed numeric: any number of digits, printed with at
    /// least that scale.
    Numeric(Option<(u8, u8)>),
    /// text
    Text,
    /// varchar(n)
    Varchar(Option<u32>),
    /// bpchar(n)
    Char(Option<u32>),
    /// name
    Name,
    /// "char"
    SingleChar,
    /// oid and its relatives
    Oid,
    /// bytea
    Bytea,
    /// uuid
    Uuid,
    /// date
    Date,
    /// time
    Time,
    /// timestamp
    Timestamp,
    /// timestamptz
    TimestampTz,
    /// interval
    Interval,
    /// json
    Json,
    /// jsonb
    Jsonb,
    /// An array of a scalar type.
    Array(Box<SqlType>),
    /// int2vector or oidvector, of the catalog only: an array of int2 or oid that is printed without braces.
    Vector(Box<SqlType>),
}

impl SqlType {
    /// The type of the elements of an array or a vector.
    pub fn element(&self) -> Option<&SqlType> {
        match self {
            SqlType::Array(element) | SqlType::Vector(element) => Some(element),
            _ => None,
        }
    }
}

/// A value of one of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// NULL (or MISSING).
    Null,
    /// bool
    Bool(bool),
    /// int2, int4, int8, oid
    Int(i64),
    /// float4, float8
    Float(f64),
    /// numeric
    Numeric(Number),
    /// text, varchar, bpchar, name, "char", uuid (canonical)
    Text(String),
    /// bytea
    Bytes(Bytes),
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// timestamp and timestamptz: microseconds since 2000-01-01 00:00 (UTC).
    Timestamp(i64),
    /// interval
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
    /// json, jsonb: its text
    Json(String),
    /// Elements of an array.
    Array(Vec<Datum>),
}

/// A result column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type.
    pub sql_type: SqlType,
    /// The column of a table that it shows; `None` for what is computed.
    pub origin: Option<ColumnOrigin>,
}

impl Column {
    /// A column that shows no column of a table.
    pub fn computed(name: impl Into<String>, sql_type: SqlType) -> Column {
        Column {
            name: name.into(),
            sql_type,
            origin: None,
        }
    }

    /// Whether rows of both look the same to a client, wherever they come from.
    pub fn is_like(&self, other: &Column) -> bool {
        self.name == other.name && self.sql_type == other.sql_type
    }
}

/// A column of a table, as the catalog numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnOrigin {
    /// Oid of the table: [`crate::table_oid`].
    pub table_oid: i64,
    /// Position among the columns of `*`, from 1.
    pub number: i16,
}

/// A result row.
pub type Row = Vec<Datum>;

/// Rows in batches; dropping the stream cancels the work behind it.
pub type RowStream = BoxStream<'static, Result<Vec<Row>, SqlError>>;

/// A byte offset into the statement's text, from 0.
pub type Position = Option<usize>;

/// Why a statement failed. Variants carry data; sentences and SQLSTATEs are the front door's.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SqlError {
    /// 42601
    #[error("syntax error: {message}")]
    Syntax {
        /// What the parser expected.
        message: String,
        /// Where.
        position: Position,
    },
    /// 42P01
    #[error("relation \"{name}\" does not exist")]
    UndefinedTable {
        /// Name.
        name: String,
        /// Where.
        position: Position,
    },
    /// 42703
    #[error("column \"{name}\" does not exist")]
    UndefinedColumn {
        /// Name.
        name: String,
        /// Where.
        position: Position,
        /// A help.
        hint: Option<String>,
    },
    /// 42883
    #[error("function {name} does not exist")]
    UndefinedFunction {
        /// Name and argument types.
        name: String,
        /// Where.
        position: Position,
    },
    /// 42P07
    #[error("relation \"{name}\" already exists")]
    DuplicateTable {
        /// Name.
        name: String,
    },
    /// 42701
    #[error("column \"{name}\" specified more than once")]
    DuplicateColumn {
        /// Name.
        name: String,
    },
    /// 42P16
    #[error("{message}")]
    InvalidTableDefinition {
        /// What is wrong.
        message: String,
    },
    /// 42804
    #[error("{message}")]
    DatatypeMismatch {
        /// What is wrong.
        message: String,
        /// Where.
        position: Position,
    },
    /// 42501
    #[error("permission denied for table {table}")]
    InsufficientPrivilege {
        /// What the statement would have done.
        kind: WriteKind,
        /// To which table.
        table: String,
    },
    /// 22P02
    #[error("invalid input syntax for type {type_name}: \"{value}\"")]
    InvalidText {
        /// PostgreSQL's name of the type.
        type_name: String,
        /// The text.
        value: String,
    },
    /// 22003
    #[error("{type_name} out of range")]
    OutOfRange {
        /// PostgreSQL's name of the type.
        type_name: String,
    },
    /// 22001
    #[error("value too long for type {type_name}")]
    TooLong {
        /// PostgreSQL's name of the type.
        type_name: String,
    },
    /// 23505
    #[error("duplicate key value violates unique constraint \"{constraint}\"")]
    UniqueViolation {
        /// `<table>_pkey`.
        constraint: String,
        /// `Key (a, b)=(1, 2) already exists.`
        detail: String,
    },
    /// 23502
    #[error(
        "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint"
    )]
    NotNullViolation {
        /// Table.
        table: String,
        /// Column.
        column: String,
    },
    /// 23514
    #[error("new row for relation \"{table}\" violates check constraint \"{constraint}\"")]
    CheckViolation {
        /// Table.
        table: String,
        /// Constraint.
        constraint: String,
    },
    /// 0A000
    #[error("{feature} is not supported")]
    NotSupported {
        /// What.
        feature: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// 42704
    #[error("unrecognized configuration parameter \"{name}\"")]
    UndefinedParameter {
        /// Name.
        name: String,
    },
    /// 22023
    #[error("invalid value for parameter \"{name}\": \"{value}\"")]
    InvalidParameter {
        /// Name.
        name: String,
        /// Value.
        value: String,
    },
    /// 25001, 25P01, 25006 …
    #[error("{message}")]
    TransactionState {
        /// SQLSTATE, as the variant has many.
        sqlstate: &'static str,
        /// What is wrong.
        message: String,
    },
    /// 57014
    #[error("canceling statement due to user request")]
    Canceled,
    /// 53200, 54000: a bound of ours.
    #[error("{message}")]
    ProgramLimit {
        /// Which bound.
        message: String,
    },
    /// 0A000: the tables of a prepared statement have changed so that its columns are others now.
    #[error("cached plan must not change result type")]
    ChangedResultType,
    /// Errors of evaluation with a SQLSTATE of their own (22012 division by zero …).
    #[error("{message}")]
    Other {
        /// SQLSTATE.
        sqlstate: &'static str,
        /// Sentence.
        message: String,
        /// A help.
        hint: Option<String>,
    },
    /// As [`SqlError::Other`], with PostgreSQL's DETAIL.
    #[error("{message}")]
    Detailed {
        /// SQLSTATE.
        sqlstate: &'static str,
        /// Sentence.
        message: String,
        /// More about it.
        detail: String,
        /// A help.
        hint: Option<String>,
    },
    /// Any of them, with the place in the data of a COPY (PostgreSQL's CONTEXT).
    #[error("{error} ({place})")]
    InCopy {
        /// What is wrong.
        error: Box<SqlError>,
        /// `COPY t, line 3, column a: "x"`
        place: String,
    },
    /// The engine.
    #[error(transparent)]
    Engine(#[from] shale_engine::Error),
}

/// What a statement does to its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// INSERT
    Insert,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
}

/// What runs the statements that are more than key lookups and range scans.
pub trait AnalyticExecutor: Send + Sync + 'static {
    /// Plans a query. `parameter_types` holds what the client declared (`Unknown` where it did not).
    fn plan<'a>(
        &'a self,
        context: &'a AnalyticContext,
        query: &'a sqlparser::ast::Statement,
        parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>>;
}

/// What an analytic statement may ask of its session.
#[derive(Clone, Debug)]
pub struct AnalyticContext {
    /// The engine.
    pub engine: Engine,
    /// Current user.
    pub user: String,
    /// Current database.
    pub database: String,
    /// Session settings, by lower-case name.
    pub settings: Arc<std::collections::BTreeMap<String, String>>,
    /// All user names (pg_roles), current at planning.
    pub users: Vec<String>,
    /// All sessions.
    pub backends: Arc<Backends>,
    /// The number of this one; 0 if it has none.
    pub backend_pid: i32,
    /// What the session's transaction sees. None outside of one, where a statement reads what is published; and where it is planned,
    /// unless the transaction has made tables of its own.
    pub view: Option<ReadView>,
    /// Told of the plans that are run, for EXPLAIN ANALYZE.
    pub probe: Option<Arc<PlanProbe>>,
}

impl AnalyticContext {
    /// Tables by name, as the session sees them.
    pub fn catalog(&self) -> &dyn Catalog {
        match &self.view {
            Some(view) => view,
            None => &self.engine,
        }
    }

    /// Changes whenever what they are does.
    pub fn catalog_version(&self) -> u64 {
        match &self.view {
            Some(view) => view.catalog_version(),
            None => self.engine.catalog_version(),
        }
    }
}

/// A planned analytic query; run as often as wanted.
pub trait AnalyticPlan: Send + Sync {
    /// Result columns.
    fn columns(&self) -> &[Column];
    /// Types of `$1 …`.
    fn parameter_types(&self) -> &[SqlType];
    /// Runs it.
    fn execute<'a>(
        &'a self,
        context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<RowStream, SqlError>>;
    /// Its plan, for EXPLAIN.
    fn explain<'a>(
        &'a self,
        context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<PlanNode, SqlError>>;
}

/// Which dialect a statement is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL with PartiQL's additions, `$n` parameters: pgwire.
    Postgres,
    /// PartiQL as ExecuteStatement takes it, `?` parameters, names never folded, no 42703 for unknown attributes.
    PartiQl,
}

/// Transaction status of a session, as ReadyForQuery reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// `I`
    Idle,
    /// `T`
    InTransaction,
    /// `E`
    Failed,
}

/// A PartiQL statement as ExecuteStatement takes it, `?` parameters.
#[derive(Clone, Debug, Default)]
pub struct PartiQlRequest {
    /// The statement.
    pub statement: String,
    /// Values of the `?` in order of their appearance.
    pub parameters: Vec<AttributeValue>,
    /// Items to evaluate at most (Limit).
    pub limit: Option<u32>,
    /// ConsistentRead.
    pub consistent: bool,
    /// Where the last page ended: [`PartiQlOutput::last_evaluated_key`].
    pub start_key: Option<Item>,
    /// ReturnValuesOnConditionCheckFailure: whether `ConditionFailed` carries the item.
    pub return_item_on_failure: bool,
    /// Refuses statements that write ([`SqlError::InsufficientPrivilege`]).
    pub read_only: bool,
}

/// What [`SqlService::execute_partiql`] answers.
#[derive(Clone, Debug, Default)]
pub struct PartiQlOutput {
    /// Items read, or what RETURNING asked for.
    pub items: Vec<Item>,
    /// Where the next page begins, unless this was the last. A front door turns it into its NextToken.
    pub last_evaluated_key: Option<Item>,
    /// The table that the statement names; empty for a query that is more than a page of one table, which has no capacity.
    pub table: String,
    /// Whether the statement writes, or is an EXISTS of a transaction: then `capacity` counts write units, else read units.
    pub is_write: bool,
    /// Capacity units of the table.
    pub capacity: f64,
    /// Capacity units by index, for those that were written or read.
    pub index_capacity: Vec<(String, f64)>,
}

/// A statement of [`SqlService::batch_partiql`] that failed.
#[derive(Clone, Debug)]
pub struct PartiQlFailure {
    /// The table that it names, as far as that is known.
    pub table: Option<String>,
    /// Why.
    pub error: SqlError,
}

/// What [`SqlService::transact_partiql`] answers.
#[derive(Clone, Debug, Default)]
pub struct PartiQlTransaction {
    /// For each statement in order; capacity is what it costs inside a transaction.
    pub statements: Vec<PartiQlOutput>,
    /// The transaction was done before, by a request with the same token: nothing was written now, and capacity counts read units.
    pub repeated: bool,
}

/// What running a statement gives.
pub enum Outcome {
    /// Rows (also those of RETURNING). `tag` builds the command tag from the number of rows sent.
    Rows {
        /// Columns; those of the [`Prepared`] itself as long as its plan is current, so that nothing is copied per execution.
        columns: Arc<[Column]>,
        /// Rows.
        rows: RowStream,
        /// Such as `SELECT`, `INSERT 0`; the count is appended.
        tag: &'static str,
    },
    /// No rows: the complete command tag, such as `INSERT 0 3`, `CREATE TABLE`.
    Done {
        /// Command tag.
        tag: String,
    },
    /// Nothing: the statement's text was empty.
    Empty,
    /// The client sends data now.
    CopyIn(CopyIn),
    /// The server sends data now.
    CopyOut(CopyOut),
}
