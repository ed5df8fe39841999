//! `Settings`: how the service behaves.

use std::time::Duration;

use ipnet::IpNet;
use serde::Serialize;
use session::UserId;
use session_axum::{COOKIE, SECURE_COOKIE};

use crate::http::login::attempts::FailureAllowances;
use crate::http::login::limiter::Allowance;
use crate::http::mcp::Mcp;

/// Settings of the service. The defaults suit a service on loopback.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Whether clients connect over TLS. If so, cookies are `Secure` and answers tell browsers to use only
    /// TLS. Always true beyond loopback.
    pub secure: bool,
    /// Whether to answer only requests whose `Host` names this machine. Prevents DNS rebinding of a service
    /// on loopback.
    pub local_names_only: bool,
    /// Users who administer all clients.
    pub instance_admins: Vec<UserId>,
    /// Whether to accept the ERP's own password hashes for users without an orgcache password.
    pub erp_passwords: bool,
    /// Proxies whose `X-Forwarded-For` and `X-Request-Id` are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The longest time for an answer: 30 s.
    pub answer_within: Duration,
    /// The longest time for the body of a request to arrive: 10 s.
    pub body_within: Duration,
    /// The longest time for the head of a request to arrive, and for an idle connection: 20 s.
    pub head_within: Duration,
    /// The longest time for which a client may be behind in reading before its connection is closed: 30 s.
    pub write_within: Duration,
    /// The lowest rate at which a client that is behind must read, in bytes a second: 1,024. Each byte that
    /// it reads gives it that much more time.
    pub min_write_rate: u32,
    /// On shutdown, the longest time for requests in flight to finish, and for a session store that does not
    /// answer to accept pending revocations: 20 s.
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
    /// How often logins of one user may fail before further ones are delayed, by at most one interval: 50 at
    /// once, and one more each 3 s.
    pub failures_by_user: Allowance,
    /// How long names are cached: 2 s, so that a new organization soon has its name.
    pub names_for: Duration,
    /// How long the state of a client's tree is cached: 2 s.
    pub freshness_for: Duration,
    /// The reason for the manager's rule for automatic roles, shown by `/v1/admin/statistics`.
    pub automatic_roles_reason: &'static str,
    /// The users of a demonstration, for whom the page has buttons to sign in. `None` outside of a
    /// demonstration.
    pub demonstration: Option<Demonstration>,
    /// Odoo databases for language models, served at `/mcp` if given.
    pub mcp: Option<Mcp>,
}

/// The users of a demonstration, and the password of all of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Demonstration {
    /// The password, which is public.
    pub password: String,
    /// The user with whom a visitor sees the most.
    pub first: String,
    /// The users to offer.
    pub users: Vec<DemonstrationUser>,
}

/// A user of a demonstration.
#[derive(Clone, Debug, Serialize)]
pub struct DemonstrationUser {
    /// The login name.
    pub name: String,
    /// The name of the user's client.
    pub client: String,
    /// The user's rights, in a few words.
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
            min_write_rate: 1 << 10,
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
