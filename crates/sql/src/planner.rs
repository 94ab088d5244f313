//! One statement to its plan: here, or through the analytic executor.
//!
//! Not here: keeping plans (`service`).

use crate::plan::select::check_relations;
use crate::plan::{SelectPlan, constant, ddl, insert, select, update};
use crate::service::{Plan, Prepared, Shared};
use crate::session::Command;
use crate::syntax::{Stmt, located};
use crate::{AnalyticContext, AnalyticPlan, Column, Datum, Dialect, RowStream, SqlError, SqlType};
use shale_engine::TableDescription;
use sqlparser::ast::Statement;
use std::sync::Arc;

impl Shared {
    pub(crate) async fn plan_statement(
        &self,
        statement: Stmt,
        text: &str,
        dialect: Dialect,
        declared: &[SqlType],
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Planned, SqlError> {
        match statement {
            Stmt::Insert(insert) => {
                let (plan, types) = insert::plan(&self.engine, &insert, text, dialect, declared)?;
                let constants = self
                    .plan_constants(&plan.constants, &types, context)
                    .await?;
                let columns = plan
                    .returning
                    .as_ref()
                    .map(|outputs| outputs.columns.clone());
                let table = plan.table.clone();
                let plan = Plan::Insert(plan, constants);
                Ok(Planned::new(plan).on(&table).with(types, columns))
            }
            Stmt::Update(update) => {
                let (plan, types) =
                    update::plan_update(&self.engine, &update, text, dialect, declared)?;
                let constants = self
                    .plan_constants(&plan.constants, &types, context)
                    .await?;
                let columns = plan
                    .returning
                    .as_ref()
                    .map(|outputs| outputs.columns.clone());
                let table = plan.table.clone();
                let plan = Plan::Update(plan, constants);
                Ok(Planned::new(plan).on(&table).with(types, columns))
            }
            Stmt::Delete(delete) => {
                let (plan, types) =
                    update::plan_delete(&self.engine, &delete, text, dialect, declared)?;
                let constants = self
                    .plan_constants(&plan.constants, &types, context)
                    .await?;
                let columns = plan
                    .returning
                    .as_ref()
                    .map(|outputs| outputs.columns.clone());
                let table = plan.table.clone();
                let plan = Plan::Delete(plan, constants);
                Ok(Planned::new(plan).on(&table).with(types, columns))
            }
            Stmt::Exists(query) if dialect == Dialect::PartiQl => {
                match select::plan(&self.engine, &query, text, dialect, declared)? {
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
                self.plan_analytic(Statement::Query(query), text, declared, context)
                    .await
            }
            Stmt::Explain { statement, options } => {
                refuse_explain_options(&options)?;
                let planned =
                    Box::pin(self.plan_statement(*statement, text, dialect, declared, context))
                        .await?;
                if matches!(planned.plan, Plan::Command(_) | Plan::Copy(_)) {
                    return Err(SqlError::NotSupported {
                        feature: "EXPLAIN of this statement".into(),
                        hint: None,
                    });
                }
                Ok(explained(planned))
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
            Stmt::Sql(statement) => {
                self.plan_sql(*statement, text, dialect, declared, context)
                    .await
            }
        }
    }

    async fn plan_sql(
        &self,
        statement: Statement,
        text: &str,
        dialect: Dialect,
        declared: &[SqlType],
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Planned, SqlError> {
        match statement {
            Statement::Query(query) => {
                match select::plan(&self.engine, &query, text, dialect, declared)? {
                    Some((plan, types)) => {
                        let columns = plan.outputs.columns.clone();
                        let table = plan.table.clone();
                        Ok(Planned::new(Plan::Select(Arc::new(plan)))
                            .on(&table)
                            .with(types, Some(columns)))
                    }
                    None if dialect == Dialect::PartiQl => Err(SqlError::NotSupported {
                        feature: "this query".into(),
                        hint: Some(
                            "A PartiQL statement reads one table; joins, aggregates and functions need the PostgreSQL door."
                                .into(),
                        ),
                    }),
                    None => match constant::plan(&query, text, declared)? {
                        Some((plan, types)) => {
                            let columns = plan.columns.clone();
                            Ok(Planned::new(Plan::Constant(plan)).with(types, Some(columns)))
                        }
                        None => {
                            self.plan_analytic(Statement::Query(query), text, declared, context)
                                .await
                        }
                    },
                }
            }
            other if dialect == Dialect::PartiQl => Err(SqlError::NotSupported {
                feature: format!("{} in PartiQL", first_word(&other)),
                hint: None,
            }),
            Statement::CreateTable(create) => {
                let plan = ddl::plan_create(&create, dialect)?;
                Ok(Planned::new(Plan::CreateTable(Box::new(plan))))
            }
            Statement::Drop {
                object_type: sqlparser::ast::ObjectType::Table,
                if_exists,
                names,
                temporary: false,
                ..
            } => Ok(Planned::new(Plan::DropTables { names, if_exists })),
            Statement::Copy { .. } => {
                let plan = crate::copy::plan(&self.engine, statement, text)?;
                Ok(Planned::new(Plan::Copy(plan)))
            }
            other => {
                let (command, columns) = crate::session::command::plan(other)?;
                Ok(Planned::new(Plan::Command(command)).with(vec![], columns))
            }
        }
    }

    async fn plan_analytic(
        &self,
        statement: Statement,
        text: &str,
        declared: &[SqlType],
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Planned, SqlError> {
        let (tables, reads_catalog) = check_relations(&self.engine, &statement, text)?;
        let context = context();
        let plan = self
            .analytic
            .plan(&context, &statement, declared)
            .await
            .map_err(|error| located(error, &statement, text))?;
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
        prepared: &Prepared,
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
            .plan(context, &statement, &prepared.parameter_types)
            .await?;
        plan.execute(context, parameters).await
    }

    async fn plan_constants(
        &self,
        statement: &Option<Statement>,
        types: &[SqlType],
        context: &(dyn Fn() -> AnalyticContext + Sync),
    ) -> Result<Option<Arc<dyn AnalyticPlan>>, SqlError> {
        match statement {
            None => Ok(None),
            Some(statement) => self
                .analytic
                .plan(&context(), statement, types)
                .await
                .map(Some),
        }
    }
}

fn refuse_explain_options(options: &[String]) -> Result<(), SqlError> {
    for option in options {
        let harmless = [
            "VERBOSE",
            "COSTS",
            "FORMAT TEXT",
            "ANALYZE FALSE",
            "ANALYZE OFF",
        ];
        if !harmless.iter().any(|known| option.starts_with(known)) {
            return Err(SqlError::NotSupported {
                feature: format!("EXPLAIN with {option}"),
                hint: Some("EXPLAIN shows the access path without running the statement.".into()),
            });
        }
    }
    Ok(())
}

fn explained(planned: Planned) -> Planned {
    let columns: Arc<[Column]> = vec![Column {
        name: "QUERY PLAN".into(),
        sql_type: SqlType::Text,
    }]
    .into();
    Planned {
        plan: Plan::Explain(Box::new(planned.plan)),
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
}

impl Planned {
    pub(crate) fn new(plan: Plan) -> Planned {
        Planned {
            plan,
            parameter_types: vec![],
            columns: None,
            tables: vec![],
            reads_catalog: false,
        }
    }

    fn on(mut self, table: &TableDescription) -> Planned {
        self.tables
            .push((table.definition.name.clone(), table.version));
        self
    }

    fn with(mut self, types: Vec<SqlType>, columns: Option<Arc<[Column]>>) -> Planned {
        self.parameter_types = types;
        self.columns = columns;
        self
    }
}
