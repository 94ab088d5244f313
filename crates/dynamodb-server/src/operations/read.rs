//! What the reading operations have in common.

use super::capacity::{Consumed, ReturnConsumedCapacity};
use crate::attribute_value::{write_encoded_item, write_item};
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::expressions::{Expressions, Legacy};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use shale_engine::{CreateTable, Index, IndexKind, IndexProjection, Page};
use shale_expression::{Condition, Operand, Path, Projection};
use shale_item::ItemView;
use std::collections::BTreeSet;

/// The projection, from ProjectionExpression or from AttributesToGet.
pub(super) fn projection(
    expression: Option<&str>,
    legacy: &mut Legacy<'_>,
    expressions: &mut Expressions<'_>,
) -> Result<Option<Projection>, Exception> {
    match expression {
        Some(text) => Ok(Some(expressions.projection(text)?)),
        None => legacy.attributes_to_get(),
    }
}

/// Writes what a projection keeps of an item.
pub(super) fn write_projected(
    out: &mut Vec<u8>,
    item: ItemView<'_>,
    projection: Option<&Projection>,
) {
    match projection {
        Some(projection) => write_item(out, &projection.project(item)),
        None => write_encoded_item(out, item),
    }
}

/// Select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Select {
    SpecificAttributes,
    Count,
    AllAttributes,
    AllProjectedAttributes,
}

impl Select {
    /// Takes the parameter.
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<Option<Select>, Exception> {
        let text = request.string("Select")?;
        let values = [
            ("SPECIFIC_ATTRIBUTES", Select::SpecificAttributes),
            ("COUNT", Select::Count),
            ("ALL_ATTRIBUTES", Select::AllAttributes),
            ("ALL_PROJECTED_ATTRIBUTES", Select::AllProjectedAttributes),
        ];
        Ok(constraints.enumeration(text.as_deref(), "Select", &values))
    }
}

/// The parameters of Query and Scan that shape their answer.
pub(super) struct PageParameters {
    pub(super) capacity: ReturnConsumedCapacity,
    pub(super) limit: Option<u32>,
    select: Option<Select>,
}

impl PageParameters {
    /// Takes Limit, Select and ReturnConsumedCapacity.
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<PageParameters, Exception> {
        let limit = request.integer("Limit")?;
        if let Some(limit) = limit {
            constraints.range(limit, "Limit", 1, i32::MAX);
        }
        Ok(PageParameters {
            limit: limit.and_then(|limit| u32::try_from(limit).ok()),
            select: Select::take(request, constraints)?,
            capacity: ReturnConsumedCapacity::take(request, constraints)?,
        })
    }

    /// Checks Select against the parameter that names attributes, if one was given.
    pub(super) fn check_select(
        &self,
        projection_parameter: Option<&str>,
        of_index: bool,
    ) -> Result<(), Exception> {
        let refused = |message: String| Err(Exception::validation(message));
        match (self.select, projection_parameter) {
            (Some(Select::AllProjectedAttributes), _) if !of_index => {
                refused(messages::PROJECTED_WITHOUT_INDEX.to_owned())
            }
            (None | Some(Select::SpecificAttributes), Some(_))
            | (
                None | Some(Select::Count | Select::AllAttributes | Select::AllProjectedAttributes),
                None,
            ) => Ok(()),
            (Some(Select::SpecificAttributes), None) => {
                refused(messages::SPECIFIC_WITHOUT_PROJECTION.to_owned())
            }
            (Some(Select::Count), Some(parameter)) => refused(messages::projection_with_select(
                parameter,
                "only the Count",
            )),
            (Some(Select::AllAttributes), Some(parameter)) => refused(
                messages::projection_with_select(parameter, "ALL_ATTRIBUTES"),
            ),
            (Some(Select::AllProjectedAttributes), Some(parameter)) => refused(
                messages::projection_with_select(parameter, "ALL_PROJECTED_ATTRIBUTES"),
            ),
        }
    }

    /// Whether entries of the index must be completed to whole items, as the service does for local indexes.
    /// A global index must hold what is asked for.
    pub(super) fn whole_items(
        &self,
        definition: &CreateTable,
        index: &Index,
        projection: Option<&Projection>,
        filter: Option<&Condition>,
    ) -> Result<bool, Exception> {
        let refused = |message: String| Err(Exception::validation(message));
        let is_held = |name: &str| match &index.projection {
            IndexProjection::All => true,
            IndexProjection::KeysOnly => is_key(definition, index, name),
            IndexProjection::Include(names) => {
                is_key(definition, index, name) || names.iter().any(|held| held == name)
            }
        };
        let paths = projection.map(|projection| projection.paths.iter());
        let asked = paths.into_iter().flatten().map(|path| path.root.as_str());
        let absent: Vec<&str> = asked.filter(|name| !is_held(name)).collect();
        let all = self.select == Some(Select::AllAttributes);
        match index.kind {
            IndexKind::Global if all && index.projection != IndexProjection::All => {
                refused(messages::all_attributes_of_index(&index.name))
            }
            IndexKind::Global if !absent.is_empty() => {
                refused(messages::index_does_not_project(&index.name, &absent))
            }
            IndexKind::Global => Ok(false),
            IndexKind::Local => {
                let filters =
                    filter.and_then(|filter| attribute_in(filter, &|name| !is_held(name)));
                let all = all && index.projection != IndexProjection::All;
                Ok(all || !absent.is_empty() || filters.is_some())
            }
        }
    }

    /// What is shown of entries that were completed for their filter alone: what the index holds.
    pub(super) fn held(&self, definition: &CreateTable, index: &Index) -> Option<Projection> {
        if self.select == Some(Select::AllAttributes) {
            return None;
        }
        let included: &[String] = match &index.projection {
            IndexProjection::All => return None,
            IndexProjection::KeysOnly => &[],
            IndexProjection::Include(names) => names,
        };
        let schema = &definition.key_schema;
        let keys = std::iter::once(&schema.partition).chain(&schema.sort);
        let names = keys.map(|key| key.name.as_str()).chain(index.key_names());
        let included = included.iter().map(String::as_str);
        let names: BTreeSet<&str> = names.chain(included).collect();
        let path = |name: &str| Path {
            root: name.to_owned(),
            steps: Vec::new(),
        };
        Some(Projection {
            paths: names.into_iter().map(path).collect(),
        })
    }

    /// The answer's body.
    pub(super) fn answer(
        &self,
        service: &Service,
        (table, index): (&str, Option<&String>),
        page: &Page,
        projection: Option<&Projection>,
    ) -> Vec<u8> {
        let bytes: usize = page.items.iter().map(|item| item.size()).sum();
        let mut out = Vec::with_capacity(256 + bytes * 3 / 2);
        let mut answer = ObjectWriter::begin(&mut out);
        if self.select != Some(Select::Count) {
            write_list(answer.member("Items"), &page.items, |out, item| {
                write_projected(out, item.view(), projection);
            });
        }
        answer.integer("Count", page.items.len());
        answer.integer("ScannedCount", page.scanned_count);
        if let Some(key) = &page.last_evaluated_key {
            write_item(answer.member("LastEvaluatedKey"), key);
        }
        self.capacity
            .write_consumed(&mut answer, table, || match index {
                None => Consumed::with_indexes(service, table, page.capacity, std::iter::empty()),
                Some(index) => {
                    let entries = std::iter::once((index, page.capacity));
                    Consumed::with_indexes(service, table, page.whole_items_capacity, entries)
                }
            });
        answer.end();
        out
    }
}

/// Takes IndexName.
pub(super) fn index_name(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Option<String>, Exception> {
    let Some(name) = request.string("IndexName")? else {
        return Ok(None);
    };
    let characters = name.chars().count();
    constraints.length(characters, "IndexName", 3, 255);
    constraints.name_pattern(&name, "IndexName");
    Ok(Some(name.into_owned()))
}

/// The index of that name, which must be able to read as it is asked to.
pub(super) fn find_index<'d>(
    definition: &'d CreateTable,
    name: Option<&String>,
    consistent: bool,
) -> Result<Option<&'d Index>, Exception> {
    let Some(name) = name else { return Ok(None) };
    let index = definition.derived.index(name);
    let index = index.ok_or_else(|| Exception::validation(messages::no_index(name)))?;
    match index.kind {
        IndexKind::Global if consistent => {
            Err(Exception::validation(messages::CONSISTENT_GLOBAL_INDEX))
        }
        IndexKind::Global | IndexKind::Local => Ok(Some(index)),
    }
}

/// Whether the attribute is a key of index or table.
fn is_key(definition: &CreateTable, index: &Index, name: &str) -> bool {
    definition.key_schema.is_key(name) || index.key_names().any(|key| key == name)
}

/// The first attribute of a condition for which `matches` holds.
pub(super) fn attribute_in<'c>(
    condition: &'c Condition,
    matches: &dyn Fn(&str) -> bool,
) -> Option<&'c str> {
    let in_path = |path: &'c Path| matches(&path.root).then_some(path.root.as_str());
    let operand = |operand| attribute_in_operand(operand, matches);
    match condition {
        Condition::Constant(_) => None,
        Condition::Compare(left, _, right)
        | Condition::BeginsWith(left, right)
        | Condition::Contains(left, right) => operand(left).or_else(|| operand(right)),
        Condition::Between(value, low, high) => operand(value)
            .or_else(|| operand(low))
            .or_else(|| operand(high)),
        Condition::In(value, list) => operand(value).or_else(|| list.iter().find_map(operand)),
        Condition::AttributeExists(path)
        | Condition::AttributeNotExists(path)
        | Condition::AttributeType(path, _) => in_path(path),
        Condition::And(conditions) | Condition::Or(conditions) => conditions
            .iter()
            .find_map(|condition| attribute_in(condition, matches)),
        Condition::Not(condition) => attribute_in(condition, matches),
    }
}

fn attribute_in_operand<'c>(
    operand: &'c Operand,
    matches: &dyn Fn(&str) -> bool,
) -> Option<&'c str> {
    match operand {
        Operand::Path(path) => matches(&path.root).then_some(path.root.as_str()),
        Operand::Value(_) => None,
        Operand::Size(operand) => attribute_in_operand(operand, matches),
    }
}
