//! `create_record`: creates a record.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::context::CallContext;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

pub(crate) struct CreateRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The values by field. A date is `2026-01-31`, a datetime `2026-01-31 10:00:00` in UTC, a many2one an
    /// id. A one2many or many2many is a list of commands: `[0, 0, {values}]` creates a record, `[1, id,
    /// {values}]` changes one, `[2, id]` deletes it, `[3, id]` removes it from the list, `[4, id]` adds it,
    /// `[5]` empties the list, and `[6, 0, [ids]]` replaces it.
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

impl Tool for CreateRecord {
    const NAME: &'static str = "create_record";
    const TITLE: &'static str = "Create Record";
    const EFFECT: ToolEffect = ToolEffect::Adds;
    const DESCRIPTION: &'static str =
        "Create a record of an Odoo model. get_fields returns which fields are required.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, mut values, context } = arguments;
        service.gate.require(&model, Operation::Create).await?;
        if values.is_empty() {
            return Err(ToolError::invalid("values must name a field"));
        }
        let context = service.context(context.as_ref()).await?;
        let pages = service.record_pages().await?;
        let ignored = service.check_values(&model, &[], [(&mut values, "values".to_owned())]).await?;
        let [id]: [i64; 1] = service.call(Call::create(&model, [values]), &context).await?;
        let record = name_of(service, &model, id, &context).await;
        let url = pages.url(&model, id);
        let message = ignored.note(format!("created {model} record {id}"));
        Ok(Answer { success: true, record, url, message })
    }
}

/// Id and name of a record that was just written, or only the id if its name cannot be read.
pub(super) async fn name_of(
    service: &Service,
    model: &str,
    id: i64,
    context: &Map<String, Value>,
) -> Map<String, Value> {
    names_of(service, model, &[id], context).await.pop().unwrap_or_default()
}

/// The same for several records, in the given order. A name that cannot be read is not an error, because the
/// write was successful.
pub(super) async fn names_of(
    service: &Service,
    model: &str,
    ids: &[i64],
    context: &Map<String, Value>,
) -> Vec<Map<String, Value>> {
    let call = Call::read(model, ids, &["display_name"]);
    let rows: Vec<Map<String, Value>> = service.call(call, context).await.unwrap_or_default();
    let row = |id: &i64| rows.iter().find(|row| row.get("id").and_then(Value::as_i64) == Some(*id)).cloned();
    let only_id = |id: &i64| Map::from_iter([("id".to_owned(), Value::from(*id))]);
    ids.iter().map(|id| row(id).unwrap_or_else(|| only_id(id))).collect()
}
