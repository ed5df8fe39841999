//! `Problem`: the body of an error response, for programs and for people.

use std::borrow::Cow;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// An error response: `application/problem+json` as in RFC 9457.
///
/// The response has the problem in its extensions, so that an outer layer can render it again
/// [with the id of the request](Self::with_request_id).
///
/// # Examples
/// ```
/// use http::StatusCode;
/// use session_axum::Problem;
///
/// let problem = Problem::new(StatusCode::FORBIDDEN, "role_not_given").with_field("role");
/// assert_eq!(
///     problem.to_json(),
///     r#"{"type":"urn:orgcache:problem:role_not_given","title":"Forbidden","status":403,"field":"role"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Option<Cow<'static, str>>,
    field: Option<String>,
    request_id: Option<String>,
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Problem {
    /// A problem with a status, and a code in lower case with underscores.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Problem { status, code, detail: None, field: None, request_id: None, retry_after: None }
    }

    /// The 401 for all rejected credentials. It does not reveal the reason.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized").with_detail("no valid session: log in")
    }

    /// A 503 for a transient failure.
    #[must_use]
    pub fn unavailable(detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable").with_detail(detail).with_retry_after(1)
    }

    /// The 500 of an extractor on a route without a session layer.
    pub(crate) fn no_layer() -> Self {
        tracing::error!("a handler extracts a session on a route without a session layer");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// Adds an explanation for people.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the name of the invalid field of the request.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds the id of the request, which identifies its log entries.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Adds the seconds to wait before a retry.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The body as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let body = ProblemBody {
            r#type: format!("urn:orgcache:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            field: self.field.as_deref(),
            request_id: self.request_id.as_deref(),
        };
        // Strings and a number always serialize.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
