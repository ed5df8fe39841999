//! `Answer`: what is written for a line.

use serde::Serialize;
use serde_json::Value;

use super::problem::Problem;

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// The id of the request; none where it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(Value),
    Error(Problem),
}

impl Answer {
    pub(crate) fn new(id: Option<Value>, outcome: Result<Value, Problem>) -> Self {
        let outcome = match outcome {
            Ok(result) => Outcome::Result(result),
            Err(problem) => Outcome::Error(problem),
        };
        Answer { id, outcome }
    }

    /// The answer to a line of which the rest was not read.
    pub(crate) fn too_long(limit: u64) -> Self {
        let problem = Problem::bad_request(format!("the line is longer than {limit} bytes"));
        Self::new(Some(Value::Null), Err(problem))
    }

    pub(crate) fn is_result(&self) -> bool {
        matches!(self.outcome, Outcome::Result(_))
    }
}
