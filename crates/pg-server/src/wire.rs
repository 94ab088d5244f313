//! One connection's socket with its two buffers.
//!
//! Not here: what the bytes mean (`message`, `output`).
//!
//! Invariants:
//! * Memory is bounded by one message of the client ([`crate::PgOptions::message_bytes_max`]), what is read ahead
//!   ([`READ_AHEAD_BYTES_MAX`]), and [`OUTPUT_BYTES_MAX`] with one row behind it.
//! * Nothing is allocated because a length was announced; the buffer grows with the bytes that came.
//! * All waiting is cancel-safe: bytes are in a buffer, or in the socket.

use crate::message::{SizeClass, size_class};
use crate::output::Output;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Unsent bytes above which rows wait for the client to read.
pub(crate) const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// Bytes that are read while a statement runs.
const READ_AHEAD_BYTES_MAX: usize = 64 << 10;
/// Room made for each read; also what an idle connection keeps.
const READ_BYTES: usize = 8 << 10;
/// Room made when a message is known to be longer.
const READ_BYTES_LARGE: usize = 128 << 10;
/// PostgreSQL's bound for messages of names and numbers.
const SMALL_MESSAGE_BYTES_MAX: usize = 10_000;
/// PostgreSQL's bound for all messages: beyond it a length is garbage.
const MESSAGE_BYTES_MAX: usize = 0x3fff_ffff - 1;
/// Bytes that a closing connection still takes, so that the client gets to read why.
const LINGER_BYTES_MAX: usize = 1 << 20;

/// A message of the client's, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Type and body.
    Message(u8, Bytes),
    /// Above the configured size; its body is skipped. Type and size.
    TooLarge(u8, usize),
    /// Not a message: the stream cannot be followed any longer.
    Garbage(&'static str),
    /// A type byte that no message has.
    UnknownType(u8),
}

/// The socket.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    input: BytesMut,
    pub(crate) output: Output,
    /// Bytes of a message that was too large, still to be thrown away.
    skip_bytes: usize,
    message_bytes_max: usize,
    /// The client sends nothing any more.
    ended: bool,
}

impl Wire {
    /// Where the client is.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    pub(crate) fn new(stream: TcpStream, message_bytes_max: usize) -> Wire {
        Wire {
            stream,
            input: BytesMut::with_capacity(READ_BYTES),
            output: Output::new(),
            skip_bytes: 0,
            message_bytes_max,
            ended: false,
        }
    }

    /// Bytes that a message may have.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.message_bytes_max
    }

    /// Bytes read and not yet taken, of a startup packet.
    pub(crate) fn startup_input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// Takes the next message that has come in whole.
    pub(crate) fn take_frame(&mut self) -> Option<Frame> {
        if self.skip_bytes > 0 {
            let skipped = self.skip_bytes.min(self.input.len());
            self.input.advance(skipped);
            self.skip_bytes -= skipped;
        }
        let kind = *self.input.first()?;
        let class = size_class(kind);
        if class == SizeClass::Unknown {
            return Some(Frame::UnknownType(kind));
        }
        let length = self.announced_length()?;
        let bound = match class {
            SizeClass::Small => SMALL_MESSAGE_BYTES_MAX,
            SizeClass::Large | SizeClass::Unknown => MESSAGE_BYTES_MAX,
        };
        // The length counts itself.
        if !(4..=bound).contains(&length) {
            return Some(Frame::Garbage("invalid message length"));
        }
        if length > self.message_bytes_max.max(SMALL_MESSAGE_BYTES_MAX) {
            self.input.advance(5);
            self.skip_bytes = length - 4;
            return Some(Frame::TooLarge(kind, length));
        }
        if self.input.len() < 1 + length {
            return None;
        }
        let mut frame = self.input.split_to(1 + length);
        frame.advance(5);
        Some(Frame::Message(kind, frame.freeze()))
    }

    /// Whether the next message that runs or waits for anything is Sync; `None` if it is not here yet.
    pub(crate) fn sync_follows(&self) -> Option<bool> {
        if self.skip_bytes > 0 {
            return Some(false);
        }
        let mut rest = &self.input[..];
        loop {
            match rest.first()? {
                b'S' => return Some(true),
                // Close runs nothing; drivers put it between Execute and Sync.
                b'C' => {
                    let length = u32::from_be_bytes(rest.get(1..5)?.try_into().ok()?) as usize;
                    if !(4..=SMALL_MESSAGE_BYTES_MAX).contains(&length) {
                        return Some(false);
                    }
                    rest = rest.get(1 + length..)?;
                }
                _ => return Some(false),
            }
        }
    }

    fn announced_length(&self) -> Option<usize> {
        let bytes = self.input.get(1..5)?.try_into().ok()?;
        // A negative length is far above every bound.
        Some(u32::from_be_bytes(bytes) as usize)
    }

    /// Reads what the client has sent; `false` when it sends nothing any more.
    pub(crate) async fn read(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let missing = self
            .announced_length()
            .map_or(0, |length| (1 + length).saturating_sub(self.input.len()));
        if self.input.is_empty() && self.input.capacity() > 2 * READ_BYTES_LARGE {
            // One large message was here; its room is not kept.
            self.input = BytesMut::new();
        }
        self.input
            .reserve(missing.clamp(READ_BYTES, READ_BYTES_LARGE));
        let count = self.stream.read_buf(&mut self.input).await?;
        self.ended = count == 0;
        Ok(count > 0)
    }

    /// Sends what waits.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        while !self.output.unsent().is_empty() {
            let count = self.stream.write(self.output.unsent()).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.output.sent(count);
        }
        Ok(())
    }

    /// While a statement runs: sends an answer that the client waits for, reads ahead, and ends when the client has gone.
    pub(crate) async fn watch(&mut self) -> io::Error {
        if self.output.answer_complete()
            && let Err(error) = self.flush().await
        {
            return error;
        }
        loop {
            // What is there to be done is not given up: a client may send its statements and close.
            if (self.ended && !self.input.is_empty()) || self.input.len() >= READ_AHEAD_BYTES_MAX {
                std::future::pending::<()>().await;
            }
            match self.read().await {
                Ok(true) => {}
                Ok(false) if self.input.is_empty() => return io::ErrorKind::UnexpectedEof.into(),
                Ok(false) => {}
                Err(error) => return error,
            }
        }
    }

    /// Sends the last bytes and closes.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// The same towards a client that may still be sending: unread input would make the system reset the connection and the client lose
    /// the last bytes.
    pub(crate) async fn close_on_sender(&mut self) -> io::Result<()> {
        self.close().await?;
        let mut read = 0;
        while read < LINGER_BYTES_MAX && !self.ended {
            self.input.clear();
            self.read().await?;
            read += self.input.len();
        }
        Ok(())
    }
}
