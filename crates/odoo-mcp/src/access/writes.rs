//! What a write does to other models, by the commands in its values.

use model_metadata::{FieldDefinition, Operation};
use platform::text::shorten;
use serde_json::{Map, Value};

use crate::ToolError;
use crate::commands::commands;
use crate::service::Service;
use crate::value::{ExpectedForm, fit};

/// Values that are still to be checked, for a model, under a name for messages.
type PendingCheck<'a> = (String, &'a mut Map<String, Value>, String);

/// Fields that Odoo maintains itself and ignores in writes.
const KEPT: &[&str] = &["id", "parent_path", "create_uid", "create_date", "write_uid", "write_date"];

/// What Odoo will not do with values that it takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct IgnoredFields {
    fields: Vec<String>,
}

impl IgnoredFields {
    /// A message with what is ignored after it.
    pub(crate) fn note(&self, message: String) -> String {
        match self.fields.as_slice() {
            [] => message,
            fields => format!("{message}; odoo ignores what was given for {}", fields.join(", ")),
        }
    }
}

impl Service {
    /// Checks the values of creates and updates, and writes them as the fields' types have them: in every
    /// mode what a value means, and by the rules everything that reaches a model besides the one that is
    /// written. Tells the fields that Odoo ignores, and refuses values of which it would ignore all.
    pub(crate) async fn check_values<'a>(
        &self,
        model: &str,
        ids: &[i64],
        values: impl IntoIterator<Item = (&'a mut Map<String, Value>, String)>,
    ) -> Result<IgnoredFields, ToolError> {
        self.check_owners(model, ids, Operation::Write).await?;
        let named = values.into_iter().map(|(values, path)| (model.to_owned(), values, path));
        let mut pending: Vec<PendingCheck<'_>> = named.collect();
        let asked = pending.len();
        let (mut seen, mut ignored) = (0, IgnoredFields::default());
        // The values of the call come before those within them.
        pending.reverse();
        let mut within: Vec<PendingCheck<'_>> = Vec::new();
        while let Some((model, values, path)) = pending.pop().or_else(|| within.pop()) {
            seen += 1;
            let fields = self.check_names(&model, values.keys().map(String::as_str)).await?;
            let changes = seen <= asked && !ids.is_empty();
            let lost: Vec<String> = values
                .iter()
                .filter_map(|(name, value)| {
                    let field = fields.get(name)?;
                    let is_empty = changes && is_list(&field) && value.as_array().is_some_and(Vec::is_empty);
                    match is_ignored(&field) {
                        true => Some(format!("`{name}`")),
                        false => {
                            is_empty.then(|| format!("`{name}` ([] changes nothing, [[5]] empties the list)"))
                        }
                    }
                })
                .collect();
            if seen <= asked && !values.is_empty() && lost.len() == values.len() {
                return Err(ToolError::invalid(format!(
                    "odoo ignores what is written to {} of `{model}`: it computes or keeps such fields itself, and \
                     nothing else is in {path}",
                    lost.join(", ")
                )));
            }
            for name in lost {
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
                    *value = fit(&field, value).map_err(|wanted| refusal(&path, &model, value, wanted))?;
                    continue;
                };
                let list =
                    commands(value, &relation).map_err(|wanted| refusal(&path, &model, value, wanted))?;
                for command in &list {
                    self.check_command(&relation, kind == "one2many", command, &path).await?;
                }
                *value = Value::Array(list);
            }
            // The owner is read from values that have their types by now.
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
                        within.push((relation.clone(), values, format!("{path}.{name}")));
                    }
                }
            }
        }
        Ok(ignored)
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
        let number = parts.first().and_then(Value::as_i64);
        let operations: &[Operation] = match (number, owned) {
            (Some(0), _) => &[Operation::Create],
            (Some(1), _) => &[Operation::Write],
            (Some(2), _) => &[Operation::Unlink],
            (Some(4), true) => &[Operation::Write],
            // Taking a record out of a one2many empties its reference, or deletes it where the reference says
            // so.
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
        let mut touched: Vec<i64> = Vec::new();
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

fn is_list(field: &FieldDefinition<'_>) -> bool {
    matches!(field.text("type").as_deref(), Some("one2many" | "many2many"))
}

/// Does Odoo take a value for the field and not keep it? What is not stored is kept by what it stands for,
/// unless it is read-only.
fn is_ignored(field: &FieldDefinition<'_>) -> bool {
    KEPT.contains(&field.name()) || (field.attribute("store") == Some("false") && field.is_true("readonly"))
}

/// A value that the field does not take.
pub(super) fn refusal(path: &str, model: &str, value: &Value, ExpectedForm(form): ExpectedForm) -> ToolError {
    const LONGEST: usize = 80;
    let value = value.to_string();
    let shown = shorten(&value, LONGEST);
    ToolError::invalid(format!("{path} of `{model}` is {shown}, and takes {form}"))
}
