//! `aggregate_records`: counts and totals by group.

use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::search_records::Page;
use crate::ToolError;
use crate::arguments::{Domain, Names};
use crate::context::CallContext;
use crate::domain::check_balance;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// First version with a method whose result has the shape of this tool's answer.
const FORMATTED_SINCE: u64 = 19;
const COUNT: &str = "__count";

pub(crate) struct AggregateRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `sale.order`.
    model: String,
    /// Fields to group by, dates with a granularity: `["partner_id", "date_order:month"]`. Without groups
    /// there is one row.
    groupby: Option<Names>,
    /// What to compute, as `field:operator`: `["amount_total:sum"]`. The default, `__count`, is the number of
    /// records.
    aggregates: Option<Names>,
    /// The records to aggregate, as in search_records; all by default.
    domain: Option<Domain>,
    /// The order of the groups: `amount_total:sum desc`.
    order: Option<String>,
    /// The maximum number of groups.
    limit: Option<i64>,
    /// The number of groups to skip.
    #[serde(default)]
    offset: i64,
    context: Option<CallContext>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The groups, each with its grouping values, its aggregates, and `__extra_domain`: the conditions to
    /// append to the domain of the call to find the records of the group.
    groups: Vec<Map<String, Value>>,
    model: String,
    groupby: Vec<String>,
    aggregates: Vec<String>,
    /// Are there more groups after these?
    has_more: bool,
    /// How to get the next groups.
    next_hint: Option<String>,
    /// Remarks.
    note: Option<String>,
}

impl Tool for AggregateRecords {
    const NAME: &'static str = "aggregate_records";
    const TITLE: &'static str = "Aggregate Records";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Count and sum records of an Odoo model by group, on the server. Use this for \
        totals instead of reading the records. To get the records of a group, search with the domain of the call \
        followed by the group's __extra_domain.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        let rows = std::mem::take(&mut answer.groups);
        Some(("groups", rows.into_iter().map(Value::Object).collect()))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, groupby, aggregates, domain, order, limit, offset, context } = arguments;
        service.require_read(&model).await?;
        let page = Page::new(limit, offset, &service.settings)?;
        let (limit, offset) = (page.limit, page.offset);
        let Domain(mut domain) = domain.unwrap_or_default();
        check_balance(&domain)?;
        let groupby = groupby.unwrap_or_default().0;
        let mut aggregates = aggregates.unwrap_or_default().0;
        if aggregates.is_empty() {
            aggregates.push(COUNT.into());
        }
        let groups: Vec<&str> = groupby.iter().map(String::as_str).collect();
        service.check_paths(&model, &domain, &groups, order.as_deref()).await?;
        service.convert_domain(&model, &mut domain).await?;
        domain.extend(service.owner_conditions(&model).await?);
        let context = service.context(context.as_ref()).await?;
        let fields = aggregates.iter().filter(|it| *it != COUNT).map(|it| field_of(it));
        service.check_names(&model, fields).await?;
        if let Some(bare) = aggregates.iter().find(|it| *it != COUNT && !it.contains(':')) {
            return Err(ToolError::invalid(format!("`{bare}` needs an operator, such as `{bare}:sum`")));
        }
        let grouping = Grouping {
            model: &model,
            domain,
            groupby: &groupby,
            aggregates: &aggregates,
            order: order.as_deref(),
            // One more than a page, to detect whether there is another page.
            limit: limit + 1,
            offset,
            context: &context,
        };
        let mut groups = if service.client.version().await? >= FORMATTED_SINCE {
            grouping.formatted(service).await?
        } else {
            grouping.plain(service).await?
        };
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let next = offset + limit;
        let next_hint = has_more.then(|| format!("aggregate_records with offset={next}, limit={limit}"));
        Ok(Answer { groups, model, groupby, aggregates, has_more, next_hint, note: page.note() })
    }
}

struct Grouping<'a> {
    model: &'a str,
    domain: Vec<Value>,
    groupby: &'a [String],
    aggregates: &'a [String],
    order: Option<&'a str>,
    limit: usize,
    offset: usize,
    context: &'a Map<String, Value>,
}

type Groups = Vec<Map<String, Value>>;

impl Grouping<'_> {
    async fn formatted(&self, service: &Service) -> Result<Groups, ToolError> {
        let mut call = Call::method(self.model, "formatted_read_group")
            .idempotent()
            .argument("domain", self.domain.clone())
            .option("groupby", self.groupby)
            .option("aggregates", self.aggregates)
            .option("limit", self.limit)
            .option("offset", self.offset);
        if let Some(order) = self.order {
            call = call.option("order", order);
        }
        service.call(call, self.context).await
    }

    /// Uses the older method, whose results name an aggregate only by its field. So it cannot return two
    /// aggregates of one field, or an aggregate of a field to group by.
    async fn plain(&self, service: &Service) -> Result<Groups, ToolError> {
        let computed: Vec<&String> = self.aggregates.iter().filter(|it| *it != COUNT).collect();
        let grouped: Vec<&str> = self.groupby.iter().map(|it| field_of(it)).collect();
        for (index, aggregate) in computed.iter().enumerate() {
            let field = field_of(aggregate);
            let is_repeated = computed.iter().skip(index + 1).any(|other| field_of(other) == field);
            if is_repeated || grouped.contains(&field) {
                return Err(ToolError::invalid(format!(
                    "before odoo {FORMATTED_SINCE}, `{aggregate}` cannot be combined with another value of `{field}` in one \
                     call: use separate calls"
                )));
            }
        }
        // Without a field Odoo would sum all numeric fields.
        let fields: Vec<&str> =
            if computed.is_empty() { vec![COUNT] } else { computed.iter().map(|it| it.as_str()).collect() };
        let mut call = Call::method(self.model, "read_group")
            .idempotent()
            .argument("domain", self.domain.clone())
            .argument("fields", fields)
            .argument("groupby", self.groupby)
            .option("limit", self.limit)
            .option("offset", self.offset)
            .option("lazy", false);
        if let Some(order) = self.order {
            call = call.option("orderby", order);
        }
        let groups: Groups = service.call(call, self.context).await?;
        Ok(groups.into_iter().map(|group| self.renamed(group)).collect())
    }

    /// Converts a group from the older method to the shape of the newer one.
    fn renamed(&self, mut group: Map<String, Value>) -> Map<String, Value> {
        let mut renamed = Map::new();
        for name in self.groupby {
            renamed.insert(name.clone(), group.remove(name).unwrap_or(Value::Bool(false)));
        }
        for name in self.aggregates {
            renamed.insert(name.clone(), group.remove(field_of(name)).unwrap_or_default());
        }
        if let Some(count) = group.remove(COUNT) {
            renamed.insert(COUNT.into(), count);
        }
        for name in ["__range", "__fold"] {
            if let Some(value) = group.remove(name) {
                renamed.insert(name.into(), value);
            }
        }
        let condition = group.remove("__domain").unwrap_or_else(|| Value::Array(Vec::new()));
        renamed.insert("__extra_domain".into(), condition);
        renamed
    }
}

/// The field of `field:operator` or `field:granularity`.
fn field_of(expression: &str) -> &str {
    expression.split(':').next().unwrap_or_default()
}
