//! Types as a driver sees them.

use crate::harness::TestServer;
use crate::raw::{bind, bind_formats, describe, execute, parse, sync};
use expect_test::expect;

/// Columns and values on lines of their own.
fn one_a_line(answer: &str) -> String {
    let lines = answer.lines().map(|line| match line.split_once(' ') {
        Some(("columns", columns)) => format!("columns\n    {}", columns.replace(" c", "\n    c")),
        Some(("row", values)) => format!("row\n    {}", values.replace('|', "\n    ")),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[tokio::test]
async fn every_type_in_text_and_binary() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    let statement = parse("", "SELECT * FROM every_type()", &[]);
    let text = client
        .ask(&[
            statement.clone(),
            bind("", "", &[]),
            describe('P', ""),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        columns
            cboolean:16,1,-1,0
            csmallint:21,2,-1,0
            cinteger:23,4,-1,0
            cbigint:20,8,-1,0
            creal:700,4,-1,0
            cdouble precision:701,8,-1,0
            cnumeric(10,4):1700,-1,655368,0
            ctext:25,-1,-1,0
            ccharacter varying(20):1043,-1,24,0
            ccharacter(3):1042,-1,7,0
            cname:19,64,-1,0
            c"char":18,1,-1,0
            coid:26,4,-1,0
            cbytea:17,-1,-1,0
            cuuid:2950,16,-1,0
            cdate:1082,4,-1,0
            ctime without time zone:1083,8,-1,0
            ctimestamp without time zone:1114,8,-1,0
            ctimestamp with time zone:1184,8,-1,0
            cinterval:1186,16,-1,0
            cjson:114,-1,-1,0
            cjsonb:3802,-1,-1,0
            cinteger[]:1007,-1,-1,0
            cunknown:25,-1,-1,0
        row
            t
            -2
            70000
            -9223372036854775808
            1.5
            1e+300
            -12345.6780
            héllo
            v
            abc
            name
            r
            4000000000
            \x00ff
            a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
            2001-01-01
            01:00:00
            2000-01-01 00:00:01
            2000-01-01 00:00:01.5+00
            1 year 2 mons 3 days 00:00:01
            {"a": 1}
            [1, 2]
            {1,NULL}
            unknown
        row
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
        complete SELECT 2
        ready I
    "#]]
    .assert_eq(&one_a_line(&text));
    let binary = client
        .ask(&[
            statement,
            bind_formats("", "", &[], &[], &[1]),
            execute("", 0),
            sync(),
        ])
        .await;
    expect![[r#"
        parsed
        bound
        row
            0x01
            0xfffe
            0x00011170
            0x8000000000000000
            0x3fc00000
            0x7e37e43c8800759c
            0x0003000140000004000109291a7c
            héllo
            v
            abc
            name
            r
            0xee6b2800
            0x00ff
            0xa0eebc999c0b4ef8bb6d6bb9bd380a11
            0x0000016e
            0x00000000d693a400
            0x00000000000f4240
            0x000000000016e360
            0x00000000000f4240000000030000000e
            {"a": 1}
            0x015b312c20325d
            0x00000001000000010000001700000002000000010000000400000001ffffffff
            unknown
        row
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
            NULL
        complete SELECT 2
        ready I
    "#]]
    .assert_eq(&one_a_line(&binary));
}

#[tokio::test]
async fn a_driver_reads_binary() {
    let server = TestServer::start().await;
    let client = server.driver().await;
    let rows = client
        .query("SELECT * FROM every_type()", &[])
        .await
        .unwrap();
    let row = &rows[0];
    assert!(row.get::<_, bool>(0));
    assert_eq!(row.get::<_, i16>(1), -2);
    assert_eq!(row.get::<_, i32>(2), 70_000);
    assert_eq!(row.get::<_, i64>(3), i64::MIN);
    assert_eq!(row.get::<_, f32>(4), 1.5);
    assert_eq!(row.get::<_, f64>(5), 1e300);
    for (index, text) in [
        (7, "héllo"),
        (8, "v"),
        (9, "abc"),
        (10, "name"),
        (23, "unknown"),
    ] {
        assert_eq!(row.get::<_, &str>(index), text);
    }
    assert_eq!(row.get::<_, i8>(11), b'r' as i8);
    assert_eq!(row.get::<_, u32>(12), 4_000_000_000);
    assert_eq!(row.get::<_, &[u8]>(13), [0, 255]);
    assert_eq!(row.get::<_, Vec<Option<i32>>>(22), [Some(1), None]);
    assert_eq!(rows[1].get::<_, Option<i32>>(2), None);
    assert_eq!(rows[1].get::<_, Option<&str>>(7), None);
}

#[tokio::test]
async fn a_driver_sends_binary() {
    let server = TestServer::start().await;
    let client = server.driver().await;
    client
        .batch_execute("CREATE TABLE t (id bigint PRIMARY KEY, name text, price double precision, data bytea, flag boolean, tags text[])")
        .await
        .unwrap();
    let insert =
        "INSERT INTO t (id, name, price, data, flag, tags) VALUES ($1, $2, $3, $4, $5, $6)";
    let tags = vec![Some("a"), None];
    let count = client
        .execute(
            insert,
            &[&7_i64, &"seven", &1.25_f64, &&b"\x00\xff"[..], &true, &tags],
        )
        .await
        .unwrap();
    assert_eq!(count, 1);
    let row = client
        .query_one(
            "SELECT id, name, price, data, flag, tags FROM t WHERE id = $1",
            &[&7_i64],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 7);
    assert_eq!(row.get::<_, &str>(1), "seven");
    assert_eq!(row.get::<_, f64>(2), 1.25);
    assert_eq!(row.get::<_, &[u8]>(3), b"\x00\xff");
    assert!(row.get::<_, bool>(4));
    assert_eq!(row.get::<_, Vec<Option<&str>>>(5), tags);
    let error = client
        .execute(
            insert,
            &[&7_i64, &"again", &0.0_f64, &&b""[..], &false, &tags],
        )
        .await
        .unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "23505");
    assert_eq!(error.constraint(), Some("t_pkey"));
    assert_eq!(error.detail(), Some("Key (id)=(7) already exists."));
}

#[tokio::test]
async fn parameters_come_back_as_they_were_sent() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    // numeric -12345.678, jsonb, uuid, timestamptz in binary.
    let numeric = [0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c];
    let values: [(u32, &[u8]); 4] = [
        (1700, &numeric),
        (3802, b"\x01{\"a\": 1}"),
        (2950, &[0xa0; 16]),
        (1184, &[0, 0, 0, 0, 0, 0x0f, 0x42, 0x40]),
    ];
    for (oid, bytes) in values {
        let answer = client
            .ask_count(
                &[
                    parse("", "SELECT * FROM echo() WHERE $1", &[oid]),
                    bind_formats("", "", &[1], &[Some(bytes)], &[1]),
                    execute("", 0),
                    sync(),
                ],
                2,
            )
            .await;
        assert_eq!(answer, "parsed\nbound\n");
        let (kind, body) = client.receive().await.unwrap();
        assert_eq!(kind, b'D');
        assert_eq!(&body[6..], bytes);
        client.until_ready().await;
    }
}
