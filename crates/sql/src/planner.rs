//! One statement to its plan: here, or through the analytic executor.
//!
//! Not here: keeping plans (`service`).

use crate::copy::CopyWriter;
use crate::explain::{ExplainOptions, Format};
use crate::names::{Relation, find_relation, table_for_write};
use crate::plan::past::{self, PastPlan, WithoutIndexes};
use crate::plan::relations::{check_locked_tables, check_relations};
use crate::plan::{
    Outputs, SelectPlan, alter, calls, comment, constant, ddl, index, insert, select, table_as,
    update, view_ddl, views,
};
use crate::run::explain::ExplainPlan;
use crate::run::partiql::is_page;
use crate::service::{Plan, Shared};
use crate::session::command::folded;
use crate::session::{Command, DropRelations, Kind};
use crate::syntax::{
    AsOfClauses, CreateView, CursorOptions, CursorStatement, Definition, Insert, InsertSource,
    Stmt, TableAs, located,
};
use crate::{
    AnalyticContext, AnalyticPlan, Catalog, Column, Datum, Dialect, RowStream, SqlError, SqlType,
};
use shale_engine::TableDescription;
use sqlparser::ast::{AlterIndexOperation, Ident, ObjectName, ObjectType, Query, Statement};
use std::sync::Arc;
use std::time::Duration;

/// What a statement is planned with.
#[derive(Clone, Copy)]
pub(crate) struct Planning<'a> {
    pub text: &'a str,
    pub dialect: Dialect,
    /// Parameter types that the client declared.
    pub declared: &'a [SqlType],
    /// Tables as the statement sees them.
    pub catalog: &'a dyn Catalog,
    /// Asked for only if the analytic executor plans.
    pub context: &'a (dyn Fn() -> AnalyticContext + Sync),
}

impl Shared {
    pub(crate) async fn plan_statement(
        &self,
        statement: Stmt,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        let Planning { text, dialect, .. } = of;
        match statement {
            Stmt::Insert(insert) => {
                refuse_view(&insert.table, "insert into", "inserting into", of)?;
                self.plan_insert(&insert, of).await
            }
            Stmt::Update(update) => {
                refuse_view(&update.table, "update", "updating", of)?;
                let (plan, types) =
                    update::plan_update(of.catalog, &update, text, dialect, of.declared)?;
                let columns = plan.returning.as_ref().map(Outputs::columns);
                let planned = Planned::new(Plan::Empty).on(&plan.table);
                let (query, planned) = self
                    .plan_query_of(plan.query.as_deref(), types, of, planned)
                    .await?;
                Ok(planned.running(Plan::Update(plan, query), columns))
            }
            Stmt::Delete(delete) => {
                refuse_view(&delete.table, "delete from", "deleting from", of)?;
                let (plan, types) =
                    update::plan_delete(of.catalog, &delete, text, dialect, of.declared)?;
                let columns = plan.returning.as_ref().map(Outputs::columns);
                let planned = Planned::new(Plan::Empty).on(&plan.table);
                let (query, planned) = self
                    .plan_query_of(plan.query.as_deref(), types, of, planned)
                    .await?;
                Ok(planned.running(Plan::Delete(plan, query), columns))
            }
            Stmt::Transaction(_) if dialect == Dialect::PartiQl => Err(SqlError::NotSupported {
                feature: "a statement about the transaction in ExecuteStatement".into(),
                hint: None,
            }),
            Stmt::Transaction(statement) => {
                let command = crate::session::command::plan_transaction(statement)?;
                Ok(Planned::new(Plan::Command(command)))
            }
            Stmt::Cursor(_) if dialect == Dialect::PartiQl => Err(SqlError::NotSupported {
                feature: "a cursor in ExecuteStatement".into(),
                hint: None,
            }),
            Stmt::Cursor(CursorStatement::Declare {
                name,
                options,
                query,
            }) => self.plan_cursor(name, options, query, of).await,
            Stmt::Cursor(statement) => {
                let command = crate::session::command::plan_cursor(statement)?;
                Ok(Planned::new(Plan::Command(command)))
            }
            Stmt::Locking { statement, tables } => {
                check_locked_tables(&tables, &statement, text)?;
                let mut planned = Box::pin(self.plan_statement(*statement, of)).await?;
                planned.locks_rows = matches!(
                    planned.plan,
                    Plan::Select(_)
                        | Plan::Constant(_)
                        | Plan::Analytic(_)
                        | Plan::DeclareCursor { .. }
                );
                Ok(planned)
            }
            Stmt::Exists(query) if dialect == Dialect::PartiQl => {
                match select::plan(of.catalog, &query, text, dialect, of.declared)? {
                    Some((plan, types)) => {
                        let table = plan.table.clone();
                        let plan = Plan::Exists(Arc::new(plan));
                        Ok(Planned::new(plan).on(&table).with(types, None))
                    }
                    None => Err(SqlError::NotSupported {
                        feature: "EXISTS of this query".into(),
                        hint: Some("EXISTS takes a SELECT of one item by its key.".into()),
                    }),
                }
            }
            Stmt::Exists(query) => {
                let query = Box::new(select::exists_query(query));
                self.plan_query(query, of).await
            }
            Stmt::Explain { statement, options } => {
                let options = ExplainOptions::of(&options)?;
                let start = self.clock.monotonic();
                let planned = Box::pin(self.plan_statement(*statement, of)).await?;
                if matches!(
                    planned.plan,
                    Plan::Command(_)
                        | Plan::Copy(_)
                        | Plan::CopyTo { .. }
                        | Plan::DeclareCursor { .. }
                        | Plan::CreateTableAs { .. }
                        | Plan::CreateView(_)
                ) {
                    return Err(SqlError::NotSupported {
                        feature: "EXPLAIN of this statement".into(),
                        hint: None,
                    });
                }
                let planning = self.clock.monotonic().saturating_sub(start);
                Ok(explained(planned, options, planning))
            }
            Stmt::Prepare {
                name,
                data_types,
                text,
            } => Ok(Planned::new(Plan::Command(Command::Prepare {
                name: name.value,
                parameter_types: data_types
                    .iter()
                    .map(SqlType::from_ast)
                    .collect::<Result<_, _>>()?,
                text,
            }))),
            Stmt::CreateTable {
                create,
                local_indexes,
            } => {
                let plan = ddl::plan_create(&create, &local_indexes, text, of.dialect)?;
                Ok(Planned::new(Plan::CreateTable(Box::new(plan))))
            }
            Stmt::Definition(_) | Stmt::NotBuilt(_) if dialect == Dialect::PartiQl => {
                Err(SqlError::NotSupported {
                    feature: "a definition in PartiQL".into(),
                    hint: None,
                })
            }
            Stmt::NotBuilt(statement) => {
                let command = crate::session::command::plan_not_built(statement)?;
                Ok(Planned::new(Plan::Command(command)))
            }
            Stmt::Definition(Definition::TableAs(table)) => self.plan_table_as(*table, of).await,
            Stmt::Definition(Definition::View(view)) => self.plan_view(*view, of).await,
            Stmt::AsOf { statement, clauses } => self.plan_past(*statement, clauses, of).await,
            Stmt::Sql(statement) => self.plan_sql(statement, of).await,
        }
    }

    /// A statement that reads in the past.
    async fn plan_past(
        &self,
        statement: Stmt,
        clauses: AsOfClauses,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        if of.dialect == Dialect::PartiQl {
            return Err(SqlError::NotSupported {
                feature: "AS OF in ExecuteStatement".into(),
                hint: None,
            });
        }
        if matches!(statement, Stmt::Locking { .. }) {
            return Err(SqlError::NotSupported {
                feature: "FOR UPDATE with AS OF".into(),
                hint: Some("What was is not locked: nobody can change it.".into()),
            });
        }
        if clauses.misplaced
            && let Stmt::Sql(sql) = &statement
            && !matches!(**sql, Statement::Query(_))
        {
            // What is refused in any case says so itself: a cursor, for example.
            Box::pin(self.plan_statement(statement, of)).await?;
            return Err(past::misplaced());
        }
        let position = past::position_of(clauses, of.catalog, of.text)?;
        let mut types = of.declared.to_vec();
        let past = match position.constant(of.text, &mut types)? {
            Some(past) => past,
            None => {
                let query = position.query();
                let nothing = Planned::new(Plan::Empty);
                let (query, planned) = self.plan_query_of(Some(&query), types, of, nothing).await?;
                types = planned.parameter_types;
                position.computed(query.ok_or_else(|| SqlError::NotSupported {
                    feature: "this expression in AS OF".into(),
                    hint: None,
                })?)
            }
        };
        let of = Planning {
            declared: &types,
            catalog: &WithoutIndexes(of.catalog),
            ..of
        };
        let mut planned = Box::pin(self.plan_statement(statement, of)).await?;
        let others = planned.parameter_types.len().min(types.len());
        planned.parameter_types.extend(types.drain(others..));
        planned.past = Some(past);
        Ok(planned)
    }

    async fn plan_insert(&self, insert: &Insert, of: Planning<'_>) -> Result<Planned, SqlError> {
        let Planning { text, dialect, .. } = of;
        let source = match &insert.source {
            InsertSource::Query(_) if dialect == Dialect::PartiQl => {
                return Err(SqlError::NotSupported {
                    feature: "INSERT … SELECT in ExecuteStatement".into(),
                    hint: None,
                });
            }
            InsertSource::Query(query) => Some(Box::pin(self.plan_query(query.clone(), of)).await?),
            _ => None,
        };
        let declared = match &source {
            Some(source) => &source.parameter_types,
            None => of.declared,
        };
        let (plan, types) = insert::plan(of.catalog, insert, text, dialect, declared)?;
        let columns = plan.returning.as_ref().map(Outputs::columns);
        let mut planned = Planned::new(Plan::Empty).on(&plan.table);
        if let Some(source) = &source {
            planned.tables.extend(source.tables.iter().cloned());
            planned.reads_catalog = source.reads_catalog;
        }
        let (constants, planned) = self
            .plan_query_of(plan.constants.as_deref(), types, of, planned)
            .await?;
        let plan = match source {
            None => Plan::Insert(plan, constants),
            Some(source) => {
                let of_source = source.columns.unwrap_or_default();
                let select = insert::plan_select(&plan.table, insert, text, &of_source)?;
                Plan::InsertSelect {
                    plan,
                    constants,
                    select,
                    source: Box::new(source.plan),
                }
            }
        };
        Ok(planned.running(plan, columns))
    }

    async fn plan_sql(
        &self,
        statement: Box<Statement>,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        match *statement {
            Statement::Query(mut query) if of.dialect == Dialect::Postgres => {
                match table_as::take_into(&mut query) {
                    None => self.plan_query(query, of).await,
                    Some(into) => {
                        let table = TableAs {
                            name: into.name,
                            columns: vec![],
                            options: vec![],
                            if_not_exists: false,
                            temporary: into.temporary,
                            query,
                            with_data: true,
                        };
                        self.plan_table_as(table, of).await
                    }
                }
            }
            Statement::Query(query) => self.plan_query(query, of).await,
            copy @ Statement::Copy { to: true, .. } if of.dialect == Dialect::Postgres => {
                self.plan_copy_to(copy, of).await
            }
            _ => plan_definition(statement, of),
        }
    }

    /// CREATE TABLE … AS.
    async fn plan_table_as(&self, table: TableAs, of: Planning<'_>) -> Result<Planned, SqlError> {
        let mut planned = Box::pin(self.plan_query(table.query.clone(), of)).await?;
        let columns = planned.columns.take().unwrap_or_default();
        let plan = Box::new(table_as::plan(&table, &columns)?);
        let source = Box::new(std::mem::replace(&mut planned.plan, Plan::Empty));
        planned.plan = Plan::CreateTableAs { plan, source };
        Ok(planned)
    }

    /// CREATE VIEW. Its query is planned for its columns, and to find what is wrong with it.
    async fn plan_view(&self, view: CreateView, of: Planning<'_>) -> Result<Planned, SqlError> {
        if let Some(feature) = view.refused {
            return Err(SqlError::NotSupported {
                feature: feature.into(),
                hint: None,
            });
        }
        let mut planned = Box::pin(self.plan_query(view.query.clone(), of)).await?;
        if !planned.parameter_types.is_empty() {
            return Err(SqlError::Other {
                sqlstate: "42P02",
                message: "there is no parameter $1".into(),
                hint: None,
            });
        }
        let columns = planned.columns.take().unwrap_or_default();
        let plan = view_ddl::plan(of.catalog, &view, &columns)?;
        planned.plan = Plan::CreateView(Box::new(plan));
        Ok(planned)
    }

    /// DECLARE. It has no result columns; FETCH has.
    async fn plan_cursor(
        &self,
        name: Ident,
        options: CursorOptions,
        query: Box<Query>,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        if options.binary {
            return Err(SqlError::NotSupported {
                feature: "a BINARY cursor".into(),
                hint: Some("Ask for binary results where the rows are fetched.".into()),
            });
        }
        let mut planned = Box::pin(self.plan_query(query, of)).await?;
        let columns = planned.columns.take().unwrap_or_default();
        let source = Box::new(std::mem::replace(&mut planned.plan, Plan::Empty));
        planned.plan = Plan::DeclareCursor {
            name: folded(name),
            options,
            source,
            columns,
        };
        Ok(planned)
    }

    /// COPY … TO STDOUT. It is no query to the protocol: it has no result columns.
    async fn plan_copy_to(&self, copy: Statement, of: Planning<'_>) -> Result<Planned, SqlError> {
        let (query, format) = crate::copy::plan_to(copy)?;
        let mut planned = Box::pin(self.plan_query(query, of)).await?;
        let columns = planned.columns.take().unwrap_or_default();
        let writer = CopyWriter::new(format, &columns)?;
        let source = Box::new(std::mem::replace(&mut planned.plan, Plan::Empty));
        planned.plan = Plan::CopyTo {
            source,
            columns,
            writer,
        };
        Ok(planned)
    }

    async fn plan_query(
        &self,
        mut query: Box<Query>,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        let Planning { text, dialect, .. } = of;
        let is_partiql = dialect == Dialect::PartiQl;
        if !is_partiql {
            let views = views::expand(of.catalog, &mut query, text)?;
            if !views.is_empty() {
                // Boxed: few queries read views.
                let mut planned = Box::pin(self.plan_expanded(query, of)).await?;
                planned.tables.extend(views);
                return Ok(planned);
            }
        }
        self.plan_expanded(query, of).await
    }

    /// A query without views.
    async fn plan_expanded(
        &self,
        query: Box<Query>,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        let Planning { text, dialect, .. } = of;
        let is_partiql = dialect == Dialect::PartiQl;
        let planned = select::plan(of.catalog, &query, text, dialect, of.declared)?;
        // What PartiQL cannot read as a page is a query like any other.
        let planned = planned.filter(|(plan, _)| !is_partiql || is_page(plan));
        if let Some((plan, types)) = planned {
            let columns = plan.outputs.columns.clone();
            let table = plan.table.clone();
            return Ok(Planned::new(Plan::Select(Arc::new(plan)))
                .on(&table)
                .with(types, Some(columns)));
        }
        if is_partiql {
            return self.plan_analytic(Statement::Query(query), of).await;
        }
        if let Some((plan, types)) = constant::plan(&query, text, of.declared)? {
            let columns = plan.columns.clone();
            return Ok(Planned::new(Plan::Constant(plan)).with(types, Some(columns)));
        }
        match calls::plan(&query, text, of.declared)? {
            Some((plan, types)) => {
                let columns = plan.columns.clone();
                let nothing = Planned::new(Plan::Empty);
                let (constants, planned) = self
                    .plan_query_of(plan.constants.as_deref(), types, of, nothing)
                    .await?;
                Ok(planned.running(Plan::Calls(plan, constants), Some(columns)))
            }
            None => self.plan_analytic(Statement::Query(query), of).await,
        }
    }

    async fn plan_analytic(
        &self,
        statement: Statement,
        of: Planning<'_>,
    ) -> Result<Planned, SqlError> {
        let (tables, reads_catalog) = check_relations(of.catalog, &statement, of.text)?;
        let context = (of.context)();
        let plan = self
            .analytic
            .plan(&context, &statement, of.declared)
            .await
            .map_err(|error| located(error, &statement, of.text))?;
        let types = plan.parameter_types().to_vec();
        let columns: Arc<[Column]> = plan.columns().into();
        let mut planned = Planned::new(Plan::Analytic(plan)).with(types, Some(columns));
        for table in &tables {
            planned = planned.on(table);
        }
        planned.reads_catalog = reads_catalog;
        Ok(planned)
    }

    /// Runs a SELECT through the analytic executor whose ORDER BY has too many rows to sort them here.
    pub(crate) async fn run_fallback(
        &self,
        plan: &SelectPlan,
        context: &AnalyticContext,
        parameter_types: &[SqlType],
        parameters: &[Datum],
    ) -> Result<RowStream, SqlError> {
        let Some(query) = &plan.fallback else {
            return Err(SqlError::ProgramLimit {
                message: "ORDER BY has too many rows to sort".into(),
            });
        };
        let statement = Statement::Query(query.clone());
        let plan = self
            .analytic
            .plan(context, &statement, parameter_types)
            .await?;
        plan.execute(context, parameters).await
    }

    /// Plans the query of a write, which finds its rows or computes its constants; types of parameters that only it tells are added.
    async fn plan_query_of(
        &self,
        statement: Option<&Statement>,
        mut types: Vec<SqlType>,
        of: Planning<'_>,
        mut planned: Planned,
    ) -> Result<(Option<Arc<dyn AnalyticPlan>>, Planned), SqlError> {
        let Some(statement) = statement else {
            return Ok((None, planned.with(types, None)));
        };
        let expanded = views::expanded(of.catalog, statement, of.text)?;
        let statement = match &expanded {
            None => statement,
            Some((expanded, views)) => {
                planned.tables.extend(views.iter().cloned());
                expanded
            }
        };
        let (tables, reads_catalog) = check_relations(of.catalog, statement, of.text)?;
        for table in &tables {
            planned = planned.on(table);
        }
        planned.reads_catalog |= reads_catalog;
        let plan = self
            .analytic
            .plan(&(of.context)(), statement, &types)
            .await
            .map_err(|error| located(error, statement, of.text))?;
        for (position, found) in plan.parameter_types().iter().enumerate() {
            match types.get_mut(position) {
                None => types.push(found.clone()),
                Some(known) if *known == SqlType::Unknown => *known = found.clone(),
                Some(_) => {}
            }
        }
        Ok((Some(plan), planned.with(types, None)))
    }
}

/// Plans a definition, COPY, or a statement about the session.
fn plan_definition(statement: Box<Statement>, of: Planning<'_>) -> Result<Planned, SqlError> {
    let Planning { text, dialect, .. } = of;
    match *statement {
        other if dialect == Dialect::PartiQl => Err(SqlError::NotSupported {
            feature: format!("{} in PartiQL", first_word(&other)),
            hint: None,
        }),
        Statement::CreateTable(create) => {
            let plan = ddl::plan_create(&create, &[], text, dialect)?;
            Ok(Planned::new(Plan::CreateTable(Box::new(plan))))
        }
        Statement::Truncate(truncate) => {
            let names = crate::plan::truncate::plan(truncate)?;
            Ok(Planned::new(Plan::Truncate(names)))
        }
        Statement::CreateIndex(create) => {
            let table = table_for_write(of.catalog, &create.table_name, text, dialect)?;
            let plan = index::plan_create_index(&create, &table, text, dialect)?;
            Ok(Planned::new(Plan::CreateIndex(Box::new(plan))).on(&table))
        }
        Statement::AlterTable(alter) => {
            let table = match table_for_write(of.catalog, &alter.name, text, dialect) {
                Err(SqlError::UndefinedTable { name, .. }) if alter.if_exists => {
                    return Ok(Planned::new(Plan::Alter {
                        plan: Box::new(alter::skipped(&name)),
                        tag: "ALTER TABLE",
                    }));
                }
                table => table?,
            };
            let plan = Plan::Alter {
                plan: Box::new(alter::plan(of.catalog, &alter, &table, text)?),
                tag: "ALTER TABLE",
            };
            Ok(Planned::new(plan).on(&table))
        }
        Statement::AlterIndex {
            name,
            operation: AlterIndexOperation::RenameIndex { index_name },
        } => Ok(Planned::new(Plan::Alter {
            plan: Box::new(alter::plan_rename_index(of.catalog, &name, &index_name)?),
            tag: "ALTER INDEX",
        })),
        Statement::Drop {
            object_type: sqlparser::ast::ObjectType::Index,
            if_exists,
            names,
            ..
        } => Ok(Planned::new(Plan::DropIndexes { names, if_exists })),
        Statement::Drop {
            object_type: object_type @ (ObjectType::Table | ObjectType::View),
            if_exists,
            names,
            cascade,
            temporary: false,
            ..
        } => Ok(Planned::new(Plan::DropRelations(DropRelations {
            kind: match object_type {
                ObjectType::View => Kind::View,
                _ => Kind::Table,
            },
            names,
            if_exists,
            cascade,
        }))),
        Statement::Comment {
            object_type,
            object_name,
            comment,
            if_exists: false,
        } => {
            let plan = comment::plan(of.catalog, object_type, &object_name, comment, text)?;
            Ok(Planned::new(Plan::Comment(plan)))
        }
        copy @ Statement::Copy { .. } => {
            let plan = crate::copy::plan_from(of.catalog, copy, text)?;
            Ok(Planned::new(Plan::Copy(plan)))
        }
        other => {
            let (command, columns) = crate::session::command::plan(other)?;
            Ok(Planned::new(Plan::Command(command)).with(vec![], columns))
        }
    }
}

/// PostgreSQL writes through simple views; here no view is written.
fn refuse_view(
    name: &ObjectName,
    verb: &str,
    doing: &str,
    of: Planning<'_>,
) -> Result<(), SqlError> {
    if of.dialect == Dialect::PartiQl || !of.catalog.has_views() {
        return Ok(());
    }
    match find_relation(of.catalog, name, of.text, of.dialect) {
        Ok(Relation::View(view)) => Err(SqlError::Detailed {
            sqlstate: "55000",
            message: format!("cannot {verb} view \"{}\"", view.definition.name),
            detail: "Views are read only.".into(),
            hint: Some(format!("Write to the table instead of {doing} the view.")),
        }),
        _ => Ok(()),
    }
}

fn explained(planned: Planned, options: ExplainOptions, planning: Duration) -> Planned {
    let sql_type = match options.format {
        Format::Json => SqlType::Json,
        Format::Text | Format::Xml | Format::Yaml => SqlType::Text,
    };
    let columns: Arc<[Column]> = vec![Column::computed("QUERY PLAN", sql_type)].into();
    let plan = ExplainPlan {
        plan: planned.plan,
        options,
        planning_micros: u64::try_from(planning.as_micros()).unwrap_or(u64::MAX),
    };
    Planned {
        plan: Plan::Explain(Box::new(plan)),
        columns: Some(columns),
        ..planned
    }
}

/// The words that a statement begins with.
pub(crate) fn first_word(statement: &Statement) -> String {
    let text = statement.to_string();
    let words: Vec<&str> = text
        .split_whitespace()
        .take_while(|word| word.chars().all(|c| c.is_ascii_uppercase()))
        .take(2)
        .collect();
    words.join(" ")
}

pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) parameter_types: Vec<SqlType>,
    pub(crate) columns: Option<Arc<[Column]>>,
    pub(crate) tables: Vec<(String, u64)>,
    pub(crate) reads_catalog: bool,
    /// FOR UPDATE and its like.
    pub(crate) locks_rows: bool,
    /// AS OF.
    pub(crate) past: Option<PastPlan>,
}

impl Planned {
    pub(crate) fn new(plan: Plan) -> Planned {
        Planned {
            plan,
            parameter_types: vec![],
            columns: None,
            tables: vec![],
            reads_catalog: false,
            locks_rows: false,
            past: None,
        }
    }

    fn on(mut self, table: &TableDescription) -> Planned {
        self.tables
            .push((table.definition.name.clone(), table.version));
        self
    }

    fn running(mut self, plan: Plan, columns: Option<Arc<[Column]>>) -> Planned {
        self.plan = plan;
        self.columns = columns;
        self
    }

    fn with(mut self, types: Vec<SqlType>, columns: Option<Arc<[Column]>>) -> Planned {
        self.parameter_types = types;
        self.columns = columns;
        self
    }
}
