//! Instead of DataFusion: statements that hang, never end, fail in the middle or have every type, and a count of those that run.
//!
//! The name of a table function says what happens: `SELECT * FROM hang()`.

use futures::future::BoxFuture;
use futures::stream;
use futures::{FutureExt, StreamExt};
use shale_item::Number;
use shale_sql::{
    AnalyticContext, AnalyticExecutor, AnalyticPlan, Column, Datum, PlanNode, Row, RowStream,
    SqlError, SqlType,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Statements that run, and a bell that rings whenever their number or what they have sent changes.
#[derive(Default)]
pub struct Watch {
    running: AtomicUsize,
    batches: AtomicUsize,
    changed: Notify,
}

impl Watch {
    fn ring(&self) {
        self.changed.notify_waiters();
    }

    /// Batches that endless statements have made.
    pub fn batches(&self) -> usize {
        self.batches.load(Ordering::SeqCst)
    }

    /// Waits until this many statements run.
    pub async fn until_running(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            if self.running.load(Ordering::SeqCst) == count {
                return;
            }
            changed.await;
        }
    }
}

/// Counts a statement as long as it lives.
struct Running(Arc<Watch>);

impl Running {
    fn new(watch: &Arc<Watch>) -> Running {
        watch.running.fetch_add(1, Ordering::SeqCst);
        watch.ring();
        Running(watch.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.ring();
    }
}

#[derive(Default)]
pub struct ScriptedExecutor {
    pub watch: Arc<Watch>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Script {
    Hang,
    HangInRows,
    Endless,
    FailInRows,
    Numbers,
    Types,
    Echo,
    Panic,
}

const SCRIPTS: [(&str, Script); 8] = [
    ("hang()", Script::Hang),
    ("hang_in_rows()", Script::HangInRows),
    ("endless()", Script::Endless),
    ("fail_in_rows()", Script::FailInRows),
    ("numbers()", Script::Numbers),
    ("every_type()", Script::Types),
    ("echo()", Script::Echo),
    ("panic_now()", Script::Panic),
];

impl AnalyticExecutor for ScriptedExecutor {
    fn plan<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        query: &'a sqlparser::ast::Statement,
        parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        async move {
            let text = query.to_string();
            let script = SCRIPTS
                .into_iter()
                .find(|(name, _)| text.contains(&format!(" {name}")));
            let Some((_, script)) = script else {
                return Err(SqlError::NotSupported {
                    feature: format!("in this test: {text}"),
                    hint: None,
                });
            };
            let (names, types): (Vec<String>, Vec<SqlType>) = match script {
                Script::Types => every_type()
                    .into_iter()
                    .map(|(sql_type, _)| (format!("c{}", sql_type.name()), sql_type))
                    .unzip(),
                Script::Echo => parameter_types
                    .iter()
                    .map(|sql_type| ("value".to_owned(), sql_type.clone()))
                    .unzip(),
                _ => (vec!["n".to_owned()], vec![SqlType::Int4]),
            };
            let columns = names
                .into_iter()
                .zip(types)
                .map(|(name, sql_type)| Column::computed(name, sql_type))
                .collect();
            let plan = ScriptedPlan {
                watch: self.watch.clone(),
                script,
                columns,
                parameter_types: parameter_types.to_vec(),
            };
            Ok(Arc::new(plan) as Arc<dyn AnalyticPlan>)
        }
        .boxed()
    }
}

struct ScriptedPlan {
    watch: Arc<Watch>,
    script: Script,
    columns: Vec<Column>,
    parameter_types: Vec<SqlType>,
}

impl AnalyticPlan for ScriptedPlan {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn parameter_types(&self) -> &[SqlType] {
        &self.parameter_types
    }

    fn execute<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<RowStream, SqlError>> {
        let running = Running::new(&self.watch);
        async move {
            let batches = |count: usize| {
                (0..count).map(|batch| {
                    let row = |row| vec![Datum::Int((batch * 10 + row) as i64)];
                    Ok((0..10).map(row).collect::<Vec<Row>>())
                })
            };
            let rows = match self.script {
                Script::Hang => {
                    std::future::pending::<()>().await;
                    unreachable!()
                }
                Script::Panic => panic!("as the test asked"),
                Script::HangInRows => stream::iter(batches(1)).chain(stream::pending()).boxed(),
                Script::Numbers => stream::iter(batches(3)).boxed(),
                Script::FailInRows => {
                    let error = SqlError::Other {
                        sqlstate: "22012",
                        message: "division by zero".into(),
                        hint: None,
                    };
                    stream::iter(batches(1))
                        .chain(stream::iter([Err(error)]))
                        .boxed()
                }
                Script::Endless => {
                    let watch = self.watch.clone();
                    let row = vec![Datum::Int(7)];
                    stream::repeat_with(move || {
                        watch.batches.fetch_add(1, Ordering::SeqCst);
                        Ok(vec![row.clone(); 1000])
                    })
                    .boxed()
                }
                Script::Types => {
                    let row = every_type().into_iter().map(|(_, datum)| datum).collect();
                    let nulls = vec![Datum::Null; self.columns.len()];
                    stream::iter([Ok(vec![row, nulls])]).boxed()
                }
                Script::Echo => stream::iter([Ok(vec![parameters.to_vec()])]).boxed(),
            };
            Ok(rows
                .map(move |batch| {
                    let _running = &running;
                    batch
                })
                .boxed())
        }
        .boxed()
    }

    fn explain<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<PlanNode, SqlError>> {
        let node = PlanNode::new(format!("{:?}", self.script));
        Box::pin(std::future::ready(Ok(node)))
    }
}

/// A value of each type.
pub fn every_type() -> Vec<(SqlType, Datum)> {
    let number: Number = "-12345.678".parse().unwrap();
    let text = |text: &str| Datum::Text(text.to_owned());
    vec![
        (SqlType::Bool, Datum::Bool(true)),
        (SqlType::Int2, Datum::Int(-2)),
        (SqlType::Int4, Datum::Int(70_000)),
        (SqlType::Int8, Datum::Int(i64::MIN)),
        (SqlType::Float4, Datum::Float(1.5)),
        (SqlType::Float8, Datum::Float(1e300)),
        (SqlType::Numeric(Some((10, 4))), Datum::Numeric(number)),
        (SqlType::Text, text("héllo")),
        (SqlType::Varchar(Some(20)), text("v")),
        (SqlType::Char(Some(3)), text("abc")),
        (SqlType::Name, text("name")),
        (SqlType::SingleChar, text("r")),
        (SqlType::Oid, Datum::Int(4_000_000_000)),
        (SqlType::Bytea, Datum::Bytes(vec![0, 255].into())),
        (SqlType::Uuid, text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        (SqlType::Date, Datum::Date(366)),
        (SqlType::Time, Datum::Time(3_600_000_000)),
        (SqlType::Timestamp, Datum::Timestamp(1_000_000)),
        (SqlType::TimestampTz, Datum::Timestamp(1_500_000)),
        (
            SqlType::Interval,
            Datum::Interval {
                months: 14,
                days: 3,
                micros: 1_000_000,
            },
        ),
        (SqlType::Json, Datum::Json("{\"a\": 1}".into())),
        (SqlType::Jsonb, Datum::Json("[1, 2]".into())),
        (
            SqlType::Array(Box::new(SqlType::Int4)),
            Datum::Array(vec![Datum::Int(1), Datum::Null]),
        ),
        (SqlType::Unknown, text("unknown")),
    ]
}
