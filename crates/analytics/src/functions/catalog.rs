//! Functions over the catalog: visibility, definitions, privileges, and names for oids.
//!
//! Not here: sizes (`sizes`).

use super::{Call, Definition, Kind, Value};
use crate::catalog::picture::{CatalogPicture, Class, NAMESPACES};
use crate::catalog::{
    check_definition, column_list, comment_of, comment_of_column, format_type, function_arguments,
    function_name, function_oid_by_name, function_result, index_definition, is_visible_type,
    quote_identifier, spec, type_oid_by_name, view_definition,
};
use crate::error::carry;
use datafusion::common::Result;
use shale_sql::SqlError;

/// Casts to `regclass` and its relatives become calls of these: name or number to oid.
pub(crate) const REG_IN: &[(&str, &str)] = &[
    ("regclass", "shale_regclass_in"),
    ("regtype", "shale_regtype_in"),
    ("regproc", "shale_regproc_in"),
    ("regprocedure", "shale_regproc_in"),
    ("regnamespace", "shale_regnamespace_in"),
    ("regrole", "shale_regrole_in"),
];

/// And where such a value is printed: oid to name.
pub(crate) const REG_OUT: &[(&str, &str)] = &[
    ("regclass", "shale_regclass_out"),
    ("regtype", "shale_regtype_out"),
    ("regproc", "shale_regproc_out"),
    ("regprocedure", "shale_regproc_out"),
    ("regnamespace", "shale_regnamespace_out"),
    ("regrole", "shale_regrole_out"),
];

const VISIBLE: Definition = Definition::new(
    "pg_function_is_visible",
    &[Kind::Oid],
    Kind::Bool,
    |_, _| Ok(Value::Bool(true)),
)
.aliases(&[
    "pg_operator_is_visible",
    "pg_opclass_is_visible",
    "pg_opfamily_is_visible",
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_statistics_obj_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
]);

/// Every user may do everything that can be done here, so privileges are all granted.
const PRIVILEGE: Definition = Definition::new(
    "has_table_privilege",
    &[Kind::Class, Kind::Class, Kind::Class, Kind::Text],
    Kind::Bool,
    |_, _| Ok(Value::Bool(true)),
)
.required(1)
.aliases(&[
    "has_schema_privilege",
    "has_database_privilege",
    "has_column_privilege",
    "has_any_column_privilege",
    "has_function_privilege",
    "has_sequence_privilege",
    "has_type_privilege",
    "has_language_privilege",
    "has_server_privilege",
    "has_tablespace_privilege",
    "has_foreign_data_wrapper_privilege",
    "has_parameter_privilege",
    "pg_has_role",
]);

pub(super) const FUNCTIONS: &[Definition] = &[
    VISIBLE,
    PRIVILEGE,
    Definition::new(
        "pg_table_is_visible",
        &[Kind::Oid],
        Kind::Bool,
        |call, arguments| {
            let oid = arguments[0].int();
            let system = spec::all().iter().find(|relation| relation.oid == oid);
            Ok(Value::Bool(match system {
                Some(relation) => relation.schema == "pg_catalog",
                None => call.context()?.picture().class(oid).is_some(),
            }))
        },
    ),
    Definition::new(
        "pg_type_is_visible",
        &[Kind::Oid],
        Kind::Bool,
        |_, arguments| Ok(Value::Bool(is_visible_type(arguments[0].int()))),
    ),
    Definition::new(
        "pg_get_userbyid",
        &[Kind::Oid],
        Kind::Name,
        |call, arguments| {
            let oid = arguments[0].int();
            let picture = call.context()?.picture();
            let role = picture.roles.iter().find(|role| role.oid == oid);
            Ok(Value::from(role.map_or_else(
                || format!("unknown (OID={oid})"),
                |role| role.name.clone(),
            )))
        },
    ),
    Definition::new(
        "obj_description",
        &[Kind::Oid, Kind::Text],
        Kind::Text,
        |call, arguments| {
            if arguments.get(1).is_some_and(|of| of.text() != "pg_class") {
                return Ok(Value::Null);
            }
            let class = call.context()?.picture().class(arguments[0].int());
            Ok(Value::from(class.and_then(comment_of)))
        },
    )
    .required(1),
    // Databases, roles and tablespaces have no comments.
    Definition::new(
        "shobj_description",
        &[Kind::Oid, Kind::Text],
        Kind::Text,
        |_, _| Ok(Value::Null),
    )
    .required(1),
    Definition::new(
        "col_description",
        &[Kind::Oid, Kind::Int],
        Kind::Text,
        |call, arguments| {
            let class = call.context()?.picture().class(arguments[0].int());
            let number = arguments[1].int();
            Ok(Value::from(
                class.and_then(|class| comment_of_column(class, number)),
            ))
        },
    ),
    Definition::new(
        "format_type",
        &[Kind::Oid, Kind::Int],
        Kind::Text,
        |_, arguments| {
            let modifier = match arguments[1] {
                Value::Int(modifier) => Some(modifier),
                _ => None,
            };
            Ok(match arguments[0] {
                Value::Int(oid) => Value::from(format_type(oid, modifier)),
                _ => Value::Null,
            })
        },
    )
    .takes_nulls(),
    // Expressions are kept as SQL text.
    Definition::new(
        "pg_get_expr",
        &[Kind::Text, Kind::Oid, Kind::Bool],
        Kind::Text,
        |_, arguments| Ok(arguments[0].clone()),
    )
    .required(2),
    Definition::new(
        "pg_get_constraintdef",
        &[Kind::Oid, Kind::Bool],
        Kind::Text,
        |call, arguments| {
            let picture = call.context()?.picture();
            if let Some((_, check)) = picture.check(arguments[0].int()) {
                let pretty = arguments.get(1).is_some_and(Value::is_true);
                return Ok(Value::from(check_definition(check, pretty)));
            }
            let index = picture.class(arguments[0].int()).and_then(Class::index);
            let key = index.filter(|(_, index)| index.secondary.is_none());
            Ok(Value::from(key.map(|(_, key)| {
                format!("PRIMARY KEY ({})", column_list(&key.key_names()))
            })))
        },
    )
    .required(1),
    Definition::new(
        "pg_get_indexdef",
        &[Kind::Oid, Kind::Int, Kind::Bool],
        Kind::Text,
        index_text,
    )
    .required(1),
    Definition::new(
        "pg_get_viewdef",
        &[Kind::Class, Kind::Any],
        Kind::Text,
        |call, arguments| {
            let class = call.context()?.picture().class(arguments[0].int());
            let view = match class {
                Some(Class::Table(table)) => view_definition(table),
                _ => None,
            };
            Ok(Value::from(view))
        },
    )
    .required(1),
    // Of what does not exist here: rules, triggers, partitions, statistics objects, sequences, functions of users.
    Definition::new(
        "pg_get_ruledef",
        &[Kind::Class, Kind::Any],
        Kind::Text,
        |_, _| Ok(Value::Null),
    )
    .required(1)
    .aliases(&[
        "pg_get_triggerdef",
        "pg_get_functiondef",
        "pg_get_partkeydef",
        "pg_get_partition_constraintdef",
        "pg_get_statisticsobjdef",
        "pg_get_statisticsobjdef_columns",
        "pg_get_statisticsobjdef_expressions",
        "pg_get_serial_sequence",
        "pg_get_function_sqlbody",
        "pg_tablespace_location",
    ]),
    Definition::new(
        "pg_relation_is_publishable",
        &[Kind::Class],
        Kind::Bool,
        |_, _| Ok(Value::Bool(false)),
    ),
    Definition::new(
        "pg_get_function_result",
        &[Kind::Oid],
        Kind::Text,
        |_, arguments| Ok(Value::from(function_result(arguments[0].int()))),
    ),
    Definition::new(
        "pg_get_function_arguments",
        &[Kind::Oid],
        Kind::Text,
        |_, arguments| Ok(Value::from(function_arguments(arguments[0].int()))),
    )
    .aliases(&["pg_get_function_identity_arguments"]),
    Definition::new(
        "to_regclass",
        &[Kind::Text],
        Kind::Oid,
        |call, arguments| {
            Ok(class_by_name(call, arguments[0].text())?.map_or(Value::Null, Value::Int))
        },
    ),
    Definition::new("to_regtype", &[Kind::Text], Kind::Oid, |_, arguments| {
        Ok(type_oid_by_name(arguments[0].text()).map_or(Value::Null, Value::Int))
    }),
    Definition::new(
        "to_regnamespace",
        &[Kind::Text],
        Kind::Oid,
        |_, arguments| Ok(namespace_by_name(arguments[0].text()).map_or(Value::Null, Value::Int)),
    ),
    Definition::new(
        "shale_regclass_in",
        &[Kind::Class],
        Kind::Oid,
        |call, arguments| class_of(call, &arguments[0]),
    ),
    Definition::new(
        "shale_regclass_out",
        &[Kind::Oid],
        Kind::Text,
        |call, arguments| {
            let oid = arguments[0].int();
            Ok(Value::from(
                class_name(call.context()?.picture(), oid).unwrap_or_else(|| number(oid)),
            ))
        },
    ),
    Definition::new(
        "shale_regtype_in",
        &[Kind::Class],
        Kind::Oid,
        |_, arguments| {
            read_name(&arguments[0], |name| {
                type_oid_by_name(name).ok_or_else(|| missing("42704", "type", name))
            })
        },
    ),
    Definition::new(
        "shale_regtype_out",
        &[Kind::Oid],
        Kind::Text,
        |_, arguments| Ok(Value::from(format_type(arguments[0].int(), None))),
    ),
    Definition::new(
        "shale_regproc_in",
        &[Kind::Class],
        Kind::Oid,
        |_, arguments| {
            read_name(&arguments[0], |name| {
                let bare = name.split('(').next().unwrap_or(name);
                function_oid_by_name(bare).ok_or_else(|| missing("42883", "function", name))
            })
        },
    ),
    Definition::new(
        "shale_regproc_out",
        &[Kind::Oid],
        Kind::Text,
        |_, arguments| {
            let oid = arguments[0].int();
            Ok(Value::from(
                function_name(oid).map_or_else(|| number(oid), str::to_owned),
            ))
        },
    ),
    Definition::new(
        "shale_regnamespace_in",
        &[Kind::Class],
        Kind::Oid,
        |_, arguments| {
            read_name(&arguments[0], |name| {
                namespace_by_name(name).ok_or_else(|| missing("3F000", "schema", name))
            })
        },
    ),
    Definition::new(
        "shale_regnamespace_out",
        &[Kind::Oid],
        Kind::Text,
        |_, arguments| {
            let oid = arguments[0].int();
            let name = NAMESPACES.iter().find(|(_, other)| *other == oid);
            Ok(Value::from(name.map_or_else(
                || number(oid),
                |(name, _)| (*name).to_owned(),
            )))
        },
    ),
    Definition::new(
        "shale_regrole_in",
        &[Kind::Class],
        Kind::Oid,
        |call, arguments| {
            let picture = call.context()?.picture();
            read_name(&arguments[0], |name| {
                let role = picture.roles.iter().find(|role| role.name == unquote(name));
                role.map(|role| role.oid)
                    .ok_or_else(|| missing("42704", "role", name))
            })
        },
    ),
    Definition::new(
        "shale_regrole_out",
        &[Kind::Oid],
        Kind::Text,
        |call, arguments| {
            let oid = arguments[0].int();
            let picture = call.context()?.picture();
            let role = picture.roles.iter().find(|role| role.oid == oid);
            Ok(Value::from(role.map_or_else(
                || number(oid),
                |role| quote_identifier(&role.name),
            )))
        },
    ),
];

fn number(oid: i64) -> String {
    if oid == 0 {
        "-".to_owned()
    } else {
        oid.to_string()
    }
}

fn missing(sqlstate: &'static str, what: &str, name: &str) -> datafusion::common::DataFusionError {
    carry(SqlError::Other {
        sqlstate,
        message: format!("{what} \"{name}\" does not exist"),
        hint: None,
    })
}

/// What `regclass` and its relatives read: an oid as number or text, `-`, or a name.
fn read_name(value: &Value, find: impl Fn(&str) -> Result<i64>) -> Result<Value> {
    Ok(match value {
        Value::Text(name) if name == "-" => Value::Int(0),
        Value::Text(name) => match name.trim().parse() {
            Ok(oid) => Value::Int(oid),
            Err(_) => Value::Int(find(name.trim())?),
        },
        other => other.clone(),
    })
}

fn unquote(name: &str) -> String {
    match name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

fn namespace_by_name(name: &str) -> Option<i64> {
    let name = unquote(name);
    NAMESPACES
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, oid)| *oid)
}

/// The parts of a possibly qualified, possibly quoted name; unquoted parts are folded.
pub(super) fn name_parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                part.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            _ if quoted => part.push(character),
            _ => part.extend(character.to_lowercase()),
        }
    }
    parts.push(part);
    parts
}

/// What `regclass` reads.
pub(super) fn class_of(call: &Call<'_>, value: &Value) -> Result<Value> {
    read_name(value, |name| match class_by_name(call, name)? {
        Some(oid) => Ok(oid),
        None => Err(carry(SqlError::UndefinedTable {
            name: name.to_owned(),
            position: None,
        })),
    })
}

/// A relation, behind its schema or not; an index may also stand behind its table, as in FROM.
fn class_by_name(call: &Call<'_>, name: &str) -> Result<Option<i64>> {
    let picture = call.context()?.picture();
    let parts = name_parts(name);
    Ok(match parts.as_slice() {
        [relation] => picture
            .class_oid_folding(relation)
            .or_else(|| system_oid("pg_catalog", relation)),
        [schema, relation] if schema == "public" => picture.class_oid_folding(relation),
        [schema, relation] if is_system(schema) => system_oid(schema, relation),
        [table, index] => picture.index_oid_folding(table, index),
        [schema, table, index] if schema == "public" => picture.index_oid_folding(table, index),
        _ => None,
    })
}

fn is_system(schema: &str) -> bool {
    schema != "public" && NAMESPACES.iter().any(|(name, _)| *name == schema)
}

fn system_oid(schema: &str, name: &str) -> Option<i64> {
    spec::find(schema, name).map(|relation| relation.oid)
}

/// The name as `regclass` prints it: qualified only where the search path does not find it. That is so for an index whose name stands for
/// something else too: it is printed behind its table.
fn class_name(picture: &CatalogPicture, oid: i64) -> Option<String> {
    let class = match picture.class(oid) {
        Some(Class::Table(table)) => return Some(quote_identifier(table.relation.name())),
        Some(class) => class,
        None => return system_name(oid),
    };
    let (table, index) = class.index()?;
    let name = quote_identifier(&index.name);
    Some(match picture.class_oid(&index.name) {
        Some(found) if found == oid => name,
        _ => format!("{}.{name}", quote_identifier(table.relation.name())),
    })
}

fn system_name(oid: i64) -> Option<String> {
    let system = spec::all().iter().find(|relation| relation.oid == oid)?;
    Some(match system.schema {
        "pg_catalog" => system.name.to_owned(),
        schema => format!("{schema}.{}", system.name),
    })
}

fn index_text(call: &Call<'_>, arguments: &[Value]) -> Result<Value> {
    let picture = call.context()?.picture();
    let index = picture.class(arguments[0].int()).and_then(Class::index);
    let Some((table, index)) = index else {
        return Ok(Value::Null);
    };
    let number = arguments.get(1).map_or(0, Value::int);
    if number == 0 {
        return Ok(Value::from(index_definition(table, &index)));
    }
    let column = usize::try_from(number - 1)
        .ok()
        .and_then(|position| index.columns.get(position));
    let name = column.map(|column| quote_identifier(column.name));
    Ok(Value::from(name.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_and_fold() {
        assert_eq!(name_parts("Public.Flights"), ["public", "flights"]);
        assert_eq!(name_parts("\"Public\".\"Fl.\"\"x\""), ["Public", "Fl.\"x"]);
    }
}
