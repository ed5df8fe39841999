//! `Answer`: what is written for a line.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::problem::QueryProblem;

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    /// The id of the request, as it was written; none where it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(Value),
    Error(QueryProblem),
}

impl<'a> Answer<'a> {
    pub(crate) fn new(id: Option<&'a RawValue>, outcome: Result<Value, QueryProblem>) -> Self {
        let outcome = match outcome {
            Ok(result) => Outcome::Result(result),
            Err(problem) => Outcome::Error(problem),
        };
        Answer { id, outcome }
    }

    /// The answer to a line of which the rest was not read.
    pub(crate) fn too_long(limit: u64) -> Self {
        let problem = QueryProblem::bad_request(format!("the line is longer than {limit} bytes"));
        Self::new(Some(RawValue::NULL), Err(problem))
    }

    pub(crate) fn is_result(&self) -> bool {
        matches!(self.outcome, Outcome::Result(_))
    }
}
