//! `JsonBody` and `UnparsedBody`: extract the JSON body of a request, with errors that name the wrong field.

use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use session::{ClientId, RoleId, UserId};
use session_axum::Problem;

use crate::http::middleware::timeout::within;
use crate::http::openapi::ErpId;
use crate::http::wire::json_object::JsonObject;
use crate::http::wire::problem::{shortened, unprocessable};

/// Limits on the size of a body and the time that it takes to arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) max_bytes: usize,
    pub(crate) arrive_within: Duration,
}

/// The JSON body of a request, which must be an object.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for JsonBody<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        UnparsedBody::from_request(request, state).await?.read().map(JsonBody)
    }
}

/// A JSON body before parsing. Values that are read from it may borrow from it.
#[derive(Debug)]
pub(crate) struct UnparsedBody(Bytes);

impl<S: Sync> FromRequest<S> for UnparsedBody
where
    BodyLimits: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json")
                .with_detail("the body must be JSON: set `content-type` to `application/json`")
                .with_field("content-type"));
        }
        let (parts, body) = request.into_parts();
        read_body(BodyLimits::from_ref(state), &parts.headers, body).await.map(UnparsedBody)
    }
}

impl UnparsedBody {
    /// Parses the object.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        // Validate UTF-8 once for the whole body, which is faster than per text.
        let text = str::from_utf8(&self.0).map_err(|error| bad_json(&error))?;
        let read = serde_json::from_str(text);
        read.map(|JsonObject(input)| input).map_err(|error| explain::<JsonObject<T>>(text, &error))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Reads the whole body.
async fn read_body(limits: BodyLimits, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let limit = limits.max_bytes;
    let too_large = || {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
            .with_detail(format!("the body is longer than {limit} bytes"))
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(too_large());
    }
    match within(limits.arrive_within, collect(Limited::new(body, limit))).await {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Some(Err(_)) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, "broken_body").with_detail("the body broke off"))
        }
        None => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow")
            .with_detail("the body did not arrive in time")),
    }
}

/// Collects a body. Most bodies arrive in one frame, which is not copied.
async fn collect(mut body: Limited<Body>) -> Result<Bytes, BoxError> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if first.is_empty() {
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&piece);
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

fn bad_json(error: &dyn std::error::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_json").with_detail(shortened(&error.to_string()))
}

/// Explains what is wrong with a body, and where. Tracking the path is slow, so the body is parsed again only
/// to report an error.
fn explain<'a, T: Deserialize<'a>>(text: &'a str, error: &serde_json::Error) -> Problem {
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) => explain_path(&error),
        // The error is in the text after the value.
        Ok(_) => bad_json(error),
    }
}

fn explain_path(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if !error.inner().is_data() {
        return bad_json(error.inner());
    }
    let problem = unprocessable(shortened(&reworded(&error.inner().to_string())));
    match error.path().to_string() {
        path if path == "." => problem,
        path => problem.with_field(shortened(&path)),
    }
}

/// What serde says, in the words of JSON and without the value, which may be a password.
fn reworded(message: &str) -> String {
    let (message, _line) = message.rsplit_once(" at line ").unwrap_or((message, ""));
    let of_type = message.strip_prefix("invalid type: ").and_then(|types| types.rsplit_once(", expected "));
    if let Some((found, expected)) = of_type {
        let found = match found.split(' ').next() {
            Some("integer" | "floating") => "a number",
            Some("boolean") => "a boolean",
            Some("string") => "a string",
            Some("sequence") => "an array",
            Some("map") => "an object",
            _ => found,
        };
        return format!("expected {}, found {found}", expected.replace("a sequence", "an array"));
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("field {field} is missing");
    }
    match message.strip_prefix("duplicate field ") {
        Some(field) => format!("field {field} is given more than once"),
        None => message.to_owned(),
    }
}

/// An id in a request.
pub(crate) trait Id: Sized {
    fn parse(text: &str) -> Result<Self, String>;
}

macro_rules! ids {
    ($($id:ty),+) => {
        $(impl Id for $id {
            fn parse(text: &str) -> Result<Self, String> {
                if text.contains('\0') {
                    return Err("an id holds no NUL".to_owned());
                }
                <$id>::new(text).map_err(|error| error.to_string())
            }
        })+
    };
}
ids!(UserId, RoleId, ClientId, OrgId);

/// An id in a body.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(transparent, bound = "")]
pub(crate) struct JsonId<T>(#[schemars(with = "ErpId")] pub(crate) T);

impl<'de, T: Id> Deserialize<'de> for JsonId<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        T::parse(&String::deserialize(json)?).map(JsonId).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_said_in_the_words_of_json_and_without_values() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Input {
            #[expect(dead_code, reason = "only read from JSON")]
            password: String,
            #[expect(dead_code, reason = "only read from JSON")]
            #[serde(default)]
            list: Vec<bool>,
        }
        let said = |json| reworded(&serde_json::from_str::<Input>(json).unwrap_err().to_string());
        assert_eq!(said(r#"{"password": 12345678}"#), "expected a string, found a number");
        assert_eq!(said(r#"{"password": [1.5]}"#), "expected a string, found an array");
        assert_eq!(said(r#"{"password": null}"#), "expected a string, found null");
        assert_eq!(
            said(r#"{"password": "x", "list": "a, expected b"}"#),
            "expected an array, found a string"
        );
        assert_eq!(said(r#"{"password": "x", "list": [{}]}"#), "expected a boolean, found an object");
        assert_eq!(said("{}"), "field `password` is missing");
        assert_eq!(said(r#"{"password": "x", "password": "y"}"#), "field `password` is given more than once");
        assert_eq!(
            said(r#"{"x at line 1": 1}"#),
            "unknown field `x at line 1`, expected `password` or `list`"
        );
    }
}
