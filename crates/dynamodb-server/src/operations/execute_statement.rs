//! ExecuteStatement: PartiQL, through the same planner as SQL.

use super::capacity::ReturnConsumedCapacity;
use super::statement::{Statement, consumed};
use crate::attribute_value::{decode_item_json, write_item, write_value};
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::permission::Caller;
use crate::service::Service;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shale_item::Item;
use shale_sql::PartiQlRequest;

/// Characters of a NextToken, at most (documented).
const TOKEN_CHARACTERS_MAX: usize = 32_768;

pub(crate) async fn execute_statement(
    service: &Service,
    caller: &Caller,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let statement = Statement::take(&mut request, &mut constraints, "")?;
    let token = request.string("NextToken")?;
    if let Some(token) = &token {
        let length = token.chars().count();
        constraints.length(length, "NextToken", 1, TOKEN_CHARACTERS_MAX);
    }
    let limit = request.integer("Limit")?;
    if let Some(limit) = limit {
        constraints.range(limit, "Limit", 1, i32::MAX);
    }
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    constraints.check()?;

    let mut partiql = PartiQlRequest {
        limit: limit.map(i32::unsigned_abs),
        consistent: request.bool("ConsistentRead")?.unwrap_or_default(),
        ..statement.decode(caller)?
    };
    if let Some(token) = token {
        partiql.start_key = Some(start_key(&token, &partiql)?);
    }
    let output = service
        .sql
        .execute_partiql(&partiql)
        .await
        .map_err(|error| caller.refused(service, error))?;

    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("Items"), &output.items, write_item);
    if let Some(key) = &output.last_evaluated_key {
        answer.string("NextToken", &next_token(key, &partiql));
    }
    // A query over several tables has no key, and nothing that is counted.
    if !output.table.is_empty() {
        if let Some(key) = &output.last_evaluated_key {
            write_item(answer.member("LastEvaluatedKey"), key);
        }
        capacity.write_consumed(&mut answer, &output.table, || consumed(service, &output));
    }
    answer.end();
    Ok(out)
}

/// A token is the checksum of its statement and parameters (4 bytes) and the key, in base64: it continues these only.
fn next_token(key: &Item, of: &PartiQlRequest) -> String {
    let mut bytes = checksum(of).to_be_bytes().to_vec();
    write_item(&mut bytes, key);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn checksum(of: &PartiQlRequest) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(of.statement.as_bytes());
    let mut bytes = Vec::new();
    for parameter in &of.parameters {
        bytes.clear();
        write_value(&mut bytes, parameter);
        hasher.update(&bytes);
    }
    hasher.finalize()
}

fn start_key(token: &str, of: &PartiQlRequest) -> Result<Item, Exception> {
    let invalid = || Exception::validation(messages::NEXT_TOKEN_INVALID);
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let (found, key) = bytes.split_first_chunk().ok_or_else(invalid)?;
    if u32::from_be_bytes(*found) != checksum(of) {
        return Err(invalid());
    }
    let key = Json::parse(key).map_err(|_| invalid())?;
    decode_item_json(key).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shale_item::AttributeValue;

    #[test]
    fn a_token_continues_its_own_statement_only() {
        let key = Item::from([("pk".to_owned(), AttributeValue::S("a\"b".to_owned()))]);
        let of = |statement: &str, parameters: &[&str]| PartiQlRequest {
            statement: statement.to_owned(),
            parameters: parameters
                .iter()
                .map(|text| AttributeValue::S((*text).to_owned()))
                .collect(),
            ..PartiQlRequest::default()
        };
        let token = next_token(&key, &of("SELECT 1", &["a"]));
        assert_eq!(start_key(&token, &of("SELECT 1", &["a"])), Ok(key));
        for (token, of) in [
            (token.as_str(), of("SELECT 2", &["a"])),
            (token.as_str(), of("SELECT 1", &["b"])),
            (token.as_str(), of("SELECT 1", &[])),
            (token.as_str(), of("SELECT 1", &["a", "a"])),
            ("", of("SELECT 1", &[])),
            ("!", of("SELECT 1", &[])),
            ("AAAAAAAA", of("SELECT 1", &[])),
        ] {
            let exception = start_key(token, &of).expect_err("refused");
            assert_eq!(exception.message, messages::NEXT_TOKEN_INVALID);
        }
    }
}
