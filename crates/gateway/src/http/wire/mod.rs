//! Bodies of requests and answers, and query strings.

pub(crate) mod json_body;
pub(crate) mod json_object;
pub(crate) mod json_response;
pub(crate) mod problem;
pub(crate) mod query_string;
