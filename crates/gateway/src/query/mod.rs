//! Questions and answers in JSON, for `orgcache query` (one object per line) and for the service.
//! docs/query.md lists the calls.
//!
//! `request` parses a question and `arguments` its arguments. `calls` answers it from the data of `erp`. This
//! file writes the answer.

mod arguments;
mod calls;
mod erp;
mod problem;
mod request;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use arguments::Arguments;
pub(crate) use calls::{CALLS, call, is_about_others};
pub(crate) use erp::{AllClients, Erp, OneClient};
pub(crate) use problem::{Code, QueryProblem};
pub(crate) use request::Request;

/// Answers one line.
pub(crate) async fn answer_line<'a>(erp: &mut impl Erp, line: &'a [u8]) -> Answer<'a> {
    let (id, request) = Request::parse(line);
    let outcome = match request {
        Ok(request) => call(erp, request).await,
        Err(problem) => Err(problem),
    };
    Answer::new(id, outcome)
}

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    /// The id of the request, verbatim. `None` if it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<QueryProblem>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(id: Option<&'a RawValue>, outcome: Result<Value, QueryProblem>) -> Self {
        match outcome {
            Ok(result) => Answer { id, result: Some(result), error: None },
            Err(problem) => Answer { id, result: None, error: Some(problem) },
        }
    }

    /// The answer to a line that is longer than the limit and was not read completely.
    pub(crate) fn too_long(limit: u64) -> Self {
        let problem = QueryProblem::bad_request(format!("the line is longer than {limit} bytes"));
        Self::new(Some(RawValue::NULL), Err(problem))
    }

    pub(crate) fn is_result(&self) -> bool {
        self.result.is_some()
    }
}
