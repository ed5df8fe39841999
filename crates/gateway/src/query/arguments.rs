//! `Arguments`: what a call is given, taken out one by one.

use org_structure::OrgId;
use serde_json::{Map, Value};

use super::problem::Problem;

/// The arguments of a call. Each is taken out by its name, and none may be left over.
pub(crate) struct Arguments {
    left: Map<String, Value>,
}

/// A record of the call `closest`: its id and its organization's.
pub(crate) type Record = (String, Option<String>);

impl Arguments {
    pub(crate) fn new(arguments: Map<String, Value>) -> Self {
        Arguments { left: arguments }
    }

    /// Every argument was expected.
    pub(crate) fn done(self) -> Result<(), Problem> {
        match self.left.keys().next() {
            Some(name) => Err(Problem::wrong_argument(name, "is not one of this call")),
            None => Ok(()),
        }
    }

    /// An id, which may be null.
    pub(crate) fn id(&mut self, name: &str) -> Result<Option<String>, Problem> {
        id(name, self.take(name)?)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Problem> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            _ => Err(Problem::wrong_argument(name, "must be a string")),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name)? {
            Value::Bool(flag) => Ok(flag),
            _ => Err(Problem::wrong_argument(name, "must be true or false")),
        }
    }

    /// Yes or no, or `default` where nothing is said.
    pub(crate) fn optional_flag(&mut self, name: &str, default: bool) -> Result<bool, Problem> {
        if self.left.contains_key(name) { self.flag(name) } else { Ok(default) }
    }

    /// An id, or none where nothing is said.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Option<String>, Problem> {
        if self.left.contains_key(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids; none where nothing is said. Those that cannot be anybody's are left out.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of ids");
        match self.left.remove(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(ids)) => {
                let ids: Vec<Option<String>> = ids
                    .into_iter()
                    .map(|value| id(name, value).map_err(|_| wrong()))
                    .collect::<Result<_, _>>()?;
                Ok(ids.iter().flatten().filter_map(|id| OrgId::new(id).ok()).collect())
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Records with an id and an organization.
    pub(crate) fn records(&mut self, name: &str) -> Result<Vec<Record>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of objects with `id` and `org`");
        let Value::Array(records) = self.take(name)? else { return Err(wrong()) };
        let record = |record| {
            let Value::Object(record) = record else { return Err(wrong()) };
            let mut record = Arguments::new(record);
            let parts = (record.text("id")?, record.id("org")?);
            record.done()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    fn take(&mut self, name: &str) -> Result<Value, Problem> {
        self.left.remove(name).ok_or_else(|| Problem::missing_argument(name))
    }
}

fn id(name: &str, value: Value) -> Result<Option<String>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::String(id) => Ok(Some(id)),
        _ => Err(Problem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
