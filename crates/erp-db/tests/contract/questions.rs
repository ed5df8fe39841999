//! The small questions, and the privileges that they need.

use erp_db::{Database, ErpReader, OrgTreeLevel};
use session::{ClientId, RoleId, UserId};

use crate::support::{FB, QA, TestDatabase, client_with, id, on_both_databases};

const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";
const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
const ES: &str = "B843C30461EA4501935CB1D125C9C25A";
const NORTE: &str = "E443A31992CB4635AFCAEABE7183CE85";

/// Ids that do not exist.
const UNKNOWN: [&str; 5] = ["\0", "unknown", "' OR '1'='1", "0\0", "19404ead144c49a0af37d54377cf452d"];

on_both_databases! {
    clients_are_listed_by_id,
    organizations_are_found,
    stored_columns_are_read,
    the_flat_ancestor_table_is_read,
    roles_are_read,
    the_rows_of_a_role_are_read,
    users_and_their_roles_are_read,
    many_names_are_one_statement,
    the_directory_names_and_orders,
    sequence_numbers_are_decimals,
    null_is_read_as_documented,
    a_reader_needs_only_the_select_privilege,
}

async fn clients_are_listed_by_id(db: TestDatabase) {
    let clients = db.with_sample().await.clients().await.unwrap();
    let short: Vec<_> =
        clients.iter().map(|client| (client.id.as_str(), client.name.as_str(), client.active)).collect();
    assert_eq!(
        short,
        [("0", "System", true), (FB, "F&B International Group", true), (QA, "QA Testing", true)]
    );
    assert_eq!(clients[0].search_key, "SYSTEM");
}

async fn organizations_are_found(db: TestDatabase) {
    let erp = db.with_sample().await;
    assert_eq!(erp.client_of_organization(id(US)).await.unwrap(), Some(id(FB)));
    assert_eq!(erp.client_of_organization(id("0")).await.unwrap(), Some(id("0")));
    // Organizations outside any tree still belong to their client.
    db.execute(&format!(
        "DELETE FROM ad_treenode; UPDATE ad_org SET isactive = 'N' WHERE ad_org_id = '{ES}'"
    ))
    .await;
    let orgs = erp.organizations_of_client(id(FB)).await.unwrap();
    assert_eq!(orgs.len(), 7);
    assert!(orgs.is_sorted_by_key(|org| org.id));
    assert_eq!(orgs.iter().filter(|org| !org.active).map(|org| org.id.as_str()).collect::<Vec<_>>(), [ES]);
    let entities = erp.legal_entities_of_client(id(FB)).await.unwrap();
    assert_eq!(entities.iter().map(org_structure::OrgId::as_str).collect::<Vec<_>>(), [US]);
    for unknown in UNKNOWN {
        assert_eq!(erp.client_of_organization(id(unknown)).await.unwrap(), None);
        assert_eq!(erp.organizations_of_client(id(unknown)).await.unwrap(), []);
        assert!(erp.legal_entities_of_client(id(unknown)).await.unwrap().is_empty());
    }
}

async fn stored_columns_are_read(db: TestDatabase) {
    let erp = db.with_sample().await;
    let info = erp.stored_org_info(id(NORTE)).await.unwrap().unwrap();
    assert_eq!(info.legal_entity, Some(id(ES)));
    assert_eq!(info.period_control_allowed, Some(id(ES)));
    assert_eq!(info.calendar_owner, Some(id(ES)));
    assert_eq!(info.inherited_calendar.as_deref(), Some("33713ADA2916460A8EA4129836CB0730"));
    assert_eq!(info.business_unit, None);
    for unknown in UNKNOWN {
        assert_eq!(erp.stored_org_info(id(unknown)).await.unwrap(), None);
    }
}

async fn the_flat_ancestor_table_is_read(db: TestDatabase) {
    use OrgTreeLevel::{Level, NotFilled, NotIncluded};
    let erp = db.with_sample().await;
    let cases = [
        (NORTE, NORTE, FB, Level(1)),
        (NORTE, ES, FB, Level(2)),
        (NORTE, GROUP, FB, Level(3)),
        (NORTE, "0", FB, Level(4)),
        (NORTE, US, FB, NotIncluded),
        (ES, NORTE, FB, NotIncluded),
        ("0", "0", FB, NotIncluded),
        (NORTE, NORTE, QA, NotIncluded),
        (NORTE, NORTE, "0", NotFilled),
    ];
    for (org, parent, client, expected) in cases {
        assert_eq!(
            erp.org_tree_level(id(org), id(parent), id(client)).await.unwrap(),
            expected,
            "{org} {parent} {client}"
        );
    }
    for unknown in UNKNOWN {
        assert_eq!(erp.org_tree_level(id(unknown), id("0"), id(FB)).await.unwrap(), NotIncluded);
        assert_eq!(erp.org_tree_level(id(NORTE), id(unknown), id(FB)).await.unwrap(), NotIncluded);
        assert_eq!(erp.org_tree_level(id(NORTE), id("0"), id(unknown)).await.unwrap(), NotFilled);
    }
    // Each of the ten organizations below `0` has a row for itself and one for each of its ancestors.
    let mut orgs = vec!["0".to_owned()];
    for client in [FB, QA] {
        orgs.extend(
            erp.organizations_of_client(id(client)).await.unwrap().iter().map(|org| org.id.to_string()),
        );
    }
    let mut levels = [0; 5];
    for org in &orgs {
        for parent in &orgs {
            for client in ["0", FB, QA] {
                match erp.org_tree_level(id(org), id(parent), id(client)).await.unwrap() {
                    Level(level) => levels[usize::try_from(level).unwrap()] += 1,
                    NotIncluded | NotFilled => levels[0] += 1,
                }
            }
        }
    }
    assert_eq!(levels, [11 * 11 * 3 - 32, 10, 10, 8, 4]);
}

async fn roles_are_read(db: TestDatabase) {
    let erp = db.with_sample().await;
    let role = erp.role(id("0D4689364DDB473BB3023E4E554C8762")).await.unwrap().unwrap();
    assert_eq!((role.name.as_str(), role.user_level.as_str(), role.client.as_str()), ("F&BUser", "  O", FB));
    assert!(!role.manual && !role.client_admin && role.active);
    let role = erp.role(id("0939A3E7AB1545F3ABE6F02A1FF078C0")).await.unwrap().unwrap();
    assert_eq!((role.user_level.as_str(), role.manual), (" CO", true));
    assert_eq!(erp.role(id("0")).await.unwrap().unwrap().user_level, "S");

    for unknown in UNKNOWN {
        assert_eq!(erp.role(id(unknown)).await.unwrap(), None);
    }
}

async fn the_rows_of_a_role_are_read(db: TestDatabase) {
    let erp = db.with_sample().await;
    let facts = async |role: &str, client: &str| {
        erp.role_facts(role.parse().unwrap(), client.parse().unwrap()).await.unwrap()
    };
    let accesses = async |role: &str| facts(role, FB).await.unwrap().accesses;
    let role = "F77D70601AD549B19DE47965F6D48D12";
    let all = accesses(role).await;
    assert!(!all.is_empty() && all.iter().all(|access| access.active && access.client.as_str() == FB));
    db.execute(&format!(
        "UPDATE ad_role_orgaccess SET isactive = 'N' WHERE ad_org_id = '{NORTE}'; \
         DELETE FROM ad_org WHERE ad_org_id = '{NORTE}'; UPDATE ad_org SET isactive = 'N'"
    ))
    .await;
    for access in accesses(role).await {
        if access.org == *NORTE {
            assert!(!access.active);
            assert_eq!(access.organization, None);
        } else {
            let organization = access.organization.unwrap();
            assert!(access.active && !organization.active);
            assert_eq!(organization.client.as_str(), if access.org.is_zero() { "0" } else { FB });
        }
    }

    // An automatic role has the organizations of its client; with `0`, also those of the client in which it
    // works.
    let automatic = facts("42D0EEB1C66F497A90DD526DC597E6F0", QA).await.unwrap();
    assert!(!automatic.manual && automatic.client.as_str() == FB && automatic.level.as_stored() == " CO");
    let mut clients: Vec<&str> = automatic.organizations.iter().map(|org| org.client.as_str()).collect();
    clients.dedup();
    clients.sort_unstable();
    assert_eq!(clients, [FB, QA]);
    for unknown in ["nobody", "0\u{301}", "'", "%"] {
        assert_eq!(facts(unknown, FB).await, None);
    }

    // An invalid id is reported with its column.
    db.execute(&format!("UPDATE ad_role SET ad_client_id = '' WHERE ad_role_id = '{role}'")).await;
    let error = erp.role_facts(role.parse().unwrap(), ClientId::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("ad_client_id") && !error.is_transient(), "{error}");
}

async fn many_names_are_one_statement(db: TestDatabase) {
    let erp = db.with_sample().await;
    let users = erp.users().await.unwrap();
    let mut ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    ids.extend(UNKNOWN.map(id::<UserId>));
    let before = erp.database().statements();
    let names = erp.usernames(&ids).await.unwrap();
    assert_eq!(erp.database().statements() - before, 1);
    let expected = users.iter().filter_map(|user| Some((user.id, user.username.clone()?))).collect();
    assert_eq!(names, expected);

    let roles = ["0939A3E7AB1545F3ABE6F02A1FF078C0", "0D4689364DDB473BB3023E4E554C8762", "unknown"].map(id);
    let named = erp.role_names(&roles).await.unwrap();
    let named: Vec<&str> = named.values().map(String::as_str).collect();
    assert_eq!(named, ["F&B España, S.A - Company Admin", "F&BUser"]);
    let many: Vec<RoleId> = (0..2_500).map(|number| id(&format!("{number:032}"))).collect();
    assert!(erp.role_names(&many).await.unwrap().is_empty());
    assert!(erp.role_names(&[]).await.unwrap().is_empty());
}

async fn users_and_their_roles_are_read(db: TestDatabase) {
    const QA_ADMIN: &str = "4028E6C72959682B01295A0735CB0120";
    let erp = db.with_sample().await;
    let user = erp.user(id(QA_ADMIN)).await.unwrap().unwrap();
    assert_eq!(user.username.as_deref(), Some("QAAdmin"));
    assert!(!user.active && !user.locked, "an import activates nobody");
    assert_eq!(user.default_role, Some(id("4028E6C72959682B01295A071429011E")));
    assert_eq!(user.default_org, Some(id("357947E87C284935AD1D783CF6F099A1")));
    assert_eq!((user.default_client, user.client), (None, id(QA)));
    assert_eq!(erp.user_named("QAAdmin").await.unwrap().unwrap(), user);
    assert_eq!(erp.user_named("qaadmin").await.unwrap(), None);
    assert!(erp.user(id("100")).await.unwrap().unwrap().active);

    let roles = erp.user_roles(id("100")).await.unwrap();
    assert!(roles.len() > 1 && roles.iter().all(|role| role.active));
    assert!(roles.is_sorted_by(|a, b| a.role < b.role));
    for unknown in UNKNOWN {
        assert_eq!(erp.user(id(unknown)).await.unwrap(), None);
        assert_eq!(erp.user_named(unknown).await.unwrap(), None);
        assert_eq!(erp.user_roles(id(unknown)).await.unwrap(), []);
    }
    assert_eq!(erp.user_named(&"x".repeat(1 << 20)).await.unwrap(), None);
}

async fn the_directory_names_and_orders(db: TestDatabase) {
    let erp = db.with_sample().await;
    let directory = erp.directory(id(FB)).await.unwrap();
    assert_eq!(directory.len(), 8);
    let es = directory.get(ES).unwrap();
    assert_eq!((es.name.as_str(), es.search_key.as_str()), ("F&B España, S.A", "F&B España, S.A"));
    assert_eq!((es.type_name.as_deref(), es.summary), (Some("Legal with accounting"), true));
    assert_eq!(es.sequence_number, Some(10.0));
    assert_eq!(directory.get("0").unwrap().name, "*");
    // An organization outside the tree is in the directory, without a sequence number.
    db.execute(&format!("DELETE FROM ad_treenode WHERE node_id = '{ES}'")).await;
    assert_eq!(erp.directory(id(FB)).await.unwrap().get(ES).unwrap().sequence_number, None);
    // A client without a tree has a directory of its organizations.
    assert_eq!(erp.directory(id("0")).await.unwrap().len(), 1);
}

async fn sequence_numbers_are_decimals(db: TestDatabase) {
    let erp = db
        .with_rows(&(client_with(&[("0", None), ("A", Some("0")), ("B", Some("0")), ("D", Some("0"))])
            + "UPDATE ad_treenode SET seqno = 10.5 WHERE node_id = 'A'; \
               UPDATE ad_treenode SET seqno = 10 WHERE node_id = 'B'; \
               UPDATE ad_treenode SET seqno = -3 WHERE node_id = '0'; \
               INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, ad_table_id) VALUES ('S', 'C', 's', '155'); \
               INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, seqno) VALUES ('SB', 'S', 'B', 99)"))
        .await;
    let directory = erp.directory(id("C")).await.unwrap();
    let number = |org| directory.get(org).unwrap().sequence_number;
    assert_eq!(
        [number("A"), number("B"), number("D"), number("0")],
        [Some(10.5), Some(10.0), None, Some(-3.0)]
    );
    let mut siblings = ["A", "D", "B"];
    siblings.sort_by(|a, b| directory.sibling_order(a, b));
    assert_eq!(siblings, ["B", "A", "D"]);
}

async fn null_is_read_as_documented(db: TestDatabase) {
    let erp = db
        .with_rows(&(client_with(&[("0", None)])
            + "INSERT INTO ad_role (ad_role_id, ad_client_id, name, ismanual, is_client_admin) \
                 VALUES ('R', 'C', 'r', NULL, NULL); \
               INSERT INTO ad_user (ad_user_id, ad_client_id, username, islocked) VALUES ('U', 'C', NULL, NULL)"))
        .await;
    let role = erp.role(id("R")).await.unwrap().unwrap();
    assert!(role.manual && !role.client_admin);
    assert_eq!(role.user_level, "  O", "the column's default");
    let user = erp.user(id("U")).await.unwrap().unwrap();
    assert_eq!((user.username, user.locked), (None, false));
}

async fn a_reader_needs_only_the_select_privilege(db: TestDatabase) {
    let full = db.with_sample().await;
    let expected = full.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    full.database().close().await;
    let url = if db.is_postgres() { db.reader_url().await } else { db.url.replace("mode=rwc", "mode=ro") };
    let erp = ErpReader::open(Database::connect(&url).await.unwrap()).await.unwrap();
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.fingerprint(), expected);
    assert_eq!(erp.clients().await.unwrap().len(), 3);
    assert_eq!(erp.directory(id(FB)).await.unwrap().len(), 8);
    assert_eq!(erp.legal_entities_of_client(id(FB)).await.unwrap().len(), 2);
    assert_eq!(erp.organizations_of_client(id(FB)).await.unwrap().len(), 7);
    assert!(erp.stored_org_info(id(US)).await.unwrap().is_some());
    assert_eq!(erp.org_tree_level(id(US), id("0"), id(FB)).await.unwrap(), OrgTreeLevel::Level(3));
    assert!(erp.role(id("0")).await.unwrap().is_some());
    let role = erp.role_facts("F77D70601AD549B19DE47965F6D48D12".parse().unwrap(), ClientId::ZERO).await;
    assert!(!role.unwrap().unwrap().accesses.is_empty());
    assert!(erp.user_named("QAAdmin").await.unwrap().is_some());
    assert!(!erp.user_roles(id("100")).await.unwrap().is_empty());
    let error = erp_import::import(erp.database(), &crate::support::sample()).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
}
