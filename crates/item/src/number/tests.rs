use super::*;
use proptest::prelude::*;

fn n(text: &str) -> Number {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Any number, all lengths and exponents.
fn any_number() -> impl Strategy<Value = Number> {
    (any::<bool>(), 1u32..=38, any::<u128>(), -130i64..=125).prop_map(
        |(negative, digits, raw, leading)| {
            let coefficient = raw % POW10[digits as usize];
            let count = i64::from(digit_count(coefficient));
            Number::normalized(negative, coefficient, leading - count + 1).unwrap()
        },
    )
}

const MAX: &str = "9.9999999999999999999999999999999999999E+125";

#[test]
fn reads_every_notation() {
    let cases = [
        ("0", "0"),
        ("-0.000", "0"),
        ("0E+500", "0"),
        ("00012.3400", "12.34"),
        ("+5", "5"),
        ("-7", "-7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("1.5e-3", "0.0015"),
        ("123456789012345678", "123456789012345678"),
        ("1234567890123456789", "1234567890123456789"),
        ("100000000000000000000", "100000000000000000000"),
        (
            "12345678901234567890123456789012345678",
            "12345678901234567890123456789012345678",
        ),
        (
            "0.00012345678901234567890123456789012345678000",
            "0.00012345678901234567890123456789012345678",
        ),
        ("18446744073709551616", "18446744073709551616"),
        ("-10000000000000000000.01", "-10000000000000000000.01"),
    ];
    for (text, printed) in cases {
        assert_eq!(n(text).to_string(), printed, "{text}");
        let mut written = String::from("=");
        n(text).write_to(&mut written);
        assert_eq!(written, format!("={printed}"));
    }
    assert_eq!(n("1E-130").to_string(), format!("0.{}1", "0".repeat(129)));
    assert_eq!(n("1E125").to_string(), format!("1{}", "0".repeat(125)));
    let longest = format!("-1.{}1E-130", "0".repeat(36));
    assert_eq!(n(&longest).to_string().len(), 170);
}

#[test]
fn refuses_what_is_no_number() {
    let invalid = [
        "", "-", "+", ".", "-.", "e5", "1e", "1e+", "1e1.5", "1..2", "1.2.3", " 1", "1 ", "0x1",
        "NaN", "Infinity", "١", "--1", "1e5e5", "1_000",
    ];
    for text in invalid {
        assert_eq!(
            text.parse::<Number>(),
            Err(NumberError::Invalid),
            "{text:?}"
        );
    }
    let long = "1".repeat(39);
    assert_eq!(long.parse::<Number>(), Err(NumberError::TooManyDigits));
    assert_eq!(
        format!("{long}x").parse::<Number>(),
        Err(NumberError::Invalid)
    );
    assert_eq!(
        format!("{long}e").parse::<Number>(),
        Err(NumberError::Invalid)
    );
    assert_eq!(
        format!("{long}e9").parse::<Number>(),
        Err(NumberError::TooManyDigits)
    );
    assert_eq!("1E126".parse::<Number>(), Err(NumberError::Overflow));
    assert_eq!("-1E126".parse::<Number>(), Err(NumberError::Overflow));
    assert_eq!("9.9E-131".parse::<Number>(), Err(NumberError::Underflow));
    assert_eq!(
        "1E99999999999999999999".parse::<Number>(),
        Err(NumberError::Overflow)
    );
    assert_eq!(
        "1E-99999999999999999999".parse::<Number>(),
        Err(NumberError::Underflow)
    );
    // A million zeros are no digits.
    let zeros = "0".repeat(1_000_000);
    assert_eq!(
        format!("1{zeros}").parse::<Number>(),
        Err(NumberError::Overflow)
    );
    assert_eq!(n(&format!("0.{zeros}1E1000001")), n("1"));
    assert_eq!(n(&format!("1{zeros}E-1000000")), n("1"));
}

#[test]
fn adds_exactly() {
    let cases = [
        ("1", "2", "3"),
        ("0.1", "0.2", "0.3"),
        ("5", "-5", "0"),
        ("0", "-5", "-5"),
        ("999", "1", "1000"),
        ("-3", "1", "-2"),
        ("1E37", "1", "10000000000000000000000000000000000001"),
        ("1E-130", "1E-130", "2E-130"),
        ("99999999999999999999999999999999999999", "1", "1E38"),
        (
            MAX,
            "-1E125",
            "8.9999999999999999999999999999999999999E+125",
        ),
    ];
    for (left, right, sum) in cases {
        assert_eq!(
            n(left).checked_add(n(right)),
            Ok(n(sum)),
            "{left} + {right}"
        );
        assert_eq!(n(sum).checked_sub(n(right)), Ok(n(left)), "{sum} - {right}");
    }
    let too_many = Err(NumberError::TooManyDigits);
    assert_eq!(n("1E38").checked_add(n("1")), too_many);
    assert_eq!(n("1E125").checked_add(n("1E-130")), too_many);
    assert_eq!(n(MAX).checked_add(n("1")), too_many);
    assert_eq!(n("3.5E38").checked_add(n("1")), too_many);
    assert_eq!(n(MAX).checked_add(n("1E88")), Err(NumberError::Overflow));
    assert_eq!(
        n("1.1E-130").checked_sub(n("1E-130")),
        Err(NumberError::Underflow)
    );
}

#[test]
fn orders_by_value() {
    let ascending = [
        &format!("-{MAX}"),
        "-100",
        "-99.5",
        "-2",
        "-1.5",
        "-1E-130",
        "0",
        "1E-130",
        "0.009",
        "0.01",
        "0.1",
        "0.11",
        "1",
        "1.5",
        "2",
        "10",
        "10.5",
        "99",
        "100",
        "1E38",
        MAX,
    ];
    for (i, left) in ascending.iter().enumerate() {
        for (j, right) in ascending.iter().enumerate() {
            assert_eq!(n(left).cmp(&n(right)), i.cmp(&j), "{left} {right}");
        }
    }
}

#[test]
fn converts_machine_numbers() {
    for value in [0, 1, -1, 10, -1200, i64::MAX, i64::MIN] {
        assert_eq!(Number::from(value).to_i64(), Some(value));
        assert_eq!(Number::from(value).to_string(), value.to_string());
    }
    assert_eq!(n("9223372036854775808").to_i64(), None);
    assert_eq!(n("1.5").to_i64(), None);
    assert_eq!(n("1E30").to_i64(), None);
    assert_eq!(Number::from(u64::MAX).to_string(), u64::MAX.to_string());

    assert_eq!(Number::from_f64(0.1), Ok(n("0.1")));
    assert_eq!(Number::from_f64(-0.0), Ok(Number::ZERO));
    assert_eq!(Number::from_f64(f64::NAN), Err(NumberError::Invalid));
    assert_eq!(Number::from_f64(f64::INFINITY), Err(NumberError::Invalid));
    assert_eq!(Number::from_f64(1e300), Err(NumberError::Overflow));
    assert_eq!(Number::from_f64(1e-200), Err(NumberError::Underflow));
    assert_eq!(
        n("123456789012345678901234567890.5").to_f64(),
        123456789012345678901234567890.5
    );

    assert_eq!(n("12.34").to_decimal128(2), Some(1234));
    assert_eq!(n("-12.34").to_decimal128(4), Some(-123400));
    assert_eq!(n("12.34").to_decimal128(1), None);
    assert_eq!(n("1E38").to_decimal128(0), None);
    assert_eq!(n("0").to_decimal128(38), Some(0));
    assert_eq!(Number::from_decimal128(-123400, 4), Ok(n("-12.34")));
    assert_eq!(Number::from_decimal128(12, -3), Ok(n("12000")));
    assert_eq!(
        Number::from_decimal128(i128::MAX, 0),
        Err(NumberError::TooManyDigits)
    );
}

#[test]
fn rounds_halves_away_from_zero() {
    for (number, scale, rounded) in [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("2.4999", 0, "2"),
        ("0.005", 2, "0.01"),
        ("0.0049", 2, "0"),
        ("99.95", 1, "100"),
        ("1200", 0, "1200"),
        ("1E-100", 5, "0"),
        ("0.99999999999999999999999999999999999999", 0, "1"),
        ("0.49999999999999999999999999999999999999", 0, "0"),
        ("0.50000000000000000000000000000000000001", 0, "1"),
    ] {
        assert_eq!(n(number).rounded(scale), n(rounded), "{number} to {scale}");
    }
}

#[test]
fn counts_digits() {
    for (text, digits) in [
        ("0", (0, 0)),
        ("1200", (4, 0)),
        ("0.05", (0, 2)),
        ("12.5", (2, 1)),
        ("1E125", (126, 0)),
        ("1E-130", (0, 130)),
    ] {
        assert_eq!(n(text).digits(), digits, "{text}");
    }
    for (power, value) in POW10.iter().enumerate() {
        assert_eq!(digit_count(*value), power as u32 + 1);
        assert_eq!(digit_count(*value - 1), power as u32);
    }
    assert_eq!(digit_count(u128::MAX), 39);
    assert_eq!(digit_count(u128::from(u64::MAX) + 1), 20);
}

#[test]
fn stored_parts_are_checked() {
    assert_eq!(Number::from_parts(false, 0, 1), None);
    assert_eq!(Number::from_parts(true, 0, 0), None);
    assert_eq!(Number::from_parts(false, 10, 0), None);
    assert_eq!(Number::from_parts(false, 10u128.pow(38) + 1, 0), None);
    assert_eq!(Number::from_parts(false, 1, 126), None);
    assert_eq!(Number::from_parts(false, 1, i16::MIN), None);
    assert_eq!(Number::from_parts(true, 15, -1), Some(n("-1.5")));
}

proptest! {
    #[test]
    fn prints_what_it_reads(number in any_number()) {
        prop_assert_eq!(number.to_string().parse(), Ok(number));
        let (negative, coefficient, exponent) = number.parts();
        prop_assert_eq!(Number::from_parts(negative, coefficient, exponent), Some(number));
    }

    #[test]
    fn doubles_survive(value in any::<f64>()) {
        if let Ok(number) = Number::from_f64(value) {
            prop_assert_eq!(number.to_f64(), value);
        }
    }

    #[test]
    fn to_f64_is_the_nearest(number in any_number()) {
        prop_assert_eq!(number.to_f64(), number.to_string().parse::<f64>().unwrap());
    }

    #[test]
    fn integers_behave_as_integers(a in any::<i64>(), b in any::<i64>()) {
        let (x, y) = (Number::from(a), Number::from(b));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(x == y, a == b);
        let sum = i128::from(a) + i128::from(b);
        prop_assert_eq!(x.checked_add(y).unwrap().to_string(), sum.to_string());
        let difference = i128::from(a) - i128::from(b);
        prop_assert_eq!(x.checked_sub(y).unwrap().to_string(), difference.to_string());
    }

    #[test]
    fn a_sum_can_be_taken_back(a in any_number(), b in any_number()) {
        if let Ok(sum) = a.checked_add(b) {
            prop_assert_eq!(b.checked_add(a), Ok(sum));
            prop_assert_eq!(sum.checked_sub(b), Ok(a));
            prop_assert_eq!(sum.cmp(&a), b.cmp(&Number::ZERO));
        }
    }

    #[test]
    fn comparing_is_the_sign_of_the_difference(a in any_number(), b in any_number()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if let Ok(difference) = a.checked_sub(b) {
            prop_assert_eq!(a.cmp(&b), difference.cmp(&Number::ZERO));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9.eE]{0,60}") {
        if let Ok(number) = text.parse::<Number>() {
            prop_assert_eq!(number.to_string().parse(), Ok(number));
        }
    }
}
