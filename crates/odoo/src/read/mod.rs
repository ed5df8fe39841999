//! Reads records: at once if a connection is free, else in a batch.

mod batch;
pub(crate) mod cost;
mod queue;
mod reader;

use serde_json::{Map, Value};

use crate::Call;

pub use reader::Reader;

/// A record: values by field name. Always includes `id`.
pub type Record = Map<String, Value>;

/// A read of fields of records.
///
/// # Examples
/// ```
/// use odoo::Read;
///
/// let read = Read::new("res.partner", &[7, 3, 7], &["name", "email"]);
/// assert_eq!(read.ids(), [7, 3, 7]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    model: String,
    ids: Vec<i64>,
    /// Sorted, without duplicates; empty for all fields.
    fields: Vec<String>,
    context: Map<String, Value>,
}

impl Read {
    /// Reads fields of records; all fields if none are named.
    #[must_use]
    pub fn new(model: &str, ids: &[i64], fields: &[&str]) -> Self {
        let mut fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
        fields.sort_unstable();
        fields.dedup();
        Read { model: model.into(), ids: ids.to_vec(), fields, context: Map::new() }
    }

    /// Sets the context, such as `allowed_company_ids`.
    #[must_use]
    pub fn in_context(mut self, context: Map<String, Value>) -> Self {
        self.context = context;
        self
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The requested ids, in order and with duplicates.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// The names of the fields, sorted; empty for all fields.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The context.
    #[must_use]
    pub fn context(&self) -> &Map<String, Value> {
        &self.context
    }

    /// The same read with other fields.
    pub(crate) fn with_fields(&self, fields: Vec<String>) -> Self {
        Read { fields, ..self.clone() }
    }

    /// The call for this read, without batching.
    fn call(&self) -> Call {
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        Call::read(&self.model, &self.ids, &fields).context(&self.context)
    }
}
