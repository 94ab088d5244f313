//! The second front door: DynamoDB's JSON protocol over HTTP/1.1 and HTTP/2.
//!
//! Not here: what an operation does (`engine`), expressions (`expression`), PartiQL (`sql`), signatures (`auth`).
//!
//! Invariants:
//! * Bytes from outside never panic and never take unbounded memory; what still goes wrong is answered as InternalServerError and logged.
//! * A parameter is honoured or refused with its name, never ignored.
//! * Exception types and HTTP codes are chosen in `exception`, sentences stand in `messages`, nowhere else.
//!
//! Flow of a request:
//! 1. `server` accepts the connection, `http` reads head and body under limits.
//! 2. `authentication` verifies the signature, `operation` reads `X-Amz-Target`.
//! 3. `json` parses the body, `model` checks it for the rarer operations as the API model declares it, the module of the operation checks its parameters and builds the engine's request.
//! 4. `engine` does it; the answer is encoded straight from the stored bytes (`attribute_value`).

mod attribute_value;
mod authentication;
mod body;
mod compression;
mod constraints;
mod cors;
mod exception;
mod expressions;
mod http;
mod json;
mod kinesis;
mod messages;
mod model;
mod operation;
mod operations;
mod permission;
mod request_id;
mod server;
mod service;
mod stream_name;

pub use cors::CorsOrigins;
pub use kinesis::KinesisOptions;
pub use server::{Clock, DynamoDbOptions, serve};
