//! Conditions, keys and access paths as EXPLAIN shows them.

use crate::SqlType;
use crate::access::{Access, AccessPath, IndexScan};
use crate::bind::symbol;
use crate::datum::format_number;
use crate::estimate::estimate;
use crate::explain::{Capacity, Estimate, PlanNode};
use crate::plan::set::path_text;
use shale_engine::TableDescription;
use shale_expression::{Condition, Operand, SortCondition};
use shale_item::{AttributeValue, EncodedItem, Item};

/// Bytes of a value whose type says nothing, as PostgreSQL assumes.
const VARIABLE_WIDTH: u64 = 32;
/// Keys and values that are shown in full; the rest is counted.
const SHOWN_MAX: usize = 5;

/// What a statement does besides reading.
#[derive(Default)]
pub(crate) struct Details {
    /// Rows at most, if LIMIT tells.
    pub limit: Option<u64>,
    /// `Order: …`
    pub order: Option<String>,
    /// Bytes of a row.
    pub width: u64,
}

/// A table read on a path.
pub(crate) fn node(table: &TableDescription, access: &Access, details: &Details) -> PlanNode {
    let mut node = path_node(table, &access.path);
    node.relation = Some(table.definition.name.clone());
    if let Some(order) = &details.order {
        node.say("Order", order.as_str());
    }
    if let Some(residual) = &access.residual {
        node.say("Filter", condition_text(residual));
    }
    if let Some(limit) = details.limit {
        node.say("Limit", limit);
    }
    let enough = match &details.order {
        // All rows are read before the first one is known.
        Some(order) if order == SORTED_IN_MEMORY => None,
        _ => details.limit,
    };
    let expected = estimate(table, access, enough);
    let rows = match details.limit {
        Some(limit) => expected.rows.min(limit as f64),
        None => expected.rows,
    };
    node.estimate = Estimate {
        rows: Some(rows),
        width: details.width,
        capacity: Some(Capacity::Read(expected.read_units)),
    };
    node
}

/// What Order says of rows that no path has in order.
pub(crate) const SORTED_IN_MEMORY: &str = "sorted in memory";

fn path_node(table: &TableDescription, path: &AccessPath) -> PlanNode {
    let schema = &table.definition.key_schema;
    match path {
        AccessPath::Nothing => {
            PlanNode::new("Nothing").with("Reason", "no item can satisfy the condition")
        }
        AccessPath::KeyLookup { keys } => {
            let shown: Vec<String> = keys.iter().take(SHOWN_MAX).map(key_text).collect();
            let shown = format!("{}{}", shown.join(", "), more(keys.len()));
            let hash = keys
                .iter()
                .filter_map(|key| key.get(&schema.partition.name));
            let mut partitions: Vec<String> = hash.map(value_text).collect();
            partitions.sort();
            partitions.dedup();
            PlanNode::new("KeyLookup")
                .with("Keys", shown)
                .with("Partitions", partitions.len() as u64)
        }
        AccessPath::RangeScan { partitions, sort } => {
            let shown: Vec<String> = partitions.iter().take(SHOWN_MAX).map(value_text).collect();
            let mut condition = match shown.as_slice() {
                [only] if partitions.len() == 1 => format!("{} = {only}", schema.partition.name),
                _ => format!(
                    "{} IN ({}{})",
                    schema.partition.name,
                    shown.join(", "),
                    more(partitions.len())
                ),
            };
            if let (Some(sort), Some(attribute)) = (sort, &schema.sort) {
                condition.push_str(" AND ");
                condition.push_str(&sort_text(&attribute.name, sort));
            }
            PlanNode::new("RangeScan")
                .with("Key condition", condition)
                .with("Partitions", partitions.len() as u64)
        }
        AccessPath::IndexScan(scan) => {
            let mut node = PlanNode::new("IndexScan");
            node.index = Some(scan.index.name.clone());
            match &scan.partitions {
                Some(partitions) => {
                    node.say("Key condition", index_condition(scan, partitions));
                    node.say("Partitions", partitions.len() as u64);
                }
                None => node.say("Partitions", "all"),
            }
            let name = &table.definition.name;
            match scan.whole_items {
                true => node.say("Fetch", format!("whole items from {name}")),
                false => node.say("Fetch", "none, index only"),
            }
            node
        }
        AccessPath::Scan => PlanNode::new("Scan").with("Partitions", "all"),
    }
}

/// Bytes of a row with columns of those types, as far as their types tell.
pub(crate) fn width_of<'a>(types: impl Iterator<Item = &'a SqlType>) -> u64 {
    types
        .map(|sql_type| match sql_type {
            SqlType::Bool | SqlType::SingleChar => 1,
            SqlType::Int2 => 2,
            SqlType::Int4 | SqlType::Float4 | SqlType::Date | SqlType::Oid => 4,
            SqlType::Int8
            | SqlType::Float8
            | SqlType::Time
            | SqlType::Timestamp
            | SqlType::TimestampTz => 8,
            SqlType::Uuid | SqlType::Interval => 16,
            SqlType::Name => 64,
            _ => VARIABLE_WIDTH,
        })
        .sum()
}

fn index_condition(scan: &IndexScan, partitions: &[Vec<AttributeValue>]) -> String {
    let names: Vec<&str> = scan.index.key_names().collect();
    let (hash, range) = names.split_at(scan.index.partition.len());
    let mut parts: Vec<String> = Vec::new();
    match (partitions, hash) {
        ([only], _) => {
            let values = only.iter().map(value_text);
            let equal = hash.iter().zip(values);
            parts.extend(equal.map(|(name, value)| format!("{name} = {value}")));
        }
        (many, names) => {
            let shown = many.iter().take(SHOWN_MAX).map(|values| {
                let values: Vec<String> = values.iter().map(value_text).collect();
                match values.as_slice() {
                    [only] => only.clone(),
                    several => format!("({})", several.join(", ")),
                }
            });
            let shown: Vec<String> = shown.collect();
            let names = match names {
                [only] => (*only).to_owned(),
                several => format!("({})", several.join(", ")),
            };
            let more = more(many.len());
            parts.push(format!("{names} IN ({}{more})", shown.join(", ")));
        }
    }
    let equal = range.iter().zip(&scan.sort_prefix);
    parts.extend(equal.map(|(name, value)| format!("{name} = {}", value_text(value))));
    if let (Some(sort), Some(name)) = (&scan.sort, range.get(scan.sort_prefix.len())) {
        parts.push(sort_text(name, sort));
    }
    parts.join(" AND ")
}

fn more(count: usize) -> String {
    match count.checked_sub(SHOWN_MAX) {
        None | Some(0) => String::new(),
        Some(rest) => format!(", … {rest} more"),
    }
}

fn key_text(key: &Item) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|(name, value)| format!("{name} = {}", value_text(value)))
        .collect();
    format!("({})", parts.join(", "))
}

fn sort_text(name: &str, sort: &SortCondition) -> String {
    match sort {
        SortCondition::Eq(value) => format!("{name} = {}", value_text(value)),
        SortCondition::Lt(value) => format!("{name} < {}", value_text(value)),
        SortCondition::Le(value) => format!("{name} <= {}", value_text(value)),
        SortCondition::Gt(value) => format!("{name} > {}", value_text(value)),
        SortCondition::Ge(value) => format!("{name} >= {}", value_text(value)),
        SortCondition::Between(low, high) => {
            format!(
                "{name} BETWEEN {} AND {}",
                value_text(low),
                value_text(high)
            )
        }
        SortCondition::BeginsWith(prefix) => {
            format!("begins_with({name}, {})", value_text(prefix))
        }
    }
}

/// A value as a literal.
pub(crate) fn value_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => format!("'{}'", text.replace('\'', "''")),
        AttributeValue::N(number) => format_number(*number, 0),
        other => {
            let mut item = Item::new();
            item.insert("v".to_owned(), other.clone());
            let encoded = EncodedItem::encode(&item);
            let json = encoded.view().get("v").map(crate::datum::value_to_json);
            json.unwrap_or_default()
        }
    }
}

fn operand_text(operand: &Operand) -> String {
    match operand {
        Operand::Path(path) => path_text(path),
        Operand::Value(value) => value_text(value),
        Operand::Size(inner) => format!("size({})", operand_text(inner)),
    }
}

/// A condition in PartiQL's words.
pub(crate) fn condition_text(condition: &Condition) -> String {
    let joined = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Condition::And(_) | Condition::Or(_) => format!("({})", condition_text(part)),
                _ => condition_text(part),
            })
            .collect();
        parts.join(word)
    };
    match condition {
        Condition::Constant(value) => value.to_string(),
        Condition::Compare(left, op, right) => format!(
            "{} {} {}",
            operand_text(left),
            symbol(*op),
            operand_text(right)
        ),
        Condition::Between(operand, low, high) => format!(
            "{} BETWEEN {} AND {}",
            operand_text(operand),
            operand_text(low),
            operand_text(high)
        ),
        Condition::In(operand, list) => {
            let shown: Vec<String> = list.iter().take(SHOWN_MAX).map(operand_text).collect();
            format!(
                "{} IN ({}{})",
                operand_text(operand),
                shown.join(", "),
                more(list.len())
            )
        }
        Condition::AttributeExists(path) => format!("{} IS NOT MISSING", path_text(path)),
        Condition::AttributeNotExists(path) => format!("{} IS MISSING", path_text(path)),
        Condition::AttributeType(path, found) => {
            format!(
                "attribute_type({}, '{}')",
                path_text(path),
                found.descriptor()
            )
        }
        Condition::BeginsWith(operand, prefix) => format!(
            "begins_with({}, {})",
            operand_text(operand),
            operand_text(prefix)
        ),
        Condition::Contains(operand, part) => {
            format!(
                "contains({}, {})",
                operand_text(operand),
                operand_text(part)
            )
        }
        Condition::And(parts) => joined(parts, " AND "),
        Condition::Or(parts) => joined(parts, " OR "),
        Condition::Not(inner) => format!("NOT ({})", condition_text(inner)),
    }
}
