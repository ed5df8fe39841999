//! `GET` and `POST /v1/questions`, `POST /v1/questions/batch`: the calls of docs/query.md, about the session's own client and
//! answered from its pinned tree.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use session::Session;
use session_axum::{CurrentSession, Problem};

use super::gateway::Gateway;
use super::input::{Input, unprocessable};
use super::object::Object;
use super::output::Output;
use super::search::pairs;
use crate::query::{self, Arguments, Erp, Request};

/// So long a batch is answered at a stretch. To let go after each question would take longer than most answers.
const STRETCH: Duration = Duration::from_micros(500);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `call` and `args`")]
pub(crate) struct Question {
    call: String,
    #[serde(default)]
    args: Arguments<'static>,
}

#[derive(Serialize)]
pub(crate) struct Answered {
    result: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `questions`")]
pub(crate) struct Batch {
    questions: Vec<Object<Numbered>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `call` and `args`")]
struct Numbered {
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    call: String,
    #[serde(default)]
    args: Arguments<'static>,
}

/// An id of null is an id, and comes back.
fn present<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(json).map(Some)
}

#[derive(Serialize)]
pub(crate) struct Answers {
    answers: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<query::Problem>,
}

/// A question in the address: its call and its arguments side by side.
pub(crate) async fn by_address(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    uri: Uri,
) -> Result<Output<Answered>, Problem> {
    let mut arguments: Arguments<'_> = pairs(&uri).collect::<Result<_, _>>()?;
    let call = arguments.text("call").map_err(|problem| refused(&problem, ""))?;
    let mut erp = erp(&gateway, &session);
    let result = ask(&mut erp, call, arguments).await;
    result.map(|result| Output(Answered { result })).map_err(|problem| refused(&problem, ""))
}

pub(crate) async fn one(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    Input(Question { call, args }): Input<Question>,
) -> Result<Output<Answered>, Problem> {
    let mut erp = erp(&gateway, &session);
    let result = ask(&mut erp, call.into(), args).await;
    result.map(|result| Output(Answered { result })).map_err(|problem| refused(&problem, "args."))
}

pub(crate) async fn batch(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    Input(Batch { questions }): Input<Batch>,
) -> Result<Output<Answers>, Problem> {
    let settings = gateway.settings();
    if questions.len() > settings.max_questions {
        let detail = format!("a batch has at most {} questions", settings.max_questions);
        return Err(unprocessable(detail).with_field("questions"));
    }
    let mut erp = erp(&gateway, &session);
    let mut answers = Vec::with_capacity(questions.len());
    let mut bytes = 0_usize;
    let mut since = Instant::now();
    for Object(Numbered { id, call, args }) in questions {
        let answer = match ask(&mut erp, call.into(), args).await {
            Ok(result) => Answer { id, result: Some(result), error: None },
            Err(error) => Answer { id, result: None, error: Some(error) },
        };
        let answer = serde_json::value::to_raw_value(&answer).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
        })?;
        bytes = bytes.saturating_add(answer.get().len());
        if bytes > settings.max_answer_bytes {
            let detail =
                format!("the answers are longer than {} bytes; ask fewer at once", settings.max_answer_bytes);
            return Err(unprocessable(detail).with_field("questions"));
        }
        answers.push(answer);
        // A long batch lets other requests through, and can be broken off at the time limit.
        if since.elapsed() > STRETCH {
            tokio::task::yield_now().await;
            since = Instant::now();
        }
    }
    Ok(Output(Answers { answers }))
}

fn erp(gateway: &Gateway, session: &Session) -> Erp {
    Erp::of_client(gateway.inner.reader.clone(), session.client().as_str(), Arc::clone(session.tree()))
}

async fn ask(erp: &mut Erp, call: Cow<'_, str>, arguments: Arguments<'_>) -> Result<Value, query::Problem> {
    let answer = query::call(erp, Request { client: None, call, arguments }).await;
    answer.map_err(|problem| {
        if matches!(problem.code(), "damaged_rows" | "damaged_tree" | "not_in_database" | "database") {
            tracing::error!(error = problem.message(), "a question could not be answered");
        }
        problem.without_internals()
    })
}

/// A refusal, which names a wrong argument by where it stands.
fn refused(problem: &query::Problem, place: &str) -> Problem {
    let (status, field) = match problem.code() {
        "database" | "damaged_tree" | "damaged_rows" => (StatusCode::SERVICE_UNAVAILABLE, None),
        "not_in_database" => (StatusCode::NOT_IMPLEMENTED, Some("call".to_owned())),
        "unknown_call" => (StatusCode::UNPROCESSABLE_ENTITY, Some("call".to_owned())),
        _ => {
            let argument = problem.argument().map(|argument| format!("{place}{argument}"));
            (StatusCode::UNPROCESSABLE_ENTITY, argument)
        }
    };
    let refused = Problem::new(status, problem.code()).with_detail(problem.message().to_owned());
    let refused = match status {
        StatusCode::SERVICE_UNAVAILABLE => refused.with_retry_after(1),
        _ => refused,
    };
    match field {
        Some(field) => refused.with_field(field),
        None => refused,
    }
}
