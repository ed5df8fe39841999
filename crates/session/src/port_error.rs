//! `PortError`: what went wrong in a database behind a port.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

/// Why a call of a source or a store failed. Cheap to clone: all callers that waited for the call get it.
///
/// # Examples
/// ```
/// use session::PortError;
///
/// let error = PortError::transient("the database does not answer");
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "the database does not answer");
/// ```
#[derive(Clone)]
pub struct PortError {
    transient: bool,
    cause: Arc<dyn Error + Send + Sync>,
}

impl PortError {
    /// The same call may succeed later, without a change of data, tables or rights: a database that is
    /// unavailable, a timeout, a conflict.
    #[must_use]
    pub fn transient(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        PortError { transient: true, cause: Arc::from(cause.into()) }
    }

    /// The same call will fail again until data, tables or rights change.
    #[must_use]
    pub fn permanent(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        PortError { transient: false, cause: Arc::from(cause.into()) }
    }

    /// May the same call succeed later?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// The adapter's own error.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortError").field("transient", &self.transient).field("cause", &self.cause).finish()
    }
}

impl Error for PortError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
