//! Commands: what a write does to a list of related records.

use serde_json::{Value, json};

use crate::arguments::{unwrapped_list, whole};
use crate::value::{ExpectedForm, id};

/// The commands of a list of records, in Odoo's own form. A list of ids replaces what is there, and is what
/// reads give.
///
/// What is to become of the records is never guessed: nothing is no command, though Odoo empties the list for
/// it.
pub(crate) fn commands(value: &Value, relation: &str) -> Result<Vec<Value>, ExpectedForm> {
    let form = || {
        ExpectedForm(format!(
            "a list of commands on `{relation}`: [0, 0, {{values}}] creates, [1, id, {{values}}] changes, [2, id] deletes, \
             [3, id] takes out, [4, id] adds, [5] empties, [6, 0, [ids]] replaces; or a list of ids, which replaces"
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
    let is_nothing =
        |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || whole(value) == Some(0);
    let id = || parts.get(1).and_then(id);
    Some(match (number, parts) {
        // The second part is a number of the caller's own, if anything.
        (0, [_, own, Value::Object(values)]) if is_nothing(own) || own.is_string() || own.is_number() => {
            json!([0, 0, values])
        }
        (1, [_, _, Value::Object(values)]) => json!([1, id()?, values]),
        (2..=4, [_, _]) => json!([number, id()?, 0]),
        (2..=4, [_, _, rest]) if is_nothing(rest) => json!([number, id()?, 0]),
        (5, [_, rest @ ..]) if rest.len() <= 2 && rest.iter().all(is_nothing) => json!([5, 0, 0]),
        (6, [_, nothing, Value::Array(ids)]) if is_nothing(nothing) => {
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
    fn commands_have_their_shape() {
        let given = |value: Value| commands(&value, "sale.order.line").map(Value::from);
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
            assert_eq!(given(value.clone()), Ok(expected), "{value}");
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
            let told = given(wrong.clone()).unwrap_err().0;
            assert!(told.contains("commands on `sale.order.line`"), "{wrong}");
        }
    }
}
