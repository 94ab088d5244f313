//! Generated statements, asked of ShaleDB and of a PostgreSQL in the same run, whose answers must be the same.
//!
//! 1. `schema`: a few small tables that both take, with rows full of NULLs and of edges.
//! 2. `statements` makes a statement from a number and the seed, `expressions` what stands in it, out of the list in `templates`.
//! 3. Both servers get it, by turns through the simple and the extended protocol; `answer` compares columns, types, rows and SQLSTATEs.
//!
//! A seed and a count always give the same statements. What is known to differ stands in docs/COMPAT.md and is in no template.

mod answer;
mod expressions;
mod faults;
mod random;
mod schema;
mod statements;
mod templates;

use crate::client::Protocol;
use crate::server::Server;
use answer::{Answer, Connection};
use random::Random;
use statements::{Statement, TOPICS, Topic};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is asked, and how much of it is told.
pub struct Options {
    seed: u64,
    count: usize,
    topic: Option<Topic>,
    show: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seed: 1,
            count: 4_000,
            topic: None,
            show: 20,
        }
    }
}

impl Options {
    /// Takes a flag's value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || {
            let number = value.parse::<u64>();
            number.map_err(|_| format!("--{name} needs a number, not {value}"))
        };
        match name {
            "seed" => self.seed = number()?,
            "count" => self.count = number()? as usize,
            "show" => self.show = number()? as usize,
            "topic" => {
                let topic = TOPICS.iter().find(|topic| topic.name == value);
                self.topic = Some(*topic.ok_or_else(|| {
                    let names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
                    format!("topics: {}; not {value}", names.join(", "))
                })?);
            }
            _ => return Err(format!("unknown flag --{name}")),
        }
        Ok(())
    }

    /// The statement of a number.
    fn statement(&self, number: usize) -> (Topic, Statement) {
        let topic = self.topic.unwrap_or(TOPICS[number % TOPICS.len()]);
        let of_topic = match self.topic {
            Some(_) => number,
            None => turns_before(number),
        };
        let mut random = Random::new(self.seed, number as u64);
        (topic, (topic.make)(&mut random, of_topic))
    }
}

/// How many statements of the same topic come before one.
fn turns_before(number: usize) -> usize {
    let (round, place) = (number / TOPICS.len(), number % TOPICS.len());
    let same = |topics: &[Topic]| {
        let same = topics
            .iter()
            .filter(|topic| topic.name == TOPICS[place].name);
        same.count()
    };
    round * same(&TOPICS) + same(&TOPICS[..place])
}

/// Connections that work at the same time.
const CONNECTIONS: usize = 2;

/// How the answers of one statement differ.
struct Disagreement {
    number: usize,
    topic: &'static str,
    protocol: Protocol,
    sql: String,
    theirs: Answer,
    ours: Answer,
}

/// Whether both servers agree on everything.
pub async fn run(options: &Options, postgres: &str) -> Result<bool, String> {
    let servers = [
        Server::start(Some(postgres)).await?,
        Server::start(None).await?,
    ];
    for server in &servers {
        Connection::open(server.url())
            .await?
            .prepare_tables()
            .await
            .map_err(|error| format!("{}: {error}", server.label()))?;
    }
    let (mut workers, mut disagreements) = (Vec::new(), Vec::new());
    for worker in 0..CONNECTIONS {
        let mut connections = Vec::new();
        for server in &servers {
            connections.push(Connection::open(server.url()).await?);
        }
        workers.push(work(options, connections, worker));
    }
    let second = workers.pop();
    let first = workers.pop();
    if let (Some(first), Some(second)) = (first, second) {
        let (first, second) = tokio::join!(first, second);
        disagreements.extend(first?);
        disagreements.extend(second?);
    }
    disagreements.sort_by_key(|disagreement| disagreement.number);
    report(options, &disagreements);
    Ok(disagreements.is_empty())
}

async fn work(
    options: &Options,
    mut connections: Vec<Connection>,
    worker: usize,
) -> Result<Vec<Disagreement>, String> {
    let mut disagreements = Vec::new();
    for number in (worker..options.count).step_by(CONNECTIONS) {
        let (topic, statement) = options.statement(number);
        let protocol = match (number / TOPICS.len()).is_multiple_of(2) {
            true => Protocol::Simple,
            false => Protocol::Extended,
        };
        let mut answers = Vec::new();
        for connection in &mut connections {
            let answer = connection.ask(&statement, protocol).await;
            answers.push(answer.map_err(|error| format!("{error}, with {}", statement.sql))?);
        }
        let ours = answers.pop();
        if let (Some(theirs), Some(ours)) = (answers.pop(), ours)
            && !theirs.agrees(&ours)
        {
            disagreements.push(Disagreement {
                number,
                topic: topic.name,
                protocol,
                sql: statement.sql,
                theirs,
                ours,
            });
        }
    }
    Ok(disagreements)
}

fn report(options: &Options, disagreements: &[Disagreement]) {
    let mut by_topic: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::new();
    for (place, disagreement) in disagreements.iter().enumerate() {
        *by_topic.entry(disagreement.topic).or_default() += 1;
        if place < options.show {
            let _ = writeln!(
                out,
                "── {} ({}, {})\n{}\nPostgreSQL: {}\nShaleDB:    {}",
                disagreement.number,
                disagreement.topic,
                disagreement.protocol.label(),
                disagreement.sql,
                disagreement.theirs,
                disagreement.ours,
            );
        }
    }
    print!("{out}");
    for (topic, count) in &by_topic {
        println!("{topic}: {count}");
    }
    println!(
        "cross-check: {} statements with seed {}, {} answered differently",
        options.count,
        options.seed,
        disagreements.len()
    );
}
