//! Reading with a selection of fields: named, chosen, or all.

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
#[derive(Clone)]
pub(crate) struct Selection {
    pub(crate) method: Method,
    pub(crate) names: Vec<String>,
    /// Fields that were left out since they look like credentials.
    pub(crate) withheld: Vec<String>,
    /// Fields that were left out since the user may not read them.
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
    /// The fields that were read, in the order of choice.
    pub(crate) names: Vec<String>,
    pub(crate) skipped: Vec<String>,
}

/// How often a refusal is learnt from before single fields are tried.
pub(crate) const LESSONS: usize = 8;

impl Service {
    /// The fields that were asked for, which all exist; or those that are read if none are named.
    pub(crate) async fn select(
        &self,
        model: &str,
        asked: Option<&Names>,
    ) -> Result<(Selection, Arc<FieldDefinitions>), ToolError> {
        let method = match Names::given(asked) {
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

    /// The fields that are read if none are named, without those that the user is known not to read.
    async fn choose(
        &self,
        method: Method,
        model: &str,
        fields: &Arc<FieldDefinitions>,
    ) -> Result<Selection, ToolError> {
        let unreadable = self.unreadable(model, fields).await?;
        let limit = self.settings.max_smart_fields;
        let (wanted, names, withheld) = if method == Method::All {
            let (names, withheld) = all_fields(fields);
            let readable = names.iter().copied().filter(|name| !unreadable.contains(*name)).collect();
            (names, readable, withheld)
        } else {
            let readable = default_fields(fields, limit, |name| !unreadable.contains(name));
            (default_fields(fields, limit, |_| true), readable, Vec::new())
        };
        let skipped =
            wanted.into_iter().filter(|name| unreadable.contains(*name)).map(str::to_owned).collect();
        let names = names.into_iter().map(str::to_owned).collect();
        Ok(Selection { method, names, withheld, skipped })
    }

    /// Another selection after a refusal, without what the refusal tells of; nothing if it tells of no field.
    /// Is it the first refusal of the call? Fields that the caller named are asked for again.
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

    /// Reads records, files as their sizes. If the call names no fields, those that the user may not read are
    /// left out, such as a total that is computed from another model.
    ///
    /// The answer is Odoo's, or a cached one within `max_age`.
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
        let mut lessons = 0;
        let refused = loop {
            let message = match self.rows(read(ids, &selection.names()), max_age).await {
                Ok(records) => {
                    return Ok(Rows { records, names: selection.names, skipped: selection.skipped });
                }
                Err(OdooError::Access { message }) if selection.method != Method::Explicit => message,
                Err(error) => return Err(error.into()),
            };
            lessons += 1;
            let again = match lessons {
                ..=LESSONS => self.choose_again(&selection, model, fields, (&message, lessons == 1)).await?,
                _ => None,
            };
            match again {
                Some(again) => selection = again,
                None => break OdooError::Access { message },
            }
        };
        // The record itself may be what is refused; then there is no field to leave out.
        let Some(first) = ids.first().copied() else { return Err(refused.into()) };
        self.reader.read(read(&[first], &["id"])).await?;
        let names = selection.names();
        let mut found = Vec::new();
        let mut suspects = vec![names.clone()];
        while let Some(part) = suspects.pop() {
            match self.reader.read(read(&[first], &part)).await {
                Ok(_) => {}
                Err(OdooError::Access { .. }) if part.len() == 1 => found.extend(part),
                Err(OdooError::Access { .. }) => {
                    let (one, other) = part.split_at(part.len() / 2);
                    suspects.extend([other.to_vec(), one.to_vec()]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let readable: Vec<&str> = names.iter().copied().filter(|name| !found.contains(name)).collect();
        if found.is_empty() || readable.is_empty() {
            return Err(refused.into());
        }
        self.remember_unreadable(model, fields, &found).await?;
        let records = self.reader.read(read(ids, &readable)).await?;
        let skipped = selection.skipped.iter().cloned().chain(found.into_iter().map(str::to_owned)).collect();
        let names = readable.into_iter().map(str::to_owned).collect();
        Ok(Rows { records, names, skipped })
    }

    /// Reads records, from the cache within `max_age`.
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
