//! Access to attachments, messages and the like. They belong to a record (the owner), and the rules of the
//! owner's model also apply to them.

use model_metadata::Operation;
use odoo::Call;
use serde_json::{Map, Value, json};

use crate::ToolError;
use crate::service::Service;

/// Models whose records have an owner, and the field that names the owner's model.
const OWNED: &[(&str, &str)] = &[
    ("ir.attachment", "res_model"),
    ("mail.message", "model"),
    ("mail.mail", "model"),
    ("mail.followers", "res_model"),
    ("mail.activity", "res_model"),
    ("mail.tracking.value", "mail_message_id.model"),
    ("mail.notification", "mail_message_id.model"),
];

/// The field of a model that names the model of the owner.
fn owner_field(model: &str) -> Option<&'static str> {
    OWNED.iter().find(|(owned, _)| *owned == model).map(|(_, field)| *field)
}

impl Service {
    /// Conditions that restrict such a model to records without an owner, or with an owner of a readable
    /// model. The domain to which they are appended must be complete.
    pub(crate) async fn owner_conditions(&self, model: &str) -> Result<Vec<Value>, ToolError> {
        let (true, Some(field)) = (self.gate.has_rules(), owner_field(model)) else { return Ok(Vec::new()) };
        let enabled = self.gate.enabled_models().await?;
        let names: Vec<&str> = enabled.iter().map(|(model, _)| model).collect();
        let permissions = self.gate.permissions(&names).await?;
        if permissions.iter().any(Option::is_none) {
            let message = "the rules of some models could not be loaded";
            return Err(ToolError::Unverified(message.into()));
        }
        let readable = names.iter().zip(permissions).filter(|(_, it)| it.is_some_and(|it| it.read));
        let readable: Vec<&str> = readable.map(|(name, _)| *name).collect();
        Ok(vec![json!("|"), json!([field, "=", false]), json!([field, "in", readable])])
    }

    /// Denies access to records of such a model if the rules deny the operation on the owner's model: `Read`
    /// for reads, `Write` for all other operations.
    pub(crate) async fn check_owners(
        &self,
        model: &str,
        ids: &[i64],
        operation: Operation,
    ) -> Result<(), ToolError> {
        let mut next = Some((model.to_owned(), ids.to_vec()));
        // The owner of a tracking value is the owner of its message.
        while let Some((model, ids)) = next.take() {
            let (true, Some(field)) = (self.gate.has_rules() && !ids.is_empty(), owner_field(&model)) else {
                break;
            };
            let (field, is_message) = match field.split_once('.') {
                Some((message, _)) => (message, true),
                None => (field, false),
            };
            let call = Call::search_read(&model, json!([["id", "in", ids]]), &[field]);
            let with_archived = Map::from_iter([("active_test".to_owned(), Value::Bool(false))]);
            let rows: Vec<Map<String, Value>> = self.call(call, &with_archived).await?;
            let owners = rows.iter().filter_map(|row| row.get(field));
            if is_message {
                let id = |value: &Value| value.as_i64().or_else(|| value.as_array()?.first()?.as_i64());
                next = Some(("mail.message".into(), owners.filter_map(id).collect()));
                continue;
            }
            let mut owners: Vec<&str> = owners.filter_map(Value::as_str).collect();
            owners.sort_unstable();
            owners.dedup();
            for owner in owners {
                self.require_owner(&model, owner, operation).await?;
            }
        }
        Ok(())
    }

    /// Denies values that assign a record of such a model to an owner whose model the user may not write.
    pub(crate) async fn check_new_owner(
        &self,
        model: &str,
        values: &Map<String, Value>,
    ) -> Result<(), ToolError> {
        let (true, Some(field)) = (self.gate.has_rules(), owner_field(model)) else { return Ok(()) };
        if let Some((message, _)) = field.split_once('.') {
            let ids: Vec<i64> = values.get(message).and_then(Value::as_i64).into_iter().collect();
            return self.check_owners("mail.message", &ids, Operation::Write).await;
        }
        if let Some(owner) = values.get(field).and_then(Value::as_str) {
            self.require_owner(model, owner, Operation::Write).await?;
        }
        // Activities refer to the owner's model by its id.
        if let Some(id) = values.get("res_model_id").and_then(Value::as_i64) {
            self.require_read("ir.model").await?;
            let rows: Vec<Map<String, Value>> =
                self.call(Call::read("ir.model", &[id], &["model"]), &Map::new()).await?;
            let owner = rows.first().and_then(|row| row.get("model")).and_then(Value::as_str);
            let owner = owner.ok_or_else(|| ToolError::not_found("ir.model", &[id]))?;
            self.require_owner(model, owner, Operation::Write).await?;
        }
        Ok(())
    }

    async fn require_owner(&self, model: &str, owner: &str, operation: Operation) -> Result<(), ToolError> {
        if owner.is_empty() || owner == "ir.attachment" || self.gate.allows(owner, operation).await? {
            return Ok(());
        }
        let operation = operation.name();
        Err(ToolError::Denied(format!(
            "this record of `{model}` belongs to `{owner}`, where `{operation}` is not allowed via mcp"
        )))
    }
}
