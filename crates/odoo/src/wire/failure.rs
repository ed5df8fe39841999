//! From Odoo's exceptions to typed errors.

use serde::Deserialize;

use crate::{Call, OdooConfig, OdooError};

/// What Odoo tells of an exception. The traceback beside it is not read.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Exception {
    pub(super) fn into_error(self, config: &OdooConfig) -> OdooError {
        let class: String = self.name.chars().take(200).collect();
        let message = abbreviate(self.message);
        match class.as_str() {
            "odoo.exceptions.AccessDenied" => OdooError::refused(config),
            "odoo.exceptions.AccessError" | "werkzeug.exceptions.Forbidden" => OdooError::Access { message },
            "odoo.exceptions.MissingError" => OdooError::Missing { message },
            name if name.starts_with("odoo.exceptions.") => OdooError::User { class, message },
            "builtins.ValueError"
            | "builtins.KeyError"
            | "builtins.TypeError"
            | "builtins.AttributeError"
            | "werkzeug.exceptions.NotFound"
            | "werkzeug.exceptions.UnprocessableEntity" => OdooError::Rejected { class, message },
            _ => OdooError::Server { class },
        }
    }
}

/// Messages stay readable, whatever a server sends.
fn abbreviate(mut message: String) -> String {
    const LONGEST: usize = 4_096;
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push('…');
    }
    message
}

/// Does the error say that the model of the call does not exist?
pub(crate) fn unknown_model(call: &Call, error: &OdooError) -> bool {
    match error {
        OdooError::User { class, message } => {
            class == "odoo.exceptions.UserError" && message.contains(&call.model)
        }
        OdooError::Rejected { class, message } => {
            class == "builtins.KeyError" && message.trim_matches('\'') == call.model
                || class == "werkzeug.exceptions.NotFound"
        }
        _ => false,
    }
}
