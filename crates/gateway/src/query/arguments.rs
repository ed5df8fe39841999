//! `Arguments`: what a call is given, taken out one by one.

use std::borrow::Cow;
use std::fmt;

use org_structure::OrgId;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::Problem;

/// The arguments of a call. Each is taken out by its name, and none may be left over.
#[derive(Default)]
pub(crate) struct Arguments<'a> {
    /// As they came: calls have few, so a list is faster than a map.
    left: Vec<(Cow<'a, str>, Given<'a>)>,
}

/// An argument as it was given.
enum Given<'a> {
    Json(Value),
    /// In the address of a request, where there is nothing but text.
    Text(Cow<'a, str>),
}

/// An id as it was given; none for null.
pub(crate) type Id<'a> = Option<Cow<'a, str>>;

/// A record of the call `closest`: its id and its organization's.
pub(crate) type Record<'a> = (Cow<'a, str>, Id<'a>);

impl<'de> Deserialize<'de> for Arguments<'static> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Entries)
    }
}

/// Reads arguments from a map.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Arguments<'static>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments<'static>, A::Error> {
        let mut left = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            left.push((Cow::Owned(name), Given::Json(value)));
        }
        Ok(Arguments { left })
    }
}

impl From<Map<String, Value>> for Arguments<'_> {
    fn from(map: Map<String, Value>) -> Self {
        let left = map.into_iter().map(|(name, value)| (Cow::Owned(name), Given::Json(value)));
        Arguments { left: left.collect() }
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Arguments<'a> {
    /// Texts, as an address has them: yes and no are `true` and `false`, a list is its name again for each of it, and there is no null.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(texts: I) -> Self {
        Arguments { left: texts.into_iter().map(|(name, text)| (name, Given::Text(text))).collect() }
    }
}

impl<'a> Arguments<'a> {
    /// Every argument was expected.
    pub(crate) fn done(self) -> Result<(), Problem> {
        match self.left.iter().map(|(name, _)| name).min() {
            Some(name) => Err(Problem::wrong_argument(name, "is not one of this call")),
            None => Ok(()),
        }
    }

    /// An id, which may be null.
    pub(crate) fn id(&mut self, name: &str) -> Result<Id<'a>, Problem> {
        id(name, self.take(name)?)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Cow<'a, str>, Problem> {
        match self.take(name)? {
            Given::Text(text) => Ok(text),
            Given::Json(Value::String(text)) => Ok(Cow::Owned(text)),
            Given::Json(_) => Err(Problem::wrong_argument(name, "must be a string")),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name)? {
            Given::Json(Value::Bool(flag)) => Ok(flag),
            Given::Text(text) if text == "true" => Ok(true),
            Given::Text(text) if text == "false" => Ok(false),
            _ => Err(Problem::wrong_argument(name, "must be true or false")),
        }
    }

    /// Yes or no, or `default` where nothing is said.
    pub(crate) fn optional_flag(&mut self, name: &str, default: bool) -> Result<bool, Problem> {
        if self.has(name) { self.flag(name) } else { Ok(default) }
    }

    /// An id, or none where nothing is said.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Id<'a>, Problem> {
        if self.has(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids; none where nothing is said. Those that cannot be anybody's are left out.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of ids");
        let mut ids = Vec::new();
        for given in self.all(name) {
            match given {
                Given::Text(_) => ids.push(id(name, given)?),
                // As everywhere in JSON, the last one counts.
                Given::Json(Value::Array(array)) => {
                    let array =
                        array.into_iter().map(|value| id(name, Given::Json(value)).map_err(|_| wrong()));
                    ids = array.collect::<Result<_, _>>()?;
                }
                Given::Json(_) => return Err(wrong()),
            }
        }
        Ok(ids.iter().flatten().filter_map(|id| OrgId::new(id).ok()).collect())
    }

    /// Records with an id and an organization.
    pub(crate) fn records(&mut self, name: &str) -> Result<Vec<Record<'a>>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of objects with `id` and `org`");
        let Given::Json(Value::Array(records)) = self.take(name)? else { return Err(wrong()) };
        let record = |record| {
            let Value::Object(record) = record else { return Err(wrong()) };
            let mut record = Arguments::from(record);
            let parts = (record.text("id")?, record.id("org")?);
            record.done()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    /// Takes an argument out. In JSON the last one of a name counts; where there is only text, nobody can tell which is meant.
    fn take(&mut self, name: &str) -> Result<Given<'a>, Problem> {
        let mut given = self.all(name);
        let first = given.next().ok_or_else(|| Problem::missing_argument(name))?;
        match given.last() {
            Some(Given::Text(_)) => Err(Problem::wrong_argument(name, "is given more than once")),
            Some(last) => Ok(last),
            None => Ok(first),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(other, _)| other == name)
    }

    /// Takes out everything of a name.
    fn all(&mut self, name: &str) -> impl Iterator<Item = Given<'a>> {
        self.left.extract_if(.., move |(other, _)| other == name).map(|(_, given)| given)
    }
}

fn id<'a>(name: &str, given: Given<'a>) -> Result<Id<'a>, Problem> {
    match given {
        Given::Text(id) => Ok(Some(id)),
        Given::Json(Value::Null) => Ok(None),
        Given::Json(Value::String(id)) => Ok(Some(Cow::Owned(id))),
        Given::Json(_) => Err(Problem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
