//! HTTP to one server: connections, the pool that bounds them, and what comes back.

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

/// A request, apart from where the server is. `Debug` shows neither body nor credentials.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) cookie: Option<SecretString>,
    pub(crate) bearer: Option<SecretString>,
    /// An API key as the add-on `mcp_server` wants it.
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

/// An answer, complete and unpacked.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// The value of the session cookie that the answer sets.
    pub(crate) session: Option<SecretString>,
    /// Where a redirect leads to.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Makes sure that the answer is JSON and a success.
    pub(crate) fn check_json(&self) -> Result<(), Fault> {
        if self.status == StatusCode::OK.as_u16() {
            return self.check_json_of_any_status();
        }
        Err(self.not_json())
    }

    /// Makes sure that the answer is JSON.
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

    /// Is it the page that says that no database is selected? A name that does not exist has the same.
    pub(crate) fn says_no_database(&self) -> bool {
        const HEADER: &[u8] = b"X-Odoo-Database";
        self.status == 404 && self.is_html() && self.body.windows(HEADER.len()).any(|it| it == HEADER)
    }

    /// Does a proxy say that the server is not there?
    pub(crate) fn unavailable(&self) -> Option<Fault> {
        matches!(self.status, 502..=504).then_some(Fault::Unavailable { status: self.status })
    }
}
