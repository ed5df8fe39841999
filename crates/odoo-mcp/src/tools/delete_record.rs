//! `delete_record`: deletes a record.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::write_outcome;
use crate::ToolError;
use crate::arguments::RecordId;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

pub(crate) struct DeleteRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The id of the record.
    record_id: RecordId,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    deleted_id: i64,
    /// The name of the deleted record.
    deleted_name: String,
    message: String,
}

impl Tool for DeleteRecord {
    const NAME: &'static str = "delete_record";
    const TITLE: &'static str = "Delete Record";
    const EFFECT: ToolEffect = ToolEffect::Destroys;
    const DESCRIPTION: &'static str = "Delete a record of an Odoo model permanently.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id) } = arguments;
        service.gate.require(&model, Operation::Unlink).await?;
        service.check_owners(&model, &[id], Operation::Write).await?;
        let context = service.context(None).await?;
        let rows: Vec<Map<String, Value>> =
            service.call(Call::read(&model, &[id], &["display_name"]), &context).await?;
        let record = rows.first().ok_or_else(|| ToolError::not_found(&model, &[id]))?;
        let name = record.get("display_name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("id {id}"), str::to_owned);
        let deleted: Value = service.call(Call::unlink(&model, &[id]), &context).await?;
        let (success, message) = write_outcome(&deleted, format!("deleted {model} record {id}"));
        Ok(Answer { success, deleted_id: id, deleted_name: name, message })
    }
}
