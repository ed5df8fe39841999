//! Who can write into the store's tables, or notify, ends sessions at most: none answers for another tree.

use session::AccessHash;

use crate::node::{Node, Place};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// The name of a session.
async fn id(place: &Place, token: &str) -> String {
    place.get("/v1/session", token).await.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_notifications_end_nothing() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let (token, other) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await);
    for token in [&token, &other] {
        assert_eq!(b.at.status(token).await, 200);
    }
    let name = id(&a.at, &token).await;
    // Ids go in hexadecimal digits.
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
        for (place, token) in [(&a.at, &token), (&b.at, &token), (&a.at, &other), (&b.at, &other)] {
            assert_eq!(place.status(token).await, 200, "{text:.40}");
        }
    }
    assert_eq!(a.at.log_out(&token).await, 204);
    until("the end arrives all the same", async || b.at.status(&token).await == 401).await;
    assert_eq!(b.at.status(&other).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_bytes_end_the_session_that_is_pinned_to_them_and_no_other() {
    let world = World::new().await;
    let a = Node::start(&world).await;
    let (admin, spain) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await);
    let name = id(&a.at, &spain).await;
    a.kill().await;
    world
        .execute(&format!(
            "UPDATE orgcache.orgcache_access SET bytes = set_byte(bytes, 60, get_byte(bytes, 60) # 1) \
             WHERE hash = (SELECT access FROM orgcache.orgcache_session WHERE id = '\\x{name}')"
        ))
        .await;
    let b = Node::start(&world).await;
    assert_eq!(b.at.status(&spain).await, 401, "rather no answer than that of other bytes");
    assert_eq!(b.at.status(&admin).await, 200);
    assert_eq!(b.at.metric("orgcache_sessions_damaged_total").await, 1);
    assert_eq!(b.at.status(&spain).await, 401);
    let left = "SELECT count(*)::text FROM orgcache.orgcache_session";
    assert_eq!(world.text(left).await, "1", "ended for good");
}

/// Written by a newer node, or tampered with: another node may be able to read it.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_yet_ends_nothing() {
    let world = World::new().await;
    let a = Node::start(&world).await;
    let (admin, spain) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await);
    let name = id(&a.at, &spain).await;
    a.kill().await;
    let of_session = format!("FROM orgcache.orgcache_session WHERE id = '\\x{name}'");
    let stored = world.text(&format!("SELECT encode(access, 'hex') {of_session}")).await;
    let bytes = world
        .text(&format!(
            "SELECT encode(bytes, 'hex') FROM orgcache.orgcache_access WHERE hash = '\\x{stored}'"
        ))
        .await;
    // After six bytes that say what it is comes the version, smallest byte first.
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
    assert_eq!(b.at.status(&spain).await, 503, "a newer version of the access");

    let user = world.text(&format!("SELECT user_id {of_session}")).await;
    let set = |user: &str, access: &str| {
        format!(
            "UPDATE orgcache.orgcache_session SET user_id = {user}, access = '\\x{access}' WHERE id = '\\x{name}'"
        )
    };
    world.execute(&set("repeat('x', 100000)", &stored)).await;
    assert_eq!(b.at.status(&spain).await, 503, "a row that cannot be one");
    assert_eq!(b.at.status(&admin).await, 200, "nobody else is concerned");

    world.execute(&set(&format!("'{user}'"), &stored)).await;
    assert_eq!(b.at.status(&spain).await, 200, "as before");
    assert_eq!(b.at.metric("orgcache_sessions_damaged_total").await, 0);
}
