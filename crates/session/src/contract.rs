//! The contract of [`SessionStore`] as a test suite: every store passes the same cases.
//!
//! ```
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! use session::contract::{self, Fixture};
//! use session::{ManualClock, MemoryStore, SessionStore};
//!
//! struct InMemory(Arc<ManualClock>);
//!
//! #[session::async_trait]
//! impl Fixture for InMemory {
//!     async fn empty_store(&self) -> Arc<dyn SessionStore> {
//!         Arc::new(MemoryStore::new(self.0.clone()))
//!     }
//!
//!     async fn pass(&self, _: &dyn SessionStore, time: Duration) {
//!         self.0.advance(time);
//!     }
//!
//!     async fn set_back(&self, _: &dyn SessionStore, time: Duration) {
//!         self.0.set_back(time);
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! contract::check(&InMemory(Arc::default())).await;
//! # });
//! ```
#![expect(clippy::unwrap_used, reason = "a contract suite fails loudly")]

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use org_structure::{OrgId, OrgRow, OrgStructure};

use crate::openbravo::{AccessOptions, RoleFacts};
use crate::store::{Contents, CreateOutcome, LastUse, NewSession};
use crate::{
    AccessHash, ClientId, Lifetime, RoleAccess, RoleId, Scope, SessionId, SessionRecord, SessionStore,
    UserId, UserLevel,
};

/// Creates the stores that the suite tests, and moves their clocks.
#[async_trait]
pub trait Fixture: Sync {
    /// An empty store, isolated from all others.
    async fn empty_store(&self) -> Arc<dyn SessionStore>;

    /// Advances the time of a store of this fixture: moves its clock, or shifts the timestamps in its rows.
    async fn pass(&self, store: &dyn SessionStore, time: Duration);

    /// Sets the time of a store of this fixture back, in the same way. Never by more than has passed.
    async fn set_back(&self, store: &dyn SessionStore, time: Duration);
}

/// Tolerance for stores that use a real clock.
const SLACK: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(3_600);

/// Runs all cases, one after the other, each on an empty store.
///
/// # Panics
/// If the store breaks the contract.
pub async fn check(fixture: &dyn Fixture) {
    created_sessions_read_back_unchanged(fixture).await;
    contents_read_back_byte_for_byte(fixture).await;
    one_replacement_wins_and_ends_the_old_session(fixture).await;
    last_use_only_moves_forward(fixture).await;
    revocations_end_exactly_their_scope(fixture).await;
    a_late_revocation_spares_newer_sessions(fixture).await;
    revocations_do_not_depend_on_the_clock(fixture).await;
    a_session_from_the_future_can_be_replaced(fixture).await;
    a_late_revocation_ends_sessions_from_the_future(fixture).await;
    missing_lists_the_missing_sessions(fixture).await;
    a_sweep_deletes_exactly_the_expired_sessions(fixture).await;
    a_sweep_is_bounded(fixture).await;
    unreferenced_contents_are_collected_after_the_grace(fixture).await;
    lists_are_ordered_and_paged(fixture).await;
    ids_are_compared_byte_for_byte(fixture).await;
    concurrent_calls_do_not_interfere(fixture).await;
}

/// A tree and an access to pin sessions to.
struct PinnedSample {
    tree: OrgStructure,
    access: RoleAccess,
}

impl PinnedSample {
    fn new(number: usize) -> Self {
        let id = format!("{number:032X}");
        let rows = [OrgRow::new("0"), OrgRow::new(&id).under("0")];
        let tree = OrgStructure::build(rows).unwrap().structure;
        let role = RoleFacts {
            id: RoleId::ZERO,
            client: ClientId::ZERO,
            level: UserLevel::new(" CO").unwrap(),
            manual: true,
            active: true,
            accesses: Vec::new(),
            organizations: Vec::new(),
        };
        let access = role.access(&tree, &AccessOptions::default());
        PinnedSample { tree, access }
    }

    fn record(&self, number: u64, client: &str, user: &str, role: &str) -> Arc<SessionRecord> {
        let fingerprint = self.tree.fingerprint();
        let mut name = [0; 32];
        // Spread over the whole range of names, and not in the order of creation.
        name[..8].copy_from_slice(&number.reverse_bits().to_be_bytes());
        name[24..].copy_from_slice(&number.to_be_bytes());
        Arc::new(SessionRecord {
            id: SessionId::from_bytes(name),
            client: ClientId::new(client).unwrap(),
            user: UserId::new(user).unwrap(),
            role: RoleId::new(role).unwrap(),
            org: OrgId::ZERO,
            tree: fingerprint,
            access: AccessHash::from_canonical(&self.access.encode(fingerprint)),
            lifetime: Lifetime::new(HOUR, 10 * HOUR),
        })
    }

    fn new_session<'a>(&'a self, record: &'a Arc<SessionRecord>) -> NewSession<'a> {
        NewSession::new(record, &self.tree, &self.access)
    }

    /// Stores session `number` of user `U` in role `R` of client `C`.
    async fn create(&self, store: &dyn SessionStore, number: u64) -> Arc<SessionRecord> {
        self.create_as(store, number, "C", "U", "R").await
    }

    async fn create_as(
        &self,
        store: &dyn SessionStore,
        number: u64,
        client: &str,
        user: &str,
        role: &str,
    ) -> Arc<SessionRecord> {
        let record = self.record(number, client, user, role);
        assert_eq!(store.create(&self.new_session(&record)).await.unwrap(), CreateOutcome::Done);
        record
    }
}

async fn is_there(store: &dyn SessionStore, record: &SessionRecord) -> bool {
    store.open(&record.id).await.unwrap().is_some()
}

#[track_caller]
fn assert_about(measured: Duration, expected: Duration) {
    assert!(measured >= expected && measured <= expected + SLACK, "{measured:?}, not about {expected:?}");
}

async fn created_sessions_read_back_unchanged(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    assert_eq!(store.open(&pinned.record(1, "C", "U", "R").id).await.unwrap(), None);
    let record = pinned.create(&*store, 1).await;
    let stored = store.open(&record.id).await.unwrap().unwrap();
    assert_eq!(stored.record, *record);
    assert_about(stored.age, Duration::ZERO);
    assert_about(stored.idle, Duration::ZERO);
    fixture.pass(&*store, HOUR * 3).await;
    let stored = store.open(&record.id).await.unwrap().unwrap();
    assert_about(stored.age, HOUR * 3);
    assert_about(stored.idle, HOUR * 3);
}

async fn contents_read_back_byte_for_byte(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let record = pinned.record(1, "C", "U", "R");
    let (tree, access) = (Some(&record.tree), Some(&record.access));
    assert_eq!(store.contents(tree, access).await.unwrap(), Contents::default());
    pinned.create(&*store, 1).await;
    let new = pinned.new_session(&record);
    let all = Contents { tree: Some(new.tree_bytes()), access: Some(new.access_bytes()) };
    assert_eq!(store.contents(tree, access).await.unwrap(), all);
    assert_eq!(store.contents(tree, None).await.unwrap(), Contents { access: None, ..all.clone() });
    assert_eq!(store.contents(None, access).await.unwrap(), Contents { tree: None, ..all });
    assert_eq!(store.contents(None, None).await.unwrap(), Contents::default());
}

async fn one_replacement_wins_and_ends_the_old_session(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let old = pinned.create(&*store, 1).await;
    let next = [2, 3, 4].map(|number| pinned.record(number, "C", "U", "R"));
    let created = join_all(next.iter().map(|record| {
        let (store, pinned, old) = (&store, &pinned, old.id);
        async move { store.create(&pinned.new_session(record).replacing(Some(old))).await.unwrap() }
    }))
    .await;
    assert!(!is_there(&*store, &old).await);
    let done = created.iter().filter(|created| **created == CreateOutcome::Done).count();
    assert_eq!(done, 1, "exactly one replacement succeeds: {created:?}");
    for (record, created) in next.iter().zip(created) {
        assert_eq!(is_there(&*store, record).await, created == CreateOutcome::Done);
    }
}

async fn last_use_only_moves_forward(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let record = pinned.create(&*store, 1).await;
    let unknown = pinned.record(9, "C", "U", "R").id;
    fixture.pass(&*store, HOUR * 2).await;
    for (ago, expected) in [(HOUR, HOUR), (HOUR * 5, HOUR), (HOUR / 2, HOUR / 2), (HOUR, HOUR / 2)] {
        let seen = [LastUse { id: unknown, ago }, LastUse { id: record.id, ago }];
        store.touch(&seen).await.unwrap();
        assert_about(store.open(&record.id).await.unwrap().unwrap().idle, expected);
    }
    assert_about(store.open(&record.id).await.unwrap().unwrap().age, HOUR * 2);
    assert_eq!(store.open(&unknown).await.unwrap(), None);
    store.touch(&[]).await.unwrap();
}

async fn revocations_end_exactly_their_scope(fixture: &dyn Fixture) {
    let pinned = PinnedSample::new(1);
    let client = |id| ClientId::new(id).unwrap();
    let scopes: [(Scope, &[u64]); 6] = [
        (Scope::Session(pinned.record(3, "C", "U", "R").id), &[3]),
        (Scope::User(client("C"), UserId::new("U").unwrap()), &[0, 1]),
        (Scope::Role(client("C"), RoleId::new("R").unwrap()), &[0, 2]),
        (Scope::Client(client("C")), &[0, 1, 2, 3]),
        (Scope::Client(client("X")), &[]),
        (Scope::User(client("X"), UserId::new("U").unwrap()), &[]),
    ];
    for (scope, expected) in scopes {
        let store = fixture.empty_store().await;
        let all = [("C", "U", "R"), ("C", "U", "Q"), ("C", "V", "R"), ("C", "V", "Q"), ("D", "U", "R")];
        let mut records = Vec::new();
        for (number, (client, user, role)) in (0..).zip(all) {
            records.push(pinned.create_as(&*store, number, client, user, role).await);
        }
        let ended = store.end(&scope, Duration::ZERO).await.unwrap();
        assert_eq!(ended, u64::try_from(expected.len()).unwrap(), "{scope:?}");
        for (number, record) in (0..).zip(&records) {
            assert_eq!(is_there(&*store, record).await, !expected.contains(&number), "{scope:?}: {number}");
        }
        assert_eq!(store.end(&scope, Duration::ZERO).await.unwrap(), 0);
    }
}

async fn a_late_revocation_spares_newer_sessions(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let old = pinned.create(&*store, 1).await;
    fixture.pass(&*store, HOUR).await;
    let new = pinned.create(&*store, 2).await;
    let scope = Scope::Client(old.client);
    assert_eq!(store.end(&scope, HOUR / 2).await.unwrap(), 1);
    assert!(!is_there(&*store, &old).await && is_there(&*store, &new).await);
}

/// How a store's clock may jump between the creation of a session and its revocation.
#[derive(Clone, Copy, Debug)]
enum ClockShift {
    Behind(Duration),
    Ahead(Duration),
}

impl ClockShift {
    /// From seconds to more than the maximum lifetime of a session.
    const WRONG: [ClockShift; 5] = [
        ClockShift::Behind(Duration::from_secs(10)),
        ClockShift::Behind(Duration::from_secs(600)),
        ClockShift::Behind(HOUR),
        ClockShift::Behind(HOUR.saturating_mul(13)),
        ClockShift::Ahead(HOUR.saturating_mul(13)),
    ];

    async fn go_wrong(self, fixture: &dyn Fixture, store: &dyn SessionStore) {
        match self {
            ClockShift::Behind(time) => fixture.set_back(store, time).await,
            ClockShift::Ahead(time) => fixture.pass(store, time).await,
        }
    }

    async fn go_right(self, fixture: &dyn Fixture, store: &dyn SessionStore) {
        match self {
            ClockShift::Behind(time) => fixture.pass(store, time).await,
            ClockShift::Ahead(time) => fixture.set_back(store, time).await,
        }
    }
}

/// A store old enough for every case to set its clock back.
async fn store_with_a_past(fixture: &dyn Fixture) -> Arc<dyn SessionStore> {
    let store = fixture.empty_store().await;
    fixture.pass(&*store, HOUR * 24).await;
    store
}

async fn revocations_do_not_depend_on_the_clock(fixture: &dyn Fixture) {
    let pinned = PinnedSample::new(1);
    let client = ClientId::new("C").unwrap();
    let scopes = [
        Scope::Session(pinned.record(0, "C", "U", "R").id),
        Scope::User(client, UserId::new("U").unwrap()),
        Scope::Role(client, RoleId::new("R").unwrap()),
        Scope::Client(client),
    ];
    for clock in ClockShift::WRONG {
        let store = store_with_a_past(fixture).await;
        for scope in scopes {
            let ends = pinned.create(&*store, 0).await;
            let stays = pinned.create_as(&*store, 1, "D", "U", "R").await;
            clock.go_wrong(fixture, &*store).await;
            assert_eq!(store.end(&scope, Duration::ZERO).await.unwrap(), 1, "{clock:?}, {scope:?}");
            assert!(!is_there(&*store, &ends).await, "{clock:?}, {scope:?}");
            assert_eq!(store.missing(&[ends.id, stays.id]).await.unwrap(), [ends.id]);
            assert_eq!(store.end(&scope, Duration::ZERO).await.unwrap(), 0);
            clock.go_right(fixture, &*store).await;
            assert!(!is_there(&*store, &ends).await, "still live: {clock:?}, {scope:?}");
            assert_eq!(
                store.end(&Scope::Session(stays.id), HOUR).await.unwrap(),
                1,
                "new, but revoked by id"
            );
        }
    }
}

async fn a_session_from_the_future_can_be_replaced(fixture: &dyn Fixture) {
    let pinned = PinnedSample::new(1);
    for clock in ClockShift::WRONG {
        let store = store_with_a_past(fixture).await;
        let old = pinned.create(&*store, 1).await;
        clock.go_wrong(fixture, &*store).await;
        let next = pinned.record(2, "C", "U", "R");
        let created = store.create(&pinned.new_session(&next).replacing(Some(old.id))).await.unwrap();
        assert_eq!(created, CreateOutcome::Done, "{clock:?}");
        assert!(!is_there(&*store, &old).await && is_there(&*store, &next).await, "{clock:?}");
    }
}

async fn a_late_revocation_ends_sessions_from_the_future(fixture: &dyn Fixture) {
    let store = store_with_a_past(fixture).await;
    let pinned = PinnedSample::new(1);
    let old = pinned.create(&*store, 1).await;
    fixture.set_back(&*store, HOUR).await;
    let new = pinned.create(&*store, 2).await;
    assert_eq!(store.end(&Scope::Client(old.client), HOUR / 2).await.unwrap(), 1);
    assert!(!is_there(&*store, &old).await && is_there(&*store, &new).await);
}

async fn missing_lists_the_missing_sessions(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let mut ids = Vec::new();
    let mut expected = BTreeSet::new();
    for number in 0..20 {
        let id = pinned.record(number, "C", "U", "R").id;
        ids.push(id);
        if number < 10 {
            pinned.create(&*store, number).await;
        }
        if number == 3 {
            store.end(&Scope::Session(id), Duration::ZERO).await.unwrap();
        }
        if number == 3 || number >= 10 {
            expected.insert(id);
        }
    }
    let missing: BTreeSet<SessionId> = store.missing(&ids).await.unwrap().into_iter().collect();
    assert_eq!(missing, expected);
    assert_eq!(store.missing(&[]).await.unwrap(), []);
}

async fn a_sweep_deletes_exactly_the_expired_sessions(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let allowance = HOUR / 4;
    let (idle, used) = (pinned.create(&*store, 1).await, pinned.create(&*store, 2).await);
    assert_eq!(store.sweep(allowance, 100).await.unwrap(), 0);
    fixture.pass(&*store, HOUR + allowance / 2).await;
    assert_eq!(store.sweep(allowance, 100).await.unwrap(), 0, "the allowance is beyond the idle time");
    fixture.pass(&*store, allowance).await;
    store.touch(&[LastUse { id: used.id, ago: Duration::ZERO }]).await.unwrap();
    assert_eq!(store.sweep(allowance, 100).await.unwrap(), 1);
    assert!(!is_there(&*store, &idle).await && is_there(&*store, &used).await);
    for _ in 0..9 {
        fixture.pass(&*store, HOUR).await;
        store.touch(&[LastUse { id: used.id, ago: Duration::ZERO }]).await.unwrap();
    }
    assert_eq!(store.sweep(allowance, 100).await.unwrap(), 1, "older than its lifetime, though in use");
    assert!(!is_there(&*store, &used).await);
}

async fn a_sweep_is_bounded(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    for number in 0..25 {
        pinned.create(&*store, number).await;
    }
    fixture.pass(&*store, HOUR * 20).await;
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(store.sweep(Duration::ZERO, 10).await.unwrap());
    }
    assert_eq!(swept, [10, 10, 5, 0]);
}

async fn unreferenced_contents_are_collected_after_the_grace(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let (kept, dropped) = (PinnedSample::new(1), PinnedSample::new(2));
    let keeps = kept.create(&*store, 1).await;
    let drops = dropped.create(&*store, 2).await;
    fixture.pass(&*store, HOUR * 5).await;
    assert_eq!(store.collect(HOUR, 100).await.unwrap(), 0, "referenced, however old");
    store.end(&Scope::Session(drops.id), Duration::ZERO).await.unwrap();
    assert_eq!(store.collect(HOUR * 6, 100).await.unwrap(), 0, "within its grace");
    fixture.pass(&*store, HOUR * 7).await;
    assert_eq!(store.collect(HOUR * 6, 1).await.unwrap(), 1, "bounded");
    assert_eq!(store.collect(HOUR * 6, 100).await.unwrap(), 1, "a tree and an access");
    let gone = store.contents(Some(&drops.tree), Some(&drops.access)).await.unwrap();
    assert_eq!(gone, Contents::default());
    let there = store.contents(Some(&keeps.tree), Some(&keeps.access)).await.unwrap();
    assert!(there.tree.is_some() && there.access.is_some());
    // The next login that needs collected contents stores them again, even if its node remembers them as
    // stored.
    let again = dropped.create(&*store, 3).await;
    let there = store.contents(Some(&again.tree), Some(&again.access)).await.unwrap();
    assert!(there.tree.is_some() && there.access.is_some());
}

async fn lists_are_ordered_and_paged(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let mut expected = Vec::new();
    for number in 0..10 {
        expected.push(pinned.create(&*store, number).await.id);
        pinned.create_as(&*store, number + 100, "D", "U", "R").await;
    }
    expected.sort_unstable();
    let scope = Scope::Client(ClientId::new("C").unwrap());
    let mut listed: Vec<SessionId> = Vec::new();
    loop {
        let page = store.list(&scope, listed.last(), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|session| session.record.id));
    }
    assert_eq!(listed, expected);
    assert_eq!(store.list(&scope, None, 0).await.unwrap(), []);
}

async fn ids_are_compared_byte_for_byte(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let longest = "x".repeat(32);
    let users = ["a", "A", "á", "a ", " a", "a'", "%", "_", "a\\", "'; DROP TABLE x; --", &longest];
    for (number, user) in (0..).zip(users) {
        let record = pinned.create_as(&*store, number, "C", user, "R").await;
        assert_eq!(store.open(&record.id).await.unwrap().unwrap().record, *record);
    }
    for user in users {
        let scope = Scope::User(ClientId::new("C").unwrap(), UserId::new(user).unwrap());
        assert_eq!(store.list(&scope, None, 100).await.unwrap().len(), 1, "`{user}`");
        assert_eq!(store.end(&scope, Duration::ZERO).await.unwrap(), 1, "`{user}`");
    }
}

async fn concurrent_calls_do_not_interfere(fixture: &dyn Fixture) {
    let store = fixture.empty_store().await;
    let pinned = PinnedSample::new(1);
    let records = join_all((0..50).map(|number| {
        let (store, pinned) = (&store, &pinned);
        async move { pinned.create(&**store, number).await }
    }))
    .await;
    let ids: Vec<SessionId> = records.iter().map(|record| record.id).collect();
    assert_eq!(store.missing(&ids).await.unwrap(), []);
    let ended: u64 = join_all(ids.iter().chain(&ids).map(|id| {
        let store = &store;
        async move { store.end(&Scope::Session(*id), Duration::ZERO).await.unwrap() }
    }))
    .await
    .iter()
    .sum();
    assert_eq!(ended, 50, "each session is ended once");
}
