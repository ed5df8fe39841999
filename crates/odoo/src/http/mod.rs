//! HTTP to one server: the connection pool, requests and answers.

mod body;
mod breaker;
mod connection;
mod connector;
mod pool;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use platform::text::shorten;
use secrecy::SecretString;

use crate::Fault;

pub(crate) use connector::Connector;
pub(crate) use pool::{Lease, Pool};

/// A request, without the address of the server.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) cookie: Option<SecretString>,
    pub(crate) bearer: Option<SecretString>,
    /// An API key for the add-on `mcp_server`.
    pub(crate) api_key: Option<SecretString>,
    pub(crate) database: Option<String>,
}

impl Request {
    pub(crate) fn post(path: &str, body: Bytes) -> Self {
        Request {
            method: Method::POST,
            path: path.into(),
            body,
            cookie: None,
            bearer: None,
            api_key: None,
            database: None,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Request { method: Method::GET, ..Self::post(path, Bytes::new()) }
    }
}

/// A complete, decompressed answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// The value of the session cookie that the answer sets.
    pub(crate) session: Option<SecretString>,
    /// The target of a redirect.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Checks that the answer is JSON with status 200.
    pub(crate) fn check_json(&self) -> Result<(), Fault> {
        if self.status == StatusCode::OK.as_u16() {
            return self.check_json_of_any_status();
        }
        Err(self.not_json())
    }

    /// Checks that the answer is JSON.
    pub(crate) fn check_json_of_any_status(&self) -> Result<(), Fault> {
        let essence = self.content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(self.not_json()) }
    }

    fn not_json(&self) -> Fault {
        self.unavailable().or_else(|| self.redirect()).unwrap_or_else(|| Fault::NotJson {
            status: self.status,
            content_type: shorten(&self.content_type, 100).into(),
        })
    }

    fn redirect(&self) -> Option<Fault> {
        let location = self.location.as_ref().filter(|_| (300..400).contains(&self.status))?;
        Some(Fault::Redirect { location: shorten(location, 200).into() })
    }

    pub(crate) fn is_html(&self) -> bool {
        self.content_type.trim_start().to_ascii_lowercase().starts_with("text/html")
    }

    /// Is the answer Odoo's page for a missing database selection? Odoo also sends it for an unknown
    /// database.
    pub(crate) fn says_no_database(&self) -> bool {
        const HEADER: &[u8] = b"X-Odoo-Database";
        self.status == 404 && self.is_html() && self.body.windows(HEADER.len()).any(|it| it == HEADER)
    }

    /// The fault, if a proxy reports that the server is not available.
    pub(crate) fn unavailable(&self) -> Option<Fault> {
        matches!(self.status, 502..=504).then_some(Fault::Unavailable { status: self.status })
    }
}
