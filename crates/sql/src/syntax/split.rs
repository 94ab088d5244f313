//! Splits the text of a simple-protocol message at its semicolons.

/// The statements of a text with their byte offsets, without semicolons and without empty ones. Semicolons inside quotes, dollar quotes and
/// comments do not count; what is not closed reaches to the end, where the parser complains about it.
pub fn split_statements(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut statements = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut empty = true;
    while at < bytes.len() {
        match bytes[at] {
            b';' => {
                push(text, start, at, empty, &mut statements);
                at += 1;
                start = at;
                empty = true;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = find(bytes, at, b"\n");
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = comment_end(bytes, at);
                continue;
            }
            b'\'' => {
                let escapes = at > 0
                    && matches!(bytes[at - 1], b'e' | b'E')
                    && (at == 1 || !is_word_byte(bytes[at - 2]));
                at = quote_end(bytes, at, b'\'', escapes);
                empty = false;
                continue;
            }
            b'"' => {
                at = quote_end(bytes, at, b'"', false);
                empty = false;
                continue;
            }
            b'$' if at == 0 || !is_word_byte(bytes[at - 1]) => {
                if let Some(tag_end) = dollar_tag(bytes, at) {
                    at = find(bytes, tag_end, &bytes[at..tag_end]);
                    empty = false;
                    continue;
                }
                empty = false;
            }
            byte => empty &= byte.is_ascii_whitespace(),
        }
        at += 1;
    }
    push(text, start, bytes.len(), empty, &mut statements);
    statements
}

fn push<'t>(
    text: &'t str,
    start: usize,
    end: usize,
    empty: bool,
    statements: &mut Vec<(usize, &'t str)>,
) {
    if !empty {
        let piece = &text[start..end];
        let offset = piece.len() - piece.trim_start().len();
        statements.push((start + offset, piece.trim()));
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Behind the next occurrence of `needle`, or the end.
fn find(bytes: &[u8], from: usize, needle: &[u8]) -> usize {
    bytes[from..]
        .windows(needle.len())
        .position(|window| window == needle)
        .map_or(bytes.len(), |position| from + position + needle.len())
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quote_end(bytes: &[u8], start: usize, quote: u8, escapes: bool) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' && escapes {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Behind the opening `$tag$`, if there is one.
fn dollar_tag(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() && is_word_byte(bytes[at]) && bytes[at] != b'$' {
        if at == start + 1 && bytes[at].is_ascii_digit() {
            return None;
        }
        at += 1;
    }
    (bytes.get(at) == Some(&b'$')).then_some(at + 1)
}
