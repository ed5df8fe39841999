//! `Problem`: why a request was refused, for programs and for people.

use std::borrow::Cow;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// Why a request failed: `application/problem+json` of RFC 9457.
///
/// The response keeps the problem in its extensions, so that an outer layer may render it again
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
    /// A problem with its status and a code of its own: lower case, with underscores.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Problem { status, code, detail: None, field: None, request_id: None, retry_after: None }
    }

    /// The 401 of every refused credential. It does not say why.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized").with_detail("log in first, or again")
    }

    /// A 503 for a condition that may pass without a change.
    #[must_use]
    pub fn unavailable(detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable").with_detail(detail).with_retry_after(1)
    }

    /// An extractor on a route without the layer that it needs.
    pub(crate) fn no_layer() -> Self {
        tracing::error!("a handler asks for a session on a route without a session layer");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// The same with a sentence for people.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with the name of the field of the request that is wrong.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same with the id of the request, which leads to its log entries.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The same with the seconds to wait before another try.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The body.
    #[must_use]
    pub fn to_json(&self) -> String {
        let rendered = ProblemBody {
            r#type: format!("urn:orgcache:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            field: self.field.as_deref(),
            request_id: self.request_id.as_deref(),
        };
        // Texts and a number always serialize.
        serde_json::to_string(&rendered).unwrap_or_default()
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
