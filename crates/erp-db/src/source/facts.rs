//! The rows that decide about a login, all of one moment of the database.

use org_structure::OrgId;
use session::openbravo::{LinkedRole, LoginFacts, UserFacts, UserRole};
use session::{ClientId, Principal, RoleId, UserId};

use super::role::{self, parse};
use crate::database::{StatementError, Transaction};
use crate::erp::{ErpReader, ReadError};
use crate::text::can_be_id;

/// A user with the roles that it may take; a row for each of them, and one if there is none.
const USER: &str = "SELECT u.ad_client_id, u.isactive, u.islocked, u.default_ad_role_id, u.default_ad_org_id, \
     l.ad_role_id, l.isactive, r.ad_client_id, r.isactive, c.isactive \
     FROM ad_user u LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id \
     LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
     LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id WHERE u.ad_user_id = $1";

/// Reads user, role, client and organizations, as far as the login's own rule asks for them.
pub(super) async fn read(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    require(reader)?;
    let mut facts = LoginFacts::default();
    let mut transaction = reader.database().begin_reading().await?;
    facts.user = user(&mut transaction, principal.user).await?;
    if let Some(role_id) = facts.user.as_ref().and_then(|user| user.role_to_take(principal)) {
        (facts.role, facts.client) = role::read(&mut transaction, reader, role_id, None).await?;
    }
    transaction.commit().await?;
    Ok(facts)
}

fn require(reader: &ErpReader) -> Result<(), ReadError> {
    role::require(reader)?;
    reader.require(
        "ad_user",
        &["ad_user_id", "ad_client_id", "isactive", "islocked", "default_ad_role_id", "default_ad_org_id"],
    )?;
    reader.require("ad_user_roles", &["ad_user_id", "ad_role_id", "isactive"])
}

async fn user(transaction: &mut Transaction<'_>, id: UserId) -> Result<Option<UserFacts>, ReadError> {
    if !can_be_id(id.as_str()) {
        return Ok(None);
    }
    let mut user: Option<UserFacts> = None;
    transaction
        .each(USER, &[Some(id.as_str())], |row| {
            let user = match &mut user {
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
            Ok::<(), StatementError>(())
        })
        .await?;
    Ok(user)
}
