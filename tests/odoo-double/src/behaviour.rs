//! How the double behaves, and what it does wrong when told to.

use std::collections::BTreeMap;
use std::time::Duration;

/// How the double behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Does a connection stay open after an answer, as behind a proxy?
    pub keep_alive: bool,
    /// The encodings that the proxy in front of it knows, in its order of preference: `gzip`, `zstd`.
    pub encodings: Vec<&'static str>,
    /// Added to every request.
    pub round_trip: Duration,
    /// The time that a method takes, by name; `login` is one.
    pub delays: BTreeMap<&'static str, Duration>,
    /// How many calls run at a time; the others wait.
    pub workers: usize,
    /// The major version that it says it has.
    pub version: u32,
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
            workers: 64,
            version: 17,
            missing_is_an_error: false,
            rotate_cookie: false,
        }
    }
}

/// What the double does wrong with one request. The call itself is carried out, unless the fault says otherwise.
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
