//! `Model`: records in memory, with the rules that were observed on a real server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Behaviour;
use crate::call::ServerCall;
use crate::domain;
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
    /// Fields that no user may read, such as those computed from a model that is closed.
    pub refused: BTreeSet<String>,
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
            "create" => Ok(self.create(call)),
            "message_post" if self.fields.contains_key("message_ids") => Ok(Value::from(self.posted(call))),
            "read_group" => Ok(self.read_group(call)),
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
        if let Some(refused) = names.iter().find(|name| self.refused.contains(**name)) {
            let message = format!("You are not allowed to access what {refused} is computed from");
            return Err(Failure::new("odoo.exceptions.AccessError", message));
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
            let own = |name: &str| record.get(name).cloned();
            let named = |name: &str| if name == "display_name" { own("name") } else { None };
            let cell = |name: &&str| own(name).or_else(|| named(name)).unwrap_or(Value::Bool(false));
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

    /// The ids that a domain finds.
    fn found(&self, call: &ServerCall) -> Vec<i64> {
        let domain = call.arguments.get("domain").and_then(Value::as_array).cloned().unwrap_or_default();
        let found = self.records.iter().filter(|(id, record)| domain::holds(&domain, **id, record));
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

    /// Creates one record and returns its id, or several and returns theirs.
    fn create(&mut self, call: &ServerCall) -> Value {
        let mut create = |values: &Value| {
            let id = self.records.keys().next_back().copied().unwrap_or_default() + 1;
            self.insert(id, values);
            Value::from(id)
        };
        match call.arguments.get("vals_list") {
            Some(Value::Array(all)) => all.iter().map(create).collect(),
            Some(values) => create(values),
            None => create(&Value::Null),
        }
    }

    /// Keeps a message with the record that it was posted on, and numbers it.
    fn posted(&mut self, call: &ServerCall) -> usize {
        let message = call.arguments.get("body").cloned().unwrap_or_default();
        let record = call.ids().first().and_then(|id| self.records.get_mut(id));
        let messages = record.map(|record| record.entry("messages").or_insert_with(|| json!([])));
        let Some(messages) = messages.and_then(Value::as_array_mut) else { return 0 };
        messages.push(message);
        messages.len()
    }

    /// Groups by one field, or not at all, and sums up fields under their bare names.
    fn read_group(&self, call: &ServerCall) -> Value {
        let field = call.names("groupby").and_then(|names| names.first().copied()).map(str::to_owned);
        let mut groups: Vec<(Value, Vec<i64>)> = Vec::new();
        for id in self.found(call) {
            let own = |name: &String| self.records.get(&id).and_then(|record| record.get(name)).cloned();
            let key = field.as_ref().and_then(own).unwrap_or(Value::Bool(false));
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, ids)) => ids.push(id),
                None => groups.push((key, vec![id])),
            }
        }
        let (offset, limit) = (call.number("offset").unwrap_or_default(), call.number("limit"));
        let row = |(key, ids): (Value, Vec<i64>)| {
            let mut row = Map::from_iter([("__count".to_owned(), json!(ids.len()))]);
            for expression in call.names("fields").unwrap_or_default() {
                let (name, _) = expression.split_once(':').unwrap_or((expression, ""));
                let values = ids.iter().filter_map(|id| self.records.get(id)?.get(name)?.as_i64());
                if self.fields.contains_key(name) {
                    row.insert(name.into(), values.sum::<i64>().into());
                }
            }
            if let Some(field) = &field {
                row.insert("__domain".into(), json!([[field, "=", key]]));
                row.insert(field.clone(), key);
            }
            Value::Object(row)
        };
        groups.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).map(row).collect()
    }
}
