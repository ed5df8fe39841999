//! `Arguments`: the arguments of a call, parsed without copying and consumed by name.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use org_structure::OrgId;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::problem::QueryProblem;

/// The arguments of a call. The call takes each by its name, and none may remain.
#[derive(Default)]
pub(crate) struct Arguments<'a> {
    /// In their original order. Calls have few arguments, so a list is faster than a map.
    remaining: Vec<(Cow<'a, str>, ArgumentValue<'a>)>,
    /// Whether all values are text, as in a query string.
    is_text: bool,
}

/// The value of an argument. Texts without escapes are borrowed from the input. An object keeps all of its
/// members, so that a repeated member is detected.
enum ArgumentValue<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Null,
    Number,
    List(Vec<ArgumentValue<'a>>),
    Object(Arguments<'a>),
}

/// An id from the input, not yet validated. `None` for null.
pub(crate) type Id<'a> = Option<Cow<'a, str>>;

/// A record of the call `closest`: its id and the id of its organization.
pub(crate) type Record<'a> = (Cow<'a, str>, Id<'a>);

/// A text, borrowed from the input if it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The members of a JSON object in their original order, repeated ones included.
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
    fn from(Members(remaining): Members<'a, ArgumentValue<'a>>) -> Self {
        Arguments { remaining, is_text: false }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ArgumentValue<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyValue)
    }
}

/// Accepts any JSON value as an argument.
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
    /// Arguments of a query string, which are all text. Flags are `true` and `false`, a list repeats its
    /// name, and null cannot be expressed.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(texts: I) -> Self {
        let remaining = texts.into_iter().map(|(name, text)| (name, ArgumentValue::Text(text))).collect();
        Arguments { remaining, is_text: true }
    }
}

impl<'a> Arguments<'a> {
    /// Fails if an argument remains that the call does not have.
    pub(crate) fn expect_none_left(self) -> Result<(), QueryProblem> {
        match self.remaining.iter().map(|(name, _)| name).min() {
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

    /// A flag.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, QueryProblem> {
        match self.take(name)? {
            ArgumentValue::Flag(flag) => Ok(flag),
            ArgumentValue::Text(text) if self.is_text && text == "true" => Ok(true),
            ArgumentValue::Text(text) if self.is_text && text == "false" => Ok(false),
            _ => Err(QueryProblem::wrong_argument(name, "must be true or false")),
        }
    }

    /// A flag, or `None` if the argument is missing.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Result<Option<bool>, QueryProblem> {
        self.contains(name).then(|| self.flag(name)).transpose()
    }

    /// An id, or `None` if the argument is missing or null.
    pub(crate) fn optional_id(&mut self, name: &str) -> Result<Id<'a>, QueryProblem> {
        if self.contains(name) { self.id(name) } else { Ok(None) }
    }

    /// Ids, none if the argument is missing. Skips texts that are not a valid id.
    pub(crate) fn optional_org_ids(&mut self, name: &str) -> Result<Vec<OrgId>, QueryProblem> {
        let wrong = || QueryProblem::wrong_argument(name, "must be an array of ids");
        let ids: Vec<ArgumentValue<'_>> = if self.is_text {
            self.remaining.extract_if(.., |(other, _)| other == name).map(|(_, given)| given).collect()
        } else if self.contains(name) {
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
            record.expect_none_left()?;
            Ok(parts)
        };
        records.into_iter().map(record).collect()
    }

    /// Removes and returns an argument. Fails if it is given twice, because that is ambiguous.
    fn take(&mut self, name: &str) -> Result<ArgumentValue<'a>, QueryProblem> {
        let place = self.remaining.iter().position(|(other, _)| other == name);
        let (_, value) = self.remaining.remove(place.ok_or_else(|| QueryProblem::missing_argument(name))?);
        if self.contains(name) {
            Err(QueryProblem::wrong_argument(name, "is given more than once"))
        } else {
            Ok(value)
        }
    }

    fn contains(&self, name: &str) -> bool {
        self.remaining.iter().any(|(other, _)| other == name)
    }

    /// Whether there is an argument with this name whose value is not `text`.
    pub(crate) fn has_value_other_than(&self, name: &str, text: &str) -> bool {
        let is_other =
            |given: &ArgumentValue<'_>| !matches!(given, ArgumentValue::Text(given) if given == text);
        self.remaining.iter().any(|(other, given)| other == name && is_other(given))
    }
}

fn id<'a>(name: &str, given: ArgumentValue<'a>) -> Result<Id<'a>, QueryProblem> {
    match given {
        ArgumentValue::Text(id) => Ok(Some(id)),
        ArgumentValue::Null => Ok(None),
        _ => Err(QueryProblem::wrong_argument(name, "must be an id: a string, or null")),
    }
}
