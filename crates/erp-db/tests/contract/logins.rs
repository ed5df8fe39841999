//! What a login reads from the ERP, and logins from end to end.

use std::sync::Arc;
use std::time::Duration;

use erp_db::{AutomaticRolesPolicy, ErpReader, ErpSource, SqlStore, StoreOptions, store};
use org_structure::Fingerprint;
use session::openbravo::{AccessOptions, AutomaticRoles, LoginFacts, Refusal};
use session::{
    AccessHash, ClientId, Facts, Options, OrgSource, Principal, RoleId, Scope, SessionError, SessionManager,
    SessionStore, UserId,
};

use crate::support::{FB, TestDatabase, client_with, id, on_both_databases};

on_both_databases! {
    a_user_is_read_with_roles_organizations_and_client,
    the_statement_chooses_the_role_of_the_login,
    missing_rows_are_omitted,
    a_role_with_organization_0_has_all_of_its_client,
    an_older_database_has_manual_roles,
    automatic_roles_get_more_only_if_the_database_shows_it,
    invalid_ids_are_errors,
    facts_are_read_in_one_snapshot,
    the_roles_of_a_client_have_the_facts_of_a_login,
    a_session_survives_its_process_with_its_pinned_tree,
    sessions_on_trees_of_format_version_1_end_and_their_bytes_are_collected,
    sessions_may_share_a_database_with_the_erp,
}

const ROWS: &str = "\
    INSERT INTO ad_user (ad_user_id, ad_client_id, username, islocked, default_ad_role_id, default_ad_org_id) VALUES \
      ('U', 'C', 'u', 'N', 'R', 'B'), ('L', 'C', 'l', 'Y', NULL, NULL), ('E', 'C', 'e', 'N', '', ''); \
    INSERT INTO ad_role (ad_role_id, ad_client_id, name, userlevel, ismanual) VALUES \
      ('R', 'C', 'r', '  O', 'Y'), ('Q', 'C', 'q', ' CO', 'N'), ('Z', 'C', 'z', ' CO', NULL); \
    INSERT INTO ad_user_roles (ad_user_roles_id, ad_user_id, ad_role_id, ad_client_id, isactive) VALUES \
      ('1', 'U', 'R', 'C', 'Y'), ('2', 'U', 'Q', 'C', 'N'), ('3', 'L', 'Z', 'C', 'Y'), ('4', 'E', 'none', 'C', 'Y'); \
    INSERT INTO ad_role_orgaccess (ad_role_orgaccess_id, ad_role_id, ad_org_id, ad_client_id, isactive) VALUES \
      ('1', 'R', 'B', 'C', 'Y'), ('2', 'R', 'gone', 'C', 'N'), ('3', 'Z', '0', 'C', 'Y'); ";

fn user(id: &str) -> Principal {
    Principal::new(UserId::new(id).unwrap())
}

fn role(id: &str) -> RoleId {
    RoleId::new(id).unwrap()
}

/// Client `C` with A above B, and the users and roles above.
async fn source(db: &TestDatabase) -> ErpSource {
    let sql = client_with(&[("0", None), ("A", Some("0")), ("B", Some("A"))]) + ROWS;
    ErpSource::new(db.with_rows(&sql).await)
}

async fn facts(source: &ErpSource, principal: &Principal) -> LoginFacts {
    match source.facts(principal).await.unwrap() {
        Facts::Openbravo(facts) => *facts,
        other => panic!("{other:?}"),
    }
}

async fn a_user_is_read_with_roles_organizations_and_client(db: TestDatabase) {
    let facts = facts(&source(&db).await, &user("U")).await;
    let user = facts.user.unwrap();
    assert_eq!((user.client.as_str(), user.active, user.locked), ("C", true, false));
    assert_eq!(user.default_role, Some(role("R")));
    assert_eq!(user.default_org.unwrap().as_str(), "B");
    let mut roles: Vec<_> = user.roles.iter().map(|row| (row.role.to_string(), row.active)).collect();
    roles.sort();
    assert_eq!(roles, [("Q".to_owned(), false), ("R".to_owned(), true)]);
    let role = facts.role.unwrap();
    assert_eq!((role.id.as_str(), role.client.as_str(), role.level.as_stored()), ("R", "C", "  O"));
    assert!(role.manual && role.active && role.organizations.is_empty());
    let mut accesses: Vec<_> = role
        .accesses
        .iter()
        .map(|row| {
            (
                row.org.to_string(),
                row.active,
                row.organization.map(|org| (org.client.to_string(), org.active)),
            )
        })
        .collect();
    accesses.sort();
    assert_eq!(
        accesses,
        [("B".to_owned(), true, Some(("C".to_owned(), true))), ("gone".to_owned(), false, None)]
    );
    let client = facts.client.unwrap();
    assert_eq!((client.id.as_str(), client.active), ("C", true));
}

async fn the_statement_chooses_the_role_of_the_login(db: TestDatabase) {
    let source = source(&db).await;
    let asked = facts(&source, &user("U").with_role(role("Z"))).await;
    assert_eq!(asked.role.as_ref().unwrap().id, role("Z"), "read, and then refused");
    let refusal = asked.check(&user("U").with_role(role("Z"))).unwrap_err();
    assert!(matches!(refusal, Refusal::RoleNotGiven { .. }), "{refusal}");
    db.execute("UPDATE ad_user_roles SET isactive = 'Y'; UPDATE ad_user SET default_ad_role_id = 'Z'").await;
    assert_eq!(facts(&source, &user("U")).await.role.unwrap().id, role("Q"), "the smallest that it may take");
}

async fn missing_rows_are_omitted(db: TestDatabase) {
    let source = source(&db).await;
    assert_eq!(facts(&source, &user("nobody")).await, LoginFacts::default());
    let lost = facts(&source, &user("E")).await;
    assert_eq!((lost.role, lost.client), (None, None), "a link to a missing role");
    let found = lost.user.unwrap();
    assert_eq!((found.default_role, found.default_org), (None, None));
    assert!(facts(&source, &user("L")).await.user.unwrap().locked);
    db.execute("DELETE FROM ad_client WHERE ad_client_id = 'C'").await;
    let facts = facts(&source, &user("U")).await;
    assert!(facts.role.is_some() && facts.client.is_none());
}

async fn a_role_with_organization_0_has_all_of_its_client(db: TestDatabase) {
    let source = source(&db).await;
    db.execute("INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id, isactive) VALUES ('X', 'C', 'x', 'x', '2', 'N')").await;
    for (principal, manual) in [(user("L"), true), (user("U").with_role(role("Q")), false)] {
        let found = facts(&source, &principal).await.role.unwrap();
        assert_eq!(found.manual, manual, "null is read as manual");
        let mut orgs: Vec<_> =
            found.organizations.iter().map(|org| (org.id.to_string(), org.active)).collect();
        orgs.sort();
        assert_eq!(orgs, [("A".to_owned(), true), ("B".to_owned(), true), ("X".to_owned(), false)]);
    }
}

async fn an_older_database_has_manual_roles(db: TestDatabase) {
    let reader = source(&db).await.reader().database().clone();
    db.execute("ALTER TABLE ad_role DROP COLUMN ismanual").await;
    let source = ErpSource::new(ErpReader::open(reader).await.unwrap());
    assert!(facts(&source, &user("U").with_role(role("Q"))).await.role.unwrap().manual);
}

async fn automatic_roles_get_more_only_if_the_database_shows_it(db: TestDatabase) {
    use AutomaticRolesPolicy::{All, ByRows, Detect};
    let newer = source(&db).await.reader().clone();
    let client = ClientId::new("C").unwrap();
    let writable = async |erp: &ErpReader, policy| {
        let tree = erp.load_tree(id("C")).await.unwrap().structure;
        let facts = erp.role_facts(role("Q"), client).await.unwrap().unwrap();
        let automatic_roles = erp.automatic_roles(policy).rule;
        let options = AccessOptions { automatic_roles, ..AccessOptions::default() };
        facts.access(&tree, &options).writable().ids(&tree).map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let (all, by_rows) = (vec!["0".to_owned(), "A".to_owned(), "B".to_owned()], vec!["0".to_owned()]);
    assert_eq!(writable(&newer, Detect).await, all);
    assert!(newer.automatic_roles(Detect).reason.contains("`ad_org.timezone`"));
    assert_eq!(writable(&newer, ByRows).await, by_rows);
    // The ERP before October 2023, and its forks.
    db.execute("ALTER TABLE ad_org DROP COLUMN timezone").await;
    let older = ErpReader::open(newer.database().clone()).await.unwrap();
    assert_eq!(writable(&older, Detect).await, by_rows);
    assert!(older.automatic_roles(Detect).reason.contains("no column `ad_org.timezone`"));
    assert_eq!(writable(&older, All).await, all);
    assert_eq!(AutomaticRolesPolicy::default(), Detect);
    // The default is the rule that grants less.
    assert_eq!(Options::default().automatic_roles, AutomaticRoles::ByRows);
    // Only `N` makes a role automatic.
    for manual in ["NULL", "'n'", "''"] {
        db.execute(&format!("UPDATE ad_role SET ismanual = {manual}")).await;
        assert_eq!(writable(&older, All).await, by_rows, "{manual}");
    }
}

async fn invalid_ids_are_errors(db: TestDatabase) {
    let source = source(&db).await;
    db.execute("UPDATE ad_role_orgaccess SET ad_org_id = '' WHERE ad_role_orgaccess_id = '1'").await;
    let error = source.facts(&user("U")).await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("ad_org_id"), "{error}");
    source.reader().database().close().await;
    assert!(source.facts(&user("U")).await.unwrap_err().is_transient());
}

/// A change activates the link and deactivates the user, or the reverse, in one transaction: no login may see
/// both active, or neither.
async fn facts_are_read_in_one_snapshot(db: TestDatabase) {
    let source = source(&db).await;
    db.execute("UPDATE ad_role SET isactive = 'N' WHERE ad_role_id = 'R'").await;
    let change = async {
        for _ in 0..20 {
            for (user, role) in [("N", "Y"), ("Y", "N")] {
                db.execute(&format!(
                    "BEGIN; UPDATE ad_user SET isactive = '{user}' WHERE ad_user_id = 'U'; \
                     UPDATE ad_role SET isactive = '{role}' WHERE ad_role_id = 'R'; COMMIT"
                ))
                .await;
            }
        }
    };
    let watch = async {
        let mut seen = [false; 2];
        for _ in 0..100 {
            let facts = facts(&source, &user("U")).await;
            let (user, role) = (facts.user.unwrap().active, facts.role.unwrap().active);
            assert_ne!(user, role);
            seen[usize::from(user)] = true;
        }
        seen
    };
    let ((), seen) = futures_util::future::join(change, watch).await;
    assert!(seen.contains(&true));
}

async fn manager(db: &TestDatabase, sessions: &TestDatabase) -> (SessionManager, Arc<dyn SqlStore>) {
    let source = ErpSource::new(ErpReader::open(db.connect().await).await.unwrap());
    let store = sessions.store().await;
    (SessionManager::new(Arc::new(source), store.clone(), Options::default()), store)
}

async fn a_session_survives_its_process_with_its_pinned_tree(db: TestDatabase) {
    let source = source(&db).await;
    let (first, store) = manager(&db, &db).await;
    let login = first.login(user("U")).await.unwrap();
    let before = login.session.tree().fingerprint();
    store.close().await;
    drop((first, store));

    db.execute("UPDATE ad_treenode SET parent_id = '0' WHERE node_id = 'B'; UPDATE ad_role_orgaccess SET isactive = 'N'")
        .await;
    let (second, store) = manager(&db, &db).await;
    let session = second.session(&login.token).await.unwrap();
    assert_eq!(session.tree().fingerprint(), before);
    assert!(session.can_write("B") && session.can_read("A"));
    let changed = source.load_tree(&ClientId::new("C").unwrap()).await.unwrap();
    assert_ne!(changed.structure.fingerprint(), before);
    assert!(!second.login(user("U")).await.unwrap().session.can_write("B"));
    let ended = second.end(Scope::Client(ClientId::new("C").unwrap())).await;
    assert_eq!((ended.sessions, ended.pending.is_none()), (2, true));
    assert!(second.session(&login.token).await.is_err());
    store.close().await;
}

/// Version 1 of the format named a tree by the BLAKE3 hash of its bytes.
async fn sessions_on_trees_of_format_version_1_end_and_their_bytes_are_collected(db: TestDatabase) {
    let source = source(&db).await;
    let (first, store) = manager(&db, &db).await;
    let (old, kept) = (first.login(user("U")).await.unwrap(), first.login(user("U")).await.unwrap());
    let id = old.session.id();

    // `0` with A below it and B below that, as encoded by version 1.
    let tree = b"orgtre\x01\0\x03\0\0\0\xff\xff\0\0\x01\0\x83\x83\x83\x010\x01A\x01B\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let fingerprint = Fingerprint::from_bytes(*blake3::hash(tree).as_bytes());
    let access = old.session.access().encode(fingerprint);
    let hash = AccessHash::from_canonical(&access);
    store.close().await;
    drop((first, store));
    let schema = if db.is_postgres() { "orgcache." } else { "" };
    let bytes = |hex: &str| if db.is_postgres() { format!("'\\x{hex}'") } else { format!("x'{hex}'") };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (tree, access) = (bytes(&hex(tree)), bytes(&hex(&access)));
    let (fingerprint, hash) = (bytes(&fingerprint.to_string()), bytes(&hash.to_string()));
    db.execute(&format!(
        "INSERT INTO {schema}orgcache_tree (fingerprint, bytes) VALUES ({fingerprint}, {tree}); \
         INSERT INTO {schema}orgcache_access (hash, bytes) VALUES ({hash}, {access}); \
         UPDATE {schema}orgcache_session SET tree = {fingerprint}, access = {hash} WHERE id = {}",
        bytes(&id.to_string()),
    ))
    .await;

    let (second, store) = manager(&db, &db).await;
    let error = second.session(&old.token).await.unwrap_err();
    assert!(matches!(&error, SessionError::Outdated { id: ended } if *ended == id), "{error}");
    assert!(error.to_string().contains("made by an older version: log in again"), "{error}");
    assert_eq!((second.stats().outdated, second.stats().damaged), (1, 0));
    assert!(matches!(second.session(&old.token).await, Err(SessionError::NotLive)));
    assert!(second.session(&kept.token).await.is_ok());
    assert!(second.login(user("U")).await.unwrap().session.can_write("B"));

    let count = async |table: &str, key: &str, value: &str| {
        let query = format!("SELECT CAST(count(*) AS text) FROM {schema}{table} WHERE {key} = {value}");
        db.texts(&query).await.remove(0)
    };
    assert_eq!(count("orgcache_session", "tree", &fingerprint).await, "0");
    // The first round marks unused contents, the second deletes them.
    for _ in 0..2 {
        store.collect(Duration::ZERO, 10).await.unwrap();
    }
    assert_eq!(count("orgcache_tree", "fingerprint", &fingerprint).await, "0");
    assert_eq!(count("orgcache_access", "hash", &hash).await, "0");
    assert!(second.session(&kept.token).await.is_ok());
    drop(source);
    store.close().await;
}

/// The ERP may be read-only, and on another product.
async fn sessions_may_share_a_database_with_the_erp(db: TestDatabase) {
    let erp = TestDatabase::sqlite();
    erp.with_sample().await.database().close().await;
    erp.execute("UPDATE ad_user SET isactive = 'Y'").await;
    let url = erp.url.replace("?mode=rwc", "?mode=ro");
    let database = erp_db::Database::connect(&url).await.unwrap();
    let source = ErpSource::new(ErpReader::open(database).await.unwrap());
    let options = StoreOptions::new(&db.url);
    store::migrate(&options).await.unwrap();
    let store = store::open(&options).await.unwrap();
    let manager = SessionManager::new(Arc::new(source), store.clone(), Options::default());
    let user_id = &erp.texts(&format!("SELECT u.ad_user_id FROM ad_user u JOIN ad_user_roles r USING (ad_user_id) WHERE u.ad_client_id = '{FB}' ORDER BY 1")).await[0];
    let login = manager.login(user(user_id)).await.unwrap();
    assert_eq!(login.session.tree().len(), 8);
    store.close().await;
}

async fn the_roles_of_a_client_have_the_facts_of_a_login(db: TestDatabase) {
    let erp = db.with_sample().await;
    db.execute("UPDATE ad_user SET isactive = 'Y'").await;
    let client = ClientId::new(FB).unwrap();
    let all = erp.roles_of_client(client, None, 1_000).await.unwrap();
    let ids: Vec<RoleId> = all.roles.iter().map(|role| role.facts.id).collect();
    assert!(ids.len() > 20 && ids.is_sorted_by(|a, b| a.as_str() < b.as_str()));
    assert_eq!(all.organizations.len(), 7, "all but `0`, which is the system's");

    let source = ErpSource::new(erp.clone());
    let mut compared = 0;
    for named in &all.roles {
        assert_eq!(erp.role(named.facts.id).await.unwrap().unwrap().name, named.name);
        let mut principal = user("100");
        principal.role = Some(named.facts.id);
        let Facts::Openbravo(login) = source.facts(&principal).await.unwrap() else { panic!("an ERP") };
        let mut login = login.role.unwrap();
        let mut facts = named.facts.clone();
        if !login.organizations.is_empty() {
            facts.organizations.clone_from(&all.organizations);
        }
        for facts in [&mut login, &mut facts] {
            facts.accesses.sort_unstable_by_key(|row| row.org);
            facts.organizations.sort_unstable_by_key(|row| row.id);
        }
        assert_eq!(facts, login, "{}", named.name);
        compared += 1;
    }
    assert_eq!(compared, ids.len());

    // The pages contain the same roles.
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = erp.roles_of_client(client, after, 5).await.unwrap().roles;
        assert!(page.len() <= 5);
        let Some(last) = page.last() else { break };
        after = Some(last.facts.id);
        paged.extend(page.iter().map(|role| role.facts.id));
    }
    assert_eq!(paged, ids);
    let nobodys = erp.roles_of_client(ClientId::new("no such client").unwrap(), None, 5).await.unwrap();
    assert!(nobodys.roles.is_empty() && nobodys.organizations.is_empty());
}
