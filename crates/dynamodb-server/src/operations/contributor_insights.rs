//! UpdateContributorInsights, DescribeContributorInsights, ListContributorInsights.
//!
//! Not here: what is counted (`engine`'s `insights`); figures, which CloudWatch has and SQL shows (`shale_contributor_insights`).
//!
//! A change is done when it is answered; the answer says ENABLING or DISABLING, as the service's does, and nothing else ever does.

use crate::constraints::Constraints;
use crate::exception::{Exception, ExceptionType, Subject};
use crate::json::{ObjectWriter, Structure, write_list, write_string};
use crate::messages;
use crate::service::Service;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shale_engine::{
    Index, IndexKind, InsightsChange, InsightsDefinition, InsightsMode, TableChanges,
    TableDescription, rules,
};
use std::sync::Arc;

/// Summaries of a page of the list (documented for MaxResults), also the default.
const RESULTS_MAX: i32 = 100;

/// What the insights are about: a table, or a global index.
struct Target {
    table: Arc<TableDescription>,
    index: Option<String>,
}

impl Target {
    /// TableName and IndexName; both must be there.
    fn take(service: &Service, request: &mut Structure<'_>) -> Result<Target, Exception> {
        let mut constraints = Constraints::default();
        let table = constraints.table_name(service, request)?.into_owned();
        constraints.check()?;
        let index = request.string("IndexName")?.map(|name| name.into_owned());
        let target = Target {
            table: described(service, &table)?,
            index,
        };
        match target.index.as_deref() {
            Some(name) if target.global_index().is_none() => Err(Exception::new(
                ExceptionType::ResourceNotFound,
                messages::index_not_found(&table, name),
            )),
            _ => Ok(target),
        }
    }

    fn global_index(&self) -> Option<&Index> {
        let name = self.index.as_deref()?;
        let index = self.table.definition.derived.index(name);
        index.filter(|index| index.kind == IndexKind::Global)
    }

    fn insights(&self) -> Option<InsightsDefinition> {
        let id = self.global_index().map_or(self.table.id, |index| index.id);
        self.table.definition.derived.insights.get(&id.0).copied()
    }

    fn is_on(&self) -> bool {
        let insights = self.insights();
        insights.is_some_and(|insights| insights.enabled_micros.is_some())
    }

    /// Writes what all answers have of it.
    fn write(&self, answer: &mut ObjectWriter<'_>) {
        let status = if self.is_on() { "ENABLED" } else { "DISABLED" };
        self.write_as(answer, status);
    }

    fn write_as(&self, answer: &mut ObjectWriter<'_>, status: &str) {
        answer.string("TableName", &self.table.definition.name);
        if let Some(index) = &self.index {
            answer.string("IndexName", index);
        }
        answer.string("ContributorInsightsStatus", status);
        if let Some(insights) = self.insights() {
            answer.string("ContributorInsightsMode", name_of(insights.mode));
        }
    }
}

fn described(service: &Service, table: &str) -> Result<Arc<TableDescription>, Exception> {
    let described = service.engine.describe_table(table);
    described.map_err(|error| service.exception(error, Subject::Table, table))
}

fn name_of(mode: InsightsMode) -> &'static str {
    match mode {
        InsightsMode::AccessedAndThrottledKeys => "ACCESSED_AND_THROTTLED_KEYS",
        InsightsMode::ThrottledKeys => "THROTTLED_KEYS",
    }
}

pub(crate) fn describe_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let target = Target::take(service, &mut request)?;
    let table = &target.table;
    let rules = rules(table.id, &table.definition, target.global_index());
    Ok(ObjectWriter::text(|answer| {
        target.write(answer);
        if !rules.is_empty() {
            let list = answer.member("ContributorInsightsRuleList");
            write_list(list, &rules, |out, rule| write_string(out, &rule.name));
        }
        if let Some(insights) = target.insights() {
            answer.timestamp("LastUpdateDateTime", insights.updated_micros);
        }
    }))
}

pub(crate) async fn update_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut target = Target::take(service, &mut request)?;
    // The model allows no other words.
    let mode = match request.string("ContributorInsightsMode")?.as_deref() {
        Some("THROTTLED_KEYS") => InsightsMode::ThrottledKeys,
        _ => InsightsMode::AccessedAndThrottledKeys,
    };
    let action = request.string("ContributorInsightsAction")?;
    let enable = action.as_deref() == Some("ENABLE");
    let name = target.table.definition.name.clone();
    let changes = TableChanges {
        insights: Some(InsightsChange {
            index: target.index.clone(),
            mode: enable.then_some(mode),
        }),
        ..TableChanges::default()
    };
    let updated = service.engine.update_table(&name, changes).await;
    let was_on = target.is_on();
    target.table = updated.map_err(|error| service.exception(error, Subject::Table, &name))?;
    Ok(ObjectWriter::text(|answer| match (was_on, enable) {
        (_, true) => target.write_as(answer, "ENABLING"),
        (true, false) => target.write_as(answer, "DISABLING"),
        (false, false) => target.write(answer),
    }))
}

/// Tables and global indexes whose insights were ever switched on, in the order of their names.
pub(crate) fn list_contributor_insights(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = match request.has("TableName") {
        true => Some(constraints.table_name(service, &mut request)?.into_owned()),
        false => None,
    };
    let limit = request.integer("MaxResults")?;
    if let Some(limit) = limit {
        constraints.range(limit, "MaxResults", 1, RESULTS_MAX);
    }
    constraints.check()?;
    let token = request.string("NextToken")?;
    let after = token.map(|token| place_of(&token)).transpose()?;
    let names = match &table {
        Some(table) => {
            described(service, table)?;
            vec![table.clone()]
        }
        None => service.engine.list_tables(None, usize::MAX),
    };
    let limit = limit.unwrap_or(RESULTS_MAX).unsigned_abs() as usize;
    let mut page = Vec::new();
    for name in names {
        if after.as_ref().is_some_and(|(table, _)| name < *table) || page.len() > limit {
            continue;
        }
        // One that was dropped since is not listed.
        if let Ok(table) = service.engine.describe_table(&name) {
            page.extend(targets_of(&table).filter(|target| {
                let place = (&name, &target.index);
                after
                    .as_ref()
                    .is_none_or(|(table, index)| place > (table, index))
            }));
        }
    }
    let more = page.len() > limit;
    page.truncate(limit);
    Ok(ObjectWriter::text(|answer| {
        let summaries = answer.member("ContributorInsightsSummaries");
        write_list(summaries, &page, |out, target| {
            let mut summary = ObjectWriter::begin(out);
            target.write(&mut summary);
            summary.end();
        });
        if let Some(last) = page.last().filter(|_| more) {
            answer.string("NextToken", &token_of(last));
        }
    }))
}

/// The table and its global indexes by name, as far as they have a setting.
fn targets_of(table: &Arc<TableDescription>) -> impl Iterator<Item = Target> {
    let indexes = table.definition.derived.indexes.iter();
    let names = indexes.map(|index| Some(index.name.clone()));
    let mut names: Vec<Option<String>> = std::iter::once(None).chain(names).collect();
    names.sort();
    let targets = names.into_iter().map(|index| Target {
        table: Arc::clone(table),
        index,
    });
    targets.filter(|target| {
        let exists = target.index.is_none() || target.global_index().is_some();
        exists && target.insights().is_some()
    })
}

/// A token is the name of the last table and, behind a slash, which no name has, that of the index, in base64.
fn token_of(target: &Target) -> String {
    let table = &target.table.definition.name;
    URL_SAFE_NO_PAD.encode(match &target.index {
        Some(index) => format!("{table}/{index}"),
        None => table.clone(),
    })
}

fn place_of(token: &str) -> Result<(String, Option<String>), Exception> {
    let invalid = || Exception::validation(messages::invalid_token(token));
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let place = String::from_utf8(bytes).map_err(|_| invalid())?;
    Ok(match place.split_once('/') {
        Some((table, index)) => (table.to_owned(), Some(index.to_owned())),
        None => (place, None),
    })
}
