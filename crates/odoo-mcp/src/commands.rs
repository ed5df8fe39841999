//! Odoo's commands: how a write changes a list of related records.

use serde_json::{Value, json};

use crate::arguments::{unwrapped_list, whole};
use crate::value::{ExpectedForm, id};

/// Converts the value of a one2many or many2many field to Odoo's commands. A list of ids, as reads return it,
/// replaces the current records.
///
/// `null` and `false` are rejected: Odoo would empty the list, which the caller may not intend.
pub(crate) fn commands(value: &Value, relation: &str) -> Result<Vec<Value>, ExpectedForm> {
    let form = || {
        ExpectedForm(format!(
            "a list of commands on `{relation}`: [0, 0, {{values}}] creates, [1, id, {{values}}] changes, [2, id] deletes, \
             [3, id] removes from the list, [4, id] adds, [5] empties the list, [6, 0, [ids]] replaces it; or a list of \
             ids, which replaces it"
        ))
    };
    let list = unwrapped_list(value);
    let list = list.as_array().ok_or_else(form)?;
    if !list.is_empty() && !list.iter().any(Value::is_array) {
        let ids: Option<Vec<i64>> = list.iter().map(id).collect();
        return Ok(vec![json!([6, 0, ids.ok_or_else(form)?])]);
    }
    list.iter().map(|one| command(one).ok_or_else(form)).collect()
}

fn command(value: &Value) -> Option<Value> {
    let parts = value.as_array()?.as_slice();
    let number = parts.first().filter(|it| it.is_number()).and_then(whole)?;
    let is_empty =
        |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || whole(value) == Some(0);
    let id = || parts.get(1).and_then(id);
    Some(match (number, parts) {
        // The second part may be a virtual id that the caller chose.
        (0, [_, id, Value::Object(values)]) if is_empty(id) || id.is_string() || id.is_number() => {
            json!([0, 0, values])
        }
        (1, [_, _, Value::Object(values)]) => json!([1, id()?, values]),
        (2..=4, [_, _]) => json!([number, id()?, 0]),
        (2..=4, [_, _, rest]) if is_empty(rest) => json!([number, id()?, 0]),
        (5, [_, rest @ ..]) if rest.len() <= 2 && rest.iter().all(is_empty) => json!([5, 0, 0]),
        (6, [_, unused, Value::Array(ids)]) if is_empty(unused) => {
            let ids: Option<Vec<i64>> = ids.iter().map(self::id).collect();
            json!([6, 0, ids?])
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::commands;

    #[test]
    fn commands_are_normalized_or_rejected() {
        let converted = |value: Value| commands(&value, "sale.order.line").map(Value::from);
        for (value, expected) in [
            (json!([]), json!([])),
            (json!([7, "8"]), json!([[6, 0, [7, 8]]])),
            (
                json!([[0, 0, {"a": 1}], [1, 7, {"a": 2}], [2, 7], [3, 7, 0], [4, "7"], [5]]),
                json!([[0, 0, {"a": 1}], [1, 7, {"a": 2}], [2, 7, 0], [3, 7, 0], [4, 7, 0], [5, 0, 0]]),
            ),
            (json!([[0, "virtual_1", {}]]), json!([[0, 0, {}]])),
            (json!([[6, false, [7.0]]]), json!([[6, 0, [7]]])),
            (json!("[[4, 7]]"), json!([[4, 7, 0]])),
            (json!("[(6, 0, [7, 8]), (0, None, {'a': True})]"), json!([[6, 0, [7, 8]], [0, 0, {"a": true}]])),
        ] {
            assert_eq!(converted(value.clone()), Ok(expected), "{value}");
        }
        for wrong in [
            json!(null),
            json!(false),
            json!("7"),
            json!(""),
            json!("[7"),
            json!(7),
            json!({"a": 1}),
            json!([{"a": 1}]),
            json!([7, [4, 8]]),
            json!([[0, 0]]),
            json!([[0, {"a": 1}]]),
            json!([[1, 0, {}]]),
            json!([[1, 7]]),
            json!([[2]]),
            json!([[4, "x"]]),
            json!([[6, 0, 7]]),
            json!([[6, 0, ["x"]]]),
            json!([[7, 7]]),
            json!([["4", 7]]),
            json!([[]]),
            json!([true]),
        ] {
            let expected = converted(wrong.clone()).unwrap_err().0;
            assert!(expected.contains("commands on `sale.order.line`"), "{wrong}");
        }
    }
}
