//! `Call`: a method call on a model.

use platform::text::{NAME_BYTES, shorten};
use serde_json::{Map, Value};

use crate::OdooError;

/// May a call be sent twice?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing: it is retried if its answer is lost.
    Read,
    /// It may change something: it is sent once.
    Write,
}

/// A call of a method of a model.
///
/// Arguments have a position and a name, because transports differ in which of them they use.
///
/// # Examples
/// ```
/// use odoo::Call;
/// use serde_json::json;
///
/// let call = Call::search_read("res.partner", json!([["is_company", "=", true]]), &["name"]).option("limit", 10);
/// assert_eq!(call.model(), "res.partner");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub(crate) model: String,
    pub(crate) method: String,
    pub(crate) effect: Effect,
    /// The records; nothing for a method of the model.
    pub(crate) ids: Option<Vec<i64>>,
    /// The arguments in their places, after the ids.
    pub(crate) arguments: Vec<(&'static str, Value)>,
    /// Arguments that are always named.
    pub(crate) options: Map<String, Value>,
    pub(crate) context: Map<String, Value>,
}

impl Call {
    /// Any method of a model, which may change something.
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

    /// Finds the ids of records.
    #[must_use]
    pub fn search(model: &str, domain: Value) -> Self {
        Self::reading(model, "search").argument("domain", domain)
    }

    /// Counts records.
    #[must_use]
    pub fn search_count(model: &str, domain: Value) -> Self {
        Self::reading(model, "search_count").argument("domain", domain)
    }

    /// Finds records and reads fields of them; all fields if none are named.
    #[must_use]
    pub fn search_read(model: &str, domain: Value, fields: &[&str]) -> Self {
        Self::reading(model, "search_read").argument("domain", domain).option("fields", fields.to_vec())
    }

    /// The definitions of all fields, with all attributes.
    #[must_use]
    pub fn fields_get(model: &str) -> Self {
        Self::reading(model, "fields_get")
    }

    /// Asks whether the user may perform an operation on a model.
    #[must_use]
    pub fn check_access_rights(model: &str, operation: &str) -> Self {
        Self::reading(model, "check_access_rights")
            .argument("operation", operation)
            .option("raise_exception", false)
    }

    /// Creates records, all or none. The answer is the list of their ids, in order, also for one.
    ///
    /// Odoo answers a list for a list in every version and by every transport. For a bare object JSON-2
    /// answers a list and the others a number, so that no object is sent.
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

    /// The same method on these records.
    #[must_use]
    pub fn on(mut self, ids: &[i64]) -> Self {
        self.ids = Some(ids.to_vec());
        self
    }

    /// With one more positional argument.
    #[must_use]
    pub fn argument(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// With one more positional argument without a known name. JSON-2 refuses it.
    #[must_use]
    pub fn positional(self, value: Value) -> Self {
        self.argument("", value)
    }

    /// With a named argument.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// With entries of the context, such as `allowed_company_ids`.
    #[must_use]
    pub fn context(mut self, context: &Map<String, Value>) -> Self {
        self.context.extend(context.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Marks the method as read-only, so that it may be retried if its answer is lost.
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

    /// The records; none for a method of the model.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        self.ids.as_deref().unwrap_or_default()
    }

    /// May the call be sent twice?
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Checks the names, which become part of a path in some transports.
    pub(crate) fn check_names(&self) -> Result<(), OdooError> {
        check_name(&self.model, true)?;
        check_name(&self.method, false)
    }
}

/// Checks the name of a model, which may have dots, or of a method.
pub(crate) fn check_name(name: &str, dots: bool) -> Result<(), OdooError> {
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '_' || (dots && it == '.');
    if name.is_empty() || name.len() > 128 || name.contains("..") || !name.chars().all(fits) {
        return Err(OdooError::Name { name: shorten(name, NAME_BYTES).into() });
    }
    Ok(())
}
