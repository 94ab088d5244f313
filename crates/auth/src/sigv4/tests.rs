//! Examples that AWS publishes: the Signature Version 4 test suite and the ListUsers example of the General Reference.

use super::*;
use crate::{AccessKey, ScramVerifier};

/// 2015-08-30T12:36:00Z, when all published examples are signed.
const NOW: u64 = 1_440_938_160;

struct Store;

impl CredentialStore for Store {
    fn scram_verifier(&self, _user: &str) -> Option<ScramVerifier> {
        None
    }
    fn access_key(&self, id: &str) -> Option<AccessKey> {
        (id == "AKIDEXAMPLE").then(|| AccessKey {
            id: id.to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            user: "anna".to_owned(),
            access: Access::Full,
            session: None,
        })
    }
}

struct Pairs<'a>(Vec<(&'a str, String)>);

impl Headers for Pairs<'_> {
    fn for_each_value(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        for (key, value) in &self.0 {
            if key.eq_ignore_ascii_case(name) {
                visit(value.as_bytes());
            }
        }
    }
}

struct Example {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    service: &'static str,
    signed: &'static str,
    signature: &'static str,
}

impl Default for Example {
    fn default() -> Example {
        Example {
            method: "GET",
            path: "/",
            query: "",
            headers: vec![],
            body: "",
            service: "service",
            signed: "host;x-amz-date",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        }
    }
}

impl Example {
    fn authorization(&self) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{}/aws4_request, SignedHeaders={}, Signature={}",
            self.service, self.signed, self.signature
        )
    }

    fn verify_with(
        &self,
        authorization: Option<String>,
        now: u64,
    ) -> Result<Signer, SignatureError> {
        let mut headers: Vec<(&str, String)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        for (name, value) in [
            ("Host", "example.amazonaws.com"),
            ("X-Amz-Date", "20150830T123600Z"),
        ] {
            if !headers.iter().any(|(n, _)| *n == name) {
                headers.push((name, value.to_owned()));
            }
        }
        if let Some(authorization) = authorization {
            headers.push(("Authorization", authorization));
        }
        let request = Request {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &Pairs(headers),
            body: self.body.as_bytes(),
        };
        Verifier::new("us-east-1", self.service).verify(&request, now, &Store)
    }

    /// The same request, signed here.
    fn sign(&self) -> String {
        let mut headers: Vec<(&str, String)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        headers.push(("X-Amz-Date", amz_date(NOW)));
        if !headers.iter().any(|(name, _)| *name == "Host") {
            headers.push(("Host", "example.amazonaws.com".to_owned()));
        }
        let key = Store.access_key("AKIDEXAMPLE").unwrap();
        let signature = Signature {
            access_key_id: &key.id,
            secret: &key.secret,
            region: "us-east-1",
            service: self.service,
        };
        let request = Request {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &Pairs(headers),
            body: self.body.as_bytes(),
        };
        let names: Vec<&str> = self.signed.split(';').collect();
        sign(&signature, &request, &names, NOW)
    }

    fn verify(&self) -> Result<Signer, SignatureError> {
        self.verify_with(Some(self.authorization()), NOW)
    }
}

#[test]
fn published_examples_are_accepted() {
    let examples = [
        Example::default(),
        Example {
            method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ..Example::default()
        },
        Example {
            query: "Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ..Example::default()
        },
        Example {
            method: "POST",
            headers: vec![("Content-Type", "application/x-www-form-urlencoded")],
            body: "Param1=value1",
            signed: "content-type;host;x-amz-date",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ..Example::default()
        },
        Example {
            headers: vec![("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            signed: "host;my-header1;my-header2;x-amz-date",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ..Example::default()
        },
        Example {
            headers: vec![
                ("My-Header1", "value2"),
                ("My-Header1", "value2"),
                ("My-Header1", "value1"),
            ],
            signed: "host;my-header1;x-amz-date",
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
            ..Example::default()
        },
        Example {
            path: "/ሴ",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ..Example::default()
        },
        Example {
            query: "Action=ListUsers&Version=2010-05-08",
            headers: vec![
                ("Host", "iam.amazonaws.com"),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
            ],
            service: "iam",
            signed: "content-type;host;x-amz-date",
            signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ..Example::default()
        },
    ];
    for example in examples {
        let signer = example
            .verify()
            .unwrap_or_else(|error| panic!("{}: {error:?}", example.signature));
        assert_eq!(signer.user, "anna");
        assert_eq!(example.sign(), example.authorization());
    }
}

#[test]
fn the_published_signing_key_is_derived() {
    let key = derive_key(
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "20150830",
        "us-east-1",
        "iam",
    );
    assert_eq!(
        hex(&key),
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    );
}

#[test]
fn anything_else_than_what_was_signed_is_refused() {
    let mismatch = |example: Example| {
        assert!(
            matches!(example.verify(), Err(SignatureError::Mismatch { .. })),
            "{}",
            example.signature
        );
    };
    mismatch(Example {
        body: "x",
        ..Example::default()
    });
    mismatch(Example {
        method: "POST",
        ..Example::default()
    });
    mismatch(Example {
        query: "a=b",
        ..Example::default()
    });
    mismatch(Example {
        headers: vec![("Host", "other.amazonaws.com")],
        ..Example::default()
    });
    for signature in ["", "00", "zz", "5fa00fa31553b73e"] {
        mismatch(Example {
            signature,
            ..Example::default()
        });
    }
}

#[test]
fn a_cached_signing_key_does_not_outlive_its_secret() {
    let verifier = Verifier::new("us-east-1", "service");
    let mac = |secret: &str| {
        let mac = verifier.signing_key("AKID", secret, "20150830");
        hex(&mac.finalize().into_bytes())
    };
    let first = mac("one");
    assert_eq!(first, mac("one"));
    assert_ne!(first, mac("two"));
}

#[test]
fn the_date_may_be_off_by_fifteen_minutes() {
    let example = Example::default();
    let at = |now| example.verify_with(Some(example.authorization()), now);
    assert!(at(NOW - SKEW_SECONDS_MAX).is_ok());
    assert!(at(NOW + SKEW_SECONDS_MAX).is_ok());
    assert_eq!(
        at(NOW + SKEW_SECONDS_MAX + 1),
        Err(SignatureError::Expired {
            signed: "20150830T123600Z".to_owned(),
            now: "20150830T125101Z".to_owned(),
            bound: "20150830T123601Z".to_owned(),
        })
    );
    assert!(matches!(
        at(NOW - SKEW_SECONDS_MAX - 1),
        Err(SignatureError::NotYetCurrent { .. })
    ));
}

#[test]
fn incomplete_and_foreign_headers_are_named() {
    let example = Example::default();
    let check = |authorization: &str| {
        example
            .verify_with(Some(authorization.to_owned()), NOW)
            .expect_err("refused")
    };
    assert_eq!(example.verify_with(None, NOW), Err(SignatureError::Missing));
    assert_eq!(check("Basic YTpi"), SignatureError::Missing);
    assert!(matches!(
        check("AWS4-HMAC-SHA1 Credential=a"),
        SignatureError::Algorithm { .. }
    ));
    assert_eq!(
        check("AWS4-HMAC-SHA256 Signature=00"),
        SignatureError::Incomplete {
            missing: vec![Part::Credential, Part::SignedHeaders],
            header: "AWS4-HMAC-SHA256 Signature=00".to_owned(),
        }
    );
    assert!(matches!(
        check("AWS4-HMAC-SHA256 nonsense"),
        SignatureError::NotAPair { .. }
    ));
    let with = |credential: &str| {
        check(&format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
        ))
    };
    assert!(matches!(
        with("AKIDEXAMPLE/20150830"),
        SignatureError::CredentialShape { .. }
    ));
    assert!(matches!(
        with("AKIDEXAMPLE/20150831/us-east-1/service/aws4_request"),
        SignatureError::ScopeDate { .. }
    ));
    assert!(matches!(
        with("AKIDEXAMPLE/20150830/eu-west-1/service/aws4_request"),
        SignatureError::ScopeRegion { .. }
    ));
    assert!(matches!(
        with("AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request"),
        SignatureError::ScopeService { .. }
    ));
    assert!(matches!(
        with("AKIDEXAMPLE/20150830/us-east-1/service/aws5"),
        SignatureError::ScopeTerminator { .. }
    ));
    assert!(matches!(
        with("OTHER/20150830/us-east-1/service/aws4_request"),
        SignatureError::UnknownAccessKey { .. }
    ));
}

#[test]
fn the_operation_and_the_body_must_be_signed() {
    let target = Example {
        headers: vec![("X-Amz-Target", "DynamoDB_20120810.DeleteTable")],
        ..Example::default()
    };
    assert_eq!(
        target.verify(),
        Err(SignatureError::NotSigned {
            name: "x-amz-target"
        })
    );
    let unsigned = Example {
        headers: vec![("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")],
        ..Example::default()
    };
    assert_eq!(unsigned.verify(), Err(SignatureError::UnsignedPayload));
    let host = Example {
        signed: "x-amz-date",
        ..Example::default()
    };
    assert_eq!(
        host.verify(),
        Err(SignatureError::NotSigned { name: "host" })
    );
}

#[test]
fn the_host_may_be_signed_as_http2_names_it() {
    let example = Example {
        headers: vec![(":authority", "example.amazonaws.com")],
        signed: ":authority;x-amz-date",
        signature: "f4f76e64657334fd8315f9078b5e4f85a30d60d44c6341dcbe8018821ff7c80a",
        ..Example::default()
    };
    assert_eq!(
        example.verify().map(|signer| signer.user),
        Ok("anna".to_owned())
    );
    let not_sent = Example {
        headers: vec![],
        ..example
    };
    assert_eq!(
        not_sent.verify(),
        Err(SignatureError::NotSigned { name: "host" })
    );
}

#[test]
fn dates_round_trip_and_nonsense_is_refused() {
    for seconds in [
        0,
        951_782_399,
        951_782_400,
        1_440_938_160,
        4_102_444_799,
        253_402_300_799,
    ] {
        assert_eq!(time::parse(&time::format(seconds)), Some(seconds));
    }
    assert_eq!(time::format(NOW), "20150830T123600Z");
    assert_eq!(time::parse("Sun, 30 Aug 2015 12:36:00 GMT"), Some(NOW));
    for text in [
        "",
        "20150830",
        "20151330T123600Z",
        "20150229T000000Z",
        "20150830T250000Z",
        "2015083éT12360Z",
        "ሴሴሴሴሴሴሴሴሴሴGMT",
    ] {
        assert_eq!(time::parse(text), None, "{text}");
    }
}

/// A ListTables presigned for an hour, as botocore's SigV4QueryAuth makes it: with an empty body.
fn presigned() -> Example {
    Example {
        method: "POST",
        query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fdynamodb%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-target&X-Amz-Signature=247946bbc74ddbb58ce5db214ded5bc5b659000b99bdb78ba05c0dd3b00ec46d",
        headers: vec![
            ("X-Amz-Target", "DynamoDB_20120810.ListTables"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ],
        service: "dynamodb",
        ..Example::default()
    }
}

#[test]
fn presigned_urls_are_accepted_for_as_long_as_they_say() {
    for (now, accepted) in [(NOW, true), (NOW + 3600, true), (NOW - 900, true)] {
        assert_eq!(
            presigned().verify_with(None, now).is_ok(),
            accepted,
            "{now}"
        );
    }
    assert_eq!(
        presigned().verify_with(None, NOW + 3601),
        Err(SignatureError::UrlExpired {
            end: "20150830T133600Z".to_owned(),
            now: "20150830T133601Z".to_owned()
        })
    );
    assert!(matches!(
        presigned().verify_with(None, NOW - 901),
        Err(SignatureError::NotYetCurrent { .. })
    ));
}

#[test]
fn presigned_urls_cannot_be_changed() {
    let changed = |from: &str, to: &str| {
        let query: &'static str = presigned().query.replace(from, to).leak();
        Example {
            query,
            ..presigned()
        }
        .verify_with(None, NOW)
    };
    for (from, to) in [
        ("Expires=3600", "Expires=604800"),
        ("Signature=2479", "Signature=2478"),
        ("&X-Amz-Signature", "&extra=1&X-Amz-Signature"),
    ] {
        assert!(
            matches!(changed(from, to), Err(SignatureError::Mismatch { .. })),
            "{to}"
        );
    }
    for (from, to) in [
        ("Expires=3600", "Expires=0"),
        ("Expires=3600", "Expires=604801"),
        ("Expires=3600", "Expires=-1"),
        ("Expires=3600", "Expires=soon"),
    ] {
        assert!(
            matches!(changed(from, to), Err(SignatureError::Expires { .. })),
            "{to}"
        );
    }
    assert_eq!(
        changed("%3Bx-amz-target", ""),
        Err(SignatureError::NotSigned {
            name: "x-amz-target"
        })
    );
    assert!(matches!(
        changed("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        Err(SignatureError::Algorithm { .. })
    ));
    assert_eq!(
        changed("X-Amz-Date=20150830T123600Z&", ""),
        Err(SignatureError::IncompleteQuery {
            missing: vec![Parameter::Date]
        })
    );
    let other_body = Example {
        body: "{\"Limit\":1}",
        ..presigned()
    };
    assert!(matches!(
        other_body.verify_with(None, NOW),
        Err(SignatureError::Mismatch { .. })
    ));
    let twice = presigned();
    assert_eq!(
        twice.verify_with(Some(twice.authorization()), NOW),
        Err(SignatureError::SignedTwice)
    );
}
