//! `ArgumentProblem`: which argument is invalid and why, in terms of JSON.

use core::fmt;

use platform::text::{NAME_BYTES, shorten};
use serde::de::{Error, Expected, Unexpected};
use serde_json::Value;

/// An invalid argument.
#[derive(Debug)]
pub(crate) struct ArgumentProblem {
    /// The path of the argument, or of a part of it.
    path: String,
    /// The predicate of the sentence: `must be …`.
    problem: String,
}

impl ArgumentProblem {
    /// A value does not have the expected form.
    pub(super) fn expected(expected: &str, found: &Value) -> Self {
        let found = found.to_string();
        let shown = shorten(&found, NAME_BYTES);
        ArgumentProblem::custom(format!("must be {expected}, but is {shown}"))
    }

    /// Prepends the index of a list item to the path.
    pub(super) fn at(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }

    /// Prepends a name to the path.
    pub(super) fn within(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the arguments" } else { &self.path };
        write!(f, "`{path}` {}", self.problem)
    }
}

impl core::error::Error for ArgumentProblem {}

impl Error for ArgumentProblem {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        ArgumentProblem { path: String::new(), problem: problem.to_string() }
    }

    /// Serde would describe the types in terms of Rust. The reader reports most wrong types in terms of JSON.
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        ArgumentProblem::custom("has a value of the wrong type")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        ArgumentProblem::custom("is out of range")
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        ArgumentProblem::expected(&quoted(expected, " or "), &variant.into())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let shown = shorten(field, NAME_BYTES);
        let known = match expected {
            [] => "there are no arguments".to_owned(),
            _ => format!("the arguments are {}", quoted(expected, ", ")),
        };
        ArgumentProblem { path: shown.into(), problem: format!("is an unknown argument: {known}") }
    }

    fn missing_field(field: &'static str) -> Self {
        ArgumentProblem { path: field.into(), problem: "is missing".into() }
    }
}

/// Joins names in backticks.
pub(super) fn quoted(names: &[&str], separator: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(separator)
}
