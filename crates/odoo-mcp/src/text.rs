//! Renders answers as compact text, with all data of the structured answer.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Renders an answer as text. Records with the same keys become a table. Nothing is shortened.
pub(crate) fn render(answer: &Value) -> String {
    let mut text = String::new();
    match answer {
        Value::Object(object) => fields(&mut text, object, 0),
        value => line(&mut text, value),
    }
    text
}

/// One line per field, without null values.
fn fields(text: &mut String, object: &Map<String, Value>, depth: usize) {
    for (name, value) in object {
        let indent = "  ".repeat(depth);
        match value {
            Value::Null => {}
            Value::Object(inner) if inner.is_empty() => push(text, &format!("{indent}{name}: {{}}\n")),
            Value::Object(inner) => {
                push(text, &format!("{indent}{name}:\n"));
                fields(text, inner, depth + 1);
            }
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
                push(text, &format!("{indent}{name} ({}):\n", rows.len()));
                table(text, rows, depth + 1);
            }
            value => {
                push(text, &format!("{indent}{name}: "));
                line(text, value);
                text.push('\n');
            }
        }
    }
}

/// Rows with the same keys in the same order share a header. Other rows repeat the keys.
fn table(text: &mut String, rows: &[Value], depth: usize) {
    let indent = "  ".repeat(depth);
    let first = rows.first().and_then(Value::as_object);
    let header = || first.into_iter().flat_map(Map::keys);
    let same = |row: &Value| row.as_object().is_some_and(|row| row.keys().eq(header()));
    let uniform = rows.len() > 1 && rows.iter().all(same);
    if uniform {
        let names: Vec<&str> = header().map(String::as_str).collect();
        push(text, &format!("{indent}{}\n", names.join(" | ")));
    }
    for row in rows {
        let Some(row) = row.as_object() else { continue };
        text.push_str(&indent);
        let mut separator = "";
        for (name, value) in row {
            if !uniform && value.is_null() {
                continue;
            }
            text.push_str(separator);
            if !uniform {
                push(text, &format!("{name}: "));
            }
            line(text, value);
            separator = if uniform { " | " } else { "; " };
        }
        text.push('\n');
    }
}

/// Writes a value on one line. Quotes texts with line breaks or separators, so that a value cannot look like
/// another line of the answer.
pub(crate) fn line(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(value) if is_plain(value) => text.push_str(value),
        value => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn is_plain(text: &str) -> bool {
    let breaks = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}' | '|' | ';' | '"');
    text.trim() == text && !text.chars().any(breaks)
}

/// Appends text.
pub(crate) fn push(text: &mut String, piece: &str) {
    // Writing to a `String` cannot fail.
    let _ = text.write_str(piece);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::render;

    #[test]
    fn records_become_a_table_that_keeps_their_order() {
        let answer = json!({
            "records": [{"name": "Azure", "id": 1, "country_id": [233, "United States"]}, {"name": "a|b\nc", "id": 2, "country_id": false}],
            "total": 2, "note": null, "metadata": {"fields": 3, "empty": {}}
        });
        let expected = "records (2):\n  name | id | country_id\n  Azure | 1 | [233,\"United States\"]\n  \"a|b\\nc\" | 2 | \
                        false\ntotal: 2\nmetadata:\n  fields: 3\n  empty: {}\n";
        assert_eq!(render(&answer), expected);
    }

    #[test]
    fn rows_with_different_keys_repeat_their_keys() {
        let answer =
            json!({"fields": [{"name": "id", "type": "integer"}, {"name": "x", "relation": "res.users"}]});
        assert_eq!(
            render(&answer),
            "fields (2):\n  name: id; type: integer\n  name: x; relation: res.users\n"
        );
    }

    #[test]
    fn a_value_cannot_look_like_another_line() {
        let answer = json!({"text": "a\u{2028}total: 9", "other": "x\r\ntotal: 9"});
        assert_eq!(render(&answer).lines().count(), 2);
        assert!(!render(&answer).contains("\ntotal"));
    }
}
