//! DynamoDB's limits on items, with their source, and the check of an item against them.
//!
//! Not here: limits of requests (the edges) and of keys (`item`).
//!
//! Source: the Developer Guide's "Quotas in Amazon DynamoDB".

use crate::error::{Error, LimitKind};
use shale_item::{AttributeValue, EncodedItem, Item, NESTING_LEVELS_MAX, item_size};

/// "The maximum item size in DynamoDB is 400 KB, which includes both attribute name binary length (UTF-8 length) and attribute
/// value lengths."
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// "A single Query [or Scan] only returns a result set that fits within the 1 MB size limit."
pub(crate) const PAGE_BYTES_MAX: usize = 1 << 20;
/// "A BatchGetItem single operation can retrieve up to 16 MB of data."
pub(crate) const BATCH_GET_BYTES_MAX: usize = 16 << 20;
/// "You can use any value from 1 to 1,000,000" (Scan, TotalSegments).
pub(crate) const SEGMENTS_MAX: u32 = 1_000_000;
/// Bytes of a table's name; DynamoDB's own limit is 255 characters of ASCII.
pub(crate) const TABLE_NAME_BYTES_MAX: usize = 255;
/// Bytes of keys and items that one record takes (a multi-row INSERT): it is held in memory several times on its way.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// "[…] groups up to 100 action requests" (TransactWriteItems), "[…] up to 100 TransactGetItem objects" (TransactGetItems).
pub(crate) const TRANSACTION_ACTIONS_MAX: usize = 100;
/// "The aggregate size of the items in the transaction cannot exceed 4 MB."
pub(crate) const TRANSACTION_BYTES_MAX: usize = 4 << 20;
/// "There is an initial quota of 20 global secondary indexes per table."
pub(crate) const GLOBAL_INDEXES_MAX: usize = 20;
/// "You can define a maximum of 5 local secondary indexes."
pub(crate) const LOCAL_INDEXES_MAX: usize = 5;
/// "up to four attributes" each for partition and sort key of a global index.
pub(crate) const INDEX_KEY_ATTRIBUTES_MAX: usize = 4;
/// "You can project a total of up to 100 attributes into all of a table's local and global secondary indexes."
pub(crate) const PROJECTED_ATTRIBUTES_MAX: usize = 100;

/// "The maximum size of any item collection for a table which has one or more local secondary indexes is 10 GB": the default.
pub(crate) const ITEM_COLLECTION_BYTES: u64 = 10 << 30;

/// Seconds for which a table keeps history at most: a read in the past may look into every hour since.
pub(crate) const HISTORY_SECONDS_MAX: u64 = 7 * 24 * 3600;

/// Items that one record takes: that bounds how long all their latches are held.
pub const RECORD_ROWS_MAX: usize = 65_536;

/// Bytes that one interactive transaction keeps in memory: items, index entries, versions that a savepoint or a running read may still need.
/// Below what the log takes in one record.
pub(crate) const STAGED_BYTES_MAX: usize = 48 << 20;

/// Bytes of one log record with the images that streams keep of replaced items: somewhat less than the log takes, which leaves room for
/// what follows them.
pub(crate) const LOG_RECORD_BYTES_MAX: usize = shale_commitlog::BATCH_BYTES_MAX - (8 << 20);

/// Checks nesting and size, and encodes.
///
/// # Errors
/// [`Error::Limit`].
pub(crate) fn encode_checked(item: &Item) -> Result<EncodedItem, Error> {
    // Nesting first: what walks the item afterwards recurses.
    let too_deep = |value: &&AttributeValue| !value.is_nested_within(NESTING_LEVELS_MAX);
    if item.values().any(|value| too_deep(&value)) {
        return Err(Error::Limit {
            kind: LimitKind::Nesting,
            actual: NESTING_LEVELS_MAX + 1,
            limit: NESTING_LEVELS_MAX,
        });
    }
    let size = item_size(item);
    if size > ITEM_BYTES_MAX {
        return Err(Error::Limit {
            kind: LimitKind::ItemSize,
            actual: size,
            limit: ITEM_BYTES_MAX,
        });
    }
    Ok(EncodedItem::encode(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> AttributeValue {
        (0..levels).fold(AttributeValue::Null, |inner, n| match n % 2 {
            0 => AttributeValue::L(vec![inner]),
            _ => AttributeValue::M([("m".to_owned(), inner)].into()),
        })
    }

    #[test]
    fn thirty_one_levels_around_a_value_are_the_limit() {
        for (levels, fits) in [(0, true), (1, true), (31, true), (32, false), (500, false)] {
            let item = Item::from([("a".to_owned(), nested(levels))]);
            assert_eq!(encode_checked(&item).is_ok(), fits, "{levels}");
        }
    }

    #[test]
    fn four_hundred_kilobytes_are_the_limit_names_included() {
        for (bytes, fits) in [(ITEM_BYTES_MAX - 4, true), (ITEM_BYTES_MAX - 3, false)] {
            let item = Item::from([("name".to_owned(), AttributeValue::S("x".repeat(bytes)))]);
            assert_eq!(encode_checked(&item).is_ok(), fits, "{bytes}");
        }
    }
}
