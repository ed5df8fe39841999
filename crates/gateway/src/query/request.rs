//! `Request`: one line, taken apart.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::problem::{Problem, shortened};

/// One question.
pub(crate) struct Request<'a> {
    /// Nothing where it is the only one.
    pub(crate) client: Option<Cow<'a, str>>,
    pub(crate) call: Cow<'a, str>,
    pub(crate) arguments: Arguments<'a>,
}

impl Request<'_> {
    /// Takes a line apart, into the id to answer with (null where the line is no JSON object) and the question or what is
    /// wrong with it.
    pub(crate) fn parse(line: &[u8]) -> (Option<Value>, Result<Self, Problem>) {
        match serde_json::from_slice(line) {
            Ok(Value::Object(mut object)) => (object.remove("id"), Self::of_object(object)),
            Ok(_) => (Some(Value::Null), Err(Problem::bad_request("a question is a JSON object"))),
            Err(error) => (Some(Value::Null), Err(Problem::bad_json(error))),
        }
    }

    fn of_object(mut object: Map<String, Value>) -> Result<Self, Problem> {
        let client = match object.remove("client") {
            None | Some(Value::Null) => None,
            Some(Value::String(client)) => Some(Cow::Owned(client)),
            Some(_) => return Err(Problem::bad_request("`client` must be a string")),
        };
        let call = match object.remove("call") {
            Some(Value::String(call)) => Cow::Owned(call),
            Some(_) => return Err(Problem::bad_request("`call` must be a string")),
            None => return Err(Problem::bad_request("`call` is missing")),
        };
        let arguments = match object.remove("args") {
            None => Arguments::default(),
            Some(Value::Object(arguments)) => arguments.into(),
            Some(_) => return Err(Problem::bad_request("`args` must be an object")),
        };
        match object.keys().next() {
            Some(key) => Err(Problem::bad_request(format!(
                "`{}` is not part of a question; it has `id`, `client`, `call` and `args`",
                shortened(key)
            ))),
            None => Ok(Request { client, call, arguments }),
        }
    }
}
