//! What the server says when a call fails.

use serde_json::{Value, json};

/// An exception of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) class: String,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(class: &str, message: impl Into<String>) -> Self {
        Failure { class: class.into(), message: message.into() }
    }

    pub(crate) fn session_expired() -> Self {
        Failure::new("odoo.http.SessionExpiredException", "Session expired")
    }

    pub(crate) fn access_denied() -> Self {
        Failure::new("odoo.exceptions.AccessDenied", "Access Denied")
    }

    fn data(&self) -> Value {
        json!({
            "name": self.class,
            "message": self.message,
            "arguments": [self.message],
            "context": {},
            "debug": "Traceback (most recent call last):\n  File \"/opt/odoo/secret_path.py\", line 1\n",
        })
    }

    /// The `error` of a JSON-RPC answer.
    pub(crate) fn json_rpc(&self) -> Value {
        let expired = *self == Failure::session_expired();
        let (code, message) =
            if expired { (100, "Odoo Session Expired") } else { (200, "Odoo Server Error") };
        json!({"code": code, "message": message, "data": self.data()})
    }

    /// The status and body of a JSON-2 answer.
    pub(crate) fn json_2(&self) -> (u16, Value) {
        let status = match self.class.as_str() {
            "odoo.exceptions.AccessDenied" => 401,
            "odoo.exceptions.AccessError" => 403,
            "odoo.exceptions.MissingError" => 404,
            "odoo.exceptions.UserError" | "odoo.exceptions.ValidationError" => 422,
            _ => 500,
        };
        (status, self.data())
    }
}
