//! The rows that decide about a login, all of one moment of the database.

use org_structure::OrgId;
use session::openbravo::{
    AccessedOrganization, ClientFacts, ClientOrganization, LoginFacts, OrgAccess, RoleFacts, UserFacts,
    UserRole,
};
use session::{ClientId, Principal, RoleId, UserId, UserLevel};

use crate::database::{Row, StatementError, Transaction};
use crate::erp::{ErpReader, ReadError};
use crate::text::can_be_id;

/// A user with the roles that it may take; a row for each of them, and one if there is none.
const USER: &str = "SELECT u.ad_client_id, u.isactive, u.islocked, u.default_ad_role_id, u.default_ad_org_id, \
     r.ad_role_id, r.isactive \
     FROM ad_user u LEFT JOIN ad_user_roles r ON r.ad_user_id = u.ad_user_id WHERE u.ad_user_id = $1";

/// A role with its client and its access rows; a row for each of these, and one if there is none.
macro_rules! role {
    ($manual:literal) => {
        concat!(
            "SELECT r.ad_client_id, r.userlevel, r.isactive, ",
            $manual,
            ", c.ad_client_id, c.isactive, \
             a.ad_org_id, a.ad_client_id, a.isactive, o.ad_org_id, o.ad_client_id, o.isactive \
             FROM ad_role r LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id \
             LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id \
             LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id WHERE r.ad_role_id = $1"
        )
    };
}
const ROLE: &str = role!("r.ismanual");
const ROLE_WITHOUT_MANUAL: &str = role!("NULL");

/// Reads user, role, client and organizations, as far as the login's own rule asks for them.
pub(super) async fn read(reader: &ErpReader, principal: &Principal) -> Result<LoginFacts, ReadError> {
    require(reader)?;
    let mut facts = LoginFacts::default();
    let mut transaction = reader.database().begin_reading().await?;
    facts.user = user(&mut transaction, principal.user).await?;
    if let Some(role_id) = facts.user.as_ref().and_then(|user| user.role_to_take(principal.role)) {
        (facts.role, facts.client) = role(&mut transaction, reader, role_id).await?;
    }
    if let Some(role) = &mut facts.role {
        for client in role.needs_organizations_of(role.client) {
            role.organizations.extend(organizations(&mut transaction, client).await?);
        }
    }
    transaction.commit().await?;
    Ok(facts)
}

fn require(reader: &ErpReader) -> Result<(), ReadError> {
    reader.require("ad_client", &["ad_client_id", "isactive"])?;
    reader.require(
        "ad_user",
        &["ad_user_id", "ad_client_id", "isactive", "islocked", "default_ad_role_id", "default_ad_org_id"],
    )?;
    reader.require("ad_user_roles", &["ad_user_id", "ad_role_id", "isactive"])?;
    reader.require("ad_role", &["ad_role_id", "ad_client_id", "userlevel", "isactive"])?;
    reader.require("ad_role_orgaccess", &["ad_role_id", "ad_org_id", "ad_client_id", "isactive"])
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
                    locked: row.flag(2)?,
                    // A default that cannot be an id names nothing, like any other that is not there.
                    default_role: row.text(3)?.and_then(|text| RoleId::new(text).ok()),
                    default_org: row.text(4)?.and_then(|text| OrgId::new(text).ok()),
                    roles: Vec::new(),
                }),
            };
            if row.text(5)?.is_some() {
                user.roles.push(UserRole { role: parse(row, 5, RoleId::new)?, active: row.flag(6)? });
            }
            Ok::<(), StatementError>(())
        })
        .await?;
    Ok(user)
}

async fn role(
    transaction: &mut Transaction<'_>,
    reader: &ErpReader,
    id: RoleId,
) -> Result<(Option<RoleFacts>, Option<ClientFacts>), ReadError> {
    if !can_be_id(id.as_str()) {
        return Ok((None, None));
    }
    // The column came late.
    let statement = if reader.schema.has("ad_role", "ismanual") { ROLE } else { ROLE_WITHOUT_MANUAL };
    let (mut role, mut client) = (None, None);
    transaction
        .each(statement, &[Some(id.as_str())], |row| {
            if role.is_none() && row.text(4)?.is_some() {
                client = Some(ClientFacts { id: parse(row, 4, ClientId::new)?, active: row.flag(5)? });
            }
            let role = match &mut role {
                Some(role) => role,
                None => role.insert(RoleFacts {
                    id,
                    client: parse(row, 0, ClientId::new)?,
                    level: parse(row, 1, UserLevel::new)?,
                    active: row.flag(2)?,
                    manual: row.text(3)? != Some("N"),
                    accesses: Vec::new(),
                    organizations: Vec::new(),
                }),
            };
            if row.text(6)?.is_some() {
                role.accesses.push(access(row)?);
            }
            Ok::<(), StatementError>(())
        })
        .await?;
    Ok((role, client))
}

pub(super) fn access(row: Row<'_>) -> Result<OrgAccess, StatementError> {
    let organization = match row.text(9)? {
        Some(_) => {
            Some(AccessedOrganization { client: parse(row, 10, ClientId::new)?, active: row.flag(11)? })
        }
        None => None,
    };
    Ok(OrgAccess {
        org: parse(row, 6, OrgId::new)?,
        client: parse(row, 7, ClientId::new)?,
        active: row.flag(8)?,
        organization,
    })
}

pub(super) async fn organizations(
    transaction: &mut Transaction<'_>,
    client: ClientId,
) -> Result<Vec<ClientOrganization>, ReadError> {
    let statement = "SELECT ad_org_id, isactive FROM ad_org WHERE ad_client_id = $1";
    let mut organizations = Vec::new();
    transaction
        .each(statement, &[Some(client.as_str())], |row| {
            organizations.push(ClientOrganization {
                id: parse(row, 0, OrgId::new)?,
                client,
                active: row.flag(1)?,
            });
            Ok::<(), StatementError>(())
        })
        .await?;
    Ok(organizations)
}

/// A text of a column that must be an id, or a user level.
pub(super) fn parse<T, E: std::error::Error + Send + Sync + 'static>(
    row: Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, StatementError> {
    read(row.text_or_empty(column)?).map_err(|cause| row.invalid(column, cause))
}
