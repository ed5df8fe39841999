//! `ToolError`: why a tool call failed.

use std::sync::Arc;

use odoo::OdooError;

/// Why a tool call failed. The message is for the language model that called the tool.
///
/// Messages contain no tracebacks, passwords or keys, because [`OdooError`] contains none.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// The call is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The mode or the rules forbid the call.
    #[error("access denied: {0}")]
    Denied(String),
    /// The rules could not be checked, so the call is denied.
    #[error("could not verify access: {0}")]
    Unverified(String),
    /// The record does not exist.
    #[error("record not found: {model} with id {ids}")]
    NotFound {
        /// The model.
        model: String,
        /// The ids that do not exist.
        ids: String,
    },
    /// A write was sent, but its outcome is unknown.
    #[error("{cause}. The call was sent and may have been carried out: before you repeat it, {check}")]
    InDoubt {
        /// Why the answer is missing.
        cause: OdooError,
        /// How to find out whether the write was carried out.
        check: String,
    },
    /// Odoo rejected the call, or did not answer.
    #[error(transparent)]
    Odoo(#[from] OdooError),
}

impl ToolError {
    pub(crate) fn not_found(model: &str, ids: &[i64]) -> Self {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        ToolError::NotFound { model: model.into(), ids: ids.join(", ") }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        ToolError::Invalid(message.into())
    }

    /// Was access denied, by the gate or by Odoo?
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, ToolError::Denied(_) | ToolError::Odoo(OdooError::Access { .. }))
    }

    /// May the same call succeed later without a change?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            ToolError::Unverified(_) => true,
            ToolError::Odoo(error) => error.is_transient(),
            _ => false,
        }
    }
}

impl From<Arc<OdooError>> for ToolError {
    fn from(error: Arc<OdooError>) -> Self {
        ToolError::Odoo((*error).clone())
    }
}

/// Serving a client failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client violates the protocol: {cause}")]
pub struct ServeError {
    cause: String,
}

impl ServeError {
    pub(crate) fn new(cause: &dyn core::error::Error) -> Self {
        ServeError { cause: cause.to_string() }
    }
}
