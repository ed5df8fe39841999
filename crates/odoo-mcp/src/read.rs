//! Reading with a selection of fields: named, chosen, or all.

use core::time::Duration;

use model_metadata::FieldDefinitions;
use odoo::{OdooError, Read, Record};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::{ALL, Names};
use crate::selection::{all_fields, default_fields};
use crate::service::Service;
use crate::shape::SIZES_ONLY;

/// How the fields of a read were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Explicit,
    Chosen,
    All,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Explicit => "explicit",
            Method::Chosen => "smart_defaults",
            Method::All => "all",
        }
    }
}

/// The fields to read.
pub(crate) struct Selection {
    pub(crate) method: Method,
    pub(crate) names: Vec<String>,
    /// Fields that were left out since they look like credentials.
    pub(crate) withheld: Vec<String>,
}

impl Selection {
    pub(crate) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// Records, and the fields that the user may not read.
pub(crate) struct Rows {
    pub(crate) records: Vec<Record>,
    pub(crate) skipped: Vec<String>,
}

impl Service {
    /// The fields that were asked for, which all exist; or those that are read if none are named.
    pub(crate) async fn select(
        &self,
        model: &str,
        asked: Option<&Names>,
    ) -> Result<(Selection, std::sync::Arc<FieldDefinitions>), ToolError> {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        match Names::given(asked) {
            None => {
                let fields = self.fields(model, &[]).await?;
                let names = owned(default_fields(&fields, self.settings.max_smart_fields));
                Ok((Selection { method: Method::Chosen, names, withheld: Vec::new() }, fields))
            }
            Some(names) if names == [ALL] => {
                let fields = self.fields(model, &[]).await?;
                let (names, withheld) = all_fields(&fields);
                let names = owned(names);
                Ok((Selection { method: Method::All, names, withheld }, fields))
            }
            Some(names) => {
                let fields = self.check_names(model, names.iter().copied()).await?;
                Ok((
                    Selection { method: Method::Explicit, names: owned(names), withheld: Vec::new() },
                    fields,
                ))
            }
        }
    }

    /// Reads records, files as their sizes. If nobody named the fields, those that the user may not read are left out,
    /// such as a total that is computed from another model.
    ///
    /// The answer is Odoo's; only whoever accepts an age may get one that was given before.
    pub(crate) async fn read(
        &self,
        model: &str,
        ids: &[i64],
        selection: &Selection,
        context: &Map<String, Value>,
        max_age: Duration,
    ) -> Result<Rows, ToolError> {
        let context = with_sizes(context);
        let names = selection.names();
        let read = |ids: &[i64], names: &[&str]| Read::new(model, ids, names).in_context(context.clone());
        let refused = match self.rows(read(ids, &names), max_age).await {
            Ok(records) => return Ok(Rows { records, skipped: Vec::new() }),
            Err(refused @ OdooError::Access { .. }) if selection.method != Method::Explicit => refused,
            Err(error) => return Err(error.into()),
        };
        // The record itself may be what is refused; then there is no field to leave out.
        let Some(first) = ids.first().copied() else { return Err(refused.into()) };
        self.reader.read(read(&[first], &["id"])).await?;
        let mut skipped = Vec::new();
        let mut suspects = vec![names.clone()];
        while let Some(part) = suspects.pop() {
            match self.reader.read(read(&[first], &part)).await {
                Ok(_) => {}
                Err(OdooError::Access { .. }) if part.len() == 1 => skipped.extend(part),
                Err(OdooError::Access { .. }) => {
                    let (one, other) = part.split_at(part.len() / 2);
                    suspects.extend([other.to_vec(), one.to_vec()]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let readable: Vec<&str> = names.iter().copied().filter(|name| !skipped.contains(name)).collect();
        if skipped.is_empty() || readable.is_empty() {
            return Err(refused.into());
        }
        let records = self.reader.read(read(ids, &readable)).await?;
        Ok(Rows { records, skipped: skipped.into_iter().map(str::to_owned).collect() })
    }

    /// Reads records, from the cache for whoever accepts an age.
    pub(crate) async fn rows(&self, read: Read, max_age: Duration) -> Result<Vec<Record>, OdooError> {
        if max_age.is_zero() {
            self.reader.read(read).await
        } else {
            self.reader.read_recent(read, max_age).await
        }
    }
}

/// The context in which binary fields are read as their sizes.
pub(crate) fn with_sizes(context: &Map<String, Value>) -> Map<String, Value> {
    let mut context = context.clone();
    context.insert(SIZES_ONLY.into(), Value::Bool(true));
    context
}

/// What is to be said of fields that are not in the answer.
pub(crate) fn left_out(withheld: &[String], skipped: &[String]) -> Option<String> {
    let mut notes = Vec::new();
    if !withheld.is_empty() {
        let names = withheld.join(", ");
        notes.push(format!(
            "Fields that look like credentials were left out: {names}. Name them to get them."
        ));
    }
    if !skipped.is_empty() {
        notes.push(format!("This user may not read: {}.", skipped.join(", ")));
    }
    (!notes.is_empty()).then(|| notes.join(" "))
}
