//! Values as literals in a statement's text, for PostgreSQL.
//!
//! A statement with parameters takes two messages, and a transaction-pooling proxy may send the second one to
//! another server connection. A statement with literals is one message. No external text is copied into it:
//! all bytes and texts are written as hexadecimal digits.

use platform::text::hex;

use crate::backend::{Statement, Value, value};

fn push(value: Value<'_>, sql: &mut String) {
    match value {
        Value::Null => sql.push_str("NULL"),
        // A text in PostgreSQL never contains NUL, so none equals this one.
        Value::Text(text) if text.contains('\0') => sql.push_str("NULL"),
        Value::Text(text) => {
            sql.push_str("pg_catalog.convert_from(");
            push_bytes(sql, text.as_bytes());
            sql.push_str(",'UTF8')");
        }
        Value::Integer(number) => sql.push_str(&format!("({number})::bigint")),
        Value::Bytes(bytes) => push_bytes(sql, bytes),
        Value::Names(names) => sql.push_str(&format!("'{}'", value::names(names))),
        Value::Integers(numbers) => sql.push_str(&format!("'{}'", value::numbers(numbers))),
    }
}

fn push_bytes(sql: &mut String, bytes: &[u8]) {
    sql.push_str("pg_catalog.decode('");
    sql.push_str(&hex(bytes));
    sql.push_str("','hex')");
}

/// The text of a statement. Without arguments it is unchanged.
pub(super) fn fill(statement: &Statement<'_>) -> String {
    match statement.arguments {
        [] => statement.sql.as_str().to_owned(),
        values => fill_values(statement.sql.as_str(), values),
    }
}

/// The text of a statement with `$1`, `$2`, … replaced by values. A placeholder without a value becomes null;
/// any other `$` stays.
pub(super) fn fill_values(statement: &str, values: &[Value<'_>]) -> String {
    let mut parts = statement.split('$');
    let mut sql = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            sql.push('$');
            sql.push_str(part);
            continue;
        }
        let (number, rest) = part.split_at_checked(digits).unwrap_or((part, ""));
        let value = number.parse::<usize>().ok().and_then(|number| values.get(number.checked_sub(1)?));
        match value {
            Some(value) => push(*value, &mut sql),
            None => sql.push_str("NULL"),
        }
        sql.push_str(rest);
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_replace_their_placeholders() {
        let sql = fill_values("a = $2 AND b = $1 AND c = $2;", &[Value::Integer(-1), Value::Bytes(&[0xAB])]);
        assert_eq!(
            sql,
            "a = pg_catalog.decode('ab','hex') AND b = (-1)::bigint AND c = pg_catalog.decode('ab','hex');"
        );
        let values = [Value::Integer(1); 12];
        assert_eq!(fill_values("$12$1", &values), "(1)::bigint(1)::bigint");
        assert_eq!(fill_values("$3", &values[..1]), "NULL");
        assert_eq!(fill_values("$body$ $1 $ $", &values[..1]), "$body$ (1)::bigint $ $");
    }

    #[test]
    fn no_text_gets_into_a_statement_unescaped() {
        for text in ["'; DROP TABLE x; --", "$1", "\\", "é", "decode('", ""] {
            let sql = fill_values("$1", &[Value::Text(text)]);
            let digits = sql
                .strip_prefix("pg_catalog.convert_from(pg_catalog.decode('")
                .and_then(|rest| rest.strip_suffix("','hex'),'UTF8')"))
                .unwrap();
            assert_eq!(digits, hex(text.as_bytes()));
        }
        assert_eq!(fill_values("$1", &[Value::Text("a\0")]), "NULL");
        assert_eq!(fill_values("$1", &[Value::Integers(&[1, -2])]), "'1,-2'");
        assert_eq!(fill_values("$1", &[Value::Names(&[[1; 32]])]), format!("'{}'", "01".repeat(32)));
    }
}
