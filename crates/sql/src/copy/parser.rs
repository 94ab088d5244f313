//! COPY data to records, as it streams in.
//!
//! PostgreSQL's rules: a record ends at a line end that is neither escaped (text) nor quoted (CSV); the line `\.` ends the data; the NULL
//! string stands for NULL where it is neither escaped nor quoted.

use super::format::CopyFormat;
use crate::SqlError;

/// Longest record in bytes: an item has at most 400 KB.
pub(crate) const RECORD_BYTES_MAX: usize = 4 << 20;

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub fields: Vec<Option<String>>,
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Its length in the data.
    pub bytes: usize,
}

pub(crate) struct RecordParser {
    format: CopyFormat,
    buffer: Vec<u8>,
    /// Where the open record begins.
    start: usize,
    /// Up to where line ends were looked for.
    scanned: usize,
    in_quotes: bool,
    line: u64,
    /// Line ends inside the open record.
    inner_lines: u64,
    header_pending: bool,
    ended: bool,
}

impl RecordParser {
    pub(crate) fn new(format: CopyFormat) -> RecordParser {
        RecordParser {
            header_pending: format.header,
            format,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            in_quotes: false,
            line: 1,
            inner_lines: 0,
            ended: false,
        }
    }

    /// Line of the record that comes next.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        if self.ended {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(data);
    }

    /// The next whole record; `None` if there is none yet, or (with `at_end`) no more.
    pub(crate) fn next(&mut self, at_end: bool) -> Result<Option<Record>, SqlError> {
        loop {
            if self.ended {
                return Ok(None);
            }
            let end = match self.find_end() {
                Some(end) => end,
                None if self.buffer.len() - self.start > RECORD_BYTES_MAX => {
                    return Err(SqlError::ProgramLimit {
                        message: format!(
                            "a record of COPY is longer than {RECORD_BYTES_MAX} bytes"
                        ),
                    });
                }
                None if at_end && self.start < self.buffer.len() => self.buffer.len(),
                None => return Ok(None),
            };
            let mut raw = &self.buffer[self.start..end];
            if at_end && self.in_quotes {
                return Err(malformed("unterminated CSV quoted field"));
            }
            if raw.last() == Some(&b'\r') {
                raw = &raw[..raw.len() - 1];
            }
            let line = self.line;
            let bytes = end - self.start;
            let is_end = raw == b"\\.";
            let fields = if is_end || self.header_pending {
                vec![]
            } else if self.format.is_csv() {
                csv_fields(raw, &self.format)?
            } else {
                text_fields(raw, &self.format)?
            };
            self.line += 1 + self.inner_lines;
            self.inner_lines = 0;
            self.start = (end + 1).min(self.buffer.len());
            self.scanned = self.start;
            if is_end {
                self.ended = true;
                self.buffer = Vec::new();
                self.start = 0;
                self.scanned = 0;
                return Ok(None);
            }
            if self.header_pending {
                self.header_pending = false;
                continue;
            }
            return Ok(Some(Record {
                fields,
                line,
                bytes,
            }));
        }
    }

    /// Where the open record ends (at its line feed).
    fn find_end(&mut self) -> Option<usize> {
        while self.scanned < self.buffer.len() {
            let byte = self.buffer[self.scanned];
            if self.format.is_csv() {
                let quoted_escape = self.in_quotes
                    && byte == self.format.escape
                    && self.format.escape != self.format.quote;
                if quoted_escape {
                    // What it escapes must be there to tell.
                    if self.scanned + 1 >= self.buffer.len() {
                        return None;
                    }
                    if matches!(self.buffer[self.scanned + 1], next if next == self.format.quote || next == self.format.escape)
                    {
                        self.scanned += 2;
                        continue;
                    }
                } else if byte == self.format.quote {
                    self.in_quotes = !self.in_quotes;
                }
            } else if byte == b'\\' {
                if self.scanned + 1 >= self.buffer.len() {
                    return None;
                }
                if self.buffer[self.scanned + 1] == b'\n' {
                    self.inner_lines += 1;
                }
                self.scanned += 2;
                continue;
            }
            if byte == b'\n' {
                if !self.in_quotes {
                    return Some(self.scanned);
                }
                self.inner_lines += 1;
            }
            self.scanned += 1;
        }
        None
    }
}

fn malformed(message: &str) -> SqlError {
    SqlError::Other {
        sqlstate: "22P04",
        message: message.into(),
        hint: None,
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, SqlError> {
    let invalid = |byte: u8| SqlError::Other {
        sqlstate: "22021",
        message: format!("invalid byte sequence for encoding \"UTF8\": 0x{byte:02x}"),
        hint: None,
    };
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err(invalid(0)),
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(invalid(error.as_bytes().get(at).copied().unwrap_or(0)))
        }
    }
}

fn text_fields(raw: &[u8], format: &CopyFormat) -> Result<Vec<Option<String>>, SqlError> {
    let mut fields = Vec::new();
    let mut start = 0;
    let mut at = 0;
    loop {
        if at >= raw.len() || raw[at] == format.delimiter {
            let field = &raw[start..at.min(raw.len())];
            fields.push(if field == format.null.as_bytes() {
                None
            } else {
                Some(utf8(unescape(field))?)
            });
            if at >= raw.len() {
                return Ok(fields);
            }
            start = at + 1;
        } else if raw[at] == b'\\' {
            at += 1;
        }
        at += 1;
    }
}

fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut at = 0;
    while at < field.len() {
        let byte = field[at];
        at += 1;
        if byte != b'\\' || at >= field.len() {
            out.push(byte);
            continue;
        }
        let escaped = field[at];
        at += 1;
        let digits = |from: usize, most: usize, radix: u32| {
            let mut value = 0_u32;
            let mut count = 0;
            while count < most
                && let Some(digit) = field
                    .get(from + count)
                    .and_then(|byte| char::from(*byte).to_digit(radix))
            {
                value = value * radix + digit;
                count += 1;
            }
            (value as u8, count)
        };
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let (value, count) = digits(at - 1, 3, 8);
                out.push(value);
                at += count - 1;
            }
            b'x' => match digits(at, 2, 16) {
                (_, 0) => out.push(b'x'),
                (value, count) => {
                    out.push(value);
                    at += count;
                }
            },
            other => out.push(other),
        }
    }
    out
}

fn csv_fields(raw: &[u8], format: &CopyFormat) -> Result<Vec<Option<String>>, SqlError> {
    let mut fields = Vec::new();
    let mut value = Vec::new();
    let mut quoted = false;
    let mut in_quotes = false;
    let mut at = 0;
    loop {
        if at >= raw.len() || (raw[at] == format.delimiter && !in_quotes) {
            let field = std::mem::take(&mut value);
            fields.push(if !quoted && field == format.null.as_bytes() {
                None
            } else {
                Some(utf8(field)?)
            });
            quoted = false;
            if at >= raw.len() {
                return Ok(fields);
            }
            at += 1;
            continue;
        }
        let byte = raw[at];
        if in_quotes && byte == format.escape {
            match raw.get(at + 1) {
                Some(&next) if next == format.quote || next == format.escape => {
                    value.push(next);
                    at += 2;
                    continue;
                }
                _ if format.escape != format.quote => {
                    value.push(byte);
                    at += 1;
                    continue;
                }
                _ => {}
            }
        }
        if byte == format.quote {
            in_quotes = !in_quotes;
            quoted = true;
        } else {
            value.push(byte);
        }
        at += 1;
    }
}
