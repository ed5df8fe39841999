//! Limits on slow and large requests and on slow readers, `Host` checks, graceful shutdown, readiness.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::service::{ADMIN, Answer, Service};

/// Sends a request verbatim, and reads until the service closes the connection.
async fn send_raw(service: &Service, request: &str) -> String {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    drop(read.unwrap());
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn long_bodies_are_refused_before_they_are_read() {
    let service = Service::start().await;
    let body = format!("{{\"user\": \"{}\"}}", "x".repeat(2 << 20));
    let request = service.request(Method::POST, "/v1/login").header("content-type", "application/json");
    Answer::fetch(request.body(body)).await.assert_refused(413, "too_large");
    let announced = "POST /v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                     content-length: 99999999999\r\nconnection: close\r\n\r\n";
    assert!(send_raw(&service, announced).await.starts_with("HTTP/1.1 413 "));
    let mut chunked = "POST /v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                       transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        .to_owned();
    for _ in 0..20 {
        chunked.push_str(&format!("10000\r\n{}\r\n", " ".repeat(0x10000)));
    }
    assert!(send_raw(&service, &chunked).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn slow_bodies_and_heads_time_out() {
    let service = Service::start_with(|settings| {
        settings.body_within = Duration::from_millis(300);
        settings.head_within = Duration::from_millis(300);
    })
    .await;
    let body =
        "POST /v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    let answer = send_raw(&service, body).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("urn:orgcache:problem:too_slow"),
        "{answer}"
    );
    assert_eq!(send_raw(&service, "GET /healthz HTTP/1.1\r\nhost:").await, "", "closed without an answer");
    assert_eq!(send_raw(&service, "").await, "", "a connection without a request is closed too");
    let keep_alive = send_raw(&service, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(keep_alive.starts_with("HTTP/1.1 200 ") && keep_alive.ends_with("ok\n"), "{keep_alive}");
}

#[tokio::test]
async fn long_heads_are_refused() {
    let service = Service::start().await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(64 << 10));
    assert!(send_raw(&service, &long).await.starts_with("HTTP/1.1 431 "));
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    assert!(
        send_raw(&service, &format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n"))
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    assert!(send_raw(&service, "nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    assert_eq!(Answer::fetch(service.get("/healthz")).await.text, "ok\n");
}

#[tokio::test]
async fn head_limits_are_as_documented() {
    let service = Service::start().await;
    let status = async |headers: &str| {
        let head = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        (head.len(), send_raw(&service, &head).await.split(' ').nth(1).unwrap_or_default().to_owned())
    };
    // Two more headers, `host` and `connection`, count towards the limit of 100.
    let many = |number: usize| -> String { (0..number).map(|number| format!("x-{number}: 1\r\n")).collect() };
    assert_eq!(status(&many(98)).await.1, "200");
    assert_eq!(status(&many(99)).await.1, "431");
    let (rest, _) = status("x-long: \r\n").await;
    let long = |head: usize| format!("x-long: {}\r\n", "x".repeat(head - rest));
    for (head, answer) in [(32 << 10, "200"), ((32 << 10) + 1, "431"), (48 << 10, "431"), (80 << 10, "431")] {
        assert_eq!(status(&long(head)).await, (head, answer.to_owned()));
    }
}

#[tokio::test]
async fn a_request_must_have_one_host() {
    let service = Service::start().await;
    for hosts in ["host: localhost\r\nhost: localhost", "host: localhost\r\nx: y\r\nHost: evil.example"] {
        for request in ["GET /healthz", "GET /v1/session", "GET /nowhere", "POST /healthz", "GET /"] {
            let answer =
                send_raw(&service, &format!("{request} HTTP/1.1\r\n{hosts}\r\nconnection: close\r\n\r\n"))
                    .await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{request}: {answer}");
            assert!(answer.contains("urn:orgcache:problem:several_hosts"), "{answer}");
        }
    }
    let none = send_raw(&service, "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert!(none.starts_with("HTTP/1.1 400 ") && none.contains("urn:orgcache:problem:no_host"), "{none}");
    let older = send_raw(&service, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(older.starts_with("HTTP/1.0 200 "), "{older}");
}

#[tokio::test]
async fn invalid_targets_and_foreign_hosts_are_refused() {
    let service = Service::start_with(|settings| settings.local_names_only = true).await;
    for (line, host, status) in [
        ("OPTIONS * HTTP/1.1", "localhost", "HTTP/1.1 404 "),
        ("CONNECT localhost:80 HTTP/1.1", "localhost", "HTTP/1.1 404 "),
        ("CONNECT evil.example:443 HTTP/1.1", "localhost", "HTTP/1.1 421 "),
        ("GET http:///healthz HTTP/1.1", "localhost", "HTTP/1.1 400 "),
        // Without the slash, the target is parsed as a host.
        ("GET healthz HTTP/1.1", "localhost", "HTTP/1.1 421 "),
        ("GET //healthz HTTP/1.1", "localhost", "HTTP/1.1 404 "),
        ("GET /%68ealthz HTTP/1.1", "localhost", "HTTP/1.1 404 "),
        ("GET /healthz/ HTTP/1.1", "localhost", "HTTP/1.1 404 "),
        ("GET /healthz HTTP/1.1", "localhost, evil.example", "HTTP/1.1 421 "),
        ("GET /healthz HTTP/1.1", "localhost:", "HTTP/1.1 200 "),
        ("GET /healthz HTTP/1.1", "localhost.", "HTTP/1.1 421 "),
        ("GET /healthz HTTP/1.1", "[::ffff:127.0.0.1]", "HTTP/1.1 421 "),
        ("GET /healthz HTTP/1.1", "2130706433", "HTTP/1.1 421 "),
        ("GET /healthz HTTP/1.1", "0.0.0.0", "HTTP/1.1 421 "),
        // HTTP/2 is not supported.
        ("PRI * HTTP/2.0", "localhost", ""),
    ] {
        let answer =
            send_raw(&service, &format!("{line}\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(status), "{line}, {host}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_dropped() {
    let service = Service::start_with(|settings| {
        settings.max_connections = 1;
        settings.write_within = Duration::from_millis(300);
    })
    .await;
    let mut stalled = TcpStream::connect(service.address()).await.unwrap();
    let requests = "GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    stalled.write_all(requests.as_bytes()).await.unwrap();
    // The only connection is free again once the service drops the stalled client.
    assert_eq!(Answer::fetch(service.get("/healthz")).await.status, 200);
    let mut all = Vec::new();
    drop(stalled.read_to_end(&mut all).await);
    assert!(String::from_utf8_lossy(&all).matches("HTTP/1.1 200").count() < 500);
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_dropped() {
    let service = Service::start_with(|settings| {
        settings.max_connections = 1;
        settings.write_within = Duration::from_millis(300);
        settings.min_write_rate = u32::MAX;
    })
    .await;
    let mut slow = TcpStream::connect(service.address()).await.unwrap();
    let requests = "GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    slow.write_all(requests.as_bytes()).await.unwrap();
    let reading = tokio::spawn(async move {
        let mut bytes = vec![0; 64 << 10];
        let mut answers = 0;
        while let Ok(1..) = slow.read(&mut bytes).await.inspect(|read| {
            answers += String::from_utf8_lossy(&bytes[..*read]).matches("HTTP/1.1 200").count();
        }) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answers
    });
    // Although the client makes progress, the service drops it for being below the minimum rate.
    assert_eq!(Answer::fetch(service.get("/healthz")).await.status, 200);
    assert!(reading.await.unwrap() < 500);
}

#[tokio::test]
async fn slow_answers_time_out() {
    let service = Service::start_with(|settings| settings.answer_within = Duration::ZERO).await;
    Answer::fetch(service.post("/v1/login", json!({"user": ADMIN, "password": "x"})))
        .await
        .assert_refused(503, "unavailable");
}

#[tokio::test]
async fn a_loopback_service_accepts_only_local_host_names() {
    let service = Service::start_with(|settings| settings.local_names_only = true).await;
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:8080", "127.0.0.1:1", "127.0.0.2:80"] {
        assert_eq!(Answer::fetch(service.get("/healthz").header("host", host)).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8080",
        "evil.example:80",
        "localhost@evil.example",
        "192.0.2.1",
        "[127.0.0.1]",
        "::1",
        "",
    ] {
        let problem = Answer::fetch(service.get("/healthz").header("host", host)).await;
        assert_eq!(problem.assert_refused(421, "misdirected")["field"], "host", "{host}");
    }
    let without = send_raw(&service, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(without.starts_with("HTTP/1.0 421 "), "{without}");
    // The host of an absolute target takes precedence over the header.
    for (target, host, status) in [
        ("http://evil.example/healthz", "localhost", 421),
        ("http://localhost@evil.example/healthz", "localhost", 421),
        ("http://localhost:8080/healthz", "localhost", 200),
        ("http://127.0.0.1/healthz", "evil.example", 200),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = send_raw(&service, &head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let service = Service::start_with(|settings| settings.max_connections = 1).await;
    let mut first = TcpStream::connect(service.address()).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    let waiting = tokio::spawn(Answer::fetch(service.get("/healthz")));
    drop(first);
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn shutdown_lets_requests_in_flight_finish() {
    let mut service = Service::start().await;
    let mut slow = TcpStream::connect(service.address()).await.unwrap();
    let head =
        "POST /v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    // This answer proves that the service has accepted the connection above.
    assert_eq!(Answer::fetch(service.get("/readyz")).await.status, 200);
    service.begin_to_stop();
    while TcpStream::connect(service.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 ") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn readiness_depends_on_the_database_and_on_shutdown() {
    let mut service = Service::start().await;
    assert_eq!(Answer::fetch(service.get("/readyz")).await.text, "ok\n");
    service.execute("ALTER TABLE ad_client RENAME TO gone").await;
    Answer::fetch(service.get("/readyz")).await.assert_refused(503, "unavailable");
    assert_eq!(
        Answer::fetch(service.get("/healthz")).await.text,
        "ok\n",
        "a restart would not help against a database outage"
    );
    service.execute("ALTER TABLE gone RENAME TO ad_client").await;
    service.gateway.close();
    Answer::fetch(service.get("/readyz")).await.assert_refused(503, "unavailable");
    service.stop().await;
}
