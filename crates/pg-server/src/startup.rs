//! From the first byte to the first ReadyForQuery: encryption requests, startup packet, password, settings.
//!
//! Not here: accepting sockets (`listener`), statements (`connection`), the arithmetic of SCRAM (`shale_auth::scram`).
//!
//! Flow:
//! 1. SSLRequest and GSSENCRequest are answered with N; a CancelRequest does its work and ends the connection.
//! 2. The startup packet names protocol version, user, database and settings.
//! 3. A place among `max_connections` is taken; without one: 53300.
//! 4. The password is checked with SCRAM-SHA-256. Only then is anything said about databases and settings.
//! 5. The session begins.

use crate::connection::{Connection, garbage, unknown_type};
use crate::interrupt::Failure;
use crate::listener::Server;
use crate::message;
use crate::report::Report;
use crate::sqlstate;
use crate::startup_options;
use crate::wire::{Frame, Wire};
use bytes::{Bytes, BytesMut};
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::{
    Authentication, BackendKeyData, GssEncRequest, NegotiateProtocolVersion, SecretKey, SslRequest,
    Startup,
};
use pgwire::messages::{DecodeContext, Message as _};
use shale_auth::ScramVerifier;
use shale_auth::scram::{MECHANISM, ScramError, ScramExchange};
use shale_sql::Session;
use std::io;
use tokio::sync::OwnedSemaphorePermit;

/// PostgreSQL's bounds for a startup packet.
const PACKET_BYTES_MIN: usize = 8;
const PACKET_BYTES_MAX: usize = 10_000;
/// The newest protocol that is spoken: 3.2.
const MINOR_MAX: u16 = 2;
/// Where `pg_backend_pid()` finds its answer.
const BACKEND_PID_SETTING: &str = "shale.backend_pid";
/// The databases that exist; both are the same one.
const DATABASES: [&str; 2] = ["shale", "postgres"];

/// What a new socket wanted.
pub(crate) enum Started {
    /// A cancel request, done.
    Nothing,
    /// A session, with its place among `max_connections`.
    Session(Box<Opened>),
}

/// A session that can begin.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) registration: crate::cancel::Registration,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Opened {
    /// The connection that serves it.
    pub(crate) fn connection(
        self,
        wire: Wire,
        server: &Server,
    ) -> (Connection, OwnedSemaphorePermit) {
        let connection = Connection::new(
            wire,
            self.session,
            self.registration,
            server.shutdown.child_token(),
            server.force.child_token(),
        );
        (connection, self.permit)
    }
}

/// Does all of it.
pub(crate) async fn start(server: &Server, wire: &mut Wire) -> Result<Started, Failure> {
    let Some(startup) = opening(server, wire).await? else {
        return Ok(Started::Nothing);
    };
    let long_key = negotiate_version(wire, &startup);
    let parameter = |name: &str| {
        startup
            .parameters
            .get(name)
            .filter(|value| !value.is_empty())
    };
    let user = parameter("user").ok_or_else(|| {
        Report::fatal(
            "28000",
            "no PostgreSQL user name specified in startup packet",
        )
    })?;
    let permit = server
        .places
        .clone()
        .try_acquire_owned()
        .map_err(|_| too_many())?;
    authenticate(server, wire, user).await?;
    wire.output.authentication(&Authentication::Ok);

    let database = parameter("database").unwrap_or(user);
    if !DATABASES.contains(&database.as_str()) {
        let message = format!("database \"{database}\" does not exist");
        return Err(Report::fatal("3D000", message)
            .with_hint("There is one database, \"shale\".")
            .into());
    }
    let mut session = server.options.sql.session(user, database);
    apply_settings(&mut session, &startup).map_err(Report::into_fatal)?;
    let registration = server.cancels.register(long_key);
    // Queries ask for the number that cancel requests name.
    session
        .set(BACKEND_PID_SETTING, &registration.id.to_string())
        .map_err(|error| sqlstate::report(&error).into_fatal())?;
    for (name, value) in session.take_reported_changes() {
        wire.output.parameter_status(&name, &value);
    }
    let key = SecretKey::Bytes(Bytes::from(registration.key.clone()));
    wire.output
        .backend_key_data(&BackendKeyData::new(registration.id, key));
    Ok(Started::Session(Box::new(Opened {
        session,
        registration,
        permit,
    })))
}

/// 53300
pub(crate) fn too_many() -> Report {
    Report::fatal("53300", "sorry, too many clients already")
}

/// The startup packet; `None` if the socket was for something else.
async fn opening(server: &Server, wire: &mut Wire) -> Result<Option<Startup>, Failure> {
    let mut ssl_asked = false;
    let mut gss_asked = false;
    loop {
        let mut packet = read_packet(wire).await?;
        if SslRequest::is_ssl_request_packet(&packet) && !ssl_asked {
            ssl_asked = true;
        } else if GssEncRequest::is_gss_enc_request_packet(&packet) && !gss_asked {
            gss_asked = true;
        } else if CancelRequest::is_cancel_request_packet(&packet) {
            // A wrong one is not answered either.
            if let Ok(Some(request)) = CancelRequest::decode(&mut packet, &DecodeContext::default())
            {
                let key = request.secret_key.to_bytes();
                server.cancels.cancel(request.pid, &key);
            }
            return Ok(None);
        } else {
            return Ok(Some(decode_startup(packet)?));
        }
        wire.output.encryption_refused();
        wire.flush().await?;
    }
}

/// A packet without a type byte, its length in front.
async fn read_packet(wire: &mut Wire) -> Result<BytesMut, Failure> {
    loop {
        let input = wire.startup_input();
        if let Some(length) = input.first_chunk() {
            let length = u32::from_be_bytes(*length) as usize;
            if !(PACKET_BYTES_MIN..=PACKET_BYTES_MAX).contains(&length) {
                return Err(garbage("invalid length of startup packet").into());
            }
            if input.len() >= length {
                return Ok(input.split_to(length));
            }
        }
        if !wire.read().await? {
            return Err(gone());
        }
    }
}

fn gone() -> Failure {
    io::Error::from(io::ErrorKind::UnexpectedEof).into()
}

fn decode_startup(mut packet: BytesMut) -> Result<Startup, Report> {
    let word = |at: usize| {
        let bytes = packet
            .get(at..at + 2)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u16::from_be_bytes)
    };
    let (major, minor) = (word(4), word(6));
    if major != Startup::PG_PROTOCOL_LATEST {
        let message = format!(
            "unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.{MINOR_MAX}"
        );
        return Err(Report::fatal("0A000", message));
    }
    if packet.len() == PACKET_BYTES_MIN || packet.last() != Some(&0) {
        return Err(garbage(
            "invalid startup packet layout: expected terminator as last byte",
        ));
    }
    match Startup::decode(&mut packet, &DecodeContext::default()) {
        Ok(Some(startup)) => Ok(startup),
        Ok(None) | Err(_) => Err(garbage("invalid startup packet")),
    }
}

/// Tells a client that wants a newer protocol, or options of a protocol, what there is. Whether cancel keys may be long.
fn negotiate_version(wire: &mut Wire, startup: &Startup) -> bool {
    let unknown: Vec<String> = startup
        .parameters
        .keys()
        .filter(|name| name.starts_with("_pq_."))
        .cloned()
        .collect();
    let minor = startup.protocol_number_minor.min(MINOR_MAX);
    if minor != startup.protocol_number_minor || !unknown.is_empty() {
        let version = i32::from(startup.protocol_number_major) << 16 | i32::from(minor);
        let message = NegotiateProtocolVersion::new(version, unknown);
        wire.output.negotiate_protocol_version(&message);
    }
    minor >= 2
}

/// Startup parameters that are settings, and those inside of `options`.
fn apply_settings(session: &mut Session, startup: &Startup) -> Result<(), Report> {
    let mut set = |name: &str, value: &str| {
        session
            .set(name, value)
            .map_err(|error| sqlstate::report(&error))
    };
    for (name, value) in &startup.parameters {
        match name.as_str() {
            "user" | "database" => {}
            name if name.starts_with("_pq_.") => {}
            "replication" => refuse_replication(value)?,
            "options" => {
                for (name, value) in startup_options::parse(value)? {
                    set(&name, &value)?;
                }
            }
            name => set(name, value)?,
        }
    }
    Ok(())
}

fn refuse_replication(value: &str) -> Result<(), Report> {
    match value.to_ascii_lowercase().as_str() {
        "false" | "off" | "no" | "0" => Ok(()),
        "true" | "on" | "yes" | "1" | "database" => Err(Report::error(
            "0A000",
            "replication connections are not supported",
        )),
        _ => Err(Report::error(
            "22023",
            format!("invalid value for parameter \"replication\": \"{value}\""),
        )),
    }
}

/// Checks the password, if passwords are checked.
async fn authenticate(server: &Server, wire: &mut Wire, user: &str) -> Result<(), Failure> {
    let Some(credentials) = &server.options.credentials else {
        return Ok(());
    };
    // Whether the user exists must show neither in the answers nor in what is done for them.
    let mock = ScramVerifier::mock(user, &server.options.mock_secret);
    let verifier = credentials.scram_verifier(user).unwrap_or(mock);

    let offer = Authentication::SASL(vec![MECHANISM.to_owned()]);
    wire.output.authentication(&offer);
    let initial = read_response(wire).await?;
    let (mechanism, client_first) = message::sasl_initial_response(&initial)
        .map_err(|error| sqlstate::message(error).into_fatal())?;
    if mechanism != MECHANISM {
        let message = "client selected an invalid SASL authentication mechanism";
        return Err(garbage(message).into());
    }
    let nonce = crate::random::nonce();
    let (exchange, server_first) = ScramExchange::start(client_first, verifier, &nonce)
        .map_err(|error| scram_report(&error, user))?;
    let server_first = Authentication::SASLContinue(server_first.into());
    wire.output.authentication(&server_first);
    let client_final = read_response(wire).await?;
    let server_final = exchange
        .finish(&client_final)
        .map_err(|error| scram_report(&error, user))?;
    let server_final = Authentication::SASLFinal(server_final.into());
    wire.output.authentication(&server_final);
    Ok(())
}

/// The client's next message, which must be a SASL response.
async fn read_response(wire: &mut Wire) -> Result<Bytes, Failure> {
    wire.flush().await?;
    loop {
        match wire.take_frame() {
            Some(Frame::Message(b'p', body)) => return Ok(body),
            Some(Frame::Message(kind, _) | Frame::TooLarge(kind, _)) => {
                let message = format!("expected SASL response, got message type {kind}");
                return Err(Report::fatal("08P01", message).into());
            }
            Some(Frame::Garbage(message)) => return Err(garbage(message).into()),
            Some(Frame::UnknownType(kind)) => return Err(unknown_type(kind).into()),
            None if wire.read().await? => {}
            None => return Err(gone()),
        }
    }
}

fn scram_report(error: &ScramError, user: &str) -> Report {
    match error {
        ScramError::WrongProof => {
            tracing::info!(user, "password authentication failed");
            let message = format!("password authentication failed for user \"{user}\"");
            Report::fatal("28P01", message)
        }
        ScramError::Malformed(what) | ScramError::Mismatch(what) => {
            Report::fatal("08P01", "malformed SCRAM message").with_detail(*what)
        }
        ScramError::Unsupported(what) => {
            Report::fatal("0A000", format!("SCRAM with {what} is not supported"))
        }
    }
}
