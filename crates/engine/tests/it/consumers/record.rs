//! Reads log records by the description at the head of the engine's `record`, with nothing of the engine's own code: whoever recomputes
//! must not share its mistakes.

use std::ops::Range;

/// An operation of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    Put {
        key: &'a [u8],
        old_size: u32,
        new_size: u32,
        item: &'a [u8],
    },
    Delete {
        key: &'a [u8],
        old_size: u32,
    },
    /// A row of the catalog; no value: it is deleted.
    Catalog {
        key: &'a [u8],
        value: Option<&'a [u8]>,
    },
    /// An entry of that index, by number.
    IndexPut(u32),
    IndexDelete(u32),
    Stream {
        stream: u32,
        by_service: bool,
        keep_new: bool,
        old: &'a [u8],
    },
    Stamped,
    Deferred(u32),
    /// No image: there was no item.
    Replaced {
        key: &'a [u8],
        image: Option<&'a [u8]>,
    },
    Collection,
}

impl Operation<'_> {
    /// Whether it is derived from the write of an item.
    pub fn is_derived(&self) -> bool {
        matches!(
            self,
            Operation::IndexPut(_)
                | Operation::IndexDelete(_)
                | Operation::Stream { .. }
                | Operation::Deferred(_)
                | Operation::Replaced { .. }
                | Operation::Collection
        )
    }
}

/// The operations of a record, each with its place.
pub fn operations(record: &[u8]) -> Vec<(Range<usize>, Operation<'_>)> {
    let mut reader = Reader { record, at: 0 };
    assert_eq!((reader.u8(), reader.u16()), (1, 0), "version and origin");
    let mut operations = Vec::new();
    while reader.at < record.len() {
        let begin = reader.at;
        let operation = reader.operation();
        operations.push((begin..reader.at, operation));
    }
    operations
}

/// The record without the bytes of one of its operations.
pub fn without(record: &[u8], operation: Range<usize>) -> Vec<u8> {
    [&record[..operation.start], &record[operation.end..]].concat()
}

/// The number in front of a tree key.
pub fn id_of(key: &[u8]) -> u32 {
    u32::from_be_bytes(key[..4].try_into().unwrap())
}

struct Reader<'a> {
    record: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let taken = &self.record[self.at..self.at + count];
        self.at += count;
        taken
    }

    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn key(&mut self) -> &'a [u8] {
        let length = self.u16();
        self.take(length.into())
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        match self.u32() {
            u32::MAX => None,
            length => Some(self.take(length as usize)),
        }
    }

    fn put(&mut self) -> Operation<'a> {
        Operation::Put {
            key: self.key(),
            old_size: self.u32(),
            new_size: self.u32(),
            item: self.value().expect("a put has an item"),
        }
    }

    fn delete(&mut self) -> Operation<'a> {
        Operation::Delete {
            key: self.key(),
            old_size: self.u32(),
        }
    }

    fn row(&mut self) -> (&'a [u8], Option<&'a [u8]>) {
        (self.key(), self.value())
    }

    fn operation(&mut self) -> Operation<'a> {
        match self.u8() {
            1 => self.put(),
            2 => self.delete(),
            3 => {
                let (key, value) = self.row();
                Operation::Catalog { key, value }
            }
            4 => match self.put() {
                Operation::Put { key, .. } => Operation::IndexPut(id_of(key)),
                other => other,
            },
            5 => match self.delete() {
                Operation::Delete { key, .. } => Operation::IndexDelete(id_of(key)),
                other => other,
            },
            6 => {
                let (stream, flags) = (self.u32(), self.u8());
                Operation::Stream {
                    stream,
                    by_service: flags & 1 != 0,
                    keep_new: flags & 2 != 0,
                    old: self.value().expect("an image, perhaps empty"),
                }
            }
            7 => {
                self.row();
                Operation::Stamped
            }
            8 => {
                let (key, _) = self.row();
                Operation::Deferred(id_of(key))
            }
            9 => {
                let (key, image) = self.row();
                Operation::Replaced { key, image }
            }
            10 => {
                self.key();
                self.take(8);
                Operation::Collection
            }
            tag => panic!("operation {tag}"),
        }
    }
}
