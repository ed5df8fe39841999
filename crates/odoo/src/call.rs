//! `Call`: a method call on a model.

use platform::text::{NAME_BYTES, shorten};
use serde_json::{Map, Value};

use crate::OdooError;

/// The effect of a call, which decides whether the client may retry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call changes nothing. It is retried if the answer is lost.
    Read,
    /// The call may change something. It is never retried.
    Write,
}

/// A call of a method of a model.
///
/// Arguments have a position and a name, because some transports use positions and others names.
///
/// # Examples
/// ```
/// use odoo::Call;
/// use serde_json::json;
///
/// let domain = json!([["is_company", "=", true]]);
/// let call = Call::search_read("res.partner", domain, &["name"]).option("limit", 10);
/// assert_eq!(call.model(), "res.partner");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub(crate) model: String,
    pub(crate) method: String,
    pub(crate) effect: Effect,
    /// The ids of the records; `None` for a method of the model.
    pub(crate) ids: Option<Vec<i64>>,
    /// The positional arguments after the ids.
    pub(crate) arguments: Vec<(&'static str, Value)>,
    /// Keyword arguments.
    pub(crate) options: Map<String, Value>,
    pub(crate) context: Map<String, Value>,
}

impl Call {
    /// Calls any method of a model. Counts as a write unless marked as [`idempotent`](Self::idempotent).
    #[must_use]
    pub fn method(model: &str, method: &str) -> Self {
        Call {
            model: model.into(),
            method: method.into(),
            effect: Effect::Write,
            ids: None,
            arguments: Vec::new(),
            options: Map::new(),
            context: Map::new(),
        }
    }

    fn reading(model: &str, method: &str) -> Self {
        Call { effect: Effect::Read, ..Self::method(model, method) }
    }

    /// Reads fields of records; all fields if none are named.
    #[must_use]
    pub fn read(model: &str, ids: &[i64], fields: &[&str]) -> Self {
        Self::reading(model, "read").on(ids).argument("fields", fields.to_vec())
    }

    /// Returns the ids of matching records.
    #[must_use]
    pub fn search(model: &str, domain: Value) -> Self {
        Self::reading(model, "search").argument("domain", domain)
    }

    /// Counts matching records.
    #[must_use]
    pub fn search_count(model: &str, domain: Value) -> Self {
        Self::reading(model, "search_count").argument("domain", domain)
    }

    /// Reads fields of matching records; all fields if none are named.
    #[must_use]
    pub fn search_read(model: &str, domain: Value, fields: &[&str]) -> Self {
        Self::reading(model, "search_read").argument("domain", domain).option("fields", fields.to_vec())
    }

    /// Returns the definitions of all fields, with all attributes.
    #[must_use]
    pub fn fields_get(model: &str) -> Self {
        Self::reading(model, "fields_get")
    }

    /// Checks whether the user may perform an operation on a model.
    #[must_use]
    pub fn check_access_rights(model: &str, operation: &str) -> Self {
        Self::reading(model, "check_access_rights")
            .argument("operation", operation)
            .option("raise_exception", false)
    }

    /// Creates records, all or none. The result is the list of their ids, in order.
    ///
    /// Always sends a list, because Odoo then returns a list in all versions and transports. For a single
    /// object JSON-2 returns a list, but other transports return a number.
    #[must_use]
    pub fn create(model: &str, values: impl IntoIterator<Item = Map<String, Value>>) -> Self {
        let all: Vec<Value> = values.into_iter().map(Value::Object).collect();
        Self::method(model, "create").argument("vals_list", all)
    }

    /// Changes records.
    #[must_use]
    pub fn write(model: &str, ids: &[i64], values: Map<String, Value>) -> Self {
        Self::method(model, "write").on(ids).argument("vals", values)
    }

    /// Deletes records.
    #[must_use]
    pub fn unlink(model: &str, ids: &[i64]) -> Self {
        Self::method(model, "unlink").on(ids)
    }

    /// Sets the records of the call.
    #[must_use]
    pub fn on(mut self, ids: &[i64]) -> Self {
        self.ids = Some(ids.to_vec());
        self
    }

    /// Adds a positional argument.
    #[must_use]
    pub fn argument(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// Adds a positional argument without a name. The JSON-2 transport refuses such a call.
    #[must_use]
    pub fn positional(self, value: Value) -> Self {
        self.argument("", value)
    }

    /// Adds a keyword argument.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// Adds entries to the context, such as `allowed_company_ids`.
    #[must_use]
    pub fn context(mut self, context: &Map<String, Value>) -> Self {
        self.context.extend(context.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Marks the call as a read, so that it is retried if the answer is lost.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.effect = Effect::Read;
        self
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The method.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.method
    }

    /// The ids of the records; empty for a method of the model.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        self.ids.as_deref().unwrap_or_default()
    }

    /// The effect of the call.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Checks the names of model and method, which become part of a path in some transports.
    pub(crate) fn check_names(&self) -> Result<(), OdooError> {
        check_name(&self.model, true)?;
        check_name(&self.method, false)
    }
}

/// Checks the name of a model or a method. Only names of models may have dots.
pub(crate) fn check_name(name: &str, with_dots: bool) -> Result<(), OdooError> {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || it == '_' || (with_dots && it == '.');
    if name.is_empty() || name.len() > 128 || name.contains("..") || !name.chars().all(is_allowed) {
        return Err(OdooError::Name { name: shorten(name, NAME_BYTES).into() });
    }
    Ok(())
}
