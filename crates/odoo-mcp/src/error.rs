//! `ToolError`: why a tool has no answer.

use std::sync::Arc;

use odoo::OdooError;

/// Why a tool has no answer, in words for the model that called it.
///
/// Neither tracebacks nor passwords nor keys are in it: [`OdooError`] has none.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// The call is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The mode or the rules forbid the call.
    #[error("access denied: {0}")]
    Denied(String),
    /// The rules could not be checked; nothing is allowed meanwhile.
    #[error("could not verify access: {0}")]
    Unverified(String),
    /// There is no such record.
    #[error("record not found: {model} with id {ids}")]
    NotFound {
        /// The model.
        model: String,
        /// The id, or several.
        ids: String,
    },
    /// A write was sent, and it is unknown whether it was carried out.
    #[error("{cause}. The call was sent and may have been carried out: before you repeat it, {check}")]
    InDoubt {
        /// Why there is no answer.
        cause: OdooError,
        /// How to find out.
        check: String,
    },
    /// Odoo refuses the call, or does not answer.
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

    /// Is it a refusal, as opposed to a failure?
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, ToolError::Denied(_) | ToolError::Odoo(OdooError::Access { .. }))
    }

    /// May the same call succeed later, without any other change?
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

/// Why serving a client failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client does not keep to the protocol: {cause}")]
pub struct ServeError {
    cause: String,
}

impl ServeError {
    pub(crate) fn new(cause: &dyn core::error::Error) -> Self {
        ServeError { cause: cause.to_string() }
    }
}
