//! Files: attachments, and the binary fields of records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model_metadata::Operation;
use odoo::Call;
use serde_json::{Map, Value, json};

use crate::ToolError;
use crate::service::Service;

/// Metadata of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileFacts {
    pub(crate) name: Option<String>,
    pub(crate) mimetype: Option<String>,
    pub(crate) size: Option<usize>,
    /// The URL, if the attachment is a link and not a file.
    pub(crate) link: Option<String>,
    /// The text that Odoo extracted from the file.
    pub(crate) index: Option<String>,
}

impl FileFacts {
    fn from_row(row: &Map<String, Value>) -> Self {
        let text =
            |name: &str| row.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned);
        let is_link = text("type").as_deref() == Some("url");
        let size = row.get("file_size").and_then(Value::as_u64).filter(|size| *size > 0);
        FileFacts {
            name: text("name"),
            mimetype: text("mimetype"),
            size: size.and_then(|size| usize::try_from(size).ok()),
            link: is_link.then(|| text("url").unwrap_or_default()),
            index: text("index_content"),
        }
    }
}

impl Service {
    /// The metadata of an attachment. The rules of its owner's model apply.
    pub(crate) async fn attachment_facts(&self, id: i64) -> Result<FileFacts, ToolError> {
        self.require_read("ir.attachment").await?;
        self.check_owners("ir.attachment", &[id], Operation::Read).await?;
        let fields = ["name", "mimetype", "file_size", "type", "url", "index_content"];
        let mut context = self.context(None).await?;
        context.insert("active_test".into(), Value::Bool(false));
        let call = Call::search_read("ir.attachment", json!([["id", "=", id]]), &fields);
        let rows: Vec<Map<String, Value>> = self.call(call, &context).await?;
        rows.first().map(FileFacts::from_row).ok_or_else(|| ToolError::not_found("ir.attachment", &[id]))
    }

    /// The metadata of the file in a field. Empty unless the file is stored as an attachment that the user
    /// may read.
    pub(crate) async fn field_facts(
        &self,
        model: &str,
        id: i64,
        field: &str,
    ) -> Result<FileFacts, ToolError> {
        self.require_read(model).await?;
        if !self.gate.allows("ir.attachment", Operation::Read).await? {
            return Ok(FileFacts::default());
        }
        let domain = json!([["res_model", "=", model], ["res_id", "=", id], ["res_field", "=", field]]);
        let call =
            Call::search_read("ir.attachment", domain, &["name", "mimetype", "file_size"]).option("limit", 1);
        let context = self.context(None).await?;
        match self.call::<Vec<Map<String, Value>>>(call, &context).await {
            Ok(rows) => Ok(rows.first().map(FileFacts::from_row).unwrap_or_default()),
            Err(error) if error.is_refusal() => Ok(FileFacts::default()),
            Err(error) => Err(error),
        }
    }

    /// The bytes of an attachment.
    pub(crate) async fn attachment_bytes(&self, id: i64, facts: &FileFacts) -> Result<Vec<u8>, ToolError> {
        // Odoo 20 removes `datas`.
        let field = if self.client.version().await? >= 20 { "raw" } else { "datas" };
        self.bytes("ir.attachment", id, field, facts).await
    }

    /// The bytes of a binary field.
    pub(crate) async fn field_bytes(
        &self,
        model: &str,
        id: i64,
        field: &str,
        facts: &FileFacts,
    ) -> Result<Vec<u8>, ToolError> {
        self.require_read(model).await?;
        self.check_owners(model, &[id], Operation::Read).await?;
        let definitions = self.check_names(model, [field]).await?;
        let kind = definitions.get(field).and_then(|field| field.text("type")).unwrap_or_default();
        if !matches!(kind.as_str(), "binary" | "image") {
            return Err(ToolError::invalid(format!("`{field}` of `{model}` is not a field for files")));
        }
        self.bytes(model, id, field, facts).await
    }

    async fn bytes(
        &self,
        model: &str,
        id: i64,
        field: &str,
        facts: &FileFacts,
    ) -> Result<Vec<u8>, ToolError> {
        self.check_size(facts.size.unwrap_or_default())?;
        let context = self.context(None).await?;
        let rows: Vec<Map<String, Value>> = self.call(Call::read(model, &[id], &[field]), &context).await?;
        let row = rows.first().ok_or_else(|| ToolError::not_found(model, &[id]))?;
        let value = row.get(field).unwrap_or(&Value::Null);
        let content = value.as_str().or_else(|| value.get("content")?.as_str());
        let content = content
            .filter(|content| !content.is_empty())
            .ok_or_else(|| ToolError::invalid(format!("`{field}` of {model} record {id} is empty")))?;
        self.check_size(content.len() / 4 * 3)?;
        STANDARD
            .decode(content)
            .map_err(|_| ToolError::invalid(format!("`{field}` of `{model}` is not valid base64")))
    }

    fn check_size(&self, bytes: usize) -> Result<(), ToolError> {
        let limit = self.settings.max_binary_size;
        if bytes <= limit {
            return Ok(());
        }
        Err(ToolError::invalid(format!(
            "the file has {bytes} bytes, but at most {limit} are allowed (ODOO_MCP_MAX_BINARY_SIZE)"
        )))
    }
}

/// The type of an image that language models can view, from its first bytes. The declared type depends on the
/// file name, which may be wrong.
pub(crate) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// Guesses the type of a file that does not declare one.
pub(crate) fn guess_type(bytes: &[u8]) -> &'static str {
    let head = String::from_utf8_lossy(bytes.get(..512.min(bytes.len())).unwrap_or_default())
        .trim_start()
        .to_lowercase();
    match image_type(bytes) {
        Some(image) => image,
        None if bytes.starts_with(b"%PDF") => "application/pdf",
        None if bytes.starts_with(b"PK\x03\x04") => "application/zip",
        None if head.starts_with("<svg") || (head.starts_with("<?xml") && head.contains("<svg")) => {
            "image/svg+xml"
        }
        None => "application/octet-stream",
    }
}

/// Is a file of this type text?
pub(crate) fn is_text(mimetype: &str) -> bool {
    let essence = mimetype.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let others = [
        "application/json",
        "application/xml",
        "application/javascript",
        "application/csv",
        "application/yaml",
        "application/x-yaml",
        "application/x-sh",
        "application/sql",
        "application/graphql",
    ];
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || others.contains(&essence.as_str())
}

#[cfg(test)]
mod tests {
    use super::{guess_type, image_type, is_text};

    #[test]
    fn types_are_detected_from_the_first_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(image_type(b"RIFF....WEBPVP8 "), Some("image/webp"));
        assert_eq!(image_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(image_type(b""), None);
        assert_eq!(guess_type(b"%PDF-1.7"), "application/pdf");
        assert_eq!(guess_type(b"<?xml version='1.0'?><svg>"), "image/svg+xml");
        assert_eq!(guess_type(b"\x00\xff"), "application/octet-stream");
    }

    #[test]
    fn text_is_detected_by_its_type() {
        for text in ["text/plain; charset=utf-8", "TEXT/CSV", "application/ld+json", "image/svg+xml"] {
            assert!(is_text(text), "{text}");
        }
        for other in ["", "application/pdf", "image/png", "application/octet-stream"] {
            assert!(!is_text(other), "{other}");
        }
    }
}
