//! Loading trees.

use erp_db::{ErpReader, ReadError, RowFinding, TreeFinding};
use org_structure::{BuildError, Finding, OrgFlags, OrgStructure};

use crate::support::{FB, QA, TestDatabase, client_with, id, on_both_databases, tree_node};

on_both_databases! {
    sample_clients_load,
    loading_is_one_statement,
    a_client_without_a_tree_has_an_empty_one,
    an_unknown_client_is_an_error,
    the_named_tree_is_used,
    without_a_named_tree_the_smallest_is_used,
    an_unusable_named_tree_is_reported,
    inactive_rows_count,
    flags_time_zones_and_calendars_are_read,
    a_dangling_parent_makes_a_root,
    null_parents_make_several_roots,
    cycles_are_refused_with_their_ids,
    a_self_parent_is_refused_with_its_id,
    an_over_long_id_is_refused,
    nodes_without_rows_are_omitted_and_reported,
    organizations_of_another_client_are_kept_and_reported,
    a_busy_database_serves_concurrent_loads,
    columns_may_be_altered_while_a_reader_is_open,
}

/// (id, parent) of all organizations, in tree order.
fn pairs(structure: &OrgStructure) -> Vec<(String, Option<String>)> {
    let id = |org| structure.id(org).unwrap().as_str().to_owned();
    structure.indices().map(|org| (id(org), structure.parent(org).map(id))).collect()
}

fn reported(findings: &[TreeFinding]) -> Vec<RowFinding> {
    let rows = findings.iter().filter_map(|finding| match finding {
        TreeFinding::Rows(finding) => Some(finding.clone()),
        _ => None,
    });
    rows.collect()
}

async fn load(erp: &ErpReader) -> erp_db::ErpTree {
    erp.load_tree(id("C")).await.unwrap()
}

async fn sample_clients_load(db: TestDatabase) {
    let erp = db.with_sample().await;
    let fb = erp.load_tree(id(FB)).await.unwrap();
    assert_eq!(fb.client, FB);
    assert_eq!(fb.tree.as_deref(), Some("28449865CD75486CAE52ED581311027B"));
    assert_eq!(fb.findings, []);
    assert_eq!(fb.structure.len(), 8);
    let parent = |child: &str| {
        let tree = &fb.structure;
        tree.parent(tree.index_of(child).unwrap()).map(|parent| tree.id(parent).unwrap().as_str().to_owned())
    };
    assert_eq!(parent("0"), None);
    assert_eq!(parent("19404EAD144C49A0AF37D54377CF452D").as_deref(), Some("0"));
    for company in ["2E60544D37534C0B89E765FE29BC0B43", "B843C30461EA4501935CB1D125C9C25A"] {
        assert_eq!(parent(company).as_deref(), Some("19404EAD144C49A0AF37D54377CF452D"));
        let flags = fb.structure.flags(fb.structure.index_of(company).unwrap()).unwrap();
        let expected = OrgFlags::READY
            | OrgFlags::ACTIVE
            | OrgFlags::LEGAL_ENTITY
            | OrgFlags::TRANSACTIONS_ALLOWED
            | OrgFlags::PERIOD_CONTROL
            | OrgFlags::ACCOUNTING;
        assert_eq!(flags, expected);
    }
    let us = fb.structure.index_of("2E60544D37534C0B89E765FE29BC0B43").unwrap();
    assert_eq!(fb.structure.calendar(us), Some("2EDC8590A1AA42169A2E1AA22BCD2F6E"));
    assert_eq!(fb.structure.children(us).count(), 2);

    let qa = erp.load_tree(id(QA)).await.unwrap();
    assert_eq!((qa.structure.len(), qa.findings.len()), (4, 0));
}

#[tokio::test]
async fn all_databases_give_the_same_tree() {
    let databases =
        [TestDatabase::sqlite(), TestDatabase::postgres().await, TestDatabase::postgres_icu().await];
    let mut seen = Vec::new();
    for db in &databases {
        let erp = db.with_sample().await;
        let mut fingerprints = Vec::new();
        for client in erp.clients().await.unwrap() {
            let loaded = erp.load_tree(id(&client.id)).await.unwrap();
            fingerprints.push((client.id, loaded.structure.fingerprint(), loaded.findings));
        }
        seen.push((fingerprints, erp.directory(id(FB)).await.unwrap()));
    }
    assert_eq!(seen.first().unwrap().0.len(), 3);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test]
async fn a_linguistic_collation_does_not_reorder_ids() {
    for db in [TestDatabase::sqlite(), TestDatabase::postgres().await, TestDatabase::postgres_icu().await] {
        let erp = db
            .with_rows(&(client_with(&[("0", None), ("b", Some("0")), ("B", Some("0")), ("a", Some("0"))])
                + "INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, ad_table_id) VALUES ('t', 'C', 't', '155'); \
                   INSERT INTO ad_client (ad_client_id, value, name) VALUES ('a', 'a', 'a'), ('B', 'B', 'B'); \
                   UPDATE ad_clientinfo SET ad_tree_org_id = NULL"))
            .await;
        assert_eq!(load(&erp).await.tree.as_deref(), Some("T"), "`T` is before `t`");
        let clients: Vec<String> = erp.clients().await.unwrap().into_iter().map(|client| client.id).collect();
        assert_eq!(clients, ["0", "B", "C", "a"]);
        let orgs = erp.organizations_of_client(id("C")).await.unwrap();
        assert_eq!(orgs.iter().map(|org| org.id.as_str()).collect::<Vec<_>>(), ["B", "a", "b"]);
    }
}

async fn loading_is_one_statement(db: TestDatabase) {
    let erp = db.with_sample().await;
    for client in ["0", FB, QA] {
        let before = erp.database().statements();
        erp.load_tree(id(client)).await.unwrap();
        assert_eq!(erp.database().statements(), before + 1);
    }
}

async fn a_client_without_a_tree_has_an_empty_one(db: TestDatabase) {
    let erp = db.with_sample().await;
    let system = erp.load_tree(id("0")).await.unwrap();
    assert!(system.structure.is_empty());
    assert_eq!(system.tree, None);
    let named = RowFinding::NamedTreeNotUsable { tree: "50".to_owned() };
    assert_eq!(reported(&system.findings), [named, RowFinding::NoTree]);
}

async fn an_unknown_client_is_an_error(db: TestDatabase) {
    let erp = db.with_sample().await;
    let hostile = ["1", "\0", "0\0", "' OR '1'='1", "é", &FB.to_lowercase()];
    for client in hostile {
        let errors = [
            erp.load_tree(id(client)).await.map(drop).unwrap_err(),
            erp.directory(id(client)).await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, ReadError::UnknownClient { .. }), "{client:.40}: {error}");
            assert!(!error.is_transient());
            assert!(error.to_string().len() < 300);
        }
        assert!(!erp.client_exists(id(client)).await.unwrap());
    }
    assert!(erp.client_exists(id("0")).await.unwrap());
}

/// Two organization trees, `S` and `T`. `T` has one organization more.
fn two_trees() -> String {
    client_with(&[("0", None), ("A", Some("0")), ("B", Some("A"))])
        + "INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, ad_table_id) VALUES ('S', 'C', 's', '155'); "
        + &tree_node("S", "0", None)
        + &tree_node("S", "B", Some("0"))
}

async fn the_named_tree_is_used(db: TestDatabase) {
    let erp = db.with_rows(&two_trees()).await;
    let loaded = load(&erp).await;
    assert_eq!((loaded.tree.as_deref(), loaded.structure.len()), (Some("T"), 3));
    assert_eq!(reported(&loaded.findings), [RowFinding::FurtherTree { tree: "S".to_owned() }]);
}

async fn without_a_named_tree_the_smallest_is_used(db: TestDatabase) {
    let erp = db.with_rows(&(two_trees() + "UPDATE ad_clientinfo SET ad_tree_org_id = NULL")).await;
    for _ in 0..2 {
        let loaded = load(&erp).await;
        assert_eq!((loaded.tree.as_deref(), loaded.structure.len()), (Some("S"), 2));
        assert_eq!(reported(&loaded.findings), [RowFinding::FurtherTree { tree: "T".to_owned() }]);
        // The same for a client without a row of its own.
        db.execute("DELETE FROM ad_clientinfo").await;
    }
}

async fn an_unusable_named_tree_is_reported(db: TestDatabase) {
    // A tree of another table, one of another client, and one that does not exist.
    let other = "INSERT INTO ad_client (ad_client_id, value, name) VALUES ('D', 'd', 'd'); \
         INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, ad_table_id) VALUES ('X', 'D', 'x', '155'); ";
    let erp = db.with_rows(&(two_trees() + other)).await;
    for named in ["P", "X", "gone"] {
        db.execute(&format!("UPDATE ad_clientinfo SET ad_tree_org_id = '{named}'")).await;
        let loaded = load(&erp).await;
        assert_eq!(loaded.tree.as_deref(), Some("S"));
        let not_usable = RowFinding::NamedTreeNotUsable { tree: named.to_owned() };
        assert_eq!(
            reported(&loaded.findings),
            [not_usable, RowFinding::FurtherTree { tree: "T".to_owned() }]
        );
    }
}

async fn inactive_rows_count(db: TestDatabase) {
    let erp = db
        .with_rows(
            &(client_with(&[("0", None), ("A", Some("0")), ("B", Some("A"))])
                + "UPDATE ad_tree SET isactive = 'N'; UPDATE ad_treenode SET isactive = 'N'; \
               UPDATE ad_client SET isactive = 'N'; UPDATE ad_orgtype SET isactive = 'N'; \
               UPDATE ad_org SET isactive = 'N' WHERE ad_org_id = 'A'"),
        )
        .await;
    let tree = load(&erp).await.structure;
    assert_eq!(tree.len(), 3);
    let active = |org| tree.flags(tree.index_of(org).unwrap()).unwrap().contains(OrgFlags::ACTIVE);
    assert!(active("0") && !active("A") && active("B"));
}

async fn flags_time_zones_and_calendars_are_read(db: TestDatabase) {
    let columns = [
        ("ad_org", "isready", OrgFlags::READY),
        ("ad_org", "isactive", OrgFlags::ACTIVE),
        ("ad_org", "isperiodcontrolallowed", OrgFlags::PERIOD_CONTROL),
        ("ad_orgtype", "islegalentity", OrgFlags::LEGAL_ENTITY),
        ("ad_orgtype", "isbusinessunit", OrgFlags::BUSINESS_UNIT),
        ("ad_orgtype", "istransactionsallowed", OrgFlags::TRANSACTIONS_ALLOWED),
        ("ad_orgtype", "isacctlegalentity", OrgFlags::ACCOUNTING),
    ];
    let erp = db
        .with_rows(
            &(client_with(&[("0", None)])
                + "UPDATE ad_org SET isactive = 'N', timezone = 'Europe/Madrid', c_calendar_id = 'K'"),
        )
        .await;
    let tree = load(&erp).await.structure;
    let zero = tree.index_of("0").unwrap();
    assert_eq!(tree.flags(zero), Some(OrgFlags::empty()));
    assert_eq!((tree.time_zone(zero), tree.calendar(zero)), (Some("Europe/Madrid"), Some("K")));
    for (table, column, flag) in columns {
        db.execute(&format!("UPDATE {table} SET {column} = 'Y'")).await;
        let tree = load(&erp).await.structure;
        assert_eq!(tree.flags(zero), Some(flag), "{column}");
        db.execute(&format!("UPDATE {table} SET {column} = 'N'")).await;
    }
}

async fn a_dangling_parent_makes_a_root(db: TestDatabase) {
    let erp = db.with_rows(&client_with(&[("0", None), ("A", Some("gone")), ("B", Some("A"))])).await;
    let loaded = load(&erp).await;
    let tree = &loaded.structure;
    assert_eq!(tree.parent(tree.index_of("A").unwrap()), None);
    assert_eq!(tree.parent(tree.index_of("B").unwrap()), tree.index_of("A"));
    let dangling = Finding::DanglingParent { org: "A".parse().unwrap(), parent: "gone".to_owned() };
    assert!(loaded.findings.contains(&TreeFinding::Structure(dangling)), "{:?}", loaded.findings);
}

async fn null_parents_make_several_roots(db: TestDatabase) {
    let erp = db.with_rows(&client_with(&[("0", None), ("A", None), ("B", Some("A"))])).await;
    let loaded = load(&erp).await;
    assert_eq!(loaded.structure.roots().count(), 2);
    let several = loaded.findings.iter().any(|finding| {
        matches!(finding, TreeFinding::Structure(Finding::SeveralRoots { roots }) if roots.len() == 2)
    });
    assert!(several, "{:?}", loaded.findings);
}

async fn cycles_are_refused_with_their_ids(db: TestDatabase) {
    let nodes = [("0", None), ("A", Some("C")), ("B", Some("A")), ("C", Some("B")), ("D", Some("0"))];
    let erp = db.with_rows(&client_with(&nodes)).await;
    let error = erp.load_tree(id("C")).await.unwrap_err();
    let ReadError::Tree { cause: BuildError::Cycle(cycle), .. } = &error else { panic!("{error}") };
    let ids: Vec<&str> = cycle.organizations().iter().map(org_structure::OrgId::as_str).collect();
    assert_eq!(ids, ["A", "C", "B"]);
    assert!(!error.is_transient());
    assert!(error.to_string().contains("`A`, `C`, `B`"), "{error}");
    // Another client's tree still loads.
    assert!(erp.load_tree(id("0")).await.unwrap().structure.is_empty());
}

async fn a_self_parent_is_refused_with_its_id(db: TestDatabase) {
    let erp = db.with_rows(&client_with(&[("0", Some("0")), ("A", Some("0"))])).await;
    let error = erp.load_tree(id("C")).await.unwrap_err();
    let ReadError::Tree { cause: BuildError::SelfParent { id }, .. } = &error else { panic!("{error}") };
    assert_eq!(id.as_str(), "0");
}

async fn an_over_long_id_is_refused(db: TestDatabase) {
    let database = db.connect().await;
    db.create_tables(&database).await;
    if db.is_postgres() {
        db.execute(
            "ALTER TABLE ad_org ALTER ad_org_id TYPE varchar(60); \
             ALTER TABLE ad_treenode ALTER node_id TYPE varchar(60), ALTER ad_treenode_id TYPE varchar(60)",
        )
        .await;
    }
    let long = "x".repeat(33);
    db.execute(&client_with(&[("0", None), (&long, Some("0"))])).await;
    let erp = ErpReader::open(database).await.unwrap();
    let error = erp.load_tree(id("C")).await.unwrap_err();
    assert!(matches!(error, ReadError::Tree { cause: BuildError::Id(_), .. }), "{error}");
    assert!(error.to_string().contains(&long));
    let error = erp.directory(id("C")).await.unwrap_err();
    assert!(matches!(error, ReadError::InvalidId { table: "ad_org", column: "ad_org_id", .. }), "{error}");
}

async fn nodes_without_rows_are_omitted_and_reported(db: TestDatabase) {
    let nodes = [("0", None), ("A", Some("0")), ("B", Some("A")), ("D", Some("0")), ("E", Some("0"))];
    let erp = db
        .with_rows(
            &(client_with(&nodes)
                + "DELETE FROM ad_org WHERE ad_org_id IN ('D', 'B'); \
               UPDATE ad_org SET ad_orgtype_id = 'gone' WHERE ad_org_id = 'E'"),
        )
        .await;
    let loaded = load(&erp).await;
    let expected = [("0".to_owned(), None), ("A".to_owned(), Some("0".to_owned()))];
    assert_eq!(pairs(&loaded.structure), expected);
    let node = |node: &str| RowFinding::NodeWithoutOrganization { node: node.to_owned() };
    let no_type = RowFinding::NodeWithoutType { node: "E".to_owned(), org_type: Some("gone".to_owned()) };
    assert_eq!(reported(&loaded.findings), [node("B"), node("D"), no_type]);
}

async fn organizations_of_another_client_are_kept_and_reported(db: TestDatabase) {
    let erp = db
        .with_rows(
            &(client_with(&[("0", None), ("A", Some("0"))])
                + "INSERT INTO ad_client (ad_client_id, value, name) VALUES ('D', 'd', 'd'); \
               UPDATE ad_org SET ad_client_id = 'D' WHERE ad_org_id = 'A'"),
        )
        .await;
    let loaded = load(&erp).await;
    assert!(loaded.structure.index_of("A").is_some());
    let foreign =
        RowFinding::OrganizationOfAnotherClient { org: "A".to_owned(), client: Some("D".to_owned()) };
    assert_eq!(reported(&loaded.findings), [foreign]);
    // The organization is in the directory of the tree that contains it.
    assert!(erp.directory(id("C")).await.unwrap().get("A").is_some());
}

async fn a_busy_database_serves_concurrent_loads(db: TestDatabase) {
    let erp = db.with_sample().await;
    let expected = erp.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    let loads = (0..32).map(|_| {
        let erp = erp.clone();
        tokio::spawn(async move { erp.load_tree(id(FB)).await.map(|loaded| loaded.structure.fingerprint()) })
    });
    for load in loads.collect::<Vec<_>>() {
        assert_eq!(load.await.unwrap().unwrap(), expected);
    }
}

async fn columns_may_be_altered_while_a_reader_is_open(db: TestDatabase) {
    let erp = db.with_sample().await;
    let before = erp.load_tree(id(FB)).await.unwrap().structure.fingerprint();
    db.execute(if db.is_postgres() {
        "ALTER TABLE ad_org ALTER timezone TYPE varchar(80), ALTER c_calendar_id TYPE text, ADD COLUMN late text"
    } else {
        "ALTER TABLE ad_org ADD COLUMN late text; ALTER TABLE ad_org RENAME COLUMN c_currency_id TO currency"
    })
    .await;
    for _ in 0..16 {
        assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.fingerprint(), before);
    }
}
