//! Authentication: passwords, the ERP's password hashes, signed assertions, and limits on failures.

pub(crate) mod assertion;
pub(crate) mod attempts;
pub(crate) mod baseline;
pub(crate) mod credentials;
pub(crate) mod erp_hash;
pub(crate) mod limiter;
pub(crate) mod login_history;
pub(crate) mod password;
