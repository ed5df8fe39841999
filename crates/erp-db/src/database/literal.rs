//! Values as parts of a statement's text, for PostgreSQL.
//!
//! A statement with parameters takes two messages, and a proxy that pools transactions may send the second
//! one to another server connection than the first. A statement whose values are part of its text is one
//! message. No text from outside ever gets into it: bytes and texts go as hexadecimal digits, whatever they
//! are.

use crate::hex;

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Literal<'a> {
    /// Bytes.
    #[cfg(feature = "session")]
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// No value.
    Null,
    /// A number.
    #[cfg(feature = "session")]
    Number(i64),
    /// Names of sessions, separated by commas.
    #[cfg(feature = "session")]
    Names(&'a [[u8; 32]]),
    /// Numbers, separated by commas.
    #[cfg(feature = "session")]
    Numbers(&'a [i64]),
}

impl Literal<'_> {
    fn push(self, sql: &mut String) {
        match self {
            #[cfg(feature = "session")]
            Literal::Bytes(bytes) => push_bytes(sql, bytes),
            Literal::Text(text) => {
                sql.push_str("pg_catalog.convert_from(");
                push_bytes(sql, text.as_bytes());
                sql.push_str(",'UTF8')");
            }
            Literal::Null => sql.push_str("NULL"),
            #[cfg(feature = "session")]
            Literal::Number(number) => sql.push_str(&format!("({number})::bigint")),
            #[cfg(feature = "session")]
            Literal::Names(names) => {
                sql.push('\'');
                sql.push_str(&hex::list(names));
                sql.push('\'');
            }
            #[cfg(feature = "session")]
            Literal::Numbers(numbers) => {
                let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
                sql.push('\'');
                sql.push_str(&texts.join(","));
                sql.push('\'');
            }
        }
    }
}

fn push_bytes(sql: &mut String, bytes: &[u8]) {
    sql.push_str("pg_catalog.decode('");
    hex::push(sql, bytes);
    sql.push_str("','hex')");
}

impl<'a> From<Option<&'a str>> for Literal<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Literal::Null, Literal::Text)
    }
}

/// The text of a statement with `$1`, `$2`, … replaced by values. A placeholder without a value becomes null;
/// any other `$` stays.
pub(crate) fn fill(statement: &str, values: &[Literal<'_>]) -> String {
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
            Some(value) => value.push(&mut sql),
            None => sql.push_str("NULL"),
        }
        sql.push_str(rest);
    }
    sql
}

#[cfg(all(test, feature = "session"))]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_places_of_their_numbers() {
        let sql = fill("a = $2 AND b = $1 AND c = $2;", &[Literal::Number(-1), Literal::Bytes(&[0xAB])]);
        assert_eq!(
            sql,
            "a = pg_catalog.decode('ab','hex') AND b = (-1)::bigint AND c = pg_catalog.decode('ab','hex');"
        );
        let values = [Literal::Number(1); 12];
        assert_eq!(fill("$12$1", &values), "(1)::bigint(1)::bigint");
        assert_eq!(fill("$3", &values[..1]), "NULL");
        assert_eq!(fill("$body$ $1 $ $", &values[..1]), "$body$ (1)::bigint $ $");
    }

    #[test]
    fn no_text_gets_into_a_statement_as_it_is() {
        for text in ["'; DROP TABLE x; --", "$1", "\\", "é", "\0", "decode('", ""] {
            let sql = fill("$1", &[Literal::Text(text)]);
            let digits = sql
                .strip_prefix("pg_catalog.convert_from(pg_catalog.decode('")
                .and_then(|rest| rest.strip_suffix("','hex'),'UTF8')"))
                .unwrap();
            assert_eq!(hex::decode(digits).unwrap(), text.as_bytes());
        }
        assert_eq!(fill("$1", &[Literal::Numbers(&[1, -2])]), "'1,-2'");
        assert_eq!(fill("$1", &[Literal::Names(&[[1; 32]])]), format!("'{}'", "01".repeat(32)));
    }
}
