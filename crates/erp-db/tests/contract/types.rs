//! Columns of other types than the ERP's own: read as the same texts and compared byte for byte, or refused
//! by name.

use erp_db::revisions::{self, RevisionsError};
use erp_db::{Database, ErpReader, ErpSource};
use session::{ClientId, Facts, OrgSource, Principal, UserId};

use crate::support::{TestDatabase, client_with, id, on_both_databases};

on_both_databases!(numeric_ids_are_read_with_their_digits, changes_of_numeric_ids_are_counted);

const ROWS: &str = "\
    INSERT INTO ad_user (ad_user_id, ad_client_id, username, islocked, default_ad_role_id, default_ad_org_id) \
      VALUES ('U', 'C', 'someone', 'N', 'R', 'B'); \
    INSERT INTO ad_role (ad_role_id, ad_client_id, name, userlevel, ismanual) VALUES ('R', 'C', 'r', '  O', 'Y'); \
    INSERT INTO ad_user_roles (ad_user_roles_id, ad_user_id, ad_role_id, ad_client_id, isactive) \
      VALUES ('1', 'U', 'R', 'C', 'Y'); \
    INSERT INTO ad_role_orgaccess (ad_role_orgaccess_id, ad_role_id, ad_org_id, ad_client_id, isactive) \
      VALUES ('1', 'R', 'B', 'C', 'Y'); ";

fn rows() -> String {
    client_with(&[("0", None), ("A", Some("0")), ("B", Some("A"))]) + ROWS
}

/// All answers of the reader about client `C`, as text.
async fn answers(reader: ErpReader) -> String {
    let tree = reader.load_tree(id("C")).await.unwrap();
    let parents: Vec<_> = ["0", "A", "B"]
        .iter()
        .map(|org| {
            let index = tree.structure.index_of(org).unwrap();
            tree.structure.parent(index).map(|parent| format!("{:?}", tree.structure.id(parent)))
        })
        .collect();
    let directory: Vec<_> = reader
        .directory(id("C"))
        .await
        .unwrap()
        .iter()
        .map(|(id, entry)| format!("{id} {entry:?}"))
        .collect();
    let named = reader.user_named("someone").await.unwrap();
    let mistyped =
        [reader.user_named("SOMEONE").await.unwrap(), reader.user_named("someone ").await.unwrap()];
    let ids = [
        reader.role(id("R")).await.unwrap(),
        reader.role(id("r")).await.unwrap(),
        reader.role(id("R ")).await.unwrap(),
    ];
    let exist = [reader.client_exists(id("0")).await.unwrap(), reader.client_exists(id("c")).await.unwrap()];
    let names = (
        reader.usernames(&["U", "u"].map(id)).await.unwrap(),
        reader.role_names(&["R", "r"].map(id)).await.unwrap(),
    );
    let clients = reader.clients().await.unwrap();
    let source = ErpSource::new(reader);
    let facts = match source.facts(&Principal::new(UserId::new("U").unwrap())).await.unwrap() {
        Facts::Openbravo(facts) => format!("{facts:?}"),
        other => panic!("{other:?}"),
    };
    format!(
        "{parents:?} {directory:?} {named:?} {mistyped:?} {ids:?} {exist:?} {names:?} {clients:?} {facts}"
    )
}

async fn reader(db: &TestDatabase) -> ErpReader {
    ErpReader::open(Database::connect(&db.url).await.unwrap()).await.unwrap()
}

/// Changes the type of every column of the ERP's tables whose name matches a pattern.
fn altered(pattern: &str, to: &str) -> String {
    format!(
        "DO $$ DECLARE c record; BEGIN \
         FOR c IN SELECT relname, attname FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid \
           WHERE t.relkind = 'r' AND t.relname LIKE 'ad@_%' ESCAPE '@' AND a.attnum > 0 AND attname LIKE '{pattern}' \
           AND attname <> 'seqno' LOOP \
           EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP DEFAULT', c.relname, c.attname); \
           EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE {to}', c.relname, c.attname, c.attname); \
         END LOOP; END $$"
    )
}

#[tokio::test]
async fn columns_of_other_types_answer_the_same_on_postgres() {
    let usual = TestDatabase::postgres().await;
    let expected = answers(usual.with_rows(&rows()).await).await;
    assert!(expected.contains("someone"), "{expected}");
    let people =
        "CREATE COLLATION people (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ";
    for (prepare, alter) in [
        ("CREATE EXTENSION citext; ", altered("%_id", "citext") + "; " + &altered("%name", "citext")),
        ("", altered("%_id", "char(32)")),
        ("CREATE DOMAIN id AS varchar(32); ", altered("%_id", "id")),
        (
            people,
            altered("%_id", "varchar(32) COLLATE people")
                + "; "
                + &altered("%name", "varchar(60) COLLATE people"),
        ),
        ("CREATE TYPE yes_no AS ENUM ('Y', 'N'); ", altered("is%", "yes_no USING %I::yes_no")),
    ] {
        let db = TestDatabase::postgres().await;
        drop(db.with_rows(&rows()).await);
        db.execute(&format!("{prepare}{alter}")).await;
        assert_eq!(answers(reader(&db).await).await, expected, "{alter}");
    }
}

/// The rows of client `C` with numeric ids: the client becomes 7, its organizations 10 and 11.
fn numbered() -> String {
    let ids = [("C", 7), ("A", 10), ("B", 11), ("R", 20), ("U", 30), ("T", 40), ("P", 41), ("P0", 410)];
    let ids = ids.into_iter().chain([("T0", 50), ("TA", 51), ("TB", 52)]);
    ids.fold(rows(), |sql, (letter, number)| sql.replace(&format!("'{letter}'"), &format!("'{number}'")))
}

/// Tables with numeric ids.
async fn with_numbers(db: &TestDatabase) {
    drop(db.with_rows(&numbered()).await);
    if db.is_postgres() {
        db.execute(&altered("%_id", "numeric(10,0) USING %I::numeric")).await;
    } else {
        rebuild(db, |column| match column.split_once("_id ") {
            Some((name, rest)) => format!("{name}_id {}", rest.replace("TEXT", "INTEGER")),
            None => column.to_owned(),
        })
        .await;
    }
}

async fn numeric_ids_are_read_with_their_digits(db: TestDatabase) {
    with_numbers(&db).await;
    let reader = reader(&db).await;
    let tree = reader.load_tree(id("7")).await.unwrap().structure;
    assert_eq!(tree.len(), 3, "0, 10 and 11");
    assert_eq!(tree.parent(tree.index_of("11").unwrap()), tree.index_of("10"));
    assert_eq!(reader.client_of_organization(id("11")).await.unwrap(), Some(id("7")));
    assert_eq!(reader.client_of_organization(id("011")).await.unwrap(), None);
    assert_eq!(reader.user(id("30")).await.unwrap().unwrap().username.as_deref(), Some("someone"));
}

/// The triggers run within the ERP's own statements.
async fn changes_of_numeric_ids_are_counted(db: TestDatabase) {
    with_numbers(&db).await;
    changes_are_counted(&db, "7", "11", "40").await;
}

/// Installs revisions, and changes a client's tree by all kinds of statements.
async fn changes_are_counted(db: &TestDatabase, client: &str, org: &str, tree: &str) {
    revisions::install(&Database::connect(&db.url).await.unwrap()).await.unwrap();
    let source = ErpSource::new(reader(db).await);
    let client = ClientId::new(client).unwrap();
    let mut before = source.load_tree(&client).await.unwrap().revision.unwrap();
    for statement in [
        format!("UPDATE ad_org SET isready = 'N' WHERE ad_org_id = '{org}'"),
        format!("DELETE FROM ad_treenode WHERE node_id = '{org}'"),
        format!(
            "INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id) VALUES ('900', '{tree}', '{org}')"
        ),
        "UPDATE ad_orgtype SET islegalentity = 'Y' WHERE ad_orgtype_id = '2'".to_owned(),
        format!("UPDATE ad_tree SET isactive = 'N' WHERE ad_client_id = '{client}'"),
        format!("UPDATE ad_clientinfo SET ad_tree_org_id = NULL WHERE ad_client_id = '{client}'"),
        format!("DELETE FROM ad_clientinfo WHERE ad_client_id = '{client}'"),
    ] {
        db.execute(&statement).await;
        let after = source.revision(&client).await.unwrap().unwrap();
        assert_ne!(after, before, "{statement}");
        before = after;
    }
}

#[tokio::test]
async fn numbers_of_a_view_are_read_with_their_digits_on_sqlite() {
    let db = TestDatabase::sqlite();
    drop(db.with_rows(&numbered()).await);
    db.execute(
        "ALTER TABLE ad_org RENAME TO org; CREATE VIEW ad_org AS SELECT CAST(ad_org_id AS INTEGER) AS ad_org_id, \
         CAST(ad_client_id AS INTEGER) AS ad_client_id, CAST(ad_orgtype_id AS INTEGER) AS ad_orgtype_id, \
         value, name, isactive, isready, issummary, isperiodcontrolallowed, c_calendar_id FROM org",
    )
    .await;
    assert_eq!(reader(&db).await.load_tree(id("7")).await.unwrap().structure.len(), 3, "0, 10 and 11");
}

/// Column types that the reader supports must not make the ERP's own statements fail once revisions are
/// installed.
#[tokio::test]
async fn changes_are_counted_with_any_column_types() {
    let people =
        "CREATE COLLATION people (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ";
    for (prepare, alter) in [
        ("CREATE EXTENSION citext; ", altered("%_id", "citext")),
        ("", altered("%_id", "char(32)")),
        (people, altered("ad%_id", "varchar(32) COLLATE people")),
        ("", altered("ad%_id", "varchar(32) COLLATE \"POSIX\"")),
    ] {
        let db = TestDatabase::postgres().await;
        drop(db.with_rows(&rows()).await);
        db.execute(&format!("{prepare}{alter}")).await;
        changes_are_counted(&db, "C", "B", "T").await;
    }
}

/// Triggers that would fail are not installed, and the ERP keeps working.
#[tokio::test]
async fn revisions_are_refused_if_their_triggers_would_fail() {
    for (alter, table) in [
        ("ALTER TABLE ad_treenode RENAME COLUMN node_id TO node", "ad_org"),
        (
            "ALTER TABLE ad_clientinfo ALTER COLUMN ad_client_id TYPE uuid USING md5(ad_client_id)::uuid",
            "ad_clientinfo",
        ),
    ] {
        let db = TestDatabase::postgres().await;
        drop(db.with_rows(&rows()).await);
        db.execute(&format!(
            "ALTER TABLE ad_clientinfo DROP CONSTRAINT IF EXISTS ad_clientinfo_ad_client_id_fkey; {alter}"
        ))
        .await;
        let error = revisions::install(&Database::connect(&db.url).await.unwrap()).await.unwrap_err();
        assert!(matches!(error, RevisionsError::NotCountable { table: of, .. } if of == table), "{error}");
        assert!(error.to_string().contains(table), "{error}");
        db.execute("UPDATE ad_org SET isready = 'N'; DELETE FROM ad_treenode; DELETE FROM ad_clientinfo")
            .await;
    }
}

#[tokio::test]
async fn a_collation_of_a_column_changes_no_answer_on_sqlite() {
    let usual = TestDatabase::sqlite();
    let expected = answers(usual.with_rows(&rows()).await).await;
    let db = TestDatabase::sqlite();
    drop(db.with_rows(&rows()).await);
    rebuild(&db, |column| column.replace("TEXT", "TEXT COLLATE NOCASE")).await;
    // The ERP itself finds them in any spelling.
    for question in [
        "SELECT name FROM ad_role WHERE ad_role_id = 'r'",
        "SELECT ad_user_id FROM ad_user WHERE username = 'SOMEONE'",
        "SELECT name FROM ad_client WHERE ad_client_id = 'c'",
    ] {
        assert_eq!(db.texts(question).await.len(), 1, "{question}");
    }
    assert_eq!(answers(reader(&db).await).await, expected);
    changes_are_counted(&db, "C", "B", "T").await;
}

/// Recreates all of the ERP's tables, with other columns.
async fn rebuild(db: &TestDatabase, column: impl Fn(&str) -> String) {
    for table in
        db.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ad@_%' ESCAPE '@'").await
    {
        let created = db.texts(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await;
        let created =
            created[0].replace(&format!("CREATE TABLE {table}"), &format!("CREATE TABLE {table}_new"));
        let created = created.lines().map(&column).collect::<Vec<_>>().join("\n");
        db.execute(&format!(
            "{created}; INSERT INTO {table}_new SELECT * FROM {table}; DROP TABLE {table}; \
             ALTER TABLE {table}_new RENAME TO {table}"
        ))
        .await;
    }
}

/// Invalid text bytes are refused by table and column, and other clients still load.
#[tokio::test]
async fn broken_bytes_are_refused_by_table_and_column() {
    let other = "INSERT INTO ad_client (ad_client_id, value, name) VALUES ('D', 'd', 'd'); \
         INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id) VALUES ('E', 'D', 'e', 'e', '2'); \
         INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, treetype, ad_table_id) VALUES ('V', 'D', 'o', 'OO', '155'); \
         INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id) VALUES ('VE', 'V', 'E', NULL); \
         INSERT INTO ad_clientinfo (ad_client_id, ad_tree_org_id) VALUES ('D', 'V'); ";
    for db in [TestDatabase::postgres_ascii().await, TestDatabase::sqlite()] {
        drop(db.with_rows(&(rows() + other)).await);
        let broken = if db.is_postgres() { r"E'\xE9'" } else { "CAST(x'E9' AS TEXT)" };
        db.execute(&format!(
            "UPDATE ad_org SET name = {broken}, c_calendar_id = {broken} WHERE ad_org_id = 'B'"
        ))
        .await;
        let reader = reader(&db).await;
        let error = reader.directory(id("C")).await.unwrap_err().to_string();
        assert!(error.contains("column `name` of table `ad_org`"), "{error}");
        let error = reader.load_tree(id("C")).await.unwrap_err().to_string();
        assert!(error.contains("column `c_calendar_id` of table `ad_org`"), "{error}");
        assert_eq!(reader.load_tree(id("D")).await.unwrap().structure.len(), 1);
        assert_eq!(reader.directory(id("D")).await.unwrap().len(), 1);
        db.execute(&format!("UPDATE ad_client SET name = {broken} WHERE ad_client_id = 'C'")).await;
        let clients = reader.clients().await.unwrap();
        let damage = |id: &str| clients.iter().find(|client| client.id == id).unwrap().damage.clone();
        assert_eq!((clients.len(), damage("D")), (3, None));
        assert!(damage("C").unwrap().contains("column `name` of table `ad_client`"), "{clients:?}");
        db.execute(&format!(
            "UPDATE ad_user SET username = {broken} WHERE ad_user_id = 'U'; \
            INSERT INTO ad_user (ad_user_id, ad_client_id, username) VALUES ('V', 'D', 'other')"
        ))
        .await;
        let names = reader.usernames(&["U", "V"].map(id)).await.unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [(id("V"), "other".to_owned())]);
        db.execute(&format!("UPDATE ad_user SET islocked = {broken} WHERE ad_user_id = 'U'")).await;
        let barred = reader.barred_users(&["U", "V"].map(id)).await.unwrap();
        assert_eq!(barred.into_iter().collect::<Vec<_>>(), ["U"]);
    }
}
