//! How long `orgcache mcp` takes, and how many requests it sends, before a double of Odoo with the delays of a real one.
//!
//! `cargo bench -p gateway --bench mcp` prints the table of docs/odoo.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by panicking, and its samples are never empty"
)]

use std::time::{Duration, Instant};

use odoo_double::{Behaviour, Model, OdooDouble};
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::process::Command;

const SAMPLES: usize = 30;

/// What an Odoo 17 was measured to take, in tenths of milliseconds.
const DELAYS: &[(&str, u64)] = &[
    ("login", 4500),
    ("fields_get", 184),
    ("read", 104),
    ("search", 87),
    ("search_count", 87),
    ("search_read", 176),
    ("web_search_read", 225),
    ("check_access_rights", 58),
];

type Client = RunningService<RoleClient, ()>;

async fn double(round_trip: Duration) -> OdooDouble {
    let delays = DELAYS.iter().map(|(method, tenths)| (*method, Duration::from_micros(tenths * 100)));
    let behaviour = Behaviour { round_trip, delays: delays.collect(), workers: 2, ..Behaviour::default() };
    let double = OdooDouble::start(behaviour).await.unwrap();
    let mut partners = Model::with_fields(&[("name", "char"), ("email", "char"), ("city", "char")]);
    for id in 1..=538 {
        partners.insert(id, &json!({"name": format!("Partner {id}"), "email": format!("p{id}@example.com")}));
    }
    double.put_model("res.partner", partners);
    double
}

async fn start(double: &OdooDouble) -> Client {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
    command.arg("mcp").env_clear().env("ODOO_URL", double.url()).env("ODOO_DB", "odoo");
    command.env("ODOO_USER", "admin").env("ODOO_PASSWORD", "<password>").env("ODOO_YOLO", "true");
    ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap()
}

async fn call(client: &Client, tool: &'static str, arguments: &Value) {
    let request = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
    assert_eq!(client.call_tool(request).await.unwrap().is_error, Some(false), "{tool}");
}

fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort_unstable();
    samples[samples.len() / 2].as_secs_f64() * 1000.0
}

fn line(what: &str, took: f64, requests: usize) {
    println!("| {what} | {took:.1} | {requests} |");
}

async fn measure(round_trip: Duration) {
    println!("\nround trip +{} ms\n\n| | ms, p50 | requests |\n| --- | --: | --: |", round_trip.as_millis());
    let double = double(round_trip).await;
    let mut starts = Vec::new();
    for _ in 0..10 {
        let began = Instant::now();
        let client = start(&double).await;
        starts.push(began.elapsed());
        client.cancel().await.unwrap();
    }
    line("start to initialized", median(starts), 0);

    let client = start(&double).await;
    // Logs in.
    call(&client, "get_fields", &json!({"model": "res.company"})).await;
    let partner = json!({"model": "res.partner"});
    let tools = [
        ("list_models, cold", "list_models", json!({}), 1),
        ("list_models, warm", "list_models", json!({}), SAMPLES),
        ("get_fields, cold", "get_fields", partner.clone(), 1),
        ("get_fields, warm", "get_fields", partner.clone(), SAMPLES),
        ("search_records, 10 rows", "search_records", json!({"model": "res.partner", "limit": 10}), SAMPLES),
        (
            "search_records, 100 rows",
            "search_records",
            json!({"model": "res.partner", "limit": 100}),
            SAMPLES,
        ),
        ("get_record", "get_record", json!({"model": "res.partner", "record_id": 1}), SAMPLES),
        ("list_resource_templates", "list_resource_templates", json!({}), SAMPLES),
    ];
    for (what, tool, arguments, samples) in tools {
        let (before, mut took) = (double.seen().len(), Vec::new());
        for _ in 0..samples {
            let began = Instant::now();
            call(&client, tool, &arguments).await;
            took.push(began.elapsed());
        }
        line(what, median(took), (double.seen().len() - before) / samples);
    }
    let (before, mut took) = (double.seen().len(), Vec::new());
    let search = json!({"model": "res.partner", "limit": 10});
    for _ in 0..5 {
        let began = Instant::now();
        futures_util::future::join_all((0..16).map(|_| call(&client, "search_records", &search))).await;
        took.push(began.elapsed());
    }
    line("16 × search_records in parallel", median(took), (double.seen().len() - before) / 5);
    client.cancel().await.unwrap();
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for added in [0, 50] {
        runtime.block_on(measure(Duration::from_millis(added)));
    }
}
