//! `Value`: an argument of a statement.

use platform::text::hex;

/// An argument of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// No value.
    Null,
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A number.
    Integer(i64),
    /// Names of sessions: in the statement, a text of hexadecimal digits separated by commas.
    Names(&'a [[u8; 32]]),
    /// Numbers: in the statement, a text of them separated by commas.
    Integers(&'a [i64]),
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }
}

/// Numbers as one text.
pub(super) fn numbers(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    texts.join(",")
}

/// Names as one text.
pub(super) fn names(names: &[[u8; 32]]) -> String {
    let texts: Vec<String> = names.iter().map(|name| hex(name)).collect();
    texts.join(",")
}
