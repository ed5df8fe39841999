//! An in-memory ERP that tests can change, delay and break, and managers over it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use org_structure::{BuildOutcome, Fingerprint, OrgFlags, OrgId, OrgRow, OrgStructure};
use parking_lot::Mutex;
use session::openbravo::{
    AccessedOrganization, ClientFacts, ClientOrganization, LinkedRole, LoginFacts, OrgAccess, RoleFacts,
    UserFacts, UserRole,
};
use session::{
    AccessHash, ClientId, Contents, CreateOutcome, Facts, Hint, LastUse, LoadedTree, Login, LoginError,
    ManualClock, MemoryStore, NewSession, Options, OrgSource, OsEntropy, PortError, Principal, Revision,
    RoleId, Scope, SessionId, SessionManager, SessionStore, StoredSession, Token, UserId, UserLevel,
    async_trait,
};
use tokio::sync::Semaphore;

pub(crate) fn client(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

pub(crate) fn role(id: &str) -> RoleId {
    RoleId::new(id).unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn org(id: &str) -> OrgId {
    OrgId::new(id).unwrap()
}

pub(crate) fn as_user(id: &str) -> Principal {
    Principal::new(user(id))
}

#[derive(Clone, Debug)]
pub(crate) struct Org {
    pub(crate) client: ClientId,
    pub(crate) parent: Option<String>,
    pub(crate) flags: OrgFlags,
}

/// The tables. Ids are unique across clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) clients: BTreeMap<String, bool>,
    pub(crate) orgs: BTreeMap<String, Org>,
    pub(crate) users: BTreeMap<String, UserFacts>,
    pub(crate) roles: BTreeMap<String, RoleFacts>,
    revision: i64,
}

impl Tables {
    pub(crate) fn org(&mut self, owner: &str, id: &str, parent: &str, flags: OrgFlags) {
        let parent = (!parent.is_empty()).then(|| parent.to_owned());
        self.orgs.insert(id.to_owned(), Org { client: client(owner), parent, flags });
    }

    pub(crate) fn role(&mut self, owner: &str, id: &str, level: &str, orgs: &[&str]) {
        let accesses = orgs.iter().map(|id| OrgAccess {
            org: org(id),
            client: client(owner),
            active: true,
            organization: None,
        });
        let facts = RoleFacts {
            id: role(id),
            client: client(owner),
            level: UserLevel::new(level).unwrap(),
            manual: true,
            active: true,
            accesses: accesses.collect(),
            organizations: Vec::new(),
        };
        self.roles.insert(id.to_owned(), facts);
    }

    pub(crate) fn user(&mut self, owner: &str, id: &str, roles: &[&str]) {
        let roles = roles.iter().map(|id| UserRole { role: role(id), active: true, linked: None });
        let facts = UserFacts {
            id: user(id),
            client: client(owner),
            active: true,
            locked: false,
            default_role: None,
            default_org: None,
            roles: roles.collect(),
        };
        self.users.insert(id.to_owned(), facts);
    }

    fn tree(&self, of: &ClientId) -> BuildOutcome {
        let rows = self.orgs.iter().filter(|(id, org)| org.client == *of || *id == "0");
        let rows = rows.map(|(id, org)| {
            OrgRow { parent: org.parent.as_deref(), ..OrgRow::new(id) }.with_flags(org.flags)
        });
        OrgStructure::build(rows).unwrap()
    }

    fn facts(&self, principal: &Principal) -> LoginFacts {
        let mut user = self.users.get(principal.user.as_str()).cloned();
        for link in user.iter_mut().flat_map(|user| &mut user.roles) {
            link.linked = self.roles.get(link.role.as_str()).map(|role| LinkedRole {
                client: role.client,
                active: role.active,
                client_active: self.clients.get(role.client.as_str()) == Some(&true),
            });
        }
        let taken = user.as_ref().and_then(|user| user.role_to_take(principal));
        let role = taken.and_then(|role| self.roles.get(role.as_str())).map(|role| {
            let mut role = role.clone();
            for row in &mut role.accesses {
                row.organization = self.orgs.get(row.org.as_str()).map(|org| AccessedOrganization {
                    client: org.client,
                    active: org.flags.contains(OrgFlags::ACTIVE),
                });
            }
            let needed = role.needs_organizations_of(role.client);
            role.organizations = self
                .orgs
                .iter()
                .filter(|(_, org)| needed.contains(&org.client))
                .map(|(id, facts)| ClientOrganization {
                    id: org(id),
                    client: facts.client,
                    active: facts.flags.contains(OrgFlags::ACTIVE),
                })
                .collect();
            role
        });
        let client = role.as_ref().and_then(|role| {
            let active = *self.clients.get(role.client.as_str())?;
            Some(ClientFacts { id: role.client, active })
        });
        LoginFacts { user, role, client }
    }
}

/// The ERP.
#[derive(Debug)]
pub(crate) struct Erp {
    pub(crate) tables: Mutex<Tables>,
    pub(crate) keeps_revisions: AtomicBool,
    pub(crate) is_down: AtomicBool,
    pub(crate) revisions: AtomicUsize,
    pub(crate) loads: AtomicUsize,
    pub(crate) running: AtomicUsize,
    pub(crate) most_running: AtomicUsize,
    /// Loads wait here after reading their rows.
    pub(crate) gate: Gate,
    /// Logins wait here before reading their facts.
    pub(crate) deciding: Gate,
}

/// A point in a call that callers pass only while the gate is open.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

impl Gate {
    const OPEN: usize = 1 << 20;

    pub(crate) fn close(&self) {
        self.0.forget_permits(Self::OPEN);
    }

    pub(crate) fn open(&self) {
        self.let_through(Self::OPEN);
    }

    pub(crate) fn let_through(&self, callers: usize) {
        self.0.add_permits(callers);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

impl Default for Gate {
    fn default() -> Self {
        Gate(Semaphore::new(Self::OPEN))
    }
}

/// Runs all tasks until none can make progress.
pub(crate) async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

impl Erp {
    /// Client `C`: `0` over Spain (Madrid, Sevilla) and USA (Boston). Client `D`: `0` over Other. User `u`
    /// has the roles `seller` (Madrid and Spain), `boss` (`0`) and `reader` (writes nowhere). User `d`
    /// belongs to client D.
    pub(crate) fn new() -> Arc<Self> {
        let mut tables = Tables::default();
        let all = OrgFlags::ACTIVE | OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
        for id in ["0", "C", "D"] {
            tables.clients.insert(id.to_owned(), true);
        }
        tables.org("0", "0", "", OrgFlags::ACTIVE | OrgFlags::READY);
        tables.org("C", "Spain", "0", all | OrgFlags::LEGAL_ENTITY);
        tables.org("C", "Madrid", "Spain", all);
        tables.org("C", "Sevilla", "Spain", all | OrgFlags::BUSINESS_UNIT);
        tables.org("C", "USA", "0", all | OrgFlags::LEGAL_ENTITY | OrgFlags::PERIOD_CONTROL);
        tables.org("C", "Boston", "USA", all);
        tables.org("D", "Other", "0", all);
        tables.role("C", "seller", "  O", &["Madrid", "Spain"]);
        tables.role("C", "boss", " CO", &["0"]);
        tables.role("C", "reader", "  O", &["0"]);
        tables.role("D", "other", "  O", &["Other"]);
        tables.role("0", "0", "S", &["0"]);
        tables.user("C", "u", &["seller", "boss", "reader"]);
        tables.user("D", "d", &["other"]);
        tables.user("0", "100", &["0", "boss", "other"]);
        tables.users.get_mut("u").unwrap().default_role = Some(role("seller"));
        Arc::new(Erp {
            tables: Mutex::new(tables),
            keeps_revisions: AtomicBool::new(true),
            is_down: AtomicBool::new(false),
            revisions: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            gate: Gate::default(),
            deciding: Gate::default(),
        })
    }

    /// Commits a change of trees.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Tables)) {
        let mut tables = self.tables.lock();
        change(&mut tables);
        tables.revision += 1;
    }

    /// Commits a change that does not change the revision.
    pub(crate) fn change_roles(&self, change: impl FnOnce(&mut Tables)) {
        change(&mut self.tables.lock());
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<(), PortError> {
        if self.is_down.load(Ordering::SeqCst) {
            Err(PortError::transient("the ERP is unavailable"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl OrgSource for Erp {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        self.check()?;
        self.revisions.fetch_add(1, Ordering::SeqCst);
        let revision = Revision::from_bits(self.tables.lock().revision);
        Ok(self.keeps_revisions.load(Ordering::SeqCst).then_some(revision))
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        let (built, revision) = {
            let tables = self.tables.lock();
            (tables.tree(client), Revision::from_bits(tables.revision))
        };
        self.gate.pass().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.check()?;
        let revision = self.keeps_revisions.load(Ordering::SeqCst).then_some(revision);
        Ok(LoadedTree::new(built.structure, revision).with_findings(built.findings))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        self.deciding.pass().await;
        self.check()?;
        Ok(Facts::Openbravo(Box::new(self.tables.lock().facts(principal))))
    }
}

/// Changes bytes on their way from the store.
pub(crate) type Tamper = fn(Contents) -> Contents;

/// A store that can fail, delay its callers and tamper with its answers.
#[derive(Debug)]
pub(crate) struct Breakable {
    pub(crate) inner: Arc<dyn SessionStore>,
    pub(crate) is_down: AtomicBool,
    pub(crate) tampered: Mutex<Option<Tamper>>,
    /// The session whose row answers every lookup.
    pub(crate) answers_for: Mutex<Option<SessionId>>,
    pub(crate) reads: AtomicUsize,
    /// Calls that write use.
    pub(crate) touches: AtomicUsize,
    /// Calls that revalidate sessions.
    pub(crate) revalidations: AtomicUsize,
    /// Logins wait here after their session is stored.
    pub(crate) creating: Gate,
    /// Lookups wait here after reading their row.
    pub(crate) opening: Gate,
    /// Revocations wait here before they are stored.
    pub(crate) ending: Gate,
    /// Whether it sends hints without end.
    pub(crate) is_chatty: AtomicBool,
}

impl Breakable {
    fn check(&self) -> Result<(), PortError> {
        if self.is_down.load(Ordering::SeqCst) {
            Err(PortError::transient("the store is unavailable"))
        } else {
            Ok(())
        }
    }

    pub(crate) fn go_down(&self, down: bool) {
        self.is_down.store(down, Ordering::SeqCst);
    }
}

#[async_trait]
impl SessionStore for Breakable {
    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError> {
        self.check()?;
        let outcome = self.inner.create(new).await;
        self.creating.pass().await;
        outcome
    }

    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        let id = self.answers_for.lock().unwrap_or(*id);
        let stored = self.inner.open(&id).await;
        self.opening.pass().await;
        stored
    }

    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        let contents = self.inner.contents(tree, access).await?;
        let tamper = *self.tampered.lock();
        Ok(tamper.map_or(contents.clone(), |tamper| tamper(contents)))
    }

    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError> {
        self.check()?;
        self.touches.fetch_add(1, Ordering::SeqCst);
        self.inner.touch(seen).await
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        self.check()?;
        self.ending.pass().await;
        self.inner.end(scope, ago).await
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        self.check()?;
        self.revalidations.fetch_add(1, Ordering::SeqCst);
        self.inner.missing(ids).await
    }

    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError> {
        self.check()?;
        self.inner.sweep(allowance, limit).await
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        self.check()?;
        self.inner.collect(grace, limit).await
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        self.check()?;
        self.inner.list(scope, after, limit).await
    }

    async fn next_hint(&self) -> Hint {
        if self.is_chatty.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
            return Hint::Anything;
        }
        std::future::pending().await
    }
}

/// An ERP, a store, a clock, and nodes over them.
pub(crate) struct World {
    pub(crate) erp: Arc<Erp>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) options: Options,
}

/// A manager with its own connection to the store.
pub(crate) struct Node {
    pub(crate) manager: SessionManager,
    pub(crate) way: Arc<Breakable>,
}

impl World {
    /// One process.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        World { erp: Erp::new(), clock, store, options: Options::default() }
    }

    /// Several nodes on one store.
    pub(crate) fn shared() -> Self {
        let world = World::new();
        World { store: Arc::new(MemoryStore::shared(world.clock.clone())), ..world }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    pub(crate) fn node(&self) -> Node {
        let way = Arc::new(Breakable {
            inner: self.store.clone(),
            is_down: AtomicBool::new(false),
            tampered: Mutex::new(None),
            answers_for: Mutex::new(None),
            reads: AtomicUsize::new(0),
            touches: AtomicUsize::new(0),
            revalidations: AtomicUsize::new(0),
            creating: Gate::default(),
            opening: Gate::default(),
            ending: Gate::default(),
            is_chatty: AtomicBool::new(false),
        });
        let manager = SessionManager::with_seams(
            self.erp.clone(),
            way.clone(),
            self.options.clone(),
            self.clock.clone(),
            Arc::new(OsEntropy),
        );
        Node { manager, way }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

impl Node {
    pub(crate) async fn login(&self, principal: Principal) -> Result<Login, LoginError> {
        self.manager.login(principal).await
    }

    /// Logs user `u` in as a seller and returns the token.
    pub(crate) async fn token(&self) -> Token {
        self.login(as_user("u")).await.unwrap().token
    }

    pub(crate) async fn is_live(&self, token: &Token) -> bool {
        match self.manager.session(token).await {
            Ok(_) => true,
            Err(session::SessionError::NotLive) => false,
            Err(error) => panic!("{error}"),
        }
    }
}
