//! `Projection`: a selection of the fields and attributes of a model's definitions.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::{FieldDefinition, FieldDefinitions};

/// A selection of the fields and attributes of a model's definitions. Serializes like the server's own
/// answer, as an object of objects.
///
/// Skips names that the model does not have, as servers do; [`unknown`](Projection::unknown) returns them.
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
    /// Selects fields and attributes by name; `None` selects all.
    #[must_use]
    pub fn new(
        definitions: &'a FieldDefinitions,
        fields: Option<&'a [&'a str]>,
        attributes: Option<&'a [&'a str]>,
    ) -> Self {
        Projection { definitions, fields, attributes }
    }

    /// The selected fields, in the requested order, without duplicates.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldDefinition<'a>> {
        match self.fields {
            None => self.definitions.iter().collect(),
            Some(names) => distinct(names).filter_map(|name| self.definitions.get(name)).collect(),
        }
    }

    /// The requested names that the model does not have, in the requested order, without duplicates.
    #[must_use]
    pub fn unknown(&self) -> Vec<&'a str> {
        distinct(self.fields.unwrap_or_default())
            .filter(|name| self.definitions.get(name).is_none())
            .collect()
    }
}

/// Removes duplicates, and keeps the order.
fn distinct<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut seen = std::collections::HashSet::new();
    names.iter().copied().filter(move |name| seen.insert(*name))
}

impl Serialize for Projection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fields();
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for definition in fields {
            map.serialize_entry(definition.name(), &Attributes { definition, requested: self.attributes })?;
        }
        map.end()
    }
}

struct Attributes<'a> {
    definition: FieldDefinition<'a>,
    requested: Option<&'a [&'a str]>,
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, json) in self.definition.attributes() {
            if self.requested.is_none_or(|names| names.contains(&name)) {
                let value: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
