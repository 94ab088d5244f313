//! EXPLAIN, and EXPLAIN ANALYZE: runs the statement, throws its rows away, and tells what was done.
//!
//! Not here: the plan as a tree (`run::explain`), formats (`explain`).

use super::Session;
use super::run_plan::{Given, rows_of};
use crate::bind::Parameters;
use crate::explain::{Actual, Explained, PlanNode, PlanProbe};
use crate::plan::past::position_text;
use crate::run::explain::{ExplainPlan, explain};
use crate::run::request::Request;
use crate::run::{compute, read};
use crate::service::Plan;
use crate::{AnalyticContext, Column, Datum, Outcome, Row, SqlError};
use futures::TryStreamExt;
use shale_engine::{AsOf, ReadMeter, ReadView, Transaction};
use std::sync::Arc;
use std::time::Duration;

/// Where the explained statement reads and writes.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub transaction: Option<&'a Transaction>,
    pub past: Option<&'a (AsOf, ReadView)>,
}

/// What running a statement has shown.
struct Run {
    meter: Arc<ReadMeter>,
    probe: Arc<PlanProbe>,
    /// Rows that it gave to the client.
    rows: u64,
    /// Items that it wrote.
    written: u64,
    /// Until the first row.
    first_micros: u64,
    micros: u64,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Session {
    pub(super) async fn explain(
        &self,
        explained: &ExplainPlan,
        given: Given<'_>,
        place: Place<'_>,
        columns: Arc<[Column]>,
    ) -> Result<Outcome, SqlError> {
        let ExplainPlan { plan, options, .. } = explained;
        let run = match options.analyze {
            true => Some(self.analyze(plan, given, place).await?),
            false => None,
        };
        let now = self.context_of(place.transaction);
        let context = match place.past {
            Some((_, view)) => AnalyticContext {
                view: Some(view.clone()),
                ..self.context()
            },
            None => now.clone(),
        };
        let computed = compute(plan.constants(), &|| now.clone(), given.parameters).await?;
        let with = self.shared.arguments(
            Parameters::Datums(given.parameters),
            &computed,
            given.now_micros,
        );
        let mut tree = explain(plan, &with, &context, given.parameters).await?;
        if let Some(run) = &run {
            tree = run.over(plan, tree);
        }
        if let Some((as_of, _)) = place.past {
            tree.say("As Of", position_text(*as_of));
        }
        let explained = Explained {
            plan: tree,
            settings: match options.settings {
                true => self.settings.of_planning(),
                false => vec![],
            },
            planning_micros: explained.planning_micros,
            execution_micros: run.map(|run| run.micros),
        };
        let lines = explained.rows(options).into_iter();
        let sql_type = columns.first().map(|column| column.sql_type.clone());
        let rows: Vec<Row> = match sql_type {
            Some(crate::SqlType::Json) => lines.map(|line| vec![Datum::Json(line)]).collect(),
            _ => lines.map(|line| vec![Datum::Text(line)]).collect(),
        };
        Ok(rows_of(columns, read::one_batch(rows), "EXPLAIN"))
    }

    /// Runs the statement.
    async fn analyze(
        &self,
        plan: &Plan,
        given: Given<'_>,
        place: Place<'_>,
    ) -> Result<Run, SqlError> {
        let meter = Arc::new(ReadMeter::default());
        let probe = Arc::new(PlanProbe::default());
        let clock = self.shared.clock.as_ref();
        let start = clock.monotonic();
        let (mut rows, mut written, mut first_micros) = (0, 0, None);
        if plan.changes().is_some() {
            let request = Request {
                shared: &self.shared,
                plan,
                parameters: given.parameters,
                parameter_types: given.parameter_types,
                now_micros: given.now_micros,
                past: place.past.map(|(_, view)| view),
                meter: Some(&meter),
            };
            let context = AnalyticContext {
                probe: Some(Arc::clone(&probe)),
                ..self.context_of(place.transaction)
            };
            let done = match place.transaction {
                Some(transaction) => request.run_in(transaction, &context).await?,
                None => request.run_alone(&|| context.clone()).await?,
            };
            (rows, written) = (done.rows.len() as u64, done.count);
        } else {
            let view = match (place.past, place.transaction) {
                (Some((_, view)), _) => view.clone(),
                (None, Some(transaction)) => transaction.view(),
                (None, None) => self.shared.engine.read_view()?,
            };
            let given = Given {
                probe: Some(&probe),
                ..given
            };
            let view = view.metered(Arc::clone(&meter));
            let mut batches = self.query(plan, given, Some(view)).await?;
            while let Some(batch) = batches.try_next().await? {
                first_micros.get_or_insert_with(|| micros(clock.monotonic().saturating_sub(start)));
                rows += batch.len() as u64;
            }
        }
        let micros = micros(clock.monotonic().saturating_sub(start));
        Ok(Run {
            meter,
            probe,
            rows,
            written,
            first_micros: first_micros.unwrap_or(micros),
            micros,
        })
    }
}

impl Run {
    /// The tree with what was done.
    fn over(&self, plan: &Plan, mut tree: PlanNode) -> PlanNode {
        let usage = self.meter.usage();
        let times = Some((self.first_micros, self.micros));
        if plan.changes().is_none() {
            return match (plan, self.probe.last()) {
                // Also what became too much to sort in memory.
                (Plan::Analytic(_) | Plan::Select(_), Some(ran)) => ran,
                _ => {
                    let mut read = usage;
                    if filters_keys(&tree) {
                        read.items_returned = self.rows;
                    }
                    tree.actual = Some(Actual {
                        rows: self.rows,
                        micros: times,
                        read: (usage.requests > 0).then_some(read),
                    });
                    tree
                }
            };
        }
        tree.actual = Some(Actual {
            rows: self.rows,
            micros: times,
            read: None,
        });
        tree.say("Items Written", self.written);
        let by_query = match plan {
            Plan::InsertSelect { source, .. } => matches!(**source, Plan::Analytic(_)),
            Plan::Update(plan, query) => plan.per_row && query.is_some(),
            Plan::Delete(_, query) => query.is_some(),
            _ => false,
        };
        for child in &mut tree.children {
            let ran = self.probe.last().filter(|_| by_query);
            match ran {
                Some(ran) => *child = ran,
                None => {
                    child.actual = Some(Actual {
                        rows: match plan {
                            Plan::InsertSelect { .. } => usage.items_returned,
                            _ => self.written,
                        },
                        micros: None,
                        // One item is read where it is written.
                        read: (usage.requests > 0).then_some(usage),
                    });
                }
            }
        }
        tree
    }
}

/// Whether items were filtered behind the engine, which returns all that have the keys.
fn filters_keys(node: &PlanNode) -> bool {
    let says = |name: &str| node.properties.iter().any(|property| property.name == name);
    node.node_type == "KeyLookup" && says("Filter") && !says("Limit")
}
