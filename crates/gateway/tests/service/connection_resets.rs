//! Clients that reset their connection during a login.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, FOOD, PASSWORD, SPAIN, SPAIN_ID, Service};

on_both_databases! { connection_resets_during_logins_leave_no_partial_state }

const LOGINS: u64 = 500;
/// Upper bound, in milliseconds, for the time between a request and the reset.
const RESET_WITHIN: u64 = 80;
/// Number of concurrent clients.
const AT_ONCE: u64 = 20;

/// The value of a metric without labels.
async fn metric(service: &Service, name: &str) -> u64 {
    let metrics = Answer::fetch(service.get("/metrics")).await.text;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

async fn connection_resets_during_logins_leave_no_partial_state(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let body = json!({"user": SPAIN, "password": PASSWORD}).to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    for wave in 0..LOGINS / AT_ONCE {
        join_all((0..AT_ONCE).map(async |client| {
            let mut stream = TcpStream::connect(service.address()).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            // Spread the resets over the time that a login takes.
            sleep(Duration::from_millis((wave + client * RESET_WITHIN / AT_ONCE) % (RESET_WITHIN + 1))).await;
            stream.set_zero_linger().unwrap();
        }))
        .await;
    }
    // The request for the metrics is itself in flight.
    let mut rounds = 0;
    while metric(&service, "orgcache_http_requests_under_way").await > 1 {
        rounds += 1;
        assert!(rounds < 600, "requests of reset connections are still in flight");
        sleep(Duration::from_millis(100)).await;
    }

    // Every stored session is complete: it is listed, and it is either cached or in the store.
    let admin = service.token(ADMIN).await;
    let list = async || {
        let listed = Answer::with_token(
            service.get(&format!("/v1/admin/sessions?limit=1000&user={SPAIN_ID}")),
            &admin,
        );
        listed.await.json()["sessions"].as_array().unwrap().clone()
    };
    let listed = list().await;
    let cached = listed.iter().filter(|session| session["footprint"] != Value::Null).count();
    assert_eq!(u64::try_from(cached).unwrap() + 1, metric(&service, "orgcache_sessions").await);
    assert!(listed.len() <= usize::try_from(LOGINS).unwrap());
    assert!(listed.iter().all(|session| session["client"] == FOOD && session["username"] == SPAIN));
    assert_eq!(metric(&service, "orgcache_pending_ends").await, 0);
    assert_eq!(metric(&service, "orgcache_store_failures_total").await, 0);
    // No transaction stays open, so no lock is held.
    if databases.is_postgres() {
        databases
            .execute_on_store(
                "DO $$ BEGIN IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                 AND state LIKE 'idle in transaction%') THEN RAISE EXCEPTION 'a transaction is open'; END IF; END $$",
            )
            .await;
    }

    // Every password was correct, so no login is limited. The connection pool is intact.
    let failed = metric(&service, "orgcache_logins_failed_total").await;
    assert_eq!((failed, metric(&service, "orgcache_logins_limited_total").await), (0, 0));
    let tokens = join_all((0..AT_ONCE).map(|_| service.token(SPAIN))).await;
    let total = list().await.len();
    assert_eq!(total, listed.len() + tokens.len());
    let end = service.post("/v1/admin/sessions/end", json!({"user": SPAIN_ID}));
    let ended = Answer::with_token(end, &admin).await.json();
    assert_eq!(ended["elsewhere"], "done", "{ended}");
    assert_eq!(list().await, Vec::<Value>::new());
    for token in &tokens {
        Answer::with_token(service.get("/v1/session"), token).await.assert_refused(401, "unauthorized");
    }
}
