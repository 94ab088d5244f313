//! The load: connections that each send a request, read the answer, and send the next.
//!
//! Written on plain sockets, because a client library would cost as much processor time as the server under test.

use crate::Outcome;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Items that are there to be read.
const ITEMS: u64 = 20_000;
/// Connections that put them there.
const LOADERS: u64 = 64;
/// Bytes of an item's payload, so that item and request have about 1 KB.
const PAYLOAD_BYTES: usize = 900;
const TABLE: &str = "bench_http";
/// The longest answer that is taken.
const ANSWER_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Put,
    Get,
}

/// What a turn achieved.
pub struct Measured {
    pub per_second: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
}

/// A connection with its buffers.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Outcome<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends a request and reads its answer; the body, if the status is 200.
    async fn call(&mut self, target: &str, body: &str) -> Outcome<&[u8]> {
        self.request.clear();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n\
             X-Amz-Target: DynamoDB_20120810.{target}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (head, end) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some((head, length)) = head_of(&self.answer)? {
                break (head, head + length);
            }
        };
        if end > ANSWER_BYTES_MAX {
            return Err("the answer is too long".into());
        }
        while self.answer.len() < end {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection within an answer".into());
            }
        }
        if !self.answer.starts_with(b"HTTP/1.1 200") {
            return Err(format!("{target}: {}", String::from_utf8_lossy(&self.answer)).into());
        }
        Ok(&self.answer[head..end])
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head_of(answer: &[u8]) -> Outcome<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end])?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse())
    });
    match length {
        Some(length) => Ok(Some((end + 4, length?))),
        None => Err("an answer without Content-Length".into()),
    }
}

/// The table that is written and read.
pub async fn create_table(server: SocketAddr) -> Outcome<()> {
    let body = format!(
        r#"{{"TableName":"{TABLE}","BillingMode":"PAY_PER_REQUEST",
            "AttributeDefinitions":[{{"AttributeName":"id","AttributeType":"S"}}],
            "KeySchema":[{{"AttributeName":"id","KeyType":"HASH"}}]}}"#
    );
    let mut connection = Connection::open(server).await?;
    connection.call("CreateTable", &body).await?;
    Ok(())
}

/// Puts all items.
pub async fn load(server: SocketAddr) -> Outcome<()> {
    let mut loaders = tokio::task::JoinSet::new();
    for loader in 0..LOADERS {
        loaders.spawn(async move {
            let mut connection = Connection::open(server).await?;
            for id in (loader..ITEMS).step_by(LOADERS as usize) {
                connection.call("PutItem", &put(id)).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(loaded) = loaders.join_next().await {
        loaded??;
    }
    Ok(())
}

fn put(id: u64) -> String {
    format!(
        r#"{{"TableName":"{TABLE}","Item":{{"id":{{"S":"item-{id:08}"}},"visits":{{"N":"{id}"}},"active":{{"BOOL":true}},"payload":{{"S":"{:x<PAYLOAD_BYTES$}"}}}}}}"#,
        id * 31
    )
}

fn get(id: u64) -> String {
    format!(r#"{{"TableName":"{TABLE}","Key":{{"id":{{"S":"item-{id:08}"}}}}}}"#)
}

/// So many connections for so long.
pub async fn run_turn(
    address: SocketAddr,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Outcome<Measured> {
    let mut opened = Vec::new();
    for _ in 0..connections {
        opened.push(Connection::open(address).await?);
    }
    let mut workers = tokio::task::JoinSet::new();
    let start = Instant::now();
    for (seed, connection) in (1..).zip(opened) {
        workers.spawn(work(connection, operation, seed, start + time));
    }
    let mut micros: Vec<u32> = Vec::new();
    while let Some(worker) = workers.join_next().await {
        micros.extend(worker??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    micros.sort_unstable();
    let at = |share: f64| {
        let place = (micros.len() as f64 * share) as usize;
        micros.get(place).map_or(0.0, |micros| f64::from(*micros))
    };
    Ok(Measured {
        per_second: micros.len() as f64 / elapsed,
        p50_micros: at(0.5),
        p99_micros: at(0.99),
    })
}

/// Microseconds of each request.
async fn work(
    mut connection: Connection,
    operation: Operation,
    seed: u64,
    end: Instant,
) -> Outcome<Vec<u32>> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut micros = Vec::new();
    loop {
        let begin = Instant::now();
        if begin >= end {
            return Ok(micros);
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let id = state % ITEMS;
        match operation {
            Operation::Put => drop(connection.call("PutItem", &put(id)).await?),
            Operation::Get => {
                let body = connection.call("GetItem", &get(id)).await?;
                if body.len() < PAYLOAD_BYTES {
                    return Err("an answer without the item".into());
                }
            }
        }
        micros.push(begin.elapsed().as_micros() as u32);
    }
}
