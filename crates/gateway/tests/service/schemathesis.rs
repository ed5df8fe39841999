//! The service against its own description: `schemathesis` makes up requests, and no answer may be a failure
//! of the server or another than described.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::service::{ADMIN, Answer, Service};

/// What ends the session that the requests are made with: it is in the list of sessions, from which made-up
/// requests take ids.
const ENDS_SESSIONS: [&str; 6] = [
    "/v1/logout",
    "/v1/session/refresh",
    "/v1/session/role",
    "/v1/session/org",
    "/v1/admin/sessions/end",
    "/v1/admin/sessions/{id}",
];

/// What every answer has to be.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Lets made-up requests loose on a service: the same ones each time, so many for each route at most.
async fn check(service: &Service, arguments: &[String]) {
    let python = std::env::var_os("ORGCACHE_TEST_PYTHON").unwrap_or_else(|| {
        panic!("this test needs Python packages: run `cargo xtask test`, which installs them")
    });
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(python)
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("http://{}/v1/openapi.json", service.address()))
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "20", "--seed", "1", "--no-shrink", "--generation-database", "none"])
        .args(["--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure"])
        .args(["--request-timeout", "60", "--max-time", "120"])
        .args(arguments)
        .current_dir(folder.path())
        .env("NO_PROXY", "*")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(600), run).await.unwrap().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
}

#[tokio::test]
async fn strangers_get_what_is_described() {
    let service = Service::start().await;
    check(&service, &[]).await;
}

#[tokio::test]
async fn who_is_logged_in_gets_what_is_described() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let mut arguments = vec!["--header".to_owned(), format!("authorization: Bearer {token}")];
    for path in ENDS_SESSIONS {
        arguments.extend(["--exclude-path".to_owned(), path.to_owned()]);
    }
    check(&service, &arguments).await;
    // Had the session been ended on the way, only refusals would have been looked at.
    assert_eq!(Answer::with_token(service.get("/v1/session"), &token).await.status, 200);
}
