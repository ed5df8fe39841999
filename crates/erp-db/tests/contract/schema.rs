//! Databases without some tables or columns.

use erp_db::{Database, ErpReader, OrgTreeLevel, ReadError};
use session::{ClientId, RoleId};

use crate::support::{FB, TestDatabase, id, on_both_databases};

on_both_databases! {
    everything_a_tree_needs_is_required,
    optional_tables_are_missed_only_by_their_calls,
    late_columns_are_missed_only_by_their_calls,
    an_empty_database_is_not_an_erp,
}

const TREE: &[(&str, &[&str])] = &[
    ("ad_client", &["ad_client_id"]),
    ("ad_clientinfo", &["ad_client_id", "ad_tree_org_id"]),
    ("ad_tree", &["ad_tree_id", "ad_client_id", "ad_table_id"]),
    ("ad_treenode", &["ad_tree_id", "node_id", "parent_id"]),
    (
        "ad_org",
        &[
            "ad_org_id",
            "ad_client_id",
            "isactive",
            "isready",
            "isperiodcontrolallowed",
            "c_calendar_id",
            "ad_orgtype_id",
        ],
    ),
    (
        "ad_orgtype",
        &["ad_orgtype_id", "islegalentity", "isbusinessunit", "istransactionsallowed", "isacctlegalentity"],
    ),
];

fn is_missing_table(error: &ReadError, expected: &str) -> bool {
    matches!(error, ReadError::MissingTable { table, .. } if *table == expected)
        && error.to_string().contains(&format!("`{expected}`"))
        && !error.is_transient()
}

fn is_missing_column(error: &ReadError, in_table: &str, expected: &str) -> bool {
    matches!(error, ReadError::MissingColumn { table, column, .. } if *table == in_table && *column == expected)
        && error.to_string().contains(&format!("`{expected}`"))
        && !error.is_transient()
}

async fn everything_a_tree_needs_is_required(db: TestDatabase) {
    let erp = db.with_sample().await;
    for (table, columns) in TREE {
        db.execute(&format!("ALTER TABLE {table} RENAME TO gone")).await;
        let error = ErpReader::open(erp.database().clone()).await.unwrap_err();
        assert!(is_missing_table(&error, table), "{error}");
        db.execute(&format!("ALTER TABLE gone RENAME TO {table}")).await;
        for column in *columns {
            db.execute(&format!("ALTER TABLE {table} RENAME COLUMN {column} TO gone")).await;
            let error = ErpReader::open(erp.database().clone()).await.unwrap_err();
            assert!(is_missing_column(&error, table, column), "{error}");
            db.execute(&format!("ALTER TABLE {table} RENAME COLUMN gone TO {column}")).await;
        }
    }
    ErpReader::open(erp.database().clone()).await.unwrap();
}

async fn optional_tables_are_missed_only_by_their_calls(db: TestDatabase) {
    let erp = db.with_sample().await;
    db.execute(
        "DROP TABLE ad_role; DROP TABLE ad_role_orgaccess; DROP TABLE ad_user; DROP TABLE ad_user_roles; \
         ALTER TABLE ad_client DROP COLUMN name; ALTER TABLE ad_treenode DROP COLUMN seqno",
    )
    .await;
    let erp = ErpReader::open(erp.database().clone()).await.unwrap();
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.len(), 8);
    assert!(is_missing_table(&erp.role(id("0")).await.unwrap_err(), "ad_role"));
    let error = erp.role_facts(RoleId::ZERO, ClientId::ZERO).await.unwrap_err();
    assert!(is_missing_table(&error, "ad_role"));
    assert!(is_missing_table(&erp.user(id("0")).await.unwrap_err(), "ad_user"));
    assert!(is_missing_table(&erp.user_named("x").await.unwrap_err(), "ad_user"));
    assert!(is_missing_table(&erp.user_roles(id("0")).await.unwrap_err(), "ad_user_roles"));
    assert!(is_missing_column(&erp.clients().await.unwrap_err(), "ad_client", "name"));
    assert!(is_missing_column(&erp.directory(id(FB)).await.unwrap_err(), "ad_treenode", "seqno"));
}

async fn late_columns_are_missed_only_by_their_calls(db: TestDatabase) {
    const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
    let erp = db.with_sample().await;
    let complete = erp.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    assert!(erp.has_time_zones());
    let computed = [
        "ad_legalentity_org_id",
        "ad_businessunit_org_id",
        "ad_periodcontrolallowed_org_id",
        "ad_calendarowner_org_id",
        "ad_inheritedcalendar_id",
    ];
    for column in computed {
        db.execute(&format!("ALTER TABLE ad_org RENAME COLUMN {column} TO gone")).await;
        let older = ErpReader::open(erp.database().clone()).await.unwrap();
        assert!(is_missing_column(&older.stored_org_info(id(US)).await.unwrap_err(), "ad_org", column));
        assert_eq!(older.load_tree(id(FB)).await.unwrap().structure.fingerprint(), complete);
        db.execute(&format!("ALTER TABLE ad_org RENAME COLUMN gone TO {column}")).await;
    }
    db.execute(
        "DROP TABLE ad_org_tree; ALTER TABLE ad_org DROP COLUMN timezone; \
         ALTER TABLE ad_role DROP COLUMN ismanual; ALTER TABLE ad_role DROP COLUMN is_client_admin",
    )
    .await;
    let older = ErpReader::open(erp.database().clone()).await.unwrap();
    assert!(!older.has_time_zones());
    assert!(is_missing_table(
        &older.org_tree_level(id(US), id("0"), id(FB)).await.unwrap_err(),
        "ad_org_tree"
    ));
    assert_eq!(older.load_tree(id(FB)).await.unwrap().structure.fingerprint(), complete);
    let role = older.role(id("0")).await.unwrap().unwrap();
    assert!(role.manual && !role.client_admin);
    assert!(older.stored_org_info(id(US)).await.unwrap().is_some());
    // Columns that no call reads may be missing.
    db.execute("ALTER TABLE ad_org DROP COLUMN ad_groupbusinessunit_org_id").await;
    ErpReader::open(erp.database().clone()).await.unwrap();
    assert_eq!(erp.client_of_organization(id(US)).await.unwrap(), Some(id(FB)));
}

async fn an_empty_database_is_not_an_erp(db: TestDatabase) {
    let error = ErpReader::open(db.connect().await).await.unwrap_err();
    assert!(is_missing_table(&error, "ad_client"), "{error}");
}

#[tokio::test]
async fn the_search_path_decides_which_table_is_read() {
    let db = TestDatabase::postgres().await;
    let erp = db.with_sample().await;
    // An incomplete table of the same name in a schema outside the path does not count …
    db.execute("CREATE SCHEMA other; CREATE TABLE other.ad_org_tree (ad_org_id varchar(32))").await;
    let reader = ErpReader::open(db.connect().await).await.unwrap();
    let level = reader.org_tree_level(id("2E60544D37534C0B89E765FE29BC0B43"), id("0"), id(FB)).await.unwrap();
    assert_eq!(level, OrgTreeLevel::Level(3));
    // … but one earlier in the path does.
    let database = erp.database().place().rsplit('`').nth(1).unwrap().to_owned();
    db.execute(&format!("ALTER DATABASE {database} SET search_path = other, public")).await;
    let reader = ErpReader::open(db.connect().await).await.unwrap();
    let error = reader.org_tree_level(id("0"), id("0"), id(FB)).await.unwrap_err();
    assert!(is_missing_column(&error, "ad_org_tree", "ad_client_id"), "{error}");
}

/// With the parameter of the ERP's own configuration.
#[tokio::test]
async fn the_current_schema_of_a_url_is_the_search_path() {
    let db = TestDatabase::postgres().await;
    let erp = db.with_sample().await;
    let expected = erp.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    db.execute("ALTER SCHEMA public RENAME TO \"The ERP\"; CREATE SCHEMA public; CREATE TABLE public.ad_org (x text)").await;
    let mark = if db.url.contains('?') { '&' } else { '?' };
    let open = async |schema: &str| {
        let url = format!("{}{mark}currentSchema={schema}", db.url);
        ErpReader::open(Database::connect(&url).await.unwrap()).await
    };
    for schema in ["%22The%20ERP%22", "%22The+ERP%22,public"] {
        let reader = open(schema).await.unwrap();
        assert_eq!(reader.load_tree(id(FB)).await.unwrap().structure.fingerprint(), expected);
        assert!(reader.role_facts(RoleId::ZERO, ClientId::ZERO).await.unwrap().is_some());
    }
    assert!(open("public").await.is_err());
    let error = Database::connect(&format!("{}{mark}currentSchema=,", db.url)).await.unwrap_err();
    assert!(error.to_string().contains("`currentSchema`"), "{error}");
}

#[tokio::test]
async fn tables_in_another_schema_and_views_are_read() {
    let db = TestDatabase::postgres().await;
    let erp = db.with_sample().await;
    let expected = erp.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    db.execute(
        "ALTER TABLE ad_org RENAME TO org_base; CREATE VIEW ad_org AS SELECT * FROM org_base; \
         ALTER SCHEMA public RENAME TO erp; CREATE SCHEMA public",
    )
    .await;
    let error = ErpReader::open(db.connect().await).await.unwrap_err();
    assert!(is_missing_table(&error, "ad_client"), "{error}");
    let database = erp.database().place().rsplit('`').nth(1).unwrap().to_owned();
    db.execute(&format!("ALTER DATABASE {database} SET search_path = erp")).await;
    let reader = ErpReader::open(db.connect().await).await.unwrap();
    assert_eq!(reader.load_tree(id(FB)).await.unwrap().structure.fingerprint(), expected);
}
