//! Checks the values of writes: their types, and access to the models that nested commands change.

use model_metadata::{FieldDefinition, Operation};
use platform::text::shorten;
use serde_json::{Map, Value};

use crate::ToolError;
use crate::commands::commands;
use crate::service::Service;
use crate::value::{ExpectedForm, convert};

/// Values to check: the model, the values, and their path for error messages.
type PendingCheck<'a> = (String, &'a mut Map<String, Value>, String);

/// Fields that Odoo maintains itself and ignores in writes.
const MAINTAINED: &[&str] = &["id", "parent_path", "create_uid", "create_date", "write_uid", "write_date"];

/// Fields that Odoo accepts in a write but ignores.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct IgnoredFields {
    fields: Vec<String>,
}

impl IgnoredFields {
    /// Appends the ignored fields to a message.
    pub(crate) fn note(&self, message: String) -> String {
        match self.fields.as_slice() {
            [] => message,
            fields => format!("{message}; odoo ignores the values of {}", fields.join(", ")),
        }
    }
}

impl Service {
    /// Checks the values of creates and updates, and converts them to the types of their fields. In the mode
    /// `Rules`, also checks access to all other models that the write affects.
    ///
    /// Returns the fields that Odoo would ignore. It is an error if Odoo would ignore all of them.
    pub(crate) async fn check_values<'a>(
        &self,
        model: &str,
        ids: &[i64],
        values: impl IntoIterator<Item = (&'a mut Map<String, Value>, String)>,
    ) -> Result<IgnoredFields, ToolError> {
        self.check_owners(model, ids, Operation::Write).await?;
        let top_level = values.into_iter().map(|(values, path)| (model.to_owned(), values, path));
        let mut pending: Vec<PendingCheck<'_>> = top_level.collect();
        let top_level = pending.len();
        let (mut checked, mut ignored) = (0, IgnoredFields::default());
        // Check the values of the call before nested values.
        pending.reverse();
        let mut nested: Vec<PendingCheck<'_>> = Vec::new();
        while let Some((model, values, path)) = pending.pop().or_else(|| nested.pop()) {
            checked += 1;
            let fields = self.check_names(&model, values.keys().map(String::as_str)).await?;
            let is_update = checked <= top_level && !ids.is_empty();
            let without_effect: Vec<String> = values
                .iter()
                .filter_map(|(name, value)| {
                    let field = fields.get(name)?;
                    let is_empty =
                        is_update && is_list(&field) && value.as_array().is_some_and(Vec::is_empty);
                    match is_ignored(&field) {
                        true => Some(format!("`{name}`")),
                        false => {
                            is_empty.then(|| format!("`{name}` ([] changes nothing, [[5]] empties the list)"))
                        }
                    }
                })
                .collect();
            if checked <= top_level && !values.is_empty() && without_effect.len() == values.len() {
                return Err(ToolError::invalid(format!(
                    "{path} has only values that odoo ignores, because it computes or maintains the fields itself: {} \
                     of `{model}`",
                    without_effect.join(", ")
                )));
            }
            for name in without_effect {
                if !ignored.fields.contains(&name) {
                    ignored.fields.push(name);
                }
            }
            for (name, value) in values.iter_mut() {
                let Some(field) = fields.get(name) else { continue };
                let path = format!("{path}.{name}");
                let kind = field.text("type").unwrap_or_default();
                let (true, Some(relation)) =
                    (matches!(kind.as_str(), "one2many" | "many2many"), field.text("relation"))
                else {
                    *value = convert(&field, value)
                        .map_err(|expected| rejection(&path, &model, value, expected))?;
                    continue;
                };
                let list = commands(value, &relation)
                    .map_err(|expected| rejection(&path, &model, value, expected))?;
                for command in &list {
                    self.check_command(&relation, kind == "one2many", command, &path).await?;
                }
                *value = Value::Array(list);
            }
            // Only after the conversion: the owner is taken from converted values.
            self.check_new_owner(&model, values).await?;
            for (name, value) in values.iter_mut() {
                let Some(relation) =
                    fields.get(name).filter(is_list).and_then(|field| field.text("relation"))
                else {
                    continue;
                };
                for command in value.as_array_mut().into_iter().flatten() {
                    if let Some([_, _, Value::Object(values)]) = command.as_array_mut().map(Vec::as_mut_slice)
                    {
                        nested.push((relation.clone(), values, format!("{path}.{name}")));
                    }
                }
            }
        }
        Ok(ignored)
    }

    /// Checks access to the related model for one command on a list of records.
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
        let number = parts.first().and_then(Value::as_i64);
        let operations: &[Operation] = match (number, owned) {
            (Some(0), _) => &[Operation::Create],
            (Some(1), _) => &[Operation::Write],
            (Some(2), _) => &[Operation::Unlink],
            (Some(4), true) => &[Operation::Write],
            // Removing a record from a one2many empties its reference, or deletes the record if the reference
            // is defined that way.
            (Some(3 | 5 | 6), true) => &[Operation::Write, Operation::Unlink],
            (Some(3..=6), false) => &[],
            _ => return Err(ToolError::invalid(format!("{path} has an unknown command"))),
        };
        for operation in operations {
            if !self.gate.allows(relation, *operation).await? {
                let operation = operation.name();
                return Err(ToolError::Denied(format!(
                    "{path} would `{operation}` records of `{relation}`, which is not allowed via mcp"
                )));
            }
        }
        let mut affected: Vec<i64> = Vec::new();
        if matches!(number, Some(1..=4)) && (owned || number <= Some(2)) {
            affected.extend(parts.get(1).and_then(Value::as_i64));
        }
        if number == Some(6) && owned {
            affected.extend(
                parts.get(2).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64),
            );
        }
        self.check_owners(relation, &affected, Operation::Write).await
    }
}

fn is_list(field: &FieldDefinition<'_>) -> bool {
    matches!(field.text("type").as_deref(), Some("one2many" | "many2many"))
}

/// Does Odoo accept a value for the field and ignore it? A field that is not stored writes through to another
/// one, unless it is read-only.
fn is_ignored(field: &FieldDefinition<'_>) -> bool {
    MAINTAINED.contains(&field.name())
        || (field.attribute("store") == Some("false") && field.is_true("readonly"))
}

/// The error for a value that a field does not accept.
pub(super) fn rejection(
    path: &str,
    model: &str,
    value: &Value,
    ExpectedForm(form): ExpectedForm,
) -> ToolError {
    const SHOWN_BYTES: usize = 80;
    let value = value.to_string();
    let shown = shorten(&value, SHOWN_BYTES);
    ToolError::invalid(format!("{path} of `{model}` must be {form}, but is {shown}"))
}
