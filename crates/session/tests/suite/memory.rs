//! Exact footprints and memory budgets; and yes-or-no answers allocate nothing.

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use org_structure::{OrgFlags, OrgId, OrgRow, OrgStructure};
use session::openbravo::{AccessOptions, AccessedOrganization, OrgAccess, RoleFacts};
use session::{
    AtLimit, ClientId, CompanyFacts, Facts, LoadedTree, Login, ManualClock, MemoryStore, Options, OrgSource,
    OsEntropy, PortError, Principal, Revision, SessionManager, UserId, UserLevel, async_trait,
};

use crate::erp::{World, as_user, client, role};

/// A source with one tree of 600 organizations, in which every user id exists.
#[derive(Debug)]
struct Fixed {
    tree: OrgStructure,
}

fn id(place: usize) -> OrgId {
    let text = if place == 0 { "0".to_owned() } else { format!("{:032X}", place * 1_000_003) };
    OrgId::new(&text).unwrap()
}

fn tree() -> OrgStructure {
    let ids: Vec<OrgId> = (0..600).map(id).collect();
    let rows = ids.iter().enumerate().map(|(place, id)| OrgRow {
        parent: place.checked_sub(1).map(|before| ids[before / 5].as_str()),
        flags: if place % 10 == 5 { OrgFlags::LEGAL_ENTITY } else { OrgFlags::READY },
        ..OrgRow::new(id.as_str())
    });
    OrgStructure::build(rows).unwrap().structure
}

#[async_trait]
impl OrgSource for Fixed {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(Some(Revision::from_bits(1)))
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        Ok(LoadedTree::new(self.tree.clone(), Some(Revision::from_bits(1))))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        // Three kinds of access.
        let kind = principal.user.as_str().len() % 3 + 1;
        let companies: Vec<OrgId> = (1..600).step_by(kind * 50).map(id).collect();
        let default = companies[0];
        Ok(Facts::Companies(Some(CompanyFacts { client: client("C"), role: role("R"), companies, default })))
    }
}

/// The process-wide hasher keys are created at first use and belong to no manager.
fn settled() {
    drop(tree());
}

fn manager() -> (SessionManager, Arc<MemoryStore>) {
    manager_of(Fixed { tree: tree() })
}

fn manager_of(source: impl OrgSource) -> (SessionManager, Arc<MemoryStore>) {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let options = Options::default().with(|options| {
        options.at_limit = AtLimit::Refuse;
        options.collect_grace = Duration::ZERO;
    });
    (SessionManager::with_seams(Arc::new(source), store.clone(), options, clock, Arc::new(OsEntropy)), store)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn login(manager: &SessionManager, user: usize) -> Login {
    manager.login(Principal::new(UserId::new(&format!("{user}")).unwrap())).await.unwrap()
}

/// Compares the heap bytes that logins leave, by the footprints and by the allocator.
fn assert_exact(logins: usize, users: usize) -> (usize, usize) {
    settled();
    let (manager, store) = manager();
    let before = manager.footprint().total() + store.footprint();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // The runtime creates its own state at first use.
    runtime.block_on(async {});
    let counted = measure(|| {
        runtime.block_on(async {
            for number in 0..logins {
                login(&manager, number % users).await;
            }
            manager.expire().await;
        });
    });
    let after = manager.footprint().total() + store.footprint();
    let measured = usize::try_from(counted.bytes_current).unwrap();
    assert_eq!(after - before, measured, "{logins} logins of {users} users: {:?}", manager.footprint());
    (measured, manager.footprint().sessions + store.footprint())
}

#[test]
fn footprints_of_manager_and_store_are_exact() {
    for (logins, users) in [(1, 1), (10, 1), (10, 10), (1_000, 1_000), (5_000, 1_700)] {
        assert_exact(logins, users);
    }
}

/// What manager and store do not count is small, and does not grow.
#[test]
fn an_empty_manager_and_store_count_their_tables() {
    settled();
    let mut made = None;
    let counted = measure(|| made = Some(manager()));
    let (manager, store) = made.unwrap();
    let reported = manager.footprint().total() + store.footprint();
    let rest = usize::try_from(counted.bytes_current).unwrap() - reported;
    assert!(rest < 10 * 1_024 + tree().footprint(), "{reported} and {rest}");
}

/// A source in which every client exists, each with a tree of its own, a role in the whole tree and a role in
/// a small part.
#[derive(Debug)]
struct Varied;

const CLIENTS: usize = 39;

#[async_trait]
impl OrgSource for Varied {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(Some(Revision::from_bits(1)))
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        let rows = [OrgRow::new("0"), OrgRow::new(client.as_str()).under("0")];
        let ids: Vec<OrgId> = (1..200).map(id).collect();
        let rows =
            rows.into_iter().chain(ids.iter().map(|id| OrgRow::new(id.as_str()).under(client.as_str())));
        // Clients with a two-digit number have a finding.
        let findings = (0..client.as_str().len() - 2).map(|number| format!("finding {number} of {client}"));
        let tree = LoadedTree::new(OrgStructure::build(rows).unwrap().structure, None);
        Ok(tree.with_revision(Some(Revision::from_bits(1))).with_findings(findings))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let number: usize = principal.user.as_str().parse().unwrap();
        let taken = principal.role.unwrap_or(role("all"));
        let step = if taken == role("all") { 1 } else { 90 };
        let companies: Vec<OrgId> = (1..200).step_by(step).map(id).collect();
        let (client, default) = (client(&format!("C{}", number % CLIENTS)), companies[0]);
        Ok(Facts::Companies(Some(CompanyFacts { client, role: taken, companies, default })))
    }
}

#[test]
fn many_trees_large_roles_and_switches_are_counted_exactly() {
    settled();
    let (manager, store) = manager_of(Varied);
    let before = manager.footprint().total() + store.footprint();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {});
    let counted = measure(|| {
        runtime.block_on(async {
            for number in 0..900 {
                let token = login(&manager, number).await.token;
                match number % 5 {
                    0 => drop(manager.switch_role(&token, role("few"), None).await.unwrap()),
                    1 => drop(manager.switch_org(&token, id(7)).await.unwrap()),
                    2 => drop(manager.refresh(&token).await.unwrap()),
                    3 => drop(manager.logout(&token).await.unwrap()),
                    _ => {}
                }
            }
            manager.expire().await;
        });
    });
    let footprint = manager.footprint();
    let measured = usize::try_from(counted.bytes_current).unwrap();
    assert_eq!(footprint.total() + store.footprint() - before, measured, "{footprint:?}");
    let stats = manager.stats();
    // In each client some user has each role. A role in all organizations takes little more than one in few.
    assert_eq!((stats.trees, stats.sessions), (CLIENTS, 720));
    assert!(stats.accesses > CLIENTS, "{stats:?}");
}

#[test]
fn shared_parts_are_counted_once() {
    let (manager, _store) = manager();
    block_on(async {
        // Numbers with the same number of digits have the same access.
        let (mut own, mut accesses) = (0, 0);
        for (number, is_first) in [(1, true), (2, false), (10, true), (100, true), (999, false)] {
            let session = login(&manager, number).await.session;
            let footprint = session.footprint();
            assert_eq!(manager.footprint_of(session.id()), Some(footprint));
            own += footprint.own;
            accesses += if is_first { footprint.access } else { 0 };
        }
        let held = manager.trees_in_use();
        let [tree] = held.as_slice() else { panic!("{held:?}") };
        assert_eq!((tree.client, tree.sessions), (client("C"), 5));
        assert!(tree.bytes > tree.structure.footprint());
        let footprint = manager.footprint_of_sessions(Some(client("C")));
        assert_eq!((footprint.sessions, footprint.accesses, footprint.trees), (own, accesses, tree.bytes));
        assert_eq!(manager.footprint_of_sessions(Some(client("D"))).total(), 0);
    });
}

#[test]
fn ended_sessions_release_their_memory() {
    settled();
    let (manager, store) = manager();
    block_on(async {
        for round in 0..3 {
            // Users with one, two and three sessions.
            for number in 0..2_000 {
                login(&manager, number % 900 + round).await;
            }
            for number in 0..300 {
                let user = UserId::new(&format!("{}", number + round)).unwrap();
                manager.end(session::Scope::User(client("C"), user)).await;
            }
            manager.end(session::Scope::Client(client("C"))).await;
            manager.maintain().await.unwrap();
        }
    });
    let footprint = manager.footprint();
    assert_eq!((footprint.trees, footprint.accesses), (0, 0), "{footprint:?}");
    assert!(footprint.sessions < 20 * 1_024, "{footprint:?}");
    assert_eq!(manager.stats().sessions, 0);
    assert!(store.footprint() < 8 * 1_024);
}

#[test]
fn budget_of_a_session() {
    let session = block_on(async { login(&manager().0, 1).await.session });
    let footprint = session.footprint();
    assert_eq!(footprint.organizations, 12, "{footprint:?}");
    assert!(footprint.own <= 152, "{footprint:?}");
    // Just after a table grew, and just before: with the store's row and all tables.
    for sessions in [7_500, 13_000] {
        let (measured, _) = assert_exact(sessions, sessions);
        let shared = 100 * 1_024;
        assert!(measured - shared <= 256 * sessions, "{} bytes a session", measured / sessions);
    }
}

#[test]
fn a_yes_or_no_does_not_allocate() {
    let world = World::new();
    let node = world.node();
    let login = block_on(node.login(as_user("u"))).unwrap();
    let (session, token) = (login.session, login.token);
    let counted = measure(|| {
        for one in ["0", "Spain", "Madrid", "Boston", "Other", "unknown", ""] {
            for other in ["0", "Spain", "Boston", "unknown"] {
                std::hint::black_box(session.may_reference(one, other));
            }
            std::hint::black_box((session.can_read(one), session.can_write(one)));
            std::hint::black_box((session.allows_transactions(one), session.legal_entity(one)));
            std::hint::black_box((session.business_unit(one), session.period_control_org(one)));
        }
        std::hint::black_box((session.org(), session.client(), session.role(), session.user(), session.id()));
        std::hint::black_box((session.is_read_only(), session.is_ended(), session.user_level().len()));
    });
    assert_eq!(counted.count_total, 0);
    // From a token to its cached session: one future, on the caller's stack.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let counted = measure(|| {
            let mut found = std::pin::pin!(node.manager.session(&token));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(found.as_mut().poll(&mut context).is_ready());
        });
        assert_eq!(counted.count_total, 0);
    });
}

#[test]
fn the_footprint_of_access_is_exact() {
    settled();
    let tree = tree();
    for step in [1, 2, 3, 50, 700] {
        let row = |place| OrgAccess {
            org: id(place),
            client: client(["C", "D"][place % 2]),
            active: true,
            organization: Some(AccessedOrganization { client: client("C"), active: true }),
        };
        let facts = RoleFacts {
            id: role("R"),
            client: client("C"),
            level: UserLevel::new(" CO").unwrap(),
            manual: true,
            active: true,
            // Some are not in the tree.
            accesses: (1..650).step_by(step).map(row).collect(),
            organizations: vec![],
        };
        let fingerprint = tree.fingerprint();
        let mut made = None;
        let counted = measure(|| made = Some(facts.access(&tree, &AccessOptions::default())));
        let access = made.unwrap();
        assert_eq!(access.footprint(), usize::try_from(counted.bytes_current).unwrap(), "every {step}");
        let bytes = access.encode(fingerprint);
        let mut read = None;
        let counted =
            measure(|| read = Some(session::RoleAccess::decode(&bytes, &tree, fingerprint).unwrap()));
        assert_eq!(
            read.unwrap().footprint(),
            usize::try_from(counted.bytes_current).unwrap(),
            "every {step}"
        );
    }
}

#[test]
fn debug_output_does_not_grow() {
    let (manager, store) = manager();
    let lengths = |session: &session::Session| {
        [format!("{manager:?}").len(), format!("{store:?}").len(), format!("{session:?}").len()]
    };
    block_on(async {
        let first = login(&manager, 1_000).await.session;
        let before = lengths(&first);
        for user in 1_001..2_000 {
            login(&manager, user).await;
        }
        let after = lengths(&first);
        // The number of sessions has more digits.
        assert!(before.iter().zip(after).all(|(before, after)| after - before <= 3), "{before:?} {after:?}");
        assert!(after.iter().all(|length| *length < 250), "{after:?}");
        assert_eq!(format!("{manager:?}"), "SessionManager { sessions: 1000, .. }");
        assert_eq!(format!("{store:?}"), "MemoryStore { sessions: 1000, .. }");
        let shown = format!("{first:?}");
        assert!(shown.contains(&first.id().to_string()) && shown.contains("UserId(1000)"), "{shown}");
    });
}

#[test]
fn pending_revocations_are_counted_exactly() {
    settled();
    let world = World::new();
    let node = world.node();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut tokens = Vec::new();
    runtime.block_on(async {
        for _ in 0..500 {
            tokens.push(node.token().await);
        }
    });
    let before = node.manager.footprint().total();
    node.way.go_down(true);
    let counted = measure(|| {
        runtime.block_on(async {
            for token in &tokens[..400] {
                assert!(node.manager.logout(token).await.unwrap().pending.is_some());
            }
        });
    });
    // The store still has the sessions, so their own bytes stay allocated.
    let own = 400 * node.manager.session_in_memory(&tokens[400]).unwrap().footprint().own;
    let after = node.manager.footprint().total() + own;
    assert_eq!(i64::try_from(after).unwrap() - i64::try_from(before).unwrap(), counted.bytes_current);
    assert_eq!(node.manager.stats().pending_revocations, 400);
}
