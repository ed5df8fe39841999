//! The service's database: Openbravo's sample rows, with more organizations and users.

use std::path::Path;

use anyhow::{Result, anyhow};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

/// The client that is enlarged.
const CLIENT: &str = "23C59575B9CF467C9620760EB255B389";
/// Its tree, with eight organizations.
const TREE: &str = "28449865CD75486CAE52ED581311027B";
/// The organization below which organizations are added.
const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";
/// Its administrator's role.
const ROLE: &str = "42D0EEB1C66F497A90DD526DC597E6F0";

/// The number of added organizations, five below each.
const ADDED: usize = 592;
/// The total number of organizations, including `0`.
pub(crate) const ORGANIZATIONS: usize = ADDED + 8;
/// The number of added users: so many that consecutive logins are mostly of different users.
pub(crate) const USERS: usize = 10_000;

/// The id of an added organization: 32 hexadecimal digits, as in Openbravo.
fn id(number: &str) -> String {
    format!("printf('%032X', {number})")
}

/// Two distant organizations in one natural tree: the group and the last added one.
pub(crate) fn pair() -> (String, String) {
    (GROUP.to_owned(), format!("{ADDED:032X}"))
}

/// The name of an added user.
pub(crate) fn user(number: usize) -> String {
    format!("bench-{}", number % USERS + 1)
}

/// Creates the database.
pub(crate) async fn create(file: &Path) -> Result<()> {
    erp_import::demo::create(file).await.map_err(|error| anyhow!("{error}"))?;
    let numbers = |count: usize| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})")
    };
    let (orgs, users, org) = (numbers(ADDED), numbers(USERS), id("i"));
    let above = id("(i + 3) / 5");
    let statements = format!(
        "{orgs} INSERT INTO ad_org
           (ad_org_id, ad_client_id, isactive, value, name, issummary, ad_orgtype_id, isready)
           SELECT {org}, '{CLIENT}', 'Y', 'B' || i, 'Shop ' || i, 'N', '2', 'Y' FROM n;
         {orgs} INSERT INTO ad_treenode
           (ad_treenode_id, ad_tree_id, node_id, ad_client_id, ad_org_id, isactive, parent_id, seqno)
           SELECT 'N' || i, '{TREE}', {org}, '{CLIENT}', '0', 'Y',
             CASE WHEN i = 1 THEN '{GROUP}' ELSE {above} END, i FROM n;
         {users} INSERT INTO ad_user
           (ad_user_id, ad_client_id, ad_org_id, isactive, username, islocked, default_ad_role_id)
           SELECT 'BU' || i, '{CLIENT}', '0', 'Y', 'bench-' || i, 'N', '{ROLE}' FROM n;
         {users} INSERT INTO ad_user_roles (ad_user_roles_id, ad_user_id, ad_role_id, ad_client_id, ad_org_id, isactive)
           SELECT 'BR' || i, 'BU' || i, '{ROLE}', '{CLIENT}', '0', 'Y' FROM n"
    );
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
    connection.close().await?;
    Ok(())
}
