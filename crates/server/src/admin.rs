//! Administrative commands: to the running server over a 0600 socket in the data directory, else on the opened database.
//!
//! One JSON object a line each way.

use crate::credentials::{Credentials, NewAccessKey};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use shale_auth::{Access, AccessKey};
use shale_engine::{Engine, EngineOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// A request or answer is at most this long.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// What a command asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// Add a user.
    AddUser {
        /// Name.
        name: String,
        /// Password.
        password: String,
    },
    /// Change a password.
    SetPassword {
        /// Name.
        name: String,
        /// Password.
        password: String,
    },
    /// List users.
    ListUsers,
    /// Drop a user.
    DropUser {
        /// Name.
        name: String,
    },
    /// Create an access key.
    CreateAccessKey {
        /// Whose.
        user: String,
        /// Whether it only reads.
        #[serde(default)]
        read_only: bool,
        /// Of temporary credentials: how long they are good.
        #[serde(default)]
        duration_seconds: Option<u64>,
    },
    /// List access keys.
    ListAccessKeys,
    /// Drop an access key.
    DropAccessKey {
        /// Id.
        id: String,
    },
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// Done.
    Done,
    /// User names.
    Users {
        /// In order.
        names: Vec<String>,
    },
    /// A new access key.
    AccessKey {
        /// Id.
        id: String,
        /// Secret.
        secret: String,
        /// Of temporary credentials.
        #[serde(default)]
        session_token: Option<String>,
    },
    /// Access keys.
    AccessKeys {
        /// In order of id.
        keys: Vec<AccessKeyLine>,
    },
    /// Not done.
    Refused {
        /// Why.
        reason: String,
    },
}

/// An access key as it is listed.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessKeyLine {
    /// Id.
    pub id: String,
    /// Whose.
    pub user: String,
    /// Whether it only reads.
    pub read_only: bool,
    /// Of temporary credentials: when they end, seconds since the Unix epoch.
    pub expires: Option<u64>,
}

/// Called after users changed.
pub type OnUsersChanged = Arc<dyn Fn(Vec<String>) + Send + Sync>;

/// Carries a request out.
pub async fn handle(credentials: &Credentials, request: Request) -> Result<Response, Error> {
    match request {
        Request::AddUser { name, password } => credentials
            .add_user(&name, &password)
            .await
            .map(|()| Response::Done),
        Request::SetPassword { name, password } => credentials
            .set_password(&name, &password)
            .await
            .map(|()| Response::Done),
        Request::ListUsers => Ok(Response::Users {
            names: credentials.users(),
        }),
        Request::DropUser { name } => credentials.drop_user(&name).await.map(|()| Response::Done),
        Request::CreateAccessKey {
            user,
            read_only,
            duration_seconds,
        } => {
            let wanted = NewAccessKey {
                access: match read_only {
                    true => Access::ReadOnly,
                    false => Access::Full,
                },
                duration_seconds,
                ..NewAccessKey::default()
            };
            let key = credentials.create_access_key(&user, wanted).await?;
            Ok(Response::AccessKey {
                id: key.id,
                secret: key.secret,
                session_token: key.session.map(|session| session.token),
            })
        }
        Request::ListAccessKeys => Ok(Response::AccessKeys {
            keys: credentials.access_keys().iter().map(line_of).collect(),
        }),
        Request::DropAccessKey { id } => credentials
            .drop_access_key(&id)
            .await
            .map(|()| Response::Done),
    }
}

fn line_of(key: &AccessKey) -> AccessKeyLine {
    AccessKeyLine {
        id: key.id.clone(),
        user: key.user.clone(),
        read_only: key.access == Access::ReadOnly,
        expires: key.session.as_ref().map(|session| session.expires),
    }
}

/// Listens on the data directory's socket. The directory's lock is held, so that a socket file found here is a dead server's.
///
/// # Errors
/// The socket cannot be made.
pub fn listen(directory: &Path) -> Result<UnixListener, Error> {
    let path = directory.join("admin.sock");
    let failed = || Error::io(format!("cannot make {}", path.display()));
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed()(error)),
        _ => {}
    }
    let (_open, address) = short_path(directory).map_err(failed())?;
    let listener = UnixListener::bind(address).map_err(failed())?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed())?;
    Ok(listener)
}

/// Serves requests until the task is dropped.
pub async fn serve(
    listener: UnixListener,
    credentials: Arc<Credentials>,
    on_users_changed: OnUsersChanged,
) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "admin socket: accept failed");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let credentials = Arc::clone(&credentials);
        let on_users_changed = Arc::clone(&on_users_changed);
        tokio::spawn(async move {
            if let Err(error) = serve_one(stream, &credentials).await {
                tracing::warn!(%error, "admin socket: connection failed");
            }
            on_users_changed(credentials.users());
        });
    }
}

async fn serve_one(stream: UnixStream, credentials: &Credentials) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE_BYTES_MAX))
        .read_line(&mut line)
        .await?;
    let response = match serde_json::from_str(&line) {
        Ok(request) => {
            handle(credentials, request)
                .await
                .unwrap_or_else(|error| Response::Refused {
                    reason: error.to_string(),
                })
        }
        Err(error) => Response::Refused {
            reason: format!("not a request: {error}"),
        },
    };
    let mut answer = serde_json::to_vec(&response)?;
    answer.push(b'\n');
    write.write_all(&answer).await
}

/// Sends a request to the server of that directory; without one, opens the database and carries it out.
///
/// # Errors
/// There is no database, it cannot be opened, or the request is refused.
pub async fn send(directory: &Path, request: Request) -> Result<Response, Error> {
    let response = match connect(directory).await {
        Some(stream) => exchange(stream, &request)
            .await
            .map_err(Error::io("admin socket"))?,
        None => offline(directory, request).await?,
    };
    match response {
        Response::Refused { reason } => Err(Error::Refused(reason)),
        response => Ok(response),
    }
}

async fn connect(directory: &Path) -> Option<UnixStream> {
    let (_open, address) = short_path(directory).ok()?;
    UnixStream::connect(address).await.ok()
}

async fn exchange(stream: UnixStream, request: &Request) -> std::io::Result<Response> {
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(read.take(LINE_BYTES_MAX))
        .read_line(&mut answer)
        .await?;
    Ok(serde_json::from_str(&answer)?)
}

async fn offline(directory: &Path, request: Request) -> Result<Response, Error> {
    if !crate::serve::is_database(directory) {
        return Err(Error::NoDatabase {
            path: directory.to_owned(),
        });
    }
    let database = |source| Error::Database {
        path: directory.to_owned(),
        source: Box::new(source),
    };
    let engine: Engine = Engine::open_directory(EngineOptions::new(directory)).map_err(database)?;
    let response = match Credentials::open(&engine, directory).await {
        Ok(credentials) => handle(&credentials, request).await,
        Err(error) => Err(error),
    };
    engine.close().await.map_err(database)?;
    response
}

/// A path of the socket that fits `sockaddr_un` (108 bytes) however long the directory's own path is: through the open directory.
/// The file must stay open while the path is used.
fn short_path(directory: &Path) -> std::io::Result<(std::fs::File, PathBuf)> {
    use std::os::fd::AsRawFd;
    let open = std::fs::File::open(directory)?;
    let address = PathBuf::from(format!("/proc/self/fd/{}/admin.sock", open.as_raw_fd()));
    Ok((open, address))
}
