//! The rows that decide about a login, and its principal, as sent by Java.

use org_structure::{InvalidId, OrgId};
use session::openbravo::{
    AccessedOrganization, ClientFacts, ClientOrganization, LinkedRole, LoginFacts, OrgAccess, RoleFacts,
    UserFacts, UserRole,
};
use session::{ClientId, InvalidUserLevel, Principal, RoleId, UserId, UserLevel};

use crate::frames::{FrameError, FrameReader, FrameWriter};

/// Why rows are invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactsError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Id(#[from] InvalidId),
    #[error(transparent)]
    Level(#[from] InvalidUserLevel),
}

/// Decodes the answer of the callback `facts`.
pub(crate) fn read(bytes: &[u8]) -> Result<LoginFacts, FactsError> {
    let mut frame = FrameReader::new(bytes);
    let facts = LoginFacts {
        user: frame.either(user)?,
        role: frame.either(role)?,
        client: frame.either(|frame| {
            Ok::<_, FactsError>(ClientFacts { id: ClientId::new(frame.text()?)?, active: frame.flag()? })
        })?,
    };
    frame.end()?;
    Ok(facts)
}

fn user(frame: &mut FrameReader<'_>) -> Result<UserFacts, FactsError> {
    Ok(UserFacts {
        id: UserId::new(frame.text()?)?,
        client: ClientId::new(frame.text()?)?,
        active: frame.flag()?,
        locked: frame.flag()?,
        // A default that is not a valid id is ignored, like one that does not exist.
        default_role: frame.optional()?.and_then(|text| RoleId::new(text).ok()),
        default_org: frame.optional()?.and_then(|text| OrgId::new(text).ok()),
        roles: frame.list(|frame| {
            Ok::<_, FactsError>(UserRole {
                role: RoleId::new(frame.text()?)?,
                active: frame.flag()?,
                linked: frame.either(|frame| {
                    Ok::<_, FactsError>(LinkedRole {
                        client: ClientId::new(frame.text()?)?,
                        active: frame.flag()?,
                        client_active: frame.flag()?,
                    })
                })?,
            })
        })?,
    })
}

fn role(frame: &mut FrameReader<'_>) -> Result<RoleFacts, FactsError> {
    Ok(RoleFacts {
        id: RoleId::new(frame.text()?)?,
        client: ClientId::new(frame.text()?)?,
        level: UserLevel::new(frame.text()?)?,
        manual: frame.flag()?,
        active: frame.flag()?,
        accesses: frame.list(|frame| {
            Ok::<_, FactsError>(OrgAccess {
                org: OrgId::new(frame.text()?)?,
                client: ClientId::new(frame.text()?)?,
                active: frame.flag()?,
                organization: frame.either(|frame| {
                    let client = ClientId::new(frame.text()?)?;
                    Ok::<_, FactsError>(AccessedOrganization { client, active: frame.flag()? })
                })?,
            })
        })?,
        organizations: frame.list(|frame| {
            Ok::<_, FactsError>(ClientOrganization {
                id: OrgId::new(frame.text()?)?,
                client: ClientId::new(frame.text()?)?,
                active: frame.flag()?,
            })
        })?,
    })
}

/// Decodes a principal.
pub(crate) fn read_principal(bytes: &[u8]) -> Result<Principal, FactsError> {
    let mut frame = FrameReader::new(bytes);
    let mut principal = Principal::new(UserId::new(frame.text()?)?);
    principal.role = frame.optional()?.map(RoleId::new).transpose()?;
    principal.client = frame.optional()?.map(ClientId::new).transpose()?;
    principal.org = frame.optional()?.map(OrgId::new).transpose()?;
    frame.end()?;
    Ok(principal)
}

/// Encodes a principal for the callback `facts`.
pub(crate) fn write_principal(principal: &Principal) -> Vec<u8> {
    let mut frame = FrameWriter::default();
    frame.text(principal.user.as_str());
    frame.optional(principal.role.as_ref().map(RoleId::as_str));
    frame.optional(principal.client.as_ref().map(ClientId::as_str));
    frame.optional(principal.org.as_ref().map(OrgId::as_str));
    frame.finish()
}
