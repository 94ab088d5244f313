//! Expression text to tokens.
//!
//! Not here: what tokens mean. A character that begins no token becomes a token of its own, so that the parser can say where it stands.

/// What a token is; its text is a part of the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word: attribute name, function or keyword.
    Word,
    /// `#name`.
    Name,
    /// `:value`.
    Value,
    /// Decimal digits.
    Digits,
    /// `= <> < <= > >= ( ) , . [ ] + -`.
    Symbol,
    /// Anything else.
    Unknown,
    /// Behind the last token.
    End,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) text: &'t str,
    /// First byte in the expression.
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Behind the last byte.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// All tokens, the last one being the end.
pub(crate) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        if first.is_ascii_whitespace() {
            start += 1;
            continue;
        }
        let (kind, length) = token_at(&text[start..], first);
        tokens.push(Token {
            kind,
            text: &text[start..start + length],
            start,
        });
        start += length;
    }
    tokens.push(Token {
        kind: Kind::End,
        text: "",
        start: text.len(),
    });
    tokens
}

fn token_at(rest: &str, first: char) -> (Kind, usize) {
    match first {
        'a'..='z' | 'A'..='Z' => (Kind::Word, name_length(rest)),
        '0'..='9' => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (Kind::Digits, digits)
        }
        '#' | ':' => match name_length(&rest[1..]) {
            0 => (Kind::Unknown, 1),
            length if first == '#' => (Kind::Name, 1 + length),
            length => (Kind::Value, 1 + length),
        },
        '<' if rest.starts_with("<>") || rest.starts_with("<=") => (Kind::Symbol, 2),
        '>' if rest.starts_with(">=") => (Kind::Symbol, 2),
        '=' | '<' | '>' | '(' | ')' | ',' | '.' | '[' | ']' | '+' | '-' => (Kind::Symbol, 1),
        other => (Kind::Unknown, other.len_utf8()),
    }
}

fn name_length(rest: &str) -> usize {
    rest.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_tokens() {
        let tokens: Vec<_> = tokenize("a.b[10]<=:v_1 \n<>#n(_)é#")
            .iter()
            .map(|t| (t.kind, t.text))
            .collect();
        let expected = [
            (Kind::Word, "a"),
            (Kind::Symbol, "."),
            (Kind::Word, "b"),
            (Kind::Symbol, "["),
            (Kind::Digits, "10"),
            (Kind::Symbol, "]"),
            (Kind::Symbol, "<="),
            (Kind::Value, ":v_1"),
            (Kind::Symbol, "<>"),
            (Kind::Name, "#n"),
            (Kind::Symbol, "("),
            (Kind::Unknown, "_"),
            (Kind::Symbol, ")"),
            (Kind::Unknown, "é"),
            (Kind::Unknown, "#"),
            (Kind::End, ""),
        ];
        assert_eq!(tokens, expected);
    }
}
