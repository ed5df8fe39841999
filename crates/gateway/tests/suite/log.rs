//! The log of `serve`, and the warnings of commands.

use rustix::process::Signal;

use crate::program::run;
use crate::serving::{Serving, login_token};

#[test]
fn the_log_is_json_and_contains_no_secret() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "trace", "--log-format", "json"]);
    let answer = serving.log_in("F&BAdmin", "orgcache");
    let token = login_token(&answer);
    serving.log_in("F&BAdmin", "a wrong password");
    let stderr = serving.stop(Signal::TERM);
    let lines: Vec<serde_json::Value> = stderr
        .lines()
        .filter(|line| !line.starts_with("created the demonstration"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines.iter().find(|line| line["message"] == "answered" && line["status"] == 401);
    assert!(answered.is_some_and(|line| line["micros"].is_u64()), "{stderr}");
    let refused = lines.iter().find(|line| line["message"] == "login refused").unwrap();
    assert_eq!((&refused["reason"], &refused["user"]), (&"wrong password".into(), &"F&BAdmin".into()));
    let answered =
        |line: &&serde_json::Value| line["message"] == "answered" && line["request"] == refused["request"];
    assert!(refused["request"].is_string() && lines.iter().find(answered).is_some(), "{stderr}");
    for secret in [token.as_str(), "a wrong password"] {
        assert!(!stderr.contains(secret), "{stderr}");
    }
}

#[test]
fn log_lines_of_a_request_have_its_id() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "info"]);
    serving.log_in("F&BAdmin", "a wrong password");
    let stderr = serving.stop(Signal::TERM);
    let refused = stderr.lines().find(|line| line.contains("login refused")).unwrap();
    let (_, id) = refused.rsplit_once(" request=").unwrap();
    assert!(id.len() > 2 && id.starts_with('"') && id.ends_with('"'), "{stderr}");
    assert!(stderr.lines().any(|line| line.contains("answered") && line.contains(id)), "{stderr}");
    let other = stderr.lines().find(|line| line.contains("shutting down")).unwrap();
    assert!(!other.contains("request="), "{stderr}");
}

#[test]
fn listening_beyond_loopback_and_readable_files_are_warned_about() {
    use std::os::unix::fs::PermissionsExt;

    let database = crate::databases::empty_sqlite().fill();
    let home = database.home();
    let (store, mcp) = (home.join("store.db"), home.join("mcp.json"));
    std::fs::write(&mcp, r#"{"principals": []}"#).unwrap();
    let url = format!("sqlite:{}?mode=rwc", store.display());
    let arguments =
        |listen| ["serve", "--listen", listen, "--database-url", &database.url, "--store-url", &url];
    let stderr = Serving::start(home, &arguments("127.0.0.1:0")).stop(Signal::TERM);
    assert_eq!(stderr, "");
    assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o644)).unwrap();
    let stderr = Serving::start(home, &arguments("0.0.0.0:0")).stop(Signal::TERM);
    assert!(stderr.contains("beyond loopback") && stderr.contains("0.0.0.0:0"), "{stderr}");
    assert!(stderr.contains("store.db") && stderr.contains("chmod"), "{stderr}");
}

#[test]
fn a_password_on_the_command_line_is_warned_about() {
    let home = tempfile::tempdir().unwrap();
    let url = "postgres://reader:secret@127.0.0.1:1/openbravo";
    let failed = run(home.path(), &["overview", "--database-url", url], "");
    assert_eq!(failed.status, 75);
    assert!(failed.err.contains("ORGCACHE_DATABASE_URL") && !failed.err.contains("secret"), "{}", failed.err);
    let failed = run(home.path(), &["serve", "--listen", "0", "--database-url", url], "");
    assert!(failed.err.contains("ORGCACHE_DATABASE_URL") && !failed.err.contains("secret"), "{}", failed.err);
}
