//! Messages of a client after startup, read out of their frames without copying.
//!
//! Not here: cutting frames out of the stream (`wire`), startup packets (`startup`), what messages do.
//! pgwire's own decoder of these messages indexes by the lengths it reads and goes on into the next message
//! (ADR 0009); here every step is checked and a message ends where its frame ends.
//!
//! Bytes come from clients: nothing here panics, and nothing is allocated by a count that the bytes do not back.

use crate::decode::{self, ParameterError};
use smallvec::SmallVec;

/// Parameters and formats that need no allocation.
const INLINE: usize = 8;

/// Why a frame is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageError {
    /// 08P01: it ends too early, or goes on behind its end.
    Malformed(&'static str),
    /// 22021: a name or a statement is not UTF-8.
    NotText(Vec<u8>),
    /// 08P01: no such type. The stream may have lost its frames.
    UnknownType(u8),
}

/// What Describe and Close are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Statement(&'a str),
    Portal(&'a str),
}

/// A message of a client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Query(&'a str),
    Parse {
        name: &'a str,
        text: &'a str,
        types: SmallVec<[u32; INLINE]>,
    },
    Bind(Bind<'a>),
    Describe(Target<'a>),
    Execute {
        portal: &'a str,
        /// Zero or less: all rows.
        rows_max: i32,
    },
    Close(Target<'a>),
    Flush,
    Sync,
    Terminate,
    FunctionCall,
    /// The frame's whole body is data.
    CopyData,
    CopyDone,
    CopyFail(&'a str),
}

/// Bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bind<'a> {
    pub(crate) portal: &'a str,
    pub(crate) statement: &'a str,
    pub(crate) parameter_formats: SmallVec<[i16; INLINE]>,
    pub(crate) parameters: SmallVec<[Option<&'a [u8]>; INLINE]>,
    pub(crate) result_formats: SmallVec<[i16; INLINE]>,
}

/// Whether type and size of a message can be right, before its body is there (PostgreSQL's `SocketBackend`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeClass {
    /// Carries names and numbers only.
    Small,
    /// Carries statements or data.
    Large,
    /// No message has this type.
    Unknown,
}

/// The size class of a type byte.
pub(crate) fn size_class(kind: u8) -> SizeClass {
    match kind {
        b'Q' | b'P' | b'B' | b'F' | b'd' => SizeClass::Large,
        b'D' | b'E' | b'C' | b'H' | b'S' | b'X' | b'c' | b'f' | b'p' => SizeClass::Small,
        _ => SizeClass::Unknown,
    }
}

impl<'a> Message<'a> {
    /// Reads the body of a frame.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub(crate) fn decode(kind: u8, body: &'a [u8]) -> Result<Message<'a>, MessageError> {
        let mut body = Body { rest: body };
        let message = match kind {
            b'Q' => Message::Query(body.text()?),
            b'P' => Message::Parse {
                name: body.text()?,
                text: body.text()?,
                types: body.list(Body::u32)?,
            },
            b'B' => Message::Bind(Bind {
                portal: body.text()?,
                statement: body.text()?,
                parameter_formats: body.list(Body::i16)?,
                parameters: body.list(Body::value)?,
                result_formats: body.list(Body::i16)?,
            }),
            b'D' => Message::Describe(body.target("invalid DESCRIBE message subtype")?),
            b'E' => Message::Execute {
                portal: body.text()?,
                rows_max: body.u32()? as i32,
            },
            b'C' => Message::Close(body.target("invalid CLOSE message subtype")?),
            b'H' => Message::Flush,
            b'S' => Message::Sync,
            b'X' => Message::Terminate,
            b'F' => return Ok(Message::FunctionCall),
            b'd' => return Ok(Message::CopyData),
            b'c' => Message::CopyDone,
            b'f' => Message::CopyFail(body.text()?),
            _ => return Err(MessageError::UnknownType(kind)),
        };
        if body.rest.is_empty() {
            Ok(message)
        } else {
            Err(MessageError::Malformed("invalid message format"))
        }
    }
}

/// SASLInitialResponse: the mechanism and its first message.
///
/// # Errors
/// See [`MessageError`].
pub(crate) fn sasl_initial_response(body: &[u8]) -> Result<(&str, &[u8]), MessageError> {
    let mut body = Body { rest: body };
    let mechanism = body.text()?;
    let data = body.value()?.unwrap_or_default();
    if body.rest.is_empty() {
        Ok((mechanism, data))
    } else {
        Err(MessageError::Malformed("invalid message format"))
    }
}

const TOO_SHORT: MessageError = MessageError::Malformed("insufficient data left in message");

/// The unread part of a message.
struct Body<'a> {
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let (first, rest) = self.rest.split_first_chunk().ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(*first)
    }

    fn i16(&mut self) -> Result<i16, MessageError> {
        self.take().map(i16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, MessageError> {
        self.take().map(u32::from_be_bytes)
    }

    /// A zero-terminated string.
    fn text(&mut self) -> Result<&'a str, MessageError> {
        let end = memchr::memchr(0, self.rest)
            .ok_or(MessageError::Malformed("invalid string in message"))?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        decode::text(text).map_err(|error| match error {
            ParameterError::NotText(bytes) => MessageError::NotText(bytes),
            ParameterError::MalformedBinary | ParameterError::Value(_) => TOO_SHORT,
        })
    }

    /// A value with its length in front, -1 for NULL.
    fn value(&mut self) -> Result<Option<&'a [u8]>, MessageError> {
        let length = self.u32()? as i32;
        match usize::try_from(length) {
            Ok(length) => {
                let (value, rest) = self.rest.split_at_checked(length).ok_or(TOO_SHORT)?;
                self.rest = rest;
                Ok(Some(value))
            }
            Err(_) if length == -1 => Ok(None),
            Err(_) => Err(TOO_SHORT),
        }
    }

    /// Elements with their number in front, an unsigned 16-bit number.
    fn list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, MessageError>,
    ) -> Result<SmallVec<[T; INLINE]>, MessageError> {
        let count = self.i16()? as u16;
        let mut list = SmallVec::new();
        for _ in 0..count {
            list.push(element(self)?);
        }
        Ok(list)
    }

    fn target(&mut self, otherwise: &'static str) -> Result<Target<'a>, MessageError> {
        match self.take()? {
            [b'S'] => Ok(Target::Statement(self.text()?)),
            [b'P'] => Ok(Target::Portal(self.text()?)),
            _ => Err(MessageError::Malformed(otherwise)),
        }
    }
}

#[cfg(test)]
mod tests;
