use super::*;
use crate::{Dialect, SqlError};
use expect_test::{Expect, expect};
use proptest::prelude::*;

mod past;

/// What a text parses to, in short.
fn shape(text: &str, dialect: Dialect) -> String {
    match parse_statement(text, dialect) {
        Ok(None) => "nothing".into(),
        Ok(Some(statement)) => shape_of(statement),
        Err(SqlError::Syntax { message, position }) => format!("syntax at {position:?}: {message}"),
        Err(error) => format!("error: {error}"),
    }
    .trim_end()
    .to_owned()
}

fn returning(returning: Option<&Returning>) -> String {
    match returning {
        None => String::new(),
        Some(Returning::Items(items)) => format!("returning {} items", items.len()),
        Some(Returning::Image(scope, image)) => format!("returning {scope:?} {image:?}"),
    }
}

fn shape_of(statement: Stmt) -> String {
    match statement {
        Stmt::Cursor(statement) => format!("{statement:?}"),
        Stmt::CreateTable {
            create,
            local_indexes,
        } => {
            let indexes: Vec<String> = local_indexes.iter().map(ToString::to_string).collect();
            format!("{create} with {}", indexes.join("; "))
        }
        Stmt::Insert(insert) => format!(
            "insert {} ({}) {} {}{}",
            insert.table,
            insert.columns.len(),
            match insert.source {
                InsertSource::Documents(documents) => {
                    let texts: Vec<String> = documents.iter().map(ToString::to_string).collect();
                    format!("documents {}", texts.join(" | "))
                }
                InsertSource::Rows(rows) => format!("{} rows", rows.len()),
                InsertSource::DefaultValues => "defaults".into(),
                InsertSource::Query(query) => query.to_string(),
            },
            if insert.on_conflict.is_some() {
                "on conflict "
            } else {
                ""
            },
            returning(insert.returning.as_ref())
        ),
        Stmt::Update(update) => {
            let actions: Vec<String> = update
                .actions
                .iter()
                .map(|action| match action {
                    UpdateAction::Set(path, value) => format!("set {path} = {value}"),
                    UpdateAction::Remove(path) => format!("remove {path}"),
                })
                .collect();
            format!(
                "update {} {} where {} {}",
                update.table,
                actions.join("; "),
                update
                    .selection
                    .map_or_else(|| "-".into(), |expr| expr.to_string()),
                returning(update.returning.as_ref())
            )
        }
        Stmt::Delete(delete) => format!(
            "delete {} where {} {}",
            delete.table,
            delete
                .selection
                .map_or_else(|| "-".into(), |expr| expr.to_string()),
            returning(delete.returning.as_ref())
        ),
        Stmt::Exists(query) => format!("exists {query}"),
        Stmt::Explain { options, .. } => {
            let options: Vec<String> = options
                .into_iter()
                .map(|(name, value)| value.map_or(name.clone(), |value| format!("{name} {value}")))
                .collect();
            format!("explain {options:?}")
        }
        Stmt::Prepare { name, text, .. } => format!("prepare {name}: {text}"),
        Stmt::Transaction(statement) => format!("{statement:?}"),
        Stmt::Locking { statement, tables } => {
            let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
            format!("{} locking [{}]", shape_of(*statement), names.join(", "))
        }
        Stmt::AsOf { statement, clauses } => {
            let positions = clauses.positions.iter();
            let positions: Vec<String> = positions
                .map(|(name, position)| match position {
                    Position::Lsn(lsn) => format!("{name} at {lsn}"),
                    Position::Time(time) => format!("{name} at time {time}"),
                })
                .collect();
            let without: Vec<String> = clauses.without.iter().map(ToString::to_string).collect();
            format!(
                "{} as of [{}] without [{}]{}",
                shape_of(*statement),
                positions.join("; "),
                without.join(", "),
                if clauses.misplaced { " misplaced" } else { "" }
            )
        }
        Stmt::NotBuilt(statement) => format!("{statement:?}"),
        Stmt::Definition(Definition::TableAs(table)) => format!(
            "table {} ({}) as {} with data: {}",
            table.name,
            table.columns.len(),
            table.query,
            table.with_data
        ),
        Stmt::Definition(Definition::View(view)) => format!(
            "view {} ({}) as <{}> replacing: {} refused: {:?}",
            view.name,
            view.columns.len(),
            view.text,
            view.or_replace,
            view.refused
        ),
        Stmt::Sql(statement) => statement.to_string(),
    }
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shape(text, Dialect::Postgres));
}

fn check_partiql(text: &str, expected: Expect) {
    expected.assert_eq(&shape(text, Dialect::PartiQl));
}

#[test]
fn documents_are_inserted() {
    check(
        "INSERT INTO Music VALUE {'Artist': 'A', 'Tags': <<'a','b'>>, 'L': [1,2], 'M': {'x': 1}}",
        expect![
            "insert Music (0) documents {'Artist': 'A', 'Tags': __bag('a', 'b'), 'L': [1, 2], 'M': {'x': 1}}"
        ],
    );
    check(
        "INSERT INTO t VALUES {'a': 1}, {'n': <<-1,-2.5e10>>, 'e': [], 'm': {}} ON CONFLICT DO NOTHING RETURNING *",
        expect![
            "insert t (0) documents {'a': 1} | {'n': __bag(-1, -2.5e10), 'e': [], 'm': {}} on conflict returning 1 items"
        ],
    );
    check_partiql(
        "INSERT INTO \"T\" VALUE {'a': ?, 'b': ?}",
        expect![[r#"insert "T" (0) documents {'a': $1, 'b': $2}"#]],
    );
}

#[test]
fn table_is_a_select() {
    check("TABLE t ORDER BY a", expect!["SELECT * FROM t ORDER BY a"]);
    check(
        "TABLE",
        expect!["syntax at Some(5): Expected: identifier, found: EOF"],
    );
}

#[test]
fn standard_inserts_stay_standard() {
    check(
        "INSERT INTO t (a,b) VALUES (1,'x'), (2, DEFAULT) ON CONFLICT (a) DO UPDATE SET b = EXCLUDED.b RETURNING a, b",
        expect!["insert t (2) 2 rows on conflict returning 2 items"],
    );
    check(
        "INSERT INTO t DEFAULT VALUES",
        expect!["insert t (0) defaults"],
    );
    check(
        "INSERT INTO t SELECT * FROM u",
        expect!["insert t (0) SELECT * FROM u"],
    );
}

#[test]
fn transactions_are_postgresqls() {
    for (text, expected) in [
        (
            "BEGIN",
            expect![[
                r#"Begin { tag: "BEGIN", modes: TransactionModes { read_only: None, deferrable: None } }"#
            ]],
        ),
        (
            "begin work isolation level repeatable read read only, not deferrable",
            expect![[
                r#"Begin { tag: "BEGIN", modes: TransactionModes { read_only: Some(true), deferrable: Some(false) } }"#
            ]],
        ),
        (
            "START TRANSACTION READ WRITE DEFERRABLE",
            expect![[
                r#"Begin { tag: "START TRANSACTION", modes: TransactionModes { read_only: Some(false), deferrable: Some(true) } }"#
            ]],
        ),
        ("END AND CHAIN", expect!["Commit { chain: true }"]),
        ("COMMIT WORK", expect!["Commit { chain: false }"]),
        (
            "ABORT TRANSACTION AND NO CHAIN",
            expect!["Rollback { chain: false }"],
        ),
        (
            "SAVEPOINT savepoint",
            expect![[
                r#"Savepoint(Ident { value: "savepoint", quote_style: None, span: Span(Location(1,11)..Location(1,20)) })"#
            ]],
        ),
        (
            "RELEASE savepoint",
            expect![[
                r#"Release(Ident { value: "savepoint", quote_style: None, span: Span(Location(1,9)..Location(1,18)) })"#
            ]],
        ),
        (
            "RELEASE SAVEPOINT \"S\"",
            expect![[
                r#"Release(Ident { value: "S", quote_style: Some('"'), span: Span(Location(1,19)..Location(1,22)) })"#
            ]],
        ),
        (
            "ROLLBACK WORK TO SAVEPOINT a",
            expect![[
                r#"RollbackTo(Ident { value: "a", quote_style: None, span: Span(Location(1,28)..Location(1,29)) })"#
            ]],
        ),
        (
            "ROLLBACK TO a",
            expect![[
                r#"RollbackTo(Ident { value: "a", quote_style: None, span: Span(Location(1,13)..Location(1,14)) })"#
            ]],
        ),
        (
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
            expect![
                "SetTransaction { modes: TransactionModes { read_only: Some(true), deferrable: None }, session: false }"
            ],
        ),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            expect![
                "SetTransaction { modes: TransactionModes { read_only: Some(true), deferrable: None }, session: true }"
            ],
        ),
        (
            "SET LOCAL TRANSACTION READ ONLY",
            expect![
                "SetTransaction { modes: TransactionModes { read_only: Some(true), deferrable: None }, session: false }"
            ],
        ),
        (
            "SET TRANSACTION SNAPSHOT '1-2'",
            expect![[r#"NotBuilt("SET TRANSACTION SNAPSHOT")"#]],
        ),
        (
            "PREPARE TRANSACTION 'x'",
            expect![[r#"NotBuilt("PREPARE TRANSACTION")"#]],
        ),
        (
            "COMMIT PREPARED 'x'",
            expect![[r#"NotBuilt("COMMIT PREPARED")"#]],
        ),
        (
            "LOCK TABLE ONLY a, public.b IN SHARE ROW EXCLUSIVE MODE NOWAIT",
            expect![[
                r#"Lock([ObjectName([Identifier(Ident { value: "a", quote_style: None, span: Span(Location(1,17)..Location(1,18)) })]), ObjectName([Identifier(Ident { value: "public", quote_style: None, span: Span(Location(1,20)..Location(1,26)) }), Identifier(Ident { value: "b", quote_style: None, span: Span(Location(1,27)..Location(1,28)) })])])"#
            ]],
        ),
        (
            "LOCK a IN NO MODE",
            expect!["syntax at Some(10): Expected: a lock mode, found: NO"],
        ),
        (
            "SET TRANSACTION",
            expect!["syntax at Some(15): Expected: a transaction mode, found: EOF"],
        ),
        (
            "BEGIN ISOLATION LEVEL NONE",
            expect!["syntax at Some(22): Expected: an isolation level, found: NONE"],
        ),
        (
            "ABORT TO x",
            expect!["syntax at Some(6): Expected: end of statement, found: TO"],
        ),
        (
            "BEGIN;; ",
            expect![[
                r#"Begin { tag: "BEGIN", modes: TransactionModes { read_only: None, deferrable: None } }"#
            ]],
        ),
        ("SET LOCAL a = 1", expect!["SET LOCAL a = 1"]),
    ] {
        check(text, expected);
    }
}

#[test]
fn locking_clauses_stand_where_postgresql_takes_them() {
    for (text, expected) in [
        (
            "SELECT * FROM t FOR UPDATE",
            expect!["SELECT * FROM t locking []"],
        ),
        (
            "SELECT * FROM t, u AS x ORDER BY a FOR NO KEY UPDATE OF t, X SKIP LOCKED LIMIT 1",
            expect!["SELECT * FROM t, u AS x ORDER BY a LIMIT 1 locking [t, X]"],
        ),
        (
            "SELECT * FROM t LIMIT 1 FOR KEY SHARE NOWAIT FOR SHARE",
            expect!["SELECT * FROM t LIMIT 1 locking []"],
        ),
        (
            "DELETE FROM q WHERE id = (SELECT id FROM q FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *",
            expect!["delete q where id = (SELECT id FROM q LIMIT 1) returning 1 items locking []"],
        ),
        (
            "INSERT INTO t SELECT * FROM u FOR SHARE",
            expect!["insert t (0) SELECT * FROM u  locking []"],
        ),
        (
            "INSERT INTO t VALUES (1) FOR UPDATE",
            expect!["syntax at Some(25): Expected: end of statement, found: FOR"],
        ),
        (
            "UPDATE t SET a = 1 FOR UPDATE",
            expect!["syntax at Some(19): Expected: end of statement, found: FOR"],
        ),
        (
            "DROP TABLE t FOR UPDATE",
            expect!["syntax at Some(13): Expected: end of statement, found: FOR"],
        ),
        (
            "SELECT 1 FOR UPDATE + 2",
            expect!["syntax at Some(13): Expected: end of statement, found: UPDATE"],
        ),
        (
            "SELECT substring('abc' FROM 1 FOR 2)",
            expect!["SELECT SUBSTRING('abc' FROM 1 FOR 2)"],
        ),
        ("SELECT \"for\" FROM t", expect![[r#"SELECT "for" FROM t"#]]),
    ] {
        check(text, expected);
    }
}

#[test]
fn updates_take_paths_and_removals() {
    check(
        "UPDATE t SET a=1 SET b={'x': 1} REMOVE tags[1] WHERE pk=1 RETURNING ALL OLD *",
        expect![
            "update t set a = 1; set b = {'x': 1}; remove tags[1] where pk = 1 returning All Old"
        ],
    );
    check(
        "UPDATE Music AS m SET a=1, b.c[0]=b.c[0]+1 WHERE m.pk=1 RETURNING MODIFIED NEW *",
        expect![
            "update Music set a = 1; set b.c[0] = b.c[0] + 1 where m.pk = 1 returning Modified New"
        ],
    );
    check(
        "UPDATE t SET (a, b) = (1, 2) WHERE pk = 1",
        expect!["update t set a = 1; set b = 2 where pk = 1"],
    );
    check_partiql(
        "UPDATE t SET s=set_add(s,<<1>>) SET l=list_append(l,[?]) WHERE pk=? AND sk=?",
        expect![
            "update t set s = set_add(s, __bag(1)); set l = list_append(l, [$1]) where pk = $2 AND sk = $3"
        ],
    );
    check(
        "DELETE FROM t WHERE a IS NOT MISSING RETURNING ALL OLD *",
        expect!["delete t where NOT __is_missing(a) returning All Old"],
    );
}

#[test]
fn partiql_predicates_parse() {
    check(
        "SELECT a.b[0].c FROM \"Music\".\"GenreIndex\" WHERE Artist IN ['a','b'] AND x NOT IN [1] AND a IS MISSING AND begins_with(a, 'x') AND size(d) > 3",
        expect![[
            r#"SELECT a.b[0].c FROM "Music"."GenreIndex" WHERE Artist IN ('a', 'b') AND x NOT IN (1) AND __is_missing(a) AND begins_with(a, 'x') AND size(d) > 3"#
        ]],
    );
    check(
        "EXISTS(SELECT * FROM t WHERE a = 1)",
        expect!["exists SELECT * FROM t WHERE a = 1"],
    );
    check(
        "SELECT j->>'a', j @> '{}'::jsonb FROM t",
        expect!["SELECT j ->> 'a', j @> '{}'::JSONB FROM t"],
    );
    check(
        "SELECT 16 >> 2, <<16 >>",
        expect!["SELECT 16 >> 2, __bag(16)"],
    );
}

/// Statements as psql, JDBC and SQLAlchemy send them to the catalog.
#[test]
fn catalog_queries_of_clients_parse() {
    for text in [
        "SELECT n.nspname as \"Schema\", c.relname as \"Name\", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as \"Type\", pg_catalog.pg_get_userbyid(c.relowner) as \"Owner\" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2",
        "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(music)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3",
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        "SELECT pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.unnest(r.rolconfig)), E'\\n') FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' AND r.rolname ~~* 'A%' AND r.x !~~ 'b' ORDER BY 1",
        "SELECT substr(name, 1, 5), conkey[1], 'music'::regclass::oid, i.indkey::text FROM x WHERE a = ANY (current_schemas(true)) AND b @> ARRAY[1,2] AND c && d AND j ? 'k' AND j ->> 'a' = 'b' AND j #>> '{a,b}' = 'c' AND ts AT TIME ZONE 'UTC' > now() - interval '1 day'",
        "SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ FROM pg_catalog.pg_index i",
    ] {
        if let Err(error) = parse_statement(text, Dialect::Postgres) {
            panic!("{error}: {text}");
        }
    }
}

#[test]
fn session_statements_parse() {
    check(
        "PREPARE q (int, text) AS SELECT * FROM t WHERE a = $1;",
        expect!["prepare q: SELECT * FROM t WHERE a = $1"],
    );
    check(
        "EXPLAIN (VERBOSE, COSTS OFF) SELECT 1",
        expect![[r#"explain ["VERBOSE", "COSTS OFF"]"#]],
    );
    check(
        "EXPLAIN ANALYZE SELECT 1",
        expect![[r#"explain ["ANALYZE"]"#]],
    );
    check(" ; ", expect!["nothing"]);
    check("-- only a comment\n", expect!["nothing"]);
}

#[test]
fn syntax_errors_have_byte_positions() {
    check(
        "SELECT * FORM t",
        expect!["syntax at Some(9): Expected: end of statement, found: FORM"],
    );
    check(
        "SELECT 'ä' FROM t WHERE",
        expect!["syntax at Some(24): Expected: an expression, found: EOF"],
    );
    check(
        "SELECT\n  'ä', )",
        expect!["syntax at Some(15): Expected: an expression, found: )"],
    );
    check(
        "SELECT 'abc",
        expect!["syntax at Some(7): Unterminated string literal"],
    );
    check(
        "UPDATE t a = 1",
        expect!["syntax at Some(11): Expected: SET or REMOVE, found: ="],
    );
}

#[test]
fn statements_split_at_semicolons_that_count() {
    let split = |text| split_statements(text);
    assert_eq!(split("a; b ;; c"), [(0, "a"), (3, "b"), (8, "c")]);
    assert_eq!(split("';';\";\""), [(0, "';'"), (4, "\";\"")]);
    assert_eq!(split("'it''s;' ; x"), [(0, "'it''s;'"), (11, "x")]);
    assert_eq!(split("E'\\';' ; x"), [(0, "E'\\';'"), (9, "x")]);
    assert_eq!(
        split("$$;$$; $a$;$$;$a$"),
        [(0, "$$;$$"), (7, "$a$;$$;$a$")]
    );
    assert_eq!(
        split("a -- ;\n; /* ; /* ; */ ; */ b"),
        [(0, "a -- ;"), (9, "/* ; /* ; */ ; */ b")]
    );
    assert_eq!(split("-- nothing;\n /* ; */ ;").len(), 0);
    assert_eq!(split("select $1;"), [(0, "select $1")]);
    assert_eq!(split("'open ; "), [(0, "'open ;")]);
}

#[test]
fn nesting_and_chains_are_bounded() {
    // On a thread with the stack of a runtime's worker.
    let checks = || {
        for text in [
            format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
            format!("SELECT {}1{}", "[".repeat(5_000), "]".repeat(5_000)),
            format!("INSERT INTO t VALUE {}1", "{'a':".repeat(5_000)),
            format!("SELECT 1{}", "+1".repeat(100_000)),
            format!("SELECT * FROM t WHERE a{}", " OR a".repeat(100_000)),
            format!("SELECT {}1", "-".repeat(3).replace('-', "- ").repeat(5_000)),
            format!("SELECT {}1", "NOT ".repeat(5_000)),
            format!("SELECT 1{}", "::int".repeat(5_000)),
        ] {
            let result = parse_statement(&text, Dialect::Postgres);
            assert!(
                matches!(
                    result,
                    Err(SqlError::ProgramLimit { .. } | SqlError::Syntax { .. })
                ),
                "{}",
                &text[..40]
            );
        }
        for (text, words) in [
            (format!("SELECT {}1", "ARRAY[".repeat(100)), "deeper than"),
            (
                format!("SELECT {}1", "CASE WHEN ".repeat(100)),
                "deeper than",
            ),
            (format!("SELECT {}true", "NOT ".repeat(100)), "deeper than"),
            // Exponential, if every alternative were tried at every level.
            (
                format!("SELECT {}!{}", "ARRAY[".repeat(60), "]".repeat(60)),
                "too many ways",
            ),
            (
                format!("SELECT 1{}", " UNION SELECT 1".repeat(101)),
                "set operations",
            ),
        ] {
            let result = parse_statement(&text, Dialect::Postgres);
            assert!(
                matches!(&result, Err(SqlError::ProgramLimit { message }) if message.contains(words)),
                "{}: {result:?}",
                &text[..40]
            );
        }
        for text in ["EXPLAIN EXPLAIN SELECT 1", "PREPARE a AS EXPLAIN SELECT 1"] {
            let result = parse_statement(text, Dialect::Postgres);
            assert!(matches!(result, Err(SqlError::Syntax { .. })), "{text}");
        }
        let most = format!("SELECT * FROM t WHERE a = 1{}", " OR a = 1".repeat(400));
        assert!(parse_statement(&most, Dialect::Postgres).is_ok());
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(checks);
    thread.expect("a thread").join().expect("no overflow");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = parse_statement(&text, Dialect::Postgres);
        let _ = parse_statement(&text, Dialect::PartiQl);
        let _ = split_statements(&text);
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(prop_oneof![
        Just("SELECT"), Just("INSERT"), Just("INTO"), Just("VALUE"), Just("t"), Just("{"), Just("}"), Just("<<"), Just(">>"), Just("["), Just("]"),
        Just("'a'"), Just(":"), Just("1"), Just(","), Just("SET"), Just("UPDATE"), Just("REMOVE"), Just("WHERE"), Just("IS"), Just("MISSING"), Just("NOT"),
        Just("IN"), Just("("), Just(")"), Just("="), Just("$1"), Just("?"), Just("RETURNING"), Just("ALL"), Just("OLD"), Just("*"), Just("."), Just("EXPLAIN"),
    ], 0..25)) {
        let text = words.join(" ");
        let _ = parse_statement(&text, Dialect::Postgres);
        let _ = parse_statement(&text, Dialect::PartiQl);
    }
}

#[test]
fn definitions_by_queries() {
    check(
        "CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA;",
        expect!["table t (2) as SELECT 1, 2 with data: false"],
    );
    check(
        "create unlogged table if not exists s.t with (ttl = 'x') as select * from u",
        expect!["table s.t (0) as SELECT * FROM u with data: true"],
    );
    check(
        "CREATE OR REPLACE VIEW v AS\n  SELECT a -- one\n FROM t WHERE b = ';' ;  ",
        expect![
            "view v (0) as <SELECT a -- one\n FROM t WHERE b = ';'> replacing: true refused: None"
        ],
    );
    check(
        "CREATE VIEW v (x) AS SELECT 1 WITH LOCAL CHECK OPTION",
        expect![[
            r#"view v (1) as <SELECT 1> replacing: false refused: Some("WITH CHECK OPTION")"#
        ]],
    );
    check(
        "CREATE TEMP VIEW v AS SELECT 1",
        expect![[
            r#"view v (0) as <SELECT 1> replacing: false refused: Some("CREATE TEMPORARY VIEW")"#
        ]],
    );
    check(
        "CREATE TABLE t (a int) AS SELECT 1",
        expect!["CREATE TABLE t (a INT) AS SELECT 1"],
    );
}

#[test]
fn what_there_is_not_is_known_by_name() {
    check(
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql",
        expect![[r#"Refused("CREATE FUNCTION")"#]],
    );
    check(
        "create event trigger e on ddl_command_start execute function f()",
        expect![[r#"Refused("CREATE EVENT TRIGGER")"#]],
    );
    check("REINDEX TABLE t", expect![[r#"Refused("REINDEX")"#]]);
    check(
        "DROP TRIGGER IF EXISTS x ON t",
        expect![[r#"Refused("DROP TRIGGER")"#]],
    );
    check(
        "DROP TYPE IF EXISTS mood, \"S\".other CASCADE;",
        expect![[r#"Skipped { kind: "TYPE", names: ["mood", "S.other"] }"#]],
    );
    check(
        "CREATE SCHEMA IF NOT EXISTS s",
        expect![[r#"CreateSchema { name: "s", if_not_exists: true }"#]],
    );
    check(
        "CREATE SCHEMA s CREATE TABLE t (a int)",
        expect![[r#"Refused("CREATE SCHEMA")"#]],
    );
}
