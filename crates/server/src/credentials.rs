//! Users and access keys, kept in system tables of the database itself.
//!
//! The doors look credentials up in memory ([`Credentials`] is their `CredentialStore`); changes are written to the tables first.
//! A password is kept as a SCRAM verifier. The secret of an access key must be recovered to verify a signature, so it is kept
//! sealed with the key in `secret.key` (mode 0600), bound to its id and user: a copy of the tables alone opens nothing.

use crate::error::Error;
use crate::seal::SealingKey;
use arc_swap::ArcSwap;
use bytes::Bytes;
use shale_auth::{Access, AccessKey, CredentialStore, ScramVerifier, SessionToken};
use shale_engine::{BillingMode, CreateTable, DeleteItem, Engine, PutItem, ReturnValues, Scan};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const USERS: &str = "users";
const ACCESS_KEYS: &str = "access_keys";
/// What the row of a key that only reads says of its access.
const READ_ONLY: &str = "read-only";
/// PBKDF2 rounds of new passwords: PostgreSQL's default.
const SCRAM_ITERATIONS: u32 = 4096;
const NAME_BYTES_MAX: usize = 63;
const PASSWORD_BYTES_MAX: usize = 1024;
/// How long temporary credentials are good at most, seconds: 36 hours, as those of GetSessionToken.
pub const DURATION_SECONDS_MAX: u64 = 129_600;
/// How long temporary keys are kept behind their end, so that their holders learn what is wrong.
const ENDED_KEPT_SECONDS: u64 = 86_400;
const SESSION_TOKEN_CHARACTERS: usize = 64;

/// Users and access keys, in memory and in the database.
pub struct Credentials {
    tables: Engine,
    directory: PathBuf,
    sealing: SealingKey,
    state: ArcSwap<State>,
    /// One change at a time, so that memory and tables agree.
    changes: tokio::sync::Mutex<()>,
}

/// An access key that is asked for.
#[derive(Debug, Default)]
pub struct NewAccessKey {
    /// Generated if there is none.
    pub id: Option<String>,
    /// Generated if there is none.
    pub secret: Option<String>,
    /// What requests signed with it may do.
    pub access: Access,
    /// Of temporary credentials: how long they are good.
    pub duration_seconds: Option<u64>,
}

#[derive(Clone, Default)]
struct State {
    users: BTreeMap<String, ScramVerifier>,
    access_keys: HashMap<String, AccessKey>,
}

impl CredentialStore for Credentials {
    fn scram_verifier(&self, user: &str) -> Option<ScramVerifier> {
        self.state.load().users.get(user).cloned()
    }
    fn access_key(&self, id: &str) -> Option<AccessKey> {
        self.state.load().access_keys.get(id).cloned()
    }
}

impl Credentials {
    /// Opens the credentials of a database; makes the system tables and the key file where there are none.
    ///
    /// # Errors
    /// The tables cannot be read, or the key file is missing or not the one that sealed them.
    pub async fn open(engine: &Engine, directory: &Path) -> Result<Credentials, Error> {
        let database = |source| Error::Database {
            path: directory.to_owned(),
            source: Box::new(source),
        };
        let tables = engine.system_tables();
        for (table, key) in [(USERS, "name"), (ACCESS_KEYS, "id")] {
            if tables.describe_table(table).is_err() {
                tables
                    .create_table(system_table(table, key))
                    .await
                    .map_err(database)?;
            }
        }
        let users = read_all(&tables, USERS).map_err(database)?;
        let keys = read_all(&tables, ACCESS_KEYS).map_err(database)?;
        let sealing = SealingKey::open(directory, keys.is_empty())?;
        let mut state = State::default();
        for item in users {
            let damaged = || Error::Refused("a row of the users table is damaged".to_owned());
            let name = text(&item, "name").ok_or_else(damaged)?;
            let verifier = text(&item, "scram")
                .and_then(|scram| scram.parse().ok())
                .ok_or_else(damaged)?;
            state.users.insert(name, verifier);
        }
        for item in keys {
            let key = open_access_key(&sealing, directory, &item)?;
            state.access_keys.insert(key.id.clone(), key);
        }
        Ok(Credentials {
            tables,
            directory: directory.to_owned(),
            sealing,
            state: ArcSwap::from_pointee(state),
            changes: tokio::sync::Mutex::new(()),
        })
    }

    /// All user names, in order.
    pub fn users(&self) -> Vec<String> {
        self.state.load().users.keys().cloned().collect()
    }

    /// All access keys, in order of id.
    pub fn access_keys(&self) -> Vec<AccessKey> {
        let state = self.state.load();
        let mut keys: Vec<AccessKey> = state.access_keys.values().cloned().collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        keys
    }

    /// Adds a user.
    ///
    /// # Errors
    /// The name is taken or not usable, the password is not usable, the database.
    pub async fn add_user(&self, name: &str, password: &str) -> Result<(), Error> {
        check_name(name)?;
        let verifier = verifier(password)?;
        let _change = self.changes.lock().await;
        if self.state.load().users.contains_key(name) {
            return Err(Error::Refused(format!("user \"{name}\" already exists")));
        }
        self.store_user(name, verifier).await
    }

    /// Changes a user's password. Open connections stay.
    ///
    /// # Errors
    /// There is no such user, the password is not usable, the database.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), Error> {
        let verifier = verifier(password)?;
        let _change = self.changes.lock().await;
        self.require_user(name)?;
        self.store_user(name, verifier).await
    }

    /// Drops a user and its access keys.
    ///
    /// # Errors
    /// There is no such user, or it is the last one (nobody could get in), the database.
    pub async fn drop_user(&self, name: &str) -> Result<(), Error> {
        let _change = self.changes.lock().await;
        self.require_user(name)?;
        if self.state.load().users.len() == 1 {
            return Err(Error::Refused(format!(
                "user \"{name}\" is the last one; add another first"
            )));
        }
        for key in self.access_keys() {
            if key.user == name {
                self.remove_access_key(&key.id).await?;
            }
        }
        self.delete(USERS, "name", name).await?;
        self.change(|state| {
            state.users.remove(name);
        });
        Ok(())
    }

    /// Makes an access key for a user; what is not given is generated. Temporary keys that ended long ago go.
    ///
    /// # Errors
    /// There is no such user, the id is taken or not usable, the database.
    pub async fn create_access_key(
        &self,
        user: &str,
        wanted: NewAccessKey,
    ) -> Result<AccessKey, Error> {
        let now = now_seconds();
        let key = AccessKey {
            id: wanted.id.unwrap_or_else(|| match wanted.duration_seconds {
                None => generate_access_key_id("AKIA"),
                Some(_) => generate_access_key_id("ASIA"),
            }),
            secret: wanted
                .secret
                .unwrap_or_else(|| crate::seal::random_text(40)),
            user: user.to_owned(),
            access: wanted.access,
            session: wanted.duration_seconds.map(|seconds| SessionToken {
                token: crate::seal::random_text(SESSION_TOKEN_CHARACTERS),
                expires: now.saturating_add(seconds),
            }),
        };
        check_access_key_id(&key.id)?;
        let _change = self.changes.lock().await;
        self.require_user(user)?;
        if self.state.load().access_keys.contains_key(&key.id) {
            let reason = format!("access key {} already exists", key.id);
            return Err(Error::Refused(reason));
        }
        for old in self.access_keys() {
            let ended = |session: &SessionToken| session.expires + ENDED_KEPT_SECONDS < now;
            if old.session.as_ref().is_some_and(ended) {
                self.remove_access_key(&old.id).await?;
            }
        }
        self.put(ACCESS_KEYS, row_of(&key, &self.sealing)).await?;
        self.change(|state| {
            state.access_keys.insert(key.id.clone(), key.clone());
        });
        Ok(key)
    }

    /// Drops an access key.
    ///
    /// # Errors
    /// There is no such key, the database.
    pub async fn drop_access_key(&self, id: &str) -> Result<(), Error> {
        let _change = self.changes.lock().await;
        if !self.state.load().access_keys.contains_key(id) {
            return Err(Error::Refused(format!("access key {id} does not exist")));
        }
        self.remove_access_key(id).await
    }

    async fn store_user(&self, name: &str, verifier: ScramVerifier) -> Result<(), Error> {
        let item = Item::from([
            ("name".to_owned(), AttributeValue::S(name.to_owned())),
            ("scram".to_owned(), AttributeValue::S(verifier.to_string())),
        ]);
        self.put(USERS, item).await?;
        self.change(|state| {
            state.users.insert(name.to_owned(), verifier);
        });
        Ok(())
    }

    async fn remove_access_key(&self, id: &str) -> Result<(), Error> {
        self.delete(ACCESS_KEYS, "id", id).await?;
        self.change(|state| {
            state.access_keys.remove(id);
        });
        Ok(())
    }

    fn require_user(&self, name: &str) -> Result<(), Error> {
        if self.state.load().users.contains_key(name) {
            return Ok(());
        }
        Err(Error::Refused(format!("user \"{name}\" does not exist")))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = State::clone(&self.state.load());
        change(&mut state);
        self.state.store(Arc::new(state));
    }

    async fn put(&self, table: &str, item: Item) -> Result<(), Error> {
        let request = PutItem {
            table: table.to_owned(),
            item,
            condition: None,
            return_values: ReturnValues::None,
            return_item_on_failure: false,
        };
        self.tables
            .put_item(request)
            .await
            .map(drop)
            .map_err(|source| self.database(source))
    }

    async fn delete(&self, table: &str, key_name: &str, key: &str) -> Result<(), Error> {
        let request = DeleteItem {
            table: table.to_owned(),
            key: Item::from([(key_name.to_owned(), AttributeValue::S(key.to_owned()))]),
            condition: None,
            return_values: ReturnValues::None,
            return_item_on_failure: false,
        };
        self.tables
            .delete_item(request)
            .await
            .map(drop)
            .map_err(|source| self.database(source))
    }

    fn database(&self, source: shale_engine::Error) -> Error {
        Error::Database {
            path: self.directory.clone(),
            source: Box::new(source),
        }
    }
}

fn system_table(name: &str, key: &str) -> CreateTable {
    CreateTable {
        name: name.to_owned(),
        key_schema: KeySchema {
            partition: KeyAttribute {
                name: key.to_owned(),
                key_type: KeyType::S,
            },
            sort: None,
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection: true,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        sql: Default::default(),
        derived: Default::default(),
    }
}

fn read_all(tables: &Engine, table: &str) -> Result<Vec<Item>, shale_engine::Error> {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let page = tables.scan(&Scan {
            table: table.to_owned(),
            index: None,
            whole_items: false,
            filter: None,
            limit: None,
            exclusive_start_key: start,
            segment: None,
            consistent: true,
        })?;
        items.extend(page.items.iter().map(|item| item.to_item()));
        match page.last_evaluated_key {
            Some(key) => start = Some(key),
            None => return Ok(items),
        }
    }
}

fn open_access_key(
    sealing: &SealingKey,
    directory: &Path,
    item: &Item,
) -> Result<AccessKey, Error> {
    let damaged = || Error::Refused("a row of the access key table is damaged".to_owned());
    let id = text(item, "id").ok_or_else(damaged)?;
    let user = text(item, "user").ok_or_else(damaged)?;
    let Some(AttributeValue::B(sealed)) = item.get("sealed") else {
        return Err(damaged());
    };
    let access = match text(item, "access").as_deref() {
        None => Access::Full,
        Some(READ_ONLY) => Access::ReadOnly,
        Some(_) => return Err(damaged()),
    };
    let expires = match text(item, "expires") {
        None => None,
        Some(seconds) => Some(seconds.parse().map_err(|_| damaged())?),
    };
    let opened = sealing
        .open_sealed(&seal_context(&id, &user, access, expires), sealed)
        .and_then(|opened| String::from_utf8(opened).ok())
        .ok_or_else(|| Error::KeyFile {
            path: SealingKey::path(directory),
            reason: "it is not the key that sealed them",
        })?;
    let (secret, session) = match expires {
        None => (opened, None),
        Some(expires) => {
            let (secret, token) = opened.split_once('\n').ok_or_else(damaged)?;
            let token = token.to_owned();
            (secret.to_owned(), Some(SessionToken { token, expires }))
        }
    };
    Ok(AccessKey {
        id,
        secret,
        user,
        access,
        session,
    })
}

/// The row of an access key: its secret, and behind a newline its session token, are sealed.
fn row_of(key: &AccessKey, sealing: &SealingKey) -> Item {
    let expires = key.session.as_ref().map(|session| session.expires);
    let context = seal_context(&key.id, &key.user, key.access, expires);
    let sealed = match &key.session {
        None => sealing.seal(&context, key.secret.as_bytes()),
        Some(session) => {
            let both = format!("{}\n{}", key.secret, session.token);
            sealing.seal(&context, both.as_bytes())
        }
    };
    let mut row = Item::from([
        ("id".to_owned(), AttributeValue::S(key.id.clone())),
        ("user".to_owned(), AttributeValue::S(key.user.clone())),
        ("sealed".to_owned(), AttributeValue::B(Bytes::from(sealed))),
    ]);
    if key.access == Access::ReadOnly {
        let value = AttributeValue::S(READ_ONLY.to_owned());
        row.insert("access".to_owned(), value);
    }
    if let Some(expires) = expires {
        let value = AttributeValue::S(expires.to_string());
        row.insert("expires".to_owned(), value);
    }
    row
}

fn text(item: &Item, name: &str) -> Option<String> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

/// What a sealed secret is bound to, so that a row that was tampered with does not open.
fn seal_context(id: &str, user: &str, access: Access, expires: Option<u64>) -> String {
    let mut context = format!("access-key/{id}/{user}");
    if access == Access::ReadOnly {
        context += "/read-only";
    }
    if let Some(expires) = expires {
        context += &format!("/expires/{expires}");
    }
    context
}

fn verifier(password: &str) -> Result<ScramVerifier, Error> {
    if password.is_empty() {
        return Err(Error::Refused("the password is empty".to_owned()));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::Refused(format!(
            "the password is longer than {PASSWORD_BYTES_MAX} bytes"
        )));
    }
    Ok(ScramVerifier::new(
        password,
        crate::seal::random_bytes::<16>().to_vec(),
        SCRAM_ITERATIONS,
    ))
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Error::Refused(format!(
            "a user name has 1 to {NAME_BYTES_MAX} bytes and no control characters"
        )));
    }
    Ok(())
}

/// IAM's rule for access key ids: 16 to 128 letters and digits; shorter ones are fine here.
fn check_access_key_id(id: &str) -> Result<(), Error> {
    let usable = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() || id.len() > 128 || !id.chars().all(usable) {
        return Err(Error::Refused(
            "an access key id has 1 to 128 letters, digits, _ or -".to_owned(),
        ));
    }
    Ok(())
}

/// Seconds since the Unix epoch, as signatures are judged by too.
#[expect(
    clippy::disallowed_methods,
    reason = "the end of credentials is an edge's time"
)]
fn now_seconds() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.unwrap_or_default().as_secs()
}

/// The prefix and 16 characters, as IAM's look.
fn generate_access_key_id(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let characters = crate::seal::random_bytes::<16>()
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    format!("{prefix}{}", characters.iter().collect::<String>())
}
