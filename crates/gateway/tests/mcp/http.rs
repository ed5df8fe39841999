//! `/mcp` over HTTP: authentication, host and origin checks, CORS, sessions, limits, compression.

use std::io::Read;
use std::time::Duration;

use gateway::http::Settings;
use odoo_double::Behaviour;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PARTNERS, double};
use crate::web::{ADMIN, DEMO, Web, ask, body, call, initialize, settings};

#[tokio::test]
async fn each_token_acts_as_its_own_user_with_both_lifecycles() {
    let web = Web::start().await;
    for discover in [false, true] {
        let (admin, demo) =
            (web.client(ADMIN, discover).await.unwrap(), web.client(DEMO, discover).await.unwrap());
        let login = async |client| ask(client, "get_current_context", json!({})).await["login"].clone();
        assert_eq!((login(&admin).await, login(&demo).await), (json!("admin"), json!("demo")));
        let page = ask(&demo, "search_records", json!({"model": PARTNERS, "limit": 3})).await;
        assert_eq!((&page["total"], page["records"].as_array().unwrap().len()), (&json!(60), 3));
        assert_eq!(admin.list_all_tools().await.unwrap().len(), 17);
        let write = json!({"model": PARTNERS, "record_id": 1, "values": {"name": "changed"}});
        ask(&admin, "update_record", write.clone()).await;
        let request = rmcp::model::CallToolRequestParams::new("update_record");
        let refused =
            demo.call_tool(request.with_arguments(write.as_object().unwrap().clone())).await.unwrap();
        assert_eq!(refused.is_error, Some(true), "the principal of this token is read-only");
        admin.cancel().await.unwrap();
        demo.cancel().await.unwrap();
    }
    web.stop().await;
}

#[tokio::test]
async fn requests_without_a_valid_token_are_refused() {
    let web = Web::start().await;
    let truncated = &ADMIN[..ADMIN.len() - 1];
    let forged = format!("{ADMIN}x");
    for credential in [
        None,
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {truncated}")),
        Some(format!("Bearer {forged}")),
        Some(format!("Basic {ADMIN}")),
        Some(ADMIN.to_owned()),
    ] {
        let mut request = web.post(&initialize());
        if let Some(credential) = &credential {
            request = request.header("authorization", credential);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401, "{credential:?}");
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let twice = web.post(&initialize()).bearer_auth(ADMIN).bearer_auth(DEMO).send().await.unwrap();
    assert_eq!(twice.status(), 401, "two credentials must be refused");
    for method in [reqwest::Method::GET, reqwest::Method::DELETE, reqwest::Method::PUT] {
        let answer = reqwest::Client::new().request(method, web.url()).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    assert!(web.client(&forged, false).await.is_err());
    assert!(web.double.seen().is_empty(), "odoo must not be called");
    web.stop().await;
}

#[tokio::test]
async fn only_allowed_hosts_and_origins_are_accepted() {
    let more =
        json!({"allowed_hosts": ["agents.example.com"], "allowed_origins": ["https://page.example.com:443"]});
    for (web, host) in [
        (Web::start().await, "localhost"),
        (Web::with(double(Behaviour::default()).await, more).await, "agents.example.com"),
    ] {
        let ask = async |host: &str, origin: Option<&str>| {
            let mut request = web.post(&initialize()).bearer_auth(ADMIN).header("host", host);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(ask(host, None).await, 200);
        for wrong in ["evil.example.com", "agents.example.com.evil.example", "127.0.0.1.nip.example"] {
            assert_eq!(ask(wrong, None).await, 403, "{wrong}");
        }
        let configured = host != "localhost";
        let known = ask(host, Some("https://page.example.com")).await;
        assert_eq!(known, if configured { 200 } else { 403 });
        for wrong in ["https://evil.example.com", "http://page.example.com", "null", "", "http://localhost:1"]
        {
            assert_eq!(ask(host, Some(wrong)).await, 403, "{wrong}");
        }
        web.stop().await;
    }
}

#[tokio::test]
async fn cors_headers_name_only_allowed_origins() {
    let page = "https://page.example.com";
    let more = json!({"allowed_origins": ["https://page.example.com:443", "http://localhost:*"]});
    let web = Web::with(double(Behaviour::default()).await, more).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let cross = |answer: &reqwest::Response| -> Vec<(String, String)> {
        let headers =
            answer.headers().iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    };
    for url in [web.url(), format!("{}/", web.url())] {
        let preflight = async |origin: &str| {
            let request = http.request(reqwest::Method::OPTIONS, &url).header("origin", origin);
            let request = request.header("access-control-request-method", "POST");
            request
                .header("access-control-request-headers", "authorization,content-type,x-more")
                .send()
                .await
                .unwrap()
        };
        let post = async |origin: &str, token: &str| {
            let request = http.post(&url).header("origin", origin).header("accept", "*/*").bearer_auth(token);
            request.json(&initialize()).send().await.unwrap()
        };
        for origin in [page, "http://localhost:6274"] {
            let answer = preflight(origin).await;
            assert_eq!(
                (answer.status(), &answer.headers()["access-control-allow-origin"]),
                (204.try_into().unwrap(), &origin.parse().unwrap())
            );
            assert_eq!(answer.headers()["access-control-allow-headers"], "authorization,content-type,x-more");
            for method in ["GET", "POST", "DELETE"] {
                assert!(answer.headers()["access-control-allow-methods"].to_str().unwrap().contains(method));
            }
            let answer = post(origin, ADMIN).await;
            assert_eq!(
                (answer.status(), &answer.headers()["access-control-allow-origin"]),
                (200.try_into().unwrap(), &origin.parse().unwrap())
            );
            assert!(
                answer.headers()["access-control-expose-headers"]
                    .to_str()
                    .unwrap()
                    .contains("Mcp-Session-Id")
            );
            assert!(answer.headers().contains_key("mcp-session-id"));
            assert!(answer.headers().get_all("vary").iter().any(|value| value == "Origin"));
            let refused = post(origin, "a token that opens nothing at all").await;
            assert_eq!(
                (refused.status(), &refused.headers()["access-control-allow-origin"]),
                (401.try_into().unwrap(), &origin.parse().unwrap())
            );
        }
        for origin in
            ["https://evil.example.com", "http://page.example.com", "https://page.example.com:8443", "null"]
        {
            let answer = preflight(origin).await;
            assert!(!answer.status().is_success(), "{origin}");
            assert_eq!(cross(&answer), []);
            let answer = post(origin, ADMIN).await;
            assert_eq!(answer.status(), 403, "{origin}");
            assert_eq!(cross(&answer), []);
        }
    }
    let without_origin = web.post(&initialize()).bearer_auth(ADMIN).send().await.unwrap();
    assert_eq!((without_origin.status(), cross(&without_origin)), (200.try_into().unwrap(), Vec::new()));
    web.stop().await;
    let closed = Web::start().await;
    let request = http.request(reqwest::Method::OPTIONS, closed.url()).header("origin", page);
    let answer = request.header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!((answer.status(), cross(&answer)), (401.try_into().unwrap(), Vec::new()));
    closed.stop().await;
}

#[tokio::test]
async fn a_session_belongs_to_its_principal() {
    let web = Web::start().await;
    let session = web.session(ADMIN).await;
    let search = call("search_records", &json!({"model": PARTNERS, "limit": 1}));
    let with = |token: &str| web.post(&search).bearer_auth(token).header("mcp-session-id", &session);
    let answer = with(ADMIN).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // Read the stream to its end, because it starts before Odoo is called.
    body(answer).await;
    let before = web.double.seen().len();
    assert_eq!(
        with(DEMO).send().await.unwrap().status(),
        404,
        "the session must be unknown to other principals"
    );
    assert_eq!(web.post(&search).header("mcp-session-id", &session).send().await.unwrap().status(), 401);
    let http = reqwest::Client::new();
    let foreign = http.get(web.url()).bearer_auth(DEMO).header("mcp-session-id", &session);
    assert_eq!(foreign.header("accept", "text/event-stream").send().await.unwrap().status(), 404);
    let end = async |token: &str| {
        let request = http.delete(web.url()).bearer_auth(token).header("mcp-session-id", &session);
        request.send().await.unwrap().status()
    };
    end(DEMO).await;
    assert_eq!(web.double.seen().len(), before, "odoo must not be called");
    assert_eq!(with(ADMIN).send().await.unwrap().status(), 200, "other principals must not end it");
    assert!(end(ADMIN).await.is_success());
    assert_eq!(with(ADMIN).send().await.unwrap().status(), 404);
    web.stop().await;
}

#[tokio::test]
async fn sessions_and_bodies_are_limited_as_configured() {
    let web =
        Web::with(double(Behaviour::default()).await, json!({"max_sessions": 2, "max_body_bytes": 2_000}))
            .await;
    let (first, second) = (web.session(ADMIN).await, web.session(ADMIN).await);
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let alive = async |session: &str| {
        let request = web.post(&list).bearer_auth(ADMIN).header("mcp-session-id", session);
        request.send().await.unwrap().status() == 200
    };
    assert!(alive(&first).await);
    let third = web.session(ADMIN).await;
    web.session(DEMO).await;
    assert!(!alive(&second).await, "the least recently used session must be evicted");
    assert!(alive(&first).await && alive(&third).await);
    let large = call("search_records", &json!({"model": "x".repeat(2_000)}));
    let answer = web.post(&large).bearer_auth(ADMIN).header("mcp-session-id", &first).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    web.stop().await;
}

#[tokio::test]
async fn plain_answers_are_compressed_as_negotiated_and_streams_are_not() {
    let web = Web::with(double(Behaviour::default()).await, json!({"max_sessions": 0})).await;
    let search = call("search_records", &json!({"model": PARTNERS, "limit": 60}));
    let ask = async |encodings: Option<&str>| {
        let mut request = web.post(&search).bearer_auth(ADMIN);
        if let Some(encodings) = encodings {
            request = request.header("accept-encoding", encodings);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        body(answer).await
    };
    let (encoding, plain) = ask(None).await;
    assert_eq!(encoding, "");
    assert!(plain.len() > 10_240);
    let text: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(text["result"]["structuredContent"]["total"], 60);
    for name in ["zstd", "br", "gzip"] {
        let (encoding, compressed) = ask(Some(name)).await;
        assert_eq!(encoding, name);
        assert!(compressed.len() * 5 < plain.len() * 2, "{name}: {} of {}", compressed.len(), plain.len());
        if name == "gzip" {
            let mut decompressed = Vec::new();
            flate2::read::GzDecoder::new(&*compressed).read_to_end(&mut decompressed).unwrap();
            assert_eq!(decompressed, plain);
        }
    }
    assert_eq!(ask(Some("identity, unheard-of")).await, (String::new(), plain));
    let small = web.post(&call("get_current_context", &json!({}))).bearer_auth(ADMIN);
    let small = small.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(body(small).await.0, "");
    let saved = web.get("/metrics").send().await.unwrap().text().await.unwrap();
    let counted = |name: &str| {
        let line = saved.lines().find(|line| line.starts_with(&format!("orgcache_{name}"))).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(counted("compressed_bytes_in_total") > 2 * counted("compressed_bytes_out_total"));
    web.stop().await;

    let web = Web::start().await;
    let session = web.session(ADMIN).await;
    let request = web.post(&search).bearer_auth(ADMIN).header("mcp-session-id", &session);
    let answer = request.header("accept-encoding", "gzip, zstd, br").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (encoding, stream) = body(answer).await;
    assert_eq!(encoding, "");
    assert!(String::from_utf8(stream).unwrap().contains("\"total\":60"));
    web.stop().await;
}

#[tokio::test]
async fn principals_share_the_record_cache() {
    let web = Web::start().await;
    let (admin, demo) = (web.client(ADMIN, true).await.unwrap(), web.client(DEMO, false).await.unwrap());
    let recent = json!({"model": PARTNERS, "record_id": 1, "fields": ["name"], "max_age": 5});
    for client in [&admin, &demo, &admin, &demo] {
        ask(client, "get_record", recent.clone()).await;
    }
    let records = ask(&admin, "get_stats", json!({})).await["records"].clone();
    assert_eq!(
        (&records["hits"], &records["entries"]),
        (&json!(2), &json!(2)),
        "each principal has its own entry in the shared cache"
    );
    // A change by one principal invalidates the records of all.
    let write = json!({"model": PARTNERS, "record_id": 1, "values": {"name": "changed"}});
    ask(&admin, "update_record", write).await;
    let seen = ask(&demo, "get_record", recent).await;
    assert_eq!(seen["record"]["name"], "changed");
    admin.cancel().await.unwrap();
    demo.cancel().await.unwrap();
    web.stop().await;
}

#[tokio::test]
async fn mcp_is_off_by_default_and_leaves_other_routes_alone() {
    let web = Web::serve(double(Behaviour::default()).await, Settings::default()).await;
    assert_eq!(
        web.post(&initialize()).bearer_auth(ADMIN).send().await.unwrap().status(),
        404,
        "off by default"
    );
    web.stop().await;
    let web = Web::start().await;
    for path in ["/", "/healthz", "/metrics", "/v1/openapi.json"] {
        assert_eq!(web.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    for path in ["/mcp/x", "/mcp//", "/v1/mcp"] {
        assert_eq!(web.get(path).bearer_auth(ADMIN).send().await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(
        web.get("/v1/tree").bearer_auth(ADMIN).send().await.unwrap().status(),
        401,
        "tokens of `/mcp` must not open sessions"
    );
    web.stop().await;
}

#[tokio::test]
async fn an_incomplete_body_times_out() {
    let double = double(Behaviour::default()).await;
    let mut settings = settings(&double, "read", &json!({}));
    settings.answer_within = Duration::from_millis(300);
    let web = Web::serve(double, settings).await;
    let mut stream = TcpStream::connect(web.address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&answer));
    web.stop().await;
}

#[tokio::test]
async fn an_open_stream_does_not_delay_shutdown() {
    let web = Web::start().await;
    let session = web.session(ADMIN).await;
    let request = web.get("/mcp").bearer_auth(ADMIN).header("mcp-session-id", &session);
    let stream = request.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    web.stop().await;
    drop(stream.bytes().await);
}
