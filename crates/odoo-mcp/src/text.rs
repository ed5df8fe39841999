//! Answers as text: everything that the structured answer has, in few words.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Writes an answer as text. Lists of records become a table if all have the same keys; nothing is shortened.
/// What is within the answer stands in the order of `columns`, and after it by name.
pub(crate) fn render(answer: &Value, columns: &[String]) -> String {
    let mut text = String::new();
    match answer {
        Value::Object(object) => fields(&mut text, object, 0, columns),
        value => line(&mut text, value),
    }
    text
}

/// One line a field; what is null is left out.
fn fields(text: &mut String, object: &Map<String, Value>, depth: usize, columns: &[String]) {
    for (name, value) in ordered(object, if depth > 0 { columns } else { &[] }) {
        let indent = "  ".repeat(depth);
        match value {
            Value::Null => {}
            Value::Object(inner) if inner.is_empty() => push(text, &format!("{indent}{name}: {{}}\n")),
            Value::Object(inner) => {
                push(text, &format!("{indent}{name}:\n"));
                fields(text, inner, depth + 1, columns);
            }
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
                push(text, &format!("{indent}{name} ({}):\n", rows.len()));
                table(text, rows, depth + 1, columns);
            }
            value => {
                push(text, &format!("{indent}{name}: "));
                line(text, value);
                text.push('\n');
            }
        }
    }
}

/// The members of an object in the order of columns; those that are none of them come after, by name.
fn ordered<'a>(object: &'a Map<String, Value>, columns: &[String]) -> Vec<(&'a String, &'a Value)> {
    let mut members: Vec<_> = object.iter().collect();
    if !columns.is_empty() {
        // The id says which record it is, also where only others are named.
        let place = |name: &String| match columns.iter().position(|column| column == name) {
            None if name == "id" => 0,
            place => place.map_or(usize::MAX, |place| place + 1),
        };
        members.sort_by_key(|(name, _)| place(name));
    }
    members
}

/// Rows with the same keys share a header; others name the keys in each row.
fn table(text: &mut String, rows: &[Value], depth: usize, columns: &[String]) {
    let indent = "  ".repeat(depth);
    let first = rows.first().and_then(Value::as_object);
    let header = || first.into_iter().flat_map(Map::keys);
    let same = |row: &Value| row.as_object().is_some_and(|row| row.keys().eq(header()));
    let uniform = rows.len() > 1 && rows.iter().all(same);
    if uniform {
        let names = first.map(|row| ordered(row, columns)).unwrap_or_default();
        let names: Vec<&str> = names.into_iter().map(|(name, _)| name.as_str()).collect();
        push(text, &format!("{indent}{}\n", names.join(" | ")));
    }
    for row in rows {
        let Some(row) = row.as_object() else { continue };
        text.push_str(&indent);
        let mut separator = "";
        for (name, value) in ordered(row, columns) {
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

/// A value on one line. Texts that hold line breaks or separators are quoted, so that no value of a record
/// can pass for another line of the answer.
pub(crate) fn line(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(value) if is_plain(value) => text.push_str(value),
        value => {
            // Writing to a text cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn is_plain(text: &str) -> bool {
    let breaks = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}' | '|' | ';' | '"');
    text.trim() == text && !text.chars().any(breaks)
}

/// Adds a piece.
pub(crate) fn push(text: &mut String, piece: &str) {
    // Writing to a text cannot fail.
    let _ = text.write_str(piece);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::render;

    #[test]
    fn records_become_a_table() {
        let answer = json!({
            "records": [{"id": 1, "name": "Azure", "country_id": [233, "United States"]}, {"id": 2, "name": "a|b\nc", "country_id": false}],
            "total": 2, "note": null, "metadata": {"fields": 3, "empty": {}}
        });
        let expected = "metadata:\n  empty: {}\n  fields: 3\nrecords (2):\n  country_id | id | name\n  \
                        [233,\"United States\"] | 1 | Azure\n  false | 2 | \"a|b\\nc\"\ntotal: 2\n";
        assert_eq!(render(&answer, &[]), expected);
    }

    #[test]
    fn records_stand_in_the_order_of_choice() {
        let answer = json!({
            "model": "x", "records": [{"a": 1, "b": 2, "id": 3, "z": 4}, {"a": 5, "b": 6, "id": 7, "z": 8}],
            "record": {"a": 1, "id": 2, "z": 3}
        });
        let columns = ["id", "z", "a"].map(str::to_owned);
        let expected = "model: x\nrecord:\n  id: 2\n  z: 3\n  a: 1\nrecords (2):\n  id | z | a | b\n  3 | 4 | 1 | 2\n  \
                        7 | 8 | 5 | 6\n";
        assert_eq!(render(&answer, &columns), expected);
    }

    #[test]
    fn rows_that_differ_name_their_keys() {
        let answer =
            json!({"fields": [{"name": "id", "type": "integer"}, {"name": "x", "relation": "res.users"}]});
        assert_eq!(
            render(&answer, &[]),
            "fields (2):\n  name: id; type: integer\n  name: x; relation: res.users\n"
        );
    }

    #[test]
    fn no_value_passes_for_another_line() {
        let answer = json!({"text": "a\u{2028}total: 9", "other": "x\r\ntotal: 9"});
        assert_eq!(render(&answer, &[]).lines().count(), 2);
        assert!(!render(&answer, &[]).contains("\ntotal"));
    }
}
