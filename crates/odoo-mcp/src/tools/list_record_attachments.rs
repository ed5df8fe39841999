//! `list_record_attachments`: lists the files of a record.

use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ToolError;
use crate::arguments::RecordId;
use crate::presentation::iso;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::uri;

const FIELDS: &[&str] = &["name", "mimetype", "file_size", "type", "create_date"];

pub(crate) struct ListRecordAttachments;

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
    model: String,
    record_id: i64,
    /// The files, newest first.
    attachments: Vec<Attachment>,
    /// The number of files of the record.
    total: u64,
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Attachment {
    id: i64,
    name: String,
    mimetype: Option<String>,
    /// In bytes.
    size: Option<u64>,
    /// `binary` for a file, `url` for a link.
    #[serde(rename = "type")]
    kind: String,
    create_date: Option<String>,
    /// The URI for read_attachment.
    uri: String,
}

impl Tool for ListRecordAttachments {
    const NAME: &'static str = "list_record_attachments";
    const TITLE: &'static str = "List Record Attachments";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "List the files that are attached to a record, newest first, with the odoo:// URIs \
        for read_attachment. Images and files in fields are not included: get_record returns those.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id) } = arguments;
        if model == "ir.attachment" {
            return Err(ToolError::invalid(
                "model and record_id must be those of the record that has the files",
            ));
        }
        service.require_read(&model).await?;
        service.require_read("ir.attachment").await?;
        service.check_owners(&model, &[id], model_metadata::Operation::Read).await?;
        let context = service.context(None).await?;
        let domain = json!([["res_model", "=", model], ["res_id", "=", id], ["res_field", "=", false]]);
        let rows = Call::search_read("ir.attachment", domain.clone(), FIELDS)
            .option("limit", service.settings.max_limit)
            .option("order", "create_date desc, id desc");
        let ids = [id];
        let exists = service.check_exists(&model, &ids, &context);
        let rows = service.call::<Vec<Map<String, Value>>>(rows, &context);
        let total = service.call::<u64>(Call::search_count("ir.attachment", domain), &context);
        let ((), rows, total) = futures_util::future::try_join3(exists, rows, total).await?;
        let attachments: Vec<Attachment> = rows.iter().filter_map(attachment).collect();
        let is_truncated = total > u64::try_from(attachments.len()).unwrap_or(u64::MAX);
        let note =
            is_truncated.then(|| format!("These are the newest {} of {total} files.", attachments.len()));
        Ok(Answer { model, record_id: id, attachments, total, note })
    }
}

fn attachment(row: &Map<String, Value>) -> Option<Attachment> {
    let id = row.get("id")?.as_i64()?;
    let text =
        |name: &str| row.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned);
    Some(Attachment {
        id,
        name: text("name").unwrap_or_default(),
        mimetype: text("mimetype"),
        size: row.get("file_size").and_then(Value::as_u64).filter(|size| *size > 0),
        kind: text("type").unwrap_or_else(|| "binary".into()),
        create_date: text("create_date").map(|datetime| iso(&datetime).unwrap_or(datetime)),
        uri: uri::for_attachment(id),
    })
}
