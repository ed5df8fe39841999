//! A call as the server understands it, whichever route it came by.

use serde_json::{Map, Value};

/// A method call on a model, its arguments by name.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerCall {
    /// The user who calls.
    pub user: i64,
    /// The model.
    pub model: String,
    /// The method.
    pub method: String,
    /// The arguments by name, `ids` and `context` among them.
    pub arguments: Map<String, Value>,
}

/// The parameters of the methods whose arguments may come by position; `ids` first where there are records.
fn parameters(method: &str) -> &'static [&'static str] {
    match method {
        "read" => &["ids", "fields", "load"],
        "write" => &["ids", "vals"],
        "unlink" => &["ids"],
        "create" => &["vals_list"],
        "search" => &["domain", "offset", "limit", "order"],
        "search_count" => &["domain", "limit"],
        "search_read" => &["domain", "fields", "offset", "limit", "order"],
        "web_search_read" => &["domain", "specification", "offset", "limit", "order", "count_limit"],
        "fields_get" => &["allfields", "attributes"],
        "check_access_rights" => &["operation", "raise_exception"],
        "read_group" => &["domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"],
        _ => &["ids"],
    }
}

impl ServerCall {
    /// A call with arguments by position and by name.
    pub(crate) fn new(
        user: i64,
        model: &str,
        method: &str,
        args: &[Value],
        kwargs: &Map<String, Value>,
    ) -> Self {
        let mut arguments = kwargs.clone();
        for (position, value) in args.iter().enumerate() {
            let name = parameters(method)
                .get(position)
                .map_or_else(|| format!("#{position}"), |name| (*name).into());
            arguments.insert(name, value.clone());
        }
        ServerCall { user, model: model.into(), method: method.into(), arguments }
    }

    /// The ids that the call concerns; one may stand without a list.
    #[must_use]
    pub fn ids(&self) -> Vec<i64> {
        match self.arguments.get("ids") {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).collect(),
            Some(id) => id.as_i64().into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The names in an argument that is a list of names; nothing if it is missing or empty.
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
