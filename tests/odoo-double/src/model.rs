//! `Model`: records in memory, with the rules that were observed on a real server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Behaviour;
use crate::call::ServerCall;
use crate::failure::Failure;

/// A model with its fields and records.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The definition of every field.
    pub fields: BTreeMap<String, Value>,
    /// The records, each with its fields' values; what is not there is `false`.
    pub records: BTreeMap<i64, Map<String, Value>>,
    /// Records that no user may read.
    pub forbidden: BTreeSet<i64>,
    /// Operations that no user may perform.
    pub denied: BTreeSet<String>,
}

impl Model {
    /// A model with stored fields of the given names and types.
    #[must_use]
    pub fn with_fields(fields: &[(&str, &str)]) -> Self {
        let definition = |name: &str, kind: &str| {
            json!({"name": name, "string": name, "type": kind, "store": true, "readonly": false,
                   "required": false, "searchable": true, "sortable": true})
        };
        let id = ("id", "integer");
        let fields =
            fields.iter().chain([&id]).map(|(name, kind)| ((*name).to_owned(), definition(name, kind)));
        Model { fields: fields.collect(), ..Model::default() }
    }

    /// Adds a record.
    pub fn insert(&mut self, id: i64, values: &Value) {
        self.records.insert(id, values.as_object().cloned().unwrap_or_default());
    }

    pub(crate) fn answer(&mut self, call: &ServerCall, behaviour: &Behaviour) -> Result<Value, Failure> {
        match call.method.as_str() {
            "read" => self.read(&call.model, &call.ids(), call.names("fields"), behaviour),
            "fields_get" => Ok(self.fields_get(call)),
            "check_access_rights" => {
                let operation = call.arguments.get("operation").and_then(Value::as_str).unwrap_or_default();
                Ok(Value::Bool(!self.denied.contains(operation)))
            }
            "search" => Ok(self.page(call).into()),
            "search_count" => Ok(self.found(call).len().into()),
            "search_read" => {
                let page = self.page(call);
                self.read(&call.model, &page, call.names("fields"), behaviour)
            }
            "web_search_read" => self.web_search_read(call, behaviour),
            "write" => self.write(call),
            "create" => Ok(self.create(call).into()),
            "unlink" => {
                let ids = call.ids();
                self.records.retain(|id, _| !ids.contains(id));
                Ok(Value::Bool(true))
            }
            method if method.starts_with('_') => Err(Failure::new(
                "odoo.exceptions.AccessError",
                format!("Private methods (such as {method}) cannot be called remotely."),
            )),
            method => Err(Failure::new(
                "builtins.AttributeError",
                format!("The method '{method}' does not exist on the model '{}'", call.model),
            )),
        }
    }

    fn read(
        &self,
        model: &str,
        ids: &[i64],
        names: Option<Vec<&str>>,
        behaviour: &Behaviour,
    ) -> Result<Value, Failure> {
        let names = names.unwrap_or_else(|| self.fields.keys().map(String::as_str).collect());
        if let Some(unknown) = names.iter().find(|name| !self.fields.contains_key(**name)) {
            let message = format!("Invalid field '{unknown}' on model '{model}'");
            return Err(Failure::new("builtins.ValueError", message));
        }
        if let Some(forbidden) = ids.iter().find(|id| self.forbidden.contains(id)) {
            let message = format!("You are not allowed to access {model} {forbidden}");
            return Err(Failure::new("odoo.exceptions.AccessError", message));
        }
        let missing = ids.iter().find(|id| !self.records.contains_key(id));
        if let (true, Some(missing)) = (behaviour.missing_is_an_error, missing) {
            let message =
                format!("Record does not exist or has been deleted.\n(Record: {model}({missing},))");
            return Err(Failure::new("odoo.exceptions.MissingError", message));
        }
        let rows = ids.iter().filter_map(|id| self.records.get(id).map(|record| (id, record)));
        let rows = rows.map(|(id, record)| {
            let cell = |name: &&str| record.get(*name).cloned().unwrap_or(Value::Bool(false));
            let mut row: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), cell(name))).collect();
            row.insert("id".into(), (*id).into());
            Value::Object(row)
        });
        Ok(rows.collect())
    }

    /// Rows and total at once. A total is inferred from a page that is not full, unless the context forces a count, and
    /// is 0 for an empty page; a many2one shows its name if that is asked for.
    fn web_search_read(&self, call: &ServerCall, behaviour: &Behaviour) -> Result<Value, Failure> {
        let page = self.page(call);
        let asked =
            call.arguments.get("specification").and_then(Value::as_object).cloned().unwrap_or_default();
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let names = if names.is_empty() { vec!["id"] } else { names };
        let mut records = self.read(&call.model, &page, Some(names), behaviour)?;
        for record in records.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            for (name, value) in record.iter_mut() {
                if let Some([id, label]) = value.as_array().map(Vec::as_slice)
                    && label.is_string()
                {
                    let named = asked.get(name).and_then(|it| it.get("fields")).is_some();
                    *value = if named { json!({"id": id, "display_name": label}) } else { id.clone() };
                }
            }
        }
        let forced = call.arguments.get("context").and_then(|it| it.get("force_search_count")).is_some();
        let full = call.number("limit").is_some_and(|limit| page.len() >= limit);
        let length = match page.len() {
            0 => 0,
            _ if forced || full => self.found(call).len(),
            rows => call.number("offset").unwrap_or_default() + rows,
        };
        Ok(json!({"length": length, "records": records}))
    }

    fn fields_get(&self, call: &ServerCall) -> Value {
        let (names, attributes) = (call.names("allfields"), call.names("attributes"));
        let fields = self
            .fields
            .iter()
            .filter(|(name, _)| names.as_ref().is_none_or(|asked| asked.contains(&name.as_str())));
        let fields = fields.map(|(name, definition)| {
            let kept = definition.as_object().into_iter().flatten();
            let kept = kept
                .filter(|(name, _)| attributes.as_ref().is_none_or(|asked| asked.contains(&name.as_str())))
                .map(|(name, value)| (name.clone(), value.clone()));
            (name.clone(), Value::Object(kept.collect()))
        });
        Value::Object(fields.collect())
    }

    /// The ids that a domain finds: of its leaves, `=` and `in` are understood, and all must hold.
    fn found(&self, call: &ServerCall) -> Vec<i64> {
        let domain = call.arguments.get("domain").and_then(Value::as_array).cloned().unwrap_or_default();
        let holds = |id: i64, record: &Map<String, Value>, leaf: &Value| {
            let leaf = leaf.as_array().map(Vec::as_slice).unwrap_or_default();
            let [Value::String(field), Value::String(operator), value] = leaf else { return false };
            let own = if field == "id" { Some(Value::from(id)) } else { record.get(field).cloned() };
            let own = own.unwrap_or(Value::Bool(false));
            match operator.as_str() {
                "=" => own == *value,
                "in" => value.as_array().is_some_and(|values| values.contains(&own)),
                _ => false,
            }
        };
        let found =
            self.records.iter().filter(|(id, record)| domain.iter().all(|leaf| holds(**id, record, leaf)));
        found.map(|(id, _)| *id).collect()
    }

    fn page(&self, call: &ServerCall) -> Vec<i64> {
        let (offset, limit) = (call.number("offset"), call.number("limit"));
        let found = self.found(call).into_iter().skip(offset.unwrap_or_default());
        found.take(limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)).collect()
    }

    fn write(&mut self, call: &ServerCall) -> Result<Value, Failure> {
        let values = call.arguments.get("vals").and_then(Value::as_object).cloned().unwrap_or_default();
        for id in call.ids() {
            let Some(record) = self.records.get_mut(&id) else {
                let message = "Record does not exist or has been deleted.";
                return Err(Failure::new("odoo.exceptions.MissingError", message));
            };
            record.extend(values.clone());
        }
        Ok(Value::Bool(true))
    }

    fn create(&mut self, call: &ServerCall) -> i64 {
        let id = self.records.keys().next_back().copied().unwrap_or_default() + 1;
        let values = call.arguments.get("vals_list").and_then(Value::as_object).cloned().unwrap_or_default();
        self.records.insert(id, values);
        id
    }
}
