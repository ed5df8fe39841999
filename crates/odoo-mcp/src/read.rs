//! Reads records with a selection of fields: named by the call, chosen by the server, or all.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::FieldDefinitions;
use odoo::{OdooError, Read, Record};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::{ALL, Names};
use crate::presentation::SIZES_ONLY;
use crate::selection::{all_fields, default_fields};
use crate::service::Service;

/// How the fields of a read were selected.
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
#[derive(Clone)]
pub(crate) struct Selection {
    pub(crate) method: Method,
    pub(crate) names: Vec<String>,
    /// Fields that were left out because they look like credentials.
    pub(crate) withheld: Vec<String>,
    /// Fields that were left out because the user may not read them.
    pub(crate) skipped: Vec<String>,
}

impl Selection {
    pub(crate) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// Records, and the fields that the user may not read.
pub(crate) struct Rows {
    pub(crate) records: Vec<Record>,
    /// The fields that were read, in the order of the selection.
    pub(crate) names: Vec<String>,
    pub(crate) skipped: Vec<String>,
}

/// How many refusals of a read are analyzed before the unreadable fields are found by bisection.
pub(crate) const MAX_REFUSALS: usize = 8;

impl Service {
    /// Selects the fields to read. Fields that the call names must exist.
    pub(crate) async fn select(
        &self,
        model: &str,
        requested: Option<&Names>,
    ) -> Result<(Selection, Arc<FieldDefinitions>), ToolError> {
        let method = match Names::given(requested) {
            None => Method::Chosen,
            Some(names) if names == [ALL] => Method::All,
            Some(names) => {
                let fields = self.check_names(model, names.iter().copied()).await?;
                let names = names.into_iter().map(str::to_owned).collect();
                let (withheld, skipped) = (Vec::new(), Vec::new());
                return Ok((Selection { method: Method::Explicit, names, withheld, skipped }, fields));
            }
        };
        let fields = self.fields(model, &[]).await?;
        Ok((self.choose(method, model, &fields).await?, fields))
    }

    /// Selects fields for a call that names none, without those known to be unreadable.
    async fn choose(
        &self,
        method: Method,
        model: &str,
        fields: &Arc<FieldDefinitions>,
    ) -> Result<Selection, ToolError> {
        let unreadable = self.unreadable(model, fields).await?;
        let limit = self.settings.max_smart_fields;
        let (selected, names, withheld) = if method == Method::All {
            let (names, withheld) = all_fields(fields);
            let readable = names.iter().copied().filter(|name| !unreadable.contains(*name)).collect();
            (names, readable, withheld)
        } else {
            let readable = default_fields(fields, limit, |name| !unreadable.contains(name));
            (default_fields(fields, limit, |_| true), readable, Vec::new())
        };
        let skipped =
            selected.into_iter().filter(|name| unreadable.contains(*name)).map(str::to_owned).collect();
        let names = names.into_iter().map(str::to_owned).collect();
        Ok(Selection { method, names, withheld, skipped })
    }

    /// Selects fields again after a refusal, without the fields that turned out to be unreadable. Returns
    /// `None` if the refusal reveals no such field. The flag in `refusal` marks the first refusal of a call.
    pub(crate) async fn choose_again(
        &self,
        selection: &Selection,
        model: &str,
        fields: &Arc<FieldDefinitions>,
        refusal: (&str, bool),
    ) -> Result<Option<Selection>, ToolError> {
        if !self.learn_unreadable(model, fields, &selection.names(), refusal).await? {
            return Ok(None);
        }
        let selection = self.choose(selection.method, model, fields).await?;
        Ok((!selection.names.is_empty()).then_some(selection))
    }

    /// Reads records, with sizes in place of files. If the call names no fields, unreadable fields are left
    /// out, such as a total that is computed from another model.
    ///
    /// Answers from the cache if it has the records with an age of at most `max_age`.
    pub(crate) async fn read(
        &self,
        model: &str,
        ids: &[i64],
        (selection, fields): (&Selection, &Arc<FieldDefinitions>),
        context: &Map<String, Value>,
        max_age: Duration,
    ) -> Result<Rows, ToolError> {
        let context = with_sizes(context);
        let read = |ids: &[i64], names: &[&str]| Read::new(model, ids, names).in_context(context.clone());
        let mut selection = selection.clone();
        let mut refusals = 0;
        let refusal = loop {
            let message = match self.rows(read(ids, &selection.names()), max_age).await {
                Ok(records) => {
                    return Ok(Rows { records, names: selection.names, skipped: selection.skipped });
                }
                Err(OdooError::Access { message }) if selection.method != Method::Explicit => message,
                Err(error) => return Err(error.into()),
            };
            refusals += 1;
            let again = match refusals {
                ..=MAX_REFUSALS => {
                    self.choose_again(&selection, model, fields, (&message, refusals == 1)).await?
                }
                _ => None,
            };
            match again {
                Some(again) => selection = again,
                None => break OdooError::Access { message },
            }
        };
        // If the user may not read the record at all, this read fails too, and its error is returned.
        let Some(first) = ids.first().copied() else { return Err(refusal.into()) };
        self.reader.read(read(&[first], &["id"])).await?;
        let names = selection.names();
        let mut unreadable = Vec::new();
        let mut suspects = vec![names.clone()];
        while let Some(part) = suspects.pop() {
            match self.reader.read(read(&[first], &part)).await {
                Ok(_) => {}
                Err(OdooError::Access { .. }) if part.len() == 1 => unreadable.extend(part),
                Err(OdooError::Access { .. }) => {
                    let (first_half, second_half) = part.split_at(part.len() / 2);
                    suspects.extend([second_half.to_vec(), first_half.to_vec()]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let readable: Vec<&str> = names.iter().copied().filter(|name| !unreadable.contains(name)).collect();
        if unreadable.is_empty() || readable.is_empty() {
            return Err(refusal.into());
        }
        self.cache_unreadable(model, fields, &unreadable).await?;
        let records = self.reader.read(read(ids, &readable)).await?;
        let skipped =
            selection.skipped.iter().cloned().chain(unreadable.into_iter().map(str::to_owned)).collect();
        let names = readable.into_iter().map(str::to_owned).collect();
        Ok(Rows { records, names, skipped })
    }

    /// Reads records, from the cache if they are there with an age of at most `max_age`.
    pub(crate) async fn rows(&self, read: Read, max_age: Duration) -> Result<Vec<Record>, OdooError> {
        if max_age.is_zero() {
            self.reader.read(read).await
        } else {
            self.reader.read_recent(read, max_age).await
        }
    }
}

/// Adds the context key that makes Odoo return sizes in place of files.
pub(crate) fn with_sizes(context: &Map<String, Value>) -> Map<String, Value> {
    let mut context = context.clone();
    context.insert(SIZES_ONLY.into(), Value::Bool(true));
    context
}

/// A note about fields that were left out of the answer.
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
