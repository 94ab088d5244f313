//! PostgreSQL's binary format of COPY: a header, rows of fields with their lengths, an end.
//!
//! Source: PostgreSQL 15, COPY, "Binary Format". Values are in their types' binary forms (`encode`, `decode`).
//!
//! Bytes come from clients: nothing is allocated by a length that the bytes do not back, and a row has a bound.

use crate::decode;
use crate::encode::{self, Format, TypeConfusion};
use crate::report::Report;
use crate::sqlstate;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use shale_sql::{Column, Datum, SqlType};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The signature, flags and the length of the extension area.
const HEADER_BYTES: usize = SIGNATURE.len() + 8;
/// Flags that a reader must know. Of them only one has ever meant something: oids, which PostgreSQL has no more.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
/// Longest row in bytes: an item has at most 400 KB.
const ROW_BYTES_MAX: usize = 4 << 20;

/// Appends what comes before the rows.
pub(crate) fn put_header(out: &mut BytesMut) {
    out.put_slice(SIGNATURE);
    out.put_u32(0);
    out.put_u32(0);
}

/// Appends a row.
pub(crate) fn put_row(
    out: &mut BytesMut,
    row: &[Datum],
    columns: &[Column],
) -> Result<(), TypeConfusion> {
    if row.len() != columns.len() {
        return Err(TypeConfusion);
    }
    out.put_u16(columns.len() as u16);
    for (datum, column) in row.iter().zip(columns) {
        encode::put_value(out, datum, &column.sql_type, Format::Binary)?;
    }
    Ok(())
}

/// Appends what comes behind the rows.
pub(crate) fn put_end(out: &mut BytesMut) {
    out.put_i16(-1);
}

/// Reads rows from data that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    buffer: BytesMut,
    begun: bool,
    ended: bool,
}

fn malformed(message: impl Into<String>) -> Report {
    Report::error("22P04", message.into())
}

impl Reader {
    pub(crate) fn push(&mut self, data: &Bytes) -> Result<(), Report> {
        if self.ended && !data.is_empty() {
            return Err(malformed("received copy data after EOF marker"));
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    /// The next row with its size; none if there is no whole one yet, or no more.
    ///
    /// # Errors
    /// 22P04 for data that is not in the format, 22P03 for a value that is none of its type, 54000 for a row that is too long.
    pub(crate) fn next(
        &mut self,
        types: &[SqlType],
    ) -> Result<Option<(Vec<Datum>, usize)>, Report> {
        if !self.begun && !self.begin()? {
            return Ok(None);
        }
        if self.ended {
            return Ok(None);
        }
        let mut row = Rest(&self.buffer);
        let Some(count) = row.take(2).map(|mut bytes| bytes.get_i16()) else {
            return Ok(None);
        };
        if count == -1 {
            self.ended = true;
            self.buffer.advance(2);
            if !self.buffer.is_empty() {
                return Err(malformed("received copy data after EOF marker"));
            }
            return Ok(None);
        }
        if usize::try_from(count) != Ok(types.len()) {
            return Err(malformed(format!(
                "row field count is {count}, expected {}",
                types.len()
            )));
        }
        let mut fields = Vec::with_capacity(types.len());
        for _ in types {
            let Some(length) = row.take(4).map(|mut bytes| bytes.get_i32()) else {
                return self.incomplete();
            };
            fields.push(match usize::try_from(length) {
                Ok(length) => match row.take(length) {
                    Some(bytes) => Some(bytes),
                    None => return self.incomplete(),
                },
                Err(_) if length == -1 => None,
                Err(_) => return Err(malformed("invalid field size")),
            });
        }
        let values = fields.into_iter().zip(types).enumerate();
        let values = values.map(|(position, (bytes, sql_type))| match bytes {
            None => Ok(Datum::Null),
            Some(bytes) => decode::value(bytes, sql_type, Format::Binary)
                .map_err(|error| sqlstate::copied(error, position + 1)),
        });
        let values = values.collect::<Result<Vec<Datum>, Report>>()?;
        let bytes = self.buffer.len() - row.0.len();
        self.buffer.advance(bytes);
        Ok(Some((values, bytes)))
    }

    /// The client has sent all.
    ///
    /// # Errors
    /// 22P04 if something is missing. As in PostgreSQL the end marker may be.
    pub(crate) fn finish(&self) -> Result<(), Report> {
        match self.begun && self.buffer.is_empty() {
            true => Ok(()),
            false if !self.begun => Err(malformed("COPY file signature not recognized")),
            false => Err(malformed("unexpected EOF in COPY data")),
        }
    }

    fn incomplete<T>(&self) -> Result<Option<T>, Report> {
        match self.buffer.len() > ROW_BYTES_MAX {
            true => Err(Report::error(
                "54000",
                format!("a row of COPY is longer than {ROW_BYTES_MAX} bytes"),
            )),
            false => Ok(None),
        }
    }

    /// Reads the header; whether it is there.
    fn begin(&mut self) -> Result<bool, Report> {
        let signature = self.buffer.len().min(SIGNATURE.len());
        if self.buffer[..signature] != SIGNATURE[..signature] {
            return Err(malformed("COPY file signature not recognized"));
        }
        let Some(mut rest) = self.buffer.get(SIGNATURE.len()..HEADER_BYTES) else {
            return Ok(false);
        };
        let (flags, extension) = (rest.get_u32(), rest.get_u32());
        if flags & CRITICAL_FLAGS != 0 {
            return Err(malformed("unrecognized critical flags in COPY file header"));
        }
        let extension = usize::try_from(extension).unwrap_or(usize::MAX);
        if extension > ROW_BYTES_MAX {
            return Err(malformed("invalid COPY file header (wrong length)"));
        }
        let header = HEADER_BYTES + extension;
        if self.buffer.len() < header {
            return Ok(false);
        }
        self.buffer.advance(header);
        self.begun = true;
        Ok(true)
    }
}

/// What of the bytes is not taken.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [SqlType; 2] = [SqlType::Int4, SqlType::Text];

    fn data(rows: &[Vec<Datum>]) -> BytesMut {
        let columns = TYPES.map(|sql_type| Column::computed("c", sql_type));
        let mut out = BytesMut::new();
        put_header(&mut out);
        for row in rows {
            put_row(&mut out, row, &columns).expect("of their types");
        }
        put_end(&mut out);
        out
    }

    /// Rows of data that comes in pieces, or the message of the error.
    fn read(data: &[u8], piece: usize) -> Result<Vec<Vec<Datum>>, String> {
        let mut reader = Reader::default();
        let mut rows = Vec::new();
        let mut read = || {
            for piece in data.chunks(piece) {
                reader.push(&Bytes::copy_from_slice(piece))?;
                while let Some((row, _)) = reader.next(&TYPES)? {
                    rows.push(row);
                }
            }
            reader.finish()
        };
        read().map_err(|report: Report| report.message.to_string())?;
        Ok(rows)
    }

    fn rows() -> Vec<Vec<Datum>> {
        vec![
            vec![Datum::Int(1), Datum::Text("one".into())],
            vec![Datum::Int(-2), Datum::Null],
            vec![Datum::Int(3), Datum::Text(String::new())],
        ]
    }

    #[test]
    fn rows_come_back_in_whatever_pieces_the_data_comes() {
        let data = data(&rows());
        for piece in [1, 2, 3, 7, 20, data.len()] {
            assert_eq!(read(&data, piece), Ok(rows()));
        }
        // The end marker may be missing.
        assert_eq!(read(&data[..data.len() - 2], 5), Ok(rows()));
    }

    #[test]
    fn what_is_not_in_the_format_is_refused() {
        let whole = data(&rows());
        let changed = |at: usize, byte: u8| {
            let mut data = whole.to_vec();
            data[at] = byte;
            read(&data, 9)
        };
        let error = |message: &str| Err(message.to_owned());
        assert_eq!(
            changed(0, b'p'),
            error("COPY file signature not recognized")
        );
        assert_eq!(
            changed(12, 1),
            error("unrecognized critical flags in COPY file header")
        );
        assert_eq!(
            changed(15, 0xff),
            error("invalid COPY file header (wrong length)")
        );
        assert_eq!(changed(20, 3), error("row field count is 3, expected 2"));
        assert_eq!(changed(21, 0xff), error("invalid field size"));
        let cut = &whole[..whole.len() - 3];
        assert_eq!(read(cut, 100), error("unexpected EOF in COPY data"));
        assert_eq!(read(b"", 1), error("COPY file signature not recognized"));
        let mut behind = whole.to_vec();
        behind.push(0);
        let after = error("received copy data after EOF marker");
        assert_eq!(read(&behind, behind.len()), after);
        assert_eq!(read(&behind, 1), after);
    }

    #[test]
    fn a_row_has_a_bound() {
        let mut data = BytesMut::new();
        put_header(&mut data);
        data.put_i16(2);
        data.put_slice(&[0, 0, 0, 4, 0, 0, 0, 1]);
        data.put_i32(i32::MAX);
        data.put_bytes(b'x', ROW_BYTES_MAX);
        let message = read(&data, 1 << 16).expect_err("too long");
        assert!(message.starts_with("a row of COPY is longer"), "{message}");
    }
}
