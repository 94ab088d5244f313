//! What waits to be sent: messages of the server, encoded at the end of one buffer.
//!
//! Not here: the socket (`wire`), which message when.
//! Messages of every statement and row are written directly; the others are pgwire's, which allocates for them (ADR 0009).

use crate::encode::{self, Format, TypeConfusion};
use crate::report::{Report, Severity};
use bytes::{Buf, BufMut, BytesMut};
use pgwire::messages::Message;
use pgwire::messages::data::ParameterDescription;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};
use pgwire::messages::startup::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus,
};
use shale_sql::{Column, Datum, Notice, NoticeSeverity, Notification, SqlType, TransactionStatus};

/// The schema of every table that errors name.
const SCHEMA: &str = "public";
/// Bytes that a buffer begins with, and that it keeps when it has grown for one large answer.
const KEPT_BYTES: usize = 64 << 10;

/// The buffer.
#[derive(Debug)]
pub(crate) struct Output {
    buffer: BytesMut,
    /// Whether a ReadyForQuery is among the unsent bytes: the client waits for it.
    answer_complete: bool,
}

impl Output {
    pub(crate) fn new() -> Output {
        Output {
            buffer: BytesMut::with_capacity(4 << 10),
            answer_complete: false,
        }
    }

    /// Bytes that wait.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether the client waits for what is unsent, whatever comes behind it.
    pub(crate) fn answer_complete(&self) -> bool {
        self.answer_complete
    }

    /// The first bytes were sent.
    pub(crate) fn sent(&mut self, bytes: usize) {
        if bytes < self.buffer.len() {
            self.buffer.advance(bytes);
            return;
        }
        self.buffer.clear();
        self.answer_complete = false;
        if self.buffer.capacity() > 2 * KEPT_BYTES {
            self.buffer = BytesMut::with_capacity(KEPT_BYTES);
        }
    }

    /// A message without a body.
    fn put_empty(&mut self, kind: u8) {
        self.buffer.put_slice(&[kind, 0, 0, 0, 4]);
    }

    pub(crate) fn parse_complete(&mut self) {
        self.put_empty(b'1');
    }

    pub(crate) fn bind_complete(&mut self) {
        self.put_empty(b'2');
    }

    pub(crate) fn close_complete(&mut self) {
        self.put_empty(b'3');
    }

    pub(crate) fn no_data(&mut self) {
        self.put_empty(b'n');
    }

    pub(crate) fn portal_suspended(&mut self) {
        self.put_empty(b's');
    }

    pub(crate) fn empty_query(&mut self) {
        self.put_empty(b'I');
    }

    /// The answer to SSLRequest and GSSENCRequest: no.
    pub(crate) fn encryption_refused(&mut self) {
        self.buffer.put_u8(b'N');
    }

    pub(crate) fn ready_for_query(&mut self, status: TransactionStatus) {
        let status = match status {
            TransactionStatus::Idle => b'I',
            TransactionStatus::InTransaction => b'T',
            TransactionStatus::Failed => b'E',
        };
        self.buffer.put_slice(&[b'Z', 0, 0, 0, 5, status]);
        self.answer_complete = true;
    }

    /// A complete tag.
    pub(crate) fn command_complete(&mut self, tag: &str) {
        self.command_complete_parts(tag.as_bytes(), &[], &[]);
    }

    /// A tag that ends in a number of rows.
    pub(crate) fn command_complete_with_rows(&mut self, tag: &str, rows: u64) {
        let mut number = itoa::Buffer::new();
        self.command_complete_parts(tag.as_bytes(), b" ", number.format(rows).as_bytes());
    }

    fn command_complete_parts(&mut self, tag: &[u8], space: &[u8], number: &[u8]) {
        self.buffer.put_u8(b'C');
        let length = 4 + tag.len() + space.len() + number.len() + 1;
        self.buffer.put_i32(length as i32);
        self.buffer.put_slice(tag);
        self.buffer.put_slice(space);
        self.buffer.put_slice(number);
        self.buffer.put_u8(0);
    }

    /// DataRow. On an error nothing is appended.
    pub(crate) fn data_row(
        &mut self,
        row: &[Datum],
        columns: &[Column],
        formats: impl Fn(usize) -> Format,
    ) -> Result<(), TypeConfusion> {
        let start = self.buffer.len();
        self.buffer.put_slice(&[b'D', 0, 0, 0, 0]);
        self.buffer.put_u16(columns.len() as u16);
        let mut put = || {
            if row.len() != columns.len() {
                return Err(TypeConfusion);
            }
            for (index, (datum, column)) in row.iter().zip(columns).enumerate() {
                encode::put_value(&mut self.buffer, datum, &column.sql_type, formats(index))?;
            }
            Ok(())
        };
        if let Err(error) = put() {
            self.buffer.truncate(start);
            return Err(error);
        }
        self.end_message(start);
        Ok(())
    }

    pub(crate) fn row_description(
        &mut self,
        columns: &[Column],
        formats: impl Fn(usize) -> Format,
    ) {
        let start = self.buffer.len();
        self.buffer.put_slice(&[b'T', 0, 0, 0, 0]);
        self.buffer.put_u16(columns.len() as u16);
        for (index, column) in columns.iter().enumerate() {
            self.put_name(&column.name);
            let origin = column.origin;
            let oid = origin.and_then(|origin| u32::try_from(origin.table_oid).ok());
            self.buffer.put_u32(oid.unwrap_or(0));
            self.buffer
                .put_i16(origin.map_or(0, |origin| origin.number));
            self.buffer
                .put_u32(crate::types::type_oid(&column.sql_type));
            self.buffer
                .put_i16(crate::types::type_size(&column.sql_type));
            self.buffer
                .put_i32(crate::types::type_modifier(&column.sql_type));
            self.buffer.put_i16(formats(index).code());
        }
        self.end_message(start);
    }

    /// A zero-terminated string. The name of an attribute may have a zero in it.
    fn put_name(&mut self, name: &str) {
        if name.contains('\0') {
            self.buffer.put_slice(without_zero(name).as_bytes());
        } else {
            self.buffer.put_slice(name.as_bytes());
        }
        self.buffer.put_u8(0);
    }

    /// Puts the length into a message that began there and goes to the end.
    fn end_message(&mut self, start: usize) {
        let length = (self.buffer.len() - start - 1) as u32;
        self.buffer[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
    }

    pub(crate) fn parameter_description(&mut self, types: &[SqlType]) {
        let oids = types.iter().map(crate::types::type_oid).collect();
        self.put(&ParameterDescription::new(oids));
    }

    pub(crate) fn parameter_status(&mut self, name: &str, value: &str) {
        self.put(&ParameterStatus::new(name.to_owned(), value.to_owned()));
    }

    pub(crate) fn authentication(&mut self, message: &Authentication) {
        self.put(message);
    }

    pub(crate) fn backend_key_data(&mut self, message: &BackendKeyData) {
        self.put(message);
    }

    pub(crate) fn negotiate_protocol_version(&mut self, message: &NegotiateProtocolVersion) {
        self.put(message);
    }

    /// CopyInResponse.
    pub(crate) fn copy_in_response(&mut self, columns: usize, binary: bool) {
        self.copy_response(b'G', columns, binary);
    }

    /// CopyOutResponse.
    pub(crate) fn copy_out_response(&mut self, columns: usize, binary: bool) {
        self.copy_response(b'H', columns, binary);
    }

    /// All columns have one format.
    fn copy_response(&mut self, kind: u8, columns: usize, binary: bool) {
        // A table has no more columns than an item has attributes, which is below this; clients ignore the number.
        let columns = columns.min(usize::from(i16::MAX.unsigned_abs()));
        let format = u8::from(binary);
        self.buffer.put_u8(kind);
        self.buffer.put_i32((4 + 1 + 2 + 2 * columns) as i32);
        self.buffer.put_u8(format);
        self.buffer.put_u16(columns as u16);
        for _ in 0..columns {
            self.buffer.put_u16(format.into());
        }
    }

    /// CopyData with what `put` appends.
    pub(crate) fn copy_data(&mut self, put: impl FnOnce(&mut BytesMut)) {
        let start = self.buffer.len();
        self.buffer.put_slice(&[b'd', 0, 0, 0, 0]);
        put(&mut self.buffer);
        self.end_message(start);
    }

    pub(crate) fn copy_done(&mut self) {
        self.put_empty(b'c');
    }

    /// ErrorResponse.
    pub(crate) fn error(&mut self, report: &Report) {
        let severity = match report.severity {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
        };
        let position = report.position.map(|position| position.to_string());
        let optional = [
            (b'D', report.detail.as_deref()),
            (b'H', report.hint.as_deref()),
            (b'P', position.as_deref()),
            (b'W', report.context.as_deref()),
            (b's', report.table.as_ref().map(|_| SCHEMA)),
            (b't', report.table.as_deref()),
            (b'c', report.column.as_deref()),
            (b'n', report.constraint.as_deref()),
            (b'R', report.routine),
        ];
        let mut fields = vec![
            (b'S', severity.to_owned()),
            (b'V', severity.to_owned()),
            (b'C', report.sqlstate.to_owned()),
            (b'M', without_zero(&report.message)),
        ];
        fields.extend(
            optional
                .into_iter()
                .filter_map(|(code, value)| Some((code, without_zero(value?)))),
        );
        self.put(&ErrorResponse::new(fields));
    }

    /// NotificationResponse.
    pub(crate) fn notification(&mut self, notification: &Notification) {
        let start = self.buffer.len();
        self.buffer.put_slice(&[b'A', 0, 0, 0, 0]);
        self.buffer.put_i32(notification.pid);
        self.put_name(&notification.channel);
        self.put_name(&notification.payload);
        self.end_message(start);
    }

    /// NoticeResponse.
    pub(crate) fn notice(&mut self, notice: &Notice) {
        let severity = match notice.severity {
            NoticeSeverity::Notice => "NOTICE",
            NoticeSeverity::Warning => "WARNING",
        };
        self.put(&NoticeResponse::new(vec![
            (b'S', severity.to_owned()),
            (b'V', severity.to_owned()),
            (b'C', notice.sqlstate.to_owned()),
            (b'M', without_zero(&notice.message)),
        ]));
    }

    fn put(&mut self, message: &impl Message) {
        let start = self.buffer.len();
        if let Err(error) = message.encode(&mut self.buffer) {
            // pgwire refuses messages above its own bounds, which only a name of many kilobytes reaches.
            self.buffer.truncate(start);
            tracing::error!(%error, "a message was too large to send");
        }
    }
}

/// Strings of the protocol end at a zero byte.
fn without_zero(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwire::messages::data::{FieldDescription, RowDescription};
    use shale_sql::ColumnOrigin;

    #[test]
    fn row_descriptions_are_what_pgwire_writes() {
        let columns = [
            ("id", SqlType::Int4),
            ("price", SqlType::Numeric(Some((10, 2)))),
            ("größe", SqlType::Text),
        ];
        let mut columns = columns.map(|(name, sql_type)| Column::computed(name, sql_type));
        columns[1].origin = Some(ColumnOrigin {
            table_oid: 16_386,
            number: 2,
        });
        let format = |index| [Format::Binary, Format::Text][index % 2];
        let mut output = Output::new();
        output.row_description(&columns, format);

        let fields = columns.iter().enumerate().map(|(index, column)| {
            let sql_type = &column.sql_type;
            FieldDescription::new(
                column.name.clone(),
                if index == 1 { 16_386 } else { 0 },
                if index == 1 { 2 } else { 0 },
                crate::types::type_oid(sql_type),
                crate::types::type_size(sql_type),
                crate::types::type_modifier(sql_type),
                format(index).code(),
            )
        });
        let mut expected = BytesMut::new();
        RowDescription::new(fields.collect())
            .encode(&mut expected)
            .expect("a short message");
        assert_eq!(output.unsent(), &expected[..]);
    }

    #[test]
    fn a_zero_in_a_name_does_not_end_it() {
        let columns = [Column::computed("a\0b", SqlType::Bool)];
        let mut output = Output::new();
        output.row_description(&columns, |_| Format::Text);
        assert!(output.unsent()[7..].starts_with("a\u{fffd}b\0".as_bytes()));
    }
}
