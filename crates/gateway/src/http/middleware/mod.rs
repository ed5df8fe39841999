//! Middleware that wraps every handler.

pub(crate) mod client_address;
pub(crate) mod compression;
pub(crate) mod metric_family;
pub(crate) mod metrics;
pub(crate) mod request_id;
pub(crate) mod respond;
pub(crate) mod security_headers;
pub(crate) mod timeout;
