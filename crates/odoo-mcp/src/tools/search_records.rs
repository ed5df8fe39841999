//! `search_records`: reads a page of records, and counts all matching records.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::FieldDefinitions;
use odoo::{Call, OdooError, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::arguments::{Domain, Names};
use crate::context::CallContext;
use crate::domain::check_balance;
use crate::presentation::{pair_references, present, specification};
use crate::read::{MAX_REFUSALS, Method, Rows, Selection, left_out, with_sizes};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{McpSettings, ToolError};

/// First version in which one call returns both the rows and the total.
const ONE_CALL_SINCE: u64 = 17;

pub(crate) struct SearchRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    domain: Option<Domain>,
    /// The fields to read; the most useful ones by default. `["__all__"]` reads all, which may be slow.
    fields: Option<Names>,
    /// The maximum number of records.
    limit: Option<i64>,
    /// The number of records to skip.
    #[serde(default)]
    offset: i64,
    /// The order, such as `name asc`.
    order: Option<String>,
    /// Odoo's context: `lang` (such as `de_DE`), `tz` (such as `Europe/Brussels`), `active_test` (`false`
    /// finds archived records too), `allowed_company_ids` (the first is the active company).
    context: Option<CallContext>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The records of this page.
    records: Vec<Map<String, Value>>,
    /// The total number of records that match the domain.
    total: u64,
    /// The maximum number of records of a page.
    limit: usize,
    /// The number of skipped records.
    offset: usize,
    /// The model.
    model: String,
    /// Are there more records after these?
    has_more: bool,
    /// The offset of the next page, if there is one.
    next_offset: Option<usize>,
    /// Remarks.
    note: Option<String>,
    /// Fields that were left out because the user may not read them.
    skipped_fields: Option<Vec<String>>,
}

impl Tool for SearchRecords {
    const NAME: &'static str = "search_records";
    const TITLE: &'static str = "Search Records";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Search for records of an Odoo model and read them. Also returns the total number \
        of matching records. This is the main tool for reading: to read many records by id, pass \
        [[\"id\", \"in\", ids]] as domain in one call, and prefer one call with a larger limit to many small pages. \
        For counts and totals by group, use aggregate_records. Files are returned as odoo:// URIs, which \
        read_attachment reads. Datetimes are in UTC.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        let rows = std::mem::take(&mut answer.records);
        Some(("records", rows.into_iter().map(Value::Object).collect()))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, domain, fields, limit, offset, order, context } = arguments;
        service.require_read(&model).await?;
        let page = Page::new(limit, offset, &service.settings)?;
        let (limit, offset) = (page.limit, page.offset);
        let Domain(mut domain) = domain.unwrap_or_default();
        check_balance(&domain)?;
        service.check_paths(&model, &domain, &[], order.as_deref()).await?;
        service.convert_domain(&model, &mut domain).await?;
        domain.extend(service.owner_conditions(&model).await?);
        let context = service.context(context.as_ref()).await?;
        let (mut selection, definitions) = service.select(&model, fields.as_ref()).await?;
        let search =
            Search { model: &model, domain, limit, offset, order: order.as_deref(), context: &context };
        let withheld = selection.withheld.clone();
        let in_one_call = service.client.version().await? >= ONE_CALL_SINCE;
        let mut refusals = 0;
        let (mut rows, total) = loop {
            if !in_one_call || refusals > MAX_REFUSALS {
                break search.in_steps(service, (&selection, &definitions)).await?;
            }
            match search.in_one_call(service, specification(&definitions, &selection.names())).await {
                Err(ToolError::Odoo(OdooError::Access { message }))
                    if selection.method != Method::Explicit =>
                {
                    refusals += 1;
                    let refusal = (message.as_str(), refusals == 1);
                    match service.choose_again(&selection, &model, &definitions, refusal).await? {
                        Some(again) => selection = again,
                        None => refusals = MAX_REFUSALS + 1,
                    }
                }
                found => {
                    let (mut records, total) = found?;
                    records.iter_mut().for_each(|record| pair_references(&definitions, record));
                    break (Rows { records, names: selection.names, skipped: selection.skipped }, total);
                }
            }
        };
        rows.records.iter_mut().for_each(|record| present(&model, &definitions, &rows.names, record));
        let note = joined([page.note(), left_out(&withheld, &rows.skipped)]);
        let next = offset + limit;
        // Odoo may filter records after the search, so a page with fewer records than the limit need not be
        // the last page.
        let has_more = u64::try_from(next).is_ok_and(|next| next < total) && !rows.records.is_empty();
        let next_offset = has_more.then_some(next);
        let skipped_fields = (!rows.skipped.is_empty()).then_some(rows.skipped);
        let records = rows.records;
        Ok(Answer { records, total, limit, offset, model, has_more, next_offset, note, skipped_fields })
    }
}

#[cfg(test)]
impl SearchRecords {
    /// An answer with the given records.
    pub(crate) fn page_of(records: Vec<Map<String, Value>>) -> Answer {
        let (model, limit) = ("res.partner".to_owned(), records.len());
        Answer {
            records,
            total: 0,
            limit,
            offset: 0,
            model,
            has_more: false,
            next_offset: None,
            note: None,
            skipped_fields: None,
        }
    }
}

struct Search<'a> {
    model: &'a str,
    domain: Vec<Value>,
    limit: usize,
    offset: usize,
    order: Option<&'a str>,
    context: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct SearchResult {
    length: u64,
    records: Vec<Record>,
}

impl Search<'_> {
    fn paged(&self, call: Call) -> Call {
        let call = call.option("limit", self.limit).option("offset", self.offset);
        match self.order {
            Some(order) => call.option("order", order),
            None => call,
        }
    }

    /// Rows and total in one call.
    ///
    /// Without `force_search_count`, Odoo takes a page that is not full for the last one, which is wrong if
    /// it filters records after the search. Odoo never counts if the page is empty.
    async fn in_one_call(&self, service: &Service, fields: Value) -> Result<(Vec<Record>, u64), ToolError> {
        let call = Call::method(self.model, "web_search_read")
            .idempotent()
            .argument("domain", self.domain.clone())
            .argument("specification", fields);
        let mut context = with_sizes(self.context);
        context.insert("force_search_count".into(), Value::Bool(true));
        let found: SearchResult = service.call(self.paged(call), &context).await?;
        if found.records.is_empty() {
            return Ok((found.records, self.count(service).await?));
        }
        Ok((found.records, found.length))
    }

    async fn count(&self, service: &Service) -> Result<u64, ToolError> {
        let call = Call::search_count(self.model, self.domain.clone().into());
        service.call(call, self.context).await
    }

    /// Ids and total concurrently, then the rows.
    async fn in_steps(
        &self,
        service: &Service,
        selection: (&Selection, &Arc<FieldDefinitions>),
    ) -> Result<(Rows, u64), ToolError> {
        let search = self.paged(Call::search(self.model, self.domain.clone().into()));
        let ids = service.call::<Vec<i64>>(search, self.context);
        let (ids, total) = futures_util::future::try_join(ids, self.count(service)).await?;
        if ids.is_empty() {
            let Selection { names, skipped, .. } = selection.0.clone();
            return Ok((Rows { records: Vec::new(), names, skipped }, total));
        }
        let rows = service.read(self.model, &ids, selection, self.context, Duration::ZERO).await?;
        Ok((rows, total))
    }
}

/// A page: its offset and limit.
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// The requested limit, if it exceeds the maximum.
    excessive_limit: Option<i64>,
}

impl Page {
    /// Applies the default and the maximum of the settings. The offset is bounded too, because each skipped
    /// row costs the server work.
    pub(super) fn new(limit: Option<i64>, offset: i64, settings: &McpSettings) -> Result<Self, ToolError> {
        let requested = limit.filter(|limit| *limit != 0);
        let rows = match requested.map(usize::try_from) {
            None => settings.default_limit,
            Some(Ok(rows)) => rows,
            Some(Err(_)) => {
                return Err(ToolError::invalid(format!(
                    "limit must be 0 or more, but is {}",
                    requested.unwrap_or_default()
                )));
            }
        };
        let limit = rows.min(settings.max_limit);
        let excessive_limit = requested.filter(|_| rows > limit);
        let max_offset = limit.saturating_mul(1000).max(10_000);
        match usize::try_from(offset) {
            Ok(offset) if offset <= max_offset => Ok(Page { limit, offset, excessive_limit }),
            _ => Err(ToolError::invalid(format!(
                "offset must be from 0 to {max_offset}, but is {offset}: narrow the domain, or change the order so that \
                 the wanted records come first"
            ))),
        }
    }

    /// A note if the limit was reduced.
    pub(super) fn note(&self) -> Option<String> {
        let requested = self.excessive_limit?;
        let maximum = self.limit;
        Some(format!(
            "limit was reduced from {requested} to {maximum}, the maximum of this server (ODOO_MCP_MAX_LIMIT)."
        ))
    }
}

/// Joins notes.
fn joined(notes: [Option<String>; 2]) -> Option<String> {
    notes.into_iter().flatten().reduce(|one, other| format!("{one} {other}"))
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::McpSettings;

    #[test]
    fn pages_stay_within_the_settings() {
        let settings = McpSettings::default();
        let page = |limit, offset| {
            Page::new(limit, offset, &settings).map(|page| (page.limit, page.offset, page.note().is_some()))
        };
        assert_eq!(page(None, 0).unwrap(), (25, 0, false));
        assert_eq!(page(Some(0), 3).unwrap(), (25, 3, false));
        assert_eq!(page(Some(7), 10_000).unwrap(), (7, 10_000, false));
        assert_eq!(page(Some(100), 0).unwrap(), (100, 0, false));
        assert_eq!(page(Some(101), 0).unwrap(), (100, 0, true));
        assert_eq!(page(Some(i64::MAX), 100_000).unwrap(), (100, 100_000, true));
        assert!(page(Some(-1), 0).is_err());
        assert!(page(None, -1).is_err());
        assert!(page(None, 25_001).is_err());
    }
}
