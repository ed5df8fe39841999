//! What the double knows.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::call::ServerCall;
use crate::failure::Failure;
use crate::recorded::Recorded;
use crate::{Behaviour, Fault, Model, Seen};

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) login: &'static str,
    pub(crate) password: String,
    pub(crate) key: String,
}

impl User {
    /// An API key stands for the password, except where a session is opened.
    pub(crate) fn accepts(&self, secret: &str, session: bool) -> bool {
        secret == self.password || (!session && secret == self.key)
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) behaviour: Behaviour,
    pub(crate) users: Vec<User>,
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) sessions: BTreeMap<String, i64>,
    /// The models of the add-on with their operations; nothing if it is not installed.
    pub(crate) rules: Option<Vec<(String, Vec<&'static str>)>>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) down: bool,
    pub(crate) seen: Vec<Seen>,
    pub(crate) logins: usize,
    pub(crate) connections: usize,
    pub(crate) running: usize,
    pub(crate) most_running: usize,
    sessions_opened: u64,
    recorded: &'static Recorded,
}

impl State {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        let user =
            |id, login| User { id, login, password: "<password>".into(), key: format!("<key of {login}>") };
        State {
            behaviour,
            users: vec![user(2, "admin"), user(6, "demo")],
            models: BTreeMap::new(),
            sessions: BTreeMap::new(),
            rules: None,
            faults: VecDeque::new(),
            down: false,
            seen: Vec::new(),
            logins: 0,
            connections: 0,
            running: 0,
            most_running: 0,
            sessions_opened: 0,
            recorded: Recorded::load(),
        }
    }

    /// Opens a session; returns the header that says so.
    pub(crate) fn open_session(&mut self, user: i64) -> String {
        self.sessions_opened += 1;
        let cookie = format!("{:040x}", self.sessions_opened);
        self.sessions.insert(cookie.clone(), user);
        format!(
            "session_id={cookie}; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=604800; HttpOnly; Path=/"
        )
    }

    /// Ends the sessions of a user, except for the newest few: calls that are under way keep theirs.
    pub(crate) fn end_old_sessions(&mut self, user: i64) {
        const KEPT: usize = 8;
        let own = self.sessions.iter().filter(|(_, owner)| **owner == user);
        let old: Vec<String> = own.rev().skip(KEPT).map(|(cookie, _)| cookie.clone()).collect();
        self.sessions.retain(|cookie, _| !old.contains(cookie));
    }

    /// The answer to a call: of a model in memory, else as it was recorded.
    pub(crate) fn answer(&mut self, call: &ServerCall) -> Result<Value, Failure> {
        if call.model == "res.users" && call.method == "context_get" {
            return Ok(json!({"lang": "en_US", "tz": "Europe/Brussels", "uid": call.user}));
        }
        match self.models.get_mut(&call.model) {
            Some(model) => model.answer(call, &self.behaviour),
            None => self.recorded.answer(call),
        }
    }
}
