//! What the clients of the simulation ask for.

use super::Simulation;
use super::ledger::TOKEN;
use crate::machine::{Answer, answer_of};
use crate::support::*;
use shale_engine::*;
use shale_env::{Clock, Rand};
use shale_item::{AttributeValue, Item, KeyAttribute, KeyType, TableId};
use std::collections::BTreeSet;

/// The attribute with the expiry.
pub const EXPIRY: &str = "e";
pub const YEAR_SECONDS: u64 = 365 * 24 * 3600;
/// How long the history of `t` is kept.
pub const RETENTION_MICROS: u64 = 48 * 3_600_000_000;
const TABLES: [&str; 2] = ["t", "u"];
/// Values of HASH.
pub const PARTITIONS: [&str; 3] = ["a", "b", "z"];
const VIEWS: [StreamView; 4] = [
    StreamView::KeysOnly,
    StreamView::NewImage,
    StreamView::OldImage,
    StreamView::NewAndOldImages,
];

/// A write of one item.
#[derive(Clone, Debug)]
pub enum Write {
    Put(PutItem),
    Update(UpdateItem, i64),
    Delete(DeleteItem),
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub enum Request {
    One(Write),
    /// TransactWriteItems.
    Together(Vec<Write>),
    /// BEGIN, a look at the first item, the writes one after the other, COMMIT.
    Transaction(Vec<Write>),
    /// A statement of many rows: a transaction that is tried again by itself.
    Atomically(Vec<Write>),
    Change(&'static str, TableChanges),
    /// The same in a transaction, between its writes.
    Redefine(&'static str, TableChanges, Vec<Write>),
    /// A transaction that drops `u`, creates it anew and writes.
    Recreate(Vec<Write>),
    Create(CreateTable),
    Drop(&'static str),
    Job(Job),
}

impl Write {
    fn token(&self) -> Option<i64> {
        match self {
            Write::Put(put) => match &put.item[TOKEN] {
                AttributeValue::N(number) => number.to_i64(),
                other => panic!("{other:?}"),
            },
            Write::Update(_, token) => Some(*token),
            Write::Delete(_) => None,
        }
    }

    fn table(&self) -> &str {
        match self {
            Write::Put(put) => &put.table,
            Write::Update(update, _) => &update.table,
            Write::Delete(delete) => &delete.table,
        }
    }

    fn key(&self) -> Item {
        let of = match self {
            Write::Put(put) => &put.item,
            Write::Update(update, _) => &update.key,
            Write::Delete(delete) => &delete.key,
        };
        item(["h", "r"].map(|name| (name, of[name].clone())))
    }

    fn action(self) -> TransactAction {
        match self {
            Write::Put(put) => TransactAction::Put(put),
            Write::Update(update, _) => TransactAction::Update(update),
            Write::Delete(delete) => TransactAction::Delete(delete),
        }
    }
}

impl Request {
    fn writes(&self) -> &[Write] {
        match self {
            Request::One(write) => std::slice::from_ref(write),
            Request::Together(writes)
            | Request::Transaction(writes)
            | Request::Atomically(writes)
            | Request::Redefine(_, _, writes)
            | Request::Recreate(writes) => writes,
            _ => &[],
        }
    }

    /// What tells its writes from all others.
    pub fn tokens(&self) -> impl Iterator<Item = i64> {
        self.writes().iter().filter_map(Write::token)
    }

    /// How many items of `t` it deletes, if they are there.
    pub fn deletions(&self) -> u64 {
        let deletes = |write: &&Write| matches!(write, Write::Delete(_)) && write.table() == "t";
        self.writes().iter().filter(deletes).count() as u64
    }

    /// Whether its answer tells whether the item was there.
    pub fn is_alone(&self) -> bool {
        matches!(self, Request::One(_))
    }
}

fn attribute(name: &str, key_type: KeyType) -> KeyAttribute {
    KeyAttribute {
        name: name.to_owned(),
        key_type,
    }
}

fn index(name: &str, partition: &[KeyAttribute], sort: &[KeyAttribute]) -> Index {
    Index {
        name: name.to_owned(),
        id: TableId(0),
        kind: IndexKind::Global,
        partition: partition.to_vec(),
        sort: sort.to_vec(),
        projection: IndexProjection::All,
        provisioned: None,
        status: IndexStatus::Active,
    }
}

fn table_of(name: &str, indexes: Vec<Index>, view: StreamView) -> CreateTable {
    let mut definition = table(name, ("h", KeyType::S), Some(("r", KeyType::N)));
    definition.derived.indexes = indexes;
    definition.derived.stream = Some(StreamDefinition {
        id: 0,
        created_micros: 0,
        view,
    });
    definition.derived.ttl = Some(TimeToLive {
        attribute: EXPIRY.to_owned(),
        id: 0,
        status: IndexStatus::Active,
    });
    definition
}

/// The table that stays.
pub fn table_t() -> CreateTable {
    let (a, b) = (attribute("a", KeyType::N), attribute("b", KeyType::S));
    let local = Index {
        kind: IndexKind::Local,
        projection: IndexProjection::Include(vec!["c".to_owned()]),
        ..index(
            "local",
            &[attribute("h", KeyType::S)],
            std::slice::from_ref(&a),
        )
    };
    let keys = Index {
        projection: IndexProjection::KeysOnly,
        ..index("keys", &[b], std::slice::from_ref(&a))
    };
    let indexes = vec![local, index("whole", &[a], &[]), keys];
    let definition = table_of("t", indexes, StreamView::NewAndOldImages);
    crate::time_travel::with_history(definition, RETENTION_MICROS / 1_000_000)
}

/// The table that comes and goes.
pub fn table_u() -> CreateTable {
    let included = Index {
        projection: IndexProjection::Include(vec!["b".to_owned(), "w".to_owned()]),
        ..index("included", &[attribute("a", KeyType::N)], &[])
    };
    table_of("u", vec![included], StreamView::NewImage)
}

/// An index that is created later. Items may have an attribute that is no key of it.
fn late(number: u64) -> Index {
    let (a, b) = (attribute("a", KeyType::N), attribute("b", KeyType::S));
    let (c, r) = (attribute("c", KeyType::N), attribute("r", KeyType::N));
    match number {
        0 => Index {
            projection: IndexProjection::Include(vec!["w".to_owned()]),
            ..index("late0", &[c], &[r])
        },
        1 => index("late1", &[b, a], &[]),
        _ => Index {
            projection: IndexProjection::KeysOnly,
            ..index("late2", &[a], &[])
        },
    }
}

impl Simulation {
    pub fn next_request(&mut self) -> Request {
        let count = 2 + self.rand.below(3) as usize;
        match self.rand.below(100) {
            0..40 => Request::One(self.write()),
            40..50 => Request::Together(self.writes(count)),
            50..58 => Request::Transaction(self.writes(count)),
            58..62 => Request::Atomically(self.writes(count)),
            62..66 => {
                let (table, changes) = self.change();
                Request::Change(table, changes)
            }
            66..70 => {
                let (table, changes) = self.change();
                Request::Redefine(table, changes, self.writes(count))
            }
            70 | 71 => Request::Recreate(self.writes(count)),
            72 => Request::Drop("u"),
            73..75 => Request::Create(table_u()),
            75..82 => Request::Job(Job::Backfill),
            82..92 => Request::Job(Job::Indexes),
            92..96 => Request::Job(Job::Expiry),
            96..98 => Request::Job(Job::Retention),
            _ => Request::Job(Job::History),
        }
    }

    fn change(&self) -> (&'static str, TableChanges) {
        let table = TABLES[self.rand.below(2) as usize];
        let index = late(self.rand.below(3));
        let mut changes = TableChanges::default();
        match self.rand.below(8) {
            0..4 => changes.indexes.push(IndexChange::Create(index)),
            4 | 5 => changes.indexes.push(IndexChange::Drop(index.name)),
            6 => changes.ttl = Some(self.rand.chance(60).then(|| EXPIRY.to_owned())),
            _ => {
                let view = VIEWS[self.rand.below(4) as usize];
                changes.stream = Some(self.rand.chance(60).then_some(view));
                // The stream of `t` tells of all deletions.
                return ("u", changes);
            }
        }
        (table, changes)
    }

    /// Writes of different items.
    fn writes(&mut self, count: usize) -> Vec<Write> {
        let mut keys = BTreeSet::new();
        let mut writes: Vec<Write> = (0..count).map(|_| self.write()).collect();
        writes.retain(|write| keys.insert(format!("{} {:?}", write.table(), write.key())));
        writes
    }

    fn write(&mut self) -> Write {
        let table = TABLES[usize::from(self.rand.chance(30))];
        let h = PARTITIONS[self.rand.below(3) as usize];
        let key = item([("h", s(h)), ("r", n(self.rand.below(4) as i64))]);
        self.next_token += 1;
        let token = self.next_token;
        match self.rand.below(10) {
            0..5 => {
                let mut whole = self.attributes();
                whole.extend(key);
                whole.insert(TOKEN.to_owned(), n(token));
                Write::Put(put(table, whole))
            }
            5..8 => {
                let mut values = item([(":w", n(token))]);
                let text = match self.rand.below(4) {
                    0 => "SET w = :w REMOVE a, e",
                    1 => "SET w = :w REMOVE b",
                    2 => {
                        values.insert(":a".to_owned(), n(self.rand.below(5) as i64));
                        "SET w = :w, a = :a"
                    }
                    _ => {
                        values.insert(":e".to_owned(), self.expiry());
                        "SET w = :w, e = :e"
                    }
                };
                Write::Update(update(table, key, text, values), token)
            }
            _ => Write::Delete(delete(table, key)),
        }
    }

    fn attributes(&self) -> Item {
        let mut attributes = Item::new();
        let mut set = |percent, name: &str, value| {
            if self.rand.chance(percent) {
                attributes.insert(name.to_owned(), value);
            }
        };
        set(70, "a", n(self.rand.below(5) as i64));
        set(60, "b", s(["x", "y"][self.rand.below(2) as usize]));
        set(40, "c", n(self.rand.below(3) as i64));
        set(10, "c", s("no key"));
        set(40, EXPIRY, self.expiry());
        set(30, "text", s(&"x".repeat(self.rand.below(300) as usize)));
        attributes
    }

    /// Soon, long ago, later, or no time at all.
    fn expiry(&self) -> AttributeValue {
        let now = self.machine.clock.now_micros() / 1_000_000;
        match self.rand.below(20) {
            0 => s("never"),
            1 => n((now - 6 * YEAR_SECONDS) as i64),
            2 => n(-5),
            3..8 => n((now - self.rand.below(3600)) as i64),
            _ => n((now + self.rand.below(10 * 3600)) as i64),
        }
    }
}

/// Does what a client asks for. Says whether the item was there, if it is about one.
pub async fn perform(engine: &Engine, request: Request) -> Answer<bool> {
    answer_of(try_perform(engine, request).await)
}

async fn try_perform(engine: &Engine, request: Request) -> Result<bool, Error> {
    match request {
        Request::One(Write::Put(put)) => Ok(engine.put_item(put).await?.existed),
        Request::One(Write::Update(update, _)) => Ok(engine.update_item(update).await?.existed),
        Request::One(Write::Delete(delete)) => Ok(engine.delete_item(delete).await?.existed),
        Request::Together(writes) => {
            let actions: Vec<TransactAction> = writes.into_iter().map(Write::action).collect();
            engine.transact_write(&actions, None).await.map(|_| true)
        }
        Request::Transaction(writes) => {
            let nothing = |_: &Transaction| Ok(());
            transact(engine, &writes, 0, nothing).await.map(|()| true)
        }
        Request::Atomically(writes) => {
            let run = |transaction| stage_all(transaction, &writes);
            engine.atomically(run).await.map(|()| true)
        }
        Request::Redefine(table, changes, writes) => {
            let change =
                |transaction: &Transaction| transaction.update_table(table, &changes).map(drop);
            let half = writes.len() / 2;
            transact(engine, &writes, half, change).await.map(|()| true)
        }
        Request::Recreate(writes) => {
            let recreate = |transaction: &Transaction| {
                transaction.delete_table("u")?;
                transaction.create_table(&table_u()).map(drop)
            };
            transact(engine, &writes, 0, recreate).await.map(|()| true)
        }
        Request::Change(table, changes) => engine.update_table(table, changes).await.map(|_| true),
        Request::Create(definition) => engine.create_table(definition).await.map(|_| true),
        Request::Drop(table) => engine.delete_table(table).await.map(|_| true),
        Request::Job(job) => engine.job_step(job).await,
    }
}

/// Looks at the first item, writes so many, defines something, writes the rest.
async fn transact(
    engine: &Engine,
    writes: &[Write],
    before: usize,
    define: impl Fn(&Transaction) -> Result<(), Error>,
) -> Result<(), Error> {
    let transaction = engine.begin(TransactionOptions::default());
    let look = GetItem {
        table: writes[0].table().to_owned(),
        key: writes[0].key(),
        consistent: true,
    };
    transaction.view().get_item(&look)?;
    for (at, write) in writes.iter().enumerate() {
        futures::pending!();
        if at == before {
            define(&transaction)?;
        }
        stage(&transaction, write)?;
    }
    futures::pending!();
    transaction.commit().await
}

async fn stage_all(transaction: Transaction, writes: &[Write]) -> Result<(), Error> {
    for write in writes {
        stage(&transaction, write)?;
        futures::pending!();
    }
    Ok(())
}

fn stage(transaction: &Transaction, write: &Write) -> Result<(), Error> {
    match write {
        Write::Put(put) => transaction.put_item(put)?,
        Write::Update(update, _) => transaction.update_item(update)?,
        Write::Delete(delete) => transaction.delete_item(delete)?,
    };
    Ok(())
}
