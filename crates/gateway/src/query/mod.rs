//! Questions as JSON: `orgcache query`, one object a line, and the service's questions. All calls are in
//! docs/query.md.
//!
//! `request` takes a line apart, `arguments` its arguments; `calls` has one function a call; `erp` is where
//! the answers come from; `answer` is what is written.

mod answer;
mod arguments;
mod calls;
mod erp;
mod problem;
mod request;

pub(crate) use answer::Answer;
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
