//! JSON schemas of arguments and answers, in the subset of JSON Schema that all clients support.
//!
//! Clients pass the schemas of arguments to the APIs of their language models, which support different
//! subsets of JSON Schema. All of them accept schemas with one type for each value, `properties` for each
//! object and `items` for each list, without `format`, and without `true` or `false` in place of a schema.

use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::McpSettings;

/// The schema of a tool's arguments, with the configured limits.
pub(crate) fn for_arguments<T: JsonSchema>(settings: &McpSettings) -> Arc<Map<String, Value>> {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12());
    make_plain(&mut schema, false);
    if let Some(limit) = schema.pointer_mut("/properties/limit").and_then(Value::as_object_mut) {
        limit.insert("default".into(), settings.default_limit.into());
        limit.insert("maximum".into(), settings.max_limit.into());
    }
    finish(schema)
}

/// The schema of a tool's answer. Its members may be null.
pub(crate) fn for_answer<T: JsonSchema>() -> Arc<Map<String, Value>> {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12().for_serialize());
    make_plain(&mut schema, true);
    finish(schema)
}

fn generate<T: JsonSchema>(mut settings: SchemaSettings) -> Value {
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Removes the title and description of the root, because the tool has its own.
fn finish(schema: Value) -> Arc<Map<String, Value>> {
    let Value::Object(mut schema) = schema else { return Arc::default() };
    schema.remove("title");
    schema.remove("description");
    Arc::new(schema)
}

/// Rewrites a schema and all nested schemas to the subset that all clients support.
fn make_plain(schema: &mut Value, nullable: bool) {
    let Some(object) = schema.as_object_mut() else {
        *schema = json!({});
        return;
    };
    for unsupported in ["format", "additionalProperties"] {
        object.remove(unsupported);
    }
    if object.get("minimum").and_then(Value::as_i64) == Some(0) {
        object.remove("minimum");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        // Doc comments have line breaks.
        *description = description.replace('\n', " ");
    }
    // Replace a list of types by the type that is not null. In answers, allow null as an alternative.
    if let Some(Value::Array(kinds)) = object.get("type") {
        let mut kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if let (Some(kind), true) = (kinds.pop(), kinds.is_empty()) {
            object.insert("type".into(), kind);
            let description = object.remove("description");
            make_plain(schema, nullable);
            if nullable {
                *schema = json!({"anyOf": [schema.take(), {"type": "null"}]});
            }
            if let (Some(object), Some(description)) = (schema.as_object_mut(), description) {
                object.insert("description".into(), description);
            }
            return;
        }
    }
    if let (Some(Value::Array(choices)), false) = (object.get_mut("anyOf"), nullable) {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let ([Value::Object(only)], true) = (choices.as_slice(), choices.len() == 1) {
            let only = only.clone();
            object.remove("anyOf");
            for (name, value) in only {
                object.entry(name).or_insert(value);
            }
        }
    }
    match object.get("type").and_then(Value::as_str) {
        Some("object") => {
            object.entry("properties").or_insert_with(|| json!({}));
        }
        Some("array") => {
            object.entry("items").or_insert_with(|| json!({}));
        }
        _ => {}
    }
    for (name, value) in object.iter_mut() {
        match (name.as_str(), value) {
            ("properties", Value::Object(members)) => {
                members.values_mut().for_each(|member| make_plain(member, nullable));
            }
            ("items", items) => make_plain(items, nullable),
            ("anyOf", Value::Array(choices)) => {
                choices.iter_mut().for_each(|choice| make_plain(choice, nullable));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::{Map, Value, json};

    use super::{for_answer, for_arguments};
    use crate::McpSettings;

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "the test uses only the schema")]
    struct Arguments {
        /// The name,
        /// in two lines.
        name: String,
        limit: Option<i64>,
        age: u32,
        values: Map<String, Value>,
        part: Option<Part>,
        any: Vec<Value>,
    }

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "the test uses only the schema")]
    struct Part {
        /// Or not.
        flag: Option<bool>,
    }

    #[derive(JsonSchema)]
    struct NoArguments {}

    #[test]
    fn schemas_use_only_the_supported_subset() {
        let settings = McpSettings { default_limit: 10, max_limit: 50, ..McpSettings::default() };
        let part =
            json!({"type": "object", "properties": {"flag": {"type": "boolean", "description": "Or not."}}});
        let expected = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "The name, in two lines."},
                "limit": {"type": "integer", "default": 10, "maximum": 50},
                "age": {"type": "integer"},
                "values": {"type": "object", "properties": {}},
                "part": part,
                "any": {"type": "array", "items": {}},
            },
            "required": ["name", "age", "values", "any"],
        });
        assert_eq!(Value::Object((*for_arguments::<Arguments>(&settings)).clone()), expected);
        let nothing = json!({"type": "object", "properties": {}});
        assert_eq!(Value::Object((*for_arguments::<NoArguments>(&settings)).clone()), nothing);
        let answer = for_answer::<Part>();
        let flag = json!({"anyOf": [{"type": "boolean"}, {"type": "null"}], "description": "Or not."});
        assert_eq!(answer.get("properties").and_then(|it| it.get("flag")), Some(&flag));
    }
}
