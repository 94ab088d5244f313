//! ExecuteStatement: PartiQL, through the same planner as SQL.

use super::capacity::ReturnConsumedCapacity;
use super::statement::{Statement, consumed};
use crate::attribute_value::{decode_item_json, write_item};
use crate::constraints::{Constraints, quoted};
use crate::exception::{Exception, from_sql};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shale_item::Item;
use shale_sql::PartiQlRequest;

/// Characters of a NextToken, at most (documented).
const TOKEN_CHARACTERS_MAX: usize = 32_768;

pub(crate) async fn execute_statement(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let statement = Statement::take(&mut request, &mut constraints, "")?;
    let token = request.string("NextToken")?;
    if let Some(token) = &token {
        let length = token.chars().count();
        constraints.length(&quoted(token), length, "nextToken", 1, TOKEN_CHARACTERS_MAX);
    }
    let limit = request.integer("Limit")?;
    if let Some(limit) = limit {
        constraints.range(limit, "limit", 1, i32::MAX);
    }
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    constraints.check()?;

    let start_key = token.map(|token| start_key(&token, &statement.text));
    let partiql = PartiQlRequest {
        limit: limit.map(i32::unsigned_abs),
        consistent: request.bool("ConsistentRead")?.unwrap_or_default(),
        start_key: start_key.transpose()?,
        ..statement.decode()?
    };
    let output = service
        .sql
        .execute_partiql(&partiql)
        .await
        .map_err(from_sql)?;

    let mut out = Vec::with_capacity(256);
    let mut answer = ObjectWriter::begin(&mut out);
    write_list(answer.member("Items"), &output.items, write_item);
    if let Some(key) = &output.last_evaluated_key {
        answer.string("NextToken", &next_token(key, &partiql.statement));
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

/// A token is the checksum of its statement (4 bytes) and the key, in base64: it continues this statement only.
fn next_token(key: &Item, statement: &str) -> String {
    let mut bytes = crc32fast::hash(statement.as_bytes()).to_be_bytes().to_vec();
    write_item(&mut bytes, key);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn start_key(token: &str, statement: &str) -> Result<Item, Exception> {
    let invalid = || Exception::validation(messages::NEXT_TOKEN_INVALID);
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let (checksum, key) = bytes.split_first_chunk().ok_or_else(invalid)?;
    if u32::from_be_bytes(*checksum) != crc32fast::hash(statement.as_bytes()) {
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
        let token = next_token(&key, "SELECT 1");
        assert_eq!(start_key(&token, "SELECT 1"), Ok(key));
        for (token, statement) in [
            (token.as_str(), "SELECT 2"),
            ("", "SELECT 1"),
            ("!", "SELECT 1"),
            ("AAAAAAAA", "SELECT 1"),
        ] {
            let exception = start_key(token, statement).expect_err("refused");
            assert_eq!(exception.message, messages::NEXT_TOKEN_INVALID);
        }
    }
}
