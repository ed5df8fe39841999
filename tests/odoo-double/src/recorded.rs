//! The recorded answers of a real server.

#![expect(
    clippy::indexing_slicing,
    reason = "a json value is null where it has nothing: indexing it never panics"
)]

use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::call::ServerCall;
use crate::exception::OdooException;

const STATELESS: &str = include_str!("../recorded/execute_kw.json");
const VERSIONS: &str = include_str!("../recorded/versions.json");
const SESSION: &str = include_str!("../recorded/web_session.json");

/// The version of the recorded server.
const VERSION: u32 = 17;

/// One recorded exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The subject of the exchange.
    pub name: String,
    /// The request's path.
    pub path: String,
    /// The request's JSON.
    pub request: Value,
    /// The answer's JSON.
    pub response: Value,
}

/// The exchanges of the stateless route.
///
/// # Panics
/// If the recorded file is invalid.
#[must_use]
pub fn stateless_exchanges() -> Vec<Exchange> {
    exchanges(STATELESS)
}

/// The exchanges of the session routes.
///
/// # Panics
/// If the recorded file is invalid.
#[must_use]
pub fn session_exchanges() -> Vec<Exchange> {
    exchanges(SESSION)
}

/// Exchanges with servers of versions 17, 18 and 19, each with its `version`, `name`, `request` and
/// `response`, including statuses and headers.
///
/// # Panics
/// If the recorded file is invalid.
#[must_use]
#[expect(clippy::expect_used, reason = "the file is part of the crate")]
pub fn version_exchanges() -> Vec<Value> {
    serde_json::from_str(VERSIONS).expect("a list of exchanges")
}

#[expect(clippy::expect_used, reason = "the files are part of the crate")]
fn exchanges(json: &str) -> Vec<Exchange> {
    let list: Vec<Value> = serde_json::from_str(json).expect("a list of exchanges");
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    let exchange = |entry: &Value| Exchange {
        name: text(entry, "name"),
        path: text(entry, "path"),
        request: entry["request"].clone(),
        response: entry["response"].clone(),
    };
    list.iter().map(exchange).collect()
}

/// The recorded calls on models, with their answers.
#[derive(Debug)]
pub(crate) struct RecordedCalls {
    calls: Vec<(ServerCall, Result<Value, OdooException>)>,
    models: Vec<String>,
}

impl RecordedCalls {
    /// The recorded calls, read once per process.
    pub(crate) fn load() -> &'static Self {
        static RECORDED: OnceLock<RecordedCalls> = OnceLock::new();
        RECORDED.get_or_init(Self::read)
    }

    fn read() -> Self {
        let mut calls = Vec::new();
        for Exchange { name, request, response, .. } in stateless_exchanges() {
            let args = request["params"]["args"].as_array().cloned().unwrap_or_default();
            // The password is checked elsewhere, and one recorded call has a wrong password that looks like
            // the right one.
            if let [_, Value::Number(user), _, Value::String(model), Value::String(method), rest @ ..] =
                &args[..]
                && name != "wrong password on execute_kw"
            {
                let call = match rest {
                    [Value::Array(args), Value::Object(kwargs)] => (args.clone(), kwargs.clone()),
                    _ => (Vec::new(), Map::new()),
                };
                let user = user.as_i64().unwrap_or_default();
                calls.push((
                    ServerCall::new(user, model, method, &call.0, &call.1, VERSION),
                    outcome(&response),
                ));
            }
        }
        for Exchange { path, request, response, name } in session_exchanges() {
            let params = &request["params"];
            if let ("/web/dataset/call_kw", Value::Array(args), Value::Object(kwargs)) =
                (path.as_str(), &params["args"], &params["kwargs"])
                && !name.contains("without a session")
                && !name.contains("after destroy")
            {
                let (model, method) = (&params["model"], &params["method"]);
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let call = ServerCall::new(2, &text(model), &text(method), args, kwargs, VERSION);
                calls.push((call, outcome(&response)));
            }
        }
        let listed = calls.iter().find(|(call, _)| call.model == "ir.model" && call.method == "search_read");
        let rows = listed.and_then(|(_, answer)| answer.as_ref().ok()).and_then(Value::as_array);
        let names = rows.into_iter().flatten().filter_map(|row| row["model"].as_str().map(str::to_owned));
        let models = names.chain(["ir.model".into(), "ir.model.fields".into()]).collect();
        RecordedCalls { calls, models }
    }

    /// The recorded answer to a call, if any.
    pub(crate) fn answer(&self, call: &ServerCall) -> Option<Result<Value, OdooException>> {
        self.calls.iter().find(|(known, _)| known == call).map(|(_, answer)| answer.clone())
    }

    /// Does the recorded server have this model?
    pub(crate) fn knows(&self, model: &str) -> bool {
        self.models.iter().any(|known| known == model)
    }
}

fn outcome(response: &Value) -> Result<Value, OdooException> {
    match &response["error"]["data"] {
        Value::Null => Ok(response["result"].clone()),
        data => {
            let text = |key: &str| data[key].as_str().unwrap_or_default();
            Err(OdooException::new(text("name"), text("message")))
        }
    }
}
