//! The beginning, what goes wrong, and what must never be told.

use std::process::Command;
use std::time::{Duration, Instant};

use odoo_double::{Behaviour, Fault};
use serde_json::json;

use crate::support::{Agent, PARTNERS, double};

#[tokio::test]
async fn the_beginning_does_not_wait_for_the_login() {
    let mut behaviour = Behaviour::default();
    behaviour.delays.insert("login", Duration::from_secs(2));
    let double = double(behaviour).await;
    let began = Instant::now();
    let agent = Agent::with(double, &[("ODOO_YOLO", "read")]).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    assert_eq!(agent.double.logins(), 1, "the login began with the program");
}

#[tokio::test]
async fn a_failed_login_is_told_at_the_first_call_that_needs_it() {
    for settings in [
        [("ODOO_YOLO", "read"), ("ODOO_PASSWORD", "not the password")],
        [("ODOO_YOLO", "off"), ("ODOO_API_KEY", "not the key")],
    ] {
        let agent = Agent::new(&settings).await;
        let told = agent.refused("search_records", json!({"model": PARTNERS})).await;
        assert_eq!(told, "odoo does not accept the credentials for database `odoo`");
        agent.ask("get_stats", json!({})).await;
        assert_eq!(agent.end().await, "");
    }
}

#[tokio::test]
async fn neither_tracebacks_nor_secrets_are_told() {
    let agent = Agent::new(&[("ODOO_YOLO", "true")]).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    let mut told = Vec::new();
    for fault in
        [Fault::ServerError, Fault::Html(500), Fault::Garbage, Fault::CloseHalfway, Fault::CloseHalfway]
    {
        agent.double.inject(fault);
    }
    for _ in 0..4 {
        told.push(agent.refused("search_records", json!({"model": PARTNERS})).await);
    }
    assert_eq!(told.first().unwrap(), "odoo failed inside with `builtins.ZeroDivisionError`");
    told.push(agent.refused("get_record", json!({"model": PARTNERS, "record_id": 99})).await);
    told.push(agent.ask("get_stats", json!({})).await.to_string());
    told.push(agent.end().await);
    for text in told {
        for secret in ["Traceback", "secret_path", "<password>", "<key", "session_id"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_told_before_anything_begins() {
    let run = |settings: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
        let output = command.arg("mcp").env_clear().envs(settings.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, told) = run(&[]);
    assert_eq!(status, Some(2));
    assert!(told.starts_with("error: ODOO_URL is not set"), "{told}");
    let odoo = [("ODOO_URL", "http://127.0.0.1:1"), ("ODOO_DB", "odoo"), ("ODOO_API_KEY", "k3y")];
    for (name, value) in
        [("ODOO_YOLO", "maybe"), ("ODOO_MCP_TRANSPORT", "streamable-http"), ("ODOO_MCP_MAX_LIMIT", "x")]
    {
        let (status, told) = run(&[&odoo[..], &[(name, value)]].concat());
        assert_eq!(status, Some(2));
        assert!(told.contains(name) && told.contains(value) && !told.contains("k3y"), "{told}");
    }
}
