//! The results of Rust's session manager for random rows and the sample's, which the Java tests compare with
//! their own.

use std::fmt::Write as _;
use std::io::Read as _;

use erp_db::{Database, ErpReader, ErpSource};
use org_structure::OrgId;
use session::openbravo::{
    AccessedOrganization, AutomaticRoles, ClientFacts, ClientOrganization, LinkedRole, LoginFacts, OrgAccess,
    RoleFacts, UserFacts, UserRole,
};
use session::{
    ClientId, Facts, LoadedTree, Login, LoginError, MemoryStore, Notice, Options, OrgSource, PortError,
    Principal, Revision, RoleId, SessionManager, UserId, UserLevel, async_trait,
};
use sqlx::{Connection, PgConnection, Row as _};
use tokio::runtime::Runtime;

use crate::frames::Frames;
use crate::random::{Random, Row, build, rows};
use crate::sample::TemporaryDatabase;

/// The rows of an in-memory ERP.
#[derive(Clone, Debug)]
struct Erp {
    rows: Vec<Row>,
    user: Option<UserFacts>,
    roles: Vec<RoleFacts>,
    clients: Vec<ClientFacts>,
}

#[async_trait]
impl OrgSource for Erp {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        Ok(LoadedTree::new(build(&self.rows).unwrap().structure, None))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let mut facts = LoginFacts { user: self.user.clone(), ..LoginFacts::default() };
        if let Some(id) = facts.user.as_ref().and_then(|user| user.role_to_take(principal)) {
            facts.role = self.roles.iter().find(|role| role.id == id).cloned();
        }
        if let Some(role) = &facts.role {
            facts.client = self.clients.iter().find(|client| client.id == role.client).copied();
        }
        Ok(Facts::Openbravo(Box::new(facts)))
    }
}

/// Random rows, a principal, and the result of the login.
pub(crate) fn random(frames: &mut Frames, random: &mut Random, runtime: &Runtime) {
    let rows = loop {
        let rows = rows(random);
        if build(&rows).is_ok() {
            break rows;
        }
    };
    let erp = erp(random, rows);
    let automatic = random.one_in(2);
    let mut principal = Principal::new(user_id("U"));
    if random.one_in(3) {
        principal = principal.with_role(role_id(random));
    }
    if random.one_in(6) {
        principal = principal.in_client(client_id(random));
    }
    if random.one_in(4) {
        principal = principal.in_org(org(random, &erp.rows));
    }
    let asked = asked(random, &erp.rows);
    write(frames, &erp, automatic, &principal, &asked);
    let mut options = Options::default();
    options.automatic_roles = if automatic { AutomaticRoles::OfClient } else { AutomaticRoles::ByRows };
    let sessions = SessionManager::new(erp, MemoryStore::default(), options);
    let outcome = runtime.block_on(sessions.login(principal));
    frames.text(Some(&transcript(&outcome, &asked)));
}

/// The logins of all users of the sample in all their roles, on a temporary database.
pub(crate) fn of_sample() {
    let lent = TemporaryDatabase::new("sessions");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut frames = Frames::new();
    frames.text(Some(&lent.url));
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&lent.url).await.unwrap();
        let query = "SELECT u.ad_user_id::text, r.ad_role_id::text FROM ad_user u LEFT JOIN ad_user_roles r \
            USING (ad_user_id) UNION SELECT ad_user_id::text, NULL FROM ad_user ORDER BY 1, 2";
        let logins = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        let orgs = sqlx::query("SELECT ad_org_id::text FROM ad_org ORDER BY 1").fetch_all(&mut connection);
        let asked: Vec<String> = orgs.await.unwrap().iter().map(|row| row.get(0)).collect();
        connection.close().await.unwrap();
        let reader = ErpReader::open(Database::connect(&lent.url).await.unwrap()).await.unwrap();
        let source = ErpSource::new(reader);
        let sessions = SessionManager::new(source, MemoryStore::default(), Options::default());
        frames.number(asked.len().try_into().unwrap());
        asked.iter().for_each(|id| frames.text(Some(id)));
        frames.number(logins.len().try_into().unwrap());
        for row in &logins {
            let (user, role): (String, Option<String>) = (row.get(0), row.get(1));
            let mut principal = Principal::new(user_id(&user));
            principal.role = role.as_deref().map(|role| role.parse().unwrap());
            let outcome = sessions.login(principal).await;
            frames.text(Some(&user));
            frames.text(role.as_deref());
            frames.text(Some(&transcript(&outcome, &asked)));
        }
    });
    frames.flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    // This also drops the connections of the pool.
    drop(runtime);
    lent.take_back();
}

fn erp(random: &mut Random, rows: Vec<Row>) -> Erp {
    let roles: Vec<RoleFacts> = ["A", "B", "C"].iter().map(|id| role(random, id, &rows)).collect();
    let links = roles.iter().filter(|_| !random.one_in(4)).map(|role| (role.id, role.client, role.active));
    let links: Vec<(RoleId, ClientId, bool)> = links.collect();
    let links = links.into_iter().map(|(role, client, active)| UserRole {
        role,
        active: !random.one_in(6),
        linked: (!random.one_in(12)).then_some(LinkedRole { client, active, client_active: true }),
    });
    let links = links.collect();
    let user = UserFacts {
        id: user_id("U"),
        client: client_id(random),
        active: !random.one_in(20),
        locked: random.one_in(20),
        default_role: random.one_in(2).then(|| role_id(random)),
        default_org: random.one_in(2).then(|| org(random, &rows)),
        roles: links,
    };
    let clients = vec![
        ClientFacts { id: "X".parse().unwrap(), active: true },
        ClientFacts { id: "Y".parse().unwrap(), active: !random.one_in(8) },
    ];
    Erp { rows, user: (!random.one_in(20)).then_some(user), roles, clients }
}

fn role(random: &mut Random, id: &str, rows: &[Row]) -> RoleFacts {
    let client = client_id(random);
    let count = random.below(5);
    let accesses = (0..count).map(|_| {
        let organization = AccessedOrganization {
            client: if random.one_in(12) { client_id(random) } else { client },
            active: !random.one_in(5),
        };
        OrgAccess {
            org: if random.one_in(6) { OrgId::ZERO } else { org(random, rows) },
            client: if random.one_in(8) { ClientId::ZERO } else { client },
            active: !random.one_in(5),
            organization: (!random.one_in(10)).then_some(organization),
        }
    });
    let accesses = accesses.collect();
    let organizations = rows.iter().filter(|_| !random.one_in(10)).map(|row| row.id.parse().unwrap());
    let organizations: Vec<OrgId> = organizations.collect();
    let organizations = organizations.into_iter().map(|id| ClientOrganization {
        id,
        client: if id.is_zero() { ClientId::ZERO } else { client },
        active: !random.one_in(8),
    });
    let organizations = organizations.collect();
    let level = *random.pick(&["  O", " CO", " C ", " C", "S  ", "SCO", "", "O"]);
    RoleFacts {
        id: id.parse().unwrap(),
        client,
        level: UserLevel::new(level).unwrap(),
        manual: !random.one_in(3),
        active: !random.one_in(10),
        accesses,
        organizations,
    }
}

fn user_id(id: &str) -> UserId {
    id.parse().unwrap()
}

fn role_id(random: &mut Random) -> RoleId {
    random.pick(&["A", "B", "C", "gone"]).parse().unwrap()
}

fn client_id(random: &mut Random) -> ClientId {
    random.pick(&["X", "X", "X", "Y", "0"]).parse().unwrap()
}

/// An organization, sometimes one that is not in the tree.
fn org(random: &mut Random, rows: &[Row]) -> OrgId {
    if rows.is_empty() || random.one_in(8) {
        return random.pick(&["elsewhere", "Ω", "\u{ffe5}", "😀"]).parse().unwrap();
    }
    random.pick(rows).id.parse().unwrap()
}

fn asked(random: &mut Random, rows: &[Row]) -> Vec<String> {
    let mut asked = vec!["0".to_owned(), String::new(), "unknown".to_owned(), "elsewhere".to_owned()];
    for _ in 0..8 {
        if !rows.is_empty() {
            asked.push(random.pick(rows).id.clone());
        }
    }
    asked
}

fn write(frames: &mut Frames, erp: &Erp, automatic: bool, principal: &Principal, asked: &[String]) {
    frames.rows(&erp.rows);
    frames.flag(erp.user.is_some());
    if let Some(user) = &erp.user {
        frames.text(Some(user.client.as_str()));
        frames.flag(user.active);
        frames.flag(user.locked);
        frames.text(user.default_role.as_ref().map(RoleId::as_str));
        frames.text(user.default_org.as_ref().map(OrgId::as_str));
        frames.number(user.roles.len().try_into().unwrap());
        for link in &user.roles {
            frames.text(Some(link.role.as_str()));
            frames.flag(link.active);
            frames.flag(link.linked.is_some());
            if let Some(linked) = &link.linked {
                frames.text(Some(linked.client.as_str()));
                frames.flag(linked.active);
                frames.flag(linked.client_active);
            }
        }
    }
    frames.number(erp.roles.len().try_into().unwrap());
    for role in &erp.roles {
        frames.text(Some(role.id.as_str()));
        frames.text(Some(role.client.as_str()));
        frames.text(Some(role.level.as_stored()));
        frames.flag(role.manual);
        frames.flag(role.active);
        frames.number(role.accesses.len().try_into().unwrap());
        for access in &role.accesses {
            frames.text(Some(access.org.as_str()));
            frames.text(Some(access.client.as_str()));
            frames.flag(access.active);
            frames.flag(access.organization.is_some());
            if let Some(organization) = &access.organization {
                frames.text(Some(organization.client.as_str()));
                frames.flag(organization.active);
            }
        }
        frames.number(role.organizations.len().try_into().unwrap());
        for organization in &role.organizations {
            frames.text(Some(organization.id.as_str()));
            frames.text(Some(organization.client.as_str()));
            frames.flag(organization.active);
        }
    }
    frames.number(erp.clients.len().try_into().unwrap());
    for client in &erp.clients {
        frames.text(Some(client.id.as_str()));
        frames.flag(client.active);
    }
    frames.flag(automatic);
    frames.text(Some(principal.user.as_str()));
    frames.text(principal.role.as_ref().map(RoleId::as_str));
    frames.text(principal.client.as_ref().map(ClientId::as_str));
    frames.text(principal.org.as_ref().map(OrgId::as_str));
    frames.number(asked.len().try_into().unwrap());
    asked.iter().for_each(|id| frames.text(Some(id)));
}

/// All answers of a login and its session, as text.
fn transcript(outcome: &Result<Login, LoginError>, asked: &[String]) -> String {
    let login = match outcome {
        Ok(login) => login,
        Err(error) => return format!("refused {error}"),
    };
    let session = &login.session;
    let mut lines = String::new();
    let mut line = |what: &str, answer: String| writeln!(lines, "{what} {answer}").unwrap();
    line("user", session.user().to_string());
    line("role", session.role().to_string());
    line("client", session.client().to_string());
    line("org", session.org().to_string());
    line("tree", session.fingerprint().to_string());
    line("readOnly", login.notices.contains(&Notice::ReadOnly).to_string());
    let replaced = login.notices.iter().find_map(|notice| match notice {
        Notice::OrgReplaced { org, .. } => Some(org.as_str()),
        _ => None,
    });
    line("replaced", replaced.unwrap_or("none").to_owned());
    for name in ["#AccessibleOrgTree", "#User_Org", "#User_Client", "#User_Level", "#AD_Org_ID", "#nothing"] {
        line(name, session.variable(name).unwrap_or_else(|| "null".to_owned()));
    }
    line("readable", session.readable_sql_ids().join(" "));
    let writable = session.access().writable().ids(session.tree()).map(|id| id.to_string());
    line("writable", writable.collect::<Vec<_>>().join(" "));
    let clients = session.readable_clients().iter().map(ToString::to_string).collect::<Vec<_>>();
    line("clients", clients.join(" "));
    for org in asked {
        line("canRead", session.can_read(org).to_string());
        line("canWrite", session.can_write(org).to_string());
        for other in asked {
            line("mayReference", session.may_reference(org, other).to_string());
        }
    }
    lines
}
