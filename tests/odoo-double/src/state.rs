//! The state of the double.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::call::{Route, ServerCall};
use crate::exception::OdooException;
use crate::model::ModelAccess;
use crate::recorded::RecordedCalls;
use crate::{Behaviour, Fault, Model, Seen};

/// The number of wrong passwords after which the session route is closed.
const FAILED_LOGINS: u32 = 10;

/// The installed languages.
const INSTALLED: [&str; 3] = ["en_US", "fr_FR", "de_DE"];

/// A user who may log in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) key: String,
}

impl User {
    /// An API key replaces the password, except for opening a session.
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
    /// The models of the add-on with their operations; `None` if it is not installed.
    pub(crate) rules: Option<Vec<(String, Vec<&'static str>)>>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) down: bool,
    pub(crate) seen: Vec<Seen>,
    pub(crate) logins: usize,
    pub(crate) connections: usize,
    pub(crate) running: usize,
    pub(crate) most_running: usize,
    sessions_opened: u64,
    failed_logins: u32,
    /// The time of the last password check.
    checked_at: Option<Instant>,
    recorded: &'static RecordedCalls,
}

impl State {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        let user = |id, login: &str| User {
            id,
            login: login.into(),
            password: "<password>".into(),
            key: format!("<key of {login}>"),
        };
        State {
            behaviour,
            users: vec![user(2, "admin"), user(6, "demo"), user(7, "ana")],
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
            failed_logins: 0,
            checked_at: None,
            recorded: RecordedCalls::load(),
        }
    }

    /// Opens a session, and returns the header that sets its cookie.
    pub(crate) fn open_session(&mut self, user: i64) -> String {
        self.sessions_opened += 1;
        let cookie = match self.behaviour.version {
            ..18 => format!("{:040x}", self.sessions_opened),
            _ => format!("{:084x}", self.sessions_opened),
        };
        self.sessions.insert(cookie.clone(), user);
        format!(
            "session_id={cookie}; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=604800; HttpOnly; Path=/"
        )
    }

    /// Has the session route recently seen too many wrong passwords, of all users together? It is then closed
    /// for a minute.
    pub(crate) fn too_many_failed_logins(&self) -> bool {
        let recent = self.checked_at.is_some_and(|at| at.elapsed() < self.behaviour.login_rest);
        self.failed_logins >= FAILED_LOGINS && recent
    }

    /// Records a password check.
    pub(crate) fn note_login(&mut self, right: bool) {
        if self.checked_at.is_some_and(|at| at.elapsed() >= self.behaviour.login_rest) {
            self.failed_logins = 0;
        }
        self.failed_logins = if right { 0 } else { self.failed_logins + 1 };
        self.checked_at = Some(Instant::now());
    }

    /// Ends the sessions of a user, except for the newest few, so that calls in progress keep theirs.
    pub(crate) fn end_old_sessions(&mut self, user: i64) {
        const KEPT: usize = 8;
        let own = self.sessions.iter().filter(|(_, owner)| **owner == user);
        let old: Vec<String> = own.rev().skip(KEPT).map(|(cookie, _)| cookie.clone()).collect();
        self.sessions.retain(|cookie, _| !old.contains(cookie));
    }

    /// Answers a call from a model in memory, else from the recordings.
    pub(crate) fn answer(&mut self, call: &ServerCall, route: Route) -> Result<Value, OdooException> {
        let version = self.behaviour.version;
        self.check_language(call)?;
        if call.model == "res.users" && call.method == "context_get" {
            return Ok(json!({"lang": "en_US", "tz": "Europe/Brussels", "uid": call.user}));
        }
        if call.model == "res.users"
            && call.method == "read"
            && call.ids() == [call.user]
            && call.names("fields").is_some_and(|names| names == ["login"])
            && let Some(own) = self.users.iter().find(|user| user.id == call.user)
        {
            return Ok(json!([{"id": own.id, "login": own.login}]));
        }
        if call.model == "res.lang" && call.method == "get_installed" {
            return Ok(INSTALLED.iter().map(|code| json!([code, code])).collect());
        }
        if call.model == "ir.model" && call.method == "get_available_models" && !self.models.is_empty() {
            let open = self.models.iter().filter(|(_, model)| !model.closes_to(call.user));
            // Employees are read through their public profile, and are not in the list.
            return Ok(open
                .filter(|(name, _)| *name != "hr.employee")
                .map(|(name, _)| json!({"model": name, "display_name": format!("Label of {name}")}))
                .collect());
        }
        let closed: BTreeSet<String> = self
            .models
            .iter()
            .filter(|(_, model)| model.closes_to(call.user))
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(model) = self.models.get_mut(&call.model) {
            return model.answer(call, &ModelAccess { behaviour: &self.behaviour, route, closed: &closed });
        }
        if !self.recorded.knows(&call.model) {
            return Err(OdooException::unknown_model(&call.model, route, version));
        }
        self.recorded.answer(call).unwrap_or_else(|| match call.method.as_str() {
            "search_read" if call.model == "ir.model" && call.user != 2 => {
                Err(OdooException::access("You are not allowed to access 'Models' (ir.model) records."))
            }
            "check_access_rights" => Ok(Value::Bool(call.user == 2)),
            method => Err(OdooException::new(
                "double.NotRecorded",
                format!("{method} on {}: {:?}", call.model, call.arguments),
            )),
        })
    }

    /// Since version 18, a call in a language that is not installed fails.
    fn check_language(&self, call: &ServerCall) -> Result<(), OdooException> {
        let language = call.arguments.get("context").and_then(|context| context.get("lang")?.as_str());
        match language {
            Some(language) if self.behaviour.version >= 18 && !INSTALLED.contains(&language) => Err(
                OdooException::new("odoo.exceptions.UserError", format!("Invalid language code: {language}")),
            ),
            _ => Ok(()),
        }
    }
}
