use super::*;
use proptest::prelude::*;

fn binary(number: &str, declared: Option<(u8, u8)>) -> Vec<u16> {
    let mut output = BytesMut::new();
    put_binary(&mut output, number.parse().unwrap(), declared);
    output
        .chunks(2)
        .map(|w| u16::from_be_bytes([w[0], w[1]]))
        .collect()
}

#[test]
fn binary_is_what_numeric_send_makes() {
    // SELECT numeric_send(…) on PostgreSQL 15.
    assert_eq!(binary("0", None), [0, 0, 0, 0]);
    assert_eq!(binary("1", None), [1, 0, 0, 0, 1]);
    assert_eq!(binary("-12345.678", None), [3, 1, 0x4000, 3, 1, 2345, 6780]);
    assert_eq!(binary("10000", None), [1, 1, 0, 0, 1]);
    assert_eq!(binary("0.0001", None), [1, 0xffff, 0, 4, 1]);
    assert_eq!(binary("0.00001", None), [1, 0xfffe, 0, 5, 1000]);
    assert_eq!(binary("1.5", Some((10, 2))), [2, 0, 0, 2, 1, 5000]);
    assert_eq!(binary("0", Some((10, 2))), [0, 0, 0, 2]);
    assert_eq!(binary("1E+125", None), [1, 31, 0, 0, 10]);
    assert_eq!(binary("1E-130", None), [1, 0xffdf, 0, 130, 100]);
}

#[test]
fn foreign_spellings_are_read() {
    let read = |words: &[u16]| {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        read_binary(&bytes).map(|number| number.to_string())
    };
    // Zero groups at both ends.
    assert_eq!(read(&[4, 2, 0, 0, 0, 7, 5000, 0]), Ok("75000".to_owned()));
    assert_eq!(read(&[1, 0, 0x4000, 0, 0]), Ok("0".to_owned()));
    assert_eq!(read(&[1, 0, 0xc000, 0, 0]), Err(NumericError::OutOfRange));
    assert_eq!(read(&[0, 0, 0xd000, 0]), Err(NumericError::OutOfRange));
    assert_eq!(read(&[1, 0, 0, 0, 10_000]), Err(NumericError::Malformed));
    assert_eq!(read(&[1, 0, 1, 0, 1]), Err(NumericError::Malformed));
    assert_eq!(read(&[2, 0, 0, 0, 1]), Err(NumericError::Malformed));
    assert_eq!(read(&[0, 0, 0]), Err(NumericError::Malformed));
    assert_eq!(read(&[1, 32, 0, 0, 1]), Err(NumericError::OutOfRange));
    assert_eq!(
        read(&[12, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        Err(NumericError::OutOfRange)
    );
    assert_eq!(read_binary(&[0; 9]), Err(NumericError::Malformed));
}

/// Any number: sign, up to 38 digits, any magnitude.
fn numbers() -> impl Strategy<Value = Number> {
    let digits = "[1-9][0-9]{0,37}";
    (any::<bool>(), digits, -130_i32..=125).prop_filter_map(
        "magnitude",
        |(negative, digits, exponent)| {
            let sign = if negative { "-" } else { "" };
            format!("{sign}{digits}E{exponent}").parse().ok()
        },
    )
}

proptest! {
    #[test]
    fn binary_round_trips(number in numbers(), scale in 0..60_u8) {
        let mut output = BytesMut::new();
        put_binary(&mut output, number, Some((38, scale)));
        prop_assert_eq!(read_binary(&output), Ok(number));
    }

    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = read_binary(&bytes);
    }

    #[test]
    fn any_groups_are_safe(
        weight in any::<i16>(),
        groups in proptest::collection::vec(0..10_000_u16, 0..40),
    ) {
        let mut bytes = vec![];
        for word in [groups.len() as u16, weight as u16, 0, 0] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
        let _ = read_binary(&bytes);
    }
}
