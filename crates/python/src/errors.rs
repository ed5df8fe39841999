//! The exceptions of the module.

use pyo3::create_exception;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    orgcache,
    BuildError,
    PyValueError,
    "Rows that form no tree: a cycle, a duplicate id, an empty or over-long id. The message names the ids."
);
create_exception!(orgcache, DecodeError, PyValueError, "Bytes that are not the canonical bytes of a tree.");
create_exception!(orgcache, UnknownOrganizationError, PyKeyError, "An organization that is not in the tree.");

/// The exception for an organization that is not in the tree.
#[cold]
pub(crate) fn unknown(id: &str) -> PyErr {
    let end = id.floor_char_boundary(64);
    let head = id.get(..end).unwrap_or(id);
    UnknownOrganizationError::new_err(format!("unknown organization `{head}`"))
}
