//! COPY … TO STDOUT: rows on their way to the client as CopyData.
//!
//! Not here: lines of text and CSV (`shale_sql::CopyWriter`), the query.
//!
//! A message is a row, as PostgreSQL sends them; memory is bounded by one batch of rows and the output's bound.

use crate::connection::Connection;
use crate::copy_binary;
use crate::encode::{self, Format, TypeConfusion};
use crate::interrupt::Failure;
use crate::report::Report;
use crate::sqlstate;
use crate::wire::OUTPUT_BYTES_MAX;
use bytes::{Buf, BytesMut};
use futures::StreamExt;
use shale_sql::{Column, CopyOut, CopyWriter, Row};

impl Connection {
    /// Sends the data. `last`: the transaction of the message that the COPY came in ends with it.
    pub(crate) async fn on_copy_out(&mut self, copy: CopyOut, last: bool) -> Result<(), Failure> {
        let CopyOut {
            columns,
            mut rows,
            writer,
        } = copy;
        let binary = writer.is_binary();
        let output = &mut self.wire.output;
        output.copy_out_response(columns.len(), binary);
        if writer.has_header() {
            output.copy_data(|out| writer.put_header(out, &columns));
        }
        // The binary header comes with the first row, or the end: clients rely on it.
        let put_header = |out: &mut BytesMut, count: u64| {
            if binary && count == 0 {
                copy_binary::put_header(out);
            }
        };
        let mut count = 0_u64;
        let mut scratch = BytesMut::new();
        loop {
            self.interrupts.check()?;
            let Some(batch) = self.interrupts.run(&mut self.wire, rows.next()).await? else {
                break;
            };
            for row in batch.map_err(|error| sqlstate::report(&error))? {
                let mut put = Ok(());
                self.wire.output.copy_data(|out| {
                    put_header(out, count);
                    put = match binary {
                        true => copy_binary::put_row(out, &row, &columns),
                        false => put_line(out, &mut scratch, &writer, &row, &columns),
                    };
                });
                put.map_err(|error| Report::error("XX000", error.to_string()))?;
                count += 1;
                if self.wire.output.unsent().len() >= OUTPUT_BYTES_MAX {
                    self.interrupts.flush(&mut self.wire).await?;
                }
            }
        }
        if binary {
            self.wire.output.copy_data(|out| {
                put_header(out, count);
                copy_binary::put_end(out);
            });
        }
        if last {
            self.end_implicit().await?;
        }
        self.wire.output.copy_done();
        self.wire.output.command_complete_with_rows("COPY", count);
        Ok(())
    }
}

fn put_line(
    out: &mut BytesMut,
    scratch: &mut BytesMut,
    writer: &CopyWriter,
    row: &Row,
    columns: &[Column],
) -> Result<(), TypeConfusion> {
    if row.len() != columns.len() {
        return Err(TypeConfusion);
    }
    for (position, (datum, column)) in row.iter().zip(columns).enumerate() {
        scratch.clear();
        encode::put_value(scratch, datum, &column.sql_type, Format::Text)?;
        // Its length comes first, -1 for NULL.
        let length = scratch.get_i32();
        let text = (length >= 0).then_some(&scratch[..]);
        writer.put_field(out, position, text);
    }
    writer.end_line(out);
    Ok(())
}
