//! What a write does to other models, by the commands in its values.

use model_metadata::Operation;
use serde_json::{Map, Value};

use crate::ToolError;
use crate::service::Service;

/// Values that are still to be checked, for a model, under a name for messages.
type Pending<'a> = (String, &'a Map<String, Value>, String);

impl Service {
    /// Checks the values of creates and updates: what a reference holds in every mode, and by the rules everything that
    /// reaches a model besides the one that is written.
    pub(crate) async fn check_values(
        &self,
        model: &str,
        ids: &[i64],
        values: &[(&Map<String, Value>, String)],
    ) -> Result<(), ToolError> {
        self.check_owners(model, ids, Operation::Write).await?;
        let named = values.iter().map(|(values, path)| (model.to_owned(), *values, path.clone()));
        let mut pending: Vec<Pending<'_>> = named.collect();
        while let Some((model, values, path)) = pending.pop() {
            self.check_new_owner(&model, values).await?;
            let fields = self.check_names(&model, values.keys().map(String::as_str)).await?;
            for (name, value) in values {
                let Some(field) = fields.get(name) else { continue };
                let kind = field.text("type").unwrap_or_default();
                let path = format!("{path}.{name}");
                match (kind.as_str(), field.text("relation")) {
                    ("many2one", relation) => check_reference(value, &path, relation.as_deref())?,
                    ("one2many" | "many2many", Some(relation)) => {
                        for command in value.as_array().into_iter().flatten() {
                            self.check_command(&relation, kind == "one2many", command, &path).await?;
                            if let Some([_, _, Value::Object(values)]) = command.as_array().map(Vec::as_slice)
                            {
                                pending.push((relation.clone(), values, path.clone()));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Checks one command of a list of related records as the operation that it is on their model.
    async fn check_command(
        &self,
        relation: &str,
        owned: bool,
        command: &Value,
        path: &str,
    ) -> Result<(), ToolError> {
        if !self.gate.has_rules() {
            return Ok(());
        }
        let parts = command.as_array().map(Vec::as_slice).unwrap_or_default();
        // An id alone replaces the list: in a one2many that moves the record, which is a write on it.
        let number = if command.is_i64() { Some(6) } else { parts.first().and_then(Value::as_i64) };
        let operations: &[Operation] = match (number, owned) {
            (Some(0), _) => &[Operation::Create],
            (Some(1), _) => &[Operation::Write],
            (Some(2), _) => &[Operation::Unlink],
            (Some(4), true) => &[Operation::Write],
            // Taking a record out of a one2many empties its reference, or deletes it where the reference says so.
            (Some(3 | 5 | 6), true) => &[Operation::Write, Operation::Unlink],
            (Some(3..=6), false) => &[],
            _ => return Err(ToolError::invalid(format!("{path} has a command that is none of odoo's"))),
        };
        for operation in operations {
            if !self.gate.allows(relation, *operation).await? {
                let operation = operation.name();
                return Err(ToolError::Denied(format!(
                    "{path} would `{operation}` records of `{relation}`, which is not allowed via mcp"
                )));
            }
        }
        let mut touched: Vec<i64> = command.as_i64().into_iter().collect();
        if matches!(number, Some(1..=4)) && (owned || number <= Some(2)) {
            touched.extend(parts.get(1).and_then(Value::as_i64));
        }
        if number == Some(6) && owned {
            touched.extend(
                parts.get(2).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64),
            );
        }
        self.check_owners(relation, &touched, Operation::Write).await
    }
}

/// A reference holds an id, or nothing. Reads give a pair of id and name, which some servers would take as nothing.
fn check_reference(value: &Value, path: &str, relation: Option<&str>) -> Result<(), ToolError> {
    if matches!(value, Value::Null | Value::Bool(false)) || value.is_i64() {
        return Ok(());
    }
    let relation = relation.unwrap_or("a record");
    let id = value.get(0).or_else(|| value.get("id")).and_then(Value::as_i64);
    let hint = match id {
        Some(id) => format!("pass {id}"),
        None => format!("find the id with search_records on `{relation}`"),
    };
    Err(ToolError::invalid(format!("{path} refers to `{relation}` and takes an id or false: {hint}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check_reference;

    #[test]
    fn references_are_ids_or_nothing() {
        for right in [json!(7), json!(false), json!(null)] {
            assert!(check_reference(&right, "values.country_id", Some("res.country")).is_ok());
        }
        let told = |value| {
            check_reference(&value, "values.country_id", Some("res.country")).unwrap_err().to_string()
        };
        assert!(told(json!([7, "Belgium"])).ends_with("pass 7"));
        assert!(told(json!({"id": 7})).ends_with("pass 7"));
        assert!(told(json!("Belgium")).ends_with("search_records on `res.country`"));
        assert!(told(json!(true)).starts_with("values.country_id refers to `res.country`"));
    }
}
