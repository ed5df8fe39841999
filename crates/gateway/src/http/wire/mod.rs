//! The bodies of requests and answers, and the queries of addresses.

pub(crate) mod json_body;
pub(crate) mod json_object;
pub(crate) mod json_response;
pub(crate) mod problem;
pub(crate) mod query_string;
