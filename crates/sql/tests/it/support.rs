//! An engine, a service, and what statements answer as text.

use bytes::BytesMut;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use shale_engine::{Engine, EngineOptions};
use shale_sql::datum::to_text;
use shale_sql::{
    AnalyticContext, AnalyticExecutor, AnalyticPlan, Column, CopyOut, Datum, Outcome, PlanNode,
    RowStream, Session, SqlError, SqlService, SqlType,
};
use std::sync::Arc;
use tempfile::TempDir;

/// Refuses what is not the fast path's: these tests are about that.
struct NoAnalytic;

impl AnalyticExecutor for NoAnalytic {
    fn plan<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        query: &'a sqlparser::ast::Statement,
        _parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        let feature = format!("analytic {query}");
        Box::pin(std::future::ready(Err(SqlError::NotSupported {
            feature,
            hint: None,
        })))
    }
}

/// Answers every constant query with one row of 42s.
pub struct FortyTwo;

struct FortyTwoPlan(Vec<Column>);

impl AnalyticPlan for FortyTwoPlan {
    fn columns(&self) -> &[Column] {
        &self.0
    }
    fn parameter_types(&self) -> &[SqlType] {
        &[]
    }
    fn execute<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<RowStream, SqlError>> {
        let row = vec![Datum::Int(42); self.0.len()];
        let rows: RowStream = futures::stream::iter([Ok(vec![row])]).boxed();
        Box::pin(std::future::ready(Ok(rows)))
    }
    fn explain<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<PlanNode, SqlError>> {
        Box::pin(std::future::ready(Ok(PlanNode::new("Constants"))))
    }
}

impl AnalyticExecutor for FortyTwo {
    fn plan<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        query: &'a sqlparser::ast::Statement,
        _parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        let sqlparser::ast::Statement::Query(query) = query else {
            panic!("no query: {query}");
        };
        let sqlparser::ast::SetExpr::Select(select) = query.body.as_ref() else {
            panic!("no SELECT: {query}");
        };
        let columns = select
            .projection
            .iter()
            .map(|item| Column::computed(item.to_string(), SqlType::Int8));
        let plan: Arc<dyn AnalyticPlan> = Arc::new(FortyTwoPlan(columns.collect()));
        Box::pin(std::future::ready(Ok(plan)))
    }
}

/// Answers every query with the numbers from its parameter to 9, a column NULL among the others.
pub struct Counting;

struct CountingPlan(Vec<Column>);

impl AnalyticPlan for CountingPlan {
    fn columns(&self) -> &[Column] {
        &self.0
    }
    fn parameter_types(&self) -> &[SqlType] {
        &[SqlType::Int8]
    }
    fn execute<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<RowStream, SqlError>> {
        let [Datum::Int(first)] = *parameters else {
            panic!("no number: {parameters:?}");
        };
        // In batches of two, as rows come.
        let numbers: Vec<i64> = (first..10).collect();
        let batches: Vec<_> = numbers
            .chunks(2)
            .map(|chunk| {
                let row =
                    |number: &i64| vec![Datum::Int(*number), Datum::Null, Datum::Text("x".into())];
                Ok(chunk.iter().map(row).collect())
            })
            .collect();
        let rows: RowStream = futures::stream::iter(batches).boxed();
        Box::pin(std::future::ready(Ok(rows)))
    }
    fn explain<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _parameters: &'a [Datum],
    ) -> BoxFuture<'a, Result<PlanNode, SqlError>> {
        Box::pin(std::future::ready(Ok(PlanNode::new("Counting"))))
    }
}

impl AnalyticExecutor for Counting {
    fn plan<'a>(
        &'a self,
        _context: &'a AnalyticContext,
        _query: &'a sqlparser::ast::Statement,
        _parameter_types: &'a [SqlType],
    ) -> BoxFuture<'a, Result<Arc<dyn AnalyticPlan>, SqlError>> {
        let column = |name: &str, sql_type| Column::computed(name, sql_type);
        let columns = vec![
            column("number", SqlType::Int8),
            column("nothing", SqlType::Int8),
            column("word", SqlType::Text),
        ];
        let plan: Arc<dyn AnalyticPlan> = Arc::new(CountingPlan(columns));
        Box::pin(std::future::ready(Ok(plan)))
    }
}

/// A server's inside, with one session.
pub struct Server {
    pub service: SqlService,
    pub engine: Engine,
    pub session: Session,
    _directory: TempDir,
}

impl Server {
    pub fn open() -> Server {
        Server::with(Arc::new(NoAnalytic))
    }

    pub fn with(analytic: Arc<dyn AnalyticExecutor>) -> Server {
        let directory = TempDir::new().expect("a directory");
        let engine =
            Engine::open_directory(EngineOptions::new(directory.path())).expect("an engine");
        let service = SqlService::new(engine.clone(), analytic);
        Server {
            session: service.session("ann", "shale"),
            service,
            engine,
            _directory: directory,
        }
    }

    /// Runs the statements of a text and returns what the last one answered.
    pub async fn run(&mut self, text: &str) -> String {
        run(&mut self.session, text).await
    }

    /// Runs one statement with parameters.
    pub async fn run_with(&mut self, text: &str, parameters: Vec<Datum>) -> String {
        let prepared = match self.session.prepare(text, &[]).await {
            Ok(prepared) => prepared,
            Err(error) => return describe(&error),
        };
        match self.session.execute(&prepared, parameters).await {
            Ok(outcome) => print(outcome).await,
            Err(error) => describe(&error),
        }
    }

    /// What went wrong, or nothing: for the statements that prepare a test.
    pub async fn must(&mut self, text: &str) {
        let answer = self.run(text).await;
        assert!(!answer.starts_with('!'), "{text}: {answer}");
    }
}

pub async fn run(session: &mut Session, text: &str) -> String {
    let mut last = String::new();
    let statements = session.split(text).expect("short enough");
    for (_, statement) in statements {
        let prepared = match session.prepare(statement, &[]).await {
            Ok(prepared) => prepared,
            Err(error) => return describe(&error),
        };
        last = match session.execute(&prepared, vec![]).await {
            Ok(outcome) => print(outcome).await,
            Err(error) => return describe(&error),
        };
    }
    last
}

/// The data of a COPY … TO STDOUT, in text or CSV.
async fn print_copy(copy: CopyOut) -> String {
    let batches: Result<Vec<_>, SqlError> = copy.rows.try_collect().await;
    let batches = match batches {
        Ok(batches) => batches,
        Err(error) => return describe(&error),
    };
    let mut out = BytesMut::new();
    if copy.writer.has_header() {
        copy.writer.put_header(&mut out, &copy.columns);
    }
    for row in batches.into_iter().flatten() {
        for (position, (datum, column)) in row.iter().zip(copy.columns.iter()).enumerate() {
            let text = (*datum != Datum::Null).then(|| to_text(datum, &column.sql_type));
            copy.writer
                .put_field(&mut out, position, text.as_deref().map(str::as_bytes));
        }
        copy.writer.end_line(&mut out);
    }
    String::from_utf8(out.to_vec()).expect("text")
}

pub async fn print(outcome: Outcome) -> String {
    match outcome {
        Outcome::Empty => String::new(),
        Outcome::Done { tag } => tag,
        Outcome::CopyIn(copy) => format!("copy of {} columns", copy.types.len()),
        Outcome::CopyOut(copy) => print_copy(copy).await,
        Outcome::Rows { columns, rows, tag } => {
            let batches: Result<Vec<_>, SqlError> = rows.try_collect().await;
            let batches = match batches {
                Ok(batches) => batches,
                Err(error) => return describe(&error),
            };
            let mut lines: Vec<String> = Vec::new();
            for row in batches.into_iter().flatten() {
                assert_eq!(row.len(), columns.len());
                let fields: Vec<String> = row
                    .iter()
                    .zip(columns.iter())
                    .map(|(datum, column)| match datum {
                        Datum::Null => "∅".to_owned(),
                        other => to_text(other, &column.sql_type),
                    })
                    .collect();
                lines.push(fields.join("|"));
            }
            if tag == "SELECT" || tag == "EXPLAIN" || ["SHOW", "FETCH"].contains(&tag) {
                lines.join("\n")
            } else {
                let count = lines.len();
                lines.push(format!("{tag} {count}"));
                lines.join("\n")
            }
        }
    }
}

/// `! SQLSTATE sentence`, as far as this crate knows SQLSTATEs.
pub fn describe(error: &SqlError) -> String {
    match error {
        SqlError::Other {
            sqlstate, message, ..
        }
        | SqlError::TransactionState { sqlstate, message } => format!("! {sqlstate} {message}"),
        SqlError::UniqueViolation { detail, .. } => format!("! {error}; {detail}"),
        other => format!("! {other}"),
    }
}
