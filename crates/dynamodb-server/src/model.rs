//! What the API model declares of requests: shapes and constraints, as data.
//!
//! `model/requests.txt` is written by `model/from_botocore.py`. Its lines:
//!
//! ```text
//! operation NAME INPUT ERROR…           the shape of its request, the exceptions that it declares
//! structure NAME                        behind it its members: "  NAME SHAPE", "  NAME! SHAPE" if it is required
//! list NAME SHAPE [BOUNDS]              bounds are MIN..MAX, each of which may be missing: of a length, or of a number
//! map NAME SHAPE SHAPE [BOUNDS]
//! string NAME [BOUNDS] [A|B|…] [/PATTERN]
//! integer, long NAME [BOUNDS]
//! boolean, double, timestamp NAME
//! ```
//!
//! Operations of the data plane and of tables check the same by hand, in the order and with the words of the service where those are known;
//! tests hold them against this. Everything else is checked here.
//!
//! Not here: rules between parameters (the operations).

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{Json, Structure};
use crate::messages;
use std::collections::HashMap;
use std::sync::LazyLock;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(include_str!("model/requests.txt")));

/// Checks the request of an operation: types of members first, then constraints.
///
/// # Errors
/// SerializationException for the first member of a wrong type, otherwise ValidationException with all violations.
pub(crate) fn check(operation: &str, request: &Json<'_>) -> Result<(), Exception> {
    let model = &*MODEL;
    let mut constraints = Constraints::default();
    if let Some(input) = model.operations.get(operation) {
        model.check(request, input, "", &mut constraints)?;
    }
    constraints.check()
}

/// Checks a member of a request, at that path in messages.
///
/// # Errors
/// SerializationException for the first member of a wrong type; violations are collected.
pub(crate) fn check_member(
    json: &Json<'_>,
    shape: &str,
    path: &str,
    constraints: &mut Constraints,
) -> Result<(), Exception> {
    MODEL.check(json, shape, path, constraints)
}

/// The shapes by name.
#[derive(Debug, Default)]
struct Model {
    /// The shapes of the requests, by operation.
    operations: HashMap<&'static str, &'static str>,
    shapes: HashMap<&'static str, Shape>,
}

#[derive(Debug)]
enum Shape {
    Structure(Vec<Member>),
    List {
        element: &'static str,
        bounds: Bounds,
    },
    Map {
        key: &'static str,
        value: &'static str,
        bounds: Bounds,
    },
    String {
        bounds: Bounds,
        /// Of an enumeration.
        words: Vec<&'static str>,
        pattern: Option<Pattern>,
    },
    Integer(Bounds),
    Long(Bounds),
    Boolean,
    Double,
    Timestamp,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    required: bool,
    shape: &'static str,
}

/// Of a length, or of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    min: Option<i64>,
    max: Option<i64>,
}

impl Bounds {
    fn read(text: &str) -> Option<Bounds> {
        let (min, max) = text.split_once("..")?;
        let number = |text: &str| (!text.is_empty()).then(|| text.parse().ok()).flatten();
        Some(Bounds {
            min: number(min),
            max: number(max),
        })
    }

    /// How rules tell of lengths and of numbers.
    const LENGTHS: &str = "length";
    const VALUES: &str = "value";

    fn violated_length(self, length: usize) -> Vec<String> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        self.violated(length, Bounds::LENGTHS)
    }

    fn violated_value(self, value: i64) -> Vec<String> {
        self.violated(value, Bounds::VALUES)
    }

    fn violated(self, number: i64, what: &str) -> Vec<String> {
        let violated = Bounds {
            min: self.min.filter(|min| number < *min),
            max: self.max.filter(|max| number > *max),
        };
        violated.rules(what)
    }

    fn rules(self, what: &str) -> Vec<String> {
        let max = self.max.map(|max| messages::at_most(what, max));
        let min = self.min.map(|min| messages::at_least(what, min));
        max.into_iter().chain(min).collect()
    }
}

/// A regular expression of the model.
#[derive(Debug)]
struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

/// The model's regular expressions; they are few.
const PATTERNS: [Pattern; 9] = [
    Pattern {
        text: "[a-zA-Z0-9_.-]+",
        matches: |text| all_of(text, |c| c.is_ascii_alphanumeric() || "_.-".contains(c)),
    },
    Pattern {
        text: r"^[^\$]+$",
        matches: |text| all_of(text, |c| c != '$'),
    },
    Pattern {
        text: r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$",
        matches: |text| {
            let inner = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let ends = [text.chars().next(), text.chars().next_back()];
            let is_end = |end: &Option<char>| end.is_some_and(|c| c.is_ascii_alphanumeric());
            text.len() >= 2 && all_of(text, inner) && ends.iter().all(is_end)
        },
    },
    Pattern {
        text: "[0-9]{12}",
        matches: |text| text.len() == 12 && all_of(text, |c| c.is_ascii_digit()),
    },
    Pattern {
        text: r"[,;:|\t ]",
        matches: |text| matches!(text, "," | ";" | ":" | "|" | "\t" | " "),
    },
    Pattern {
        text: r"[\x20-\x21\x23-\x2B\x2D-\x7E]*",
        matches: |text| {
            text.chars()
                .all(|c| matches!(c, ' '..='~') && c != '"' && c != ',')
        },
    },
    Pattern {
        text: "([0-9a-f]{16})+",
        matches: |text| {
            text.len().is_multiple_of(16) && all_of(text, |c| matches!(c, '0'..='9' | 'a'..='f'))
        },
    },
    Pattern {
        text: r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*",
        matches: |text| {
            let allowed = |c: char| c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
            text.chars().all(|c| allowed(c) || "\r\n\t".contains(c))
        },
    },
    Pattern {
        text: r"\p{Print}+",
        matches: |text| all_of(text, |c| matches!(c, ' '..='~')),
    },
];

/// Whether there are characters, and all of them are such.
fn all_of(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

impl Model {
    /// Reads the lines. They are part of the program: tests read them all.
    fn read(text: &'static str) -> Model {
        let mut model = Model::default();
        let mut lines = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .peekable();
        while let Some(line) = lines.next() {
            // A pattern is the rest of its line.
            let (line, pattern) = match line.split_once(" /") {
                Some((line, pattern)) => (line, Some(pattern)),
                None => (line, None),
            };
            let words: Vec<&'static str> = line.split(' ').collect();
            let bounds = words.last().and_then(|word| Bounds::read(word));
            let bounds = bounds.unwrap_or_default();
            let (name, shape) = match words[..] {
                ["operation", name, input, ..] => {
                    model.operations.insert(name, input);
                    continue;
                }
                ["structure", name] => {
                    let mut members = Vec::new();
                    while let Some(member) = lines.next_if(|line| line.starts_with("  ")) {
                        members.extend(member.trim_start().split_once(' ').map(Member::read));
                    }
                    (name, Shape::Structure(members))
                }
                ["list", name, element, ..] => (name, Shape::List { element, bounds }),
                ["map", name, key, value, ..] => (name, Shape::Map { key, value, bounds }),
                ["string", name, ref rest @ ..] => {
                    let bounded = rest.iter().find_map(|word| Bounds::read(word));
                    let enumeration = rest.iter().find(|word| Bounds::read(word).is_none());
                    let known = |text| PATTERNS.into_iter().find(|known| known.text == text);
                    let shape = Shape::String {
                        bounds: bounded.unwrap_or_default(),
                        words: enumeration.map_or(vec![], |words| words.split('|').collect()),
                        pattern: pattern.and_then(known),
                    };
                    (name, shape)
                }
                ["integer", name, ..] => (name, Shape::Integer(bounds)),
                ["long", name, ..] => (name, Shape::Long(bounds)),
                ["boolean", name] => (name, Shape::Boolean),
                ["double", name] => (name, Shape::Double),
                ["timestamp", name] => (name, Shape::Timestamp),
                _ => continue,
            };
            model.shapes.insert(name, shape);
        }
        model
    }

    /// Checks a value and what is in it, at that path in messages.
    fn check(
        &self,
        json: &Json<'_>,
        shape: &str,
        path: &str,
        constraints: &mut Constraints,
    ) -> Result<(), Exception> {
        for rule in self.violated(json, shape)? {
            constraints.violated(path, &rule);
        }
        self.check_inside(json, shape, path, constraints)
    }

    /// Checks what is in a value. What is wrong with an element or an entry itself is told of the whole list or map, as the service does.
    fn check_inside(
        &self,
        json: &Json<'_>,
        shape: &str,
        path: &str,
        constraints: &mut Constraints,
    ) -> Result<(), Exception> {
        match self.shapes.get(shape) {
            Some(Shape::Structure(members)) => {
                let given = Structure::members(json, shape)?;
                for member in members {
                    let value = given.iter().find(|(name, _)| name == member.name);
                    let value = value.filter(|(_, value)| *value != Json::Null);
                    let path = join(path, member.name);
                    match value {
                        Some((_, value)) => self.check(value, member.shape, &path, constraints)?,
                        None if member.required => constraints.missing(&path),
                        None => {}
                    }
                }
            }
            Some(Shape::List { element, .. }) => {
                let mut wrong = false;
                for (position, inner) in json.as_list()?.iter().enumerate() {
                    wrong |= !self.violated(inner, element)?.is_empty();
                    let path = format!("{path}.{}.member", position + 1);
                    self.check_inside(inner, element, &path, constraints)?;
                }
                if wrong {
                    let rule = messages::of_elements("Member", &self.rules(element));
                    constraints.violated(path, &rule);
                }
            }
            Some(Shape::Map { key, value, .. }) => {
                let (mut wrong_key, mut wrong) = (false, false);
                for (name, inner) in json.as_map(&self.java_type(value))? {
                    wrong_key |= !self.violated_by_text(name, key).is_empty();
                    wrong |= !self.violated(inner, value)?.is_empty();
                    let path = format!("{path}.{name}.member");
                    self.check_inside(inner, value, &path, constraints)?;
                }
                for (wrong, what, shape) in
                    [(wrong_key, "Map keys", key), (wrong, "Map value", value)]
                {
                    if wrong {
                        let rule = messages::of_elements(what, &self.rules(shape));
                        constraints.violated(path, &rule);
                    }
                }
            }
            // Scalars, and attribute values, which are read by their own rules.
            _ => {}
        }
        Ok(())
    }

    /// The rules that a value itself violates.
    fn violated(&self, json: &Json<'_>, shape: &str) -> Result<Vec<String>, Exception> {
        let Some(declared) = self.shapes.get(shape) else {
            return Ok(Vec::new());
        };
        Ok(match declared {
            Shape::Structure(_) => Vec::new(),
            Shape::List { bounds, .. } => bounds.violated_length(json.as_list()?.len()),
            Shape::Map { value, bounds, .. } => {
                bounds.violated_length(json.as_map(&self.java_type(value))?.len())
            }
            Shape::String { .. } => self.violated_by_text(json.as_string()?, shape),
            Shape::Integer(bounds) => bounds.violated_value(i64::from(json.as_integer()?)),
            Shape::Long(bounds) => bounds.violated_value(json.as_long()?),
            Shape::Boolean => {
                json.as_bool()?;
                Vec::new()
            }
            Shape::Double => {
                json.check_double()?;
                Vec::new()
            }
            Shape::Timestamp => {
                json.check_timestamp()?;
                Vec::new()
            }
        })
    }

    fn violated_by_text(&self, text: &str, shape: &str) -> Vec<String> {
        let Some(Shape::String {
            bounds,
            words,
            pattern,
        }) = self.shapes.get(shape)
        else {
            return Vec::new();
        };
        let mut rules = Vec::new();
        if !words.is_empty() && !words.contains(&text) {
            rules.push(messages::enumeration(words));
        }
        if let Some(pattern) = pattern.as_ref().filter(|pattern| !(pattern.matches)(text)) {
            rules.push(messages::pattern(pattern.text));
        }
        rules.extend(bounds.violated_length(text.chars().count()));
        rules
    }

    /// All rules of a shape itself.
    fn rules(&self, shape: &str) -> Vec<String> {
        match self.shapes.get(shape) {
            Some(Shape::List { bounds, .. } | Shape::Map { bounds, .. }) => {
                bounds.rules(Bounds::LENGTHS)
            }
            Some(Shape::String {
                bounds,
                words,
                pattern,
            }) => {
                let mut rules = bounds.rules(Bounds::LENGTHS);
                rules.extend(
                    pattern
                        .as_ref()
                        .map(|pattern| messages::pattern(pattern.text)),
                );
                if !words.is_empty() {
                    rules.push(messages::enumeration(words));
                }
                rules
            }
            Some(Shape::Integer(bounds) | Shape::Long(bounds)) => bounds.rules(Bounds::VALUES),
            _ => Vec::new(),
        }
    }

    /// What the service calls the type in messages.
    fn java_type(&self, shape: &str) -> String {
        match self.shapes.get(shape) {
            Some(Shape::String { .. }) => "java.lang.String".to_owned(),
            Some(Shape::List { element, .. }) => {
                format!("java.util.List<{}>", self.java_type(element))
            }
            _ => format!("com.amazonaws.dynamodb.v20120810.{shape}"),
        }
    }
}

impl Member {
    fn read((name, shape): (&'static str, &'static str)) -> Member {
        let (name, required) = match name.strip_suffix('!') {
            Some(name) => (name, true),
            None => (name, false),
        };
        Member {
            name,
            required,
            shape,
        }
    }
}

fn join(path: &str, member: &str) -> String {
    match path {
        "" => member.to_owned(),
        _ => format!("{path}.{member}"),
    }
}

#[cfg(test)]
mod tests;
