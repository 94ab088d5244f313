//! SELECT: pages of the engine to rows.
//!
//! A statement reads one snapshot, or what its transaction does. Pages are read as rows are asked for; LIMIT becomes a page limit where no filter drops items.

use crate::access::{Access, AccessPath, choose, choose_for};
use crate::bind::{Arguments, Scalar, Semantics, lower};
use crate::plan::output::compare;
use crate::plan::select::SortItem;
use crate::plan::{Order, Outputs, SelectPlan};
use crate::{Datum, Row, RowStream, SqlError};
use futures::StreamExt;
use futures::stream;
use shale_engine::{Engine, Error, GetItem, Query, ReadView, Scan};
use shale_expression::Condition;
use shale_item::{AttributeValue, EncodedItem, Item};
use std::cmp::Ordering;
use std::sync::Arc;

/// Most rows that ORDER BY sorts in memory here.
pub(crate) const SORT_ROWS_MAX: usize = 100_000;
/// Most bytes of the items of those rows.
pub(crate) const SORT_BYTES_MAX: usize = 64 << 20;
/// Keys that are looked up per batch of rows.
const LOOKUP_BATCH: usize = 100;

/// Where a statement reads.
#[derive(Clone, Copy)]
pub(crate) enum ReadFrom<'a> {
    /// What is published now; more than one page in a view of its own.
    Published(&'a Engine),
    /// What its transaction sees.
    View(&'a ReadView),
}

impl ReadFrom<'_> {
    fn get(self, request: &GetItem) -> Result<Option<EncodedItem>, Error> {
        let output = match self {
            ReadFrom::Published(engine) => engine.get_item(request)?,
            ReadFrom::View(view) => view.get_item(request)?,
        };
        Ok(output.item)
    }
}

/// Where a table's items are read.
enum Source {
    /// Current: single lookups.
    Engine(Engine),
    /// One snapshot: whatever reads more than one page.
    View(ReadView),
}

impl Source {
    fn as_ref(&self) -> ReadFrom<'_> {
        match self {
            Source::Engine(engine) => ReadFrom::Published(engine),
            Source::View(view) => ReadFrom::View(view),
        }
    }
}

/// Reads the items of an access path page by page.
pub(crate) struct Reader {
    source: Source,
    table: String,
    forward: bool,
    residual: Option<Condition>,
    /// Items that are still wanted, if LIMIT tells.
    wanted: Option<u64>,
    state: State,
}

enum State {
    Keys(std::vec::IntoIter<Item>),
    Queries {
        rest: std::vec::IntoIter<Query>,
        /// The query whose pages are being read.
        current: Option<Query>,
    },
    Scan(Scan),
    Done,
}

impl Reader {
    pub(crate) fn new(
        from: ReadFrom<'_>,
        table: &str,
        access: Access,
        forward: bool,
        wanted: Option<u64>,
    ) -> Result<Reader, SqlError> {
        let single = match &access.path {
            AccessPath::KeyLookup { keys } => keys.len() <= 1,
            AccessPath::Nothing => true,
            _ => false,
        };
        let source = match from {
            ReadFrom::View(view) => Source::View(view.clone()),
            ReadFrom::Published(engine) if single => Source::Engine(engine.clone()),
            ReadFrom::Published(engine) => Source::View(engine.read_view()?),
        };
        let state = match (access.path.scan(table), access.path) {
            (Some(scan), _) => State::Scan(scan),
            (None, AccessPath::Nothing) => State::Done,
            (None, AccessPath::KeyLookup { keys }) => State::Keys(keys.into_iter()),
            (None, path) => State::Queries {
                rest: path.queries(table).into_iter(),
                current: None,
            },
        };
        Ok(Reader {
            source,
            table: table.to_owned(),
            forward,
            residual: access.residual,
            wanted,
            state,
        })
    }

    /// The next items that satisfy the condition; `None` at the end. A page may be empty.
    pub(crate) fn next_page(&mut self) -> Result<Option<Vec<EncodedItem>>, SqlError> {
        if self.wanted == Some(0) {
            return Ok(None);
        }
        // A filter drops items after they were counted, so that only without one the limit can be the engine's.
        let limit = match (self.wanted, &self.residual) {
            (Some(wanted), None) => Some(u32::try_from(wanted).unwrap_or(u32::MAX)),
            _ => None,
        };
        let mut items = match &mut self.state {
            State::Done => return Ok(None),
            State::Keys(keys) => {
                let mut found = Vec::new();
                let mut looked_up = 0;
                for key in keys.take(LOOKUP_BATCH) {
                    looked_up += 1;
                    let request = GetItem {
                        table: self.table.clone(),
                        key,
                        consistent: true,
                    };
                    if let Some(item) = self.source.as_ref().get(&request)?
                        && self
                            .residual
                            .as_ref()
                            .is_none_or(|residual| residual.evaluate(item.view()))
                    {
                        found.push(item);
                    }
                }
                if looked_up == 0 {
                    self.state = State::Done;
                    return Ok(None);
                }
                found
            }
            State::Queries { rest, current } => {
                let Some(query) = current.take().or_else(|| rest.next()) else {
                    self.state = State::Done;
                    return Ok(None);
                };
                let query = Query {
                    filter: self.residual.clone(),
                    forward: self.forward,
                    limit,
                    ..query
                };
                let page = match &self.source {
                    Source::Engine(engine) => engine.query(&query)?,
                    Source::View(view) => view.query(&query)?,
                };
                if page.last_evaluated_key.is_some() {
                    *current = Some(Query {
                        exclusive_start_key: page.last_evaluated_key,
                        ..query
                    });
                }
                page.items
            }
            State::Scan(scan) => {
                scan.filter.clone_from(&self.residual);
                scan.limit = limit;
                let page = match &self.source {
                    Source::Engine(engine) => engine.scan(scan)?,
                    Source::View(view) => view.scan(scan)?,
                };
                match page.last_evaluated_key {
                    Some(last) => scan.exclusive_start_key = Some(last),
                    None => self.state = State::Done,
                }
                page.items
            }
        };
        if let Some(wanted) = &mut self.wanted {
            let keep = usize::try_from(*wanted).unwrap_or(usize::MAX);
            items.truncate(keep);
            *wanted -= items.len() as u64;
        }
        Ok(Some(items))
    }
}

/// What a SELECT gives.
pub(crate) enum Selected {
    Rows(RowStream),
    /// ORDER BY has more rows than are sorted here.
    TooManyToSort,
}

/// Runs a SELECT.
pub(crate) fn run(
    from: ReadFrom<'_>,
    plan: &Arc<SelectPlan>,
    with: &Arguments<'_>,
) -> Result<Selected, SqlError> {
    let limit = row_count(&plan.limit, with, "LIMIT", "2201W")?;
    let offset = row_count(&plan.offset, with, "OFFSET", "2201X")?.unwrap_or(0);
    if let Some(rows) = point(from, plan, with)? {
        let kept = rows
            .into_iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
            .take(limit.map_or(usize::MAX, |limit| {
                usize::try_from(limit).unwrap_or(usize::MAX)
            }))
            .collect();
        return Ok(Selected::Rows(one_batch(kept)));
    }
    let mut access = access(plan, with)?;
    let forward = match plan.order {
        Order::SortKey { forward } => forward,
        _ => true,
    };
    if let Order::SortKey { forward } = plan.order {
        sort_keys(&mut access, plan, forward);
    }
    let wanted = limit.map(|limit| limit.saturating_add(offset));
    match &plan.order {
        Order::Memory(items) => {
            if let Some(forward) = index_order(&access, items) {
                let reader =
                    Reader::new(from, &plan.table.definition.name, access, forward, wanted)?;
                return Ok(Selected::Rows(rows(reader, plan.outputs.clone(), offset)));
            }
            let reader = Reader::new(from, &plan.table.definition.name, access, true, None)?;
            sorted(reader, plan, limit, offset)
        }
        Order::Any | Order::SortKey { .. } => {
            let reader = Reader::new(from, &plan.table.definition.name, access, forward, wanted)?;
            Ok(Selected::Rows(rows(reader, plan.outputs.clone(), offset)))
        }
    }
}

/// How the plan's items are found, with these arguments.
pub(crate) fn access(plan: &SelectPlan, with: &Arguments<'_>) -> Result<Access, SqlError> {
    let condition = match &plan.predicate {
        None => None,
        Some(predicate) => Some(lower(predicate, with, Semantics::ThreeValued)?),
    };
    Ok(match plan.order {
        // What is read in the order of the table's sort key is not read by an index.
        Order::SortKey { .. } => choose(&plan.table.definition.key_schema, condition),
        Order::Any | Order::Memory(_) => choose_for(&plan.table, condition, &plan.needs),
    })
}

/// The direction in which an index has the order that is asked for: one partition, ordered by the RANGE attributes behind those that
/// are pinned.
pub(crate) fn index_order(access: &Access, items: &[SortItem]) -> Option<bool> {
    let AccessPath::IndexScan(scan) = &access.path else {
        return None;
    };
    let [_] = scan.partitions.as_deref()? else {
        return None;
    };
    let mut names = scan.index.sort.iter().skip(scan.sort_prefix.len());
    let descending = items.first()?.descending;
    let ordered = items.iter().all(|item| {
        let name = names.next().map(|attribute| attribute.name.as_str());
        name.is_some() && item.attribute() == name && item.descending == descending
    });
    ordered.then_some(!descending)
}

fn sort_keys(access: &mut Access, plan: &SelectPlan, forward: bool) {
    let Some(sort) = &plan.table.definition.key_schema.sort else {
        return;
    };
    if let AccessPath::KeyLookup { keys } = &mut access.path {
        keys.sort_by(|left, right| {
            let ordering = compare_values(left.get(&sort.name), right.get(&sort.name));
            if forward {
                ordering
            } else {
                ordering.reverse()
            }
        });
    }
}

fn compare_values(left: Option<&AttributeValue>, right: Option<&AttributeValue>) -> Ordering {
    match (left, right) {
        (Some(AttributeValue::S(left)), Some(AttributeValue::S(right))) => left.cmp(right),
        (Some(AttributeValue::N(left)), Some(AttributeValue::N(right))) => left.cmp(right),
        (Some(AttributeValue::B(left)), Some(AttributeValue::B(right))) => left.cmp(right),
        _ => Ordering::Equal,
    }
}

/// The lean path: the whole key is pinned and nothing else is asked.
fn point(
    from: ReadFrom<'_>,
    plan: &SelectPlan,
    with: &Arguments<'_>,
) -> Result<Option<Vec<Row>>, SqlError> {
    let Some(keys) = &plan.point else {
        return Ok(None);
    };
    let mut key = Item::new();
    for part in keys {
        match part.value.comparand(with, &part.compared_as)? {
            Some(value) => {
                key.insert(part.name.clone(), value);
            }
            None => return Ok(Some(vec![])),
        }
    }
    let request = GetItem {
        table: plan.table.definition.name.clone(),
        key,
        consistent: true,
    };
    match from.get(&request) {
        Ok(item) => Ok(Some(
            item.iter()
                .map(|item| plan.outputs.row(item.view()))
                .collect(),
        )),
        // No stored key is empty, too long or of another type.
        Err(Error::Key(_)) => Ok(Some(vec![])),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn one_batch(rows: Vec<Row>) -> RowStream {
    stream::once(std::future::ready(Ok(rows))).boxed()
}

fn rows(reader: Reader, outputs: Outputs, offset: u64) -> RowStream {
    stream::try_unfold(
        (reader, outputs, offset),
        |(mut reader, outputs, mut offset)| async move {
            loop {
                let Some(items) = reader.next_page()? else {
                    return Ok(None);
                };
                let skipped = offset.min(items.len() as u64);
                offset -= skipped;
                let rows: Vec<Row> = items
                    .iter()
                    .skip(skipped as usize)
                    .map(|item| outputs.row(item.view()))
                    .collect();
                if !rows.is_empty() {
                    return Ok(Some((rows, (reader, outputs, offset))));
                }
                // A page without rows was work all the same: let others run, and a cancellation be seen.
                tokio::task::yield_now().await;
            }
        },
    )
    .boxed()
}

fn sorted(
    mut reader: Reader,
    plan: &SelectPlan,
    limit: Option<u64>,
    offset: u64,
) -> Result<Selected, SqlError> {
    let Order::Memory(terms) = &plan.order else {
        return Ok(Selected::TooManyToSort);
    };
    let mut found: Vec<(Vec<Datum>, Row)> = Vec::new();
    let mut bytes = 0;
    while let Some(items) = reader.next_page()? {
        for item in &items {
            let view = item.view();
            bytes += item.size();
            let key = terms.iter().map(|term| term.output.read(view)).collect();
            found.push((key, plan.outputs.row(view)));
        }
        if found.len() > SORT_ROWS_MAX || bytes > SORT_BYTES_MAX {
            return Ok(Selected::TooManyToSort);
        }
    }
    found.sort_by(|(left, _), (right, _)| {
        for (position, term) in terms.iter().enumerate() {
            let (left, right) = (&left[position], &right[position]);
            let ordering = match (left, right) {
                (Datum::Null, Datum::Null) => Ordering::Equal,
                (Datum::Null, _) if term.nulls_first => Ordering::Less,
                (Datum::Null, _) => Ordering::Greater,
                (_, Datum::Null) if term.nulls_first => Ordering::Greater,
                (_, Datum::Null) => Ordering::Less,
                _ if term.descending => compare(right, left),
                _ => compare(left, right),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        Ordering::Equal
    });
    let rows = found
        .into_iter()
        .map(|(_, row)| row)
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }))
        .collect();
    Ok(Selected::Rows(one_batch(rows)))
}

/// The number of LIMIT or OFFSET; `None` without one.
pub(crate) fn row_count(
    scalar: &Option<Scalar>,
    with: &Arguments<'_>,
    clause: &str,
    sqlstate: &'static str,
) -> Result<Option<u64>, SqlError> {
    let Some(scalar) = scalar else {
        return Ok(None);
    };
    let value = scalar.datum(with)?.into_owned();
    match crate::datum::coerce(value, &crate::SqlType::Int8)? {
        Datum::Null => Ok(None),
        Datum::Int(count) => match u64::try_from(count) {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(SqlError::Other {
                sqlstate,
                message: format!("{clause} must not be negative"),
                hint: None,
            }),
        },
        _ => Ok(None),
    }
}
