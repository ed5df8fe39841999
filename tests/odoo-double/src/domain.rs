//! The subset of domains that the models in memory support.

use serde_json::{Map, Value};

/// Does a record match a domain? Supports the conditions `=`, `!=`, `in`, `not in`, and `=like` with a
/// trailing `%`. Operators precede their operands, and adjacent terms are joined by "and".
pub(crate) fn holds(domain: &[Value], id: i64, record: &Map<String, Value>) -> bool {
    let mut stack: Vec<bool> = Vec::new();
    for term in domain.iter().rev() {
        let mut operand = || stack.pop().unwrap_or(true);
        let outcome = match term.as_str() {
            Some("!") => !operand(),
            Some("|") => {
                let (one, other) = (operand(), operand());
                one || other
            }
            Some(_) => {
                let (one, other) = (operand(), operand());
                one && other
            }
            None => condition(term, id, record),
        };
        stack.push(outcome);
    }
    stack.into_iter().all(|outcome| outcome)
}

fn condition(term: &Value, id: i64, record: &Map<String, Value>) -> bool {
    let parts = term.as_array().map(Vec::as_slice).unwrap_or_default();
    let [Value::String(field), Value::String(operator), value] = parts else { return false };
    let own = if field == "id" { Some(Value::from(id)) } else { record.get(field).cloned() };
    let own = own.unwrap_or(Value::Bool(false));
    match operator.as_str() {
        "=" => is_same(&own, value),
        "!=" => !is_same(&own, value),
        "in" => value.as_array().is_some_and(|values| values.iter().any(|value| is_same(&own, value))),
        "not in" => value.as_array().is_some_and(|values| !values.iter().any(|value| is_same(&own, value))),
        "=like" => {
            let pattern = value.as_str().and_then(|pattern| pattern.strip_suffix('%'));
            own.as_str().zip(pattern).is_some_and(|(own, start)| own.starts_with(start))
        }
        _ => false,
    }
}

/// A reference is stored with its name, but matched by its id.
fn is_same(own: &Value, value: &Value) -> bool {
    let id = own
        .as_array()
        .filter(|pair| pair.len() == 2 && pair.iter().any(Value::is_string))
        .and_then(|pair| pair.first());
    own == value || (id.is_some() && id == Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::holds;

    #[test]
    fn operators_apply_to_the_following_terms() {
        let record: Map<String, Value> = json!({"a": 1, "b": 2, "c": "x.y"}).as_object().cloned().unwrap();
        let holds = |domain: Value| holds(domain.as_array().unwrap(), 7, &record);
        assert!(holds(json!([])));
        assert!(holds(json!([["a", "=", 1], ["id", "in", [7]]])));
        assert!(!holds(json!([["a", "=", 1], ["b", "=", 3]])));
        assert!(holds(json!(["|", ["a", "=", 2], ["b", "=", 2]])));
        assert!(!holds(json!([["a", "=", 2], "|", ["a", "=", 1], ["b", "=", 2]])));
        assert!(holds(json!(["!", "&", ["a", "!=", 1], ["b", "=", 2]])));
        assert!(holds(json!([["missing", "=", false]])));
        assert!(holds(json!([["a", "not in", [2, 3]], "!", ["c", "=like", "xy%"], ["c", "=like", "x%"]])));
    }
}
