//! Questions about organizations that are answered from the database as it is now, beside any tree.

use org_structure::OrgId;

use super::{ErpReader, OrgTreeLevel, ReadError, StoredOrgInfo};
use crate::backend::Value;
use crate::text::can_be_id;

impl ErpReader {
    /// The client that an organization belongs to, or `None` for an unknown organization.
    ///
    /// # Errors
    /// [`ReadError`] if the database does not answer.
    pub async fn client_of_organization(&self, org: &str) -> Result<Option<String>, ReadError> {
        if !can_be_id(org) {
            return Ok(None);
        }
        let statement = "SELECT ad_client_id FROM ad_org WHERE ad_org_id = $1";
        let client = self
            .database
            .first(statement, &[Value::Text(org)], |row| Ok::<_, ReadError>(row.text(0)?.map(str::to_owned)))
            .await?;
        Ok(client.flatten())
    }

    /// The active legal entities among all organizations of a client, in its tree or not, ordered by id; none
    /// for an unknown client.
    ///
    /// # Errors
    /// [`ReadError`] if an id is over-long or the database does not answer.
    pub async fn legal_entities_of_client(&self, client: &str) -> Result<Vec<OrgId>, ReadError> {
        if !can_be_id(client) {
            return Ok(Vec::new());
        }
        let statement = "SELECT o.ad_org_id FROM ad_org o JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id \
             WHERE o.ad_client_id = $1 AND o.isactive = 'Y' AND y.islegalentity = 'Y'";
        let mut ids = self
            .database
            .list(statement, &[Value::Text(client)], |row| {
                self.org_id("ad_org", "ad_org_id", row.text_or_empty(0)?)
            })
            .await?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// What the database stores about an organization since it was set ready, or `None` for an unknown
    /// organization.
    ///
    /// # Errors
    /// [`ReadError::MissingColumn`] in a database from before these columns (2018), or [`ReadError::Database`].
    pub async fn stored_org_info(&self, org: &str) -> Result<Option<StoredOrgInfo>, ReadError> {
        let statement = "SELECT ad_legalentity_org_id, ad_businessunit_org_id, ad_periodcontrolallowed_org_id, \
             ad_calendarowner_org_id, ad_inheritedcalendar_id FROM ad_org WHERE ad_org_id = $1";
        self.require_for(statement)?;
        if !can_be_id(org) {
            return Ok(None);
        }
        self.database
            .first(statement, &[Value::Text(org)], |row| {
                let owned = |column| Ok::<_, ReadError>(row.text(column)?.map(str::to_owned));
                Ok(StoredOrgInfo {
                    legal_entity: owned(0)?,
                    business_unit: owned(1)?,
                    period_control_allowed: owned(2)?,
                    calendar_owner: owned(3)?,
                    inherited_calendar: owned(4)?,
                })
            })
            .await
    }

    /// What the flat ancestor table `ad_org_tree` says about an organization and one that may be above it.
    ///
    /// # Errors
    /// [`ReadError::MissingTable`] in a database from before that table (2017), or [`ReadError::Database`].
    pub async fn org_tree_level(
        &self,
        org: &str,
        parent: &str,
        client: &str,
    ) -> Result<OrgTreeLevel, ReadError> {
        let [org, parent, client] =
            [org, parent, client].map(|id| Value::from(Some(id).filter(|id| can_be_id(id))));
        let statement = "SELECT CASE WHEN EXISTS (SELECT 1 FROM ad_org_tree WHERE ad_client_id = $3) \
             THEN 'Y' ELSE 'N' END, (SELECT CAST(MIN(levelno) AS bigint) FROM ad_org_tree \
             WHERE ad_org_id = $1 AND ad_parent_org_id = $2 AND ad_client_id = $3)";
        self.require_for(statement)?;
        let level = self
            .database
            .first(statement, &[org, parent, client], |row| {
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
