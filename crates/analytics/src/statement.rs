//! What one run of a statement works with: one view of the data, one picture of the catalog, the session's facts.
//!
//! It travels inside DataFusion's configuration, so that table providers and functions reach it without being bound to it: a plan is
//! made once and run with a new context each time.
//!
//! Invariant: all tables and catalog relations of one run are read from the same [`StatementContext`].

use crate::catalog::CatalogPicture;
use crate::subplan::SubPlanRun;
use arrow::array::RecordBatch;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::{Result, config_err, internal_datafusion_err};
use datafusion::execution::session_state::SessionState;
use parking_lot::Mutex;
use shale_engine::ReadView;
use shale_sql::AnalyticContext;
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The context of one run.
pub(crate) struct StatementContext {
    /// The session.
    pub session: AnalyticContext,
    /// All tables are read from it.
    pub view: ReadView,
    /// State without context, from which sub-plans make theirs.
    pub base: Arc<SessionState>,
    picture: OnceLock<Arc<CatalogPicture>>,
    batches: Mutex<HashMap<&'static str, RecordBatch>>,
    subplans: Mutex<HashMap<u64, Arc<SubPlanRun>>>,
}

impl StatementContext {
    /// A context that reads what the session's transaction does, or what is published now.
    pub(crate) fn open(
        session: AnalyticContext,
        base: Arc<SessionState>,
    ) -> Result<Arc<StatementContext>, shale_engine::Error> {
        let view = match &session.view {
            Some(view) => view.clone(),
            None => session.engine.read_view()?,
        };
        Ok(Arc::new(StatementContext {
            session,
            view,
            base,
            picture: OnceLock::new(),
            batches: Mutex::new(HashMap::new()),
            subplans: Mutex::new(HashMap::new()),
        }))
    }

    /// All tables and users, as the catalog shows them.
    pub(crate) fn picture(&self) -> &Arc<CatalogPicture> {
        self.picture
            .get_or_init(|| Arc::new(CatalogPicture::take(&self.session)))
    }

    /// The rows of a system relation, built once per run.
    pub(crate) fn system_rows(
        &self,
        name: &'static str,
        build: impl FnOnce() -> Result<RecordBatch>,
    ) -> Result<RecordBatch> {
        if let Some(batch) = self.batches.lock().get(name) {
            return Ok(batch.clone());
        }
        let batch = build()?;
        self.batches.lock().insert(name, batch.clone());
        Ok(batch)
    }

    /// What this run knows of a subquery, which is found by its number.
    pub(crate) fn subplan(
        &self,
        number: u64,
        prepare: impl FnOnce() -> Result<SubPlanRun>,
    ) -> Result<Arc<SubPlanRun>> {
        if let Some(run) = self.subplans.lock().get(&number) {
            return Ok(Arc::clone(run));
        }
        let run = Arc::new(prepare()?);
        self.subplans.lock().insert(number, Arc::clone(&run));
        Ok(run)
    }

    /// A DataFusion state that carries this context.
    pub(crate) fn state(self: &Arc<Self>) -> SessionState {
        let mut state = self.base.as_ref().clone();
        state
            .config_mut()
            .options_mut()
            .extensions
            .insert(StatementExtension(Some(Arc::clone(self))));
        state.mark_start_execution();
        state
    }

    /// The context that a configuration carries.
    pub(crate) fn of(options: &ConfigOptions) -> Result<&Arc<StatementContext>> {
        options
            .extensions
            .get::<StatementExtension>()
            .and_then(|extension| extension.0.as_ref())
            .ok_or_else(|| internal_datafusion_err!("the statement has no context"))
    }
}

impl fmt::Debug for StatementContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementContext")
            .field("user", &self.session.user)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
struct StatementExtension(Option<Arc<StatementContext>>);

impl ConfigExtension for StatementExtension {
    const PREFIX: &'static str = "shale_statement";
}

impl ExtensionOptions for StatementExtension {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }
    fn set(&mut self, key: &str, _value: &str) -> Result<()> {
        config_err!("{key} is not a setting")
    }
    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
