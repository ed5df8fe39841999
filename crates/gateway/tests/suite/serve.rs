//! `orgcache serve`, with and without arguments: greeting, signals, stores, shutdown.

use std::io::BufReader;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::program::run;
use crate::serving::{Serving, login_token};

#[test]
fn the_first_command_serves_the_demonstration() {
    let home = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(home.path(), &[]);
    let greeting = serving.greeting();
    assert!(
        greeting.contains("F&BAdmin") && greeting.contains("password of all of them: orgcache"),
        "{greeting}"
    );
    for user in ["F&BAdmin", "QAAdmin", "Openbravo"] {
        let answer = serving.log_in(user, "orgcache");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(answer.contains(r#""instance_admin":true"#), user == "Openbravo");
    }
    assert!(serving.log_in("F&BAdmin", "wrong").starts_with("HTTP/1.1 401 "));
    let stderr = serving.stop(Signal::INT);
    assert!(stderr.starts_with("created the demonstration database"), "{stderr}");
    assert_eq!(Serving::start(home.path(), &["serve"]).stop(Signal::TERM), "");
}

#[test]
fn a_closed_standard_output_does_not_stop_the_service() {
    let home = tempfile::tempdir().unwrap();
    let stderr = NamedTempFile::new().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .env_clear()
        .env("HOME", home.path())
        .env("ORGCACHE_LISTEN", "127.0.0.1:0")
        .env("ORGCACHE_LOG", "info")
        .env("ORGCACHE_LOG_FORMAT", "json")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(stderr.reopen().unwrap())
        .spawn()
        .unwrap();
    let (out, _) = std::io::pipe().unwrap();
    let started = std::time::Instant::now();
    let address = loop {
        let log = std::fs::read_to_string(stderr.path()).unwrap();
        let found = log.split(r#""address":""#).nth(1).and_then(|rest| rest.split_once('"'));
        if let Some((address, _)) = found {
            break address.to_owned();
        }
        assert!(started.elapsed().as_secs() < 60, "the service never listened: {log}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let serving = Serving { child, out: BufReader::new(out), stderr, address };
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    assert!(serving.log_in("F&BAdmin", "orgcache").starts_with("HTTP/1.1 200 "));
    let log = serving.stop(Signal::TERM);
    assert!(log.contains("the greeting could not be written"), "{log}");
}

#[test]
fn sighup_reloads_the_principals() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("principals.json");
    let [old, new] = ["the old token, which is long enough", "the new token, which is long enough too"];
    let write = |token: &str| {
        let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        let settings =
            serde_json::json!({"ODOO_URL": "http://127.0.0.1:9", "ODOO_DB": "odoo", "ODOO_API_KEY": "k3y"});
        let principal = serde_json::json!({"name": "agent", "token_sha256": hash, "settings": settings});
        let content = serde_json::json!({"max_sessions": 0, "principals": [principal]}).to_string();
        std::fs::write(&file, content).unwrap();
    };
    write(old);
    let file_argument = file.to_str().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "info", "--mcp", file_argument]);
    let body = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
    let status = |token: &str| {
        let headers = format!(
            "authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {}\r\n",
            body.len()
        );
        serving.ask("POST /mcp", &headers, body).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!((status(old).as_str(), status(new).as_str()), ("200", "401"));
    let reload_until = |expected: &str| {
        serving.signal(Signal::HUP);
        let started = std::time::Instant::now();
        while !std::fs::read_to_string(serving.stderr.path()).unwrap().contains(expected) {
            assert!(started.elapsed().as_secs() < 60, "the log never contained `{expected}`");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    write(new);
    reload_until("were reloaded");
    assert_eq!((status(old).as_str(), status(new).as_str()), ("401", "200"));
    std::fs::write(&file, "no json, and k3y in it").unwrap();
    reload_until("are unchanged");
    assert_eq!(status(new), "200");
    let stderr = serving.stop(Signal::TERM);
    assert!(!stderr.contains("k3y"), "{stderr}");
}

#[test]
fn signals_that_mean_nothing_do_not_stop_the_service() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &[]);
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2, Signal::HUP] {
        serving.signal(signal);
        assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    }
    serving.stop(Signal::TERM);
    Serving::start(home.path(), &[]).stop(Signal::QUIT);
}

#[test]
fn instance_administrators_may_be_listed_with_blanks() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--instance-admin", "0 , A530AAE22C864702B7E1C22D58E7B17B"];
    let serving = Serving::start(home.path(), &arguments);
    let token = login_token(&serving.log_in("F&BAdmin", "orgcache"));
    let clients = serving.with_token("GET /v1/admin/clients", &token);
    assert!(clients.contains("F&B International Group") && clients.contains("QA Testing"), "{clients}");
    serving.stop(Signal::TERM);
}

#[test]
fn sessions_in_a_store_survive_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let arguments = ["serve", "--store-url", &store];
    let serving = Serving::start(home.path(), &arguments);
    let answer = serving.log_in("F&BAdmin", "orgcache");
    let (token, before) = (login_token(&answer), answer.split(r#""session":"#).nth(1).unwrap());
    let second = run(home.path(), &[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), "");
    assert_eq!(second.status, 75, "an SQLite store belongs to one process: {}", second.err);
    serving.stop(Signal::TERM);

    let serving = Serving::start(home.path(), &arguments);
    let after = serving.with_token("GET /v1/session", &token);
    assert!(
        after.starts_with("HTTP/1.1 200 ") && after.ends_with(before.strip_suffix('}').unwrap()),
        "{after}"
    );
    assert!(serving.with_token("POST /v1/logout", &token).starts_with("HTTP/1.1 204 "));
    serving.stop(Signal::TERM);
}

#[test]
fn instances_on_one_server_are_a_cluster() {
    let database = crate::databases::empty_postgres("");
    let home = database.home();
    let arguments = ["serve", "--store-url", &database.url];
    let (one, two) = (Serving::start(home, &arguments), Serving::start(home, &arguments));
    let answer = one.log_in("F&BAdmin", "orgcache");
    let token = login_token(&answer);
    let tree =
        |answer: &str| answer.split(r#""tree":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let elsewhere = two.with_token("GET /v1/session", &token);
    assert!(elsewhere.starts_with("HTTP/1.1 200 "), "{elsewhere}");
    assert_eq!(tree(&elsewhere), tree(&answer));

    assert!(one.with_token("POST /v1/logout", &token).starts_with("HTTP/1.1 204 "));
    assert!(
        one.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 "),
        "at once on this instance"
    );
    let started = std::time::Instant::now();
    while !two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 ") {
        assert!(started.elapsed().as_secs() < 30, "the revocation never arrived");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    // A login that the killed instance acknowledged is still valid.
    let token = login_token(&one.log_in("F&BAdmin", "orgcache"));
    drop(one);
    assert!(two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 200 "));
    two.stop(Signal::TERM);
}
