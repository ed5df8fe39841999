//! A call on a model, from any route.

use serde_json::{Map, Value};

use crate::exception::OdooException;

/// A method call on a model, its arguments by name.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerCall {
    /// The calling user.
    pub user: i64,
    /// The model.
    pub model: String,
    /// The method.
    pub method: String,
    /// The arguments by name, including `ids` and `context`.
    pub arguments: Map<String, Value>,
}

/// The route of a call. Routes report failures differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Stateless,
    Session,
    Json2,
}

/// The parameters of a known method.
struct Signature {
    /// Is it a method of records, with `ids` as the first argument?
    of_records: bool,
    /// How many parameters, in order, are required.
    required: usize,
    names: &'static [&'static str],
}

fn signature(method: &str, version: u32) -> Option<Signature> {
    let (of_records, required, names): (bool, usize, &'static [&'static str]) = match method {
        "read" => (true, 0, &["fields", "load"]),
        "write" => (true, 1, &["vals"]),
        "unlink" => (true, 0, &[]),
        "check_access_rule" => (true, 1, &["operation"]),
        "copy" => (true, 0, &["default"]),
        "create" => (false, 1, &["vals_list"]),
        "search" => (false, 1, &["domain", "offset", "limit", "order"]),
        "search_count" => (false, 1, &["domain", "limit"]),
        "search_read" => (false, 0, &["domain", "fields", "offset", "limit", "order"]),
        "web_search_read" => {
            (false, 2, &["domain", "specification", "offset", "limit", "order", "count_limit"])
        }
        "web_save_multi" if version >= 19 => (true, 2, &["vals_list", "specification"]),
        "fields_get" => (false, 0, &["allfields", "attributes"]),
        "check_access_rights" => (false, 1, &["operation", "raise_exception"]),
        "check_field_access_rights" => (false, 2, &["operation", "field_names"]),
        "get_available_models" => (false, 0, &[]),
        "has_access" if version >= 18 => (true, 1, &["operation"]),
        "read_group" => (false, 3, &["domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"]),
        "formatted_read_group" if version >= 19 => {
            (false, 1, &["domain", "groupby", "aggregates", "having", "offset", "limit", "order"])
        }
        "web_read_group" if version >= 19 => {
            (false, 2, &["domain", "groupby", "aggregates", "limit", "offset", "order"])
        }
        "web_read_group" => {
            (false, 3, &["domain", "fields", "groupby", "limit", "offset", "orderby", "lazy"])
        }
        "name_search" if version >= 19 => (false, 0, &["name", "domain", "operator", "limit"]),
        "name_search" => (false, 0, &["name", "args", "operator", "limit"]),
        "default_get" if version >= 19 => (false, 1, &["fields"]),
        "default_get" => (false, 1, &["fields_list"]),
        "has_group" => (version >= 18, 1, &["group_ext_id"]),
        _ => return None,
    };
    Some(Signature { of_records, required, names })
}

impl ServerCall {
    /// A call with arguments by position and by name.
    pub(crate) fn new(
        user: i64,
        model: &str,
        method: &str,
        args: &[Value],
        kwargs: &Map<String, Value>,
        version: u32,
    ) -> Self {
        let mut arguments = kwargs.clone();
        let names = match signature(method, version) {
            Some(Signature { of_records: true, names, .. }) => [&["ids"], names].concat(),
            Some(Signature { names, .. }) => names.to_vec(),
            None => vec!["ids"],
        };
        for (position, value) in args.iter().enumerate() {
            let name = names.get(position).map_or_else(|| format!("#{position}"), |name| (*name).into());
            arguments.insert(name, value.clone());
        }
        ServerCall { user, model: model.into(), method: method.into(), arguments }
    }

    /// Refuses unknown arguments, as the server does. Unknown methods accept any.
    pub(crate) fn check_arguments(&self, route: Route, version: u32) -> Result<(), OdooException> {
        let Some(signature) = signature(&self.method, version) else { return Ok(()) };
        let failure = |message: String| Err(OdooException::arguments(&self.method, &message, route));
        if !signature.of_records && self.arguments.contains_key("ids") {
            return failure(format!("cannot call {}.{} with ids", self.model, self.method));
        }
        let known = |name: &str| ["ids", "context"].contains(&name) || signature.names.contains(&name);
        if let Some(unknown) = self.arguments.keys().find(|name| !known(name)) {
            return failure(format!("got an unexpected keyword argument '{unknown}'"));
        }
        let mut required = signature.names.iter().take(signature.required);
        if let Some(missing) = required.find(|name| !self.arguments.contains_key(**name)) {
            return match route {
                Route::Json2 => failure(format!("missing a required argument: '{missing}'")),
                _ => failure(format!("missing 1 required positional argument: '{missing}'")),
            };
        }
        Ok(())
    }

    /// The ids of the call; a single id need not be a list.
    #[must_use]
    pub fn ids(&self) -> Vec<i64> {
        match self.arguments.get("ids") {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).collect(),
            Some(id) => id.as_i64().into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The names in a list argument; empty if it is missing.
    #[must_use]
    pub fn names(&self, argument: &str) -> Option<Vec<&str>> {
        let names: Vec<&str> =
            self.arguments.get(argument)?.as_array()?.iter().filter_map(Value::as_str).collect();
        (!names.is_empty()).then_some(names)
    }

    /// A number among the arguments.
    pub(crate) fn number(&self, argument: &str) -> Option<usize> {
        self.arguments.get(argument)?.as_u64().and_then(|number| usize::try_from(number).ok())
    }
}
