//! The log record: what a write did, in bytes.
//!
//! Not here: what a record means for the trees (`apply`), framing and checksums (`commitlog`).
//!
//! A record carries results, not requests, so that replay evaluates nothing and consults nothing. All integers are big-endian.
//!
//! ```text
//! record    = version u8 (1) | origin u16 (0: this server) | operation*
//! operation = 1 put     | key_len u16 | key | old_size u32 | new_size u32 | item_len u32 | item
//!           | 2 delete  | key_len u16 | key | old_size u32
//!           | 3 catalog | key_len u16 | key | value_len u32 (ffffffff: the row is deleted) | value
//!           | 4 index put     | as put
//!           | 5 index delete  | as delete
//!           | 6 stream        | stream u32 | flags u8 (1: by the service, 2: the new image is kept) | old_len u32 (0: not kept) | old item
//!           | 7 stamped       | key_len u16 | key | value_len u32 | value
//!           | 8 deferred      | key_len u16 | key | item_len u32 (ffffffff: the entry is deleted) | item
//!           | 9 replaced      | key_len u16 | key | item_len u32 (ffffffff: there was no item) | item
//!           | 10 collection   | key_len u16 | key | size u64 (0: the row is deleted)
//! ```
//!
//! `key` is the tree key: it begins with the table's id. Sizes are DynamoDB's item sizes, which statistics need; an `old_size` of 0
//! says that there was no item (none is empty: it holds its key). `item` is an encoded item, `catalog` writes a row of the catalog tree,
//! the index operations an entry of the indexes tree. `stream` says that the put or delete before it belongs into a stream, `stamped`
//! writes a row of the catalog tree: the value and behind it the record's timestamp (u64). `deferred` says what becomes of an entry of the
//! indexes tree that is applied later, `replaced` what was under an item's key before, for a table with history: its key begins with the
//! history's number instead of the table's. `collection` is the new size of an item collection (`collection`).
//! An operation that a version does not know ends in an error, never in a guess.

use bytes::{BufMut, Bytes};
use shale_item::{EncodedItem, TableId};

/// Version that this code writes, the only one it reads.
const VERSION: u8 = 1;
/// Origin of a write made here; other regions' writes will carry theirs.
const ORIGIN_HERE: u16 = 0;
const PUT: u8 = 1;
const DELETE: u8 = 2;
const CATALOG: u8 = 3;
const INDEX_PUT: u8 = 4;
const INDEX_DELETE: u8 = 5;
const STREAM: u8 = 6;
const STAMPED: u8 = 7;
const STREAM_BY_SERVICE: u8 = 1;
const STREAM_KEEP_NEW: u8 = 2;
const DEFERRED: u8 = 8;
const REPLACED: u8 = 9;
const COLLECTION: u8 = 10;
const DELETED: u32 = u32::MAX;
/// Bytes of a table's number in front of a tree key.
const TABLE_BYTES: usize = 4;

/// One operation of a record, read in place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    /// The item under a key is this now.
    Put(Put<'a>),
    /// No item is under that key now.
    Delete(Delete<'a>),
    /// A row of the catalog tree.
    Catalog {
        /// Its key.
        key: &'a [u8],
        /// Its value, `None` if it is gone.
        value: Option<&'a [u8]>,
    },
    /// The entry of an index under a key is this now.
    IndexPut(Put<'a>),
    /// No entry of an index is under that key now.
    IndexDelete(Delete<'a>),
    /// What was under an item's key before.
    Replaced {
        /// Number of the history, and the tree key without that of the table.
        key: &'a [u8],
        /// Encoded item, `None` if there was none.
        image: Option<&'a [u8]>,
    },
    /// What becomes of an entry that a consumer of the log applies.
    Deferred {
        /// Its key.
        key: &'a [u8],
        /// Encoded item, `None` if the entry goes.
        entry: Option<&'a [u8]>,
    },
    /// The size of an item collection is this now.
    Collection {
        /// Key of its row.
        key: &'a [u8],
        /// Bytes, 0 if nothing is left of it.
        size: u64,
    },
    /// The put or delete before it belongs into a stream.
    Stream(StreamChange<'a>),
    /// A row of the catalog tree that ends with the record's timestamp.
    Stamped {
        /// Its key.
        key: &'a [u8],
        /// Its value in front of the timestamp.
        value: &'a [u8],
    },
}

/// What a stream keeps of a change beside what the write of the item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamChange<'a> {
    /// Number of the stream.
    pub(crate) stream: u32,
    /// Whether the service made the change on its own.
    pub(crate) by_service: bool,
    /// Whether the new image is kept.
    pub(crate) keep_new: bool,
    /// The encoded item before; empty if there was none or it is not kept.
    pub(crate) old: &'a [u8],
}

/// An item or entry as it is now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Put<'a> {
    /// Tree key.
    pub(crate) key: &'a [u8],
    /// Size of what it replaced, 0 for none.
    pub(crate) old_size: u32,
    /// Its own size.
    pub(crate) new_size: u32,
    /// Encoded item.
    pub(crate) item: &'a [u8],
}

/// An item or entry that is gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delete<'a> {
    /// Tree key.
    pub(crate) key: &'a [u8],
    /// Size of what was there, 0 for none.
    pub(crate) old_size: u32,
}

/// The table that a tree key of the items tree belongs to.
pub(crate) fn table_of(tree_key: &[u8]) -> Option<TableId> {
    let (id, _) = tree_key.split_first_chunk::<4>()?;
    Some(TableId(u32::from_be_bytes(*id)))
}

/// Builds a record.
#[derive(Debug)]
pub(crate) struct RecordBuilder(Vec<u8>);

impl RecordBuilder {
    /// Bytes of a put besides its key and item.
    pub(crate) const PUT_OVERHEAD: usize = 15;

    /// Bytes of a change for a stream besides the old item.
    pub(crate) const STREAM_OVERHEAD: usize = 10;

    /// An empty record with room for that many bytes of keys and values.
    pub(crate) fn with_capacity(bytes: usize) -> RecordBuilder {
        let mut buffer = Vec::with_capacity(bytes + 32);
        buffer.put_u8(VERSION);
        buffer.put_u16(ORIGIN_HERE);
        RecordBuilder(buffer)
    }

    /// Adds an item, or its deletion.
    pub(crate) fn item(&mut self, key: &[u8], old_size: usize, item: Option<&EncodedItem>) {
        self.image([PUT, DELETE], key, old_size, item);
    }

    /// Adds an entry of an index, or its deletion.
    pub(crate) fn index(&mut self, key: &[u8], old_size: usize, entry: Option<&EncodedItem>) {
        self.image([INDEX_PUT, INDEX_DELETE], key, old_size, entry);
    }

    fn image(
        &mut self,
        [put, delete]: [u8; 2],
        key: &[u8],
        old_size: usize,
        item: Option<&EncodedItem>,
    ) {
        self.0.put_u8(if item.is_some() { put } else { delete });
        self.key(key);
        self.0.put_u32(old_size as u32);
        if let Some(item) = item {
            self.0.put_u32(item.size() as u32);
            self.value(item.as_bytes());
        }
    }

    /// Adds what was under an item's key before.
    pub(crate) fn replaced(&mut self, history: u32, tree_key: &[u8], image: Option<&EncodedItem>) {
        self.0.put_u8(REPLACED);
        // The number of the history is as long as that of the table.
        self.key_length(tree_key.len());
        self.0.put_u32(history);
        self.0.put_slice(&tree_key[TABLE_BYTES..]);
        match image {
            Some(image) => self.value(image.as_bytes()),
            None => self.0.put_u32(DELETED),
        }
    }

    /// Adds what becomes of an entry that is applied later.
    pub(crate) fn deferred(&mut self, key: &[u8], entry: Option<&EncodedItem>) {
        self.row(DEFERRED, key, entry.map(|entry| &entry.as_bytes()[..]));
    }

    /// Adds the size of an item collection.
    pub(crate) fn collection(&mut self, key: &[u8], size: u64) {
        self.0.put_u8(COLLECTION);
        self.key(key);
        self.0.put_u64(size);
    }

    /// Adds a catalog row, or its deletion.
    pub(crate) fn catalog(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.row(CATALOG, key, value);
    }

    fn row(&mut self, tag: u8, key: &[u8], value: Option<&[u8]>) {
        self.0.put_u8(tag);
        self.key(key);
        match value {
            Some(value) => self.value(value),
            None => self.0.put_u32(DELETED),
        }
    }

    /// Adds the item that was just added to a stream.
    pub(crate) fn stream(&mut self, change: &StreamChange<'_>) {
        self.0.put_u8(STREAM);
        self.0.put_u32(change.stream);
        let by_service = if change.by_service {
            STREAM_BY_SERVICE
        } else {
            0
        };
        let keep_new = if change.keep_new { STREAM_KEEP_NEW } else { 0 };
        self.0.put_u8(by_service | keep_new);
        self.value(change.old);
    }

    /// Adds a catalog row that ends with the record's timestamp.
    pub(crate) fn stamped(&mut self, key: &[u8], value: &[u8]) {
        self.0.put_u8(STAMPED);
        self.key(key);
        self.value(value);
    }

    /// Adds catalog rows that end with the record's timestamp.
    pub(crate) fn stamped_all(&mut self, rows: &[(Vec<u8>, Vec<u8>)]) {
        for (key, value) in rows {
            self.stamped(key, value);
        }
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The record.
    pub(crate) fn finish(self) -> Bytes {
        Bytes::from(self.0)
    }

    fn key(&mut self, key: &[u8]) {
        self.key_length(key.len());
        self.0.put_slice(key);
    }

    fn key_length(&mut self, length: usize) {
        // Tree keys are bounded by the key limits (6 KB with escapes), catalog keys by the length of a name.
        assert!(length <= usize::from(u16::MAX), "a key of {length} bytes");
        self.0.put_u16(length as u16);
    }

    fn value(&mut self, value: &[u8]) {
        assert!(
            value.len() < DELETED as usize,
            "a value of {} bytes",
            value.len()
        );
        self.0.put_u32(value.len() as u32);
        self.0.put_slice(value);
    }
}

/// Reads the operations of a record, in order. After an error there is nothing more.
pub(crate) fn operations(record: &[u8]) -> Operations<'_> {
    let mut reader = Reader(record);
    let header = match (reader.u8(), reader.u16()) {
        (Some(VERSION), Some(ORIGIN_HERE)) => Ok(()),
        (Some(VERSION), Some(origin)) => Err(format!("record of unknown origin {origin}")),
        (Some(version), _) => Err(format!("record of unknown version {version}")),
        (None, _) => Err("empty record".to_owned()),
    };
    match header {
        Ok(()) => Operations {
            rest: reader,
            error: None,
        },
        Err(error) => Operations {
            rest: Reader(&[]),
            error: Some(error),
        },
    }
}

/// See [`operations`].
#[derive(Debug)]
pub(crate) struct Operations<'a> {
    rest: Reader<'a>,
    error: Option<String>,
}

impl<'a> Iterator for Operations<'a> {
    type Item = Result<Operation<'a>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            return Some(Err(error));
        }
        let tag = self.rest.u8()?;
        let operation = match tag {
            PUT => self.rest.put().map(Operation::Put),
            DELETE => self.rest.delete().map(Operation::Delete),
            CATALOG => self
                .rest
                .row()
                .map(|(key, value)| Operation::Catalog { key, value }),
            DEFERRED => self
                .rest
                .row()
                .map(|(key, entry)| Operation::Deferred { key, entry }),
            REPLACED => self
                .rest
                .row()
                .map(|(key, image)| Operation::Replaced { key, image }),
            INDEX_PUT => self.rest.put().map(Operation::IndexPut),
            INDEX_DELETE => self.rest.delete().map(Operation::IndexDelete),
            STREAM => self.rest.stream().map(Operation::Stream),
            STAMPED => self.rest.stamped(),
            COLLECTION => self.rest.collection(),
            _ => {
                self.rest = Reader(&[]);
                return Some(Err(format!("unknown operation {tag} in a record")));
            }
        };
        if operation.is_none() {
            self.rest = Reader(&[]);
        }
        Some(operation.ok_or_else(|| format!("operation {tag} of a record is cut short")))
    }
}

#[derive(Debug)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn put(&mut self) -> Option<Put<'a>> {
        Some(Put {
            key: self.key()?,
            old_size: self.u32()?,
            new_size: self.u32()?,
            item: self.value()?,
        })
    }

    fn delete(&mut self) -> Option<Delete<'a>> {
        Some(Delete {
            key: self.key()?,
            old_size: self.u32()?,
        })
    }

    fn row(&mut self) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let key = self.key()?;
        let value = match self.u32()? {
            DELETED => None,
            length => Some(self.slice(length as usize)?),
        };
        Some((key, value))
    }

    fn stream(&mut self) -> Option<StreamChange<'a>> {
        let stream = self.u32()?;
        let flags = self.u8()?;
        Some(StreamChange {
            stream,
            by_service: flags & STREAM_BY_SERVICE != 0,
            keep_new: flags & STREAM_KEEP_NEW != 0,
            old: self.value()?,
        })
    }

    fn stamped(&mut self) -> Option<Operation<'a>> {
        let (key, value) = (self.key()?, self.value()?);
        Some(Operation::Stamped { key, value })
    }

    fn collection(&mut self) -> Option<Operation<'a>> {
        let key = self.key()?;
        let (size, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        let size = u64::from_be_bytes(*size);
        Some(Operation::Collection { key, size })
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.slice(length as usize)
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.slice(usize::from(length))
    }

    fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u16(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }
}

#[cfg(test)]
mod tests;
