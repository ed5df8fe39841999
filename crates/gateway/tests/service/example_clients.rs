//! Runs the client programs in `examples` against the service.

use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::examples::EXAMPLES;
use crate::service::{ADMIN, PASSWORD, Service, US};

/// Runs an example with the interpreter that the environment variable names.
async fn run(variable: &str, file: &str, service: &Service, password: &str) -> Output {
    let program = std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test`, which installs what is missing")
    });
    Command::new(program)
        .args([&format!("{EXAMPLES}/{file}"), &format!("http://{}", service.address()), ADMIN, password])
        .env("no_proxy", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn the_python_client_prints_the_answers() {
    let service = Service::start().await;
    let asked = run("ORGCACHE_TEST_PYTHON", "python/ask_service.py", &service, PASSWORD).await;
    let expected = format!("True\n{US}\n8 organizations to read from\n");
    assert_eq!(text(&asked.stdout), expected, "{}", text(&asked.stderr));
    let refused = run("ORGCACHE_TEST_PYTHON", "python/ask_service.py", &service, "wrong").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).starts_with("401 wrong user name or password ("),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(service.gateway.manager().stats().sessions, 0, "the program logs out");
}

#[tokio::test]
async fn the_java_client_prints_the_answers() {
    let service = Service::start().await;
    let asked = run("ORGCACHE_TEST_JAVA", "java/AskService.java", &service, PASSWORD).await;
    let stdout = text(&asked.stdout);
    let answers = format!(r#"{{"answers":[{{"result":true}},{{"result":"{US}"}}]}}"#);
    assert_eq!(stdout.lines().next(), Some(answers.as_str()), "{}", text(&asked.stderr));
    assert!(stdout.lines().nth(1).is_some_and(|filter| filter.starts_with(r#"{"ids":["0","#)), "{stdout}");
    let refused = run("ORGCACHE_TEST_JAVA", "java/AskService.java", &service, "wrong").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains(r#""status":401"#), "{}", text(&refused.stderr));
    assert_eq!(service.gateway.manager().stats().sessions, 0, "the program logs out");
}
