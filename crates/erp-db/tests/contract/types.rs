//! Columns of other types than the ERP's own: read as the same texts and compared byte for byte, or refused by name.

use erp_db::{Database, ErpReader, ErpSource};
use session::{Facts, OrgSource, Principal, UserId};

use crate::support::{TestDatabase, client_with};

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

/// All that the reader says about client `C`, in words.
async fn answers(reader: ErpReader) -> String {
    let tree = reader.load_tree("C").await.unwrap();
    let parents: Vec<_> = ["0", "A", "B"]
        .iter()
        .map(|org| {
            let index = tree.structure.index_of(org).unwrap();
            tree.structure.parent(index).map(|parent| format!("{:?}", tree.structure.id(parent)))
        })
        .collect();
    let directory: Vec<_> =
        reader.directory("C").await.unwrap().iter().map(|(id, entry)| format!("{id} {entry:?}")).collect();
    let named = reader.user_named("someone").await.unwrap();
    let mistyped =
        [reader.user_named("SOMEONE").await.unwrap(), reader.user_named("someone ").await.unwrap()];
    let ids =
        [reader.role("R").await.unwrap(), reader.role("r").await.unwrap(), reader.role("R ").await.unwrap()];
    let exist = [reader.client_exists("0").await.unwrap(), reader.client_exists("c").await.unwrap()];
    let names = (reader.usernames(&["U", "u"]).await.unwrap(), reader.role_names(&["R", "r"]).await.unwrap());
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

/// Changes the type of every column of the ERP's tables whose name is like a pattern.
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

#[tokio::test]
async fn numeric_ids_are_read_with_their_digits() {
    let digits = |sql: &str| {
        [
            ("'C'", "'7'"),
            ("'A'", "'10'"),
            ("'B'", "'11'"),
            ("'R'", "'20'"),
            ("'U'", "'30'"),
            ("'T'", "'40'"),
            ("'P'", "'41'"),
            ("'P0'", "'410'"),
        ]
        .iter()
        .fold(sql.to_owned(), |sql, (letter, number)| sql.replace(letter, number))
        .replace("'T0'", "'50'")
        .replace("'TA'", "'51'")
        .replace("'TB'", "'52'")
    };
    for db in [TestDatabase::postgres().await, TestDatabase::sqlite()] {
        drop(db.with_rows(&digits(&rows())).await);
        if db.is_postgres() {
            db.execute(&altered("%_id", "numeric(10,0) USING %I::numeric")).await;
        } else {
            // A view whose columns are numbers.
            db.execute(
                "ALTER TABLE ad_org RENAME TO org; CREATE VIEW ad_org AS SELECT CAST(ad_org_id AS INTEGER) AS ad_org_id, \
                 CAST(ad_client_id AS INTEGER) AS ad_client_id, CAST(ad_orgtype_id AS INTEGER) AS ad_orgtype_id, \
                 value, name, isactive, isready, issummary, isperiodcontrolallowed, c_calendar_id FROM org",
            )
            .await;
        }
        let reader = reader(&db).await;
        let tree = reader.load_tree("7").await.unwrap().structure;
        assert_eq!(tree.len(), 3, "0, 10 and 11");
        assert_eq!(tree.parent(tree.index_of("11").unwrap()), tree.index_of("10"));
        assert_eq!(reader.client_of_organization("11").await.unwrap().as_deref(), Some("7"));
        assert_eq!(reader.client_of_organization("011").await.unwrap(), None);
        assert_eq!(reader.user("30").await.unwrap().unwrap().username.as_deref(), Some("someone"));
    }
}

#[tokio::test]
async fn a_collation_of_a_column_changes_no_answer_on_sqlite() {
    let usual = TestDatabase::sqlite();
    let expected = answers(usual.with_rows(&rows()).await).await;
    let db = TestDatabase::sqlite();
    drop(db.with_rows(&rows()).await);
    for table in
        db.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ad@_%' ESCAPE '@'").await
    {
        let created = db.texts(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await;
        let created =
            created[0].replace(&format!("CREATE TABLE {table}"), &format!("CREATE TABLE {table}_new"));
        let created = without_regard_to_case(&created);
        db.execute(&format!(
            "{created}; INSERT INTO {table}_new SELECT * FROM {table}; DROP TABLE {table}; \
             ALTER TABLE {table}_new RENAME TO {table}"
        ))
        .await;
    }
    assert_eq!(answers(reader(&db).await).await, expected);
}

/// The same table, whose texts compare without regard to case.
fn without_regard_to_case(sql: &str) -> String {
    sql.lines().map(|line| line.replace("TEXT", "TEXT COLLATE NOCASE")).collect::<Vec<_>>().join("\n")
}

/// Bytes that are no text are refused by table and column, and other clients are not concerned.
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
        let error = reader.directory("C").await.unwrap_err().to_string();
        assert!(error.contains("column `name` of table `ad_org`"), "{error}");
        let error = reader.load_tree("C").await.unwrap_err().to_string();
        assert!(error.contains("column `c_calendar_id` of table `ad_org`"), "{error}");
        assert_eq!(reader.load_tree("D").await.unwrap().structure.len(), 1);
        assert_eq!(reader.directory("D").await.unwrap().len(), 1);
        assert_eq!(reader.clients().await.unwrap().len(), 3);
    }
}
