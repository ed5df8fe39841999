//! `GET` and `POST /v1/questions`, `POST /v1/questions/batch`: the calls of docs/query.md, about the
//! session's own client and answered from its pinned tree.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use session::Session;
use session_axum::{CurrentSession, Problem};

use crate::http::gateway::Gateway;
use crate::http::openapi::{AnyObject, AnyValue, RouteDescription};
use crate::http::session::administrator::Administrator;
use crate::http::wire::json_body::UnparsedBody;
use crate::http::wire::json_object::JsonObject;
use crate::http::wire::json_response::{self, JsonResponse};
use crate::http::wire::problem::unprocessable;
use crate::http::wire::query_string::pairs;
use crate::query::{self, Arguments, Code, OneClient, Request};

/// The maximum time for which a batch runs without yielding. Yielding after each question would take longer
/// than most answers.
const MAX_RUN: Duration = Duration::from_micros(500);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `call` and `args`")]
pub(crate) struct Question<'a> {
    #[serde(borrow)]
    #[schemars(with = "Call")]
    call: Cow<'a, str>,
    #[serde(borrow, default)]
    #[schemars(with = "AnyObject")]
    args: Arguments<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct QuestionResult {
    #[schemars(with = "AnyValue")]
    result: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `questions`")]
#[schemars(inline)]
pub(crate) struct QuestionBatch<'a> {
    #[serde(borrow)]
    #[schemars(with = "Vec<NumberedQuestion<'a>>", length(max = 1_000))]
    questions: Vec<JsonObject<NumberedQuestion<'a>>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `call` and `args`")]
struct NumberedQuestion<'a> {
    /// Returned with the answer.
    #[serde(borrow, default, deserialize_with = "present")]
    #[schemars(with = "AnyValue")]
    id: Option<&'a RawValue>,
    /// One of `Call`. An unknown one gets an error, and the other questions are still answered.
    #[serde(borrow)]
    call: Cow<'a, str>,
    #[serde(borrow, default)]
    #[schemars(with = "AnyObject")]
    args: Arguments<'a>,
}

/// Keeps the id verbatim, null included.
fn present<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(json).map(Some)
}

#[derive(Serialize, JsonSchema)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AnyValue")]
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AnyValue")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "query::QueryProblem")]
    error: Option<query::QueryProblem>,
}

/// The schema of the answers to a batch.
pub(crate) enum Answers {}

impl JsonSchema for Answers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Answers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let answers = generator.subschema_for::<Vec<Answer<'_>>>();
        json_schema!({"type": "object", "properties": {"answers": answers}, "required": ["answers"]})
    }
}

/// The schema of a call's name.
enum Call {}

impl JsonSchema for Call {
    fn schema_name() -> Cow<'static, str> {
        "Call".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "enum": query::CALLS.as_slice(),
            "description": "What is asked; docs/query.md tells of the arguments and the result of each call. All of \
                them are about the session's own client.",
        })
    }
}

/// Describes a question in the query string.
pub(crate) fn describe_parameters<'a, 'b>(
    operation: &'b mut RouteDescription<'a>,
) -> &'b mut RouteDescription<'a> {
    operation.must_have::<Call>("call", "The name of the call.");
    for (name, description) in [
        ("org", "An organization."),
        ("org1", "The first organization of a pair."),
        ("org2", "The second organization of a pair."),
        ("org_a", "The first organization of a pair."),
        ("org_b", "The second organization of a pair."),
        ("referenced_org", "The organization that `org` would refer to."),
        ("parent", "A possible ancestor of `org`."),
        ("client", "A client, for calls that take one."),
        ("role", "A role."),
        ("user", "A user of Odoo."),
        ("current_client", "The client in which the role would work."),
        ("orgs", "Organizations as a quoted, comma-separated text."),
    ] {
        operation.in_query::<String>(name, description);
    }
    let inactive_access =
        "Hypothetical: organizations to which the role has no active access. Repeat it for each.";
    let inactive_orgs = "Hypothetical: organizations that are inactive. Repeat it for each.";
    operation
        .in_query::<bool>("include_org", "Whether to include the organization itself.")
        .in_query::<bool>(
            "automatic_roles",
            "Whether automatic roles get all organizations. Default: as at login to this service.",
        )
        .in_query::<Vec<String>>("inactive_access", inactive_access)
        .in_query::<Vec<String>>("inactive_orgs", inactive_orgs)
}

/// A question in the query string: its call and its arguments side by side.
pub(crate) async fn by_address(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    RawQuery(query): RawQuery,
) -> Result<JsonResponse<QuestionResult>, Problem> {
    let mut arguments: Arguments<'_> = pairs(query.as_deref()).collect::<Result<_, _>>()?;
    let call = arguments.text("call").map_err(|problem| refused(&problem, ""))?;
    answered(QuestionContext::new(&gateway, &session).ask(call, arguments).await, "")
}

/// A question as JSON.
pub(crate) async fn one(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    body: UnparsedBody,
) -> Result<JsonResponse<QuestionResult>, Problem> {
    let Question { call, args } = body.read()?;
    answered(QuestionContext::new(&gateway, &session).ask(call, args).await, "args.")
}

/// A batch of questions as JSON. Each gets its own answer or error.
pub(crate) async fn batch(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    body: UnparsedBody,
) -> Result<Response, Problem> {
    let settings = gateway.settings();
    let QuestionBatch { questions } = body.read()?;
    if questions.len() > settings.max_questions {
        let detail = format!("a batch has at most {} questions", settings.max_questions);
        return Err(unprocessable(detail).with_field("questions"));
    }
    let mut asker = QuestionContext::new(&gateway, &session);
    let mut json = br#"{"answers":["#.to_vec();
    let mut since = Instant::now();
    for (place, JsonObject(NumberedQuestion { id, call, args })) in questions.into_iter().enumerate() {
        let answer = match asker.ask(call, args).await {
            Ok(result) => Answer { id, result: Some(result), error: None },
            Err(error) => Answer { id, result: None, error: Some(error) },
        };
        if place > 0 {
            json.push(b',');
        }
        serde_json::to_writer(&mut json, &answer)
            .map_err(|error| json_response::serialization_failed(&error))?;
        if json.len() > settings.max_answer_bytes {
            let detail =
                format!("the answers are longer than {} bytes; ask fewer at once", settings.max_answer_bytes);
            return Err(unprocessable(detail).with_field("questions"));
        }
        // Yield, so that other requests run and the timeout can cancel the batch.
        if since.elapsed() > MAX_RUN {
            tokio::task::yield_now().await;
            since = Instant::now();
        }
    }
    json.extend_from_slice(b"]}");
    Ok(json_response::json(json))
}

/// The session that asks the questions.
struct QuestionContext<'a> {
    gateway: &'a Gateway,
    session: &'a Session,
    erp: OneClient<'a>,
    /// Whether the caller is known to be an administrator. Verified at most once per request.
    is_administrator: bool,
}

impl<'a> QuestionContext<'a> {
    fn new(gateway: &'a Gateway, session: &'a Session) -> Self {
        let automatic_roles = gateway.manager().options().automatic_roles;
        let tree = Arc::clone(session.tree());
        let erp = OneClient::new(&gateway.inner.backend, automatic_roles, session.client(), tree);
        QuestionContext { gateway, session, erp, is_administrator: false }
    }

    async fn ask(
        &mut self,
        call: Cow<'_, str>,
        arguments: Arguments<'_>,
    ) -> Result<Value, query::QueryProblem> {
        // Every user may ask about their own role. Only administrators may ask about other roles.
        if !self.is_administrator
            && query::is_about_others(&call, &arguments, self.session.role(), self.session.user())
        {
            let checked = Administrator::check(self.gateway, self.session.clone());
            Box::pin(checked).await.map_err(|problem| match problem.status() {
                StatusCode::FORBIDDEN => query::QueryProblem::not_an_administrator(),
                _ => query::QueryProblem::database(),
            })?;
            self.is_administrator = true;
        }
        let answer = query::call(&mut self.erp, Request { client: None, call, arguments }).await;
        answer.map_err(|problem| {
            if problem.is_internal() {
                tracing::error!(error = problem.message, "a question could not be answered");
            }
            problem.without_internals()
        })
    }
}

/// The answer to one question. `place` is the prefix of its arguments in error messages.
fn answered(
    result: Result<Value, query::QueryProblem>,
    place: &str,
) -> Result<JsonResponse<QuestionResult>, Problem> {
    result.map(|result| JsonResponse(QuestionResult { result })).map_err(|problem| refused(&problem, place))
}

/// An error answer that names the wrong argument with its place.
fn refused(problem: &query::QueryProblem, place: &str) -> Problem {
    let argument = || problem.argument.as_ref().map(|argument| format!("{place}{argument}"));
    let (status, field) = match problem.code {
        Code::Database | Code::DamagedTree | Code::DamagedRows => (StatusCode::SERVICE_UNAVAILABLE, None),
        Code::NotAnAdministrator => (StatusCode::FORBIDDEN, None),
        Code::NotInDatabase | Code::NotInErp => (StatusCode::NOT_IMPLEMENTED, Some("call".to_owned())),
        Code::UnknownCall => (StatusCode::UNPROCESSABLE_ENTITY, Some("call".to_owned())),
        Code::BadJson
        | Code::BadRequest
        | Code::UnknownClient
        | Code::UnknownRole
        | Code::UnknownUser
        | Code::MissingArgument
        | Code::WrongArgument => (StatusCode::UNPROCESSABLE_ENTITY, argument()),
    };
    let refused = Problem::new(status, problem.code.into()).with_detail(problem.message.clone());
    let refused = match status {
        StatusCode::SERVICE_UNAVAILABLE => refused.with_retry_after(1),
        _ => refused,
    };
    match field {
        Some(field) => refused.with_field(field),
        None => refused,
    }
}
