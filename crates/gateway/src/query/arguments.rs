//! `Arguments`: what a call is given, taken out one by one.

use std::borrow::Cow;
use std::fmt;

use org_structure::OrgId;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::Problem;

/// The arguments of a call. Each is taken out by its name, and none may be left over.
#[derive(Default)]
pub(crate) struct Arguments<'a> {
    /// As they came: calls have few, so a list is faster than a map.
    left: Vec<(Cow<'a, str>, Given<'a>)>,
    /// Is there nothing but text, as in an address?
    is_text: bool,
}

/// An argument as it was given. Most are texts, which are borrowed where they stand as they are.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(Value),
}

/// An id as it was given; none for null.
pub(crate) type Id<'a> = Option<Cow<'a, str>>;

/// A record of the call `closest`: its id and its organization's.
pub(crate) type Record<'a> = (Cow<'a, str>, Id<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Arguments<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Entries)
    }
}

/// Reads arguments from a map.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Arguments<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments<'de>, A::Error> {
        let mut left = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            left.push((name, map.next_value()?));
        }
        Ok(Arguments { left, is_text: false })
    }
}

/// The name of an argument, borrowed where it stands as it is.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl From<Value> for Given<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Given::Text(text.into()),
            other => Given::Other(other),
        }
    }
}

impl From<Map<String, Value>> for Arguments<'_> {
    fn from(map: Map<String, Value>) -> Self {
        let left = map.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Arguments { left, is_text: false }
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Arguments<'a> {
    /// Texts, as an address has them: yes and no are `true` and `false`, a list is its name again for each of it, and there is no null.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(texts: I) -> Self {
        let left = texts.into_iter().map(|(name, text)| (name, Given::Text(text))).collect();
        Arguments { left, is_text: true }
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
            Given::Other(_) => Err(Problem::wrong_argument(name, "must be a string")),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name)? {
            Given::Other(Value::Bool(flag)) => Ok(flag),
            Given::Text(text) if self.is_text && text == "true" => Ok(true),
            Given::Text(text) if self.is_text && text == "false" => Ok(false),
            _ => Err(Problem::wrong_argument(name, "must be true or false")),
        }
    }

    /// Yes or no, or none if the argument is left out.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        self.has(name).then(|| self.flag(name)).transpose()
    }

    /// An id, or none where nothing is said.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Id<'a>, Problem> {
        if self.has(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids; none where nothing is said. Those that cannot be anybody's are left out.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of ids");
        let ids: Vec<Given<'_>> = if self.is_text {
            self.all(name).collect()
        } else {
            match self.all(name).last() {
                None => Vec::new(),
                Some(Given::Other(Value::Array(ids))) => ids.into_iter().map(Given::from).collect(),
                Some(_) => return Err(wrong()),
            }
        };
        let ids: Vec<Id<'_>> =
            ids.into_iter().map(|given| id(name, given).map_err(|_| wrong())).collect::<Result<_, _>>()?;
        Ok(ids.iter().flatten().filter_map(|id| OrgId::new(id).ok()).collect())
    }

    /// Records with an id and an organization.
    pub(crate) fn records(&mut self, name: &str) -> Result<Vec<Record<'a>>, Problem> {
        let wrong = || Problem::wrong_argument(name, "must be an array of objects with `id` and `org`");
        let Given::Other(Value::Array(records)) = self.take(name)? else { return Err(wrong()) };
        let record = |record| {
            let Value::Object(record) = record else { return Err(wrong()) };
            let mut record = Arguments::from(record);
            let parts = (record.text("id")?, record.id("org")?);
            record.done()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    /// Takes an argument out. In JSON the last one of a name counts; in an address nobody can tell which is meant.
    fn take(&mut self, name: &str) -> Result<Given<'a>, Problem> {
        let is_text = self.is_text;
        let mut given = self.all(name);
        let first = given.next().ok_or_else(|| Problem::missing_argument(name))?;
        match given.last() {
            Some(_) if is_text => Err(Problem::wrong_argument(name, "is given more than once")),
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
        Given::Other(Value::Null) => Ok(None),
        Given::Other(_) => Err(Problem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
