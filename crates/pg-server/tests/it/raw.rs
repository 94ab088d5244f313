//! A client that sends any bytes, and shows what comes back as text, one message a line.

use crate::harness::soon;
use std::fmt::Write;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection.
pub struct RawClient {
    pub stream: TcpStream,
}

/// A message with a type byte.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend((body.len() as u32 + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

pub fn query(text: &str) -> Vec<u8> {
    message(b'Q', format!("{text}\0").as_bytes())
}

pub fn parse(name: &str, text: &str, types: &[u32]) -> Vec<u8> {
    let mut body = format!("{name}\0{text}\0").into_bytes();
    body.extend((types.len() as u16).to_be_bytes());
    body.extend(types.iter().flat_map(|oid| oid.to_be_bytes()));
    message(b'P', &body)
}

/// Bind with parameters in text.
pub fn bind(portal: &str, statement: &str, parameters: &[Option<&str>]) -> Vec<u8> {
    let parameters: Vec<_> = parameters
        .iter()
        .map(|parameter| parameter.map(str::as_bytes))
        .collect();
    bind_formats(portal, statement, &[], &parameters, &[])
}

pub fn bind_formats(
    portal: &str,
    statement: &str,
    formats: &[i16],
    parameters: &[Option<&[u8]>],
    results: &[i16],
) -> Vec<u8> {
    let mut body = format!("{portal}\0{statement}\0").into_bytes();
    let codes = |body: &mut Vec<u8>, codes: &[i16]| {
        body.extend((codes.len() as u16).to_be_bytes());
        body.extend(codes.iter().flat_map(|code| code.to_be_bytes()));
    };
    codes(&mut body, formats);
    body.extend((parameters.len() as u16).to_be_bytes());
    for parameter in parameters {
        match parameter {
            Some(bytes) => {
                body.extend((bytes.len() as u32).to_be_bytes());
                body.extend(*bytes);
            }
            None => body.extend((-1_i32).to_be_bytes()),
        }
    }
    codes(&mut body, results);
    message(b'B', &body)
}

pub fn describe(target: char, name: &str) -> Vec<u8> {
    message(b'D', format!("{target}{name}\0").as_bytes())
}

pub fn close(target: char, name: &str) -> Vec<u8> {
    message(b'C', format!("{target}{name}\0").as_bytes())
}

pub fn execute(portal: &str, rows_max: i32) -> Vec<u8> {
    let mut body = format!("{portal}\0").into_bytes();
    body.extend(rows_max.to_be_bytes());
    message(b'E', &body)
}

pub fn sync() -> Vec<u8> {
    message(b'S', b"")
}

pub fn flush() -> Vec<u8> {
    message(b'H', b"")
}

impl RawClient {
    pub async fn connect(address: SocketAddr) -> RawClient {
        let stream = soon(TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        RawClient { stream }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// A startup packet of protocol 3.0.
    pub async fn startup(&mut self, parameters: &[(&str, &str)]) {
        self.startup_version(3, 0, parameters).await;
    }

    pub async fn startup_version(&mut self, major: u16, minor: u16, parameters: &[(&str, &str)]) {
        let mut body = vec![];
        body.extend(major.to_be_bytes());
        body.extend(minor.to_be_bytes());
        for (name, value) in parameters {
            body.extend(format!("{name}\0{value}\0").as_bytes());
        }
        body.push(0);
        let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
        packet.extend(body);
        self.send(&packet).await;
    }

    pub async fn byte(&mut self) -> u8 {
        soon(self.stream.read_u8()).await.unwrap()
    }

    /// The next message; `None` at the end of the connection.
    pub async fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = soon(self.stream.read_u8()).await.ok()?;
        let length = soon(self.stream.read_u32()).await.ok()?;
        let mut body = vec![0; length as usize - 4];
        soon(self.stream.read_exact(&mut body)).await.ok()?;
        Some((kind, body))
    }

    /// The next message as text.
    pub async fn next(&mut self) -> String {
        match self.receive().await {
            Some((kind, body)) => show(kind, &body),
            None => "(closed)".to_owned(),
        }
    }

    /// Messages up to ReadyForQuery or the end of the connection.
    pub async fn until_ready(&mut self) -> String {
        let mut text = String::new();
        loop {
            let line = self.next().await;
            text.push_str(&line);
            text.push('\n');
            if line.starts_with("ready") || line == "(closed)" {
                return text;
            }
        }
    }

    /// Sends and shows the answer up to ReadyForQuery.
    pub async fn ask(&mut self, messages: &[Vec<u8>]) -> String {
        self.send(&messages.concat()).await;
        self.until_ready().await
    }

    /// Sends, and shows as many messages.
    pub async fn ask_count(&mut self, messages: &[Vec<u8>], count: usize) -> String {
        self.send(&messages.concat()).await;
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(&self.next().await);
            text.push('\n');
        }
        text
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (first, rest) = self.0.split_at(count);
        self.0 = rest;
        first
    }
    fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.take(2).try_into().unwrap())
    }
    fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.take(4).try_into().unwrap())
    }
    fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.take(end).to_vec()).unwrap();
        self.take(1);
        text
    }
}

/// Bytes as text if they are printable.
fn value(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.iter().fold("0x".to_owned(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        }),
    }
}

fn show(kind: u8, body: &[u8]) -> String {
    let mut body = Reader(body);
    match kind {
        b'1' => "parsed".into(),
        b'2' => "bound".into(),
        b'3' => "closed".into(),
        b'n' => "no data".into(),
        b's' => "suspended".into(),
        b'I' => "empty query".into(),
        b'C' => format!("complete {}", body.text()),
        b'Z' => format!("ready {}", char::from(body.0[0])),
        b'S' => format!("status {}={}", body.text(), body.text()),
        b'K' => format!("key of {} bytes", body.0.len() - 4),
        b'v' => {
            let version = body.i32();
            let count = body.i32();
            let names: Vec<String> = (0..count).map(|_| body.text()).collect();
            format!(
                "version {}.{} without {names:?}",
                version >> 16,
                version & 0xffff
            )
        }
        b'R' => match body.i32() {
            0 => "authenticated".into(),
            10 => format!("sasl {}", body.text()),
            11 => "sasl continue".into(),
            12 => "sasl final".into(),
            other => format!("authentication {other}"),
        },
        b'G' => {
            let format = body.take(1)[0];
            format!("copy in, format {format}, {} columns", body.i16())
        }
        b't' => {
            let count = body.i16();
            let oids: Vec<i32> = (0..count).map(|_| body.i32()).collect();
            format!("parameters {oids:?}")
        }
        b'T' => {
            let count = body.i16();
            let mut line = "columns".to_owned();
            for _ in 0..count {
                let name = body.text();
                body.take(6);
                let (oid, size, modifier) = (body.i32(), body.i16(), body.i32());
                let format = body.i16();
                write!(line, " {name}:{oid},{size},{modifier},{format}").unwrap();
            }
            line
        }
        b'D' => {
            let count = body.i16();
            let mut values = vec![];
            for _ in 0..count {
                values.push(match usize::try_from(body.i32()) {
                    Ok(length) => value(body.take(length)),
                    Err(_) => "NULL".into(),
                });
            }
            format!("row {}", values.join("|"))
        }
        b'E' | b'N' => {
            let mut line = if kind == b'E' { "error" } else { "notice" }.to_owned();
            while body.0[0] != 0 {
                let code = char::from(body.take(1)[0]);
                let text = body.text();
                match code {
                    'S' | 'C' | 'M' => write!(line, " {text}").unwrap(),
                    'V' => {}
                    other => write!(line, " [{other}: {text}]").unwrap(),
                }
            }
            line
        }
        other => format!("{:?} {:?}", char::from(other), body.0),
    }
}
