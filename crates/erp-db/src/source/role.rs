//! The rows of a role: the role, its client, its access rows and the organizations that matter.

use org_structure::OrgId;
use session::openbravo::{AccessedOrganization, ClientFacts, ClientOrganization, OrgAccess, RoleFacts};
use session::{ClientId, RoleId, UserLevel};

use sqlx::AssertSqlSafe;

use super::statements::{self, ORGANIZATIONS};
use crate::backend::{Row, StatementError, Transaction, Value};
use crate::erp::{ErpReader, ReadError, repeat_if_lost};

/// Does the database have this column, which older versions lack?
pub(super) fn has_manual(reader: &ErpReader) -> bool {
    reader.schema.has("ad_role", "ismanual")
}

/// The rows of a role, in the order read.
pub(super) struct RoleRows {
    id: RoleId,
    pub(super) role: Option<RoleFacts>,
    pub(super) client: Option<ClientFacts>,
}

impl RoleRows {
    pub(super) fn new(id: RoleId) -> Self {
        RoleRows { id, role: None, client: None }
    }

    pub(super) fn add(&mut self, row: Row<'_>) -> Result<(), StatementError> {
        if self.role.is_none() && row.text(4)?.is_some() {
            self.client = Some(ClientFacts { id: row.id(4, ClientId::new)?, active: row.flag(5)? });
        }
        let role = match &mut self.role {
            Some(role) => role,
            None => self.role.insert(RoleFacts {
                id: self.id,
                client: row.id(0, ClientId::new)?,
                level: row.id(1, UserLevel::new)?,
                active: row.flag(2)?,
                manual: row.text(3)? != Some("N"),
                accesses: Vec::new(),
                organizations: Vec::new(),
            }),
        };
        if row.text(6)?.is_some() {
            role.accesses.push(access(row)?);
        }
        Ok(())
    }
}

impl ErpReader {
    /// The rows that decide about a role's access in `current_client`, in one snapshot of the database;
    /// `None` if the role does not exist. Nothing is filtered: rows of other clients are included if the
    /// database has any.
    ///
    /// A login reads the same rows, for the role's own client.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing, a column contains an invalid id, or the database does
    /// not answer.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(erp: erp_db::ErpReader) -> Result<(), Box<dyn std::error::Error>> {
    /// use session::openbravo::AccessOptions;
    ///
    /// let client = "C".parse()?;
    /// let tree = erp.load_tree(client).await?.structure;
    /// if let Some(role) = erp.role_facts("R".parse()?, client).await? {
    ///     let options = AccessOptions { current_client: Some(client), ..AccessOptions::default() };
    ///     let writable = role.access(&tree, &options).writable().len();
    ///     println!("writes in {writable} organizations");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn role_facts(
        &self,
        role: RoleId,
        current_client: ClientId,
    ) -> Result<Option<RoleFacts>, ReadError> {
        require(self)?;
        repeat_if_lost(|| async {
            let mut transaction = self.snapshot().await?;
            let (role, _) = read(&mut transaction, self, role, Some(current_client)).await?;
            transaction.commit().await?;
            Ok(role)
        })
        .await
    }
}

pub(super) fn require(reader: &ErpReader) -> Result<(), ReadError> {
    reader.require_for(&statements::role(has_manual(reader)).one_by_one())
}

/// A role and its client. The role works in the current client, or else in its own.
pub(super) async fn read(
    transaction: &mut Transaction<'_>,
    reader: &ErpReader,
    id: RoleId,
    current_client: Option<ClientId>,
) -> Result<(Option<RoleFacts>, Option<ClientFacts>), ReadError> {
    let (mut role, client) = role_and_client(transaction, reader, id).await?;
    if let Some(role) = &mut role {
        for client in role.needs_organizations_of(current_client.unwrap_or(role.client)) {
            role.organizations.extend(organizations(transaction, client).await?);
        }
    }
    Ok((role, client))
}

async fn role_and_client(
    transaction: &mut Transaction<'_>,
    reader: &ErpReader,
    id: RoleId,
) -> Result<(Option<RoleFacts>, Option<ClientFacts>), ReadError> {
    let mut rows = RoleRows::new(id);
    let statement = statements::role(has_manual(reader)).one_by_one();
    transaction.each(AssertSqlSafe(statement), &[Value::Text(id.as_str())], |row| rows.add(row)).await?;
    Ok((rows.role, rows.client))
}

pub(super) fn access(row: Row<'_>) -> Result<OrgAccess, StatementError> {
    let organization = match row.text(9)? {
        Some(_) => Some(AccessedOrganization { client: row.id(10, ClientId::new)?, active: row.flag(11)? }),
        None => None,
    };
    Ok(OrgAccess {
        org: row.id(6, OrgId::new)?,
        client: row.id(7, ClientId::new)?,
        active: row.flag(8)?,
        organization,
    })
}

pub(super) async fn organizations(
    transaction: &mut Transaction<'_>,
    client: ClientId,
) -> Result<Vec<ClientOrganization>, ReadError> {
    let mut organizations = Vec::new();
    transaction
        .each(AssertSqlSafe(ORGANIZATIONS.one_by_one()), &[Value::Text(client.as_str())], |row| {
            organizations.push(organization(row, client)?);
            Ok::<(), StatementError>(())
        })
        .await?;
    Ok(organizations)
}

pub(super) fn organization(row: Row<'_>, client: ClientId) -> Result<ClientOrganization, StatementError> {
    Ok(ClientOrganization { id: row.id(0, OrgId::new)?, client, active: row.flag(1)? })
}
