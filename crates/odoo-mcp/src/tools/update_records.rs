//! `update_records`: changes several records.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::create_record::names_of;
use super::create_records::check_number;
use super::write_outcome;
use crate::ToolError;
use crate::arguments::{Ids, RecordId};
use crate::context::CallContext;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// First version in which one call can write different values to different records.
const EACH_SINCE: u64 = 19;

pub(crate) struct UpdateRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The ids of the records, 1 to 100; requires values.
    record_ids: Option<Ids>,
    /// The new values for all record_ids, as in create_record.
    values: Option<Map<String, Value>>,
    /// The new values of each record, 1 to 100, instead of record_ids and values. Requires Odoo 19 or later.
    updates: Option<Vec<Update>>,
    context: Option<CallContext>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Update {
    id: RecordId,
    values: Map<String, Value>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    success: bool,
    updated_count: usize,
    /// Id and name of each record.
    records: Vec<Map<String, Value>>,
    message: String,
}

impl Tool for UpdateRecords {
    const NAME: &'static str = "update_records";
    const TITLE: &'static str = "Update Records (Bulk)";
    const EFFECT: ToolEffect = ToolEffect::Changes;
    const DESCRIPTION: &'static str = "Change up to 100 records of an Odoo model in one call: the same values for all \
        (record_ids and values) or, on Odoo 19 and later, different values ({\"id\", \"values\"} in updates).";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_ids, values, updates, context } = arguments;
        service.gate.require(&model, Operation::Write).await?;
        let mut change = match (record_ids, values, updates) {
            (Some(Ids(ids)), Some(values), None) => Change::same(ids, values)?,
            (None, None, Some(updates)) => Change::each(updates)?,
            _ => return Err(ToolError::invalid("pass either record_ids and values, or updates")),
        };
        if let Change::Each(..) = change {
            if service.gate.has_rules() {
                let reason = "the rules do not cover different values per record: pass record_ids and values";
                return Err(ToolError::Denied(reason.into()));
            }
            let version = service.client.version().await?;
            if version < EACH_SINCE {
                return Err(ToolError::invalid(format!(
                    "different values per record need odoo {EACH_SINCE}, but this is odoo {version}: pass record_ids \
                     and values"
                )));
            }
        }
        let context = service.context(context.as_ref()).await?;
        let ids = change.ids().to_vec();
        let ignored = service.check_values(&model, &ids, change.values_mut()).await?;
        service.check_exists(&model, &ids, &context).await?;
        let call = match change {
            Change::Same(ids, values) => Call::write(&model, &ids, values),
            Change::Each(ids, values) => Call::method(&model, "web_save_multi")
                .on(&ids)
                .argument("vals_list", values.into_iter().map(Value::Object).collect::<Vec<_>>())
                .argument("specification", json!({"display_name": {}})),
        };
        let written: Value = service.call(call, &context).await?;
        let records = names_of(service, &model, &ids, &context).await;
        let done = ignored.note(format!("updated {} {model} record(s)", ids.len()));
        let (success, message) = write_outcome(&written, done);
        Ok(Answer { success, updated_count: if success { ids.len() } else { 0 }, records, message })
    }
}

/// The records to change and their new values.
enum Change {
    Same(Vec<i64>, Map<String, Value>),
    Each(Vec<i64>, Vec<Map<String, Value>>),
}

impl Change {
    fn same(ids: Vec<i64>, values: Map<String, Value>) -> Result<Self, ToolError> {
        let mut distinct: Vec<i64> = Vec::with_capacity(ids.len().min(1000));
        for id in ids {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
            // Repeated ids are one record. Stop as soon as there are too many distinct ids.
            if distinct.len() > super::create_records::MAX_RECORDS {
                break;
            }
        }
        check_number(distinct.len())?;
        if values.is_empty() {
            return Err(ToolError::invalid("values must name a field"));
        }
        Ok(Change::Same(distinct, values))
    }

    fn each(updates: Vec<Update>) -> Result<Self, ToolError> {
        check_number(updates.len())?;
        let (mut ids, mut all) = (Vec::new(), Vec::new());
        for Update { id: RecordId(id), values } in updates {
            if ids.contains(&id) {
                return Err(ToolError::invalid(format!("record {id} occurs twice")));
            }
            if values.is_empty() {
                return Err(ToolError::invalid(format!("the values of record {id} must name a field")));
            }
            ids.push(id);
            all.push(values);
        }
        Ok(Change::Each(ids, all))
    }

    fn ids(&self) -> &[i64] {
        let (Change::Same(ids, _) | Change::Each(ids, _)) = self;
        ids
    }

    fn values_mut(&mut self) -> Vec<(&mut Map<String, Value>, String)> {
        match self {
            Change::Same(_, values) => vec![(values, "values".to_owned())],
            Change::Each(_, all) => {
                let path = |(index, values)| (values, format!("updates[{index}].values"));
                all.iter_mut().enumerate().map(path).collect()
            }
        }
    }
}
