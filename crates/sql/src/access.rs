//! Access paths: how the items that a condition may select are found.
//!
//! Used by the fast path, by UPDATE and DELETE, and by the analytic executor's tables. Not here: reading (`run`), predicates (`bind`).
//!
//! Invariant: every item that satisfies the condition is reached by the path, and satisfies the residual; every item that the path reaches
//! and that satisfies the residual satisfies the condition.

use crate::estimate::{LOOKUP_COST, estimate};
use crate::explain::PlanNode;
use crate::plan::explain::{self, Details};
use shale_engine::{
    CreateTable, Index, IndexKind, IndexProjection, IndexStatus, Query, Scan, TableDescription,
};
use shale_expression::{Comparison, Condition, Operand, Path, SortCondition};
use shale_item::{
    AttributeType, AttributeValue, Item, KeyAttribute, KeySchema, KeyType, KeyValue, PrimaryKey,
    TableId,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most keys (or partition keys) that one statement looks up; above it, a scan with a filter is planned.
pub const KEYS_MAX: usize = 10_000;

/// Tables below this many items are read in no time on any path, and their plans do not change with their items.
const COMPARED_ITEMS_MIN: u64 = 1_000;

/// Longest partition key and sort key in bytes; nothing longer is stored.
const PARTITION_KEY_BYTES_MAX: usize = 2_048;
const SORT_KEY_BYTES_MAX: usize = 1_024;

/// How items are found.
#[derive(Clone, Debug, PartialEq)]
pub enum AccessPath {
    /// No item can satisfy the condition.
    Nothing,
    /// The items with these keys (exactly the key attributes, no key twice).
    KeyLookup {
        /// The keys.
        keys: Vec<Item>,
    },
    /// The items of these partition keys, by sort key.
    RangeScan {
        /// Values of HASH, none twice.
        partitions: Vec<AttributeValue>,
        /// Condition on RANGE.
        sort: Option<SortCondition>,
    },
    /// Entries of an index.
    IndexScan(IndexScan),
    /// All items.
    Scan,
}

/// Which entries of an index are read.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexScan {
    /// The index.
    pub index: Arc<Index>,
    /// Values of its HASH attributes, none twice; `None` reads all entries.
    pub partitions: Option<Vec<Vec<AttributeValue>>>,
    /// Values of its first RANGE attributes.
    pub sort_prefix: Vec<AttributeValue>,
    /// Condition on the RANGE attribute behind those.
    pub sort: Option<SortCondition>,
    /// Whether the items of the table are fetched, because the entries do not hold what is read.
    pub whole_items: bool,
}

/// What a statement needs of the items that it reads.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Names of attributes besides those of the condition; `None` needs whole items.
    pub attributes: Option<BTreeSet<String>>,
    /// The index that FROM names: its entries are what is read.
    pub index: Option<String>,
    /// Whether there is a LIMIT, so that what a path would read in all tells little.
    pub limited: bool,
}

impl AccessPath {
    /// The engine's queries that read the path; none for keys and scans. What all have in common is left to the caller: filter, limit,
    /// direction.
    pub fn queries(&self, table: &str) -> Vec<Query> {
        let query = |partition: Vec<AttributeValue>, sort: &Option<SortCondition>| Query {
            table: table.to_owned(),
            index: None,
            whole_items: false,
            partition,
            sort_prefix: vec![],
            sort: sort.clone(),
            filter: None,
            forward: true,
            limit: None,
            exclusive_start_key: None,
            consistent: true,
        };
        match self {
            AccessPath::Nothing | AccessPath::KeyLookup { .. } | AccessPath::Scan => vec![],
            AccessPath::RangeScan { partitions, sort } => partitions
                .iter()
                .map(|partition| query(vec![partition.clone()], sort))
                .collect(),
            AccessPath::IndexScan(scan) => {
                let partitions = scan.partitions.iter().flatten();
                let queries = partitions.map(|partition| Query {
                    index: Some(scan.index.name.clone()),
                    whole_items: scan.whole_items,
                    sort_prefix: scan.sort_prefix.clone(),
                    ..query(partition.clone(), &scan.sort)
                });
                queries.collect()
            }
        }
    }

    /// The engine's scan that reads the path; none for keys and ranges.
    pub fn scan(&self, table: &str) -> Option<Scan> {
        let (index, whole_items) = match self {
            AccessPath::Scan => (None, false),
            AccessPath::IndexScan(scan) if scan.partitions.is_none() => {
                (Some(scan.index.name.clone()), scan.whole_items)
            }
            _ => return None,
        };
        Some(Scan {
            table: table.to_owned(),
            index,
            whole_items,
            filter: None,
            limit: None,
            exclusive_start_key: None,
            segment: None,
            consistent: true,
        })
    }
}

/// A path, and what of the condition is left to check on each item.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The path.
    pub path: AccessPath,
    /// The rest of the condition.
    pub residual: Option<Condition>,
}

/// A table read on a path, as EXPLAIN shows it.
pub fn explain(table: &TableDescription, access: &Access, limit: Option<u64>) -> PlanNode {
    let details = Details {
        limit,
        ..Details::default()
    };
    explain::node(table, access, &details)
}

/// Chooses the cheapest path for a condition. Whole keys are looked up. Otherwise the items that the paths read are estimated, and those
/// that have to be completed from the table; in small tables, and where few rows may be enough, the order is: by a range of the sort key, by
/// a local index under the partition key, by an index all of whose keys the condition requires, a scan.
pub fn choose_for(table: &TableDescription, condition: Option<Condition>, needs: &Needs) -> Access {
    let definition = &table.definition;
    if let Some(name) = &needs.index {
        return match definition.derived.index(name) {
            Some(index) => read_index(table, index, condition, needs),
            // It went since the statement was planned: the engine says so.
            None => choose(&definition.key_schema, condition),
        };
    }
    let of_table = choose(&definition.key_schema, condition.clone());
    let bound = match &of_table.path {
        AccessPath::Nothing | AccessPath::KeyLookup { .. } => return of_table,
        AccessPath::IndexScan(_) => return of_table,
        AccessPath::RangeScan { sort, .. } => Some(usize::from(sort.is_some())),
        AccessPath::Scan => None,
    };
    let terms = match condition {
        None => return of_table,
        Some(Condition::And(terms)) => flatten(terms),
        Some(other) => vec![other],
    };
    let by_cost = !needs.limited && table.item_count >= COMPARED_ITEMS_MIN;
    let mut best: Option<(usize, bool, Access)> = None;
    let mut cheapest: Option<(f64, Access)> = None;
    for index in &definition.derived.indexes {
        if index.status != IndexStatus::Active
            || (bound.is_some() && index.kind == IndexKind::Global && !by_cost)
        {
            continue;
        }
        let Some((access, bounds)) = by_index(table, index, terms.clone(), needs, false) else {
            continue;
        };
        if by_cost {
            let cost = cost(table, &access);
            if cheapest.as_ref().is_none_or(|(least, _)| cost < *least) {
                cheapest = Some((cost, access));
            }
            continue;
        }
        let covering = matches!(&access.path, AccessPath::IndexScan(scan) if !scan.whole_items);
        let better = match (&best, bound) {
            (None, Some(bound)) => bounds > bound,
            (None, None) => true,
            (Some((best, was_covering, _)), _) => (bounds, covering) > (*best, *was_covering),
        };
        if better {
            best = Some((bounds, covering, access));
        }
    }
    match cheapest {
        Some((least, access)) if least < cost(table, &of_table) => access,
        _ => best.map_or(of_table, |(_, _, access)| access),
    }
}

/// What a path costs, in items that a scan reads meanwhile.
fn cost(table: &TableDescription, access: &Access) -> f64 {
    let items = estimate(table, access, None).items_read;
    match &access.path {
        AccessPath::IndexScan(scan) if scan.whole_items => items * (1.0 + LOOKUP_COST),
        _ => items,
    }
}

/// The entries of an index that FROM names.
fn read_index(
    table: &TableDescription,
    index: &Index,
    condition: Option<Condition>,
    needs: &Needs,
) -> Access {
    let terms = match condition {
        None | Some(Condition::Constant(true)) => vec![],
        Some(Condition::Constant(false)) => return nothing(),
        Some(Condition::And(terms)) => flatten(terms),
        Some(other) => vec![other],
    };
    if let Some((access, _)) = by_index(table, index, terms.clone(), needs, true) {
        return access;
    }
    let residual = residual(terms);
    Access {
        path: AccessPath::IndexScan(IndexScan {
            index: Arc::new(index.clone()),
            partitions: None,
            sort_prefix: vec![],
            sort: None,
            whole_items: !holds(&table.definition, index, needs, residual.as_ref()),
        }),
        residual,
    }
}

/// The path by an index and how many bounds it has on RANGE attributes; `None` if the condition does not name each HASH attribute, or
/// could hold for an item that has no entry, which matters unless the entries are what is asked for.
fn by_index(
    table: &TableDescription,
    index: &Index,
    mut terms: Vec<Condition>,
    needs: &Needs,
    entries_only: bool,
) -> Option<(Access, usize)> {
    let mut partitions: Vec<Vec<AttributeValue>> = vec![vec![]];
    for attribute in &index.partition {
        let values = take_values(&mut terms, attribute, PARTITION_KEY_BYTES_MAX)?;
        if values.len().saturating_mul(partitions.len()) > KEYS_MAX {
            return None;
        }
        let longer = partitions.iter().flat_map(|partition| {
            values.iter().map(|value| {
                let mut longer = partition.clone();
                longer.push(AttributeValue::from(value.clone()));
                longer
            })
        });
        partitions = longer.collect();
    }
    let (mut sort_prefix, mut sort, mut bounds) = (vec![], None, 0);
    let mut rest = index.sort.iter();
    for attribute in rest.by_ref() {
        let position = find_values(&terms, attribute, SORT_KEY_BYTES_MAX);
        let value = position.and_then(|position| {
            let mut values = values_of(&terms[position], attribute, SORT_KEY_BYTES_MAX)?;
            match values.len() {
                1 => values.pop().map(|value| (position, value)),
                _ => None,
            }
        });
        if let Some((position, value)) = value {
            terms.remove(position);
            sort_prefix.push(AttributeValue::from(value));
            bounds += 1;
            continue;
        }
        sort = take_sort_condition(&mut terms, attribute);
        bounds += usize::from(sort.is_some());
        if sort.is_none() && !entries_only && !requires(table, &terms, attribute) {
            return None;
        }
        break;
    }
    if !entries_only && !rest.all(|attribute| requires(table, &terms, attribute)) {
        return None;
    }
    let empty_range =
        matches!(&sort, Some(SortCondition::Between(low, high)) if is_above(low, high));
    if partitions.is_empty() || empty_range {
        return Some((nothing(), usize::MAX));
    }
    let residual = residual(terms);
    let access = Access {
        path: AccessPath::IndexScan(IndexScan {
            index: Arc::new(index.clone()),
            partitions: Some(partitions),
            sort_prefix,
            sort,
            whole_items: !holds(&table.definition, index, needs, residual.as_ref()),
        }),
        residual,
    };
    Some((access, bounds))
}

/// Whether the terms hold only for items that have the attribute as a key of the index needs it.
fn requires(table: &TableDescription, terms: &[Condition], attribute: &KeyAttribute) -> bool {
    if table.definition.key_schema.is_key(&attribute.name) {
        return true;
    }
    let only_type = || {
        let observed = table.observed.get(&attribute.name);
        let attribute_type = match attribute.key_type {
            KeyType::S => AttributeType::S,
            KeyType::N => AttributeType::N,
            KeyType::B => AttributeType::B,
        };
        observed.is_some_and(|observed| observed.types == 1 << attribute_type as u16)
    };
    terms.iter().any(|term| match term {
        Condition::AttributeExists(path) => names(path, attribute) && only_type(),
        Condition::Between(Operand::Path(path), Operand::Value(low), _) => {
            names(path, attribute) && attribute.value_of(low, SORT_KEY_BYTES_MAX).is_ok()
        }
        Condition::BeginsWith(Operand::Path(path), Operand::Value(_)) => {
            names(path, attribute) && attribute.key_type != KeyType::N && only_type()
        }
        _ => {
            values_of(term, attribute, SORT_KEY_BYTES_MAX).is_some()
                || comparison(term, attribute).is_some_and(|(op, value)| {
                    op != Comparison::Ne && attribute.value_of(value, SORT_KEY_BYTES_MAX).is_ok()
                })
        }
    })
}

/// Whether the entries of an index hold all that is needed.
fn holds(
    definition: &CreateTable,
    index: &Index,
    needs: &Needs,
    residual: Option<&Condition>,
) -> bool {
    let held = |name: &str| holds_attribute(definition, index, name);
    let named = needs.attributes.as_ref();
    index.projection == IndexProjection::All
        || named.is_some_and(|named| named.iter().all(|name| held(name)))
            && residual.is_none_or(|residual| condition_names(residual, &mut |name| held(name)))
}

/// Whether the entries of an index hold that attribute of their items.
pub(crate) fn holds_attribute(definition: &CreateTable, index: &Index, name: &str) -> bool {
    let included = match &index.projection {
        IndexProjection::All => return true,
        IndexProjection::KeysOnly => &[][..],
        IndexProjection::Include(names) => names.as_slice(),
    };
    definition.key_schema.is_key(name)
        || index.key_names().any(|key| key == name)
        || included.iter().any(|included| included == name)
}

/// The attributes that a statement names, in its condition too, and the entries of an index do not hold.
pub(crate) fn not_held(
    definition: &CreateTable,
    index: &Index,
    needs: &Needs,
    condition: Option<&Condition>,
) -> BTreeSet<String> {
    let mut names = needs.attributes.clone().unwrap_or_default();
    if let Some(condition) = condition {
        condition_names(condition, &mut |name| {
            names.insert(name.to_owned());
            true
        });
    }
    names.retain(|name| !holds_attribute(definition, index, name));
    names
}

/// Whether `accept` says yes to every attribute of a condition.
fn condition_names(condition: &Condition, accept: &mut dyn FnMut(&str) -> bool) -> bool {
    fn operand(of: &Operand, accept: &mut dyn FnMut(&str) -> bool) -> bool {
        match of {
            Operand::Path(path) => accept(&path.root),
            Operand::Value(_) => true,
            Operand::Size(inner) => operand(inner, accept),
        }
    }
    match condition {
        Condition::Constant(_) => true,
        Condition::Compare(left, _, right)
        | Condition::BeginsWith(left, right)
        | Condition::Contains(left, right) => operand(left, accept) && operand(right, accept),
        Condition::Between(value, low, high) => {
            operand(value, accept) && operand(low, accept) && operand(high, accept)
        }
        Condition::In(value, list) => {
            operand(value, accept) && list.iter().all(|item| operand(item, accept))
        }
        Condition::AttributeExists(path)
        | Condition::AttributeNotExists(path)
        | Condition::AttributeType(path, _) => accept(&path.root),
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().all(|part| condition_names(part, accept))
        }
        Condition::Not(inner) => condition_names(inner, accept),
    }
}

/// Chooses the cheapest path for a condition by the table's own key.
pub fn choose(schema: &KeySchema, condition: Option<Condition>) -> Access {
    let mut terms = match condition {
        None | Some(Condition::Constant(true)) => {
            return Access {
                path: AccessPath::Scan,
                residual: None,
            };
        }
        Some(Condition::Constant(false)) => return nothing(),
        Some(Condition::And(terms)) => flatten(terms),
        Some(other) => vec![other],
    };
    let Some(partitions) = take_values(&mut terms, &schema.partition, PARTITION_KEY_BYTES_MAX)
    else {
        return match by_alternatives(schema, &terms) {
            Some(path) => Access {
                path,
                residual: residual(terms),
            },
            None => Access {
                path: AccessPath::Scan,
                residual: residual(terms),
            },
        };
    };
    if partitions.is_empty() {
        return nothing();
    }
    let Some(sort) = &schema.sort else {
        let keys = partitions.into_iter().map(|value| {
            let mut key = Item::new();
            key.insert(schema.partition.name.clone(), value.into());
            key
        });
        return Access {
            path: AccessPath::KeyLookup {
                keys: keys.collect(),
            },
            residual: residual(terms),
        };
    };
    if let Some(position) = find_values(&terms, sort, SORT_KEY_BYTES_MAX) {
        let values = values_of(&terms[position], sort, SORT_KEY_BYTES_MAX).unwrap_or_default();
        if values.len() * partitions.len() <= KEYS_MAX {
            terms.remove(position);
            return Access {
                path: lookup(schema, sort, &partitions, &values),
                residual: residual(terms),
            };
        }
    }
    let sort = take_sort_condition(&mut terms, sort);
    if let Some(SortCondition::Between(low, high)) = &sort
        && is_above(low, high)
    {
        return nothing();
    }
    Access {
        path: AccessPath::RangeScan {
            partitions: partitions.into_iter().map(AttributeValue::from).collect(),
            sort,
        },
        residual: residual(terms),
    }
}

/// The keys of a term that is an OR of conditions each of which names whole keys: `(h = 1 AND r = 2) OR (h = 3 AND r = 4)`. The term is
/// checked on the items all the same.
fn by_alternatives(schema: &KeySchema, terms: &[Condition]) -> Option<AccessPath> {
    terms.iter().find_map(|term| {
        let Condition::Or(_) = term else {
            return None;
        };
        let mut found = Vec::new();
        add_keys(schema, term, &mut found)?;
        // The same key twice would give its item twice.
        let (mut seen, mut keys) = (BTreeSet::new(), Vec::with_capacity(found.len()));
        for key in found {
            if seen.insert(shale_item::encode_key(TableId(0), &key)) {
                keys.push(schema.to_attributes(&key));
            }
        }
        Some(match keys.is_empty() {
            true => AccessPath::Nothing,
            false => AccessPath::KeyLookup { keys },
        })
    })
}

/// Adds the keys that a condition names; `None` if it names none, or too many.
fn add_keys(schema: &KeySchema, condition: &Condition, keys: &mut Vec<PrimaryKey>) -> Option<()> {
    if let Condition::Or(alternatives) = condition {
        return alternatives
            .iter()
            .try_for_each(|alternative| add_keys(schema, alternative, keys));
    }
    match choose(schema, Some(condition.clone())).path {
        AccessPath::Nothing => Some(()),
        AccessPath::KeyLookup { keys: found } => {
            for key in found {
                keys.push(schema.exact_key_of(&key).ok()?);
            }
            (keys.len() <= KEYS_MAX).then_some(())
        }
        _ => None,
    }
}

fn nothing() -> Access {
    Access {
        path: AccessPath::Nothing,
        residual: None,
    }
}

fn flatten(terms: Vec<Condition>) -> Vec<Condition> {
    if !terms.iter().any(|term| matches!(term, Condition::And(_))) {
        return terms;
    }
    let mut flat = Vec::with_capacity(terms.len());
    for term in terms {
        match term {
            Condition::And(inner) => flat.extend(flatten(inner)),
            other => flat.push(other),
        }
    }
    flat
}

fn residual(mut terms: Vec<Condition>) -> Option<Condition> {
    match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(Condition::And(terms)),
    }
}

fn lookup(
    schema: &KeySchema,
    sort: &KeyAttribute,
    partitions: &[KeyValue],
    values: &[KeyValue],
) -> AccessPath {
    if values.is_empty() {
        return AccessPath::Nothing;
    }
    let mut keys = Vec::with_capacity(partitions.len() * values.len());
    for partition in partitions {
        for value in values {
            let mut key = Item::new();
            key.insert(schema.partition.name.clone(), partition.clone().into());
            key.insert(sort.name.clone(), value.clone().into());
            keys.push(key);
        }
    }
    AccessPath::KeyLookup { keys }
}

fn names(path: &Path, attribute: &KeyAttribute) -> bool {
    path.steps.is_empty() && path.root == attribute.name
}

/// `attribute op value`, whichever side it was written on.
fn comparison<'a>(
    term: &'a Condition,
    attribute: &KeyAttribute,
) -> Option<(Comparison, &'a AttributeValue)> {
    match term {
        Condition::Compare(Operand::Path(path), op, Operand::Value(value))
            if names(path, attribute) =>
        {
            Some((*op, &**value))
        }
        Condition::Compare(Operand::Value(value), op, Operand::Path(path))
            if names(path, attribute) =>
        {
            Some((crate::bind::mirrored(*op), &**value))
        }
        _ => None,
    }
}

/// The values that a term restricts a key attribute to, without those that no stored key has; `None` if the term is no such restriction.
fn values_of(term: &Condition, attribute: &KeyAttribute, limit: usize) -> Option<Vec<KeyValue>> {
    let candidates = candidates(term, attribute)?;
    if candidates.len() > KEYS_MAX {
        return None;
    }
    if let [only] = candidates.as_slice() {
        return Some(attribute.value_of(only, limit).into_iter().collect());
    }
    let mut seen = BTreeSet::new();
    let mut values = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        if let Ok(value) = attribute.value_of(candidate, limit)
            && seen.insert(value.clone())
        {
            values.push(value);
        }
    }
    Some(values)
}

/// The values of which a term says that the attribute is one.
fn candidates<'a>(
    term: &'a Condition,
    attribute: &KeyAttribute,
) -> Option<Vec<&'a AttributeValue>> {
    Some(match term {
        Condition::In(Operand::Path(path), list) if names(path, attribute) => list
            .iter()
            .map(|operand| match operand {
                Operand::Value(value) => Some(&**value),
                _ => None,
            })
            .collect::<Option<_>>()?,
        Condition::Or(alternatives) => alternatives
            .iter()
            .map(|alternative| candidates(alternative, attribute))
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect(),
        other => match comparison(other, attribute) {
            Some((Comparison::Eq, value)) => vec![value],
            _ => return None,
        },
    })
}

/// The term that restricts the attribute to the fewest values.
fn find_values(terms: &[Condition], attribute: &KeyAttribute, limit: usize) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (position, term) in terms.iter().enumerate() {
        if let Some(values) = values_of(term, attribute, limit)
            && best.is_none_or(|(count, _)| values.len() < count)
        {
            best = Some((values.len(), position));
        }
    }
    best.map(|(_, position)| position)
}

fn take_values(
    terms: &mut Vec<Condition>,
    attribute: &KeyAttribute,
    limit: usize,
) -> Option<Vec<KeyValue>> {
    let position = find_values(terms, attribute, limit)?;
    let term = terms.remove(position);
    values_of(&term, attribute, limit)
}

fn is_above(low: &AttributeValue, high: &AttributeValue) -> bool {
    match (low, high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low > high,
        (AttributeValue::N(low), AttributeValue::N(high)) => low > high,
        (AttributeValue::B(low), AttributeValue::B(high)) => low > high,
        _ => true,
    }
}

/// Takes the terms that one sort condition can express: BETWEEN, or two inclusive bounds, or a prefix, or one bound.
fn take_sort_condition(
    terms: &mut Vec<Condition>,
    attribute: &KeyAttribute,
) -> Option<SortCondition> {
    let usable = |value: &AttributeValue| attribute.value_of(value, SORT_KEY_BYTES_MAX).is_ok();
    for position in 0..terms.len() {
        if let Condition::Between(Operand::Path(path), Operand::Value(low), Operand::Value(high)) =
            &terms[position]
            && names(path, attribute)
            && usable(low)
            && usable(high)
        {
            let between =
                SortCondition::Between(AttributeValue::clone(low), AttributeValue::clone(high));
            terms.remove(position);
            return Some(between);
        }
    }
    let bound = |terms: &[Condition], wanted: &[Comparison]| {
        terms.iter().position(|term| {
            comparison(term, attribute)
                .is_some_and(|(op, value)| wanted.contains(&op) && usable(value))
        })
    };
    let value_at = |terms: &[Condition], position: usize| {
        comparison(&terms[position], attribute).map(|(op, value)| (op, value.clone()))
    };
    if let (Some(low), Some(high)) = (
        bound(terms, &[Comparison::Ge]),
        bound(terms, &[Comparison::Le]),
    ) && let (Some((_, low_value)), Some((_, high_value))) =
        (value_at(terms, low), value_at(terms, high))
    {
        terms.remove(low.max(high));
        terms.remove(low.min(high));
        return Some(SortCondition::Between(low_value, high_value));
    }
    let prefix = terms.iter().position(|term| {
        matches!(term, Condition::BeginsWith(Operand::Path(path), Operand::Value(value))
            if names(path, attribute)
                && usable(value)
                && !matches!(**value, AttributeValue::N(_)))
    });
    if let Some(position) = prefix
        && let Condition::BeginsWith(_, Operand::Value(value)) = terms.remove(position)
    {
        return Some(SortCondition::BeginsWith(Arc::unwrap_or_clone(value)));
    }
    // An upper and an exclusive lower bound: the lower one is the sort condition, the other stays as a filter.
    let position = bound(terms, &[Comparison::Gt, Comparison::Ge])
        .or_else(|| bound(terms, &[Comparison::Lt, Comparison::Le]))?;
    let (op, value) = value_at(terms, position)?;
    terms.remove(position);
    Some(match op {
        Comparison::Lt => SortCondition::Lt(value),
        Comparison::Le => SortCondition::Le(value),
        Comparison::Gt => SortCondition::Gt(value),
        _ => SortCondition::Ge(value),
    })
}
