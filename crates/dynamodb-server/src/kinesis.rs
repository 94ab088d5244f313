//! Kinesis destinations: sending the changes of tables to Kinesis data streams, over Kinesis' own API.
//!
//! Not here: which changes there are, and for how long they are kept (`engine`'s `stream::destination`); the operations that switch
//! destinations on and off (`operations::kinesis`).
//!
//! * `client`: one connection to the endpoint, signed calls. `record`: a change as DynamoDB's Kinesis records have it.
//! * `sender`: one task for each table, which reads, sends, tries again and stores how far it is.
//!
//! Invariants:
//! * Changes of one item are sent one after the other: the next one only when the one before was accepted.
//! * A change is passed over only if streams have given it back after a day, or if it is larger than a Kinesis record can be.
//! * No writer waits for any of this; what is in memory is bounded by [`sender::SENDING_MAX`] pages.

mod client;
mod record;
mod sender;

use client::Client;
use parking_lot::Mutex;
pub(crate) use sender::run;
use std::collections::BTreeMap;

/// Where destinations are, and as whom to talk to them.
#[derive(Clone)]
pub struct KinesisOptions {
    /// Host and port of the endpoint, as `Host` has them.
    authority: String,
    /// Region of signatures.
    pub region: String,
    /// Access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl KinesisOptions {
    /// An endpoint `http://host[:port]`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn new(
        endpoint: &str,
        region: String,
        access_key_id: String,
        secret_access_key: String,
    ) -> Result<KinesisOptions, &'static str> {
        let authority = endpoint.strip_prefix("http://").ok_or(
            "must begin with http://: connections to Kinesis are not encrypted by this server; put a proxy in between",
        )?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let parsed: http::uri::Authority = authority.parse().map_err(|_| "has no host")?;
        if parsed.host().is_empty() || authority.contains('@') {
            return Err("must be http://HOST or http://HOST:PORT");
        }
        Ok(KinesisOptions {
            authority: authority.to_owned(),
            region,
            access_key_id,
            secret_access_key,
        })
    }

    /// Host and port to connect to.
    fn address(&self) -> (&str, u16) {
        let split = self.authority.rsplit_once(':');
        let port = split.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = port.unwrap_or((&self.authority, 80));
        (host.trim_matches(['[', ']']), port)
    }
}

impl std::fmt::Debug for KinesisOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KinesisOptions")
            .field("authority", &self.authority)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What the door knows of sending.
#[derive(Debug)]
pub(crate) struct Kinesis {
    pub(crate) options: KinesisOptions,
    /// What keeps destinations from being sent to, by the number of their stream of changes.
    troubles: Mutex<BTreeMap<u32, String>>,
}

impl Kinesis {
    pub(crate) fn new(options: KinesisOptions) -> Kinesis {
        Kinesis {
            options,
            troubles: Mutex::default(),
        }
    }

    /// What keeps a destination from being sent to.
    pub(crate) fn trouble(&self, stream: u32) -> Option<String> {
        self.troubles.lock().get(&stream).cloned()
    }

    fn set_trouble(&self, stream: u32, trouble: Option<String>) {
        let mut troubles = self.troubles.lock();
        match trouble {
            Some(trouble) => troubles.insert(stream, trouble),
            None => troubles.remove(&stream),
        };
    }
}

/// The name in a stream's ARN: `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`.
pub(crate) fn stream_name_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next();
    let begins = next() == Some("arn")
        && next().is_some_and(|partition| partition.starts_with("aws"))
        && next() == Some("kinesis");
    let (_region, _account) = (next()?, next()?);
    let name = next()?.strip_prefix("stream/")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (begins && (1..=128).contains(&name.len()) && name.chars().all(valid)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_urls_of_hosts_without_tls() {
        let address = |endpoint: &str| {
            let text = String::new;
            let options = KinesisOptions::new(endpoint, text(), text(), text());
            options.map(|options| {
                let (host, port) = options.address();
                format!("{host} {port}")
            })
        };
        for (endpoint, expected) in [
            ("http://localhost:4567", "localhost 4567"),
            ("http://localhost:4567/", "localhost 4567"),
            ("http://kinesis.local", "kinesis.local 80"),
            ("http://[::1]:4567", "::1 4567"),
            ("http://127.0.0.1", "127.0.0.1 80"),
        ] {
            assert_eq!(address(endpoint).as_deref(), Ok(expected), "{endpoint}");
        }
        for endpoint in [
            "https://x",
            "x:1",
            "http://",
            "http://a/b",
            "http://a@b",
            "http://a b",
        ] {
            assert!(address(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn arns_name_streams() {
        let name = |arn| stream_name_of(arn);
        assert_eq!(
            name("arn:aws:kinesis:us-east-1:0:stream/a.B_c-1"),
            Some("a.B_c-1")
        );
        assert_eq!(name("arn:aws-cn:kinesis:cn-north-1:0:stream/a"), Some("a"));
        for arn in [
            "",
            "arn:aws:kinesis:us-east-1:0:stream/",
            "arn:aws:kinesis:us-east-1:0:stream/a:b",
            "arn:aws:kinesis:us-east-1:0:table/a",
            "arn:aws:dynamodb:us-east-1:0:stream/a",
            "arn:aws:kinesis:us-east-1",
        ] {
            assert_eq!(name(arn), None, "{arn}");
        }
    }
}
