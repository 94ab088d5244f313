//! Every constraint that the API model declares of a request is enforced, at its path and with its rule, by every operation.
//!
//! For each of them a request is made that violates it and nothing else.

use crate::server::{Client, Server};
use expect_test::expect;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MODEL: &str = include_str!("../../src/model/requests.txt");
/// Structures within structures that are looked into.
const DEPTH: usize = 8;
/// Lists, maps and texts above that are not made too long.
const LENGTH_MAX: i64 = 70_000;

type Shapes = BTreeMap<&'static str, Shape>;

#[derive(Debug)]
struct Shape {
    kind: &'static str,
    /// Of a structure: name, whether it is required, shape.
    members: Vec<(&'static str, bool, &'static str)>,
    /// Of a list or map.
    element: &'static str,
    /// Of a map.
    key: &'static str,
    min: Option<i64>,
    max: Option<i64>,
    words: Vec<&'static str>,
    pattern: Option<&'static str>,
}

/// The shapes, and operations with those of their requests.
fn read() -> (Shapes, Vec<(&'static str, &'static str)>) {
    let mut shapes = Shapes::new();
    let mut operations = Vec::new();
    let mut current = "";
    for line in MODEL.lines().filter(|line| !line.starts_with('#')) {
        if let Some(member) = line.strip_prefix("  ") {
            let (name, shape) = member.split_once(' ').expect("a member");
            let required = name.ends_with('!');
            let member = (name.trim_end_matches('!'), required, shape);
            shapes
                .get_mut(current)
                .expect("a structure")
                .members
                .push(member);
            continue;
        }
        let (line, pattern) = match line.split_once(" /") {
            Some((line, pattern)) => (line, Some(pattern)),
            None => (line, None),
        };
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "operation" {
            operations.push((words[1], words[2]));
            continue;
        }
        let bounds = words.iter().skip(2).find(|word| word.contains(".."));
        let (min, max) = bounds
            .and_then(|bounds| bounds.split_once(".."))
            .unwrap_or_default();
        let element = match words[0] {
            "list" => words[2],
            "map" => words[3],
            _ => "",
        };
        let enumeration = words.iter().skip(2).find(|word| !word.contains(".."));
        let enumeration = enumeration.filter(|_| words[0] == "string");
        current = words[1];
        let shape = Shape {
            kind: words[0],
            members: Vec::new(),
            element,
            key: if words[0] == "map" { words[2] } else { "" },
            min: min.parse().ok(),
            max: max.parse().ok(),
            words: enumeration.map_or(Vec::new(), |words| words.split('|').collect()),
            pattern,
        };
        shapes.insert(current, shape);
    }
    (shapes, operations)
}

/// A value that violates nothing, with the required members only.
fn valid(shapes: &Shapes, name: &str) -> Value {
    let Some(shape) = shapes.get(name) else {
        return json!({"S": "x"});
    };
    match name {
        "TableArn" | "TableName" => return json!("music"),
        "ResourceArnString" => return json!("arn:aws:dynamodb:us-east-1:000000000000:table/music"),
        "StreamArn" => {
            return json!(
                "arn:aws:dynamodb:us-east-1:000000000000:table/music/stream/2026-11-23T12:00:00.000"
            );
        }
        _ => {}
    }
    let at_least = shape.min.unwrap_or(0).max(0) as usize;
    match shape.kind {
        // The model declares neither of both, because a replica of another table needs neither.
        "structure" if name == "CreateTableInput" => json!({
            "TableName": "music",
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}),
        "structure" => {
            let required = shape.members.iter().filter(|(_, required, _)| *required);
            let members =
                required.map(|(name, _, shape)| ((*name).to_owned(), valid(shapes, shape)));
            Value::Object(members.collect())
        }
        "list" => Value::Array(vec![valid(shapes, shape.element); at_least]),
        "map" => {
            let keys = (0..at_least).map(|number| {
                if number == 0 {
                    "music".to_owned()
                } else {
                    format!("k{number}")
                }
            });
            Value::Object(
                keys.map(|key| (key, valid(shapes, shape.element)))
                    .collect(),
            )
        }
        "string" => match shape.words.first() {
            Some(word) => json!(word),
            None => json!("0".repeat(at_least.max(1))),
        },
        "integer" | "long" => json!(shape.min.unwrap_or(1).max(1)),
        "boolean" => json!(true),
        _ => json!(1),
    }
}

/// What stands between the request and a value.
#[derive(Clone, Debug)]
enum Step {
    Member(&'static str, &'static str),
    Element(&'static str),
    Entry(&'static str),
}

/// A request and what is wrong with it.
struct Case {
    request: Value,
    path: String,
    rule: String,
}

fn bound(what: &str, bound: &str, number: i64) -> String {
    format!("Member must have {what} {bound} than or equal to {number}")
}

/// All rules of a shape itself, as they stand in brackets.
fn rules(shape: &Shape) -> String {
    let what = match shape.kind {
        "integer" | "long" => "value",
        _ => "length",
    };
    let mut rules = Vec::new();
    rules.extend(shape.max.map(|max| bound(what, "less", max)));
    rules.extend(shape.min.map(|min| bound(what, "greater", min)));
    rules.extend(shape.pattern.map(pattern));
    if !shape.words.is_empty() {
        rules.push(enumeration(shape));
    }
    format!("[{}]", rules.join(", "))
}

fn pattern(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn enumeration(shape: &Shape) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        shape.words.join(", ")
    )
}

/// Values of a shape that violate one of its rules, and which.
fn violations(shapes: &Shapes, name: &str) -> Vec<(Value, String)> {
    let Some(shape) = shapes.get(name) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let max = shape.max.filter(|max| *max <= LENGTH_MAX);
    let min = shape.min.filter(|min| *min > 0);
    match shape.kind {
        "string" => {
            if !shape.words.is_empty() {
                found.push((json!("NONSENSE"), enumeration(shape)));
            }
            if let Some(rule) = shape.pattern.map(pattern) {
                let length = shape.min.unwrap_or(0).max(3) as usize;
                found.push((json!("$\u{1}".repeat(length)), rule));
            }
            let text = |length: i64| json!("0".repeat(length as usize));
            found.extend(min.map(|min| (text(min - 1), bound("length", "greater", min))));
            found.extend(max.map(|max| (text(max + 1), bound("length", "less", max))));
        }
        "integer" | "long" => {
            let (min, max) = (shape.min, shape.max);
            found.extend(min.map(|min| (json!(min - 1), bound("value", "greater", min))));
            found.extend(max.map(|max| (json!(max + 1), bound("value", "less", max))));
        }
        "list" => {
            let of = |count: i64| Value::Array(vec![valid(shapes, shape.element); count as usize]);
            found.extend(min.map(|min| (of(min - 1), bound("length", "greater", min))));
            found.extend(max.map(|max| (of(max + 1), bound("length", "less", max))));
        }
        "map" => {
            let of = |count: i64| {
                let entry = |number| (format!("k{number}"), valid(shapes, shape.element));
                Value::Object((0..count).map(entry).collect())
            };
            found.extend(min.map(|min| (of(min - 1), bound("length", "greater", min))));
            found.extend(max.map(|max| (of(max + 1), bound("length", "less", max))));
        }
        _ => {}
    }
    found
}

/// The cases of a request.
fn cases(shapes: &Shapes, input: &'static str) -> Vec<Case> {
    let mut cases = Vec::new();
    walk(shapes, input, input, &mut Vec::new(), &mut cases);
    cases
}

fn walk(
    shapes: &Shapes,
    input: &'static str,
    shape: &'static str,
    steps: &mut Vec<Step>,
    cases: &mut Vec<Case>,
) {
    for (value, rule) in violations(shapes, shape) {
        let request = request(shapes, input, steps, Some(value));
        // What is wrong with an element or an entry itself is told of the whole.
        let of = |what: &str| format!("{what} must satisfy constraint: {}", rules(&shapes[shape]));
        let (path, rule) = match steps.last() {
            Some(Step::Element(_)) => (path(&steps[..steps.len() - 1]), of("Member")),
            Some(Step::Entry(_)) => (path(&steps[..steps.len() - 1]), of("Map value")),
            Some(Step::Member(..)) | None => (path(steps), rule),
        };
        cases.push(Case {
            request,
            path,
            rule,
        });
    }
    let Some(declared) = shapes.get(shape).filter(|_| steps.len() < DEPTH) else {
        return;
    };
    match declared.kind {
        "structure" => {
            for &(name, required, member) in &declared.members {
                steps.push(Step::Member(name, member));
                if required {
                    cases.push(Case {
                        request: request(shapes, input, steps, None),
                        path: path(steps),
                        rule: "Member must not be null".to_owned(),
                    });
                }
                walk(shapes, input, member, steps, cases);
                steps.pop();
            }
        }
        "list" | "map" => {
            if let Some(key) = shapes.get(declared.key) {
                for (wrong, _) in violations(shapes, declared.key) {
                    let wrong = wrong.as_str().expect("a key");
                    let entries = json!({wrong: valid(shapes, declared.element)});
                    cases.push(Case {
                        request: request(shapes, input, steps, Some(entries)),
                        path: path(steps),
                        rule: format!("Map keys must satisfy constraint: {}", rules(key)),
                    });
                }
            }
            steps.push(match declared.kind {
                "list" => Step::Element(declared.element),
                _ => Step::Entry(declared.element),
            });
            walk(shapes, input, declared.element, steps, cases);
            steps.pop();
        }
        _ => {}
    }
}

/// A valid request, but for the value at the end of the steps.
fn request(shapes: &Shapes, input: &str, steps: &[Step], value: Option<Value>) -> Value {
    let mut request = valid(shapes, input);
    let mut place = &mut request;
    for (number, step) in steps.iter().enumerate() {
        let last = number + 1 == steps.len();
        let (Step::Member(_, shape) | Step::Element(shape) | Step::Entry(shape)) = step;
        match step {
            Step::Member(name, _) => {
                let members = place.as_object_mut().expect("a structure");
                if last && value.is_none() {
                    members.remove(*name);
                    return request;
                }
                let there = members.entry(*name);
                place = there.or_insert_with(|| valid(shapes, shape));
            }
            Step::Element(_) => {
                let elements = place.as_array_mut().expect("a list");
                if elements.is_empty() {
                    elements.push(valid(shapes, shape));
                }
                place = &mut elements[0];
            }
            Step::Entry(_) => {
                let entries = place.as_object_mut().expect("a map");
                let there = entries.entry("music");
                place = there.or_insert_with(|| valid(shapes, shape));
            }
        }
    }
    *place = value.expect("a value");
    request
}

fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Member(name, _) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Element(_) => path.push_str(".1.member"),
            Step::Entry(_) => path.push_str(".music.member"),
        }
    }
    path
}

async fn answer(client: &mut Client, operation: &str, request: &Value) -> String {
    let streams = [
        "DescribeStream",
        "GetRecords",
        "GetShardIterator",
        "ListStreams",
    ];
    let answer = match streams.contains(&operation) {
        true => client.stream_call(operation, request.clone()).await,
        false => client.call(operation, request.to_string()).await,
    };
    match answer.status {
        200 => "200".to_owned(),
        _ => answer.exception(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_declares_is_enforced() {
    let (_server, mut client) = Server::with_music().await;
    let (shapes, operations) = read();
    assert_eq!(operations.len(), 66);
    let mut checked = 0;
    let mut differences = Vec::new();
    for (operation, input) in operations {
        for case in cases(&shapes, input) {
            let answer = answer(&mut client, operation, &case.request).await;
            let expected = format!(
                "at '{}' failed to satisfy constraint: {}",
                case.path, case.rule
            );
            let told =
                answer.starts_with("400 ValidationException: ") && answer.contains(&expected);
            // Parameters whose features are not there are refused by their names before anything else is said of them; the service
            // has words of its own for names of attributes.
            let refused = answer.ends_with("is not supported by this version of ShaleDB")
                || answer.contains("Attribute name is too large");
            checked += 1;
            if !told && !refused {
                let answer: String = answer.chars().take(250).collect();
                differences.push(format!("{operation} {} {}: {answer}", case.path, case.rule));
            }
        }
    }
    assert!(checked > 700, "{checked}");
    // Tables that SQL has made may have names of one or two characters.
    expect![[r#"
        ListTables ExclusiveStartTableName Member must have length greater than or equal to 3: 200
        UpdateTable ReplicaUpdates.1.member.Disassociate.RegionName Member must not be null: 400 ValidationException: Disassociate of ReplicaUpdates is not available in this version of ShaleDB
        UpdateTable ReplicaUpdates.1.member.Disassociate.DisassociationMode Member must not be null: 400 ValidationException: Disassociate of ReplicaUpdates is not available in this version of ShaleDB
        UpdateTable ReplicaUpdates.1.member.Disassociate.DisassociationMode Member must satisfy enum value set: [WAIT_FOR_REPLICATION]: 400 ValidationException: Disassociate of ReplicaUpdates is not available in this version of ShaleDB
        ListStreams TableName Member must have length greater than or equal to 3: 200"#]]
    .assert_eq(&differences.join("\n"));
}
