//! `update_record`: changes a record.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::create_record::name_of;
use super::write_outcome;
use crate::ToolError;
use crate::arguments::RecordId;
use crate::context::CallContext;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

pub(crate) struct UpdateRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The id of the record.
    record_id: RecordId,
    /// The new values, as in create_record.
    values: Map<String, Value>,
    context: Option<CallContext>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    /// Id and name of the record.
    record: Map<String, Value>,
    /// The address of the record in Odoo's web client.
    url: String,
    message: String,
}

impl Tool for UpdateRecord {
    const NAME: &'static str = "update_record";
    const TITLE: &'static str = "Update Record";
    const EFFECT: ToolEffect = ToolEffect::Changes;
    const DESCRIPTION: &'static str = "Change fields of a record of an Odoo model.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id), mut values, context } = arguments;
        service.gate.require(&model, Operation::Write).await?;
        if values.is_empty() {
            return Err(ToolError::invalid("values must name a field"));
        }
        let context = service.context(context.as_ref()).await?;
        let pages = service.record_pages().await?;
        let ignored = service.check_values(&model, &[id], [(&mut values, "values".to_owned())]).await?;
        service.check_exists(&model, &[id], &context).await?;
        let written: Value = service.call(Call::write(&model, &[id], values), &context).await?;
        let record = name_of(service, &model, id, &context).await;
        let url = pages.url(&model, id);
        let (success, message) =
            write_outcome(&written, ignored.note(format!("updated {model} record {id}")));
        Ok(Answer { success, record, url, message })
    }
}
