//! COPY … TO STDOUT: rows as data in text or CSV format.
//!
//! Not here: the text of values and the binary format, which are the protocol's.

use super::format::CopyFormat;
use crate::{Column, RowStream, SqlError};
use bytes::{BufMut, BytesMut};
use std::sync::Arc;

/// A running COPY … TO STDOUT: the rows of its query, and how they are to be written.
pub struct CopyOut {
    /// Columns of the query.
    pub columns: Arc<[Column]>,
    /// Rows of the query.
    pub rows: RowStream,
    /// How they are written.
    pub writer: CopyWriter,
}

/// Writes lines of text or CSV.
#[derive(Clone, Debug)]
pub struct CopyWriter {
    format: CopyFormat,
    /// By column: whether its values are quoted always.
    quoted: Vec<bool>,
}

impl CopyWriter {
    /// A writer for a query with those columns.
    ///
    /// # Errors
    /// 42703 if FORCE_QUOTE names something else.
    pub(crate) fn new(format: CopyFormat, columns: &[Column]) -> Result<CopyWriter, SqlError> {
        let mut quoted = vec![false; columns.len()];
        for ident in &format.force_quote {
            let matches = |column: &Column| match ident.quote_style {
                Some(_) => column.name == ident.value,
                None => column.name.eq_ignore_ascii_case(&ident.value),
            };
            let Some(position) = columns.iter().position(matches) else {
                return Err(SqlError::Other {
                    sqlstate: "42703",
                    message: format!(
                        "FORCE_QUOTE column \"{}\" not referenced by COPY",
                        ident.value
                    ),
                    hint: None,
                });
            };
            quoted[position] = true;
        }
        Ok(CopyWriter { format, quoted })
    }

    /// Whether the data is PostgreSQL's binary format; then this writes nothing of it.
    pub fn is_binary(&self) -> bool {
        self.format.is_binary()
    }

    /// Whether a line of the columns' names comes first.
    pub fn has_header(&self) -> bool {
        self.format.header
    }

    /// Appends the line of the columns' names.
    pub fn put_header(&self, out: &mut BytesMut, columns: &[Column]) {
        for (position, column) in columns.iter().enumerate() {
            self.put_delimiter(out, position);
            self.put_value(out, column.name.as_bytes(), false);
        }
        out.put_u8(b'\n');
    }

    /// Appends a field: a value's text, or none for NULL. Fields come in the order of the columns, each line ends with
    /// [`CopyWriter::end_line`].
    pub fn put_field(&self, out: &mut BytesMut, position: usize, text: Option<&[u8]>) {
        self.put_delimiter(out, position);
        match text {
            None => out.put_slice(self.format.null.as_bytes()),
            Some(text) => {
                let quoted = self.quoted.get(position).is_some_and(|quoted| *quoted);
                self.put_value(out, text, quoted);
            }
        }
    }

    /// Ends a line.
    pub fn end_line(&self, out: &mut BytesMut) {
        out.put_u8(b'\n');
    }

    fn put_delimiter(&self, out: &mut BytesMut, position: usize) {
        if position > 0 {
            out.put_u8(self.format.delimiter);
        }
    }

    fn put_value(&self, out: &mut BytesMut, text: &[u8], force: bool) {
        match self.format.is_csv() {
            true => self.put_csv(out, text, force),
            false => self.put_text(out, text),
        }
    }

    fn put_text(&self, out: &mut BytesMut, text: &[u8]) {
        for &byte in text {
            let escaped = match byte {
                8 => b'b',
                12 => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                11 => b'v',
                b'\\' => b'\\',
                byte if byte == self.format.delimiter => byte,
                byte => {
                    out.put_u8(byte);
                    continue;
                }
            };
            out.put_slice(&[b'\\', escaped]);
        }
    }

    /// Quoted where it could be read as something else: another field, NULL, or the end of the data.
    fn put_csv(&self, out: &mut BytesMut, text: &[u8], force: bool) {
        let CopyFormat {
            delimiter,
            quote,
            escape,
            ref null,
            ..
        } = self.format;
        let special = |byte: &u8| [delimiter, quote, b'\n', b'\r'].contains(byte);
        let ends_data = self.quoted.len() == 1 && text == b"\\.";
        if !force && !ends_data && text != null.as_bytes() && !text.iter().any(special) {
            out.put_slice(text);
            return;
        }
        out.put_u8(quote);
        for &byte in text {
            if byte == quote || byte == escape {
                out.put_u8(escape);
            }
            out.put_u8(byte);
        }
        out.put_u8(quote);
    }
}
