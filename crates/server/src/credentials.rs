//! Users and access keys, kept in system tables of the database itself.
//!
//! The doors look credentials up in memory ([`Credentials`] is their `CredentialStore`); changes are written to the tables first.
//! A password is kept as a SCRAM verifier. The secret of an access key must be recovered to verify a signature, so it is kept
//! sealed with the key in `secret.key` (mode 0600), bound to its id and user: a copy of the tables alone opens nothing.

use crate::error::Error;
use crate::seal::SealingKey;
use arc_swap::ArcSwap;
use bytes::Bytes;
use shale_auth::{AccessKey, CredentialStore, ScramVerifier};
use shale_engine::{BillingMode, CreateTable, DeleteItem, Engine, PutItem, ReturnValues, Scan};
use shale_item::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const USERS: &str = "users";
const ACCESS_KEYS: &str = "access_keys";
/// PBKDF2 rounds of new passwords: PostgreSQL's default.
const SCRAM_ITERATIONS: u32 = 4096;
const NAME_BYTES_MAX: usize = 63;
const PASSWORD_BYTES_MAX: usize = 1024;

/// Users and access keys, in memory and in the database.
pub struct Credentials {
    tables: Engine,
    directory: PathBuf,
    sealing: SealingKey,
    state: ArcSwap<State>,
    /// One change at a time, so that memory and tables agree.
    changes: tokio::sync::Mutex<()>,
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

    /// All access keys as (id, user), in order of id.
    pub fn access_keys(&self) -> Vec<(String, String)> {
        let state = self.state.load();
        let mut keys: Vec<_> = state
            .access_keys
            .values()
            .map(|key| (key.id.clone(), key.user.clone()))
            .collect();
        keys.sort();
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
        for (id, user) in self.access_keys() {
            if user == name {
                self.remove_access_key(&id).await?;
            }
        }
        self.delete(USERS, "name", name).await?;
        self.change(|state| {
            state.users.remove(name);
        });
        Ok(())
    }

    /// Makes an access key for a user; what is not given is generated.
    ///
    /// # Errors
    /// There is no such user, the id is taken or not usable, the database.
    pub async fn create_access_key(
        &self,
        user: &str,
        given: (Option<String>, Option<String>),
    ) -> Result<AccessKey, Error> {
        let id = given.0.unwrap_or_else(generate_access_key_id);
        let secret = given.1.unwrap_or_else(|| crate::seal::random_text(40));
        check_access_key_id(&id)?;
        let _change = self.changes.lock().await;
        self.require_user(user)?;
        if self.state.load().access_keys.contains_key(&id) {
            return Err(Error::Refused(format!("access key {id} already exists")));
        }
        let sealed = self
            .sealing
            .seal(&seal_context(&id, user), secret.as_bytes());
        let item = Item::from([
            ("id".to_owned(), AttributeValue::S(id.clone())),
            ("user".to_owned(), AttributeValue::S(user.to_owned())),
            ("sealed".to_owned(), AttributeValue::B(Bytes::from(sealed))),
        ]);
        self.put(ACCESS_KEYS, item).await?;
        let key = AccessKey {
            id,
            secret,
            user: user.to_owned(),
        };
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
    let secret = sealing
        .open_sealed(&seal_context(&id, &user), sealed)
        .and_then(|secret| String::from_utf8(secret).ok())
        .ok_or_else(|| Error::KeyFile {
            path: SealingKey::path(directory),
            reason: "it is not the key that sealed them",
        })?;
    Ok(AccessKey { id, secret, user })
}

fn text(item: &Item, name: &str) -> Option<String> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

fn seal_context(id: &str, user: &str) -> String {
    format!("access-key/{id}/{user}")
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

/// `AKIA` and 16 characters, as IAM's look.
fn generate_access_key_id() -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let characters = crate::seal::random_bytes::<16>()
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    format!("AKIA{}", characters.iter().collect::<String>())
}
