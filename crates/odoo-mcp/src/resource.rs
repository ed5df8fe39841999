//! Resources: what can be read by its address.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use odoo::Call;
use platform::text::shorten;

use crate::file::{FileFacts, guess_type, is_text};
use crate::service::Service;
use crate::uri::{self, Target};
use crate::{ToolError, resource_text};

/// A pattern of addresses.
pub(crate) struct Template {
    pub(crate) pattern: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) mimetype: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) example: &'static str,
}

const MODEL: (&str, &str) = ("model", "name of the model, such as res.partner");
const RECORD: (&str, &str) = ("record_id", "id of the record, such as 10");
const TEXT: &str = "text/plain";
const BINARY: &str = "application/octet-stream";

/// The patterns of addresses that lead somewhere.
pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        pattern: "odoo://{model}/record/{record_id}",
        title: "Odoo Record",
        description: "A record with all its fields that are set, apart from html",
        mimetype: TEXT,
        parameters: &[MODEL, RECORD],
        example: "odoo://res.partner/record/10",
    },
    Template {
        pattern: "odoo://{model}/search",
        title: "Odoo Search",
        description: "Ids and names of the first records of a model, as many as ODOO_MCP_DEFAULT_LIMIT says",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/search",
    },
    Template {
        pattern: "odoo://{model}/count",
        title: "Odoo Record Count",
        description: "How many records a model has",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/count",
    },
    Template {
        pattern: "odoo://{model}/fields",
        title: "Odoo Field Definitions",
        description: "The fields of a model",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/fields",
    },
    Template {
        pattern: "odoo://{model}/record/{record_id}/{field}",
        title: "Odoo Record Binary Field",
        description: "The file or image in a field of a record",
        mimetype: BINARY,
        parameters: &[MODEL, RECORD, ("field", "name of a binary field, such as image_128")],
        example: "odoo://res.partner/record/10/image_128",
    },
    Template {
        pattern: "odoo://attachment/{attachment_id}",
        title: "Odoo Attachment",
        description: "An attachment",
        mimetype: BINARY,
        parameters: &[("attachment_id", "id of the attachment, such as 42")],
        example: "odoo://attachment/42",
    },
];

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text {
        text: String,
        mimetype: String,
    },
    /// In base64.
    Blob {
        data: String,
        mimetype: String,
    },
}

/// Reads what an address leads to.
pub(crate) async fn read(service: &Service, address: &str) -> Result<Content, ToolError> {
    let Some(target) = uri::parse(address) else {
        let shown = shorten(address, 200);
        return Err(ToolError::invalid(format!("`{shown}` is no address of a resource")));
    };
    let text = |text: String| Content::Text { text, mimetype: TEXT.into() };
    Ok(match target {
        Target::Record { model, id } => text(resource_text::record(service, &model, id).await?),
        Target::Search { model } => text(resource_text::search(service, &model).await?),
        Target::Fields { model } => text(resource_text::fields(service, &model).await?),
        Target::Count { model } => {
            service.require_read(&model).await?;
            let domain = service.owner_conditions(&model).await?;
            let context = service.context(None).await?;
            let count: u64 = service.call(Call::search_count(&model, domain.into()), &context).await?;
            text(format!("{model}: {count} records"))
        }
        Target::File { model, id, field } => {
            let facts = service.field_facts(&model, id, &field).await?;
            let bytes = service.field_bytes(&model, id, &field, &facts).await?;
            content(bytes, &facts)
        }
        Target::Attachment { id } => {
            let facts = service.attachment_facts(id).await?;
            if let Some(link) = facts.link {
                return Ok(Content::Text { text: link, mimetype: "text/uri-list".into() });
            }
            let bytes = service.attachment_bytes(id, &facts).await?;
            content(bytes, &facts)
        }
    })
}

fn content(bytes: Vec<u8>, facts: &FileFacts) -> Content {
    let mimetype = facts.mimetype.clone().unwrap_or_else(|| guess_type(&bytes).to_owned());
    if !is_text(&mimetype) {
        return Content::Blob { data: STANDARD.encode(bytes), mimetype };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text { text, mimetype },
        Err(error) => Content::Blob { data: STANDARD.encode(error.into_bytes()), mimetype },
    }
}
