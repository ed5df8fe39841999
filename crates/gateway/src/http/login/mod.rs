//! What proves who a user is: passwords, the ERP's own hashes, and signed assertions; and how often that may
//! fail.

pub(crate) mod assertion;
pub(crate) mod attempts;
pub(crate) mod baseline;
pub(crate) mod credentials;
pub(crate) mod erp_hash;
pub(crate) mod limiter;
pub(crate) mod login_history;
pub(crate) mod password;
