//! `Arguments`: what a call is given, taken out one by one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use org_structure::OrgId;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::problem::QueryProblem;

/// The arguments of a call. Each is taken out by its name, and none may be left over.
#[derive(Default)]
pub(crate) struct Arguments<'a> {
    /// As they came: calls have few, so a list is faster than a map.
    left: Vec<(Cow<'a, str>, ArgumentValue<'a>)>,
    /// Is there nothing but text, as in an address?
    is_text: bool,
}

/// An argument as it was given. Most are texts, which are borrowed where they stand as they are. An object
/// keeps every part of it, so that one given twice is seen.
enum ArgumentValue<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Null,
    Number,
    List(Vec<ArgumentValue<'a>>),
    Object(Arguments<'a>),
}

/// An id as it was given; none for null.
pub(crate) type Id<'a> = Option<Cow<'a, str>>;

/// A record of the call `closest`: its id and its organization's.
pub(crate) type Record<'a> = (Cow<'a, str>, Id<'a>);

/// A text, borrowed where it stands as it is.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The members of a JSON object in their order, also one that comes twice.
pub(super) struct Members<'a, V>(pub(super) Vec<(Cow<'a, str>, V)>);

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Members<'a, V> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
    type Value = Members<'de, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de, V>, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Arguments<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Members::deserialize(json).map(Arguments::from)
    }
}

impl<'a> From<Members<'a, ArgumentValue<'a>>> for Arguments<'a> {
    fn from(Members(left): Members<'a, ArgumentValue<'a>>) -> Self {
        Arguments { left, is_text: false }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ArgumentValue<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyValue)
    }
}

/// Reads an argument from any value.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = ArgumentValue<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Text(text.to_owned().into()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<ArgumentValue<'de>, E> {
        Ok(ArgumentValue::Number)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<ArgumentValue<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(ArgumentValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ArgumentValue<'de>, A::Error> {
        MembersVisitor(PhantomData).visit_map(map).map(|members| ArgumentValue::Object(members.into()))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Arguments<'a> {
    /// Texts, as an address has them: yes and no are `true` and `false`, a list is its name again for each of
    /// it, and there is no null.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(texts: I) -> Self {
        let left = texts.into_iter().map(|(name, text)| (name, ArgumentValue::Text(text))).collect();
        Arguments { left, is_text: true }
    }
}

impl<'a> Arguments<'a> {
    /// Every argument was expected.
    pub(crate) fn done(self) -> Result<(), QueryProblem> {
        match self.left.iter().map(|(name, _)| name).min() {
            Some(name) => Err(QueryProblem::wrong_argument(name, "is not one of this call")),
            None => Ok(()),
        }
    }

    /// An id, which may be null.
    pub(crate) fn id(&mut self, name: &str) -> Result<Id<'a>, QueryProblem> {
        id(name, self.take(name)?)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Cow<'a, str>, QueryProblem> {
        match self.take(name)? {
            ArgumentValue::Text(text) => Ok(text),
            _ => Err(QueryProblem::wrong_argument(name, "must be a string")),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, QueryProblem> {
        match self.take(name)? {
            ArgumentValue::Flag(flag) => Ok(flag),
            ArgumentValue::Text(text) if self.is_text && text == "true" => Ok(true),
            ArgumentValue::Text(text) if self.is_text && text == "false" => Ok(false),
            _ => Err(QueryProblem::wrong_argument(name, "must be true or false")),
        }
    }

    /// Yes or no, or none if the argument is left out.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Result<Option<bool>, QueryProblem> {
        self.has(name).then(|| self.flag(name)).transpose()
    }

    /// An id, or none where nothing is said.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Id<'a>, QueryProblem> {
        if self.has(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids; none if the argument is missing. Texts that cannot be an id are left out.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, QueryProblem> {
        let wrong = || QueryProblem::wrong_argument(name, "must be an array of ids");
        let ids: Vec<ArgumentValue<'_>> = if self.is_text {
            self.left.extract_if(.., |(other, _)| other == name).map(|(_, given)| given).collect()
        } else if self.has(name) {
            let ArgumentValue::List(ids) = self.take(name)? else { return Err(wrong()) };
            ids
        } else {
            Vec::new()
        };
        let ids: Vec<Id<'_>> =
            ids.into_iter().map(|given| id(name, given).map_err(|_| wrong())).collect::<Result<_, _>>()?;
        Ok(ids.iter().flatten().filter_map(|id| OrgId::new(id).ok()).collect())
    }

    /// Records with an id and an organization.
    pub(crate) fn records(&mut self, name: &str) -> Result<Vec<Record<'a>>, QueryProblem> {
        let wrong = || QueryProblem::wrong_argument(name, "must be an array of objects with `id` and `org`");
        let ArgumentValue::List(records) = self.take(name)? else { return Err(wrong()) };
        let record = |record| {
            let ArgumentValue::Object(mut record) = record else { return Err(wrong()) };
            let parts = (record.text("id")?, record.id("org")?);
            record.done()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    /// Takes an argument out. One that is given twice is ambiguous.
    fn take(&mut self, name: &str) -> Result<ArgumentValue<'a>, QueryProblem> {
        let place = self.left.iter().position(|(other, _)| other == name);
        let (_, value) = self.left.remove(place.ok_or_else(|| QueryProblem::missing_argument(name))?);
        if self.has(name) {
            Err(QueryProblem::wrong_argument(name, "is given more than once"))
        } else {
            Ok(value)
        }
    }

    fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(other, _)| other == name)
    }

    /// Is there an argument of a name that is anything but a text?
    pub(crate) fn has_other(&self, name: &str, text: &str) -> bool {
        let is_other =
            |given: &ArgumentValue<'_>| !matches!(given, ArgumentValue::Text(given) if given == text);
        self.left.iter().any(|(other, given)| other == name && is_other(given))
    }
}

fn id<'a>(name: &str, given: ArgumentValue<'a>) -> Result<Id<'a>, QueryProblem> {
    match given {
        ArgumentValue::Text(id) => Ok(Some(id)),
        ArgumentValue::Null => Ok(None),
        _ => Err(QueryProblem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
