//! Conversion of Python integers.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBool;

/// Converts an int, or an object with `__index__`, such as numpy's integers. `None` if the number is too
/// large for any organization or flag.
///
/// A bool is an int in Python. As an index or as flags it is a mistake, so it is refused like any other type,
/// with the error `refused` and the name of the type.
#[inline]
pub(crate) fn integer(
    value: &Bound<'_, PyAny>,
    refused: impl FnOnce(&str) -> PyErr,
) -> PyResult<Option<i64>> {
    if !value.is_instance_of::<PyBool>() {
        match value.extract() {
            Ok(number) => return Ok(Some(number)),
            Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => return Ok(None),
            // An error raised by the program's own `__index__`.
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
