//! `search_records`: a page of records, and how many there are in all.

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
use crate::read::{LESSONS, Method, Rows, Selection, left_out, with_sizes};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{McpSettings, ToolError};

/// From this version on, one call answers with rows and their number.
const ONE_CALL_SINCE: u64 = 17;

pub(crate) struct SearchRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    domain: Option<Domain>,
    /// Fields to read; without it the usual ones, with `["__all__"]` all of them, which may be slow.
    fields: Option<Names>,
    /// How many records at most.
    limit: Option<i64>,
    /// How many records to skip.
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
    /// How many records the domain finds in all.
    total: u64,
    /// How many records a page may have.
    limit: usize,
    /// How many records were skipped.
    offset: usize,
    /// The model.
    model: String,
    /// Are there more records after these?
    has_more: bool,
    /// The offset of the next page, if there is one.
    next_offset: Option<usize>,
    /// What else there is to say.
    note: Option<String>,
    /// Fields left out since this user may not read them.
    skipped_fields: Option<Vec<String>>,
}

impl Tool for SearchRecords {
    const NAME: &'static str = "search_records";
    const TITLE: &'static str = "Search Records";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Search for records of an Odoo model and read them, with the total number that \
        the domain finds. This is the main tool for reading: to read many records whose ids are known, pass \
        [[\"id\", \"in\", ids]] as domain in one call; prefer one call with a larger limit to many small pages. \
        For counts and totals by group use aggregate_records. Files come as odoo:// URIs: read_attachment reads them. \
        Moments are in UTC.";
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
        service.fit_domain(&model, &mut domain).await?;
        domain.extend(service.owner_conditions(&model).await?);
        let context = service.context(context.as_ref()).await?;
        let (mut selection, definitions) = service.select(&model, fields.as_ref()).await?;
        let search =
            Search { model: &model, domain, limit, offset, order: order.as_deref(), context: &context };
        let withheld = selection.withheld.clone();
        let at_once = service.client.version().await? >= ONE_CALL_SINCE;
        let mut lessons = 0;
        let (mut rows, total) = loop {
            if !at_once || lessons > LESSONS {
                break search.in_steps(service, (&selection, &definitions)).await?;
            }
            match search.at_once(service, specification(&definitions, &selection.names())).await {
                Err(ToolError::Odoo(OdooError::Access { message }))
                    if selection.method != Method::Explicit =>
                {
                    lessons += 1;
                    let refusal = (message.as_str(), lessons == 1);
                    match service.choose_again(&selection, &model, &definitions, refusal).await? {
                        Some(again) => selection = again,
                        None => lessons = LESSONS + 1,
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
        // Records that are filtered after the search may leave a page short of its limit, but not the last
        // one.
        let has_more = u64::try_from(next).is_ok_and(|next| next < total) && !rows.records.is_empty();
        let next_offset = has_more.then_some(next);
        let skipped_fields = (!rows.skipped.is_empty()).then_some(rows.skipped);
        let records = rows.records;
        Ok(Answer { records, total, limit, offset, model, has_more, next_offset, note, skipped_fields })
    }
}

#[cfg(test)]
impl SearchRecords {
    /// An answer with these records.
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

    /// Rows and total in one call. Unless it is made to count, the server takes a page that is not full for
    /// the last one, which is wrong where records are filtered after the search; and an empty page is never
    /// counted.
    async fn at_once(&self, service: &Service, fields: Value) -> Result<(Vec<Record>, u64), ToolError> {
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

    /// Ids and total at the same time, then the rows.
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

/// A page: from where, and how many rows.
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// What was asked for, where it is more than is allowed.
    too_many: Option<i64>,
}

impl Page {
    /// The configured number of rows if none is given, and never more than is allowed. Every row that is
    /// skipped costs the server work.
    pub(super) fn new(limit: Option<i64>, offset: i64, settings: &McpSettings) -> Result<Self, ToolError> {
        let asked = limit.filter(|limit| *limit != 0);
        let rows = match asked.map(usize::try_from) {
            None => settings.default_limit,
            Some(Ok(rows)) => rows,
            Some(Err(_)) => {
                return Err(ToolError::invalid(format!(
                    "limit must be 0 or more, and is {}",
                    asked.unwrap_or_default()
                )));
            }
        };
        let limit = rows.min(settings.max_limit);
        let too_many = asked.filter(|_| rows > limit);
        let deepest = limit.saturating_mul(1000).max(10_000);
        match usize::try_from(offset) {
            Ok(offset) if offset <= deepest => Ok(Page { limit, offset, too_many }),
            _ => Err(ToolError::invalid(format!(
                "offset must be from 0 to {deepest}, and is {offset}: narrow the domain, or order the records so that \
                 those come first"
            ))),
        }
    }

    /// What is to be said of a limit that was cut.
    pub(super) fn note(&self) -> Option<String> {
        let asked = self.too_many?;
        let most = self.limit;
        Some(format!(
            "limit is {most}, the most that this server allows (ODOO_MCP_MAX_LIMIT), instead of {asked}."
        ))
    }
}

/// Notes beside each other.
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
