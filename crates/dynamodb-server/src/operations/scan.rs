//! Scan.

use super::read::{PageParameters, find_index, index_name, projection};
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{Error, Scan, blocking};

/// The documented limit of TotalSegments.
const SEGMENTS_MAX: i32 = 1_000_000;

pub(crate) fn scan(service: &Service, mut request: Structure<'_>) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, &mut request)?.into_owned();
    let parameters = PageParameters::take(&mut request, &mut constraints)?;
    let index_name = index_name(&mut request, &mut constraints)?;
    let segment = request.integer("Segment")?;
    let total = request.integer("TotalSegments")?;
    if let Some(segment) = segment {
        constraints.range(segment, "Segment", 0, SEGMENTS_MAX - 1);
    }
    if let Some(total) = total {
        constraints.range(total, "TotalSegments", 1, SEGMENTS_MAX);
    }
    let mut legacy = Legacy::take(
        &mut request,
        &mut constraints,
        &["AttributesToGet", "ScanFilter"],
    )?;
    constraints.check()?;

    let consistent = request.bool("ConsistentRead")?.unwrap_or_default();
    let exclusive_start_key = request
        .take("ExclusiveStartKey")
        .map(decode_item_json)
        .transpose()?;
    let projection_expression = request.string("ProjectionExpression")?;
    let filter_expression = request.string("FilterExpression")?;
    let attributes = ExpressionAttributes::take(
        &mut request,
        &[
            ("ProjectionExpression", projection_expression.is_some()),
            ("FilterExpression", filter_expression.is_some()),
        ],
        &legacy,
    )?;
    let mut expressions = attributes.expressions();
    parameters.check_select(
        legacy.projection_parameter(projection_expression.is_some()),
        index_name.is_some(),
    )?;
    let segment = check_segments(segment, total)?;
    let filter = match filter_expression {
        Some(text) => Some(expressions.condition("FilterExpression", &text)?),
        None => legacy.conditions("ScanFilter")?,
    };
    let projection = projection(
        projection_expression.as_deref(),
        &mut legacy,
        &mut expressions,
    )?;
    expressions.finish()?;
    let mut shown = projection;
    let mut whole_items = false;
    if index_name.is_some() {
        let description = service
            .engine
            .describe_table(&table)
            .map_err(|error| service.exception(error, Subject::Scan, &table))?;
        let definition = &description.definition;
        if let Some(index) = find_index(definition, index_name.as_ref(), consistent)? {
            whole_items =
                parameters.whole_items(definition, index, shown.as_ref(), filter.as_ref())?;
            if whole_items {
                shown = shown.or_else(|| parameters.held(definition, index));
            }
        }
    }

    let scan = Scan {
        table,
        index: index_name,
        whole_items,
        filter,
        limit: parameters.limit,
        exclusive_start_key,
        segment,
        consistent,
    };
    let page = blocking(|| service.engine.scan(&scan)).map_err(|error| match error {
        Error::InvalidStartKey if is_key_of_table(service, &scan) => {
            let (segment, total) = scan.segment.unwrap_or_default();
            Exception::validation(messages::start_key_of_another_segment(segment, total))
        }
        error => service.exception(error, Subject::Scan, &scan.table),
    })?;
    let source = (scan.table.as_str(), scan.index.as_ref());
    Ok(parameters.answer(service, source, &page, shown.as_ref()))
}

/// Segment and TotalSegments come together, the first below the second.
/// Whether a start key that does not fit a segment of a table is at least a key of the table.
fn is_key_of_table(service: &Service, scan: &Scan) -> bool {
    let (None, Some(_), Some(key)) = (&scan.index, &scan.segment, &scan.exclusive_start_key) else {
        return false;
    };
    let described = service.engine.describe_table(&scan.table);
    described.is_ok_and(|table| table.definition.key_schema.exact_key_of(key).is_ok())
}

fn check_segments(
    segment: Option<i32>,
    total: Option<i32>,
) -> Result<Option<(u32, u32)>, Exception> {
    match (segment, total) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Exception::validation(messages::SEGMENT_MISSING)),
        (Some(_), None) => Err(Exception::validation(messages::TOTAL_SEGMENTS_MISSING)),
        (Some(segment), Some(total)) => {
            // Both are in range: the constraints were checked.
            let (segment, total) = (segment.unsigned_abs(), total.unsigned_abs());
            if segment >= total {
                return Err(Exception::validation(messages::segment_out_of_range(
                    segment, total,
                )));
            }
            Ok(Some((segment, total)))
        }
    }
}
