//! JSON-RPC, with a session cookie or stateless.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{Reply, body};
use crate::authentication::OdooSession;
use crate::http::{Answer, Request};
use crate::wire::failure::Exception;
use crate::{Call, Fault, OdooConfig, OdooCredential, OdooError};

/// Odoo's error code for a missing or expired session.
const SESSION_EXPIRED: i64 = 100;

pub(super) fn in_session(call: &Call, session: &OdooSession) -> Request {
    let (args, kwargs) = positional(call);
    let params = json!({"model": call.model, "method": call.method, "args": args, "kwargs": kwargs});
    Request { cookie: Some(session.cookie.clone()), ..request("/web/dataset/call_kw", &params) }
}

pub(super) fn stateless(call: &Call, user: i64, config: &OdooConfig) -> Request {
    let (args, kwargs) = positional(call);
    let args = json!([config.database_name(), user, secret(config), call.model, call.method, args, kwargs]);
    request("/jsonrpc", &json!({"service": "object", "method": "execute_kw", "args": args}))
}

/// Requests the server's version. Needs neither a login nor a database, and works the same in all versions.
pub(crate) fn version() -> Request {
    request("/web/webclient/version_info", &json!({}))
}

/// Requests the list of databases. Needs no login.
pub(crate) fn databases() -> Request {
    request("/web/database/list", &json!({}))
}

pub(crate) fn authenticate_session(config: &OdooConfig) -> Request {
    let login = config.login.as_deref().unwrap_or_default();
    let params = json!({"db": config.database_name(), "login": login, "password": secret(config)});
    request("/web/session/authenticate", &params)
}

/// Ends a session.
pub(crate) fn destroy_session(cookie: SecretString) -> Request {
    Request { cookie: Some(cookie), ..request("/web/session/destroy", &json!({})) }
}

pub(crate) fn authenticate_stateless(config: &OdooConfig) -> Request {
    let login = config.login.as_deref().unwrap_or_default();
    let args = json!([config.database_name(), login, secret(config), {}]);
    request("/jsonrpc", &json!({"service": "common", "method": "authenticate", "args": args}))
}

fn request(path: &str, params: &Value) -> Request {
    let envelope = json!({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params});
    Request::post(path, body(&envelope))
}

fn secret(config: &OdooConfig) -> &str {
    match &config.credential {
        OdooCredential::Password(secret) | OdooCredential::ApiKey(secret) => secret.expose_secret(),
    }
}

fn positional(call: &Call) -> (Vec<Value>, Map<String, Value>) {
    let ids = call.ids.iter().map(|ids| Value::from(ids.clone()));
    let args = ids.chain(call.arguments.iter().map(|(_, value)| value.clone())).collect();
    let mut kwargs = call.options.clone();
    if !call.context.is_empty() {
        kwargs.insert("context".into(), call.context.clone().into());
    }
    (args, kwargs)
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<RpcFailure>,
}

#[derive(Deserialize)]
struct RpcFailure {
    #[serde(default)]
    code: i64,
    data: Option<Exception>,
}

/// Decodes an answer. Without a result or an error, the result is null.
pub(crate) fn decode(answer: &Answer, config: &OdooConfig) -> Result<Reply, OdooError> {
    answer.check_json()?;
    let envelope: Envelope<'_> = serde_json::from_slice(&answer.body).map_err(|_| Fault::Malformed)?;
    Ok(match envelope {
        Envelope { error: Some(RpcFailure { code: SESSION_EXPIRED, .. }), .. } => Reply::SessionExpired,
        Envelope { error: Some(RpcFailure { data, .. }), .. } => {
            let unnamed = Exception { name: "an unnamed exception".into(), message: String::new() };
            Reply::Failed(data.unwrap_or(unnamed).into_error(config))
        }
        Envelope { result, .. } => {
            Reply::Result(result.map_or_else(|| RawValue::NULL.to_owned(), ToOwned::to_owned))
        }
    })
}
