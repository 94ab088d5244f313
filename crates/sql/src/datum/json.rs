//! JSON text to attributes: exact numbers, bounded depth.
//!
//! Not here: DynamoDB's typed JSON (`dynamodb-server`).

use crate::SqlError;
use shale_item::AttributeValue;
use std::collections::BTreeMap;

/// Deepest nesting of a JSON text; the engine's own limit on documents is lower.
const DEPTH_MAX: usize = 64;

fn invalid(text: &str) -> SqlError {
    const SHOWN_MAX: usize = 200;
    SqlError::InvalidText {
        type_name: "json".into(),
        value: text.chars().take(SHOWN_MAX).collect(),
    }
}

/// Parses a JSON text: object M, array L, string S, number N, boolean BOOL, null NULL.
///
/// # Errors
/// 22P02 for what is not JSON, 22003 for a number with more than 38 digits or out of range, 54000 for nesting above the bound.
pub fn json_to_attribute(text: &str) -> Result<AttributeValue, SqlError> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.spaces();
    if parser.at != text.len() {
        return Err(invalid(text));
    }
    Ok(value)
}

/// A JSON text as PostgreSQL prints it as jsonb.
///
/// # Errors
/// As [`json_to_attribute`].
pub fn normalize_json(text: &str) -> Result<String, SqlError> {
    let mut item = shale_item::Item::new();
    item.insert("v".to_owned(), json_to_attribute(text)?);
    let encoded = shale_item::EncodedItem::encode(&item);
    let view = encoded.view();
    Ok(view
        .get("v")
        .map(super::value_to_json)
        .unwrap_or_else(|| "null".to_owned()))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error<T>(&self) -> Result<T, SqlError> {
        Err(invalid(self.text))
    }

    fn word(&mut self, word: &str, value: AttributeValue) -> Result<AttributeValue, SqlError> {
        if !self.text[self.at..].starts_with(word) {
            return self.error();
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<AttributeValue, SqlError> {
        if depth > DEPTH_MAX {
            return Err(SqlError::ProgramLimit {
                message: format!("JSON is nested deeper than {DEPTH_MAX} levels"),
            });
        }
        self.spaces();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(AttributeValue::S(self.string()?)),
            Some(b't') => self.word("true", AttributeValue::Bool(true)),
            Some(b'f') => self.word("false", AttributeValue::Bool(false)),
            Some(b'n') => self.word("null", AttributeValue::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.error(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<AttributeValue, SqlError> {
        self.at += 1;
        let mut members = BTreeMap::new();
        self.spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(AttributeValue::M(members));
        }
        loop {
            self.spaces();
            if self.peek() != Some(b'"') {
                return self.error();
            }
            let name = self.string()?;
            self.spaces();
            if self.peek() != Some(b':') {
                return self.error();
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(AttributeValue::M(members));
                }
                _ => return self.error(),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<AttributeValue, SqlError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.spaces();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(AttributeValue::L(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(AttributeValue::L(elements));
                }
                _ => return self.error(),
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<AttributeValue, SqlError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return self.error();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.error();
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.error();
            }
        }
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(AttributeValue::N(number)),
            Err(_) => Err(SqlError::OutOfRange {
                type_name: "numeric".into(),
            }),
        }
    }

    fn string(&mut self) -> Result<String, SqlError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(plain) = rest
                .iter()
                .position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20)
            else {
                return self.error();
            };
            out.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match rest[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.error(),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SqlError> {
        let Some(byte) = self.peek() else {
            return self.error();
        };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    if !self.text[self.at..].starts_with("\\u") {
                        return self.error();
                    }
                    self.at += 2;
                    let second = self.hex4()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return self.error();
                    }
                    0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    first
                };
                match char::from_u32(code) {
                    // PostgreSQL's text cannot hold it, and so its jsonb refuses it.
                    Some('\0') | None => return self.error(),
                    Some(character) => character,
                }
            }
            _ => return self.error(),
        })
    }

    fn hex4(&mut self) -> Result<u32, SqlError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.error(),
        }
    }
}
