//! Fuzzes the service from its OpenAPI document. `schemathesis` generates requests and checks that no answer
//! is a server error or deviates from the document.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::service::{ADMIN, Answer, Service};

/// Routes that may end the session that the requests use: generated requests take ids from the list of
/// sessions, which contains it.
const ENDS_SESSIONS: [&str; 6] = [
    "/v1/logout",
    "/v1/session/refresh",
    "/v1/session/role",
    "/v1/session/org",
    "/v1/admin/sessions/end",
    "/v1/admin/sessions/{id}",
];

/// The checks that every answer must pass.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Sends generated requests to a service. The seed makes them reproducible.
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
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[tokio::test]
async fn unauthenticated_requests_get_documented_answers() {
    let service = Service::start().await;
    check(&service, &[]).await;
}

#[tokio::test]
async fn authenticated_requests_get_documented_answers() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let mut arguments = vec!["--header".to_owned(), format!("authorization: Bearer {token}")];
    for path in ENDS_SESSIONS {
        arguments.extend(["--exclude-path".to_owned(), path.to_owned()]);
    }
    check(&service, &arguments).await;
    // If a request had ended the session, the later answers would all be refusals.
    assert_eq!(Answer::with_token(service.get("/v1/session"), &token).await.status, 200);
}
