//! `FieldDefinitions`: the definitions of a model's fields, with each distinct name and value stored once.

use std::collections::{BTreeMap, HashMap};

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

use crate::shared_values::SharedValue;

/// A range of bytes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Field {
    name: Span,
    /// The end of the field's attribute values, which start where those of the previous field end.
    values_end: u32,
}

/// One attribute of one field, as indices into `spans`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct AttributeValue {
    attribute: u32,
    value: u32,
}

/// The complete definitions of a model's fields: the attributes of each field, with their JSON values.
///
/// Deserializes from a JSON object of objects (`{"name": {"type": "char", …}, …}`) and stores values as JSON
/// text. Many values are equal (`false`, `[]`, …), so each distinct value is stored once. Fields and
/// attributes are sorted by name, so equal definitions have equal bytes.
///
/// # Memory
/// 12 bytes for each field, 8 bytes for each attribute of a field, and for each distinct name or value its
/// text and 8 bytes.
///
/// # Examples
/// ```
/// use model_metadata::FieldDefinitions;
///
/// let definitions: FieldDefinitions =
///     serde_json::from_str(r#"{"name": {"type": "char", "required": true}, "active": {}}"#)?;
/// let name = definitions.get("name").ok_or("unknown field")?;
/// assert_eq!(name.text("type").as_deref(), Some("char"));
/// assert!(name.is_true("required"));
/// assert!(definitions.get("no_such").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldDefinitions {
    // INVARIANT: spans lie within `text`, at character boundaries. `fields` are sorted by name, and the
    // values of each field by attribute.
    text: Box<str>,
    spans: Box<[Span]>,
    fields: Box<[Field]>,
    attribute_values: Box<[AttributeValue]>,
}

/// The definition of one field.
#[derive(Clone, Copy, Debug)]
pub struct FieldDefinition<'a> {
    definitions: &'a FieldDefinitions,
    name: Span,
    attribute_values: &'a [AttributeValue],
}

impl FieldDefinitions {
    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Has the model no fields?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A field by its name.
    ///
    /// # Complexity
    /// Binary search, no allocation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FieldDefinition<'_>> {
        let position = self.fields.binary_search_by(|field| self.slice(field.name).cmp(name)).ok()?;
        self.at(position)
    }

    /// All fields, by name.
    pub fn iter(&self) -> impl Iterator<Item = FieldDefinition<'_>> {
        (0..self.fields.len()).filter_map(|position| self.at(position))
    }

    /// The bytes that the definitions own.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.text.len()
            + size_of_val(&*self.spans)
            + size_of_val(&*self.fields)
            + size_of_val(&*self.attribute_values)
    }

    fn at(&self, position: usize) -> Option<FieldDefinition<'_>> {
        let field = self.fields.get(position)?;
        let start = match position.checked_sub(1) {
            Some(before) => self.fields.get(before)?.values_end,
            None => 0,
        };
        let range = usize::try_from(start).ok()?..usize::try_from(field.values_end).ok()?;
        Some(FieldDefinition {
            definitions: self,
            name: field.name,
            attribute_values: self.attribute_values.get(range)?,
        })
    }

    fn slice(&self, span: Span) -> &str {
        match (usize::try_from(span.start), usize::try_from(span.end)) {
            (Ok(start), Ok(end)) => self.text.get(start..end).unwrap_or_default(),
            _ => "",
        }
    }

    fn text_at(&self, position: u32) -> &str {
        let span = usize::try_from(position).ok().and_then(|position| self.spans.get(position));
        span.map_or("", |span| self.slice(*span))
    }
}

impl<'a> FieldDefinition<'a> {
    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.definitions.slice(self.name)
    }

    /// The JSON text of an attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let text = |attribute_value: &AttributeValue| self.definitions.text_at(attribute_value.attribute);
        let position =
            self.attribute_values.binary_search_by(|attribute_value| text(attribute_value).cmp(name)).ok()?;
        self.attribute_values
            .get(position)
            .map(|attribute_value| self.definitions.text_at(attribute_value.value))
    }

    /// All attributes by name, each with the JSON text of its value.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let (definitions, attribute_values) = (self.definitions, self.attribute_values);
        attribute_values.iter().map(|attribute_value| {
            (definitions.text_at(attribute_value.attribute), definitions.text_at(attribute_value.value))
        })
    }

    /// The decoded value of an attribute, if it is a JSON string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.attribute(name).and_then(|json| serde_json::from_str(json).ok())
    }

    /// Is the value of an attribute `true`?
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.attribute(name) == Some("true")
    }
}

impl SharedValue for FieldDefinitions {
    fn heap_bytes(&self) -> usize {
        self.footprint()
    }
}

/// Positions have 32 bits.
const TOO_LARGE: &str = "field definitions must be smaller than 4 GiB";

/// Collects distinct texts.
#[derive(Default)]
struct Texts<'a> {
    text: String,
    spans: Vec<Span>,
    known: HashMap<&'a str, u32, ahash::RandomState>,
}

impl<'a> Texts<'a> {
    fn add(&mut self, text: &'a str) -> Option<u32> {
        if let Some(known) = self.known.get(text) {
            return Some(*known);
        }
        let start = u32::try_from(self.text.len()).ok()?;
        self.text.push_str(text);
        let span = Span { start, end: u32::try_from(self.text.len()).ok()? };
        let position = u32::try_from(self.spans.len()).ok()?;
        self.spans.push(span);
        self.known.insert(text, position);
        Some(position)
    }

    fn span(&self, position: u32) -> Option<Span> {
        self.spans.get(usize::try_from(position).ok()?).copied()
    }
}

fn pack(source: &BTreeMap<String, BTreeMap<String, Box<RawValue>>>) -> Option<FieldDefinitions> {
    let mut texts = Texts::default();
    let mut fields = Vec::with_capacity(source.len());
    let mut attribute_values = Vec::with_capacity(source.values().map(BTreeMap::len).sum());
    for (name, attributes) in source {
        for (attribute, value) in attributes {
            attribute_values
                .push(AttributeValue { attribute: texts.add(attribute)?, value: texts.add(value.get())? });
        }
        let name = texts.add(name)?;
        fields
            .push(Field { name: texts.span(name)?, values_end: u32::try_from(attribute_values.len()).ok()? });
    }
    Some(FieldDefinitions {
        text: texts.text.into_boxed_str(),
        spans: texts.spans.into_boxed_slice(),
        fields: fields.into_boxed_slice(),
        attribute_values: attribute_values.into_boxed_slice(),
    })
}

impl<'de> Deserialize<'de> for FieldDefinitions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = BTreeMap::deserialize(deserializer)?;
        pack(&source).ok_or_else(|| D::Error::custom(TOO_LARGE))
    }
}
