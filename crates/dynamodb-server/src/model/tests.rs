use super::*;
use crate::exception::ExceptionType;
use crate::operation::Operation as Known;
use expect_test::{Expect, expect};

fn refused(operation: &str, body: &str, expected: Expect) {
    let json = Json::parse(body.as_bytes()).expect("JSON");
    let exception = check(operation, &json).expect_err("refused");
    let kind = match exception.exception_type {
        ExceptionType::Serialization => "Serialization",
        ExceptionType::Validation => "Validation",
        other => panic!("{other:?}"),
    };
    expected.assert_eq(&format!("{kind}: {}", exception.message));
}

#[test]
fn every_line_is_read_and_every_name_is_declared() {
    let text = include_str!("requests.txt");
    let lines = text.lines().filter(|line| !line.starts_with(['#', ' ']));
    let model = &*MODEL;
    assert_eq!(lines.count(), model.operations.len() + model.shapes.len());
    let members = text.lines().filter(|line| line.starts_with("  ")).count();
    let mut found = 0;
    let declared = |name: &str| name == "AttributeValue" || model.shapes.contains_key(name);
    for shape in model.shapes.values() {
        match shape {
            Shape::Structure(members) => {
                found += members.len();
                assert!(members.iter().all(|member| declared(member.shape)));
            }
            Shape::List { element, .. } => assert!(declared(element)),
            Shape::Map { value, .. } => assert!(declared(value)),
            _ => {}
        }
    }
    assert_eq!(found, members);
    assert!(model.operations.values().all(|input| declared(input)));
    let patterns = text.lines().filter(|line| line.contains(" /")).count();
    let known = model.shapes.values().filter(|shape| {
        let Shape::String { pattern, .. } = shape else {
            return false;
        };
        pattern.is_some()
    });
    assert_eq!(known.count(), patterns, "a pattern is not known");
}

#[test]
fn the_operations_are_those_of_the_model() {
    let mut known: Vec<&str> = Known::ALL.iter().map(|(name, _)| *name).collect();
    let mut declared: Vec<&str> = MODEL.operations.keys().copied().collect();
    known.sort_unstable();
    declared.sort_unstable();
    assert_eq!(known, declared);
}

#[test]
fn violations_are_collected_in_the_order_of_the_model() {
    refused(
        "CreateBackup",
        "{}",
        expect![
            "Validation: 2 validation errors detected: Value at 'TableName' failed to satisfy constraint: Member must not be null; Value at 'BackupName' failed to satisfy constraint: Member must not be null"
        ],
    );
    refused(
        "CreateBackup",
        r#"{"TableName": "music", "BackupName": "?"}"#,
        expect![
            "Validation: 2 validation errors detected: Value at 'BackupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value at 'BackupName' failed to satisfy constraint: Member must have length greater than or equal to 3"
        ],
    );
    refused(
        "ListBackups",
        r#"{"Limit": 101, "BackupType": "NONE", "TimeRangeLowerBound": 1.5}"#,
        expect![
            "Validation: 2 validation errors detected: Value at 'Limit' failed to satisfy constraint: Member must have value less than or equal to 100; Value at 'BackupType' failed to satisfy constraint: Member must satisfy enum value set: [USER, SYSTEM, AWS_BACKUP, ALL]"
        ],
    );
    refused(
        "UpdateGlobalTable",
        r#"{"GlobalTableName": "music", "ReplicaUpdates": [{"Create": {"RegionName": "eu"}}, {"Delete": {}}]}"#,
        expect![
            "Validation: 1 validation error detected: Value at 'ReplicaUpdates.2.member.Delete.RegionName' failed to satisfy constraint: Member must not be null"
        ],
    );
    refused(
        "SearchVectors",
        r#"{"TableName": "music", "IndexName": "near", "SearchVector": [], "TopK": 0}"#,
        expect![
            "Validation: 2 validation errors detected: Value at 'SearchVector' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'TopK' failed to satisfy constraint: Member must have value greater than or equal to 1"
        ],
    );
}

#[test]
fn types_are_checked_before_constraints() {
    for (body, expected) in [
        (
            r#"{"Limit": "1"}"#,
            expect!["Serialization: STRING_VALUE cannot be converted to Integer"],
        ),
        (
            r#"{"Limit": 0, "TableName": 1}"#,
            expect!["Serialization: NUMBER_VALUE cannot be converted to String"],
        ),
        (
            r#"{"TimeRangeLowerBound": "now"}"#,
            expect!["Serialization: STRING_VALUE cannot be converted to milliseconds since epoch"],
        ),
        (
            r#"{"Limit": 1, "Limit": 2}"#,
            expect!["Serialization: Duplicate member name: Limit"],
        ),
        (
            "[]",
            expect![
                "Serialization: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.ListBackupsInput"
            ],
        ),
    ] {
        refused("ListBackups", body, expected);
    }
    refused(
        "UpdateGlobalTable",
        r#"{"GlobalTableName": "music", "ReplicaUpdates": {}}"#,
        expect!["Serialization: Start of structure or map found where not expected."],
    );
    refused(
        "UpdateContinuousBackups",
        r#"{"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "yes"}}"#,
        expect!["Serialization: STRING_VALUE cannot be converted to Boolean"],
    );
    refused(
        "UpdateTableReplicaAutoScaling",
        r#"{"TableName": "music", "ProvisionedWriteCapacityAutoScalingUpdate":
            {"ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": "70"}}}}"#,
        expect!["Serialization: STRING_VALUE cannot be converted to Double"],
    );
}

#[test]
fn absent_and_unknown_members_are_left_out() {
    for body in [
        "{}",
        r#"{"Limit": null, "Unheard": [1]}"#,
        r#"{"Limit": 100, "TableName": "x", "TimeRangeUpperBound": 17}"#,
    ] {
        let json = Json::parse(body.as_bytes()).expect("JSON");
        assert_eq!(check("ListBackups", &json), Ok(()));
    }
}

#[test]
fn patterns_match_what_they_say() {
    let cases: [(&str, &[&str], &[&str]); 9] = [
        ("[a-zA-Z0-9_.-]+", &["a.B-9_"], &["", "a b", "ä"]),
        (r"^[^\$]+$", &["a b"], &["", "a$"]),
        (
            r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$",
            &["ab", "a.b-c_d9"],
            &["a", "a.", ".a", "a b"],
        ),
        (
            "[0-9]{12}",
            &["000000000000"],
            &["1", "0000000000000", "00000000000x"],
        ),
        (r"[,;:|\t ]", &[",", "\t", " "], &["", "x", ",,"]),
        (
            r"[\x20-\x21\x23-\x2B\x2D-\x7E]*",
            &["", "a b!~"],
            &["a,b", "\"", "ä", "\u{7f}"],
        ),
        (
            "([0-9a-f]{16})+",
            &["0123456789abcdef", "0123456789abcdef0123456789abcdef"],
            &["", "0123", "0123456789ABCDEF"],
        ),
        (
            r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*",
            &["", "a\r\n\tä😀"],
            &["\u{1}", "\u{ffff}"],
        ),
        (r"\p{Print}+", &["a b~"], &["", "\n", "ä"]),
    ];
    for (pattern, matching, others) in cases {
        let known = PATTERNS.into_iter().find(|known| known.text == pattern);
        let matches = known.expect("a known pattern").matches;
        assert!(matching.iter().all(|text| matches(text)), "{pattern}");
        assert!(!others.iter().any(|text| matches(text)), "{pattern}");
    }
}
