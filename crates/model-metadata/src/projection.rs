//! `Projection`: some fields and attributes of a model's definitions.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::{FieldDefinition, FieldDefinitions};

/// Some fields and attributes of a model's definitions. It serializes as the object of objects that the
/// server would have sent.
///
/// Names that the model does not have are left out, as servers do; [`unknown`](Projection::unknown) lists
/// them.
///
/// # Examples
/// ```
/// use model_metadata::{FieldDefinitions, Projection};
///
/// let all: FieldDefinitions =
///     serde_json::from_str(r#"{"name": {"type": "char", "required": true}, "active": {}}"#)?;
/// let part = Projection::new(&all, Some(&["name"]), Some(&["type"]));
/// assert_eq!(serde_json::to_string(&part)?, r#"{"name":{"type":"char"}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a> {
    definitions: &'a FieldDefinitions,
    fields: Option<&'a [&'a str]>,
    attributes: Option<&'a [&'a str]>,
}

impl<'a> Projection<'a> {
    /// The named fields (or all) with the named attributes (or all).
    #[must_use]
    pub fn new(
        definitions: &'a FieldDefinitions,
        fields: Option<&'a [&'a str]>,
        attributes: Option<&'a [&'a str]>,
    ) -> Self {
        Projection { definitions, fields, attributes }
    }

    /// The fields of the projection, in the order asked for, each once.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldDefinition<'a>> {
        match self.fields {
            None => self.definitions.iter().collect(),
            Some(names) => distinct(names).filter_map(|name| self.definitions.get(name)).collect(),
        }
    }

    /// The names asked for that the model does not have, in the order asked for, each once.
    #[must_use]
    pub fn unknown(&self) -> Vec<&'a str> {
        distinct(self.fields.unwrap_or_default())
            .filter(|name| self.definitions.get(name).is_none())
            .collect()
    }
}

/// The names without repetitions, in their order.
fn distinct<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut seen = std::collections::HashSet::new();
    names.iter().copied().filter(move |name| seen.insert(*name))
}

impl Serialize for Projection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fields();
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for definition in fields {
            map.serialize_entry(definition.name(), &Attributes { definition, asked: self.attributes })?;
        }
        map.end()
    }
}

struct Attributes<'a> {
    definition: FieldDefinition<'a>,
    asked: Option<&'a [&'a str]>,
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, json) in self.definition.attributes() {
            if self.asked.is_none_or(|asked| asked.contains(&name)) {
                let value: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
