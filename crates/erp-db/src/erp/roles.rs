//! Questions about roles.

use sqlx::AssertSqlSafe;

use super::{AccessedOrganization, ErpReader, ReadError, Role, RoleOrgAccess};
use crate::text::can_be_id;

impl ErpReader {
    /// A role of any client, or `None` if there is none of that id.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn role(&self, role: &str) -> Result<Option<Role>, ReadError> {
        self.require("ad_role", &["ad_role_id", "ad_client_id", "name", "userlevel", "isactive"])?;
        if !can_be_id(role) {
            return Ok(None);
        }
        // Both columns came late. Nothing but these fixed words gets into the statement.
        let column = |name| if self.schema.has("ad_role", name) { name } else { "NULL" };
        let statement = format!(
            "SELECT ad_role_id, ad_client_id, name, userlevel, isactive, {}, {} FROM ad_role WHERE ad_role_id = $1",
            column("ismanual"),
            column("is_client_admin"),
        );
        self.database
            .first(AssertSqlSafe(statement), &[Some(role)], |row| {
                Ok(Role {
                    id: row.text_or_empty(0)?.to_owned(),
                    client: row.text_or_empty(1)?.to_owned(),
                    name: row.text_or_empty(2)?.to_owned(),
                    user_level: row.text_or_empty(3)?.to_owned(),
                    active: row.flag(4)?,
                    manual: row.text(5)? != Some("N"),
                    client_admin: row.flag(6)?,
                })
            })
            .await
    }

    /// The organizations that a role is given by access rows, active or not, ordered by client, then organization;
    /// none for an unknown role.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing, an id is over-long or the database does not answer.
    pub async fn role_org_accesses(&self, role: &str) -> Result<Vec<RoleOrgAccess>, ReadError> {
        self.require("ad_role_orgaccess", &["ad_role_id", "ad_org_id", "ad_client_id", "isactive"])?;
        if !can_be_id(role) {
            return Ok(Vec::new());
        }
        let statement = "SELECT a.ad_org_id, a.ad_client_id, a.isactive, o.ad_org_id, o.ad_client_id, o.isactive \
             FROM ad_role_orgaccess a LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id WHERE a.ad_role_id = $1";
        let mut accesses = self
            .database
            .list(statement, &[Some(role)], |row| {
                let organization = match row.text(3)? {
                    Some(_) => Some(AccessedOrganization {
                        client: row.text_or_empty(4)?.to_owned(),
                        active: row.flag(5)?,
                    }),
                    None => None,
                };
                Ok::<_, ReadError>(RoleOrgAccess {
                    org: self.org_id("ad_role_orgaccess", "ad_org_id", row.text_or_empty(0)?)?,
                    client: row.text_or_empty(1)?.to_owned(),
                    active: row.flag(2)?,
                    organization,
                })
            })
            .await?;
        accesses.sort_unstable_by(|a, b| a.client.cmp(&b.client).then_with(|| a.org.cmp(&b.org)));
        Ok(accesses)
    }
}
