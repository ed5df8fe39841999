//! The files of `packaging`: what they name is there, and nginx works with them.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::databases::Databases;
use crate::examples::{EXAMPLES, portal};
use crate::front_end::FrontEnd;
use crate::service::{ADMIN, Answer, PASSWORD, Service};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
const DASHBOARD: &str = include_str!("../../../../packaging/grafana-dashboard.json");
const NGINX: &str = include_str!("../../../../packaging/nginx.conf");
const SINGLE_SIGN_ON: &str = include_str!("../../../../packaging/nginx-single-sign-on.conf");

#[test]
fn the_operations_page_shows_the_files_as_they_are() {
    let flush = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let shown = flush(OPERATIONS);
    for file in [
        NGINX,
        SINGLE_SIGN_ON,
        include_str!("../../../../packaging/Caddyfile"),
        include_str!("../../../../packaging/orgcache.env"),
        include_str!("../../../../packaging/prometheus.yml"),
        include_str!("../../../../packaging/roles.sql"),
        include_str!("../../../../examples/python/assertion.py"),
    ] {
        assert!(shown.contains(&flush(file)), "docs/operations.md does not show\n{file}");
    }
}

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_of_name = |character: char| character.is_ascii_lowercase() || "_".contains(character);
    text.split(|character| !is_of_name(character)).filter(|word| word.starts_with("orgcache_")).collect()
}

#[tokio::test]
async fn the_metrics_of_dashboard_and_documents_are_there() {
    let service = Service::start().await;
    service.token(ADMIN).await;
    let metrics = Answer::of(service.get("/metrics")).await.text;
    let samples = || metrics.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<&str> = samples().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let labels: BTreeSet<&str> = samples()
        .filter_map(|line| line.split_once('{')?.1.rsplit_once('}'))
        .flat_map(|(labels, _)| labels.split("\","))
        .filter_map(|label| label.split('=').next())
        .collect();

    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let missing: Vec<_> =
                names(expression).into_iter().filter(|name| !there.contains(name)).collect();
            assert!(!names(expression).is_empty() && missing.is_empty(), "{expression}: {missing:?}");
            for group in expression.split("by (").skip(1) {
                let group = group.split(')').next().unwrap();
                assert!(group.split(", ").all(|label| labels.contains(label)), "{expression}: {labels:?}");
            }
            asked += 1;
        }
    }
    assert!(asked > 20);

    let table = OPERATIONS.split("| metric | meaning |").nth(1).unwrap().split("\n\n").next().unwrap();
    let counted = |name: &str| there.contains(name) || there.contains(&*format!("{name}_bucket"));
    let missing: Vec<_> = names(table).into_iter().filter(|name| !counted(name)).collect();
    assert!(names(table).len() > 10 && missing.is_empty(), "{missing:?}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn nginx_passes_requests_on_and_lets_users_of_a_single_sign_on_in() {
    let program = |variable| {
        std::env::var_os(variable).unwrap_or_else(|| {
            panic!("this test needs nginx and Python packages: run `cargo xtask test`, which installs them")
        })
    };
    let (nginx, python) = (program("ORGCACHE_TEST_NGINX"), program("ORGCACHE_TEST_PYTHON"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let key = portal(folder.path());
    let databases = Databases::sqlite().await;
    let service = Service::start_trusting(FrontEnd::with_key(key), &databases, |settings| {
        settings.secure = true;
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    service.front_end.use_the_time_of_day();

    let mut sign_on = Command::new(&python)
        .arg(format!("{EXAMPLES}/python/single_sign_on.py"))
        .args(["127.0.0.1:0", &format!("http://{}", service.address())])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(sign_on.stdout.take().unwrap()).read_line(&mut said).await.unwrap();
    let sign_on_port = said.trim().rsplit(':').next().unwrap().strip_suffix("/sso").unwrap();

    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file("orgcache.pem"), certificate.cert.pem()).unwrap();
    std::fs::write(file("orgcache.key"), certificate.signing_key.serialize_pem()).unwrap();
    let (port, provider) = (free_port(), free_port());
    let place = folder.path().display();
    let server = NGINX.trim_end().strip_suffix('}').unwrap();
    let server = format!("{server}\n{SINGLE_SIGN_ON}\n}}")
        .replace("server 127.0.0.1:8080;", &format!("server {};", service.address()))
        .replace("listen 443 ", &format!("listen 127.0.0.1:{port} "))
        .replace("orgcache.example.org", "localhost")
        .replace("/etc/ssl/certs", &place.to_string())
        .replace("/etc/ssl/private", &place.to_string())
        .replace("127.0.0.1:4180", &format!("127.0.0.1:{provider}"))
        .replace("127.0.0.1:8081", &format!("127.0.0.1:{sign_on_port}"));
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .concat();
    std::fs::write(
        file("nginx.conf"),
        format!("daemon off; master_process off; pid {place}/pid;\nevents {{}}\nhttp {{ access_log off;\n{paths}{server} }}"),
    )
    .unwrap();
    let mut nginx = Command::new(nginx)
        .args(["-e", &format!("{place}/error.log"), "-p", &place.to_string(), "-c", "nginx.conf"])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut attempts = 0;
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        attempts += 1;
        let log = || std::fs::read_to_string(file("error.log")).unwrap_or_default();
        assert!(attempts < 600 && nginx.try_wait().unwrap().is_none(), "{}", log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    let output = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/through_nginx.py"))
        .arg(format!("https://localhost:{port}"))
        .arg(file("orgcache.pem"))
        .args([&provider.to_string(), ADMIN, PASSWORD])
        .output()
        .await
        .unwrap();
    let log = std::fs::read_to_string(file("error.log")).unwrap_or_default();
    assert!(output.status.success(), "{}{log}", String::from_utf8_lossy(&output.stderr));
    // The request's id is that of nginx.
    let id = String::from_utf8(output.stdout).unwrap();
    assert!(id.trim().len() == 32 && id.trim().bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}
