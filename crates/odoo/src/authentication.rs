//! `Authentication`: the credential that a call carries.

use std::sync::Arc;

use secrecy::SecretString;

/// What authenticates a call.
#[derive(Clone, Debug)]
pub(crate) enum Authentication {
    Session(Arc<OdooSession>),
    Stateless { user: i64 },
    Json2,
}

/// An Odoo session. A new cookie makes it a new value with the same serial number.
#[derive(Debug)]
pub(crate) struct OdooSession {
    pub(crate) cookie: SecretString,
    /// The number of the login that opened it.
    pub(crate) serial: u64,
}
