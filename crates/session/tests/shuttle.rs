//! The pool of trees, the table of sessions, revocations and expiry under many schedules:
//! `cargo xtask shuttle`.
#![cfg(shuttle)]
#![expect(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::sync::Arc;
use std::time::Duration;

use org_structure::{OrgId, OrgRow, OrgStructure};
use session::{
    AtLimit, ClientId, CompanyFacts, Facts, LoadedTree, LoginError, ManualClock, MemoryStore, Options,
    OrgSource, OsEntropy, PortError, Principal, Revision, RoleId, Scope, Session, SessionError,
    SessionManager, Token, UserId, async_trait,
};
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering};

const SCHEDULES: usize = 400;

/// A source whose tree grows by one organization with each change.
#[derive(Debug)]
struct Growing {
    orgs: Mutex<usize>,
    keeps_revisions: bool,
    fails: AtomicUsize,
    loads: AtomicUsize,
    running: AtomicUsize,
}

impl Growing {
    fn new(keeps_revisions: bool) -> Arc<Self> {
        Arc::new(Growing {
            orgs: Mutex::new(1),
            keeps_revisions,
            fails: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
        })
    }

    fn grow(&self) {
        *self.orgs.lock().unwrap() += 1;
    }

    fn size(&self) -> usize {
        *self.orgs.lock().unwrap()
    }

    fn revision_of(&self, size: usize) -> Option<Revision> {
        self.keeps_revisions.then(|| Revision::from_bits(i64::try_from(size).unwrap()))
    }
}

/// Counts a running load until it is done or dropped.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl OrgSource for Growing {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        let revision = self.revision_of(self.size());
        yield_now().await;
        Ok(revision)
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        assert_eq!(self.running.fetch_add(1, Ordering::SeqCst), 0, "one load at a time");
        let running = Running(&self.running);
        yield_now().await;
        let size = self.size();
        yield_now().await;
        drop(running);
        if self.fails.load(Ordering::SeqCst) > 0 {
            self.fails.fetch_sub(1, Ordering::SeqCst);
            return Err(PortError::transient("away"));
        }
        let ids: Vec<String> = (0..size).map(|place| place.to_string()).collect();
        let structure = OrgStructure::build(ids.iter().map(|id| OrgRow::new(id))).unwrap().structure;
        Ok(LoadedTree::new(structure, self.revision_of(size)))
    }

    async fn facts(&self, _: &Principal) -> Result<Facts, PortError> {
        let client = ClientId::new("C").unwrap();
        let role = RoleId::new("R").unwrap();
        let default = OrgId::ZERO;
        Ok(Facts::Companies(Some(CompanyFacts { client, role, companies: vec![default], default })))
    }
}

struct World {
    source: Arc<Growing>,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    options: Options,
}

impl World {
    fn new(keeps_revisions: bool, shared: bool) -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = if shared { MemoryStore::shared(clock.clone()) } else { MemoryStore::new(clock.clone()) };
        let source = Growing::new(keeps_revisions);
        World { source, clock, store: Arc::new(store), options: Options::default() }
    }

    fn node(&self) -> SessionManager {
        SessionManager::with_seams(
            self.source.clone(),
            self.store.clone(),
            self.options.clone(),
            self.clock.clone(),
            Arc::new(OsEntropy),
        )
    }
}

fn user() -> Principal {
    Principal::new(UserId::new("u").unwrap())
}

async fn login(node: &SessionManager) -> (Token, Session) {
    let login = node.login(user()).await.unwrap();
    (login.token, login.session)
}

async fn is_live(node: &SessionManager, token: &Token) -> bool {
    match node.session(token).await {
        Ok(_) => true,
        Err(SessionError::NotLive) => false,
        Err(error) => panic!("{error}"),
    }
}

fn logins_are_never_older_than_themselves(keeps_revisions: bool) {
    shuttle::check_random(
        move || {
            let world = World::new(keeps_revisions, false);
            let node = world.node();
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let (node, source) = (node.clone(), world.source.clone());
                    spawn(async move {
                        let began = source.size();
                        let (_, session) = login(&node).await;
                        assert!(session.tree().len() >= began, "{} < {began}", session.tree().len());
                        source.grow();
                        let (_, session) = login(&node).await;
                        assert!(session.tree().len() > began);
                        session
                    })
                })
                .collect();
            let sessions: Vec<Session> = tasks.into_iter().map(|task| block_on(task).unwrap()).collect();
            // Equal trees are shared.
            for one in &sessions {
                for other in &sessions {
                    let is_same = one.tree().len() == other.tree().len();
                    assert_eq!(Arc::ptr_eq(one.tree(), other.tree()), is_same);
                }
            }
            assert!(world.source.loads.load(Ordering::SeqCst) <= 8);
        },
        SCHEDULES,
    );
}

#[test]
fn freshness_with_revisions() {
    logins_are_never_older_than_themselves(true);
}

#[test]
fn freshness_without_revisions() {
    logins_are_never_older_than_themselves(false);
}

#[test]
fn one_load_for_a_storm() {
    shuttle::check_random(
        || {
            let world = World::new(true, false);
            let node = world.node();
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let node = node.clone();
                    spawn(async move { login(&node).await.1 })
                })
                .collect();
            // Keep the sessions, so that the tree stays alive.
            let sessions: Vec<Session> = tasks.into_iter().map(|task| block_on(task).unwrap()).collect();
            assert_eq!(world.source.loads.load(Ordering::SeqCst), 1);
            drop(sessions);
        },
        SCHEDULES,
    );
}

#[test]
fn a_failed_load_does_not_poison_the_next() {
    shuttle::check_random(
        || {
            let world = World::new(false, false);
            world.source.fails.store(1, Ordering::SeqCst);
            let node = world.node();
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let node = node.clone();
                    spawn(async move { node.login(user()).await.is_ok() })
                })
                .collect();
            let given = tasks.into_iter().filter(|_| true).map(|task| block_on(task).unwrap());
            let given = given.filter(|given| *given).count();
            block_on(login(&node));
            assert_eq!(node.stats().sessions, given + 1);
        },
        SCHEDULES,
    );
}

#[test]
fn a_dropped_login_does_not_cancel_the_load_of_others() {
    shuttle::check_random(
        || {
            let world = World::new(false, false);
            let node = world.node();
            let dropped = {
                let node = node.clone();
                spawn(async move { node.login(user()).await.map(drop) })
            };
            let stays = {
                let node = node.clone();
                spawn(async move { login(&node).await })
            };
            dropped.abort();
            block_on(stays).unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn a_store_read_does_not_restore_a_revoked_session() {
    for shared in [true, false] {
        shuttle::check_random(
            move || {
                let world = World::new(true, shared);
                let token = block_on(login(&world.node())).0;
                let node = world.node();
                let opening: Vec<_> = (0..2)
                    .map(|_| {
                        let (node, token) = (node.clone(), token.clone());
                        spawn(async move { is_live(&node, &token).await })
                    })
                    .collect();
                let ending = {
                    let (node, token) = (node.clone(), token.clone());
                    spawn(async move {
                        node.logout(&token).await.unwrap();
                        assert!(!is_live(&node, &token).await, "a revocation holds when the call returns");
                    })
                };
                block_on(ending).unwrap();
                for task in opening {
                    block_on(task).unwrap();
                }
                assert!(!block_on(is_live(&node, &token)));
                assert_eq!(node.stats().sessions, 0);
            },
            SCHEDULES,
        );
    }
}

#[test]
fn a_bulk_revocation_and_a_login_agree() {
    shuttle::check_random(
        || {
            let world = World::new(true, false);
            let node = world.node();
            let scope = Scope::Client(ClientId::new("C").unwrap());
            let ending = {
                let node = node.clone();
                spawn(async move { node.end(scope).await })
            };
            let outcome = block_on(node.login(user()));
            block_on(ending).unwrap();
            let stored = block_on(node.list(scope, None, 10)).unwrap().len();
            match outcome {
                Ok(login) => {
                    let lives = block_on(is_live(&node, &login.token));
                    assert_eq!(usize::from(lives), stored, "both on the node and in the store");
                }
                Err(LoginError::EndedMeanwhile) => {
                    assert_eq!(stored, 0);
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(node.stats().pending_revocations, 0);
        },
        SCHEDULES,
    );
}

#[test]
fn a_token_is_replaced_once() {
    for shared in [true, false] {
        shuttle::check_random(
            move || {
                let world = World::new(true, shared);
                let nodes =
                    if shared { [world.node(), world.node()] } else { [(); 2].map(|()| world.node()) };
                let first = if shared { nodes.clone() } else { [nodes[0].clone(), nodes[0].clone()] };
                let token = block_on(login(&first[0])).0;
                let tasks: Vec<_> = first
                    .iter()
                    .map(|node| {
                        let (node, token) = (node.clone(), token.clone());
                        spawn(async move { node.refresh(&token).await.ok() })
                    })
                    .collect();
                let renewed: Vec<_> = tasks.into_iter().filter_map(|task| block_on(task).unwrap()).collect();
                assert_eq!(renewed.len(), 1);
                assert!(block_on(is_live(&first[0], &renewed[0].token)));
                for node in &first {
                    assert!(!block_on(is_live(node, &token)));
                }
            },
            SCHEDULES,
        );
    }
}

#[test]
fn expiry_and_use_agree() {
    for shared in [true, false] {
        shuttle::check_random(
            move || {
                let world = World::new(true, shared);
                let node = world.node();
                let token = block_on(login(&node)).0;
                world.clock.advance(node.options().idle);
                let user = {
                    let (node, token) = (node.clone(), token.clone());
                    spawn(async move { is_live(&node, &token).await })
                };
                let clock = {
                    let (clock, node) = (world.clock.clone(), node.clone());
                    spawn(async move {
                        clock.advance(Duration::from_millis(1));
                        node.maintain().await.unwrap();
                    })
                };
                let was_live = block_on(user).unwrap();
                block_on(clock).unwrap();
                let lives = block_on(is_live(&node, &token));
                // An expired session stays expired. A lookup that succeeded first may keep the session alive.
                assert!(was_live || !lives);
                assert_eq!(node.stats().sessions, usize::from(lives));
                let stored =
                    block_on(node.list(Scope::Client(ClientId::new("C").unwrap()), None, 10)).unwrap().len();
                assert!(stored >= usize::from(lives));
            },
            SCHEDULES,
        );
    }
}

#[test]
fn limits_hold() {
    for at_limit in [AtLimit::Refuse, AtLimit::EndOldest] {
        shuttle::check_random(
            move || {
                let mut world = World::new(true, false);
                world.options.max_sessions_per_user = Some(2);
                world.options.max_sessions = 3;
                world.options.at_limit = at_limit;
                let node = world.node();
                let tasks: Vec<_> = (0..4)
                    .map(|_| {
                        let node = node.clone();
                        spawn(async move { node.login(user()).await.is_ok() })
                    })
                    .collect();
                let given =
                    tasks.into_iter().map(|task| block_on(task).unwrap()).filter(|given| *given).count();
                assert_eq!(given, if at_limit == AtLimit::Refuse { 2 } else { 4 });
                assert_eq!(node.stats().sessions, 2);
            },
            SCHEDULES,
        );
    }
}
