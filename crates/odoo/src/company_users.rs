//! The users of a [`CompanySource`]: who may sign in, who is an administrator, and whose record has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use chrono::NaiveDateTime;
use org_structure::OrgId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use session::{Session, UserId};

use crate::{Call, CompanySource, OdooError};

/// The group "Access Rights", whose members manage the rights of other users. Members of "Settings"
/// (`base.group_system`) are members too.
pub const ADMINISTRATORS: &str = "base.group_erp_manager";

/// First version in which `has_group` works for other users than the caller.
const HAS_GROUP_FOR_OTHERS: u64 = 18;

/// Maximum number of users per request.
const BATCH: usize = 1_000;

const FIELDS: [&str; 5] = ["login", "active", "share", "company_ids", "write_date"];

/// A user's current record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompanyUser {
    /// The user.
    pub id: UserId,
    /// The login name.
    pub login: String,
    /// Is the user active, and not a portal user?
    pub is_admitted: bool,
    /// The time of the last write to the user's record, in whole seconds. A change of password, login or
    /// companies is such a write, and so is a new signature.
    pub written: SystemTime,
    companies: BTreeSet<OrgId>,
}

impl CompanyUser {
    /// The user's active companies, sorted by id as text.
    pub fn companies(&self) -> impl Iterator<Item = &OrgId> {
        self.companies.iter()
    }

    /// Are the user's companies the same as those pinned by the session?
    #[must_use]
    pub fn has_companies_of(&self, session: &Session) -> bool {
        let pinned = session.access().readable();
        pinned.len() == self.companies.len()
            && self.companies.iter().all(|company| session.can_read(company.as_str()))
    }
}

/// The rights of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserRights {
    /// Does the user exist, active and not a portal user?
    pub is_admitted: bool,
    /// Is the user admitted and a member of [`ADMINISTRATORS`]?
    pub is_administrator: bool,
}

/// A row of `res.users`. Odoo returns `false` for an empty field.
#[derive(Deserialize)]
struct Row {
    id: i64,
    login: Value,
    active: bool,
    share: bool,
    company_ids: Vec<i64>,
    write_date: Value,
}

impl Row {
    fn into_user(self) -> Result<CompanyUser, OdooError> {
        let unexpected = || OdooError::Unexpected { method: "search_read".into() };
        let text = self.write_date.as_str().ok_or_else(unexpected)?;
        let written = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").map_err(|_| unexpected())?;
        let seconds = u64::try_from(written.and_utc().timestamp()).unwrap_or_default();
        let ids = self.company_ids.iter().filter_map(|id| OrgId::new(&id.to_string()).ok());
        Ok(CompanyUser {
            id: UserId::new(&self.id.to_string()).map_err(|_| unexpected())?,
            login: self.login.as_str().unwrap_or_default().to_owned(),
            is_admitted: self.active && !self.share,
            written: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            companies: ids.collect(),
        })
    }
}

impl CompanySource {
    /// The active user with this login name. Case matters, as in Odoo.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer, or the loader may not read users.
    pub async fn user_named(&self, login: &str) -> Result<Option<CompanyUser>, OdooError> {
        let call = Call::search_read("res.users", json!([["login", "=", login]]), &FIELDS);
        let rows: Vec<Row> = self.odoo().call(call).await?;
        let found = rows.into_iter().find(|row| row.login.as_str() == Some(login));
        found.map(Row::into_user).transpose()
    }

    /// The users with these ids, active or not, without users that no longer exist.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer, or the loader may not read users.
    pub async fn users(&self, ids: &[UserId]) -> Result<BTreeMap<UserId, CompanyUser>, OdooError> {
        let mut users = BTreeMap::new();
        let numbers: Vec<i64> = ids.iter().filter_map(|id| id.as_str().parse().ok()).collect();
        for chunk in numbers.chunks(BATCH) {
            // Not with `active_test` in the context: Odoo would then list archived companies too.
            let domain = json!(["|", ["active", "=", true], ["active", "=", false], ["id", "in", chunk]]);
            let rows: Vec<Row> = self.odoo().call(Call::search_read("res.users", domain, &FIELDS)).await?;
            for row in rows {
                let user = row.into_user()?;
                users.insert(user.id, user);
            }
        }
        Ok(users)
    }

    /// The user's current rights.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer, or the loader may not read users or groups.
    pub async fn standing(&self, user: UserId) -> Result<UserRights, OdooError> {
        let is_admitted = self.users(&[user]).await?.get(&user).is_some_and(|user| user.is_admitted);
        let id = user.as_str().parse().ok().filter(|_| is_admitted);
        let is_administrator = match id {
            Some(id) => self.is_member(id).await?,
            None => false,
        };
        Ok(UserRights { is_admitted, is_administrator })
    }

    async fn is_member(&self, user: i64) -> Result<bool, OdooError> {
        if self.odoo().version().await? >= HAS_GROUP_FOR_OTHERS {
            let call = Call::method("res.users", "has_group").idempotent().on(&[user]);
            return self.odoo().call(call.argument("group_ext_id", ADMINISTRATORS)).await;
        }
        let call = Call::read("res.users", &[user], &["groups_id"]);
        let rows: Vec<Groups> = self.odoo().call(call).await?;
        let ids: Vec<i64> = rows.into_iter().flat_map(|row| row.groups_id).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let call = Call::method("res.groups", "get_external_id").idempotent().on(&ids);
        let names: BTreeMap<String, String> = self.odoo().call(call).await?;
        Ok(ids.iter().any(|id| names.get(&id.to_string()).is_some_and(|name| name == ADMINISTRATORS)))
    }

    /// Logs the loader in, and checks that it can read all companies, all users, and the members of
    /// [`ADMINISTRATORS`]. Returns the number of companies.
    ///
    /// # Errors
    /// [`LoaderError`] that says what the loader may not read.
    pub async fn check_loader(&self) -> Result<usize, LoaderError> {
        self.odoo().scope().await?;
        let user = self.odoo().known_user().unwrap_or_default();
        let not_readable = |what: &'static str| {
            move |error| match error {
                OdooError::Access { message } => LoaderError::NotReadable { what, message },
                error => LoaderError::Odoo(error),
            }
        };
        let companies = self.companies().await.map_err(not_readable("companies (res.company)"))?;
        let id = UserId::new(&user.to_string()).unwrap_or(UserId::ZERO);
        self.users(&[id]).await.map_err(not_readable("users (res.users)"))?;
        if !self.is_member(user).await.map_err(not_readable("groups of users (res.groups)"))? {
            return Err(LoaderError::NotAnAdministrator);
        }
        Ok(companies.len())
    }
}

#[derive(Deserialize)]
struct Groups {
    groups_id: Vec<i64>,
}

/// The context that makes searches include archived records.
pub(crate) fn with_archived() -> Map<String, Value> {
    Map::from_iter([("active_test".to_owned(), Value::Bool(false))])
}

/// The loader is unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoaderError {
    /// Odoo refuses the loader's login, or does not answer.
    #[error(transparent)]
    Odoo(#[from] OdooError),
    /// The loader may not read a model that sessions need.
    #[error("the loader may not read {what}: {message}")]
    NotReadable {
        /// The records that the loader may not read.
        what: &'static str,
        /// Odoo's message.
        message: String,
    },
    /// The loader is not an administrator, so Odoo shows it only its own companies.
    #[error("the loader is not in the group `{ADMINISTRATORS}`, so it sees only its own companies")]
    NotAnAdministrator,
}
