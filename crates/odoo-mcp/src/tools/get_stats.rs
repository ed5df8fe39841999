//! `get_stats`: returns all counters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ToolError;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

pub(crate) struct GetStats;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Connections and requests.
    pool: Value,
    /// Single and batched reads.
    reads: Value,
    /// The cache of records and the prefetched values, for all users of this process.
    records: Value,
    /// The cache of field definitions and model lists by table, for all users of this process.
    metadata: Value,
    /// The cache of the add-on's rules, by table.
    rules: Value,
}

impl Tool for GetStats {
    const NAME: &'static str = "get_stats";
    const TITLE: &'static str = "Get Statistics";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Return the counters of this server since it started: requests to Odoo, \
        connections, bytes, batched reads, and hits and misses of the caches.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, _: Arguments) -> Result<Answer, ToolError> {
        let (pool, reads) = (service.client.pool_stats(), service.reader.stats());
        let mut answer = Answer {
            pool: json!(pool),
            reads: json!(reads),
            records: json!(service.client.records().stats()),
            metadata: cache(&service.metadata.stats()),
            rules: cache(&service.gate.stats()),
        };
        set(&mut answer.pool, "bytes_saved", pool.bytes_saved());
        set(&mut answer.reads, "requests_saved", reads.requests_saved());
        Ok(answer)
    }
}

fn cache(stats: &model_metadata::CacheStats) -> Value {
    let mut value = json!(stats);
    set(&mut value, "total", json!(stats.total()));
    set(&mut value, "hit_rate", json!(stats.total().hit_rate()));
    value
}

fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(object) = object {
        object.insert(name.into(), value.into());
    }
}
