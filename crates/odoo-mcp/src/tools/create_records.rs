//! `create_records`: creates several records, all or none.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::create_record::names_of;
use crate::ToolError;
use crate::context::CallContext;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// Maximum number of records that a call writes.
pub(super) const MAX_RECORDS: usize = 100;

pub(crate) struct CreateRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The values of each record, as in create_record; 1 to 100 records.
    records: Vec<Map<String, Value>>,
    context: Option<CallContext>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    created_count: usize,
    /// Id, name and url of each record, in the order of the call.
    records: Vec<Map<String, Value>>,
    message: String,
}

impl Tool for CreateRecords {
    const NAME: &'static str = "create_records";
    const TITLE: &'static str = "Create Records (Bulk)";
    const EFFECT: ToolEffect = ToolEffect::Adds;
    const DESCRIPTION: &'static str = "Create up to 100 records of an Odoo model in one call: all or none. Use this \
        instead of many calls of create_record.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, mut records, context } = arguments;
        service.gate.require(&model, Operation::Create).await?;
        check_number(records.len())?;
        if let Some(index) = records.iter().position(Map::is_empty) {
            return Err(ToolError::invalid(format!("records[{index}] must name a field")));
        }
        let context = service.context(context.as_ref()).await?;
        let pages = service.record_pages().await?;
        let indexed = records.iter_mut().enumerate();
        let values = indexed.map(|(index, values)| (values, format!("records[{index}]")));
        let ignored = service.check_values(&model, &[], values).await?;
        let ids: Vec<i64> = service.call(Call::create(&model, records), &context).await?;
        let mut records = names_of(service, &model, &ids, &context).await;
        for (record, id) in records.iter_mut().zip(&ids) {
            record.insert("url".into(), pages.url(&model, *id).into());
        }
        let message = ignored.note(format!("created {} {model} record(s)", ids.len()));
        Ok(Answer { success: true, created_count: ids.len(), records, message })
    }
}

/// Checks the number of records to write.
pub(super) fn check_number(records: usize) -> Result<(), ToolError> {
    match records {
        0 => Err(ToolError::invalid("the call has no records")),
        1..=MAX_RECORDS => Ok(()),
        _ => Err(ToolError::invalid(format!(
            "the call has {records} records, but at most {MAX_RECORDS} are allowed"
        ))),
    }
}
