//! The rows that decide about a login, all of one moment of the database.

use org_structure::OrgId;
use session::openbravo::{LinkedRole, LoginFacts, UserFacts, UserRole};
use session::{ClientId, Principal, RoleId, UserId};
use sqlx::AssertSqlSafe;

use super::role::{self, ORGANIZATIONS, RoleRows, parse};
use crate::backend::{Row, Select, StatementError, Value, Work};
use crate::erp::{ErpReader, ReadError};
use crate::text::can_be_id;

/// A user with the roles that it may take; a row for each of them, and one if there is none.
static USER: Select = Select {
    columns: &[
        "u.ad_client_id",
        "u.isactive",
        "u.islocked",
        "u.default_ad_role_id",
        "u.default_ad_org_id",
        "l.ad_role_id",
        "l.isactive",
        "r.ad_client_id",
        "r.isactive",
        "c.isactive",
    ],
    from: "ad_user u LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id \
         LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
         LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id WHERE u.ad_user_id = $1",
};

/// The role $2, or the one that user $1 takes where none is asked for, in client $3 if one is: the same
/// choice as [`UserFacts::role_to_take`] makes among the roles that can be worked in.
const ROLE_TO_TAKE: &str = "COALESCE($2, (SELECT l.ad_role_id FROM ad_user u \
     JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
     JOIN ad_client c ON c.ad_client_id = r.ad_client_id \
     WHERE u.ad_user_id = $1 AND l.isactive = 'Y' AND r.isactive = 'Y' AND c.isactive = 'Y' \
     AND (r.ad_client_id = u.ad_client_id OR u.ad_user_id = '100' AND u.ad_client_id = '0') \
     AND r.ad_client_id = COALESCE($3, r.ad_client_id) \
     ORDER BY CASE WHEN l.ad_role_id = u.default_ad_role_id THEN 0 ELSE 1 END, l.ad_role_id{by_bytes} LIMIT 1))";

/// The client whose organizations the access of that role depends on.
const CLIENT_OF_ROLE: &str = "(SELECT r.ad_client_id FROM ad_role r WHERE r.ad_role_id = {role} \
     AND ({manual} = 'N' OR EXISTS (SELECT 1 FROM ad_role_orgaccess a \
       WHERE a.ad_role_id = r.ad_role_id AND a.ad_org_id = '0')))";

/// Reads user, role, client and organizations, as far as the login's own rule asks for them: by one
/// statement, or else row by row in a transaction.
pub(super) async fn read(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    require(reader)?;
    match read_at_once(reader, principal).await {
        Ok(Some(facts)) => Ok(facts),
        Err(error) if error.is_transient() => Err(error.into()),
        // A value that cannot be read is named by the transaction's statements.
        Ok(None) | Err(_) => read_row_by_row(reader, principal).await,
    }
}

fn require(reader: &ErpReader) -> Result<(), ReadError> {
    role::require(reader)?;
    reader.require_for(&USER.one_by_one())
}

/// The statement whose one row holds the packed rows of the user, of the role and of the organizations, the
/// role's id, and whether the organizations were read.
fn statement(reader: &ErpReader) -> String {
    let dialect = reader.database().dialect();
    let role_id = ROLE_TO_TAKE.replace("{by_bytes}", dialect.by_bytes);
    let manual = if reader.schema.has("ad_role", "ismanual") { "r.ismanual" } else { "NULL" };
    let client = CLIENT_OF_ROLE.replace("{role}", &role_id).replace("{manual}", manual);
    format!(
        "SELECT ({}), ({}), ({}), {role_id}, CASE WHEN {client} IS NULL THEN 'N' ELSE 'Y' END",
        (dialect.packed)(&USER),
        (dialect.packed)(role::statement(reader)).replace("$1", &role_id),
        (dialect.packed)(&ORGANIZATIONS).replace("$1", &client),
    )
}

/// Reads all by one statement. Gives nothing where the statement took another role than the login does, or
/// not the organizations that the role depends on.
async fn read_at_once(
    reader: &ErpReader,
    principal: &Principal,
) -> Result<Option<LoginFacts>, StatementError> {
    let database = reader.database();
    let arguments = [
        Some(principal.user.as_str()),
        principal.role.as_ref().map(RoleId::as_str),
        principal.client.as_ref().map(ClientId::as_str),
    ];
    if !arguments.into_iter().flatten().all(can_be_id) {
        return Ok(None);
    }
    let arguments = arguments.map(Value::from);
    let packed = database
        .first(AssertSqlSafe(statement(reader)), &arguments, |row| {
            let packed = [row.text_or_empty(0)?, row.text_or_empty(1)?, row.text_or_empty(2)?];
            let role = row.text(3)?.and_then(|id| RoleId::new(id).ok());
            Ok::<_, StatementError>((packed.map(str::to_owned), role, row.flag(4)?))
        })
        .await?;
    let Some(([user, role, organizations], role_id, has_organizations)) = packed else { return Ok(None) };
    let mut facts = LoginFacts::default();
    database.unpack(&user, &USER, |row| add_user(row, principal.user, &mut facts.user)).await?;
    if facts.user.as_ref().and_then(|user| user.role_to_take(principal)) != role_id {
        return Ok(None);
    }
    let Some(role_id) = role_id else { return Ok(Some(facts)) };
    let mut rows = RoleRows::new(role_id);
    database.unpack(&role, role::statement(reader), |row| rows.add(row)).await?;
    if let Some(role) = &mut rows.role {
        let client = role.client;
        if role.needs_organizations_of(client).contains(&client) != has_organizations {
            return Ok(None);
        }
        database
            .unpack(&organizations, &ORGANIZATIONS, |row| {
                role.organizations.push(role::organization(row, client)?);
                Ok::<(), StatementError>(())
            })
            .await?;
    }
    (facts.role, facts.client) = (rows.role, rows.client);
    Ok(Some(facts))
}

/// Reads all by one statement after the other, of one moment of the database.
async fn read_row_by_row(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    let mut facts = LoginFacts::default();
    let mut transaction = reader.database().begin_to(Work::Reads).await?;
    let user = principal.user;
    if can_be_id(user.as_str()) {
        let add = |row: Row<'_>| add_user(row, user, &mut facts.user);
        transaction.each(AssertSqlSafe(USER.one_by_one()), &[Value::Text(user.as_str())], add).await?;
    }
    if let Some(role_id) = facts.user.as_ref().and_then(|user| user.role_to_take(principal)) {
        (facts.role, facts.client) = role::read(&mut transaction, reader, role_id, None).await?;
    }
    transaction.commit().await?;
    Ok(facts)
}

/// Adds a row of the user.
fn add_user(row: Row<'_>, id: UserId, user: &mut Option<UserFacts>) -> Result<(), StatementError> {
    let user = match user {
        Some(user) => user,
        None => user.insert(UserFacts {
            id,
            client: parse(row, 0, ClientId::new)?,
            active: row.flag(1)?,
            locked: row.denying_flag(2)?,
            // A default that cannot be an id names nothing, like any other that is not there.
            default_role: row.text(3)?.and_then(|text| RoleId::new(text).ok()),
            default_org: row.text(4)?.and_then(|text| OrgId::new(text).ok()),
            roles: Vec::new(),
        }),
    };
    if row.text(5)?.is_some() {
        let linked = match row.text(7)? {
            Some(_) => Some(LinkedRole {
                client: parse(row, 7, ClientId::new)?,
                active: row.flag(8)?,
                client_active: row.flag(9)?,
            }),
            None => None,
        };
        let role = parse(row, 5, RoleId::new)?;
        user.roles.push(UserRole { role, active: row.flag(6)?, linked });
    }
    Ok(())
}
