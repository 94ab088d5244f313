//! What definitions of indexes must be, and how changes of them change a table's definition.
//!
//! Not here: sequencing the change (`table_ddl`), filling an index (`backfill`).
//!
//! Source of the limits: the Developer Guide's "Quotas in Amazon DynamoDB", "Secondary indexes" and "Projected secondary index attributes
//! per table"; of keys of several attributes: "Global secondary indexes: multi-attribute keys".

use crate::api::{CreateTable, IndexChange};
use crate::definition::{BACKFILL, BackfillRow, DROPPED, SENT, STATISTICS, table_key};
use crate::derived::{Index, IndexKind, IndexProjection, IndexStatus, TimeToLive};
use crate::error::{Error, IndexProblem};
use crate::history;
use crate::index::{Target, targets};
use crate::limits::{
    GLOBAL_INDEXES_MAX, INDEX_KEY_ATTRIBUTES_MAX, LOCAL_INDEXES_MAX, PROJECTED_ATTRIBUTES_MAX,
};
use crate::record::RecordBuilder;
use shale_item::{KeyAttribute, TableId};

/// Numbers for what is new, in the order of use.
#[derive(Debug)]
pub(crate) struct Ids(pub(crate) u32);

impl Ids {
    /// A number that nothing has had.
    pub(crate) fn next(&mut self) -> Result<u32, Error> {
        let id = self.0;
        let next = id.checked_add(1);
        self.0 = next.ok_or_else(|| Error::Internal("no table id is left".to_owned()))?;
        Ok(id)
    }
}

/// Gives what is derived from the items of a new table its numbers; indexes are complete, as the table is empty.
pub(crate) fn adopt(definition: &mut CreateTable, ids: &mut Ids) -> Result<(), Error> {
    for index in &mut definition.derived.indexes {
        index.id = TableId(ids.next()?);
        index.status = IndexStatus::Active;
    }
    if let Some(ttl) = &mut definition.derived.ttl {
        ttl.id = ids.next()?;
        ttl.status = IndexStatus::Active;
    }
    if let Some(history) = &mut definition.derived.history {
        history::check_seconds(history.seconds)?;
        history.id = ids.next()?;
    }
    let mut indexes = definition.derived.indexes.iter();
    definition.derived.item_collections = match indexes.any(|index| index.kind == IndexKind::Local)
    {
        true => Some(ids.next()?),
        false => None,
    };
    check(definition)
}

/// Changes the definition's indexes, and writes the rows that follow.
pub(crate) fn change(
    definition: &mut CreateTable,
    table: TableId,
    change: &IndexChange,
    ids: &mut Ids,
    record: &mut RecordBuilder,
) -> Result<(), Error> {
    match change {
        IndexChange::Create(index) => {
            if index.kind == IndexKind::Local {
                return Err(refused(&index.name, IndexProblem::LocalLater));
            }
            let index = Index {
                id: TableId(ids.next()?),
                status: IndexStatus::Creating,
                ..index.clone()
            };
            begin_backfill(table, index.id, record);
            definition.derived.indexes.push(index);
            check(definition)
        }
        IndexChange::Provision(name, provisioned) => {
            find(definition, name)?.provisioned = *provisioned;
            Ok(())
        }
        IndexChange::Rename(old, new) => {
            find(definition, old)?.name.clone_from(new);
            let settings = std::mem::take(&mut definition.settings).into_iter();
            definition.settings = settings
                .map(|(setting, value)| match setting.rsplit_once('/') {
                    Some((what, index)) if index == old => (format!("{what}/{new}"), value),
                    _ => (setting, value),
                })
                .collect();
            check(definition)
        }
        IndexChange::Drop(name) => {
            let index = find(definition, name)?;
            if index.kind == IndexKind::Local {
                return Err(refused(name, IndexProblem::LocalLater));
            }
            write_drop(Target::Index(index), record);
            let id = index.id.0;
            definition.derived.insights.remove(&id);
            definition
                .derived
                .indexes
                .retain(|index| index.name != *name);
            let its_setting = |setting: &str| {
                let index = setting.rsplit_once('/').map(|(_, index)| index);
                index == Some(name)
            };
            definition
                .settings
                .retain(|setting, _| !its_setting(setting));
            Ok(())
        }
    }
}

/// Switches expiry on or off.
pub(crate) fn change_ttl(
    definition: &mut CreateTable,
    table: TableId,
    attribute: Option<&str>,
    ids: &mut Ids,
    record: &mut RecordBuilder,
) -> Result<(), Error> {
    let current = &mut definition.derived.ttl;
    match (attribute, &current) {
        (Some(_), Some(ttl)) => Err(Error::TimeToLive {
            attribute: Some(ttl.attribute.clone()),
        }),
        (None, None) => Err(Error::TimeToLive { attribute: None }),
        (None, Some(ttl)) => {
            write_drop(Target::Expiry(ttl), record);
            *current = None;
            Ok(())
        }
        (Some(attribute), None) => {
            let id = ids.next()?;
            begin_backfill(table, TableId(id), record);
            *current = Some(TimeToLive {
                attribute: attribute.to_owned(),
                id,
                status: IndexStatus::Creating,
            });
            Ok(())
        }
    }
}

/// Marks what has that number as complete. Says whether it was not.
pub(crate) fn complete(definition: &mut CreateTable, id: TableId) -> bool {
    let derived = &mut definition.derived;
    let indexes = derived.indexes.iter_mut();
    let indexes = indexes.map(|index| (index.id, &mut index.status));
    let ttl = derived.ttl.iter_mut();
    let ttl = ttl.map(|ttl| (TableId(ttl.id), &mut ttl.status));
    let found = indexes.chain(ttl).find(|(of, _)| *of == id);
    match found {
        Some((_, status)) if *status == IndexStatus::Creating => {
            *status = IndexStatus::Active;
            true
        }
        _ => false,
    }
}

/// Writes the rows of the drop of everything that is derived from a table's items.
pub(crate) fn drop_all(definition: &CreateTable, record: &mut RecordBuilder) {
    targets(&definition.derived).for_each(|target| write_drop(target, record));
    if let Some(dropped) = &definition.derived.history {
        history::write_drop(dropped.id, record);
    }
    let destination = definition.derived.destination.as_ref();
    if let Some(stream) = destination.and_then(|destination| destination.stream()) {
        record.catalog(&table_key(SENT, TableId(stream.id)), None);
    }
    if let Some(sizes) = definition.derived.item_collections {
        record.catalog(&table_key(DROPPED, TableId(sizes)), Some(&[]));
    }
}

fn begin_backfill(table: TableId, id: TableId, record: &mut RecordBuilder) {
    let row = BackfillRow {
        table,
        items_done: 0,
        behind: Vec::new(),
    };
    record.catalog(&table_key(BACKFILL, id), Some(&row.encode()));
}

fn write_drop(target: Target<'_>, record: &mut RecordBuilder) {
    let id = target.id();
    record.catalog(&table_key(DROPPED, id), Some(&[]));
    record.catalog(&table_key(STATISTICS, id), None);
    if target.is_filling() {
        record.catalog(&table_key(BACKFILL, id), None);
    }
}

fn find<'a>(definition: &'a mut CreateTable, name: &str) -> Result<&'a mut Index, Error> {
    let table = &definition.name;
    let mut indexes = definition.derived.indexes.iter_mut();
    indexes
        .find(|index| index.name == name)
        .ok_or_else(|| Error::IndexNotFound {
            table: table.clone(),
            index: name.to_owned(),
        })
}

/// Checks the indexes of a definition, each and together.
fn check(definition: &CreateTable) -> Result<(), Error> {
    let indexes = &definition.derived.indexes;
    for (position, index) in indexes.iter().enumerate() {
        let problem = problem_of(definition, &indexes[..position], index);
        if let Some(problem) = problem {
            return Err(refused(&index.name, problem));
        }
    }
    match indexes.last() {
        Some(last) if projected_attributes(indexes) > PROJECTED_ATTRIBUTES_MAX => {
            Err(refused(&last.name, IndexProblem::TooManyProjected))
        }
        _ => Ok(()),
    }
}

fn projected_attributes(indexes: &[Index]) -> usize {
    let names = indexes.iter().map(|index| match &index.projection {
        IndexProjection::Include(names) => names.len(),
        IndexProjection::KeysOnly | IndexProjection::All => 0,
    });
    names.sum()
}

fn problem_of(definition: &CreateTable, earlier: &[Index], index: &Index) -> Option<IndexProblem> {
    if earlier.iter().any(|other| other.name == index.name) {
        return Some(IndexProblem::Exists);
    }
    let limit = match index.kind {
        IndexKind::Local => LOCAL_INDEXES_MAX,
        IndexKind::Global => GLOBAL_INDEXES_MAX,
    };
    let same_kind = earlier.iter().filter(|other| other.kind == index.kind);
    if same_kind.count() >= limit {
        return Some(IndexProblem::TooMany {
            kind: index.kind,
            limit,
        });
    }
    let schema = &definition.key_schema;
    let well_shaped = match index.kind {
        IndexKind::Local if schema.sort.is_none() => return Some(IndexProblem::NoSortKey),
        IndexKind::Local => index.partition == [schema.partition.clone()] && index.sort.len() == 1,
        IndexKind::Global => {
            (1..=INDEX_KEY_ATTRIBUTES_MAX).contains(&index.partition.len())
                && index.sort.len() <= INDEX_KEY_ATTRIBUTES_MAX
        }
    };
    let names: Vec<&str> = index.key_names().collect();
    let repeated = (1..names.len()).any(|n| names[..n].contains(&names[n]));
    if !well_shaped || repeated {
        return Some(IndexProblem::KeyShape);
    }
    let known = std::iter::once(&schema.partition).chain(&schema.sort);
    let known: Vec<&KeyAttribute> = known
        .chain(
            earlier
                .iter()
                .flat_map(|other| other.partition.iter().chain(&other.sort)),
        )
        .collect();
    let conflicting = index.partition.iter().chain(&index.sort).find(|attribute| {
        known
            .iter()
            .any(|other| other.name == attribute.name && other.key_type != attribute.key_type)
    });
    conflicting.map(|attribute| IndexProblem::TypeConflict {
        attribute: attribute.name.clone(),
    })
}

fn refused(index: &str, problem: IndexProblem) -> Error {
    Error::IndexRefused {
        index: index.to_owned(),
        problem,
    }
}
