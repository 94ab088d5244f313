//! Rows of `shale_contributor_insights`: the most accessed and most throttled keys.
//!
//! Not here: counting them, and for how long they are kept (`engine`'s `insights`).

use super::rows::{Cell, Rows};
use super::spec::SystemRelation;
use crate::statement::StatementContext;
use arrow::array::RecordBatch;
use datafusion::common::Result;
use shale_item::EncodedItem;
use shale_sql::datum::item_to_json;

pub(super) fn contributions(
    relation: &'static SystemRelation,
    context: &StatementContext,
) -> Result<RecordBatch> {
    let columns = [
        "table_name",
        "index_name",
        "rule_name",
        "window_start",
        "keys",
        "contribution",
        "error_bound",
    ];
    let mut rows = Rows::new(relation, columns);
    for contribution in context.session.engine.contributions() {
        let start = i64::try_from(contribution.window_start_micros);
        let keys = EncodedItem::encode(&contribution.keys);
        rows.push([
            contribution.table.into(),
            contribution.index.into(),
            contribution.rule.into(),
            Cell::Micros(start.unwrap_or(i64::MAX)),
            item_to_json(keys.view()).into(),
            Cell::Double(contribution.contribution),
            Cell::Double(contribution.error),
        ]);
    }
    rows.finish()
}
