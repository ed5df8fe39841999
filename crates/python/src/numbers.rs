//! Integers as Python gives them.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBool;

/// Reads an int, or what has `__index__` as numpy's integers have. None if no organization or flag is that
/// large.
///
/// A bool is an int to Python. As an index or as flags it is a mistake, and refused like every other type, by
/// the error `refused` with the name of the type.
#[inline]
pub(crate) fn integer(
    value: &Bound<'_, PyAny>,
    refused: impl FnOnce(&str) -> PyErr,
) -> PyResult<Option<i64>> {
    if !value.is_instance_of::<PyBool>() {
        match value.extract() {
            Ok(number) => return Ok(Some(number)),
            Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => return Ok(None),
            // An error of the program's own `__index__`.
            Err(error) if !error.is_instance_of::<PyTypeError>(value.py()) => return Err(error),
            Err(_) => {}
        }
    }
    Err(refused(&type_name(value)))
}

/// The name of a value's type, for messages.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}
