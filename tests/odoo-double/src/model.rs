//! `Model`: records in memory, with rules as observed on a real server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Behaviour;
use crate::call::{Route, ServerCall};
use crate::companies::has_group;
use crate::domain;
use crate::exception::OdooException;

/// The user with all rights.
const ADMINISTRATOR: i64 = 2;

/// Methods that became private in version 19.
const PRIVATE_SINCE_19: &[&str] = &["exists", "search_fetch", "fetch", "check_access"];

/// A model with its fields and records.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The definition of every field.
    pub fields: BTreeMap<String, Value>,
    /// The records with their field values; a missing value is `false`.
    pub records: BTreeMap<i64, Map<String, Value>>,
    /// Records that no user may read.
    pub forbidden: BTreeSet<i64>,
    /// Operations that no user may perform.
    pub denied: BTreeSet<String>,
    /// Fields that no user may read, such as those computed from a closed model.
    pub refused: BTreeSet<String>,
    /// Fields that only the administrator may read, since groups guard them. `fields_get` hides them from
    /// others.
    pub guarded: BTreeSet<String>,
    /// Guarded fields that `fields_get` still shows, since users may read them on their own record
    /// (`res.users`).
    pub of_oneself: BTreeSet<String>,
    /// Fields that `fields_get` shows to all, but only the administrator may read (`hr.employee` of version
    /// 17).
    pub off_profile: BTreeSet<String>,
    /// The answers of custom methods, by name. They have no effect.
    pub answers: BTreeMap<String, Value>,
    /// Records that a record rule shows to certain users only, by user (`res.company`).
    pub seen_by: BTreeMap<i64, BTreeSet<i64>>,
    /// May only the administrator read the model? If so, others cannot read lists of its records either.
    pub closed: bool,
}

/// The caller of a model, and the context of the call.
pub(crate) struct ModelAccess<'a> {
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) route: Route,
    /// The models that the user may not read.
    pub(crate) closed: &'a BTreeSet<String>,
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

    pub(crate) fn answer(
        &mut self,
        call: &ServerCall,
        asking: &ModelAccess<'_>,
    ) -> Result<Value, OdooException> {
        let version = asking.behaviour.version;
        call.check_arguments(asking.route, version)?;
        if version >= 19 && PRIVATE_SINCE_19.contains(&call.method.as_str()) || call.method.starts_with('_') {
            return Err(OdooException::private_method(&call.model, &call.method, version));
        }
        if let Some(answer) = self.answers.get(&call.method) {
            return Ok(answer.clone());
        }
        match call.method.as_str() {
            "read" => self.read(call, &call.ids(), call.names("fields"), asking),
            "fields_get" => Ok(self.fields_get(call)),
            "check_access_rights" => {
                let operation = call.arguments.get("operation").and_then(Value::as_str).unwrap_or_default();
                Ok(Value::Bool(!self.denied.contains(operation) && !self.closes_to(call.user)))
            }
            "has_access" if version >= 18 => {
                let operation = call.arguments.get("operation").and_then(Value::as_str).unwrap_or_default();
                Ok(Value::Bool(!self.denied.contains(operation) && !self.closes_to(call.user)))
            }
            "check_access_rule" => Ok(Value::Null),
            "check_field_access_rights" => Ok(self.readable(call.user)),
            "search" => Ok(self.page(call).into()),
            "search_count" => Ok(self.found(call).len().into()),
            "search_read" => {
                let page = self.page(call);
                self.read(call, &page, call.names("fields"), asking)
            }
            "web_search_read" => self.web_search_read(call, asking),
            "name_search" => Ok(self.name_search(call)),
            "default_get" => Ok(json!({})),
            "has_group" => {
                // Up to version 17 the answer is always about the caller.
                let subject = if version >= 18 { call.ids().first().copied() } else { Some(call.user) };
                let name = call.arguments.get("group_ext_id").and_then(Value::as_str).unwrap_or_default();
                Ok(Value::Bool(subject.is_some_and(|user| has_group(self, user, name))))
            }
            "write" => self.write(call),
            "web_save_multi" if version >= 19 => self.write_each(call),
            "create" => Ok(self.create(call, asking.route)),
            "copy" => {
                let copy = self.copied(call);
                Ok(if version >= 18 { json!([copy]) } else { copy })
            }
            "message_post" if self.fields.contains_key("message_ids") => {
                let message = Value::from(self.posted(call));
                Ok(if version >= 19 { json!([message]) } else { message })
            }
            "read_group" => Ok(self.read_group(call)),
            "formatted_read_group" if version >= 19 => self.formatted_read_group(call),
            "unlink" => {
                let ids = call.ids();
                self.records.retain(|id, _| !ids.contains(id));
                Ok(Value::Bool(true))
            }
            method => Err(OdooException::unknown_method(&call.model, method, asking.route, version)),
        }
    }

    /// Is the model closed to a user?
    pub(crate) fn closes_to(&self, user: i64) -> bool {
        self.closed && user != ADMINISTRATOR
    }

    /// The fields that groups let a user read, at least on its own record.
    fn readable(&self, user: i64) -> Value {
        let allowed = |name: &&String| {
            user == ADMINISTRATOR || !(self.guarded.contains(*name) || self.of_oneself.contains(*name))
        };
        self.fields.keys().filter(allowed).map(String::as_str).collect()
    }

    /// Refuses fields that the user may not read, with the message of the version.
    fn check_readable(
        &self,
        call: &ServerCall,
        ids: &[i64],
        names: &[&str],
        asking: &ModelAccess<'_>,
    ) -> Result<(), OdooException> {
        let (model, version) = (&call.model, asking.behaviour.version);
        let ordinary = call.user != ADMINISTRATOR;
        if self.closes_to(call.user) {
            return Err(OdooException::access(closed_message(model)));
        }
        let own = model == "res.users" && ids == [call.user];
        // A guarded field, or one that users may read only on their own record.
        let guards = |name: &str| self.guarded.contains(name) || (self.of_oneself.contains(name) && !own);
        let guarded: Vec<&str> = names.iter().copied().filter(|name| ordinary && guards(name)).collect();
        if let Some(first) = guarded.first() {
            let lines: Vec<String> =
                guarded.iter().map(|name| format!("- {name} (allowed for groups 'Officer')")).collect();
            let lines = lines.join("\n");
            let (all, user) = (guarded.join(","), call.user);
            let title = title(model);
            return Err(OdooException::access(match version {
                ..18 => format!(
                    "The requested operation can not be completed due to security restrictions.\n\nDocument type: \
                     {title} ({model})\nOperation: read\nUser: {user}\nFields:\n{lines}"
                ),
                18 => format!(
                    "You do not have enough rights to access the fields \"{all}\" on {title} ({model}). Please \
                     contact your system administrator.\n\nOperation: read\nUser: {user}\nFields:\n{lines}"
                ),
                _ => format!(
                    "You do not have enough rights to access the field \"{first}\" on {title} ({model}). Please \
                     contact your system administrator.\n\nOperation: read\nUser: {user}\nGroups: allowed for \
                     groups 'Officer'"
                ),
            }));
        }
        let private: Vec<&str> =
            names.iter().copied().filter(|name| ordinary && self.off_profile.contains(*name)).collect();
        if !private.is_empty() {
            let all = private.join(",");
            return Err(OdooException::access(match version {
                ..19 => {
                    format!(
                        "The fields '{all}' you try to read is not available on the public employee profile."
                    )
                }
                _ => format!(
                    "The fields “{all}”, which you are trying to read, are not available for employee public profiles."
                ),
            }));
        }
        let closed = |name: &&&str| {
            let field = self.fields.get(**name);
            let text = |key: &str| field.and_then(|field| field.get(key)?.as_str());
            matches!(text("type"), Some("one2many" | "many2many"))
                && text("relation").is_some_and(|relation| asking.closed.contains(relation))
        };
        // Without records nothing is computed, so nothing fails.
        if let (false, Some(name)) = (ids.is_empty(), names.iter().find(closed)) {
            let relation = self.fields.get(*name).and_then(|field| field.get("relation")?.as_str());
            let message = closed_message(relation.unwrap_or_default());
            return Err(OdooException::access(match version {
                ..19 => message,
                _ => format!("Failed to read field {model}.{name}\n{message}"),
            }));
        }
        if let Some(refused) = names.iter().find(|name| self.refused.contains(**name)) {
            return Err(OdooException::access(format!(
                "You are not allowed to access what {refused} is computed from"
            )));
        }
        Ok(())
    }

    fn read(
        &self,
        call: &ServerCall,
        ids: &[i64],
        names: Option<Vec<&str>>,
        asking: &ModelAccess<'_>,
    ) -> Result<Value, OdooException> {
        let model = &call.model;
        let names = names.unwrap_or_else(|| self.fields.keys().map(String::as_str).collect());
        if let Some(unknown) = names.iter().find(|name| !self.fields.contains_key(**name)) {
            let message = match asking.behaviour.version {
                ..19 => format!("Invalid field '{unknown}' on model '{model}'"),
                _ => format!("Invalid field '{unknown}' on '{model}'"),
            };
            return Err(OdooException::new("builtins.ValueError", message));
        }
        self.check_readable(call, ids, &names, asking)?;
        if let Some(forbidden) =
            ids.iter().find(|id| self.forbidden.contains(id) || !self.is_seen(call.user, **id))
        {
            return Err(OdooException::access(format!("You are not allowed to access {model} {forbidden}")));
        }
        let missing = ids.iter().find(|id| !self.records.contains_key(id));
        if let (true, Some(missing)) = (asking.behaviour.missing_is_an_error, missing) {
            let message =
                format!("Record does not exist or has been deleted.\n(Record: {model}({missing},))");
            return Err(OdooException::new("odoo.exceptions.MissingError", message));
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

    /// Returns rows and total. The total is inferred if the page is not full, unless the context forces a
    /// count, and is 0 for an empty page. A many2one has its name if requested.
    fn web_search_read(&self, call: &ServerCall, asking: &ModelAccess<'_>) -> Result<Value, OdooException> {
        let page = self.page(call);
        let asked =
            call.arguments.get("specification").and_then(Value::as_object).cloned().unwrap_or_default();
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let names = if names.is_empty() { vec!["id"] } else { names };
        let mut records = self.read(call, &page, Some(names), asking)?;
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
        let announced = |name: &String| call.user == ADMINISTRATOR || !self.guarded.contains(name);
        let fields = self
            .fields
            .iter()
            .filter(|(name, _)| announced(name))
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

    /// The ids that match a domain.
    fn found(&self, call: &ServerCall) -> Vec<i64> {
        let domain = call.arguments.get("domain").and_then(Value::as_array).cloned().unwrap_or_default();
        let context = call.arguments.get("context");
        let all = context.and_then(|context| context.get("active_test")) == Some(&Value::Bool(false));
        // A domain with a condition on `active` overrides the filter.
        let archived_too = all || domain.iter().any(|term| term.get(0) == Some(&Value::from("active")));
        // Models with a sequence are ordered by it (`res.company`).
        let place = |id: &i64| self.records.get(id).and_then(|record| record.get("sequence")?.as_i64());
        let found = self.records.iter().filter(|(id, record)| {
            (archived_too || record.get("active") != Some(&Value::Bool(false)))
                && self.is_seen(call.user, **id)
                && domain::holds(&domain, **id, record)
        });
        let mut found: Vec<i64> = found.map(|(id, _)| *id).collect();
        found.sort_by_key(|id| place(id));
        found
    }

    /// Does a record exist for a user, given the record rules?
    fn is_seen(&self, user: i64, id: i64) -> bool {
        self.seen_by.get(&user).is_none_or(|ids| ids.contains(&id))
    }

    fn page(&self, call: &ServerCall) -> Vec<i64> {
        let (offset, limit) = (call.number("offset"), call.number("limit"));
        let found = self.found(call).into_iter().skip(offset.unwrap_or_default());
        found.take(limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)).collect()
    }

    fn write(&mut self, call: &ServerCall) -> Result<Value, OdooException> {
        let values = call.arguments.get("vals").and_then(Value::as_object).cloned().unwrap_or_default();
        for id in call.ids() {
            let Some(record) = self.records.get_mut(&id) else {
                let message = "Record does not exist or has been deleted.";
                return Err(OdooException::new("odoo.exceptions.MissingError", message));
            };
            record.extend(values.clone());
        }
        Ok(Value::Bool(true))
    }

    /// Writes separate values to each record.
    fn write_each(&mut self, call: &ServerCall) -> Result<Value, OdooException> {
        let all = call.arguments.get("vals_list").and_then(Value::as_array).cloned().unwrap_or_default();
        for (id, values) in call.ids().into_iter().zip(all) {
            let mut one = call.clone();
            one.arguments.insert("ids".into(), json!([id]));
            one.arguments.insert("vals".into(), values);
            self.write(&one)?;
        }
        let name =
            |id: i64| json!({"id": id, "display_name": self.records.get(&id).and_then(|it| it.get("name"))});
        Ok(call.ids().into_iter().map(name).collect())
    }

    /// Copies the first record, and returns the new id.
    fn copied(&mut self, call: &ServerCall) -> Value {
        let values = call.ids().first().and_then(|id| self.records.get(id)).cloned().unwrap_or_default();
        let id = self.records.keys().next_back().copied().unwrap_or_default() + 1;
        self.records.insert(id, values);
        id.into()
    }

    /// Ids and names of the records whose name contains a text.
    fn name_search(&self, call: &ServerCall) -> Value {
        let sought = call.arguments.get("name").and_then(Value::as_str).unwrap_or_default();
        let found = self.records.iter().filter_map(|(id, record)| {
            let name = record.get("name")?.as_str()?;
            name.contains(sought).then(|| json!([id, name]))
        });
        found.take(call.number("limit").unwrap_or(100)).collect()
    }

    /// Creates one record and returns its id, or several and returns theirs. JSON-2 always returns a list.
    fn create(&mut self, call: &ServerCall, route: Route) -> Value {
        let mut create = |values: &Value| {
            let id = self.records.keys().next_back().copied().unwrap_or_default() + 1;
            self.insert(id, values);
            Value::from(id)
        };
        match call.arguments.get("vals_list") {
            Some(Value::Array(all)) => all.iter().map(create).collect(),
            Some(values) if route == Route::Json2 => json!([create(values)]),
            Some(values) => create(values),
            None => create(&Value::Null),
        }
    }

    /// Stores a message with the record that it was posted on, and numbers it.
    fn posted(&mut self, call: &ServerCall) -> usize {
        let message = call.arguments.get("body").cloned().unwrap_or_default();
        let record = call.ids().first().and_then(|id| self.records.get_mut(id));
        let messages = record.map(|record| record.entry("messages").or_insert_with(|| json!([])));
        let Some(messages) = messages.and_then(Value::as_array_mut) else { return 0 };
        messages.push(message);
        messages.len()
    }

    /// Groups by at most one field, and aggregates fields under `field:operator`.
    fn formatted_read_group(&self, call: &ServerCall) -> Result<Value, OdooException> {
        let aggregates = call.names("aggregates").unwrap_or_default();
        if let Some(bare) = aggregates.iter().find(|name| !name.contains(':') && **name != "__count") {
            let message = format!("Aggregate method is mandatory for '{bare}'");
            return Err(OdooException::new("builtins.ValueError", message));
        }
        let mut plain = call.clone();
        plain.arguments.insert("fields".into(), json!(aggregates));
        let mut groups = self.read_group(&plain);
        for group in groups.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            let condition = group.remove("__domain").unwrap_or_else(|| json!([[1, "=", 1]]));
            group.insert("__extra_domain".into(), condition);
            for name in &aggregates {
                if let Some((field, _)) = name.split_once(':')
                    && let Some(sum) = group.remove(field)
                {
                    group.insert((*name).to_owned(), sum);
                }
            }
            if !aggregates.contains(&"__count") {
                group.remove("__count");
            }
        }
        Ok(groups)
    }

    /// Groups by at most one field, and aggregates fields under their bare names.
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

/// The display name of a model, if known.
fn title(model: &str) -> String {
    let last = model.rsplit('.').next().unwrap_or_default();
    let mut letters = last.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn closed_message(model: &str) -> String {
    format!(
        "You are not allowed to access '{}' ({model}) records.\n\nThis operation is allowed for the following \
         groups:\n\t- Administration/Settings\n\nContact your administrator to request access if necessary.",
        title(model)
    )
}
