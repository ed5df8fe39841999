//! The start of `orgcache mcp`, its login, invalid settings, and secrets that no output may contain.

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
async fn the_start_does_not_wait_for_the_login() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    // The server never answers. The client can still initialize and list the tools.
    let agent = Agent::new(&[("ODOO_YOLO", "read"), ("ODOO_URL", &url)]).await;
    let (mut login, _) = silent.accept().await.unwrap();
    let mut head = [0; 32];
    login.read_exact(&mut head).await.unwrap();
    assert!(head.starts_with(b"POST /web/session/authenticate"), "the login starts with the program");
    assert_eq!(agent.stop().await, "");

    let agent = Agent::new(&[("ODOO_YOLO", "read")]).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    assert_eq!(agent.double.logins(), 1, "the first call uses the login that is in flight");
}

#[tokio::test]
async fn a_failed_login_is_reported_by_the_first_call_that_needs_it() {
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
        let message = agent.refused("search_records", json!({"model": PARTNERS})).await;
        assert_eq!(message, format!("odoo does not accept the credentials for database `odoo`: {advice}"));
        agent.ask("get_stats", json!({})).await;
        assert_eq!(agent.stop().await, "");
    }
}

#[tokio::test]
async fn no_output_contains_tracebacks_or_secrets() {
    let agent = Agent::new(&[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_STATS", "true")]).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    let mut outputs = Vec::new();
    for fault in
        [Fault::ServerError, Fault::Html(500), Fault::Garbage, Fault::CloseHalfway, Fault::CloseHalfway]
    {
        agent.double.inject(fault);
    }
    for _ in 0..4 {
        outputs.push(agent.refused("search_records", json!({"model": PARTNERS})).await);
    }
    assert_eq!(outputs.first().unwrap(), "odoo failed with the internal error `builtins.ZeroDivisionError`");
    outputs.push(agent.refused("get_record", json!({"model": PARTNERS, "record_id": 99})).await);
    outputs.push(agent.ask("get_stats", json!({})).await.to_string());
    outputs.push(agent.stop().await);
    for text in outputs {
        for secret in ["Traceback", "secret_path", "<password>", "<key", "session_id"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// In a container the program is process 1, which ignores signals that it does not handle.
#[tokio::test]
async fn sigterm_stops_the_program_whatever_its_standard_input_is() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
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
            std::io::Write::write_all(&mut &ours, begin.as_bytes()).unwrap();
        }
        let mut answers = BufReader::new(program.stdout.take().unwrap()).lines();
        assert!(answers.next_line().await.unwrap().unwrap().contains("orgcache"));
        let id = Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), program.wait())
            .await
            .expect("the program does not exit");
        assert_eq!(ended.unwrap().code(), Some(0), "the program must handle the signal");
        pipe = false;
    }
}

#[test]
fn invalid_settings_are_reported_at_the_start() {
    let run = |settings: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
        let output = command.arg("mcp").env_clear().envs(settings.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, stderr) = run(&[]);
    assert_eq!(status, Some(2));
    assert!(stderr.starts_with("error: ODOO_URL is not set"), "{stderr}");
    let odoo = [("ODOO_URL", "http://127.0.0.1:1"), ("ODOO_DB", "odoo"), ("ODOO_API_KEY", "k3y")];
    for (name, value) in [
        ("ODOO_YOLO", "maybe"),
        ("ODOO_MCP_TRANSPORT", "streamable-http"),
        ("ODOO_MCP_MAX_LIMIT", "x"),
        ("ODOO_MCP_MAX_MESSAGE_SIZE", "16M"),
    ] {
        let (status, stderr) = run(&[&odoo[..], &[(name, value)]].concat());
        assert_eq!(status, Some(2));
        assert!(stderr.contains(name) && stderr.contains(value) && !stderr.contains("k3y"), "{stderr}");
    }
}

#[test]
fn the_manual_and_the_help_describe_all_settings() {
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
