//! The tools, with one file per tool.

mod aggregate_records;
mod call_model_method;
mod create_record;
mod create_records;
mod delete_record;
mod get_current_context;
mod get_fields;
mod get_record;
mod get_stats;
mod list_models;
mod list_record_attachments;
mod list_resource_templates;
mod post_message;
mod read_attachment;
mod search_records;
mod update_record;
mod update_records;
mod upload_attachment;

pub(crate) use search_records::SearchRecords;

use serde_json::Value;

use crate::tool::Entry;
use crate::{McpSettings, Mode};

/// The tools that the settings enable, in the order in which they are listed.
pub(crate) fn all(settings: &McpSettings) -> Vec<Entry> {
    let mut tools = vec![
        Entry::for_tool::<search_records::SearchRecords>(settings),
        Entry::for_tool::<get_record::GetRecord>(settings),
        Entry::for_tool::<get_fields::GetFields>(settings),
        Entry::for_tool::<get_current_context::GetCurrentContext>(settings),
        Entry::for_tool::<list_models::ListModels>(settings),
        Entry::for_tool::<list_resource_templates::ListResourceTemplates>(settings),
        Entry::for_tool::<create_record::CreateRecord>(settings),
        Entry::for_tool::<create_records::CreateRecords>(settings),
        Entry::for_tool::<update_record::UpdateRecord>(settings),
        Entry::for_tool::<update_records::UpdateRecords>(settings),
        Entry::for_tool::<delete_record::DeleteRecord>(settings),
        Entry::for_tool::<post_message::PostMessage>(settings),
        Entry::for_tool::<read_attachment::ReadAttachment>(settings),
        Entry::for_tool::<list_record_attachments::ListRecordAttachments>(settings),
        Entry::for_tool::<upload_attachment::UploadAttachment>(settings),
        Entry::for_tool::<aggregate_records::AggregateRecords>(settings),
    ];
    if settings.stats {
        tools.push(Entry::for_tool::<get_stats::GetStats>(settings));
    }
    if settings.mode == Mode::Full && settings.method_calls {
        tools.push(Entry::for_tool::<call_model_method::CallModelMethod>(settings));
    }
    tools
}

/// Returns whether a write was successful, and the message for it. Models may return any value from a write,
/// so only `false` counts as a failure.
fn write_outcome(answer: &Value, done: String) -> (bool, String) {
    match answer {
        Value::Bool(false) => (false, format!("odoo returned false, so it may not have {done}")),
        _ => (true, done),
    }
}
