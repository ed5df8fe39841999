//! `CallContext`: the keys of Odoo's context that a caller may set.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::Ids;

/// As in search_records.
// These keys select the visible data and its language. Keys that would change the effect of a write are not
// accepted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct CallContext {
    lang: Option<String>,
    tz: Option<String>,
    active_test: Option<bool>,
    pub(crate) allowed_company_ids: Option<Ids>,
}

impl CallContext {
    pub(crate) fn write_to(&self, context: &mut Map<String, Value>) -> Result<(), ToolError> {
        for (key, value) in [("lang", &self.lang), ("tz", &self.tz)] {
            let Some(value) = value else { continue };
            if value.trim().is_empty() || value.len() > 64 {
                return Err(ToolError::invalid(format!("context.{key} must be a name")));
            }
            context.insert(key.into(), value.clone().into());
        }
        if let Some(active_test) = self.active_test {
            context.insert("active_test".into(), active_test.into());
        }
        if let Some(Ids(companies)) = &self.allowed_company_ids {
            context.insert("allowed_company_ids".into(), companies.clone().into());
        }
        Ok(())
    }
}
