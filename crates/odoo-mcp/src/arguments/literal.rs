//! Parses lists and objects in a text: JSON, or Python literals, which Odoo's documentation uses for domains.

use platform::text::{NAME_BYTES, shorten};
use serde_json::{Map, Number, Value};

/// Maximum length of a text, in bytes.
const MAX_BYTES: usize = 1_000_000;
/// Maximum nesting of lists and objects, as in the JSON parser.
const MAX_DEPTH: usize = 127;

/// Parses a text.
///
/// # Errors
/// The predicate of a sentence about the argument: `is a text …`.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("is a text of more than {MAX_BYTES} bytes"));
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut python = Python { text, at: 0, depth: 0 };
    let value = python.value()?;
    python.skip_spaces();
    if python.at < text.len() {
        return Err(python.unexpected());
    }
    Ok(value)
}

/// A parser of Python literals: constants, numbers, strings, lists, tuples, dictionaries.
struct Python<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Python<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Skips spaces, and consumes the character if it is next.
    fn consume(&mut self, expected: char) -> bool {
        self.skip_spaces();
        let is_next = self.rest().starts_with(expected);
        self.at += if is_next { expected.len_utf8() } else { 0 };
        is_next
    }

    fn error(&self, problem: &str) -> String {
        let position = self.text.get(..self.at).map_or(0, |before| before.chars().count()) + 1;
        format!("is a text that is neither JSON nor a Python literal: {problem} at character {position}")
    }

    fn unexpected(&self) -> String {
        match self.rest().chars().next() {
            Some(found) => self.error(&format!("unexpected `{found}`")),
            None => self.error("unexpected end"),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.skip_spaces();
        match self.rest().chars().next() {
            Some('[') => self.list('[', ']').map(|(items, _)| Value::Array(items)),
            Some('(') => self.list('(', ')').map(|(mut items, has_comma)| match items.pop() {
                // A single value in parentheses is not a tuple.
                Some(only) if items.is_empty() && !has_comma => only,
                last => Value::Array(items.into_iter().chain(last).collect()),
            }),
            Some('{') => self.dictionary(),
            Some('\'' | '"') => self.string().map(Value::String),
            Some(sign) if sign.is_ascii_digit() || "+-.".contains(sign) => self.number(),
            Some(letter) if letter.is_alphabetic() || letter == '_' => self.word(),
            _ => Err(self.unexpected()),
        }
    }

    fn enter(&mut self, open: char) -> Result<(), String> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(&format!("more than {MAX_DEPTH} levels of nesting")));
        }
        self.depth += 1;
        self.consume(open);
        Ok(())
    }

    /// The items of a list, and whether a comma follows the last one.
    fn list(&mut self, open: char, close: char) -> Result<(Vec<Value>, bool), String> {
        self.enter(open)?;
        let (mut items, mut has_comma) = (Vec::new(), true);
        while !self.consume(close) {
            if !has_comma {
                return Err(self.unexpected());
            }
            items.push(self.value()?);
            has_comma = self.consume(',');
        }
        self.depth -= 1;
        Ok((items, has_comma))
    }

    fn dictionary(&mut self) -> Result<Value, String> {
        self.enter('{')?;
        let (mut members, mut has_comma) = (Map::new(), true);
        while !self.consume('}') {
            if !has_comma || !self.rest().starts_with(['\'', '"']) {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            if !self.consume(':') {
                return Err(self.unexpected());
            }
            members.insert(name, self.value()?);
            has_comma = self.consume(',');
        }
        self.depth -= 1;
        Ok(Value::Object(members))
    }

    fn word(&mut self) -> Result<Value, String> {
        let is_word_character = |it: char| it.is_alphanumeric() || it == '_';
        let length = self.rest().find(|it| !is_word_character(it)).unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default();
        let value = match word {
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "None" | "null" => Value::Null,
            _ => {
                let shown = shorten(word, NAME_BYTES);
                return Err(self.error(&format!("`{shown}` is not a value")));
            }
        };
        self.at += length;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, String> {
        let is_number_character = |it: char| it.is_ascii_alphanumeric() || "+-._".contains(it);
        let length = self.rest().find(|it| !is_number_character(it)).unwrap_or(self.rest().len());
        let digits = self.rest().get(..length).unwrap_or_default();
        let whole = digits.parse::<i64>().ok().map(Number::from);
        // As a float, a large integer would change its value.
        let is_whole = digits.trim_start_matches(['+', '-']).bytes().all(|it| it.is_ascii_digit());
        let is_plain = digits.bytes().all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it));
        let broken = || digits.parse().ok().filter(|_| is_plain && !is_whole).and_then(Number::from_f64);
        match whole.or_else(broken) {
            Some(number) => {
                self.at += length;
                Ok(Value::Number(number))
            }
            None => Err(self.error("a number that cannot be represented exactly")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let Some(quote) = self.next() else { return Err(self.unexpected()) };
        let mut text = String::new();
        loop {
            match self.next() {
                Some(end) if end == quote => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some('\n') | None => return Err(self.error("unterminated string")),
                Some(letter) => text.push(letter),
            }
        }
    }

    /// The character of an escape sequence.
    fn escape(&mut self) -> Result<char, String> {
        let digits = match self.next() {
            Some(quoted @ ('\\' | '\'' | '"')) => return Ok(quoted),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.error("unknown escape sequence")),
        };
        let mut code = self.hexadecimal(digits)?;
        // A surrogate pair, as in JSON.
        if (0xd800..0xdc00).contains(&code) && self.rest().starts_with("\\u") {
            self.at += 2;
            let low = self.hexadecimal(4)?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| self.error("an escape sequence that is not a character"))
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, String> {
        let text = self.rest().get(..digits).filter(|text| text.bytes().all(|it| it.is_ascii_hexdigit()));
        let code = text.and_then(|text| u32::from_str_radix(text, 16).ok());
        let code = code.ok_or_else(|| self.error("incomplete escape sequence"))?;
        self.at += digits;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::parse;

    #[test]
    fn python_literals_are_parsed() {
        for (text, value) in [
            (r#"[["a", "=", true]]"#, json!([["a", "=", true]])),
            ("[('a', '=', True), ('b', '!=', None)]", json!([["a", "=", true], ["b", "!=", null]])),
            (
                "['|', ('a','in',(1, 2,)), (\"b\", 'ilike', 'it\\'s')]",
                json!(["|", ["a", "in", [1, 2]], ["b", "ilike", "it's"]]),
            ),
            ("[('a', '>', -1.5), ('b', '=', 1e3),]", json!([["a", ">", -1.5], ["b", "=", 1000.0]])),
            ("()", json!([])),
            ("(1)", json!(1)),
            ("(1,)", json!([1])),
            ("{'a': [False], 'b': {}}", json!({"a": [false], "b": {}})),
            (r"['\u00e9\x41\n\U0001f600\ud83d\ude00']", json!(["éA\n😀😀"])),
            ("[ 'Zürich' , \"x\" ]", json!(["Zürich", "x"])),
            ("[true, null, False]", json!([true, null, false])),
        ] {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for (text, message) in [
            ("[('a', '=', uid)]", "`uid` is not a value at character 13"),
            ("[('d', '<', datetime.now())]", "`datetime` is not a value"),
            ("[('a', '=', 1) ('b', '=', 1)]", "unexpected `(` at character 16"),
            ("[('a', '=', 1)", "unexpected end"),
            ("['a", "unterminated string"),
            ("['a'] + ['b']", "unexpected `+`"),
            ("[12345678901234567890]x", "represented exactly"),
            ("[0x10]", "represented exactly"),
            ("[1_000, 1]x", "represented exactly"),
            (r"['\ud83d']", "not a character"),
            (r"['\q']", "unknown escape sequence"),
            ("{1: 2}", "unexpected `1`"),
            ("{'a', 'b'}", "unexpected `,`"),
            ("[,]", "unexpected `,`"),
            ("", "unexpected end"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(100_000)).unwrap_err().contains("127 levels"));
        assert!(parse(&"[".repeat(1_000_001)).unwrap_err().contains("1000000 bytes"));
        assert_eq!(parse(&("[".repeat(127) + &"]".repeat(127))).map(|it: Value| it.is_array()), Ok(true));
    }
}
