//! Deserializes the arguments of tools: lenient about the notation of a value, strict about its meaning.
//!
//! Some clients write numbers as strings or with a zero fraction, lists as JSON in a string, and null for an
//! omitted argument. The reader accepts a value if it can convert it without loss. Otherwise the error names
//! the argument and describes the problem in terms of JSON.

use std::borrow::Cow;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::{ArgumentProblem, quoted};
use super::{canonical, literal};

/// The first characters of a list in a text.
pub(super) const LIST: &[char] = &['[', '('];

/// Deserializes the arguments of a tool.
///
/// # Errors
/// A message that names the invalid argument and its expected form.
pub(crate) fn read<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, String> {
    T::deserialize(Reader(Value::Object(arguments))).map_err(|problem| problem.to_string())
}

/// The members of an object, or of an object in a text. Also accepts an empty list, which some programs write
/// for an empty object.
pub(crate) fn members(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Array(items) if items.is_empty() => Some(Map::new()),
        value => Reader(value).members().ok(),
    }
}

/// A whole number, in any notation.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    /// The largest integer up to which a float represents all integers exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the condition excludes fractions and large numbers")]
    let from_float = |float: f64| (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| from_float(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            // `1.000` means one or a thousand, depending on the locale.
            let has_thousands = text.split_once('.').is_some_and(|(_, rest)| rest.len() == 3);
            let is_number =
                text.bytes().all(|it| it.is_ascii_digit() || b"-.eE".contains(&it)) && !has_thousands;
            text.parse().ok().or_else(|| text.parse().ok().filter(|_| is_number).and_then(from_float))
        }
        _ => None,
    }
}

/// A list, or a list in a text. Also accepts an empty text, which some clients write for an empty list.
pub(super) fn list(value: Value) -> Result<Vec<Value>, ArgumentProblem> {
    match unwrapped(value, LIST)? {
        Value::Array(items) => Ok(items),
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        value => Err(ArgumentProblem::expected("a list", &value)),
    }
}

/// Does the value look like a list in a text?
pub(super) fn begins_as_list(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_start().starts_with(LIST))
}

/// Parses a list in a text. Returns any other value unchanged.
pub(crate) fn unwrapped_list(value: &Value) -> Cow<'_, Value> {
    let list = begins_as_list(value).then(|| list(value.clone()).ok()).flatten();
    list.map_or(Cow::Borrowed(value), |list| Cow::Owned(list.into()))
}

/// Parses a text that starts with one of these characters. Returns any other value unchanged.
fn unwrapped(value: Value, first: &[char]) -> Result<Value, ArgumentProblem> {
    match &value {
        Value::String(text) if text.trim_start().starts_with(first) => {
            literal::parse(text.trim()).map_err(ArgumentProblem::custom)
        }
        _ => Ok(value),
    }
}

/// A deserializer for a value.
struct Reader(Value);

impl Reader {
    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        match whole(&self.0) {
            Some(number) => visitor.visit_i64(number),
            None => Err(ArgumentProblem::expected("a whole number", &self.0)),
        }
    }

    fn natural<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        match whole(&self.0).map(u64::try_from) {
            Some(Ok(number)) => visitor.visit_u64(number),
            _ => Err(ArgumentProblem::expected("a whole number, 0 or more", &self.0)),
        }
    }

    fn members(self) -> Result<Map<String, Value>, ArgumentProblem> {
        match unwrapped(self.0, &['{'])? {
            Value::Object(members) => Ok(members),
            Value::String(text) if text.trim().is_empty() => Ok(Map::new()),
            value => Err(ArgumentProblem::expected("an object", &value)),
        }
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = ArgumentProblem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        self.0.deserialize_any(visitor).map_err(ArgumentProblem::custom)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgumentProblem> {
        visitor.visit_newtype_struct(Reader(canonical(name, self.0)?))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        let text = self.0.as_str().map(str::trim).unwrap_or_default();
        match &self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            _ if text.eq_ignore_ascii_case("true") => visitor.visit_bool(true),
            _ if text.eq_ignore_ascii_case("false") => visitor.visit_bool(false),
            value => match whole(value) {
                Some(number @ (0 | 1)) => visitor.visit_bool(number == 1),
                _ => Err(ArgumentProblem::expected("true or false", value)),
            },
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                visitor.visit_string(number.to_string())
            }
            value => Err(ArgumentProblem::expected("a text", &value)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        self.deserialize_string(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        visitor.visit_seq(Items { items: list(self.0)?.into_iter(), index: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        visitor.visit_map(Members { members: self.members()?.into_iter(), value: None })
    }

    /// The members of a struct are arguments, and null means an omitted argument.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgumentProblem> {
        let mut members = self.members()?;
        members.retain(|_, value| !value.is_null());
        visitor.visit_map(Members { members: members.into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgumentProblem> {
        let Value::String(text) = self.0 else {
            return Err(ArgumentProblem::expected(&quoted(variants, " or "), &self.0));
        };
        let text: StringDeserializer<ArgumentProblem> = text.trim().to_lowercase().into_deserializer();
        visitor.visit_enum(text)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        self.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        self.natural(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentProblem> {
        self.natural(visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = ArgumentProblem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ArgumentProblem> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|problem| problem.at(index))
    }
}

struct Members {
    members: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = ArgumentProblem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ArgumentProblem> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        let key: StringDeserializer<ArgumentProblem> = name.clone().into_deserializer();
        self.value = Some((name, value));
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ArgumentProblem> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Reader(value)).map_err(|problem| problem.within(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Map, Value, json};

    use super::{read, whole};
    use crate::arguments::{Domain, Ids, Names, RecordId};

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Arguments {
        id: Option<RecordId>,
        ids: Option<Ids>,
        limit: Option<i64>,
        age: u32,
        html: bool,
        text: String,
        names: Option<Names>,
        domain: Option<Domain>,
        values: Map<String, Value>,
        records: Vec<Map<String, Value>>,
        kind: Kind,
        part: Part,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Note,
        Comment,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        flag: Option<bool>,
    }

    fn arguments(value: Value) -> Result<Arguments, String> {
        read(value.as_object().cloned().unwrap())
    }

    #[test]
    fn whole_numbers_are_accepted_in_any_notation() {
        for (value, number) in [
            (json!(7), Some(7)),
            (json!(7.0), Some(7)),
            (json!("7"), Some(7)),
            (json!(" -7 "), Some(-7)),
            (json!("7.0"), Some(7)),
            (json!("7e2"), Some(700)),
            (json!(7.5), None),
            (json!("7.5"), None),
            (json!("1.000"), None),
            (json!("1,000"), None),
            (json!(1e17), None),
            (json!(u64::MAX), None),
            (json!("seven"), None),
            (json!("inf"), None),
            (json!(""), None),
            (json!(true), None),
            (json!([7]), None),
        ] {
            assert_eq!(whole(&value), number, "{value}");
        }
    }

    #[test]
    fn values_that_convert_without_loss_are_accepted() {
        let read = arguments(json!({
            "id": "5", "ids": [1, "2", 3.0], "limit": 10.0, "age": "2", "html": "True", "text": 17,
            "names": "name, email", "domain": "[('name', '=', 'x'), ('active', '=', False)]",
            "values": "{\"name\": \"x\", \"parent_id\": null}", "records": "[{\"a\": 1}]", "kind": "Comment",
            "part": "{\"flag\": \"false\"}",
        }))
        .unwrap();
        assert_eq!((read.id, read.limit, read.age), (Some(RecordId(5)), Some(10), 2));
        assert_eq!((read.ids, read.html, read.text), (Some(Ids(vec![1, 2, 3])), true, "17".to_owned()));
        assert_eq!(read.names, Some(Names(vec!["name".into(), "email".into()])));
        assert_eq!(read.domain.unwrap().0, [json!(["name", "=", "x"]), json!(["active", "=", false])]);
        assert_eq!(Value::Object(read.values), json!({"name": "x", "parent_id": null}));
        assert_eq!((read.records.len(), read.kind, read.part.flag), (1, Kind::Comment, Some(false)));

        for (argument, domain) in [
            (json!(["a", "=", 1]), json!([["a", "=", 1]])),
            (json!([["a", "in", "[1, 2]"]]), json!([["a", "in", [1, 2]]])),
            (json!(["a", "not in", "(1,)"]), json!([["a", "not in", [1]]])),
            (json!([["a", "any", "[('b', '=', True)]"]]), json!([["a", "any", [["b", "=", true]]]])),
            (json!([["a", "not any", ["b", "in", "[1]"]]]), json!([["a", "not any", [["b", "in", [1]]]]])),
            (
                json!("['|', \"('a', '=', 1)\", ('b', '=', '[1]')]"),
                json!(["|", ["a", "=", 1], ["b", "=", "[1]"]]),
            ),
        ] {
            let read = arguments(json!({"domain": argument})).unwrap();
            assert_eq!(Value::Array(read.domain.unwrap().0), domain, "{argument}");
        }

        let none = json!({"id": null, "ids": null, "limit": null, "age": null, "html": null, "text": null, "names": null,
            "domain": null, "values": null, "records": null, "kind": null, "part": null});
        let read = arguments(none).unwrap();
        assert!(read.id.is_none() && read.limit.is_none() && read.domain.is_none() && !read.html);
    }

    #[test]
    fn errors_name_the_argument_in_terms_of_json() {
        for (value, message) in [
            (json!({"limit": "ten"}), "`limit` must be a whole number, but is \"ten\""),
            (json!({"limit": 1.5}), "`limit` must be a whole number, but is 1.5"),
            (json!({"limit": true}), "`limit` must be a whole number, but is true"),
            (json!({"age": -1}), "`age` must be a whole number, 0 or more, but is -1"),
            (json!({"age": 5_000_000_000_i64}), "`age` is out of range"),
            (json!({"id": 0}), "`id` must be the id of a record, from 1 to 2147483647, but is 0"),
            (json!({"id": true}), "`id` must be the id of a record, from 1 to 2147483647, but is true"),
            (
                json!({"ids": [1, "x"]}),
                "`ids[1]` must be the id of a record, from 1 to 2147483647, but is \"x\"",
            ),
            (json!({"html": 2}), "`html` must be true or false, but is 2"),
            (json!({"text": {}}), "`text` must be a text, but is {}"),
            (json!({"text": 1.5}), "`text` must be a text, but is 1.5"),
            (json!({"names": [1]}), "`names[0]` must be a name, but is 1"),
            (json!({"names": {}}), "`names` must be a list of names, but is {}"),
            (json!({"domain": "name = x"}), "`domain` must be a list, but is \"name = x\""),
            (
                json!({"domain": "[('id', '=', uid)]"}),
                "`domain` is a text that is neither JSON nor a Python literal: `uid` is not a value at character 14",
            ),
            (
                json!({"domain": [["a", "=", 1], ["b", "in", "[x"]]}),
                "`domain[1]` is a text that is neither JSON nor a Python literal: `x` is not a value at character 2",
            ),
            (json!({"values": [1]}), "`values` must be an object, but is [1]"),
            (json!({"values": "name=x"}), "`values` must be an object, but is \"name=x\""),
            (json!({"records": {"a": 1}}), "`records` must be a list, but is {\"a\":1}"),
            (json!({"records": [{}, 7]}), "`records[1]` must be an object, but is 7"),
            (json!({"kind": "loud"}), "`kind` must be `note` or `comment`, but is \"loud\""),
            (json!({"kind": 1}), "`kind` must be `note` or `comment`, but is 1"),
            (json!({"part": {"flag": 7}}), "`part.flag` must be true or false, but is 7"),
            (json!({"part": {"flog": true}}), "`part.flog` is an unknown argument: the arguments are `flag`"),
        ] {
            assert_eq!(arguments(value.clone()).unwrap_err(), message, "{value}");
        }
        assert!(
            arguments(json!({"limt": 1}))
                .unwrap_err()
                .starts_with("`limt` is an unknown argument: the arguments are `id`, ")
        );
        let long = arguments(json!({"limit": "x".repeat(1000)})).unwrap_err();
        assert!(long.len() < 150, "{long}");
    }
}
