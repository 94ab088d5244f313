use super::format::{CopyFormat, Kind};
use super::parser::RecordParser;
use proptest::prelude::*;

/// Line and fields of a record.
type Found = (u64, Vec<Option<String>>);

fn text() -> CopyFormat {
    CopyFormat {
        kind: Kind::Text,
        delimiter: b'\t',
        null: "\\N".into(),
        header: false,
        quote: b'"',
        escape: b'"',
        force_quote: vec![],
    }
}

fn csv() -> CopyFormat {
    CopyFormat {
        kind: Kind::Csv,
        delimiter: b',',
        null: String::new(),
        ..text()
    }
}

/// The records of data that arrives in pieces of `piece` bytes.
fn records(format: CopyFormat, data: &[u8], piece: usize) -> Result<Vec<Found>, String> {
    let mut parser = RecordParser::new(format);
    let mut found = Vec::new();
    for chunk in data.chunks(piece.max(1)) {
        parser.push(chunk);
        while let Some(record) = parser.next(false).map_err(|error| error.to_string())? {
            found.push((record.line, record.fields));
        }
    }
    while let Some(record) = parser.next(true).map_err(|error| error.to_string())? {
        found.push((record.line, record.fields));
    }
    Ok(found)
}

fn check(format: CopyFormat, data: &str, expected: &[(u64, &[Option<&str>])]) {
    let expected: Vec<Found> = expected
        .iter()
        .map(|(line, fields)| {
            (
                *line,
                fields
                    .iter()
                    .map(|field| field.map(str::to_owned))
                    .collect(),
            )
        })
        .collect();
    for piece in [1, 2, 3, 7, 1_000] {
        assert_eq!(
            records(format.clone(), data.as_bytes(), piece),
            Ok(expected.clone()),
            "pieces of {piece}"
        );
    }
}

#[test]
fn text_format_unescapes() {
    check(
        text(),
        "a\t\\N\tb\\tc\n\\\\N\t\\x41\\102\tx\\\ny\nlast\t\t\n",
        &[
            (1, &[Some("a"), None, Some("b\tc")]),
            (2, &[Some("\\N"), Some("AB"), Some("x\ny")]),
            (4, &[Some("last"), Some(""), Some("")]),
        ],
    );
}

#[test]
fn the_end_marker_ends_the_data() {
    check(text(), "a\n\\.\nb\n", &[(1, &[Some("a")])]);
    check(csv(), "a\r\n\\.\r\nb\r\n", &[(1, &[Some("a")])]);
}

#[test]
fn csv_format_knows_quotes_and_null() {
    check(
        csv(),
        "a,,\"\"\r\n\"x,\"\"y\"\"\",\"two\nlines\",z\n",
        &[
            (1, &[Some("a"), None, Some("")]),
            (2, &[Some("x,\"y\""), Some("two\nlines"), Some("z")]),
        ],
    );
    let custom = CopyFormat {
        delimiter: b';',
        null: "NULL".into(),
        header: true,
        quote: b'\'',
        escape: b'\\',
        ..csv()
    };
    check(
        custom,
        "a;b\nNULL;'NULL'\n'it\\'s';'back\\\\slash'\n",
        &[
            (2, &[None, Some("NULL")]),
            (3, &[Some("it's"), Some("back\\slash")]),
        ],
    );
}

#[test]
fn broken_data_is_refused() {
    assert!(records(csv(), b"\"open\n", 3).is_err());
    assert!(records(text(), b"\xff\n", 3).is_err());
    assert!(records(text(), b"a\\000\n", 3).is_err());
    let endless = vec![b'a'; super::parser::RECORD_BYTES_MAX + 2];
    assert!(records(text(), &endless, 1 << 16).is_err());
}

fn escape_text(field: &Option<String>) -> String {
    match field {
        None => "\\N".into(),
        Some(text) => text
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r"),
    }
}

fn quote_csv(field: &Option<String>) -> String {
    match field {
        None => String::new(),
        Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
    }
}

proptest! {
    #[test]
    fn written_records_read_back(
        rows in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of("[a-c\"\\\\,\\t\\n\\r']{0,8}"), 3), 0..8),
        piece in 1_usize..20,
    ) {
        let join = |separator: &str, write: &dyn Fn(&Option<String>) -> String| -> String {
            rows.iter().map(|row| {
                let fields: Vec<String> = row.iter().map(write).collect();
                format!("{}\n", fields.join(separator))
            }).collect()
        };
        let fields = |found: Vec<Found>| -> Vec<Vec<Option<String>>> {
            found.into_iter().map(|(_, fields)| fields).collect()
        };
        let data = join("\t", &escape_text);
        prop_assert_eq!(records(text(), data.as_bytes(), piece).map(fields), Ok(rows.clone()));
        let data = join(",", &quote_csv);
        prop_assert_eq!(records(csv(), data.as_bytes(), piece).map(fields), Ok(rows.clone()));
    }

    #[test]
    fn no_data_panics(data in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..20) {
        let _ = records(text(), &data, piece);
        let _ = records(csv(), &data, piece);
    }
}
