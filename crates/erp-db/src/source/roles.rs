//! The roles of a client with all rows that decide about their access, page by page.

use session::openbravo::{ClientOrganization, RoleFacts};
use session::{ClientId, RoleId, UserLevel};
use sqlx::AssertSqlSafe;

use super::role::{access, organizations};
use crate::backend::{Row, StatementError, Transaction, Value};
use crate::erp::{ErpReader, ReadError, repeat_if_lost};

/// Some roles of a client, in one snapshot of the database.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientRoles {
    /// The roles, ordered by id. Their facts do not include the client's organizations.
    pub roles: Vec<NamedRole>,
    /// Roles with unreadable rows. Logins with them fail.
    pub damaged: Vec<DamagedRole>,
    /// The role after which there may be more; `None` at the end.
    pub next: Option<RoleId>,
    /// All organizations of the client, in the tree or not, if the access of one of the roles depends on
    /// them.
    pub organizations: Vec<ClientOrganization>,
}

/// A role with its name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NamedRole {
    /// Its name.
    pub name: String,
    /// The rows that decide about its access.
    pub facts: RoleFacts,
}

/// A role whose own rows or access rows cannot be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DamagedRole {
    /// Its id; empty if that cannot be read.
    pub id: String,
    /// The unreadable column.
    pub column: String,
    /// The reason.
    pub cause: String,
}

impl DamagedRole {
    fn new(id: &str, error: &StatementError) -> Self {
        let (column, cause) = match error {
            StatementError::Value { column, cause, .. } => (column.clone(), cause.to_string()),
            other => (String::new(), other.to_string()),
        };
        DamagedRole { id: id.to_owned(), column, cause }
    }
}

impl ErpReader {
    /// At most `limit` roles of a client, active or not, after the id `after`; none for an unknown client.
    ///
    /// # Complexity
    /// At most two statements; O(access rows of these roles + organizations of the client).
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing, an id is over-long or the database does not answer.
    pub async fn roles_of_client(
        &self,
        client: ClientId,
        after: Option<RoleId>,
        limit: usize,
    ) -> Result<ClientRoles, ReadError> {
        self.require_for("SELECT name FROM ad_role")?;
        super::role::require(self)?;
        let after = after.as_ref().map_or("", RoleId::as_str);
        let limited = i64::try_from(limit).unwrap_or(i64::MAX);
        let arguments = [Value::Text(client.as_str()), Value::Text(after), Value::Integer(limited)];
        repeat_if_lost(|| async {
            let mut transaction = self.snapshot().await?;
            let page = self.page(&mut transaction, client, &arguments, limit).await?;
            transaction.commit().await?;
            Ok(page)
        })
        .await
    }

    /// Reads the roles that the statement returns.
    async fn page(
        &self,
        transaction: &mut Transaction<'_>,
        client: ClientId,
        arguments: &[Value<'_>],
        limit: usize,
    ) -> Result<ClientRoles, ReadError> {
        let mut found = ClientRoles::default();
        let (mut seen, mut last) = (0_usize, None::<String>);
        transaction
            .each(AssertSqlSafe(self.statement()), arguments, |row| {
                let id = match row.text_or_empty(0) {
                    Ok(id) => id,
                    Err(error) => {
                        (seen, last) = (seen + 1, None);
                        found.damaged.push(DamagedRole::new("", &error));
                        return Ok(());
                    }
                };
                let is_another = last.as_deref() != Some(id);
                if is_another {
                    (seen, last) = (seen + 1, Some(id.to_owned()));
                    found.next = RoleId::new(id).ok().or(found.next);
                    match named(row, client) {
                        Ok(role) => found.roles.push(role),
                        Err(error) => found.damaged.push(DamagedRole::new(id, &error)),
                    }
                }
                // A damaged role is not the last one.
                let role = found.roles.last_mut().filter(|role| role.facts.id.as_str() == id);
                if let Some(role) = role
                    && let Err(error) = add_access(row, &mut role.facts)
                {
                    found.roles.pop();
                    found.damaged.push(DamagedRole::new(id, &error));
                }
                Ok::<(), StatementError>(())
            })
            .await?;
        if seen < limit {
            found.next = None;
        }
        if found.roles.iter().any(|role| role.facts.needs_organizations_of(client).contains(&client)) {
            found.organizations = organizations(transaction, client).await?;
        }
        Ok(found)
    }

    /// Only fixed words get into the statement. Ids are compared byte for byte, which is SQLite's default.
    fn statement(&self) -> String {
        let manual = if self.schema.has("ad_role", "ismanual") { "ismanual" } else { "NULL" };
        let by_bytes = self.database().dialect().by_bytes;
        // The columns from the seventh on are those of a login's access rows.
        format!(
            "SELECT r.ad_role_id, r.name, r.userlevel, r.isactive, r.manual, NULL, \
             a.ad_org_id, a.ad_client_id, a.isactive, o.ad_org_id, o.ad_client_id, o.isactive \
             FROM (SELECT ad_role_id, name, userlevel, isactive, {manual} AS manual FROM ad_role \
               WHERE ad_client_id = $1 AND ad_role_id{by_bytes} > $2 ORDER BY ad_role_id{by_bytes} LIMIT $3) r \
             LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id \
             LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id ORDER BY r.ad_role_id{by_bytes}"
        )
    }
}

/// A role without its access.
fn named(row: Row<'_>, client: ClientId) -> Result<NamedRole, StatementError> {
    let facts = RoleFacts {
        id: row.id(0, RoleId::new)?,
        client,
        level: row.id(2, UserLevel::new)?,
        active: row.flag(3)?,
        manual: row.text(4)? != Some("N"),
        accesses: Vec::new(),
        organizations: Vec::new(),
    };
    Ok(NamedRole { name: row.text_or_empty(1)?.to_owned(), facts })
}

fn add_access(row: Row<'_>, role: &mut RoleFacts) -> Result<(), StatementError> {
    if row.text(6)?.is_some() {
        role.accesses.push(access(row)?);
    }
    Ok(())
}
