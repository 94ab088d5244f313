//! The tables that statements are about, and what generated expressions know of their columns.
//!
//! Doubles are sums of powers of two, so that sums of them do not depend on the order of rows.

/// A type that expressions have here, with the letter that stands for it in templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Big,
    Small,
    Numeric,
    Double,
    Bool,
    Text,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Json,
    Ints,
    Texts,
    Uuid,
    Bytes,
}

/// A column by its table's name.
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// A table.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// One of everything.
pub const THINGS: Table = Table {
    name: "things",
    columns: &[
        column("id", Kind::Int),
        column("i", Kind::Int),
        column("l", Kind::Big),
        column("m", Kind::Small),
        column("n", Kind::Numeric),
        column("f", Kind::Double),
        column("b", Kind::Bool),
        column("s", Kind::Text),
        column("w", Kind::Text),
        column("d", Kind::Date),
        column("c", Kind::Time),
        column("t", Kind::Timestamp),
        column("z", Kind::TimestampTz),
        column("j", Kind::Json),
        column("a", Kind::Ints),
        column("x", Kind::Texts),
        column("u", Kind::Uuid),
        column("y", Kind::Bytes),
    ],
};

/// People, each in a team that may not be there, with a boss among them.
pub const PEOPLE: Table = Table {
    name: "people",
    columns: &[
        column("id", Kind::Int),
        column("team", Kind::Int),
        column("boss", Kind::Int),
        column("name", Kind::Text),
        column("pay", Kind::Numeric),
        column("born", Kind::Date),
    ],
};

/// Teams, some of them empty.
pub const TEAMS: Table = Table {
    name: "teams",
    columns: &[
        column("id", Kind::Int),
        column("name", Kind::Text),
        column("city", Kind::Text),
        column("budget", Kind::Big),
    ],
};

/// All of them.
pub const TABLES: [&Table; 3] = [&THINGS, &PEOPLE, &TEAMS];

/// What makes them.
pub const STATEMENTS: [&str; 6] = [
    "CREATE TABLE things (id int PRIMARY KEY, i int, l bigint, m smallint, n numeric(12,2), f double precision, b boolean, s text,
        w varchar(20), d date, c time, t timestamp, z timestamptz, j jsonb, a int[], x text[], u uuid, y bytea)",
    "INSERT INTO things VALUES
     (1, 1, 10, 1, 1.50, 0.5, true, 'alpha', 'one', '2024-01-15', '08:30:00', '2024-01-15 08:30:00', '2024-01-15 08:30:00+00', '{\"a\": 1, \"b\": \"x\"}', '{1,2,3}', '{a,b}', '00000000-0000-0000-0000-000000000001', '\\x01'),
     (2, -2, -20, 2, -2.25, -1.25, false, 'Beta', 'two', '2023-12-31', '23:59:59.5', '2023-12-31 23:59:59.5', '2023-12-31 23:59:59.5+00', '{\"a\": 2, \"c\": [1, 2, 3]}', '{3,NULL,1}', '{b,c,d}', '00000000-0000-0000-0000-000000000002', '\\x0203'),
     (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
     (4, 7, 70, 3, 7.00, 2.0, true, 'gamma ray', 'two', '2024-02-29', '12:00:00', '2024-02-29 12:00:00', '2024-02-29 12:00:00+00', '[1, \"two\", null, true]', '{}', '{}', '00000000-0000-0000-0000-000000000004', '\\x'),
     (5, 0, 0, 0, 0.00, 0, false, '', '', '1999-12-31', '00:00:00', '1999-12-31 00:00:00', '1999-12-31 00:00:00+00', '{}', '{0}', '{\"\"}', '00000000-0000-0000-0000-000000000005', '\\x00'),
     (6, 42, 4200000000, 4, 99.99, 1024.5, NULL, 'delta', 'Three', '2024-01-15', '17:45:10.123456', '2024-01-31 17:45:10.123456', '2024-03-31 01:30:00+00', '{\"a\": null, \"b\": {\"c\": [10, 20]}}', '{5,5,6}', '{a,NULL}', NULL, '\\xdeadbeef'),
     (7, -7, 5, 5, -0.01, 0.125, true, 'äöü é', 'four', '2020-02-29', '06:07:08', '2020-02-29 06:07:08', '2020-02-29 06:07:08+00', '\"text\"', '{7}', '{x}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '\\xff'),
     (8, 100, -1, -3, 1234567.89, -0.75, false, 'Alpha Beta', NULL, '2024-12-25', '21:00:00', '2024-12-25 21:00:00', '2024-12-25 21:00:00+00', '{\"a\": 1.5, \"b\": [], \"d\": true}', NULL, '{d,e}', '00000000-0000-0000-0000-000000000008', NULL),
     (9, 3, 33, 3, 3.33, 4096, NULL, 'a,b,c', 'five', '2001-09-09', '01:46:40', '2001-09-09 01:46:40', '2001-09-09 01:46:40+00', '12.5', '{-1,-2}', '{\"a b\",\"c,d\"}', '00000000-0000-0000-0000-000000000009', '\\x616263'),
     (10, 3, NULL, NULL, 3.30, NULL, true, 'a%b_c', 'five', NULL, NULL, '2024-01-15 08:30:00', NULL, '[]', '{1,2,3}', NULL, NULL, NULL)",
    "CREATE TABLE teams (id int PRIMARY KEY, name text, city text, budget bigint)",
    "INSERT INTO teams VALUES (1, 'red', 'Oslo', 1000), (2, 'green', 'Rome', 2500), (3, 'blue', 'Oslo', NULL), (4, 'empty', NULL, 0), (5, 'none', 'Kyiv', 1000)",
    "CREATE TABLE people (id int PRIMARY KEY, team int, boss int, name text, pay numeric(10,2), born date)",
    "INSERT INTO people VALUES
     (1, 1, NULL, 'Ann', 5000.00, '1980-05-01'), (2, 1, 1, 'Bob', 3000.50, '1990-11-11'), (3, 1, 1, 'Cid', 3000.50, '1991-01-31'),
     (4, 2, 1, 'Dee', 4100.00, '1985-02-28'), (5, 2, 4, 'Eve', NULL, '1999-12-31'), (6, 3, 4, 'Fay', 2000.25, NULL),
     (7, NULL, 4, 'Gus', 1500.00, '2000-02-29'), (8, 9, 6, 'Hal', 1500.00, '1970-01-01'), (9, 2, NULL, NULL, 2750.75, '1985-02-28'),
     (10, 3, 9, 'Ann', 1999.99, '1995-07-15')",
];
