use super::*;
use proptest::prelude::*;
use smallvec::smallvec;

fn decode(kind: u8, body: &[u8]) -> Result<Message<'_>, MessageError> {
    Message::decode(kind, body)
}

#[test]
fn messages_are_read() {
    assert_eq!(decode(b'Q', b"SELECT 1\0"), Ok(Message::Query("SELECT 1")));
    assert_eq!(
        decode(b'P', b"s\0SELECT $1\0\0\x01\0\0\0\x17"),
        Ok(Message::Parse {
            name: "s",
            text: "SELECT $1",
            types: smallvec![23],
        })
    );
    assert_eq!(
        decode(
            b'B',
            b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\0"
        ),
        Ok(Message::Bind(Bind {
            portal: "p",
            statement: "s",
            parameter_formats: smallvec![1],
            parameters: smallvec![Some(&b"hi"[..]), None],
            result_formats: smallvec![],
        }))
    );
    assert_eq!(
        decode(b'D', b"Sx\0"),
        Ok(Message::Describe(Target::Statement("x")))
    );
    assert_eq!(decode(b'C', b"P\0"), Ok(Message::Close(Target::Portal(""))));
    assert_eq!(
        decode(b'E', b"\0\0\0\0\x05"),
        Ok(Message::Execute {
            portal: "",
            rows_max: 5
        })
    );
    assert_eq!(decode(b'S', b""), Ok(Message::Sync));
    assert_eq!(decode(b'f', b"why\0"), Ok(Message::CopyFail("why")));
}

#[test]
fn lies_are_refused() {
    let malformed = |kind, body| matches!(decode(kind, body), Err(MessageError::Malformed(_)));
    // No terminator; something behind the end.
    assert!(malformed(b'Q', b"SELECT 1"));
    assert!(malformed(b'Q', b"SELECT 1\0x"));
    assert!(malformed(b'S', b"x"));
    // More types than there are.
    assert!(malformed(b'P', b"\0\0\xff\xff\0\0\0\x17"));
    // A parameter longer than the message, and one of length -2.
    assert!(malformed(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xffhi\0\0"));
    assert!(malformed(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfehi\0\0"));
    // 65,535 parameters in no bytes.
    assert!(malformed(b'B', b"\0\0\0\0\xff\xff"));
    assert!(malformed(b'D', b"X\0"));
    assert!(malformed(b'E', b"\0\0\0"));
    assert_eq!(
        decode(b'Q', b"\xc3\x28\0"),
        Err(MessageError::NotText(vec![0xc3]))
    );
    assert_eq!(decode(b'!', b""), Err(MessageError::UnknownType(b'!')));
    assert!(sasl_initial_response(b"SCRAM-SHA-256\0\0\0\0\x09n,,n=,r=").is_err());
    assert_eq!(
        sasl_initial_response(b"SCRAM-SHA-256\0\0\0\0\x01n"),
        Ok(("SCRAM-SHA-256", &b"n"[..]))
    );
}

proptest! {
    #[test]
    fn any_bytes_are_safe(kind in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = decode(kind, &body);
        let _ = sasl_initial_response(&body);
    }

    #[test]
    fn damaged_binds_are_safe(position in 0..23_usize, byte in any::<u8>()) {
        let mut body = *b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\0\0";
        body[position % 22] = byte;
        let _ = decode(b'B', &body[..22]);
    }
}
