//! `Authentication`: the credential that a call carries.

use std::sync::Arc;

use secrecy::SecretString;

/// The authentication of a call.
#[derive(Clone, Debug)]
pub(crate) enum Authentication {
    Session(Arc<OdooSession>),
    Stateless { user: i64 },
    Json2,
}

/// An Odoo session with its current cookie.
#[derive(Debug)]
pub(crate) struct OdooSession {
    pub(crate) cookie: SecretString,
    /// Identifies the cookie: each login and each renewed cookie has a new serial number.
    pub(crate) serial: u64,
}
