//! The rows that decide about a login, in one snapshot of the database.

use org_structure::OrgId;
use session::openbravo::{LinkedRole, LoginFacts, UserFacts, UserRole};
use session::{ClientId, Principal, RoleId, UserId};
use sqlx::AssertSqlSafe;

use super::role::{self, RoleRows, has_manual};
use super::statements::{self, ORGANIZATIONS, USER};
use crate::backend::{Row, StatementError, Value};
use crate::erp::{ErpReader, ReadError, repeat_if_lost};

/// Reads user, role, client and organizations, as far as the login's rule needs them: by one statement, or
/// else row by row in a transaction.
pub(super) async fn read(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    require(reader)?;
    match read_at_once(reader, principal).await {
        Ok(Some(facts)) => Ok(facts),
        Err(error) if error.is_transient() => Err(error.into()),
        // The statements of the transaction name the unreadable value.
        Ok(None) | Err(_) => read_row_by_row(reader, principal).await,
    }
}

fn require(reader: &ErpReader) -> Result<(), ReadError> {
    role::require(reader)?;
    reader.require_for(&USER.one_by_one())
}

/// Reads everything by one statement. Returns `None` if the statement chose another role than the login does,
/// or did not read the organizations that the role depends on.
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
    // PostgreSQL would treat such a role or client as not requested.
    if arguments.into_iter().flatten().any(|id| id.contains('\0')) {
        return Ok(None);
    }
    let arguments = arguments.map(Value::from);
    let packed = database
        .first(AssertSqlSafe(statements::facts(database.dialect(), has_manual(reader))), &arguments, |row| {
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
    database.unpack(&role, statements::role(has_manual(reader)), |row| rows.add(row)).await?;
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

/// Reads everything by one statement after the other, in one snapshot.
async fn read_row_by_row(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    let user = principal.user;
    repeat_if_lost(|| async {
        let mut transaction = reader.snapshot().await?;
        let mut facts = LoginFacts::default();
        let add = |row: Row<'_>| add_user(row, user, &mut facts.user);
        transaction.each(AssertSqlSafe(USER.one_by_one()), &[Value::Text(user.as_str())], add).await?;
        if let Some(role_id) = facts.user.as_ref().and_then(|user| user.role_to_take(principal)) {
            (facts.role, facts.client) = role::read(&mut transaction, reader, role_id, None).await?;
        }
        transaction.commit().await?;
        Ok(facts)
    })
    .await
}

/// Adds a row of the user.
fn add_user(row: Row<'_>, id: UserId, user: &mut Option<UserFacts>) -> Result<(), StatementError> {
    let user = match user {
        Some(user) => user,
        None => user.insert(UserFacts {
            id,
            client: row.id(0, ClientId::new)?,
            active: row.flag(1)?,
            locked: row.denying_flag(2)?,
            // A default that is not a valid id is ignored, like one that does not exist.
            default_role: row.text(3)?.and_then(|text| RoleId::new(text).ok()),
            default_org: row.text(4)?.and_then(|text| OrgId::new(text).ok()),
            roles: Vec::new(),
        }),
    };
    if row.text(5)?.is_some() {
        let linked = match row.text(7)? {
            Some(_) => Some(LinkedRole {
                client: row.id(7, ClientId::new)?,
                active: row.flag(8)?,
                client_active: row.flag(9)?,
            }),
            None => None,
        };
        let role = row.id(5, RoleId::new)?;
        user.roles.push(UserRole { role, active: row.flag(6)?, linked });
    }
    Ok(())
}
