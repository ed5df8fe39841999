//! Login, refresh and switch: each creates a session, and all but the login replace one.

use std::sync::Arc;

use org_structure::OrgId;

use super::capacity::Reservation;
use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::openbravo::{AccessOptions, Refusal, RoleFacts};
use crate::pinned::{PinnedAccess, PinnedTree};
use crate::source::Facts;
use crate::store::{CreateOutcome, NewSession};
use crate::table::Insertion;
use crate::token::Token;
use crate::{
    AccessHash, ClientId, CompanyFacts, LoginError, Principal, RoleAccess, RoleId, Session, SessionError,
    SessionId, SessionRecord,
};
use platform::sync::Ordering;

/// A new session, and the only copy of its token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The credential of the session. It is stored nowhere.
    pub token: Token,
    /// The session.
    pub session: Session,
    /// Notices for the user or the operator.
    pub notices: Vec<Notice>,
}

/// What the user or the operator should know about a login that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The role can write nowhere.
    ReadOnly,
    /// The role cannot write in the organization that was asked for or follows from the defaults, so the
    /// session works in another one.
    OrgReplaced {
        /// The organization that was asked for or is the default.
        org: OrgId,
        /// The organization that the session works in.
        by: OrgId,
    },
    /// Another session was ended, because the limit was reached.
    OldestEnded(SessionId),
}

/// How a replacement session differs from the old one.
#[derive(Debug, Default)]
struct Replacement {
    replaces: Option<SessionId>,
    /// The organization to stay in, if the role still works there.
    stay_in: Option<OrgId>,
    additional_writable: Vec<OrgId>,
}

impl SessionManager {
    /// Creates a session for a principal that the ERP has authenticated. Its tree and access are no older
    /// than this call, and it is durable in the store when the call returns.
    ///
    /// Reads the facts of the login and a revision from the source, and the tree unless a live one may be
    /// shared. The store runs one transaction.
    ///
    /// # Errors
    /// [`LoginError`]: a check that failed, a limit, a database that does not answer.
    pub async fn login(&self, principal: Principal) -> Result<Login, LoginError> {
        self.begin(principal, Replacement::default()).await
    }

    /// Replaces a session by one of the same user, role and organization that pins the current tree and
    /// access. If the role no longer works in that organization, another one is chosen as at login.
    ///
    /// If the result gets lost, neither token is valid: log in again.
    ///
    /// # Errors
    /// As [`login`](Self::login); the old session stays valid.
    pub async fn refresh(&self, token: &Token) -> Result<Login, LoginError> {
        self.renew_in_place(token, Vec::new()).await
    }

    /// As [`refresh`](Self::refresh), and makes an organization writable that a process has just created,
    /// even if no row of the role grants it (Openbravo's `addWritableOrganization`). The next refresh or
    /// switch follows the rows again.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh); [`LoginError::UnknownOrg`] if the organization is not in the client's
    /// tree.
    pub async fn add_writable_org(&self, token: &Token, org: OrgId) -> Result<Login, LoginError> {
        self.renew_in_place(token, vec![org]).await
    }

    /// Replaces a session by one of the same user in another role, in an organization or in the user's
    /// default one.
    ///
    /// # Errors
    /// As [`login`](Self::login); the old session stays valid.
    pub async fn switch_role(
        &self,
        token: &Token,
        role: RoleId,
        org: Option<OrgId>,
    ) -> Result<Login, LoginError> {
        let old = self.session(token).await?;
        let mut principal = Principal::new(old.user()).with_role(role);
        principal.org = org;
        self.begin(principal, Replacement { replaces: Some(old.id()), ..Replacement::default() }).await
    }

    /// Replaces a session by one of the same user and role in another organization.
    ///
    /// # Errors
    /// As [`login`](Self::login); the old session stays valid.
    pub async fn switch_org(&self, token: &Token, org: OrgId) -> Result<Login, LoginError> {
        let old = self.session(token).await?;
        let principal = Principal::new(old.user()).with_role(old.role()).in_client(old.client()).in_org(org);
        self.begin(principal, Replacement { replaces: Some(old.id()), ..Replacement::default() }).await
    }

    async fn renew_in_place(
        &self,
        token: &Token,
        additional_writable: Vec<OrgId>,
    ) -> Result<Login, LoginError> {
        let old = self.session(token).await?;
        let principal = Principal::new(old.user()).with_role(old.role()).in_client(old.client());
        let replacement =
            Replacement { replaces: Some(old.id()), stay_in: Some(old.org()), additional_writable };
        self.begin(principal, replacement).await
    }

    async fn begin(&self, principal: Principal, replacement: Replacement) -> Result<Login, LoginError> {
        let core = &self.core;
        let outcome = core.begin(principal, replacement).await;
        core.count(if outcome.is_ok() { &core.counters.logins } else { &core.counters.refused });
        outcome
    }
}

impl Core {
    async fn begin(&self, principal: Principal, replacement: Replacement) -> Result<Login, LoginError> {
        let ticket = self.trees.take_ticket();
        if self.closing.load(Ordering::SeqCst) {
            return Err(LoginError::ShuttingDown);
        }
        let mut reservation = Reservation::new(self, replacement.replaces.is_some())?;
        let facts = self.source.facts(&principal).await.map_err(LoginError::Source)?;
        let login = VerifiedLogin::new(facts, &principal)?;
        let (client, role) = login.works_as();
        reservation.reserve_for_user(client, principal.user)?;
        let tree = self.trees.pin(client, ticket).await.map_err(LoginError::Source)?;
        let (pinned, org, mut notices) = self.resolve_access(&login, &principal, &replacement, tree)?;

        let token = Token::new(&*self.entropy)?;
        let record = Arc::new(SessionRecord {
            id: token.id(),
            client,
            user: principal.user,
            role,
            org,
            tree: pinned.tree.fingerprint,
            access: pinned.hash,
            lifetime: self.lifetime(),
        });
        let live = self.commit(&record, &pinned, replacement.replaces, reservation.place).await?;
        reservation.keep();
        if let Some(old) = replacement.replaces {
            self.table.end(&old);
            self.table.finish_end(&old);
        }
        notices.extend(self.make_room(&live).await.into_iter().map(Notice::OldestEnded));
        Ok(Login { token, session: Session::new(live), notices })
    }

    /// Access and organization of a login, given its tree.
    fn resolve_access(
        &self,
        login: &VerifiedLogin,
        principal: &Principal,
        replacement: &Replacement,
        tree: Arc<PinnedTree>,
    ) -> Result<(Arc<PinnedAccess>, OrgId, Vec<Notice>), LoginError> {
        let mut notices = Vec::new();
        let (access, wanted) = match login {
            VerifiedLogin::Openbravo { role, default_org } => {
                let additional = &replacement.additional_writable;
                let foreign = additional
                    .iter()
                    .find(|org| org.is_zero() || tree.structure.index_of(org.as_str()).is_none());
                if let Some(org) = foreign {
                    return Err(LoginError::UnknownOrg { org: *org, client: role.client });
                }
                let options = AccessOptions {
                    automatic_roles: self.options.automatic_roles,
                    additional_writable: additional,
                    ..AccessOptions::default()
                };
                let default = replacement.stay_in.or(*default_org);
                let org = role.current_org(&options, principal.org, default)?;
                (role.access(&tree.structure, &options), org)
            }
            VerifiedLogin::Companies(facts) => {
                let access = facts.access(&tree.structure);
                let wanted = principal.org.or(replacement
                    .stay_in
                    .filter(|org| access.writable().contains(&tree.structure, org.as_str())));
                let org = wanted.unwrap_or(facts.default);
                if !access.writable().contains(&tree.structure, org.as_str()) {
                    return Err(Refusal::OrgNotGiven { role: facts.role, org }.into());
                }
                (access, org)
            }
        };
        let org = if access.writable().contains(&tree.structure, wanted.as_str()) {
            wanted
        } else {
            access.writable().ids(&tree.structure).max().unwrap_or(wanted)
        };
        if org != wanted {
            notices.push(Notice::OrgReplaced { org: wanted, by: org });
        }
        if access.is_read_only() {
            notices.push(Notice::ReadOnly);
        }
        Ok((self.pin_access(access, tree), org, notices))
    }

    fn pin_access(&self, access: RoleAccess, tree: Arc<PinnedTree>) -> Arc<PinnedAccess> {
        let hash = AccessHash::from_canonical(&access.encode(tree.fingerprint));
        self.parts.pin_access(hash, tree, || access)
    }

    /// Stores a session, then inserts it into the table.
    async fn commit(
        &self,
        record: &Arc<SessionRecord>,
        pinned: &Arc<PinnedAccess>,
        replaces: Option<SessionId>,
        is_reserved: bool,
    ) -> Result<Arc<CachedSession>, LoginError> {
        let id = record.id;
        let began = self.now();
        if let Some(old) = replaces.and_then(|old| self.table.get(&old)) {
            // If this call is cancelled, only the store knows whether the old session still exists.
            old.mark_stale(began);
        }
        let mut ends = self.table.ends(&id).ok_or(LoginError::EndedMeanwhile)?;
        let role = self.parts.pin_role(record, pinned);
        let live = Arc::new(CachedSession::new(record, role, began, began, began));
        let new = NewSession::new(record, &pinned.tree.structure, &pinned.access).replacing(replaces);
        match self.record_outcome(self.store.create(&new.held_as(&live)).await).map_err(LoginError::Store)? {
            CreateOutcome::Done => {}
            CreateOutcome::ReplacedIsGone => {
                if let Some(old) = replaces.and_then(|old| self.table.get(&old)) {
                    self.remove_gone(&old);
                }
                return Err(SessionError::NotLive.into());
            }
        }
        loop {
            match self.table.insert(Arc::clone(&live), ends, is_reserved) {
                Insertion::Held(live) => return Ok(live),
                Insertion::LookAgain => {
                    // A revocation near this id ran during the call to the store. It may cover this session,
                    // for example with all sessions of its user.
                    ends = self.table.ends(&id).ok_or(LoginError::EndedMeanwhile)?;
                    if self.is_ended_in_bulk(record, began) {
                        return Err(LoginError::EndedMeanwhile);
                    }
                    let found = self.record_outcome(self.store.open(&id).await).map_err(LoginError::Store)?;
                    found.ok_or(LoginError::EndedMeanwhile)?;
                }
            }
        }
    }
}

/// Facts that passed the login's checks.
enum VerifiedLogin {
    Openbravo { role: RoleFacts, default_org: Option<OrgId> },
    Companies(CompanyFacts),
}

impl VerifiedLogin {
    fn new(facts: Facts, principal: &Principal) -> Result<Self, LoginError> {
        match facts {
            Facts::Openbravo(facts) => {
                let default_org = facts.user.as_ref().and_then(|user| user.default_org);
                let role = facts.check(principal)?;
                Ok(VerifiedLogin::Openbravo { role, default_org })
            }
            Facts::Companies(facts) => {
                let not_allowed = LoginError::NotAllowed { user: principal.user };
                facts
                    .filter(|facts| principal.client.is_none_or(|client| client == facts.client))
                    .filter(|facts| principal.role.is_none_or(|role| role == facts.role))
                    .map(VerifiedLogin::Companies)
                    .ok_or(not_allowed)
            }
        }
    }

    fn works_as(&self) -> (ClientId, RoleId) {
        match self {
            VerifiedLogin::Openbravo { role, .. } => (role.client, role.id),
            VerifiedLogin::Companies(facts) => (facts.client, facts.role),
        }
    }
}
