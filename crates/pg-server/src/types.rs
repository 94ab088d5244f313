//! PostgreSQL's numbers for types: OIDs, sizes and type modifiers as RowDescription and ParameterDescription carry them.
//!
//! Not here: values (`encode`, `decode`). The OIDs are those of PostgreSQL's `pg_type.dat`, frozen there since a type exists.

use shale_sql::SqlType;

/// OIDs of `pg_type`, by PostgreSQL's names.
pub(crate) mod oid {
    pub(crate) const BOOL: u32 = 16;
    pub(crate) const BYTEA: u32 = 17;
    pub(crate) const CHAR: u32 = 18;
    pub(crate) const NAME: u32 = 19;
    pub(crate) const INT8: u32 = 20;
    pub(crate) const INT2: u32 = 21;
    pub(crate) const INT2VECTOR: u32 = 22;
    pub(crate) const INT4: u32 = 23;
    pub(crate) const REGPROC: u32 = 24;
    pub(crate) const TEXT: u32 = 25;
    pub(crate) const OID: u32 = 26;
    pub(crate) const OIDVECTOR: u32 = 30;
    pub(crate) const JSON: u32 = 114;
    pub(crate) const FLOAT4: u32 = 700;
    pub(crate) const FLOAT8: u32 = 701;
    pub(crate) const UNKNOWN: u32 = 705;
    pub(crate) const BPCHAR: u32 = 1042;
    pub(crate) const VARCHAR: u32 = 1043;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIME: u32 = 1083;
    pub(crate) const TIMESTAMP: u32 = 1114;
    pub(crate) const TIMESTAMPTZ: u32 = 1184;
    pub(crate) const INTERVAL: u32 = 1186;
    pub(crate) const NUMERIC: u32 = 1700;
    pub(crate) const REGCLASS: u32 = 2205;
    pub(crate) const REGTYPE: u32 = 2206;
    pub(crate) const UUID: u32 = 2950;
    pub(crate) const JSONB: u32 = 3802;
}

/// Each scalar type's OID with that of its array type.
const ARRAYS: [(u32, u32); 22] = [
    (oid::BOOL, 1000),
    (oid::BYTEA, 1001),
    (oid::CHAR, 1002),
    (oid::NAME, 1003),
    (oid::INT2, 1005),
    (oid::INT4, 1007),
    (oid::TEXT, 1009),
    (oid::BPCHAR, 1014),
    (oid::VARCHAR, 1015),
    (oid::INT8, 1016),
    (oid::FLOAT4, 1021),
    (oid::FLOAT8, 1022),
    (oid::OID, 1028),
    (oid::TIMESTAMP, 1115),
    (oid::DATE, 1182),
    (oid::TIME, 1183),
    (oid::TIMESTAMPTZ, 1185),
    (oid::INTERVAL, 1187),
    (oid::NUMERIC, 1231),
    (oid::JSON, 199),
    (oid::UUID, 2951),
    (oid::JSONB, 3807),
];

/// The OID that clients are told. What is still unknown is text, as PostgreSQL resolves it.
pub(crate) fn type_oid(sql_type: &SqlType) -> u32 {
    match sql_type {
        SqlType::Unknown | SqlType::Text => oid::TEXT,
        SqlType::Bool => oid::BOOL,
        SqlType::Int2 => oid::INT2,
        SqlType::Int4 => oid::INT4,
        SqlType::Int8 => oid::INT8,
        SqlType::Float4 => oid::FLOAT4,
        SqlType::Float8 => oid::FLOAT8,
        SqlType::Numeric(_) => oid::NUMERIC,
        SqlType::Varchar(_) => oid::VARCHAR,
        SqlType::Char(_) => oid::BPCHAR,
        SqlType::Name => oid::NAME,
        SqlType::SingleChar => oid::CHAR,
        SqlType::Oid => oid::OID,
        SqlType::Bytea => oid::BYTEA,
        SqlType::Uuid => oid::UUID,
        SqlType::Date => oid::DATE,
        SqlType::Time => oid::TIME,
        SqlType::Timestamp => oid::TIMESTAMP,
        SqlType::TimestampTz => oid::TIMESTAMPTZ,
        SqlType::Interval => oid::INTERVAL,
        SqlType::Json => oid::JSON,
        SqlType::Jsonb => oid::JSONB,
        SqlType::Array(element) => {
            let element = type_oid(element);
            let array = ARRAYS.iter().find(|(scalar, _)| *scalar == element);
            // An array of arrays is one more dimension of the same PostgreSQL type.
            array.map_or(element, |(_, array)| *array)
        }
        SqlType::Vector(element) => match element.as_ref() {
            SqlType::Int2 => oid::INT2VECTOR,
            _ => oid::OIDVECTOR,
        },
    }
}

/// The type that a client names in Parse; 0 and `unknown` leave it to the server. `None`: a type that this server does not have.
pub(crate) fn type_of_oid(oid: u32) -> Option<SqlType> {
    Some(match oid {
        0 | oid::UNKNOWN => SqlType::Unknown,
        oid::BOOL => SqlType::Bool,
        oid::BYTEA => SqlType::Bytea,
        oid::CHAR => SqlType::SingleChar,
        oid::NAME => SqlType::Name,
        oid::INT8 => SqlType::Int8,
        oid::INT2 => SqlType::Int2,
        oid::INT4 => SqlType::Int4,
        oid::TEXT => SqlType::Text,
        oid::OID | oid::REGPROC | oid::REGCLASS | oid::REGTYPE => SqlType::Oid,
        oid::JSON => SqlType::Json,
        oid::FLOAT4 => SqlType::Float4,
        oid::FLOAT8 => SqlType::Float8,
        oid::BPCHAR => SqlType::Char(None),
        oid::VARCHAR => SqlType::Varchar(None),
        oid::DATE => SqlType::Date,
        oid::TIME => SqlType::Time,
        oid::TIMESTAMP => SqlType::Timestamp,
        oid::TIMESTAMPTZ => SqlType::TimestampTz,
        oid::INTERVAL => SqlType::Interval,
        oid::NUMERIC => SqlType::Numeric(None),
        oid::UUID => SqlType::Uuid,
        oid::JSONB => SqlType::Jsonb,
        oid::INT2VECTOR => SqlType::Vector(Box::new(SqlType::Int2)),
        oid::OIDVECTOR => SqlType::Vector(Box::new(SqlType::Oid)),
        _ => {
            let (scalar, _) = ARRAYS.iter().find(|(_, array)| *array == oid)?;
            SqlType::Array(Box::new(type_of_oid(*scalar)?))
        }
    })
}

/// `pg_type.typlen`: bytes of a value, -1 for a variable size.
pub(crate) fn type_size(sql_type: &SqlType) -> i16 {
    match sql_type {
        SqlType::Bool | SqlType::SingleChar => 1,
        SqlType::Int2 => 2,
        SqlType::Int4 | SqlType::Float4 | SqlType::Oid | SqlType::Date => 4,
        SqlType::Int8
        | SqlType::Float8
        | SqlType::Time
        | SqlType::Timestamp
        | SqlType::TimestampTz => 8,
        SqlType::Uuid | SqlType::Interval => 16,
        SqlType::Name => 64,
        SqlType::Unknown
        | SqlType::Numeric(_)
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Char(_)
        | SqlType::Bytea
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Array(_)
        | SqlType::Vector(_) => -1,
    }
}

/// `atttypmod`: length or precision and scale of a declared type, -1 for none. PostgreSQL adds 4, the size of a varlena header.
pub(crate) fn type_modifier(sql_type: &SqlType) -> i32 {
    match sql_type {
        SqlType::Numeric(Some((precision @ 1.., scale))) => {
            ((i32::from(*precision) << 16) | i32::from(*scale)) + 4
        }
        SqlType::Varchar(Some(length)) | SqlType::Char(Some(length)) => {
            i32::try_from(*length).map_or(-1, |length| length.saturating_add(4))
        }
        SqlType::Array(element) | SqlType::Vector(element) => type_modifier(element),
        SqlType::Numeric(None | Some((0, _)))
        | SqlType::Varchar(None)
        | SqlType::Char(None)
        | SqlType::Unknown
        | SqlType::Bool
        | SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Text
        | SqlType::Name
        | SqlType::SingleChar
        | SqlType::Oid
        | SqlType::Bytea
        | SqlType::Uuid
        | SqlType::Date
        | SqlType::Time
        | SqlType::Timestamp
        | SqlType::TimestampTz
        | SqlType::Interval
        | SqlType::Json
        | SqlType::Jsonb => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwire::api::Type;

    const SCALARS: [SqlType; 22] = [
        SqlType::Bool,
        SqlType::Int2,
        SqlType::Int4,
        SqlType::Int8,
        SqlType::Float4,
        SqlType::Float8,
        SqlType::Numeric(None),
        SqlType::Text,
        SqlType::Varchar(None),
        SqlType::Char(None),
        SqlType::Name,
        SqlType::SingleChar,
        SqlType::Oid,
        SqlType::Bytea,
        SqlType::Uuid,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Interval,
        SqlType::Json,
        SqlType::Jsonb,
    ];

    #[test]
    fn oids_are_those_of_postgresql() {
        for sql_type in SCALARS {
            assert_eq!(type_of_oid(type_oid(&sql_type)), Some(sql_type.clone()));
            // pgwire's table is generated from PostgreSQL's pg_type.dat.
            let scalar = Type::from_oid(type_oid(&sql_type)).unwrap();
            let array_type = SqlType::Array(Box::new(sql_type.clone()));
            let array = Type::from_oid(type_oid(&array_type)).unwrap();
            assert_eq!(array.name(), format!("_{}", scalar.name()));
            assert_eq!(type_of_oid(array.oid()), Some(array_type));
        }
        assert_eq!(type_of_oid(0), Some(SqlType::Unknown));
        assert_eq!(type_of_oid(705), Some(SqlType::Unknown));
        assert_eq!(type_of_oid(600), None, "point");
        assert_eq!(type_of_oid(u32::MAX), None);
    }

    #[test]
    fn modifiers_follow_postgresql() {
        // SELECT atttypmod FROM pg_attribute for numeric(10,2), varchar(20), char(3).
        assert_eq!(type_modifier(&SqlType::Numeric(Some((10, 2)))), 655_366);
        assert_eq!(type_modifier(&SqlType::Numeric(Some((0, 2)))), -1);
        assert_eq!(type_modifier(&SqlType::Varchar(Some(20))), 24);
        assert_eq!(type_modifier(&SqlType::Char(Some(3))), 7);
        assert_eq!(type_modifier(&SqlType::Text), -1);
        let array = SqlType::Array(Box::new(SqlType::Varchar(Some(20))));
        assert_eq!(type_modifier(&array), 24);
    }
}
