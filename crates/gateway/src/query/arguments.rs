//! `Arguments`: what a call is given, taken out one by one.

use std::fmt;

use org_structure::OrgId;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::Problem;

/// The arguments of a call. Each is taken out by its name, and none may be left over.
#[derive(Default)]
pub(crate) struct Arguments {
    /// As they came: calls have few, so a list is faster than a map.
    left: Vec<(String, Value)>,
}

/// A record of the call `closest`: its id and its organization's.
pub(crate) type Record = (String, Option<String>);

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Entries)
    }
}

/// Reads arguments from a map.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Arguments;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
        let mut left = Vec::new();
        while let Some(entry) = map.next_entry()? {
            left.push(entry);
        }
        Ok(Arguments { left })
    }
}

impl From<Map<String, Value>> for Arguments {
    fn from(map: Map<String, Value>) -> Self {
        Arguments { left: map.into_iter().collect() }
    }
}

impl Arguments {
    /// Every argument was expected.
    pub(crate) fn done(self) -> Result<(), Problem> {
        match self.left.iter().map(|(name, _)| name).min() {
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
        if self.has(name) { self.flag(name) } else { Ok(default) }
    }

    /// An id, or none where nothing is said.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Option<String>, Problem> {
        if self.has(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids; none where nothing is said. Those that cannot be anybody's are left out.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of ids");
        match self.find(name) {
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
            let mut record = Arguments::from(record);
            let parts = (record.text("id")?, record.id("org")?);
            record.done()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    fn take(&mut self, name: &str) -> Result<Value, Problem> {
        self.find(name).ok_or_else(|| Problem::missing_argument(name))
    }

    fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(other, _)| other == name)
    }

    /// Takes an argument out; where it was given more than once, the last one counts.
    fn find(&mut self, name: &str) -> Option<Value> {
        self.left.extract_if(.., |(other, _)| other == name).map(|(_, value)| value).last()
    }
}

fn id(name: &str, value: Value) -> Result<Option<String>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::String(id) => Ok(Some(id)),
        _ => Err(Problem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
