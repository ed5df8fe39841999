//! `read_attachment`: reads a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ToolError;
use crate::arguments::RecordId;
use crate::file::{FileFacts, guess_type, image_type, is_text};
use crate::service::Service;
use crate::tool::{Image, Tool, ToolEffect};
use crate::uri::{self, Target};

/// Maximum characters of a text in the answer.
const TEXT_CHARACTERS: usize = 100_000;
/// Maximum size of a text file to read, in bytes.
const TEXT_BYTES: usize = 1 << 20;
/// Maximum size of an image in the answer, in bytes.
const IMAGE_BYTES: usize = 256 << 10;

/// Types of documents from which Odoo can extract text.
const DOCUMENTS: &[&str] = &[
    "application/pdf",
    "application/msword",
    "application/vnd.ms-",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
];

const NO_TEXT: &str =
    "Odoo has extracted no text from this file; that requires the module attachment_indexation.";

pub(crate) struct ReadAttachment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The odoo:// URI of a file, from another tool's answer.
    uri: Option<String>,
    /// The id of an attachment, instead of uri.
    attachment_id: Option<RecordId>,
}

#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Answer {
    uri: String,
    name: Option<String>,
    mimetype: Option<String>,
    /// In bytes.
    size: Option<usize>,
    /// `text`, `extracted_text` (by Odoo from a document), `image` (which follows), `url` or `link`.
    kind: &'static str,
    text: Option<String>,
    truncated: bool,
    /// The address at which a user who is signed in to Odoo can download the file.
    download_url: String,
    /// Why the answer has only a link, or how much of the text is missing.
    note: Option<String>,
    #[serde(skip)]
    image: Option<Vec<u8>>,
}

impl Tool for ReadAttachment {
    const NAME: &'static str = "read_attachment";
    const TITLE: &'static str = "Read Attachment";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Read a file from Odoo, by its odoo:// URI or by the id of an attachment: text \
        (up to 100,000 characters), the text that Odoo extracted from a PDF or office document, or an image up to \
        256 KiB. For other files you get a link for the user.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        Some(("text", answer.text.take()?.into()))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let target = match (&arguments.uri, arguments.attachment_id) {
            (None, Some(RecordId(id))) => Some(Target::Attachment { id }),
            (Some(uri), None) => uri::parse(uri),
            _ => return Err(ToolError::invalid("pass either uri or attachment_id")),
        };
        let base = service.client.config().url.as_str().trim_end_matches('/');
        match target {
            Some(Target::Attachment { id }) => {
                let facts = service.attachment_facts(id).await?;
                let mut answer = Answer {
                    uri: uri::for_attachment(id),
                    download_url: format!("{base}/web/content/{id}?download=true"),
                    ..Answer::from_facts(&facts)
                };
                if answer.fill_from_facts(&facts) {
                    answer.fill_from_content(service.attachment_bytes(id, &facts).await?);
                }
                Ok(answer)
            }
            Some(Target::File { model, id, field }) => {
                let facts = service.field_facts(&model, id, &field).await?;
                let mut answer = Answer {
                    uri: uri::for_field(&model, id, &field),
                    download_url: format!("{base}/web/content/{model}/{id}/{field}?download=true"),
                    ..Answer::from_facts(&facts)
                };
                answer.name = answer.name.or(Some(field.clone()));
                if answer.fill_from_facts(&facts) {
                    answer.fill_from_content(service.field_bytes(&model, id, &field, &facts).await?);
                }
                Ok(answer)
            }
            _ => {
                let files = "odoo://attachment/{id} or odoo://{model}/record/{id}/{field}";
                Err(ToolError::invalid(format!("uri must identify a file: {files}")))
            }
        }
    }

    fn image(answer: &Answer) -> Option<Image> {
        let bytes = answer.image.as_ref()?;
        Some(Image { data: STANDARD.encode(bytes), mimetype: image_type(bytes)?.to_owned() })
    }
}

impl Answer {
    fn from_facts(facts: &FileFacts) -> Self {
        let (name, mimetype) = (facts.name.clone(), facts.mimetype.clone());
        Answer { name, mimetype, size: facts.size, kind: "link", ..Answer::default() }
    }

    /// Fills the answer from the metadata of the file. Returns whether the file must be read.
    fn fill_from_facts(&mut self, facts: &FileFacts) -> bool {
        if let Some(link) = &facts.link {
            (self.kind, self.text) = ("url", Some(link.clone()));
            return false;
        }
        let Some(mimetype) = facts.mimetype.as_deref() else { return true };
        let too_large = |limit: usize| facts.size.is_some_and(|size| size > limit);
        if DOCUMENTS.iter().any(|it| mimetype.starts_with(it)) {
            // Without the module, Odoo stores the first part of the type (such as `application`) as text.
            let index = facts.index.as_deref().map(str::trim);
            match index.filter(|index| !index.is_empty() && Some(*index) != mimetype.split('/').next()) {
                Some(index) => self.set_text("extracted_text", index),
                None => self.note = Some(NO_TEXT.into()),
            }
            return false;
        }
        self.note = match mimetype {
            // The source text of an SVG is of little use to a language model.
            "image/svg+xml" => Some("Images of this type are returned as a link.".into()),
            it if it.starts_with("image/") && too_large(IMAGE_BYTES) => Some(image_too_large()),
            it if it.starts_with("image/") => return true,
            it if is_text(it) && too_large(TEXT_BYTES) => Some(text_too_large()),
            it if is_text(it) => return true,
            it => Some(format!("Files of type {it} are returned as a link.")),
        };
        false
    }

    /// Fills the answer from the content of the file.
    fn fill_from_content(&mut self, bytes: Vec<u8>) {
        self.size = Some(bytes.len());
        let mimetype = self.mimetype.clone().unwrap_or_else(|| guess_type(&bytes).to_owned());
        let image = image_type(&bytes);
        self.mimetype = Some(image.map_or_else(|| mimetype.clone(), str::to_owned));
        if image.is_some() {
            if bytes.len() > IMAGE_BYTES {
                self.note = Some(image_too_large());
            } else {
                (self.kind, self.image) = ("image", Some(bytes));
            }
            return;
        }
        if !is_text(&mimetype) {
            self.note = Some(format!("Files of type {mimetype} are returned as a link."));
        } else if bytes.len() > TEXT_BYTES {
            self.note = Some(text_too_large());
        } else {
            self.set_text("text", &String::from_utf8_lossy(&bytes));
        }
    }

    fn set_text(&mut self, kind: &'static str, text: &str) {
        self.kind = kind;
        match text.char_indices().nth(TEXT_CHARACTERS) {
            None => self.text = Some(text.to_owned()),
            Some((end, _)) => {
                self.text = text.get(..end).map(str::to_owned);
                self.truncated = true;
                let all = text.chars().count();
                self.note = Some(format!(
                    "This text has the first {TEXT_CHARACTERS} of {all} characters; download_url has the whole file."
                ));
            }
        }
    }
}

fn image_too_large() -> String {
    format!("The image has more than {IMAGE_BYTES} bytes and is returned as a link.")
}

fn text_too_large() -> String {
    format!("The text has more than {TEXT_BYTES} bytes and is returned as a link.")
}
