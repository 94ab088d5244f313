//! Rows of the catalog tree: their keys, and the formats of their values.
//!
//! Not here: the catalog in memory (`catalog`), when rows are written (`table_ddl`, `observed`, `statistics`).
//!
//! ```text
//! key                       value
//! 'm' "next_table_id"       u32: ids below it have been given out
//! 'm' "statistics"          u64: LSN at which all 's' rows are right
//! 'm' "indexes"             u64: LSN up to which deferred entries of indexes are applied; absent where none are deferred
//! 't' table u32             definition, JSON, its member "format" first
//! 'd' table or index u32    empty: dropped, its space is not reclaimed yet
//! 'b' index u32             format u8 (1) | table u32 | items u64 looked at | tree key behind which to go on, empty at first
//! 'h' history u32           LSN u64 | microseconds since the Unix epoch u64: from there on the history is complete; in a record, an empty
//!                           value stands for the LSN and the timestamp of the record itself
//! 'l' hour u32              u64: an LSN that no row of history of an earlier hour is above (`history::boundaries`)
//! 'k' stream u32             hour u32 | LSN u64 | n u32: where a destination goes on, the number of the first change that was not sent
//!                           (`stream::destination`); absent before the first one was
//! 'o' table u32 name        format u8 (1) | types u16 | integer digits u8 | fraction digits u8 | beyond_i64 u8
//! 's' table or index u32    items u64 | bytes u64
//! 'm' "stream_time"          see `stream::stored`
//! 'v' table name 0 label u64 see `stream::stored`
//! 'r' ten minutes u32 token format u8 (1) | microseconds since the Unix epoch u64 | fingerprint 32 bytes: a transaction with that token
//!                           was sequenced then; rows of older ten minutes come first (`transact_token`)
//! ```
//!
//! Integers are big-endian. A format that this version does not know is an error.

use crate::api::{
    BillingMode, CheckConstraint, ColumnDefinition, CreateTable, ObservedAttribute, SqlDefinition,
};
use crate::derived::{
    Derived, HistoryDefinition, Index, IndexKind, IndexProjection, IndexStatus, InsightsDefinition,
    KinesisDestination, StreamDefinition, TimeToLive,
};
use crate::stream;
use serde::{Deserialize, Serialize};
use shale_item::{KeyAttribute, KeySchema, KeyType, TableId};
use std::collections::BTreeMap;

/// Row that holds the next table id.
pub(crate) const NEXT_TABLE_ID: &[u8] = b"mnext_table_id";
/// Row that holds the LSN of the last checkpoint of statistics.
pub(crate) const STATISTICS_LSN: &[u8] = b"mstatistics";
/// Row that holds the watermark of asynchronous indexes.
pub(crate) const INDEXES_LSN: &[u8] = b"mindexes";
/// First byte of the rows of definitions.
pub(crate) const TABLE: u8 = b't';
/// First byte of the rows of dropped tables.
pub(crate) const DROPPED: u8 = b'd';
/// First byte of the rows of indexes that are being filled.
pub(crate) const BACKFILL: u8 = b'b';
/// First byte of the rows of where histories begin.
pub(crate) const HISTORY: u8 = b'h';
/// First byte of the rows of hours and LSNs.
pub(crate) const HOUR: u8 = b'l';
/// First byte of the rows of how far destinations are.
pub(crate) const SENT: u8 = b'k';
/// First byte of the rows of observed attributes.
pub(crate) const OBSERVED: u8 = b'o';
/// First byte of the rows of statistics.
pub(crate) const STATISTICS: u8 = b's';

/// Row that holds the time of streams.
pub(crate) const STREAM_TIME: &[u8] = b"mstream_time";
/// First byte of the rows of streams.
pub(crate) const STREAM: u8 = b'v';
/// First byte of the rows of request tokens.
pub(crate) const REQUEST: u8 = b'r';

/// Format of definitions that this code writes.
const DEFINITION_FORMAT: u32 = 1;
/// Format of the rows of indexes that are being filled.
const BACKFILL_FORMAT: u8 = 1;
/// Format of observed attributes that this code writes.
const OBSERVED_FORMAT: u8 = 1;

/// Name spaces of tables over one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Space {
    /// What users' requests name.
    User,
    /// The server's own: users, access keys.
    System,
}

/// Key of a table's row of that kind.
pub(crate) fn table_key(kind: u8, table: TableId) -> [u8; 5] {
    let [a, b, c, d] = table.0.to_be_bytes();
    [kind, a, b, c, d]
}

/// Key of an observed attribute's row.
pub(crate) fn observed_key(table: TableId, name: &str) -> Vec<u8> {
    [&table_key(OBSERVED, table), name.as_bytes()].concat()
}

/// Key of a request token's row; `ten_minutes` counts them since the Unix epoch.
pub(crate) fn request_key(ten_minutes: u32, token: &str) -> Vec<u8> {
    [&[REQUEST][..], &ten_minutes.to_be_bytes(), token.as_bytes()].concat()
}

/// A key of the catalog tree, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CatalogKey<'a> {
    /// `NEXT_TABLE_ID`
    NextTableId,
    /// `STATISTICS_LSN`
    StatisticsLsn,
    /// `INDEXES_LSN`
    IndexesLsn,
    /// Definition of a table.
    Table(TableId),
    /// A dropped table or index.
    Dropped(TableId),
    /// An index that is being filled.
    Backfill(TableId),
    /// Where a history begins.
    History,
    /// How far a destination is.
    Sent,
    /// LSNs below an hour.
    Hour(u32),
    /// An attribute observed in a table.
    Observed(TableId, &'a str),
    /// Statistics of a table.
    Statistics(TableId),
    /// A request token.
    Request,
    /// A stream, or the time of streams.
    Stream,
}

/// Takes a key of the catalog tree apart.
pub(crate) fn parse_key(key: &[u8]) -> Result<CatalogKey<'_>, String> {
    let unknown = || format!("unknown catalog key {:?}", key.escape_ascii().to_string());
    match key {
        NEXT_TABLE_ID => return Ok(CatalogKey::NextTableId),
        STATISTICS_LSN => return Ok(CatalogKey::StatisticsLsn),
        INDEXES_LSN => return Ok(CatalogKey::IndexesLsn),
        STREAM_TIME => return Ok(CatalogKey::Stream),
        [STREAM, ..] => {
            let name = stream::name_of(key);
            return name.map(|_| CatalogKey::Stream).ok_or_else(unknown);
        }
        _ => {}
    }
    let (kind, rest) = key.split_first().ok_or_else(unknown)?;
    let (id, rest) = rest.split_first_chunk().ok_or_else(unknown)?;
    let table = TableId(u32::from_be_bytes(*id));
    match (*kind, rest) {
        (TABLE, []) => Ok(CatalogKey::Table(table)),
        (DROPPED, []) => Ok(CatalogKey::Dropped(table)),
        (BACKFILL, []) => Ok(CatalogKey::Backfill(table)),
        (HISTORY, []) => Ok(CatalogKey::History),
        (SENT, []) => Ok(CatalogKey::Sent),
        (HOUR, []) => Ok(CatalogKey::Hour(table.0)),
        (STATISTICS, []) => Ok(CatalogKey::Statistics(table)),
        (REQUEST, _) => Ok(CatalogKey::Request),
        (OBSERVED, name) => std::str::from_utf8(name)
            .map(|name| CatalogKey::Observed(table, name))
            .map_err(|_| unknown()),
        _ => Err(unknown()),
    }
}

/// What the row of a table holds.
#[derive(Clone, Debug)]
pub(crate) struct StoredTable {
    /// Name space.
    pub(crate) space: Space,
    /// UUID.
    pub(crate) uuid: String,
    /// Microseconds since the Unix epoch.
    pub(crate) created_micros: u64,
    /// Whether it has taken the place of a table whose items were all removed at once (`transaction::truncate`).
    pub(crate) successor: bool,
    /// The rest.
    pub(crate) definition: CreateTable,
}

/// The JSON of [`StoredTable`]. The API's types are free to change; this one is a format.
#[derive(Serialize, Deserialize)]
struct TableRow {
    format: u32,
    space: Space,
    name: String,
    uuid: String,
    created_micros: u64,
    partition: KeyRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort: Option<KeyRow>,
    /// Read and write units per second; absent: pay per request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provisioned: Option<(u64, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ColumnRow>,
    #[serde(default)]
    hidden_key: bool,
    #[serde(default)]
    deletion_protection: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    indexes: Vec<IndexRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<StreamDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_stream_micros: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<KinesisDestination>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<TimeToLive>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<HistoryDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item_collections: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    insights: BTreeMap<u32, InsightsDefinition>,
    #[serde(default, skip_serializing_if = "is_false")]
    successor: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checks: Vec<CheckRow>,
}

#[derive(Serialize, Deserialize)]
struct CheckRow {
    name: String,
    expression: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize, Deserialize)]
struct IndexRow {
    name: String,
    id: u32,
    kind: IndexKind,
    partition: Vec<KeyRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sort: Vec<KeyRow>,
    projection: IndexProjection,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provisioned: Option<(u64, u64)>,
    status: IndexStatus,
}

/// A key attribute in a row.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyRow {
    name: String,
    #[serde(rename = "type")]
    key_type: char,
}

#[derive(Serialize, Deserialize)]
struct ColumnRow {
    name: String,
    #[serde(rename = "type")]
    sql_type: String,
    #[serde(default)]
    not_null: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

/// Read first, so that a row of another format fails for that reason and not for a member it lacks.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl StoredTable {
    /// The row's value.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let definition = &self.definition;
        let row = TableRow {
            format: DEFINITION_FORMAT,
            space: self.space,
            name: definition.name.clone(),
            uuid: self.uuid.clone(),
            created_micros: self.created_micros,
            partition: key_row(&definition.key_schema.partition),
            sort: definition.key_schema.sort.as_ref().map(key_row),
            provisioned: match definition.billing_mode {
                BillingMode::Provisioned { read, write } => Some((read, write)),
                BillingMode::PayPerRequest => None,
            },
            columns: definition.columns.iter().map(column_row).collect(),
            hidden_key: definition.hidden_key,
            deletion_protection: definition.deletion_protection,
            settings: definition.settings.clone(),
            tags: definition.tags.clone(),
            indexes: definition.derived.indexes.iter().map(index_row).collect(),
            stream: definition.derived.stream.clone(),
            latest_stream_micros: definition.derived.latest_stream_micros,
            destination: definition.derived.destination.clone(),
            ttl: definition.derived.ttl.clone(),
            history: definition.derived.history,
            item_collections: definition.derived.item_collections,
            insights: definition.derived.insights.clone(),
            successor: self.successor,
            view: definition.sql.view.clone(),
            checks: definition.sql.checks.iter().map(check_row).collect(),
        };
        serde_json::to_vec(&row).expect("strings, numbers and maps with string keys are JSON")
    }

    /// Reads the row's value.
    pub(crate) fn decode(value: &[u8]) -> Result<StoredTable, String> {
        let wrong = |error: serde_json::Error| format!("table definition: {error}");
        let FormatOnly { format } = serde_json::from_slice(value).map_err(wrong)?;
        if format != DEFINITION_FORMAT {
            return Err(format!("table definition of unknown format {format}"));
        }
        let row: TableRow = serde_json::from_slice(value).map_err(wrong)?;
        Ok(StoredTable {
            space: row.space,
            uuid: row.uuid,
            created_micros: row.created_micros,
            successor: row.successor,
            definition: CreateTable {
                name: row.name,
                key_schema: KeySchema {
                    partition: key_attribute(row.partition)?,
                    sort: row.sort.map(key_attribute).transpose()?,
                },
                billing_mode: match row.provisioned {
                    Some((read, write)) => BillingMode::Provisioned { read, write },
                    None => BillingMode::PayPerRequest,
                },
                columns: row.columns.into_iter().map(column).collect(),
                hidden_key: row.hidden_key,
                deletion_protection: row.deletion_protection,
                settings: row.settings,
                tags: row.tags,
                sql: SqlDefinition {
                    view: row.view,
                    checks: row.checks.into_iter().map(check).collect(),
                },
                derived: Derived {
                    indexes: row
                        .indexes
                        .into_iter()
                        .map(index)
                        .collect::<Result<_, _>>()?,
                    stream: row.stream,
                    latest_stream_micros: row.latest_stream_micros,
                    destination: row.destination,
                    ttl: row.ttl,
                    history: row.history,
                    item_collections: row.item_collections,
                    insights: row.insights,
                },
            },
        })
    }
}

/// A key attribute as rows hold it.
pub(crate) fn key_row(attribute: &KeyAttribute) -> KeyRow {
    KeyRow {
        name: attribute.name.clone(),
        key_type: match attribute.key_type {
            KeyType::S => 'S',
            KeyType::N => 'N',
            KeyType::B => 'B',
        },
    }
}

/// Reads it back.
pub(crate) fn key_attribute(row: KeyRow) -> Result<KeyAttribute, String> {
    let key_type = match row.key_type {
        'S' => KeyType::S,
        'N' => KeyType::N,
        'B' => KeyType::B,
        other => return Err(format!("table definition: key type {other:?}")),
    };
    Ok(KeyAttribute {
        name: row.name,
        key_type,
    })
}

fn index_row(index: &Index) -> IndexRow {
    IndexRow {
        name: index.name.clone(),
        id: index.id.0,
        kind: index.kind,
        partition: index.partition.iter().map(key_row).collect(),
        sort: index.sort.iter().map(key_row).collect(),
        projection: index.projection.clone(),
        provisioned: index.provisioned,
        status: index.status,
    }
}

fn index(row: IndexRow) -> Result<Index, String> {
    let attributes = |rows: Vec<KeyRow>| {
        rows.into_iter()
            .map(key_attribute)
            .collect::<Result<_, _>>()
    };
    Ok(Index {
        name: row.name,
        id: TableId(row.id),
        kind: row.kind,
        partition: attributes(row.partition)?,
        sort: attributes(row.sort)?,
        projection: row.projection,
        provisioned: row.provisioned,
        status: row.status,
    })
}

fn column_row(column: &ColumnDefinition) -> ColumnRow {
    ColumnRow {
        name: column.name.clone(),
        sql_type: column.sql_type.clone(),
        not_null: column.not_null,
        default: column.default.clone(),
    }
}

fn check_row(check: &CheckConstraint) -> CheckRow {
    CheckRow {
        name: check.name.clone(),
        expression: check.expression.clone(),
    }
}

fn check(row: CheckRow) -> CheckConstraint {
    CheckConstraint {
        name: row.name,
        expression: row.expression,
    }
}

fn column(row: ColumnRow) -> ColumnDefinition {
    ColumnDefinition {
        name: row.name,
        sql_type: row.sql_type,
        not_null: row.not_null,
        default: row.default,
    }
}

/// The value of an observed attribute's row.
pub(crate) fn encode_observed(observed: &ObservedAttribute) -> [u8; 6] {
    let [high, low] = observed.types.to_be_bytes();
    [
        OBSERVED_FORMAT,
        high,
        low,
        observed.integer_digits,
        observed.fraction_digits,
        u8::from(observed.beyond_i64),
    ]
}

/// Reads the value of an observed attribute's row.
pub(crate) fn decode_observed(value: &[u8]) -> Result<ObservedAttribute, String> {
    match *value {
        [
            OBSERVED_FORMAT,
            high,
            low,
            integer_digits,
            fraction_digits,
            beyond,
        ] => Ok(ObservedAttribute {
            types: u16::from_be_bytes([high, low]),
            integer_digits,
            fraction_digits,
            beyond_i64: beyond != 0,
        }),
        _ => Err("observed attribute of unknown format".to_owned()),
    }
}

/// How far an index is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackfillRow {
    /// The table whose items are looked at.
    pub(crate) table: TableId,
    /// How many have been.
    pub(crate) items_done: u64,
    /// The last of them; empty at first.
    pub(crate) behind: Vec<u8>,
}

impl BackfillRow {
    /// The row's value.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut value = vec![BACKFILL_FORMAT];
        value.extend_from_slice(&self.table.0.to_be_bytes());
        value.extend_from_slice(&self.items_done.to_be_bytes());
        value.extend_from_slice(&self.behind);
        value
    }

    /// Reads the row's value.
    pub(crate) fn decode(value: &[u8]) -> Result<BackfillRow, String> {
        let parts = || {
            let rest = value.strip_prefix(&[BACKFILL_FORMAT])?;
            let (table, rest) = rest.split_first_chunk()?;
            let (done, behind) = rest.split_first_chunk()?;
            Some(BackfillRow {
                table: TableId(u32::from_be_bytes(*table)),
                items_done: u64::from_be_bytes(*done),
                behind: behind.to_vec(),
            })
        };
        parts().ok_or_else(|| "backfill of unknown format".to_owned())
    }
}

/// The value of a row of statistics.
pub(crate) fn encode_statistics(items: u64, bytes: u64) -> [u8; 16] {
    let mut value = [0; 16];
    value[..8].copy_from_slice(&items.to_be_bytes());
    value[8..].copy_from_slice(&bytes.to_be_bytes());
    value
}

/// Reads the value of a row of statistics: items, bytes.
pub(crate) fn decode_statistics(value: &[u8]) -> Result<(u64, u64), String> {
    let (items, bytes) = value
        .split_first_chunk()
        .ok_or("statistics of unknown format")?;
    Ok((u64::from_be_bytes(*items), decode_u64(bytes)?))
}

/// Reads a u64.
pub(crate) fn decode_u64(value: &[u8]) -> Result<u64, String> {
    let bytes = value.try_into().map_err(|_| "a number of wrong length")?;
    Ok(u64::from_be_bytes(bytes))
}

/// Reads a u32.
pub(crate) fn decode_u32(value: &[u8]) -> Result<u32, String> {
    let bytes = value.try_into().map_err(|_| "a number of wrong length")?;
    Ok(u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests;
