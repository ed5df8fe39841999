//! The beginning, what goes wrong, and what must never be told.

use std::process::{Command, Stdio};
use std::time::Duration;

use odoo_double::Fault;
use rustix::process::Pid;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::{Agent, PARTNERS};
use crate::web::initialize;

#[tokio::test]
async fn the_beginning_does_not_wait_for_the_login() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    // The tools are listed before this server, which never answers, has been heard of.
    let agent = Agent::new(&[("ODOO_YOLO", "read"), ("ODOO_URL", &url)]).await;
    let (mut login, _) = silent.accept().await.unwrap();
    let mut begun = [0; 32];
    login.read_exact(&mut begun).await.unwrap();
    assert!(begun.starts_with(b"POST /web/session/authenticate"), "it begins with the program");
    assert_eq!(agent.end().await, "");

    let agent = Agent::new(&[("ODOO_YOLO", "read")]).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    assert_eq!(agent.double.logins(), 1, "the first call waits for that one");
}

#[tokio::test]
async fn a_failed_login_is_told_at_the_first_call_that_needs_it() {
    let stats = ("ODOO_MCP_ENABLE_STATS", "true");
    for (settings, advice) in [
        (
            [("ODOO_YOLO", "read"), ("ODOO_PASSWORD", "not the password"), stats],
            "check ODOO_USER and ODOO_PASSWORD",
        ),
        (
            [("ODOO_YOLO", "off"), ("ODOO_API_KEY", "not the key"), stats],
            "check ODOO_API_KEY, and that it is a key of ODOO_USER",
        ),
    ] {
        let agent = Agent::new(&settings).await;
        let told = agent.refused("search_records", json!({"model": PARTNERS})).await;
        assert_eq!(told, format!("odoo does not accept the credentials for database `odoo`: {advice}"));
        agent.ask("get_stats", json!({})).await;
        assert_eq!(agent.end().await, "");
    }
}

#[tokio::test]
async fn neither_tracebacks_nor_secrets_are_told() {
    let agent = Agent::new(&[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_STATS", "true")]).await;
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
    assert_eq!(told.first().unwrap(), "odoo failed with the internal error `builtins.ZeroDivisionError`");
    told.push(agent.refused("get_record", json!({"model": PARTNERS, "record_id": 99})).await);
    told.push(agent.ask("get_stats", json!({})).await.to_string());
    told.push(agent.end().await);
    for text in told {
        for secret in ["Traceback", "secret_path", "<password>", "<key", "session_id"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// The first process of a container is ended by no signal that it does not catch.
#[tokio::test]
async fn the_signal_to_end_is_caught_whatever_standard_input_is() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (own, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut pipe = true;
    for input in [Stdio::piped(), Stdio::from(std::os::fd::OwnedFd::from(theirs))] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_orgcache"));
        let odoo = [("ODOO_URL", &*url), ("ODOO_DB", "odoo"), ("ODOO_API_KEY", "k3y"), ("ODOO_YOLO", "read")];
        command.arg("mcp").env_clear().envs(odoo).stdin(input).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().unwrap();
        let begin = initialize().to_string() + "\n";
        if pipe {
            program.stdin.as_mut().unwrap().write_all(begin.as_bytes()).await.unwrap();
        } else {
            std::io::Write::write_all(&mut &own, begin.as_bytes()).unwrap();
        }
        let mut answers = BufReader::new(program.stdout.take().unwrap()).lines();
        assert!(answers.next_line().await.unwrap().unwrap().contains("orgcache"));
        let id = Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), program.wait()).await.expect("it goes on");
        assert_eq!(ended.unwrap().code(), Some(0), "it ended by itself, not by the signal");
        pipe = false;
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
    for (name, value) in [
        ("ODOO_YOLO", "maybe"),
        ("ODOO_MCP_TRANSPORT", "streamable-http"),
        ("ODOO_MCP_MAX_LIMIT", "x"),
        ("ODOO_MCP_MAX_MESSAGE_SIZE", "16M"),
    ] {
        let (status, told) = run(&[&odoo[..], &[(name, value)]].concat());
        assert_eq!(status, Some(2));
        assert!(told.contains(name) && told.contains(value) && !told.contains("k3y"), "{told}");
    }
}

#[test]
fn every_setting_is_described_where_people_look() {
    let manual = include_str!("../../../../docs/odoo.md");
    let program = Command::new(env!("CARGO_BIN_EXE_orgcache")).args(["mcp", "--help"]).output().unwrap();
    let help = String::from_utf8(program.stdout).unwrap();
    let names = |text: &str| -> std::collections::BTreeSet<String> {
        let words = text.split(|it: char| !it.is_ascii_uppercase() && it != '_');
        words.filter(|word| word.starts_with("ODOO_")).map(str::to_owned).collect()
    };
    let (_, table) = manual.split_once("\n## Settings\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    assert!(names(table).len() > 20, "{table}");
    assert_eq!(names(table), names(&help));
}
