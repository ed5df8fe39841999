//! The Python SDK's client, on standard input and output and over HTTP, in all three modes.

use std::process::Stdio;

use odoo_double::{Behaviour, OdooDouble};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::{PARTNERS, double};
use crate::web::{ADMIN, Web, settings};

/// The interpreter that has the Python SDK and mcp-server-odoo installed.
pub(crate) fn python() -> String {
    std::env::var("ORGCACHE_TEST_PYTHON").expect("`cargo xtask test` sets ORGCACHE_TEST_PYTHON")
}

/// Runs the client, which must succeed, and returns its results.
pub(crate) async fn drive(task: &Value) -> Value {
    let mut command = Command::new(python());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/client.py"));
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = pipes.kill_on_drop(true).spawn().unwrap();
    let mut input = program.stdin.take().unwrap();
    input.write_all(task.to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = program.wait_with_output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The calls for every mode.
fn calls() -> Value {
    let search = json!({"model": PARTNERS, "domain": [["country_id", "=", [20, "Belgium"]]], "fields": ["name"], "limit": 2});
    json!([
        ["search_records", search],
        ["get_record", {"model": PARTNERS, "record_id": 3, "fields": ["name", "date"], "max_age": 2}],
        ["get_fields", {"model": PARTNERS, "field_names": ["country_id"]}],
        ["list_models", {}],
        ["update_record", {"model": PARTNERS, "record_id": 3, "values": {"name": "changed"}}],
        ["get_record", {"model": PARTNERS, "record_id": 999}],
        ["get_stats", {}],
    ])
}

/// Asserts the results for a mode.
fn assert_results(mode: &str, results: &Value) {
    assert_eq!(results["tools"].as_array().unwrap().len(), 17, "{mode}");
    assert_eq!(results["templates"], 6);
    let answers = results["answers"].as_array().unwrap();
    let failed: Vec<bool> = answers.iter().map(|it| it["is_error"].as_bool().unwrap()).collect();
    let may_write = mode == "true";
    assert_eq!(failed, [false, false, false, false, !may_write, true, false], "{mode}: {answers:?}");
    assert_eq!(answers[0]["structured"]["total"], 30);
    assert_eq!(answers[0]["structured"]["records"][0], json!({"id": 2, "name": "Partner 2"}));
    assert_eq!(
        answers[1]["structured"]["record"],
        json!({"id": 3, "name": "Partner 3", "date": "2026-01-31T10:00:00+00:00"})
    );
    assert_eq!(answers[2]["structured"]["fields"][0]["relation"], "res.country");
    let models = answers[3]["structured"]["models"].as_array().unwrap().len();
    assert!(if mode == "off" { models == 2 } else { models > 200 }, "{mode}: {models}");
    assert!(may_write || answers[4]["text"].as_str().unwrap().starts_with("access denied"));
    assert_eq!(answers[5]["text"], "record not found: res.partner with id 999");
    assert!(answers[6]["structured"]["pool"]["requests"].as_u64().unwrap() > 0);
    assert_eq!(results["resource"], "res.partner: 60 records");
}

async fn double_with_rules() -> OdooDouble {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, &["read"]), ("res.country", &["read"])]));
    double
}

#[tokio::test]
async fn the_python_client_works_with_the_program_in_all_modes() {
    for (mode, lifecycle) in [("off", "auto"), ("read", "legacy"), ("true", "auto"), ("true", "legacy")] {
        let double = double_with_rules().await;
        let task = json!({
            "command": env!("CARGO_BIN_EXE_orgcache"), "args": ["mcp"], "mode": lifecycle,
            "env": {"ODOO_URL": double.url(), "ODOO_DB": "odoo", "ODOO_USER": "admin", "ODOO_PASSWORD": "<password>",
                    "ODOO_YOLO": mode, "ODOO_MCP_ENABLE_STATS": "true"},
            "calls": calls(), "resource": "odoo://res.partner/count",
        });
        assert_results(mode, &drive(&task).await);
    }
}

#[tokio::test]
async fn the_python_client_works_with_the_service_in_all_modes() {
    for (mode, lifecycle) in [("off", "legacy"), ("read", "auto"), ("true", "legacy"), ("true", "auto")] {
        let double = double_with_rules().await;
        let settings = settings(&double, mode, &json!({}));
        let web = Web::serve(double, settings).await;
        let task = json!({
            "url": web.url(), "token": ADMIN, "mode": lifecycle, "calls": calls(),
            "resource": "odoo://res.partner/count",
        });
        assert_results(mode, &drive(&task).await);
        web.stop().await;
    }
}
