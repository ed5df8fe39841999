//! Forged notifications and tampered rows of the store can end sessions, but never change their answers.

use session::AccessHash;

use crate::node::{Endpoint, Node};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// The id of the session that the token opens.
async fn session_id(endpoint: &Endpoint, token: &str) -> String {
    endpoint.get("/v1/session", token).await.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_notifications_end_nothing() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let (token, other) = (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await);
    for token in [&token, &other] {
        assert_eq!(b.endpoint.status(token).await, 200);
    }
    let name = session_id(&a.endpoint, &token).await;
    // Notifications contain ids as hexadecimal digits.
    let client: String =
        "23C59575B9CF467C9620760EB255B389".bytes().map(|byte| format!("{byte:02x}")).collect();
    let forged = [
        format!("session:{name}"),
        format!("client:{client}"),
        format!("user:{client}:{client}"),
        "session:".to_owned(),
        "nonsense".to_owned(),
        "é".repeat(3_900),
    ];
    for text in &forged {
        world
            .execute(&format!("SELECT pg_notify('orgcache_sessions', '{text}') FROM generate_series(1, 50)"))
            .await;
        for (endpoint, token) in
            [(&a.endpoint, &token), (&b.endpoint, &token), (&a.endpoint, &other), (&b.endpoint, &other)]
        {
            assert_eq!(endpoint.status(token).await, 200, "{text:.40}");
        }
    }
    assert_eq!(a.endpoint.log_out(&token).await, 204);
    until("the session ends", async || b.endpoint.status(&token).await == 401).await;
    assert_eq!(b.endpoint.status(&other).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_bytes_end_only_the_session_that_is_pinned_to_them() {
    let world = World::new().await;
    let a = Node::start(&world).await;
    let (admin, spain) = (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await);
    let name = session_id(&a.endpoint, &spain).await;
    a.kill().await;
    world
        .execute(&format!(
            "UPDATE orgcache.orgcache_access SET bytes = set_byte(bytes, 60, get_byte(bytes, 60) # 1) \
             WHERE hash = (SELECT access FROM orgcache.orgcache_session WHERE id = '\\x{name}')"
        ))
        .await;
    let b = Node::start(&world).await;
    assert_eq!(b.endpoint.status(&spain).await, 401, "the session must not use the changed bytes");
    assert_eq!(b.endpoint.status(&admin).await, 200);
    assert_eq!(b.endpoint.metric("orgcache_sessions_damaged_total").await, 1);
    assert_eq!(b.endpoint.status(&spain).await, 401);
    let left = "SELECT count(*)::text FROM orgcache.orgcache_session";
    assert_eq!(world.text(left).await, "1", "the damaged session is deleted");
}

/// An unknown version, from a newer node or from tampering: another node may be able to read it.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_rows_fail_requests_but_do_not_end_sessions() {
    let world = World::new().await;
    let a = Node::start(&world).await;
    let (admin, spain) = (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await);
    let name = session_id(&a.endpoint, &spain).await;
    a.kill().await;
    let from_session = format!("FROM orgcache.orgcache_session WHERE id = '\\x{name}'");
    let stored = world.text(&format!("SELECT encode(access, 'hex') {from_session}")).await;
    let bytes = world
        .text(&format!(
            "SELECT encode(bytes, 'hex') FROM orgcache.orgcache_access WHERE hash = '\\x{stored}'"
        ))
        .await;
    // The format has six magic bytes, then the version in little-endian order.
    let newer = format!("{}0200{}", &bytes[..12], &bytes[16..]);
    let digits: Vec<u8> =
        newer.bytes().map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap()).collect();
    let decoded: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let hash = AccessHash::from_canonical(&decoded);
    world
        .execute(&format!(
            "INSERT INTO orgcache.orgcache_access (hash, bytes) VALUES ('\\x{hash}', '\\x{newer}'); \
             UPDATE orgcache.orgcache_session SET access = '\\x{hash}' WHERE id = '\\x{name}'"
        ))
        .await;
    let b = Node::start(&world).await;
    assert_eq!(b.endpoint.status(&spain).await, 503, "the access has a newer version");

    let user = world.text(&format!("SELECT user_id {from_session}")).await;
    let set = |user: &str, access: &str| {
        format!(
            "UPDATE orgcache.orgcache_session SET user_id = {user}, access = '\\x{access}' WHERE id = '\\x{name}'"
        )
    };
    world.execute(&set("repeat('x', 100000)", &stored)).await;
    assert_eq!(b.endpoint.status(&spain).await, 503, "the row is invalid");
    assert_eq!(b.endpoint.status(&admin).await, 200, "other sessions must still be answered");

    world.execute(&set(&format!("'{user}'"), &stored)).await;
    assert_eq!(b.endpoint.status(&spain).await, 200, "the session is valid again");
    assert_eq!(b.endpoint.metric("orgcache_sessions_damaged_total").await, 0);
}
