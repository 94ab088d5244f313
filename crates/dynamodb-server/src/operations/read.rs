//! What the reading operations have in common.

use super::capacity::ReturnConsumedCapacity;
use crate::attribute_value::{write_encoded_item, write_item};
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::expressions::{Expressions, Legacy};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::messages;
use shale_engine::Page;
use shale_expression::{Condition, Operand, Path, Projection};
use shale_item::ItemView;

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
        Ok(constraints.enumeration(text.as_deref(), "select", &values))
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
            constraints.range(limit, "limit", 1, i32::MAX);
        }
        Ok(PageParameters {
            limit: limit.and_then(|limit| u32::try_from(limit).ok()),
            select: Select::take(request, constraints)?,
            capacity: ReturnConsumedCapacity::take(request, constraints)?,
        })
    }

    /// Checks Select against the parameter that names attributes, if one was given. There are no indexes here.
    pub(super) fn check_select(&self, projection_parameter: Option<&str>) -> Result<(), Exception> {
        let refused = |message: String| Err(Exception::validation(message));
        match (self.select, projection_parameter) {
            (None | Some(Select::SpecificAttributes), Some(_))
            | (None | Some(Select::Count | Select::AllAttributes), None) => Ok(()),
            (Some(Select::SpecificAttributes), None) => {
                refused(messages::SPECIFIC_WITHOUT_PROJECTION.to_owned())
            }
            (Some(Select::AllProjectedAttributes), _) => {
                refused(messages::PROJECTED_WITHOUT_INDEX.to_owned())
            }
            (Some(Select::Count), Some(parameter)) => refused(messages::projection_with_select(
                parameter,
                "only the Count",
            )),
            (Some(Select::AllAttributes), Some(parameter)) => refused(
                messages::projection_with_select(parameter, "ALL_ATTRIBUTES"),
            ),
        }
    }

    /// The answer's body.
    pub(super) fn answer(
        &self,
        table: &str,
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
        self.capacity.write(&mut answer, table, page.capacity);
        answer.end();
        out
    }
}

/// Refuses an IndexName: no table has an index here.
pub(super) fn refuse_index(request: &mut Structure<'_>) -> Result<(), Exception> {
    match request.string("IndexName")? {
        None => Ok(()),
        Some(name) => Err(Exception::validation(messages::no_index(&name))),
    }
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
