//! Conditions, keys and access paths as text, for EXPLAIN.

use crate::access::{Access, AccessPath, IndexScan};
use crate::bind::symbol;
use crate::datum::format_number;
use crate::plan::set::path_text;
use shale_engine::TableDescription;
use shale_expression::{Condition, Operand, SortCondition};
use shale_item::{AttributeValue, EncodedItem, Item};

/// Bytes that one read capacity unit reads (consistently).
const READ_UNIT_BYTES: u64 = 4_096;
/// Bytes that one write capacity unit writes.
const WRITE_UNIT_BYTES: u64 = 1_024;
/// Keys and values that are shown in full; the rest is counted.
const SHOWN_MAX: usize = 5;

/// What a statement does besides reading.
pub(crate) struct Details {
    /// Rows at most, if LIMIT tells.
    pub limit: Option<u64>,
    /// `Order: …`
    pub order: Option<String>,
    /// Whether each item found is written.
    pub writes: bool,
}

/// The lines of EXPLAIN for a table read on a path.
pub(crate) fn lines(table: &TableDescription, access: &Access, details: &Details) -> Vec<String> {
    let name = &table.definition.name;
    let mut lines = Vec::new();
    let average = table
        .size_bytes
        .checked_div(table.item_count)
        .unwrap_or(0)
        .max(1);
    let mut units = match &access.path {
        AccessPath::Nothing => {
            lines.push(format!(
                "Nothing: no item of {name} can satisfy the condition"
            ));
            "0 read units".to_owned()
        }
        AccessPath::KeyLookup { keys } => {
            lines.push(format!("KeyLookup on {name}"));
            let shown: Vec<String> = keys.iter().take(SHOWN_MAX).map(key_text).collect();
            let more = more(keys.len());
            lines.push(format!("  Keys: {}{more}", shown.join(", ")));
            let hash = &table.definition.key_schema.partition.name;
            let mut partitions: Vec<String> = keys
                .iter()
                .filter_map(|key| key.get(hash))
                .map(value_text)
                .collect();
            partitions.sort();
            partitions.dedup();
            lines.push(format!("  Partitions: {}", partitions.len()));
            let units = keys.len() as u64 * average.div_ceil(READ_UNIT_BYTES);
            read_units(units)
        }
        AccessPath::RangeScan { partitions, sort } => {
            lines.push(format!("RangeScan on {name}"));
            let schema = &table.definition.key_schema;
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
            lines.push(format!("  Key condition: {condition}"));
            lines.push(format!("  Partitions: {}", partitions.len()));
            let most = table.size_bytes.div_ceil(READ_UNIT_BYTES).max(1);
            at_most(most, average, access, details)
        }
        AccessPath::IndexScan(scan) => {
            lines.push(format!("IndexScan on {name} using {}", scan.index.name));
            match &scan.partitions {
                Some(partitions) => {
                    let condition = index_condition(scan, partitions);
                    lines.push(format!("  Key condition: {condition}"));
                    lines.push(format!("  Partitions: {}", partitions.len()));
                }
                None => lines.push("  Partitions: all".to_owned()),
            }
            lines.push(match scan.whole_items {
                true => format!("  Fetch: whole items from {name}"),
                false => "  Index only".to_owned(),
            });
            let most = table.size_bytes.div_ceil(READ_UNIT_BYTES).max(1);
            let fetched = match scan.whole_items {
                true => table
                    .item_count
                    .saturating_mul(average.div_ceil(READ_UNIT_BYTES)),
                false => 0,
            };
            at_most(most.saturating_add(fetched), average, access, details)
        }
        AccessPath::Scan => {
            lines.push(format!("Scan on {name}"));
            lines.push("  Partitions: all".to_owned());
            let most = table.size_bytes.div_ceil(READ_UNIT_BYTES).max(1);
            at_most(most, average, access, details)
        }
    };
    if let Some(order) = &details.order {
        lines.push(format!("  Order: {order}"));
    }
    if let Some(residual) = &access.residual {
        lines.push(format!("  Filter: {}", condition_text(residual)));
    }
    if let Some(limit) = details.limit {
        lines.push(format!("  Limit: {limit}"));
    }
    if details.writes {
        let each = average.div_ceil(WRITE_UNIT_BYTES);
        units = match &access.path {
            AccessPath::Nothing => units,
            AccessPath::KeyLookup { keys } => write_units(keys.len() as u64 * each),
            AccessPath::RangeScan { .. } | AccessPath::IndexScan(_) | AccessPath::Scan => {
                format!("at most {}", write_units(table.item_count * each))
            }
        };
    }
    lines.push(format!("  Estimated capacity: {units}"));
    lines
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

fn read_units(units: u64) -> String {
    format!("{units} read unit{}", if units == 1 { "" } else { "s" })
}

fn write_units(units: u64) -> String {
    format!("{units} write unit{}", if units == 1 { "" } else { "s" })
}

fn at_most(most: u64, average: u64, access: &Access, details: &Details) -> String {
    let bounded = match (details.limit, &access.residual, &details.order) {
        (Some(limit), None, _) => (limit.saturating_mul(average))
            .div_ceil(READ_UNIT_BYTES)
            .clamp(1, most),
        _ => most,
    };
    format!("at most {}", read_units(bounded))
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
