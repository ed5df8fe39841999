//! `post_message`: posts an internal note or a message to the followers of a record.

use model_metadata::Operation;
use odoo::{Call, OdooError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ToolError;
use crate::arguments::{Ids, RecordId};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// First version that escapes plain text. Older versions take all bodies as HTML.
const ESCAPES_SINCE: u64 = 17;

pub(crate) struct PostMessage;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The id of the record.
    record_id: RecordId,
    /// The message: plain text, or HTML with body_is_html.
    body: String,
    /// `note` is internal; `comment` notifies the followers.
    #[serde(default)]
    subtype: Subtype,
    #[serde(default)]
    message_type: MessageType,
    /// Contacts to notify in addition to the followers.
    partner_ids: Option<Ids>,
    /// Attachments of the message.
    attachment_ids: Option<Ids>,
    /// The body is HTML.
    #[serde(default)]
    body_is_html: bool,
    subject: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Subtype {
    #[default]
    Note,
    Comment,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MessageType {
    #[default]
    Comment,
    Notification,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    /// The id of the new message.
    message_id: i64,
}

impl Tool for PostMessage {
    const NAME: &'static str = "post_message";
    const TITLE: &'static str = "Post Message";
    const EFFECT: ToolEffect = ToolEffect::Adds;
    const DESCRIPTION: &'static str = "Post a message on a record: an internal note, or a message that notifies the \
        followers (subtype `comment`). The body is plain text unless body_is_html is true.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id), mut body, .. } = arguments;
        service.gate.require(&model, Operation::Write).await?;
        if body.trim().is_empty() {
            return Err(ToolError::invalid("body must not be empty"));
        }
        let (partners, attachments) =
            (arguments.partner_ids.map(|ids| ids.0), arguments.attachment_ids.map(|ids| ids.0));
        let context = service.context(None).await?;
        // Users who may read the message may read its attachments too, so the caller must be allowed to.
        service.check_owners(&model, &[id], Operation::Write).await?;
        service.check_exists(&model, &[id], &context).await?;
        if let Some(attachments) = &attachments {
            service.check_owners("ir.attachment", attachments, Operation::Read).await?;
            service.check_exists("ir.attachment", attachments, &context).await?;
        }
        let mut is_html = arguments.body_is_html;
        // Odoo escapes plain text and shows it as HTML, which loses line breaks.
        if !is_html && (body.contains(['\n', '\r']) || service.client.version().await? < ESCAPES_SINCE) {
            (body, is_html) = (html_of(&body), service.client.version().await? >= ESCAPES_SINCE);
        }
        let subtype = match arguments.subtype {
            Subtype::Note => "mail.mt_note",
            Subtype::Comment => "mail.mt_comment",
        };
        let message_type = match arguments.message_type {
            MessageType::Comment => "comment",
            MessageType::Notification => "notification",
        };
        let mut call = Call::method(&model, "message_post")
            .on(&[id])
            .option("body", body)
            .option("message_type", message_type)
            .option("subtype_xmlid", subtype);
        if let Some(subject) = arguments.subject.filter(|subject| !subject.is_empty()) {
            call = call.option("subject", subject);
        }
        for (name, ids) in [("partner_ids", partners), ("attachment_ids", attachments)] {
            if let Some(ids) = ids {
                call = call.option(name, ids);
            }
        }
        if is_html {
            call = call.option("body_is_html", true);
        }
        let check = service.how_to_check(&call);
        let posted: Value = match service.call(call, &context).await {
            Err(ToolError::Odoo(OdooError::UnknownMethod { .. })) => {
                return Err(ToolError::invalid(format!("records of `{model}` have no messages")));
            }
            posted => posted?,
        };
        let message_id = posted.as_i64().or_else(|| posted.as_array()?.first()?.as_i64());
        let message_id = message_id.ok_or_else(|| {
            let cause = OdooError::Unexpected { method: "message_post".into() };
            ToolError::InDoubt { cause, check }
        })?;
        Ok(Answer { success: true, message_id })
    }
}

/// Converts plain text to HTML with the same appearance.
fn html_of(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            '\n' | '\r' => html.push_str("<br/>"),
            letter => html.push(letter),
        }
    }
    html
}
