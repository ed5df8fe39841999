//! iDempiere's tables through the views of docs/other-erps.md, taken from that page unchanged.

use erp_db::{Database, ErpReader, ErpSource};
use session::openbravo::{AccessOptions, LoginFacts};
use session::{Facts, OrgSource, Principal, RoleId, UserId};

use crate::support::{TestDatabase, id};

const DOCUMENT: &str = include_str!("../../../../docs/other-erps.md");

/// Tables in iDempiere's format, as far as the views read them, with rows of two clients: 11 with a tree
/// whose root is its own parent, and a second tree; 12 whose tree has no row for the root.
const IDEMPIERE: &str = "
    CREATE SCHEMA adempiere;
    SET search_path = adempiere;
    CREATE TABLE ad_client (ad_client_id numeric(10) PRIMARY KEY, value varchar(40), name varchar(60), isactive char(1));
    CREATE TABLE ad_clientinfo (ad_client_id numeric(10) PRIMARY KEY, ad_tree_org_id numeric(10));
    CREATE TABLE ad_tree (ad_tree_id numeric(10) PRIMARY KEY, ad_client_id numeric(10), treetype char(2), ad_table_id numeric(10));
    CREATE TABLE ad_treenode (ad_tree_id numeric(10), node_id numeric(10), parent_id numeric(10), seqno numeric(10),
        PRIMARY KEY (ad_tree_id, node_id));
    CREATE TABLE ad_org (ad_org_id numeric(10) PRIMARY KEY, ad_client_id numeric(10), isactive char(1), value varchar(40),
        name varchar(60), issummary char(1));
    CREATE TABLE ad_orginfo (ad_org_id numeric(10) PRIMARY KEY, ad_orgtype_id numeric(10), c_calendar_id numeric(10),
        timezone varchar(60), parent_org_id numeric(10));
    CREATE TABLE ad_role (ad_role_id numeric(10) PRIMARY KEY, ad_client_id numeric(10), name varchar(60), userlevel char(3),
        isactive char(1), ismanual char(1), isaccessallorgs char(1), isuseuserorgaccess char(1),
        isclientadministrator char(1), ad_tree_org_id numeric(10));
    CREATE TABLE ad_role_orgaccess (ad_role_id numeric(10), ad_org_id numeric(10), isactive char(1), isreadonly char(1),
        PRIMARY KEY (ad_role_id, ad_org_id));
    CREATE TABLE ad_user (ad_user_id numeric(10) PRIMARY KEY, ad_client_id numeric(10), name varchar(60), email varchar(60),
        isactive char(1), islocked char(1));
    CREATE TABLE ad_user_roles (ad_user_id numeric(10), ad_role_id numeric(10), isactive char(1),
        PRIMARY KEY (ad_user_id, ad_role_id));

    INSERT INTO ad_client VALUES (0, 'SYSTEM', 'System', 'Y'), (11, 'GW', 'GardenWorld', 'Y'), (12, 'X', 'Other', 'Y');
    INSERT INTO ad_clientinfo VALUES (0, NULL), (11, 102), (12, NULL);
    INSERT INTO ad_tree VALUES (101, 11, 'OO', NULL), (102, 11, 'OO', NULL), (103, 11, 'PR', NULL), (104, 12, 'OO', NULL);
    INSERT INTO ad_org VALUES (0, 0, 'Y', '0', '*', 'N'), (1, 11, 'Y', 'all', 'All', 'Y'), (2, 11, 'Y', 'hq', 'HQ', 'N'),
        (3, 11, 'Y', 'store', 'Store', 'N'), (4, 11, 'N', 'old', 'Closed', 'N'), (5, 12, 'Y', 'x', 'X', 'N');
    INSERT INTO ad_orginfo VALUES (2, 1, 700, 'America/Chicago', 1), (3, NULL, NULL, NULL, NULL);
    INSERT INTO ad_treenode VALUES (102, 0, 0, 0), (102, 1, 0, 10), (102, 2, 1, 20), (102, 3, 2, 30), (102, 4, 1, 40),
        (101, 0, NULL, 0), (101, 2, 0, 10), (104, 5, 0, 10);
    INSERT INTO ad_role VALUES
        (50, 11, 'HQ', ' CO', 'Y', 'N', 'N', 'N', 'N', NULL), (51, 11, 'all', ' CO', 'Y', 'N', 'Y', 'N', 'Y', NULL),
        (52, 11, 'reads', '  O', 'Y', 'N', 'N', 'N', 'N', NULL), (53, 11, 'of the user', ' CO', 'Y', 'N', 'Y', 'Y', 'Y', NULL),
        (54, 11, 'tree', '  O', 'Y', 'Y', 'N', 'N', 'N', 102), (55, 11, 'client', ' C ', 'Y', 'Y', 'N', 'N', 'N', NULL);
    INSERT INTO ad_role_orgaccess VALUES (50, 2, 'Y', 'N'), (50, 4, 'Y', 'N'), (50, 5, 'Y', 'N'), (50, 3, 'N', 'N'),
        (52, 2, 'Y', 'Y'), (52, 3, 'Y', 'N'), (52, 0, 'Y', 'Y'), (54, 1, 'Y', 'N'), (54, 3, 'Y', 'N'),
        (55, 0, 'Y', 'N'), (55, 2, 'Y', 'N');
    INSERT INTO ad_user VALUES (100, 0, 'SuperUser', NULL, 'Y', 'N'), (101, 11, 'Garden', NULL, 'Y', 'N'),
        (102, 11, 'Twice', NULL, 'Y', 'N'), (103, 12, 'Twice', NULL, 'Y', 'N'), (104, 11, 'Garden', NULL, 'Y', 'N');
    INSERT INTO ad_user_roles VALUES (101, 50, 'Y'), (101, 51, 'Y'), (101, 52, 'Y'), (101, 53, 'Y'), (101, 54, 'Y'),
        (101, 55, 'Y'), (102, 50, 'Y'), (103, 50, 'Y'), (100, 51, 'N');
";

/// The SQL of the document.
fn views() -> String {
    let blocks = DOCUMENT.split("```sql\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.collect::<Vec<_>>().join("\n")
}

/// A database with the tables and the views, and the URL of a user who may read the views.
async fn idempiere() -> (TestDatabase, String) {
    let db = TestDatabase::postgres().await;
    db.execute(IDEMPIERE).await;
    // Users belong to the whole cluster, so this one has the database's name.
    let (authority, name) = db.url.rsplit_once('/').unwrap();
    let name = name.split('?').next().unwrap();
    let reader = format!("{name}_reader");
    let views = views();
    assert!(views.contains("CREATE ROLE orgcache_reader LOGIN;"));
    let views = views.replace("orgcache_reader LOGIN;", "orgcache_reader LOGIN PASSWORD 'reader';");
    db.execute(&views.replace("orgcache_reader", &reader)).await;
    let (scheme, rest) = authority.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let url = format!("{scheme}://{reader}:reader@{host}/{name}");
    (db, url)
}

async fn reader(url: &str) -> ErpReader {
    ErpReader::open(Database::connect(url).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn trees_match_those_of_the_user_interface() {
    let (_db, url) = idempiere().await;
    let erp = reader(&format!("{url}?options=-csearch_path%3Das_openbravo_tree,as_openbravo")).await;
    let loaded = erp.load_tree(id("11")).await.unwrap();
    assert_eq!((loaded.tree.as_deref(), loaded.findings.len()), (Some("102"), 0), "{:?}", loaded.findings);
    let tree = loaded.structure;
    let parent = |org: &str| {
        let above = tree.parent(tree.index_of(org).unwrap());
        above.map(|above| tree.id(above).unwrap().to_string())
    };
    assert_eq!(tree.len(), 5);
    for (org, above) in [("0", None), ("1", Some("0")), ("2", Some("1")), ("3", Some("2")), ("4", Some("1"))]
    {
        assert_eq!(parent(org).as_deref(), above, "{org}");
    }
    let hq = tree.index_of("2").unwrap();
    assert_eq!((tree.calendar(hq), tree.time_zone(hq)), (Some("700"), Some("America/Chicago")));
    let other = erp.load_tree(id("12")).await.unwrap();
    assert_eq!((other.structure.len(), other.findings.len()), (2, 0), "{:?}", other.findings);
    assert_eq!(erp.directory(id("11")).await.unwrap().get("1").unwrap().name, "All");
}

/// What a role reads and writes, ordered by id.
async fn rights(source: &ErpSource, role: &str) -> (Vec<String>, Vec<String>) {
    let client = "11".parse().unwrap();
    let tree = source.load_tree(&client).await.unwrap().structure;
    let principal = Principal::new(UserId::new("101").unwrap()).with_role(RoleId::new(role).unwrap());
    let Facts::Openbravo(facts) = source.facts(&principal).await.unwrap() else { panic!("companies") };
    let LoginFacts { role, .. } = *facts;
    let access = role.unwrap().access(&tree, &AccessOptions::default());
    let sorted = |ids: Vec<String>| {
        let mut ids = ids;
        ids.sort();
        ids
    };
    let texts = |selection: &session::OrgSelection| selection.ids(&tree).map(|id| id.to_string()).collect();
    (sorted(texts(access.readable())), sorted(texts(access.writable())))
}

#[tokio::test]
async fn no_role_gets_more_than_idempiere_gives() {
    let (_db, url) = idempiere().await;
    let erp = reader(&url).await;
    let source = ErpSource::new(erp.clone());
    let expected: [(&str, &[&str], &[&str]); 5] = [
        // Nothing above or below, no inactive organization, no other client's, and writing 0 needs a row.
        ("50", &["0", "2"], &["2"]),
        ("51", &["0", "2", "3"], &["0", "2", "3"]),
        // Read-only organizations are omitted.
        ("52", &["0", "3"], &["3"]),
        // No summary organization, and nothing below it.
        ("54", &["0", "3"], &["3"]),
        // A row of 0 makes it writable, and makes no other organization readable.
        ("55", &["0", "2"], &["0", "2"]),
    ];
    for (role, readable, writable) in expected {
        let (reads, writes) = rights(&source, role).await;
        assert_eq!((reads, writes), (texts(readable), texts(writable)), "role {role}");
    }
    // Its rights would be the user's.
    assert!(erp.role(id("53")).await.unwrap().is_none());
    let roles: Vec<RoleId> =
        erp.user_roles(id("101")).await.unwrap().into_iter().map(|role| role.role).collect();
    assert_eq!(roles, ["50", "51", "52", "54", "55"]);
    assert!(erp.role(id("51")).await.unwrap().unwrap().client_admin);
}

fn texts(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn a_name_shared_by_two_users_opens_neither() {
    let (db, url) = idempiere().await;
    let erp = reader(&url).await;
    // A contact with the same name has no role, and does not count.
    assert_eq!(erp.user_named("Garden").await.unwrap().unwrap().id.as_str(), "101");
    assert!(erp.user_named("Twice").await.unwrap().is_none());
    db.execute("UPDATE adempiere.ad_user SET name = 'Once' WHERE ad_user_id = 103").await;
    assert_eq!(erp.user_named("Twice").await.unwrap().unwrap().id.as_str(), "102");
}
