//! The tools, one file each.

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
use crate::{Mode, Settings};

/// The tools that these settings bring, in the order in which they are listed.
pub(crate) fn all(settings: &Settings) -> Vec<Entry> {
    let mut tools = vec![
        Entry::of::<search_records::SearchRecords>(settings),
        Entry::of::<get_record::GetRecord>(settings),
        Entry::of::<get_fields::GetFields>(settings),
        Entry::of::<get_current_context::GetCurrentContext>(settings),
        Entry::of::<list_models::ListModels>(settings),
        Entry::of::<list_resource_templates::ListResourceTemplates>(settings),
        Entry::of::<create_record::CreateRecord>(settings),
        Entry::of::<create_records::CreateRecords>(settings),
        Entry::of::<update_record::UpdateRecord>(settings),
        Entry::of::<update_records::UpdateRecords>(settings),
        Entry::of::<delete_record::DeleteRecord>(settings),
        Entry::of::<post_message::PostMessage>(settings),
        Entry::of::<read_attachment::ReadAttachment>(settings),
        Entry::of::<list_record_attachments::ListRecordAttachments>(settings),
        Entry::of::<upload_attachment::UploadAttachment>(settings),
        Entry::of::<aggregate_records::AggregateRecords>(settings),
    ];
    if settings.stats {
        tools.push(Entry::of::<get_stats::GetStats>(settings));
    }
    if settings.mode == Mode::Full && settings.method_calls {
        tools.push(Entry::of::<call_model_method::CallModelMethod>(settings));
    }
    tools
}

/// Did Odoo do what it was asked for, and how to say that? What a model answers to a write is its own affair,
/// but for a plain no.
fn write_outcome(answer: &Value, done: String) -> (bool, String) {
    match answer {
        Value::Bool(false) => (false, format!("odoo answered false, so it may not have {done}")),
        _ => (true, done),
    }
}
