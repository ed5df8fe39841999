//! Questions about organizations that are answered from the current database rows, not from a tree.

use org_structure::{ClientId, OrgId};

use super::{ErpReader, OrgTreeLevel, ReadError, StoredOrgInfo};
use crate::backend::Value;

impl ErpReader {
    /// The client that an organization belongs to, or `None` for an unknown organization.
    ///
    /// # Errors
    /// [`ReadError`] if the database does not answer.
    pub async fn client_of_organization(&self, org: OrgId) -> Result<Option<ClientId>, ReadError> {
        let statement = "SELECT ad_client_id FROM ad_org WHERE ad_org_id = $1";
        let client = self
            .database
            .first(statement, &[Value::Text(org.as_str())], |row| {
                Ok::<_, ReadError>(row.optional_id(0, ClientId::new)?)
            })
            .await?;
        Ok(client.flatten())
    }

    /// The active legal entities among all organizations of a client, in its tree or not, ordered by id; none
    /// for an unknown client.
    ///
    /// # Errors
    /// [`ReadError`] if an id is over-long or the database does not answer.
    pub async fn legal_entities_of_client(&self, client: ClientId) -> Result<Vec<OrgId>, ReadError> {
        let statement = "SELECT o.ad_org_id FROM ad_org o JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id \
             WHERE o.ad_client_id = $1 AND o.isactive = 'Y' AND y.islegalentity = 'Y'";
        let mut ids = self
            .database
            .list(statement, &[Value::Text(client.as_str())], |row| {
                self.org_id("ad_org", "ad_org_id", row.text_or_empty(0)?)
            })
            .await?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// The values that the ERP stored for an organization when it was set ready, or `None` for an unknown
    /// organization.
    ///
    /// # Errors
    /// [`ReadError::MissingColumn`] in a database from before these columns (2018), or
    /// [`ReadError::Database`].
    pub async fn stored_org_info(&self, org: OrgId) -> Result<Option<StoredOrgInfo>, ReadError> {
        let statement = "SELECT ad_legalentity_org_id, ad_businessunit_org_id, ad_periodcontrolallowed_org_id, \
             ad_calendarowner_org_id, ad_inheritedcalendar_id FROM ad_org WHERE ad_org_id = $1";
        self.require_for(statement)?;
        self.database
            .first(statement, &[Value::Text(org.as_str())], |row| {
                let org = |column| row.optional_id(column, OrgId::new);
                Ok(StoredOrgInfo {
                    legal_entity: org(0)?,
                    business_unit: org(1)?,
                    period_control_allowed: org(2)?,
                    calendar_owner: org(3)?,
                    inherited_calendar: row.text(4)?.map(str::to_owned),
                })
            })
            .await
    }

    /// The relation of two organizations in the flat ancestor table `ad_org_tree`.
    ///
    /// # Errors
    /// [`ReadError::MissingTable`] in a database from before that table (2017), or [`ReadError::Database`].
    pub async fn org_tree_level(
        &self,
        org: OrgId,
        parent: OrgId,
        client: ClientId,
    ) -> Result<OrgTreeLevel, ReadError> {
        let arguments = [org.as_str(), parent.as_str(), client.as_str()].map(Value::Text);
        let statement = "SELECT CASE WHEN EXISTS (SELECT 1 FROM ad_org_tree WHERE ad_client_id = $3) \
             THEN 'Y' ELSE 'N' END, (SELECT CAST(MIN(levelno) AS bigint) FROM ad_org_tree \
             WHERE ad_org_id = $1 AND ad_parent_org_id = $2 AND ad_client_id = $3)";
        self.require_for(statement)?;
        let level = self
            .database
            .first(statement, &arguments, |row| {
                Ok::<_, ReadError>(match (row.flag(0)?, row.integer(1)?) {
                    (_, Some(level)) => OrgTreeLevel::Level(level),
                    (true, None) => OrgTreeLevel::NotIncluded,
                    (false, None) => OrgTreeLevel::NotFilled,
                })
            })
            .await?;
        Ok(level.unwrap_or(OrgTreeLevel::NotFilled))
    }
}
