//! PutItem and GetItem per second over HTTP/1.1 keep-alive, against a peer that does the least that an honest answer needs:
//! `bench_http ADDRESS [DIRECTORY] [SECONDS]`, with the address of a running server that checks no signatures.
//!
//! The peer is a second process with the same HTTP library and the same answers. For a put it appends the request's body to a file,
//! one write and one fdatasync for all requests that wait; for a get it answers a constant item. It parses no JSON, has no keys, no
//! conditions and no trees, so it is a ceiling and not a competitor. `DIRECTORY` is where its file is: the disk of the server's data.
//!
//! Each connection has one request under way. Turns of server and peer alternate, and each figure is the median of the turns,
//! because a shared machine changes its speed from second to second.

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures with the machine's clock"
)]

mod client;
mod peer;

use client::{Measured, Operation, run_turn};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const TURNS: usize = 5;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments
        .next()
        .ok_or("usage: bench_http ADDRESS [DIRECTORY] [SECONDS]")?;
    let directory: PathBuf = arguments.next().unwrap_or_else(|| ".".into()).into();
    if first == peer::FLAG {
        return peer::run(&directory);
    }
    let seconds: f64 = arguments.next().map_or(Ok(10.0), |text| text.parse())?;
    let server: SocketAddr = first.parse()?;
    let (peer, peer_address) = start_peer(&directory)?;
    // One thread makes the load, to leave the machine to those under test.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(compare(server, peer_address, seconds));
    drop(peer);
    outcome
}

struct EndedOnDrop(Child);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        // If it is gone already there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_peer(directory: &Path) -> Outcome<(EndedOnDrop, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(peer::FLAG).arg(directory);
    let mut child = EndedOnDrop(command.stdout(Stdio::piped()).spawn()?);
    let stdout = child.0.stdout.take().ok_or("the peer has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    Ok((child, line.trim().parse()?))
}

async fn compare(server: SocketAddr, peer: SocketAddr, seconds: f64) -> Outcome<()> {
    client::create_table(server).await?;
    client::load(server).await?;
    let turn = Duration::from_secs_f64(seconds / TURNS as f64);
    println!(
        "| operation | connections | per second | p50 | p99 | peer per second | peer p50 | peer p99 | ratio |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for operation in [Operation::Put, Operation::Get] {
        for connections in CONNECTIONS {
            let (mut ours, mut peers) = (Vec::new(), Vec::new());
            for _ in 0..TURNS {
                peers.push(run_turn(peer, operation, connections, turn).await?);
                ours.push(run_turn(server, operation, connections, turn).await?);
            }
            let ratios = ours.iter().zip(&peers);
            let ratio = median(ratios.map(|(ours, peer)| ours.per_second / peer.per_second));
            let [ours, peer] = [ours, peers].map(|turns| shown(&turns));
            println!("| {operation:?}Item | {connections} | {ours} | {peer} | {ratio:.2} |");
        }
    }
    Ok(())
}

/// The medians, as cells of the table.
fn shown(turns: &[Measured]) -> String {
    format!(
        "{:.0} | {:.0} µs | {:.0} µs",
        median(turns.iter().map(|turn| turn.per_second)),
        median(turns.iter().map(|turn| turn.p50_micros)),
        median(turns.iter().map(|turn| turn.p99_micros)),
    )
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
