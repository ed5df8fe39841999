//! `Settings`: how the service behaves.

use std::time::Duration;

use ipnet::IpNet;
use serde::Serialize;
use session::UserId;
use session_axum::{COOKIE, SECURE_COOKIE};

use crate::http::login::attempts::FailureAllowances;
use crate::http::login::limiter::Allowance;
use crate::http::mcp::Mcp;

/// How the service behaves. The defaults suit a service on loopback.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Are clients reached over TLS, so that cookies are `Secure` and browsers are told to stay with it? Off
    /// loopback always.
    pub secure: bool,
    /// Is only a `Host` that names this machine answered? Keeps web pages elsewhere from reaching a service
    /// on loopback by a name of theirs.
    pub local_names_only: bool,
    /// Users who administer all clients.
    pub instance_admins: Vec<UserId>,
    /// Do the ERP's own password hashes count, for users without a password here?
    pub erp_passwords: bool,
    /// Proxies whose `X-Forwarded-For` and `X-Request-Id` count.
    pub trusted_proxies: Vec<IpNet>,
    /// The longest time for an answer: 30 s.
    pub answer_within: Duration,
    /// The longest time for the body of a request to arrive: 10 s.
    pub body_within: Duration,
    /// The longest time for the head of a request to arrive, and for an idle connection: 20 s.
    pub head_within: Duration,
    /// The longest time for which a client may take nothing of its answer before it is dropped: 30 s.
    pub write_within: Duration,
    /// The longest time for requests that are under way to end, and for a session store that is away to come
    /// back for ends that it was not told, once the service shuts down: 20 s.
    pub drain_within: Duration,
    /// The most bytes of a request's body: 1 MiB.
    pub max_body_bytes: usize,
    /// The most bytes of a request's head: 32 KiB.
    pub max_head_bytes: usize,
    /// The most questions of one batch: 1,000.
    pub max_questions: usize,
    /// The most bytes of the answers to one batch: 16 MiB.
    pub max_answer_bytes: usize,
    /// The most connections at a time; further ones wait: 10,000.
    pub max_connections: usize,
    /// The shortest body that is compressed: 10,240 bytes.
    pub compress_from: u64,
    /// How often logins from one network, an IPv4 address or an IPv6 /64, may fail before it is refused: 20
    /// at once, and one more each 3 s.
    pub failures_by_network: Allowance,
    /// How often logins of one user from one network may fail before they are refused: 10 at once, and one
    /// more each 6 s.
    pub failures_by_user_and_network: Allowance,
    /// How often logins of one user may fail before further ones wait, for as long as an interval: 50 at
    /// once, and one more each 3 s.
    pub failures_by_user: Allowance,
    /// For how long names are answered from memory: 2 s, so that a new organization has its name by the time
    /// it is seen.
    pub names_for: Duration,
    /// For how long the state of a client's tree is answered from memory: 2 s.
    pub freshness_for: Duration,
    /// Why the manager has its rule for automatic roles, for `/v1/admin/statistics`.
    pub automatic_roles_reason: &'static str,
    /// Users whose password is no secret, for whom the page has buttons to sign in with; none without.
    pub demonstration: Option<Demonstration>,
    /// Odoo databases for language models, at `/mcp`; nothing is there without.
    pub mcp: Option<Mcp>,
}

/// The users of a demonstration, and the password of all of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Demonstration {
    /// The password, which is no secret.
    pub password: String,
    /// The users to offer.
    pub users: Vec<DemonstrationUser>,
}

/// A user of a demonstration.
#[derive(Clone, Debug, Serialize)]
pub struct DemonstrationUser {
    /// The name by which it signs in.
    pub name: String,
    /// The name of its client.
    pub client: String,
    /// What it may do, in a few words.
    pub role: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            secure: false,
            local_names_only: false,
            instance_admins: Vec::new(),
            erp_passwords: false,
            trusted_proxies: Vec::new(),
            answer_within: Duration::from_secs(30),
            body_within: Duration::from_secs(10),
            head_within: Duration::from_secs(20),
            write_within: Duration::from_secs(30),
            drain_within: Duration::from_secs(20),
            max_body_bytes: 1 << 20,
            max_head_bytes: 32 << 10,
            max_questions: 1_000,
            max_answer_bytes: 16 << 20,
            max_connections: 10_000,
            compress_from: 10_240,
            failures_by_network: Allowance::new(20, Duration::from_secs(3)),
            failures_by_user_and_network: Allowance::new(10, Duration::from_secs(6)),
            failures_by_user: Allowance::new(50, Duration::from_secs(3)),
            names_for: Duration::from_secs(2),
            freshness_for: Duration::from_secs(2),
            automatic_roles_reason: "the program that runs the service chose it",
            demonstration: None,
            mcp: None,
        }
    }
}

impl Settings {
    pub(crate) fn failures(&self) -> FailureAllowances {
        FailureAllowances {
            by_network: self.failures_by_network,
            by_user_and_network: self.failures_by_user_and_network,
            by_user: self.failures_by_user,
        }
    }

    /// The name of the cookie with a browser's token.
    pub(crate) fn cookie(&self) -> &'static str {
        if self.secure { SECURE_COOKIE } else { COOKIE }
    }
}
