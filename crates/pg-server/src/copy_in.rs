//! COPY … FROM STDIN: the client's data on its way to the session.
//!
//! Not here: text and CSV, and what becomes of rows (`shale_sql`), the binary format (`copy_binary`).
//!
//! The data ends with CopyDone or CopyFail; Flush and Sync in between mean nothing, because drivers send Sync behind Execute before they
//! know that it is a COPY. When the load fails, the error is told at once; what the client still sends of it is thrown away by
//! `Connection::on_message`.

use crate::connection::{Connection, garbage, too_large, unknown_type};
use crate::copy_binary;
use crate::interrupt::Failure;
use crate::report::Report;
use crate::sqlstate;
use crate::wire::Frame;
use shale_sql::CopyIn;
use std::io;

impl Connection {
    /// Loads the data. `last`: the transaction of the message that the COPY came in ends with it.
    pub(crate) async fn on_copy_in(&mut self, mut copy: CopyIn, last: bool) -> Result<(), Failure> {
        let binary = copy.is_binary();
        self.wire.output.copy_in_response(copy.types.len(), binary);
        let mut reader = copy_binary::Reader::default();
        loop {
            let Some(frame) = self.wire.take_frame() else {
                if self.interrupts.read(&mut self.wire).await? {
                    continue;
                }
                // Gone in the middle: nothing that was not acknowledged is finished.
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            };
            match frame {
                Frame::Message(b'd', data) => {
                    self.interrupts.check()?;
                    if binary {
                        reader.push(&data)?;
                        while let Some((row, bytes)) = reader.next(&copy.types)? {
                            let work = copy.write_row(row, bytes);
                            let written = self.interrupts.run(&mut self.wire, work).await?;
                            written.map_err(|error| sqlstate::report(&error))?;
                        }
                        continue;
                    }
                    let work = copy.write(data);
                    let written = self.interrupts.run(&mut self.wire, work).await?;
                    written.map_err(|error| sqlstate::report(&error))?;
                }
                Frame::Message(b'c', _) => {
                    if binary {
                        reader.finish()?;
                    }
                    let work = copy.finish();
                    let finished = self.interrupts.run(&mut self.wire, work).await?;
                    let tag = finished.map_err(|error| sqlstate::report(&error))?;
                    if last {
                        self.end_implicit().await?;
                    }
                    self.wire.output.command_complete(&tag);
                    return Ok(());
                }
                Frame::Message(b'f', reason) => {
                    let reason =
                        String::from_utf8_lossy(reason.strip_suffix(b"\0").unwrap_or(&reason));
                    let message = format!("COPY from stdin failed: {reason}");
                    return Err(Report::error("57014", message).into());
                }
                Frame::Message(b'H' | b'S', _) => {}
                Frame::Message(b'X', _) => {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                Frame::Message(kind, _) => {
                    let message =
                        format!("unexpected message type 0x{kind:02X} during COPY from stdin");
                    return Err(Report::protocol_violation(message).into());
                }
                Frame::TooLarge(_, bytes) => {
                    return Err(too_large(bytes, self.wire.message_bytes_max()).into());
                }
                Frame::Garbage(message) => return Err(garbage(message).into()),
                Frame::UnknownType(kind) => return Err(unknown_type(kind).into()),
            }
        }
    }
}
