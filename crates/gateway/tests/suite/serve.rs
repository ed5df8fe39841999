//! `orgcache` alone and `orgcache serve`: from the greeting to the end, with signals and with stores.

use std::io::BufReader;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::program::run;
use crate::serving::{Serving, token_of};

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
    let said = serving.stop(Signal::INT);
    assert!(said.starts_with("created the demonstration database"), "{said}");
    assert_eq!(Serving::start(home.path(), &["serve"]).stop(Signal::TERM), "");
}

#[test]
fn nobody_has_to_read_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let said = NamedTempFile::new().unwrap();
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
        .stderr(said.reopen().unwrap())
        .spawn()
        .unwrap();
    let (out, _) = std::io::pipe().unwrap();
    let begun = std::time::Instant::now();
    let address = loop {
        let log = std::fs::read_to_string(said.path()).unwrap();
        let found = log.split(r#""address":""#).nth(1).and_then(|rest| rest.split_once('"'));
        if let Some((address, _)) = found {
            break address.to_owned();
        }
        assert!(begun.elapsed().as_secs() < 60, "it never listened: {log}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let serving = Serving { child, out: BufReader::new(out), said, address };
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    assert!(serving.log_in("F&BAdmin", "orgcache").starts_with("HTTP/1.1 200 "));
    let log = serving.stop(Signal::TERM);
    assert!(log.contains("the greeting could not be written"), "{log}");
}

#[test]
fn a_hangup_has_the_principals_read_again() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("principals.json");
    let [old, new] = ["the token until now, quite long enough", "the token from now on, long enough too"];
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
    let hang_up = |expected: &str| {
        serving.signal(Signal::HUP);
        let begun = std::time::Instant::now();
        while !std::fs::read_to_string(serving.said.path()).unwrap().contains(expected) {
            assert!(begun.elapsed().as_secs() < 60, "it never said `{expected}`");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    write(new);
    hang_up("read again");
    assert_eq!((status(old).as_str(), status(new).as_str()), ("401", "200"));
    std::fs::write(&file, "no json, and k3y in it").unwrap();
    hang_up("stay as they were");
    assert_eq!(status(new), "200");
    let said = serving.stop(Signal::TERM);
    assert!(!said.contains("k3y"), "{said}");
}

#[test]
fn sighup_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &[]);
    for _ in 0..3 {
        serving.signal(Signal::HUP);
        assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    }
    serving.stop(Signal::TERM);
}

#[test]
fn sessions_in_a_store_survive_the_process() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let arguments = ["serve", "--store-url", &store];
    let serving = Serving::start(home.path(), &arguments);
    let answer = serving.log_in("F&BAdmin", "orgcache");
    let (token, before) = (token_of(&answer), answer.split(r#""session":"#).nth(1).unwrap());
    let second = run(home.path(), &[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), "");
    assert_eq!(second.status, 75, "one process a file: {}", second.err);
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
    let token = token_of(&answer);
    let tree =
        |answer: &str| answer.split(r#""tree":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let elsewhere = two.with_token("GET /v1/session", &token);
    assert!(elsewhere.starts_with("HTTP/1.1 200 "), "{elsewhere}");
    assert_eq!(tree(&elsewhere), tree(&answer));

    assert!(one.with_token("POST /v1/logout", &token).starts_with("HTTP/1.1 204 "));
    assert!(one.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 "), "here at once");
    let begun = std::time::Instant::now();
    while !two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 ") {
        assert!(begun.elapsed().as_secs() < 30, "the end never arrived");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    // What one acknowledged is there after it was killed.
    let token = token_of(&one.log_in("F&BAdmin", "orgcache"));
    drop(one);
    assert!(two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 200 "));
    two.stop(Signal::TERM);
}
