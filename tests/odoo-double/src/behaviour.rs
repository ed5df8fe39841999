//! The behaviour of the double, and its faults on request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::routes::Task;

/// The name of `fields_get` with a list of attributes.
const SOME_ATTRIBUTES: &str = "fields_get of some attributes";

/// The behaviour of the double.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Does a connection stay open after an answer, as behind a proxy?
    pub keep_alive: bool,
    /// The encodings that the proxy in front of it supports, in its order of preference: `gzip`, `zstd`.
    pub encodings: Vec<&'static str>,
    /// The delay of every request.
    pub round_trip: Duration,
    /// The time of each method, by name. `login` is one of them, and `fields_get of some attributes` is
    /// separate from `fields_get`.
    pub delays: BTreeMap<&'static str, Duration>,
    /// The time for each value of each record in an answer.
    pub each_value: Duration,
    /// How many calls run concurrently; the others wait.
    pub workers: usize,
    /// The major version that it reports.
    pub version: u32,
    /// The databases that it reports; `None` if it does not list them. The only real one is `odoo`.
    pub databases: Option<Vec<&'static str>>,
    /// The redirect target of a proxy for all requests, if any.
    pub redirect: Option<String>,
    /// Does a filter select the database? If so, a wrong name is not found instead of failing to connect.
    pub database_filter: bool,
    /// Does a login need a second factor, so that a password alone opens no session?
    pub second_factor: bool,
    /// How long the session route is closed after ten wrong passwords.
    pub login_rest: Duration,
    /// Does `read` fail for missing ids, as in some versions, instead of omitting them?
    pub missing_is_an_error: bool,
    /// Does every answer set a new session cookie? Earlier cookies stay valid for a few answers.
    pub rotate_cookie: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            keep_alive: false,
            encodings: Vec::new(),
            round_trip: Duration::ZERO,
            delays: BTreeMap::new(),
            each_value: Duration::ZERO,
            workers: 64,
            version: 17,
            databases: Some(vec!["odoo"]),
            redirect: None,
            database_filter: false,
            second_factor: false,
            login_rest: Duration::from_secs(60),
            missing_is_an_error: false,
            rotate_cookie: false,
        }
    }
}

impl Behaviour {
    /// The time of a method, regardless of its answer.
    pub(crate) fn delay(&self, task: &Task) -> Duration {
        let known = |name: &str| self.delays.get(name).copied();
        let some = match task.core() {
            Task::Call { call: Ok(call), .. } if call.names("attributes").is_some() => known(SOME_ATTRIBUTES),
            _ => None,
        };
        some.or_else(|| known(task.method())).unwrap_or_default()
    }
}

/// The number of record values in an answer: in rows, or in rows with their total.
pub(crate) fn values(answer: &Value) -> u32 {
    let rows = answer.get("records").unwrap_or(answer).as_array();
    let values = rows.into_iter().flatten().filter_map(Value::as_object).map(serde_json::Map::len);
    u32::try_from(values.sum::<usize>()).unwrap_or(u32::MAX)
}

/// A fault of one request. The call itself is executed, unless the fault says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Closes the connection instead of answering, without executing the call.
    CloseUnheard,
    /// Closes the connection instead of answering.
    CloseUnanswered,
    /// Closes the connection in the middle of the answer.
    CloseHalfway,
    /// Never answers.
    Hang,
    /// Sends the answer a few bytes at a time, with a pause after each.
    Trickle(Duration),
    /// Sends an HTML page with this status instead.
    Html(u16),
    /// The right status and type, but invalid JSON.
    Garbage,
    /// Sends a JSON text of this many bytes instead.
    Huge(usize),
    /// As `Huge`, compressed with gzip.
    Bomb(usize),
    /// Expires all sessions before the call.
    ExpireSessions,
    /// An internal server error, with a traceback in the answer.
    ServerError,
}
