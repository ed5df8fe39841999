//! What calls of tools take, and how many requests to Odoo they cost.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::future::try_join_all;
use odoo_double::OdooDouble;
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};

use crate::contender::{Client, Contender, resident};
use crate::report::{Record, median};
use crate::{Samples, world};

/// A tool and its arguments.
pub(crate) type Call = (&'static str, Value);

/// Everything about one contender with so much added to each round trip.
pub(crate) async fn measure(
    contender: &Contender,
    added: Duration,
    samples: Samples,
) -> anyhow::Result<Vec<Record>> {
    let double = world::start(added).await?;
    let mut records = Vec::new();
    let mut add = |metric, value, unit| records.push(Record::of(contender.name, metric, added, value, unit));

    let (mut starts, mut models, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    let mut cold_requests = 0.0;
    for _ in 0..samples.starts {
        let began = Instant::now();
        let (client, _) = contender.start(&double).await?;
        starts.push(began.elapsed());
        // Logs in.
        ask(&client, &("get_fields", json!({"model": "res.company"}))).await?;
        let before = requests(&double);
        models.push(timed(&client, &("list_models", json!({}))).await?);
        cold_requests = requests(&double) - before;
        fields.push(timed(&client, &of_partner("get_fields", json!({}))).await?);
        client.cancel().await?;
    }
    add("start to initialized", median(starts), "ms");
    add("list_models, cold", median(models), "ms");
    add("list_models, cold: requests", cold_requests, "requests");
    add("get_fields, cold", median(fields), "ms");

    let (client, process) = contender.start(&double).await?;
    let row = |limit: usize| of_partner("search_records", json!({"limit": limit}));
    let one = |id: usize| of_partner("get_record", json!({"record_id": id}));
    let again: [(&'static str, &'static str, Call); 5] = [
        ("list_models, warm", "list_models, warm: requests", ("list_models", json!({}))),
        ("get_fields, warm", "get_fields, warm: requests", of_partner("get_fields", json!({}))),
        ("search_records, 10 rows", "search_records, 10 rows: requests", row(10)),
        ("search_records, 100 rows", "search_records, 100 rows: requests", row(100)),
        ("get_record", "get_record: requests", one(1)),
    ];
    for (metric, requests_metric, call) in again {
        let (took, sent) = repeated(&client, &double, &call, samples.calls).await?;
        add(metric, took, "ms");
        add(requests_metric, sent, "requests");
    }
    let searches: Vec<Call> = (0..16).map(|_| row(10)).collect();
    let (took, sent) = together(&client, &double, &searches, samples.storms).await?;
    add("16 × search_records at once", took, "ms");
    add("16 × search_records at once: requests", sent, "requests");
    let reads: Vec<Call> = (1..=16).map(one).collect();
    let (took, sent) = together(&client, &double, &reads, samples.storms).await?;
    add("16 × get_record at once", took, "ms");
    add("16 × get_record at once: requests", sent, "requests");
    if contender.is_own {
        let (took, sent) = habit(&client, &double, samples.calls).await?;
        add("get_record of what was read a moment ago, or is usually read with it", took, "ms");
        add(
            "get_record of what was read a moment ago, or is usually read with it: requests",
            sent,
            "requests",
        );
    }
    if let Some(bytes) = process.and_then(resident) {
        add("resident memory", bytes / 1_048_576.0, "MiB");
    }
    client.cancel().await?;
    Ok(records)
}

pub(crate) fn of_partner(tool: &'static str, mut arguments: Value) -> Call {
    if let Value::Object(arguments) = &mut arguments {
        arguments.insert("model".into(), "res.partner".into());
    }
    (tool, arguments)
}

async fn ask(client: &Client, (tool, arguments): &Call) -> anyhow::Result<()> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let answer = client.call_tool(CallToolRequestParams::new(*tool).with_arguments(arguments)).await?;
    ensure!(answer.is_error != Some(true), "{tool} failed: {answer:?}");
    Ok(())
}

async fn timed(client: &Client, call: &Call) -> anyhow::Result<Duration> {
    let began = Instant::now();
    ask(client, call).await?;
    Ok(began.elapsed())
}

fn requests(double: &OdooDouble) -> f64 {
    f64::from(u32::try_from(double.seen().len()).unwrap_or(u32::MAX))
}

fn each(requests: f64, calls: usize) -> f64 {
    requests / f64::from(u32::try_from(calls.max(1)).unwrap_or(u32::MAX))
}

/// One call after the other, once not counted; milliseconds of one, and requests of one.
async fn repeated(
    client: &Client,
    double: &OdooDouble,
    call: &Call,
    times: usize,
) -> anyhow::Result<(f64, f64)> {
    ask(client, call).await?;
    let (before, mut took) = (requests(double), Vec::new());
    for _ in 0..times {
        took.push(timed(client, call).await?);
    }
    Ok((median(took), each(requests(double) - before, times)))
}

/// Calls at the same time; milliseconds and requests of all together.
async fn together(
    client: &Client,
    double: &OdooDouble,
    calls: &[Call],
    times: usize,
) -> anyhow::Result<(f64, f64)> {
    let (before, mut took) = (requests(double), Vec::new());
    for _ in 0..times {
        let began = Instant::now();
        try_join_all(calls.iter().map(|call| ask(client, call))).await?;
        took.push(began.elapsed());
    }
    Ok((median(took), each(requests(double) - before, times)))
}

/// Somebody who asks for two of three fields of each record, three times, and accepts answers of a few seconds.
async fn habit(client: &Client, double: &OdooDouble, times: usize) -> anyhow::Result<(f64, f64)> {
    const FIRST: usize = 201;
    let pairs = [["name", "email"], ["email", "phone"], ["phone", "name"]];
    let call = |id: usize, fields: &[&str; 2]| {
        of_partner("get_record", json!({"record_id": id, "fields": fields, "max_age": 5}))
    };
    // Until the habit is known. Nothing above has read these records.
    for id in FIRST - 6..FIRST {
        for fields in &pairs {
            ask(client, &call(id, fields)).await?;
        }
    }
    let (before, mut took) = (requests(double), Vec::new());
    for id in FIRST..FIRST + times {
        for fields in &pairs {
            took.push(timed(client, &call(id, fields)).await?);
        }
    }
    let sum: Duration = took.iter().sum();
    let calls = took.len();
    Ok((each(sum.as_secs_f64() * 1000.0, calls), each(requests(double) - before, calls)))
}
