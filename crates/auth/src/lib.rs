//! Who someone is: users with SCRAM-SHA-256 verifiers, access keys, and the check of an AWS Signature Version 4.
//!
//! Not here: sockets, persistence, what a principal may do with a table. The current time is an argument.

pub mod scram;
pub mod sigv4;

/// What is stored of a user's password (RFC 5802: no password, only what verifies one).
#[derive(Clone, PartialEq, Eq)]
pub struct ScramVerifier {
    /// PBKDF2 rounds.
    pub iterations: u32,
    /// Random salt.
    pub salt: Vec<u8>,
    /// H(ClientKey).
    pub stored_key: [u8; 32],
    /// HMAC(SaltedPassword, "Server Key").
    pub server_key: [u8; 32],
}

/// An access key with its secret in clear, as SigV4 needs it.
#[derive(Clone)]
pub struct AccessKey {
    /// `AKIA…`, or `ASIA…` of a temporary key.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// The user it belongs to.
    pub user: String,
    /// What requests signed with it may do.
    pub access: Access,
    /// What makes it a temporary key: one that is good only with this token, and only for a while.
    pub session: Option<SessionToken>,
}

/// What the holder of an access key may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    Full,
    /// Read items, tables and their settings.
    ReadOnly,
}

/// The third part of temporary credentials, which goes with every request.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// As the client sends it in X-Amz-Security-Token.
    pub token: String,
    /// When the credentials end, seconds since the Unix epoch.
    pub expires: u64,
}

/// Where the edges look credentials up. Answers come from memory: no waiting.
pub trait CredentialStore: Send + Sync + 'static {
    /// The verifier of a user.
    fn scram_verifier(&self, user: &str) -> Option<ScramVerifier>;
    /// An access key by its id.
    fn access_key(&self, id: &str) -> Option<AccessKey>;
}
