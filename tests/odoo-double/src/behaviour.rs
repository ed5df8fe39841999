//! How the double behaves, and what it does wrong when told to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::routes::Task;

/// The name of `fields_get` where it is asked for some attributes only.
const SOME_ATTRIBUTES: &str = "fields_get of some attributes";

/// How the double behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Does a connection stay open after an answer, as behind a proxy?
    pub keep_alive: bool,
    /// The encodings that the proxy in front of it knows, in its order of preference: `gzip`, `zstd`.
    pub encodings: Vec<&'static str>,
    /// Added to every request.
    pub round_trip: Duration,
    /// The time that a method takes, by name; `login` is one, and `fields_get of some attributes` another
    /// than `fields_get`.
    pub delays: BTreeMap<&'static str, Duration>,
    /// The time that each value of each record takes that an answer has.
    pub each_value: Duration,
    /// How many calls run at a time; the others wait.
    pub workers: usize,
    /// The major version that it says it has.
    pub version: u32,
    /// The databases that it says it has; nothing if it keeps that to itself. There is always one, `odoo`.
    pub databases: Option<Vec<&'static str>>,
    /// Where a proxy redirects everything to, if it does.
    pub redirect: Option<String>,
    /// Does a filter decide which databases there are? A wrong name is not found then, instead of failing to
    /// connect.
    pub database_filter: bool,
    /// Does a session need a second factor, so that a password opens none yet?
    pub second_factor: bool,
    /// For how long the session route is closed after ten wrong passwords.
    pub login_rest: Duration,
    /// Does `read` fail for missing ids, as some versions do, instead of leaving them out?
    pub missing_is_an_error: bool,
    /// Does every answer set a new session cookie? The cookies before it stay valid for a few answers.
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
    /// The time that a method takes, with any answer.
    pub(crate) fn delay(&self, task: &Task) -> Duration {
        let known = |name: &str| self.delays.get(name).copied();
        let some = match task.core() {
            Task::Call { call: Ok(call), .. } if call.names("attributes").is_some() => known(SOME_ATTRIBUTES),
            _ => None,
        };
        some.or_else(|| known(task.method())).unwrap_or_default()
    }
}

/// How many values of records there are in what a call answers: in rows, or in rows with their total.
pub(crate) fn values(answer: &Value) -> u32 {
    let rows = answer.get("records").unwrap_or(answer).as_array();
    let values = rows.into_iter().flatten().filter_map(Value::as_object).map(serde_json::Map::len);
    u32::try_from(values.sum::<usize>()).unwrap_or(u32::MAX)
}

/// What the double does wrong with one request. The call itself is carried out, unless the fault says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed instead of an answer, and the call is not carried out.
    CloseUnheard,
    /// The connection is closed instead of an answer.
    CloseUnanswered,
    /// The connection is closed in the middle of the answer.
    CloseHalfway,
    /// The answer never comes.
    Hang,
    /// The answer comes a few bytes at a time, with a pause after each.
    Trickle(Duration),
    /// A page of HTML with this status comes instead.
    Html(u16),
    /// The right status and type, but no JSON.
    Garbage,
    /// A JSON text of this many bytes comes instead.
    Huge(usize),
    /// The same, packed with gzip.
    Bomb(usize),
    /// All sessions expire before the call.
    ExpireSessions,
    /// The server fails inside, with a traceback in its answer.
    ServerError,
}
