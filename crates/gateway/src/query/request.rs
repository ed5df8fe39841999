//! `Request`: a parsed question.

use std::borrow::Cow;

use platform::text::{NAME_BYTES, shorten};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::arguments::{Arguments, Members, Text};
use super::problem::QueryProblem;

/// One question.
pub(crate) struct Request<'a> {
    /// `None` for the only client.
    pub(crate) client: Option<Cow<'a, str>>,
    pub(crate) call: Cow<'a, str>,
    pub(crate) arguments: Arguments<'a>,
}

impl<'a> Request<'a> {
    /// Parses a line into its id, verbatim (null if the line is not a JSON object), and the question or the
    /// problem with it.
    pub(crate) fn parse(line: &'a [u8]) -> (Option<&'a RawValue>, Result<Self, QueryProblem>) {
        match serde_json::from_slice::<Members<'_, &RawValue>>(line) {
            Ok(Members(parts)) => {
                let id = parts.iter().find(|(name, _)| name == "id").map(|(_, id)| *id);
                (id, Self::from_parts(&parts))
            }
            // The line is another JSON value, or incomplete.
            Err(error) if error.is_data() => {
                let problem = match serde_json::from_slice::<Value>(line) {
                    Ok(_) => QueryProblem::bad_request("a question is a JSON object"),
                    Err(error) => QueryProblem::bad_json(&error),
                };
                (Some(RawValue::NULL), Err(problem))
            }
            Err(error) => (Some(RawValue::NULL), Err(QueryProblem::bad_json(&error))),
        }
    }

    fn from_parts(parts: &[(Cow<'a, str>, &'a RawValue)]) -> Result<Self, QueryProblem> {
        let (mut client, mut call, mut arguments) = (None, None, None);
        for (place, (name, json)) in parts.iter().enumerate() {
            if parts.iter().take(place).any(|(other, _)| other == name) {
                return Err(QueryProblem::bad_request(format!(
                    "`{}` is given more than once",
                    shorten(name, NAME_BYTES)
                )));
            }
            let json = json.get();
            match name.as_ref() {
                "id" => {}
                "client" => client = read::<Option<Text<'_>>>(json, "`client` must be a string")?,
                "call" => call = Some(read::<Text<'_>>(json, "`call` must be a string")?),
                "args" => arguments = Some(read(json, "`args` must be an object")?),
                other => {
                    return Err(QueryProblem::bad_request(format!(
                        "`{}` is not part of a question; it has `id`, `client`, `call` and `args`",
                        shorten(other, NAME_BYTES)
                    )));
                }
            }
        }
        let Text(call) = call.ok_or_else(|| QueryProblem::bad_request("`call` is missing"))?;
        let client = client.map(|Text(client)| client);
        Ok(Request { client, call, arguments: arguments.unwrap_or_default() })
    }
}

/// Parses one member of a question.
fn read<'a, T: Deserialize<'a>>(json: &'a str, expected: &str) -> Result<T, QueryProblem> {
    serde_json::from_str(json).map_err(|error| {
        if error.is_data() { QueryProblem::bad_request(expected) } else { QueryProblem::bad_json(&error) }
    })
}
