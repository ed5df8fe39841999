//! The server's errors for failed calls.

use serde_json::{Value, json};

use crate::call::Route;

/// An exception of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OdooException {
    pub(crate) class: String,
    pub(crate) message: String,
}

impl OdooException {
    pub(crate) fn new(class: &str, message: impl Into<String>) -> Self {
        OdooException { class: class.into(), message: message.into() }
    }

    pub(crate) fn session_expired() -> Self {
        OdooException::new("odoo.http.SessionExpiredException", "Session expired")
    }

    pub(crate) fn access_denied() -> Self {
        OdooException::new("odoo.exceptions.AccessDenied", "Access Denied")
    }

    pub(crate) fn access(message: impl Into<String>) -> Self {
        OdooException::new("odoo.exceptions.AccessError", message)
    }

    /// A failure of the class of an HTTP status, by its name.
    pub(crate) fn http(name: &str, message: impl Into<String>) -> Self {
        OdooException::new(&format!("werkzeug.exceptions.{name}"), message)
    }

    /// The model does not exist.
    pub(crate) fn unknown_model(model: &str, route: Route, version: u32) -> Self {
        match (route, version) {
            (Route::Stateless, _) => {
                OdooException::new("odoo.exceptions.UserError", format!("Object {model} doesn't exist"))
            }
            (Route::Session, ..18) => OdooException::new("builtins.KeyError", model),
            (Route::Session, _) => OdooException::http(
                "NotFound",
                "404 Not Found: The requested URL was not found on the server. If you entered the URL manually \
                 please check your spelling and try again.",
            ),
            (Route::Json2, _) => {
                OdooException::http("NotFound", format!("the model '{model}' does not exist"))
            }
        }
    }

    /// The model has no such method.
    pub(crate) fn unknown_method(model: &str, method: &str, route: Route, version: u32) -> Self {
        let message = if version >= 18 {
            format!("The method '{model}.{method}' does not exist")
        } else {
            format!("The method '{method}' does not exist on the model '{model}'")
        };
        match route {
            Route::Json2 => OdooException::http("NotFound", message),
            Route::Stateless | Route::Session => OdooException::new("builtins.AttributeError", message),
        }
    }

    /// The method is private.
    pub(crate) fn private_method(model: &str, method: &str, version: u32) -> Self {
        let shown = if version >= 18 { format!("'{model}.{method}'") } else { method.to_owned() };
        OdooException::access(format!("Private methods (such as {shown}) cannot be called remotely."))
    }

    /// The arguments do not match the method.
    pub(crate) fn arguments(method: &str, message: &str, route: Route) -> Self {
        match route {
            Route::Json2 => OdooException::http("UnprocessableEntity", message),
            Route::Stateless | Route::Session => {
                OdooException::new("builtins.TypeError", format!("BaseModel.{method}() {message}"))
            }
        }
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

    /// The class of an HTTP status, where it is not one of Odoo's own classes.
    fn http_status(&self) -> Option<u16> {
        Some(match self.class.strip_prefix("werkzeug.exceptions.")? {
            "BadRequest" => 400,
            "Unauthorized" => 401,
            "Forbidden" => 403,
            "NotFound" => 404,
            "UnprocessableEntity" => 422,
            _ => return None,
        })
    }

    /// The `error` of a JSON-RPC answer. Version 19 has no codes of its own for errors.
    pub(crate) fn json_rpc(&self, version: u32) -> Value {
        let usual = if version >= 19 { 0 } else { 200 };
        let (code, message) = match self.http_status() {
            _ if *self == OdooException::session_expired() => (100, "Odoo Session Expired"),
            Some(404) => (404, "404: Not Found"),
            _ => (usual, "Odoo Server Error"),
        };
        json!({"code": code, "message": message, "data": self.data()})
    }

    /// Does the JSON-RPC answer omit the id? It does if the request could not be parsed as a call.
    pub(crate) fn is_without_id(&self) -> bool {
        *self == OdooException::session_expired() || self.http_status().is_some()
    }

    /// The status and body of a JSON-2 answer.
    pub(crate) fn json_2(&self) -> (u16, Value) {
        let status = self.http_status().unwrap_or(match self.class.as_str() {
            "odoo.exceptions.AccessDenied" | "odoo.exceptions.AccessError" => 403,
            "odoo.exceptions.MissingError" => 404,
            "odoo.exceptions.UserError" | "odoo.exceptions.ValidationError" => 422,
            _ => 500,
        });
        let mut body = self.data();
        if self.http_status().is_some()
            && let Some(arguments) = body.get_mut("arguments").and_then(Value::as_array_mut)
        {
            arguments.push(status.into());
        }
        (status, body)
    }
}
