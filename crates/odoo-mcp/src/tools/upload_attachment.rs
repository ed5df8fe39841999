//! `upload_attachment`: attaches a file to a record.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::RecordId;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::uri;

/// Maximum size of a file, in bytes: a request with the file in base64 stays below 4 MiB.
const MAX_BYTES: usize = (3 << 20) - (64 << 10);

pub(crate) struct UploadAttachment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The id of the record.
    record_id: RecordId,
    /// The file's name, such as `contract.pdf`.
    name: String,
    /// The file in base64, at most about 2.9 MB.
    data: String,
    /// The file's type; detected by Odoo by default.
    mimetype: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    attachment_id: i64,
    /// The URI for read_attachment.
    uri: String,
    name: String,
    /// In bytes.
    size: usize,
    message: String,
}

impl Tool for UploadAttachment {
    const NAME: &'static str = "upload_attachment";
    const TITLE: &'static str = "Upload Attachment";
    const EFFECT: ToolEffect = ToolEffect::Adds;
    const DESCRIPTION: &'static str = "Attach a file to a record. To show it in the record's messages, pass the \
        attachment_id of the answer to post_message.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id), name, mut data, mimetype } = arguments;
        // Base64 encoders insert line breaks.
        data.retain(|letter| !letter.is_ascii_whitespace());
        if model == "ir.attachment" {
            return Err(ToolError::invalid("a file can be attached to a record, but not to another file"));
        }
        if name.trim().is_empty() {
            return Err(ToolError::invalid("name must not be empty"));
        }
        service.gate.require(&model, Operation::Write).await?;
        service.gate.require("ir.attachment", Operation::Create).await?;
        let size = decoded_size(&data)?;
        service.check_owners(&model, &[id], Operation::Write).await?;
        let context = service.context(None).await?;
        service.check_exists(&model, &[id], &context).await?;
        // Odoo 20 removes `datas`.
        let content = if service.client.version().await? >= 20 { "raw" } else { "datas" };
        let mut values = Map::from_iter([
            ("name".to_owned(), Value::from(name.clone())),
            ("res_model".to_owned(), model.clone().into()),
            ("res_id".to_owned(), id.into()),
            (content.to_owned(), data.into()),
        ]);
        if let Some(mimetype) = mimetype {
            values.insert("mimetype".into(), mimetype.into());
        }
        let create = Call::create("ir.attachment", [values]);
        let [attachment_id]: [i64; 1] = service.call(create, &context).await?;
        let message = format!("attached {name} to {model} record {id}");
        Ok(Answer {
            success: true,
            attachment_id,
            uri: uri::for_attachment(attachment_id),
            name,
            size,
            message,
        })
    }
}

fn decoded_size(data: &str) -> Result<usize, ToolError> {
    if data.starts_with("data:") {
        return Err(ToolError::invalid("data must be only base64, without the prefix `data:…;base64,`"));
    }
    if data.len() / 4 * 3 > MAX_BYTES + 2 {
        return Err(ToolError::invalid(format!("the file is larger than {MAX_BYTES} bytes")));
    }
    match STANDARD.decode(data).map(|bytes| bytes.len()) {
        Ok(0) => Err(ToolError::invalid("the file is empty")),
        Ok(size) if size > MAX_BYTES => {
            Err(ToolError::invalid(format!("the file is larger than {MAX_BYTES} bytes")))
        }
        Ok(size) => Ok(size),
        Err(_) => Err(ToolError::invalid("data is not valid base64")),
    }
}
