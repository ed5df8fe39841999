//! Converts Odoo's exceptions to typed errors.

use platform::text::shorten;
use serde::Deserialize;

use crate::{Call, OdooConfig, OdooError};

/// An exception of Odoo, without its traceback.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) message: String,
}

/// Maximum bytes of a server's message in an error.
const MESSAGE_BYTES: usize = 4_096;

impl Exception {
    pub(super) fn into_error(self, config: &OdooConfig) -> OdooError {
        let class: String = shorten(&self.name, 200).into();
        let message = shorten(&self.message, MESSAGE_BYTES).into_owned();
        match class.as_str() {
            "odoo.exceptions.AccessDenied" => login_refused(message, config),
            "psycopg2.OperationalError" if message.contains("does not exist") => {
                OdooError::unknown_database(config)
            }
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

/// A refused login. Odoo's message is used only if it is more than a generic one.
fn login_refused(message: String, config: &OdooConfig) -> OdooError {
    match message.trim() {
        "" | "Access Denied" | "Access denied" => OdooError::refused(config),
        _ => OdooError::LoginRefused { message },
    }
}

/// Detects unknown models and methods, for which versions and transports have different messages.
pub(super) fn explain(call: &Call, error: OdooError) -> OdooError {
    let (model, method) = (&call.model, &call.method);
    if says_unknown_model(model, &error) {
        return OdooError::UnknownModel { model: model.clone() };
    }
    match &error {
        OdooError::Rejected { message, .. } if message.starts_with("The method '") => {
            let old = format!("The method '{method}' does not exist on the model '{model}'");
            let new = format!("The method '{model}.{method}' does not exist");
            if *message == old || *message == new {
                return OdooError::UnknownMethod { model: model.clone(), method: method.clone() };
            }
            error
        }
        _ => error,
    }
}

fn says_unknown_model(model: &str, error: &OdooError) -> bool {
    match error {
        // Over JSON-RPC without a session, up to version 18.
        OdooError::User { class, message } => {
            class == "odoo.exceptions.UserError" && message.starts_with("Object ") && message.contains(model)
        }
        OdooError::Rejected { class, message } => match class.as_str() {
            // In a session with version 17.
            "builtins.KeyError" => message.trim_matches('\'') == model,
            // In a session with version 18 or later, and over JSON-2.
            "werkzeug.exceptions.NotFound" => {
                message.starts_with("404 Not Found")
                    || *message == format!("the model '{model}' does not exist")
            }
            _ => false,
        },
        _ => false,
    }
}
