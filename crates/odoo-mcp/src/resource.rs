//! Reads resources by their `odoo://` URIs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use odoo::Call;
use platform::text::shorten;

use crate::file::{FileFacts, guess_type, is_text};
use crate::resource_templates::TEXT;
use crate::service::Service;
use crate::uri::{self, Target};
use crate::{ToolError, resource_text};

/// The content of a resource.
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

/// Reads the resource with a URI.
pub(crate) async fn read(service: &Service, uri: &str) -> Result<Content, ToolError> {
    let Some(target) = uri::parse(uri) else {
        let shown = shorten(uri, 200);
        return Err(ToolError::invalid(format!("`{shown}` is not the URI of a resource")));
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
