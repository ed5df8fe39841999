//! `ArgumentProblem`: which argument is wrong and why, in words of JSON.

use core::fmt;

use platform::text::{NAME_BYTES, shorten};
use serde::de::{Error, Expected, Unexpected};
use serde_json::Value;

/// What is wrong, and with which argument.
#[derive(Debug)]
pub(crate) struct ArgumentProblem {
    /// The argument, or a part of one.
    place: String,
    /// The rest of the sentence.
    what: String,
}

impl ArgumentProblem {
    /// A value is not what is wanted.
    pub(super) fn wanted(wanted: &str, found: &Value) -> Self {
        let found = found.to_string();
        let shown = shorten(&found, NAME_BYTES);
        ArgumentProblem::custom(format!("must be {wanted}, and is {shown}"))
    }

    /// It is an item of a list.
    pub(super) fn at(self, place: usize) -> Self {
        self.within(&format!("[{place}]"))
    }

    pub(super) fn within(mut self, name: &str) -> Self {
        let separator = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{name}{separator}{}", self.place);
        self
    }
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() { "the arguments" } else { &self.place };
        write!(f, "`{place}` {}", self.what)
    }
}

impl core::error::Error for ArgumentProblem {}

impl Error for ArgumentProblem {
    fn custom<T: fmt::Display>(what: T) -> Self {
        ArgumentProblem { place: String::new(), what: what.to_string() }
    }

    /// The types are Rust's: what is wanted was said before, where it could be said in words of JSON.
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        ArgumentProblem::custom("has a value of the wrong type")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        ArgumentProblem::custom("is out of range")
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        ArgumentProblem::wanted(&quoted(expected, " or "), &variant.into())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let shown = shorten(field, NAME_BYTES);
        let known = match expected {
            [] => "there are none".to_owned(),
            _ => format!("there are {}", quoted(expected, ", ")),
        };
        ArgumentProblem { place: shown.into(), what: format!("is an unknown argument: {known}") }
    }

    fn missing_field(field: &'static str) -> Self {
        ArgumentProblem { place: field.into(), what: "is missing".into() }
    }
}

/// Names beside each other.
pub(super) fn quoted(names: &[&str], separator: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(separator)
}
