use super::*;

/// RFC 7677, section 3.
const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SERVER_FIRST: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
     p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn verifier(password: &str) -> ScramVerifier {
    let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    ScramVerifier::new(password, salt, 4096)
}

fn start(verifier: ScramVerifier) -> ScramExchange {
    let (exchange, server_first) =
        ScramExchange::start(CLIENT_FIRST.as_bytes(), verifier, SERVER_NONCE).unwrap();
    assert_eq!(server_first, SERVER_FIRST);
    exchange
}

#[test]
fn rfc_7677_exchange() {
    let exchange = start(verifier("pencil"));
    assert_eq!(
        exchange.finish(CLIENT_FINAL.as_bytes()),
        Ok(SERVER_FINAL.to_owned())
    );
}

#[test]
fn wrong_password_and_unknown_user_fail_alike() {
    let wrong = start(verifier("pencil ")).finish(CLIENT_FINAL.as_bytes());
    assert_eq!(wrong, Err(ScramError::WrongProof));

    let secret = [7; 32];
    let mock = ScramVerifier::mock("nobody", &secret);
    assert_eq!(mock, ScramVerifier::mock("nobody", &secret));
    assert_ne!(mock.salt, ScramVerifier::mock("somebody", &secret).salt);
    assert_eq!(mock.salt.len(), SALT_BYTES);
    let (exchange, _) = ScramExchange::start(CLIENT_FIRST.as_bytes(), mock, SERVER_NONCE).unwrap();
    assert_eq!(
        exchange.finish(CLIENT_FINAL.as_bytes()),
        Err(ScramError::WrongProof)
    );
}

#[test]
fn verifiers_print_and_parse_as_in_postgresql() {
    let verifier = verifier("pencil");
    let printed = verifier.to_string();
    assert_eq!(
        printed,
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==\
         $WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    );
    assert!(printed.parse::<ScramVerifier>().unwrap() == verifier);
    assert!(verifier.verifies("pencil"));
    assert!(!verifier.verifies("Pencil"));
    assert!(!format!("{verifier:?}").contains("W22"));
    for damaged in [
        "",
        "md5abc",
        "SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$a:b",
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d:wfPL",
        &printed[..printed.len() - 4],
        &printed.replace("4096", "99999999"),
        &printed.replace("W22ZaJ0SNY7soEsUEjb6gQ==", ""),
    ] {
        assert!(damaged.parse::<ScramVerifier>().is_err(), "{damaged}");
    }
}

#[test]
fn passwords_are_normalised() {
    // U+2168 ROMAN NUMERAL NINE is "IX" after SASLprep; U+00AD SOFT HYPHEN disappears (RFC 4013, section 3).
    assert!(verifier("\u{2168}").verifies("IX"));
    assert!(verifier("I\u{ad}X").verifies("IX"));
    // Refused by SASLprep (a control character): taken as it is.
    assert!(verifier("a\u{7}b").verifies("a\u{7}b"));
    assert!(!verifier("a\u{7}b").verifies("ab"));
}

#[test]
fn first_messages_that_are_refused() {
    for (message, error) in [
        ("", ScramError::Malformed("no channel binding flag")),
        ("n", ScramError::Malformed("no channel binding flag")),
        (
            "x,,n=,r=abc",
            ScramError::Malformed("unknown channel binding flag"),
        ),
        (
            "p=tls-server-end-point,,n=,r=abc",
            ScramError::Unsupported("channel binding"),
        ),
        (
            "n,a=admin,n=,r=abc",
            ScramError::Unsupported("authorization identity"),
        ),
        (
            "n,,m=x,n=,r=abc",
            ScramError::Unsupported("mandatory extension"),
        ),
        ("n,,r=abc", ScramError::Malformed("no user name")),
        ("n,,n=,r=", ScramError::Malformed("no printable nonce")),
        ("n,,n=,r=a b", ScramError::Malformed("no printable nonce")),
    ] {
        let result = ScramExchange::start(message.as_bytes(), verifier("pencil"), "x");
        assert_eq!(result.err(), Some(error), "{message}");
    }
    let result = ScramExchange::start(&[0xff], verifier("pencil"), "x");
    assert_eq!(result.err(), Some(ScramError::Malformed("not UTF-8")));
}

#[test]
fn final_messages_that_are_refused() {
    for (from, to, error) in [
        ("c=biws", "c=eSws", ScramError::Mismatch("channel binding")),
        ("hvYD", "hvYE", ScramError::Mismatch("nonce")),
        (
            "p=dHzb",
            "p=",
            ScramError::Malformed("proof of the wrong length"),
        ),
        (",p=", ",q=", ScramError::Malformed("no proof")),
        ("c=biws,", "", ScramError::Malformed("no channel binding")),
        ("p=dHzb", "p=dHzc", ScramError::WrongProof),
    ] {
        let message = CLIENT_FINAL.replace(from, to);
        assert_eq!(
            start(verifier("pencil")).finish(message.as_bytes()),
            Err(error),
            "{message}"
        );
    }
}

#[test]
fn a_client_that_could_bind_the_channel_may_say_so() {
    let first = CLIENT_FIRST.replacen('n', "y", 1);
    let (exchange, _) =
        ScramExchange::start(first.as_bytes(), verifier("pencil"), SERVER_NONCE).unwrap();
    let last = CLIENT_FINAL.replace("biws", "eSws");
    // The proof of the RFC covers `c=biws`.
    assert_eq!(
        exchange.finish(last.as_bytes()),
        Err(ScramError::WrongProof)
    );
}
