//! `Session`: the result of a login, with every question that it answers.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use org_structure::openbravo::OrganizationStructureProvider;
use org_structure::{Fingerprint, OrgFlags, OrgId, OrgIndex, OrgStructure, quoted_list};

use crate::cached_session::CachedSession;
use crate::pinned::PinnedRole;
use crate::{ClientId, RoleAccess, RoleId, SessionId, SessionRecord, UserId};

/// A session: a user in a role, with the tree and the access as they were at login.
///
/// Later changes in a database or on another node do not change an answer. No method does I/O or takes a
/// lock, and those that answer yes or no do not allocate. A handle still answers after its session has ended:
/// look the token up for each request, and check [`is_ended`](Self::is_ended) during a long one.
///
/// Ids that are not in the tree, over-long or of another client, are neither readable nor writable.
///
/// # Examples
/// A user with the companies `Madrid` and `Sevilla`, in a tree that also has `Boston`:
/// ```
#[doc = include_str!("../doc/erp.txt")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use session::{MemoryStore, Options, Principal, SessionManager};
/// # let sessions = SessionManager::new(Erp, MemoryStore::default(), Options::default());
/// let session = sessions.login(Principal::new("100".parse()?)).await?.session; assert_eq!((session.user(),
/// session.role(), session.client()), ("100".parse()?, "R".parse()?, "C".parse()?));
///
/// // One organization.
/// assert_eq!(session.org(), "Madrid");
/// assert!(session.can_read("Sevilla") && session.can_write("Sevilla"));
/// assert!(!session.can_read("Boston") && !session.can_read("no such organization"));
/// assert!(!session.allows_transactions("Madrid"));
/// assert_eq!(session.legal_entity("Madrid"), None);
///
/// // Two organizations.
/// assert!(session.may_reference("Madrid", "0") && !session.may_reference("Madrid", "Boston"));
///
/// // Many organizations, for SQL and as Openbravo's session variables.
/// assert_eq!(session.readable_sql_ids(), ["Madrid", "Sevilla"]);
/// assert_eq!(session.accessible_org_tree(), "'Madrid','Sevilla'");
/// assert_eq!(session.variable("#AccessibleOrgTree"), Some(session.accessible_org_tree()));
/// assert_eq!(session.readable_clients(), ["C", "0"]);
///
/// // The tree itself, and Openbravo's own calls on it.
/// let madrid = session.tree().index_of("Madrid").ok_or("not in the tree")?;
/// assert_eq!(session.tree().time_zone(madrid), Some("Europe/Madrid"));
/// assert_eq!(session.organization_structure_provider().parent_list(Some("Madrid"), false).len(), 1);
/// assert_eq!(session.access().writable().len(), 2);
/// assert_eq!(session.tree().fingerprint(), session.fingerprint());
///
/// assert!(!session.is_read_only() && !session.is_ended());
/// assert!(session.footprint().own < 256);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session {
    live: Arc<CachedSession>,
}

/// Shows the principal, not the access.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("client", &self.client())
            .field("user", &self.user())
            .field("role", &self.role())
            .field("org", &self.org())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(live: Arc<CachedSession>) -> Self {
        Session { live }
    }

    /// The name of the session.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.live.id
    }

    /// The user (`#AD_User_ID`).
    #[must_use]
    pub fn user(&self) -> UserId {
        self.live.user
    }

    /// The role (`#AD_Role_ID`).
    #[must_use]
    pub fn role(&self) -> RoleId {
        self.live.role.role
    }

    /// The client in which the session works (`#AD_Client_ID`).
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.live.client()
    }

    /// The organization in which the session works (`#AD_Org_ID`).
    #[must_use]
    pub fn org(&self) -> OrgId {
        self.live.org()
    }

    /// The session as stores keep it.
    #[must_use]
    pub fn to_record(&self) -> SessionRecord {
        self.live.to_record()
    }

    /// The name of the tree to which the session is pinned.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.live.access().tree.fingerprint
    }

    /// Was the session ended on this node, or found gone from the store? A yes is final.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.live.is_ended()
    }

    /// Do two handles share one cached session, so that an end of one is seen by the other? They do not if
    /// the node has dropped the session from memory and read it again from the store in between.
    #[must_use]
    pub fn shares_state_with(&self, other: &Session) -> bool {
        Arc::ptr_eq(&self.live, &other.live)
    }

    /// When the session expires if it is not used again, on the clock of its manager. Each use extends it, up
    /// to the total time of a session. A logout or an administrator may end it earlier.
    ///
    /// Compare it with [`Clock::now`](crate::Clock::now) of the manager's clock, or call
    /// [`SessionManager::expires_in`](crate::SessionManager::expires_in).
    #[must_use]
    pub fn expires_at(&self) -> Duration {
        self.live.expires_at().on_clock()
    }

    /// When the session was created, on the clock of its manager; zero if that began later.
    pub(crate) fn began(&self) -> Duration {
        self.live.began.on_clock()
    }

    /// The tree as it was at login.
    #[must_use]
    pub fn tree(&self) -> &Arc<OrgStructure> {
        &self.live.role.structure
    }

    /// What the role might read and write at login.
    #[must_use]
    pub fn access(&self) -> &RoleAccess {
        &self.live.access().access
    }

    /// Is there no organization in which the session may write?
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.access().is_read_only()
    }

    /// May records of the organization be read?
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn can_read(&self, org: &str) -> bool {
        self.access().readable().contains(self.tree(), org)
    }

    /// May records of the organization be written?
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn can_write(&self, org: &str) -> bool {
        self.access().writable().contains(self.tree(), org)
    }

    /// May a record of `org` refer to a record of `referenced`? Openbravo's reference check: `0` with
    /// anything, else one in the natural tree of the other; an organization that is not in the tree only with
    /// itself.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn may_reference(&self, org: &str, referenced: &str) -> bool {
        self.organization_structure_provider().is_in_natural_tree(Some(org), Some(referenced))
    }

    /// Is the organization ready, and does its type allow transactions?
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn allows_transactions(&self, org: &str) -> bool {
        let wanted = OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
        let flags = self.tree().index_of(org).and_then(|org| self.tree().flags(org));
        flags.is_some_and(|flags| flags.contains(wanted))
    }

    /// The nearest legal entity from the organization upwards.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn legal_entity(&self, org: &str) -> Option<OrgId> {
        self.organization_structure_provider().legal_entity(Some(org))
    }

    /// The nearest business unit from the organization upwards.
    #[must_use]
    pub fn business_unit(&self, org: &str) -> Option<OrgId> {
        self.organization_structure_provider().business_unit(Some(org))
    }

    /// The nearest organization from here upwards that opens and closes its own periods.
    #[must_use]
    pub fn period_control_org(&self, org: &str) -> Option<OrgId> {
        self.organization_structure_provider().period_control_allowed(Some(org))
    }

    /// The organizations whose records may be read, as an array for SQL: `ad_org_id = ANY($1)`.
    #[must_use]
    pub fn readable_sql_ids(&self) -> Vec<String> {
        self.access().readable().ids(self.tree()).map(|id| id.as_str().to_owned()).collect()
    }

    /// The clients whose records may be read: `0`, and the session's own unless the role is of the system
    /// level.
    #[must_use]
    pub fn readable_clients(&self) -> Vec<ClientId> {
        let own = [self.client(), ClientId::ZERO];
        let skipped = usize::from(self.client() == ClientId::ZERO || self.access().level().is_system());
        own.into_iter().skip(skipped).collect()
    }

    /// `#AccessibleOrgTree`: the readable organizations, quoted.
    #[must_use]
    pub fn accessible_org_tree(&self) -> String {
        self.access().readable().quoted_list(self.tree())
    }

    /// `#User_Org`: the organizations that the role was given, quoted. [`RoleAccess::user_org_as_read`] has
    /// the form that Openbravo's context returns.
    #[must_use]
    pub fn user_org(&self) -> String {
        quoted_list(self.access().granted_orgs(self.tree()))
    }

    /// `#User_Client`: the clients of the role's access rows, quoted.
    #[must_use]
    pub fn user_client(&self) -> String {
        quoted_list(self.access().granted_clients())
    }

    /// `#User_Level`: exactly as stored, blanks included.
    #[must_use]
    pub fn user_level(&self) -> &str {
        self.access().level().as_stored()
    }

    /// A session variable of Openbravo by its name, case-insensitive; `None` for a name that this crate does
    /// not know.
    ///
    /// Computed from the pinned tree and access; no text is stored.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix('#')?;
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        Some(match () {
            () if is("AccessibleOrgTree") => self.accessible_org_tree(),
            () if is("User_Org") => self.user_org(),
            () if is("User_Client") => self.user_client(),
            () if is("User_Level") => self.user_level().to_owned(),
            () if is("AD_Org_ID") => self.org().as_str().to_owned(),
            () if is("AD_Client_ID") => self.client().as_str().to_owned(),
            () if is("AD_Role_ID") => self.role().as_str().to_owned(),
            () if is("AD_User_ID") => self.user().as_str().to_owned(),
            () => return None,
        })
    }

    /// All of Openbravo's `OrganizationStructureProvider`, answered from the session's tree.
    #[must_use]
    pub fn organization_structure_provider(&self) -> OrganizationStructureProvider<'_> {
        OrganizationStructureProvider::new(self.live.role.client.as_str(), self.tree())
    }

    /// The bytes of the session.
    #[must_use]
    pub fn footprint(&self) -> SessionFootprint {
        SessionFootprint {
            own: self.live.footprint(),
            organizations: size_of::<Arc<PinnedRole>>() + size_of::<OrgIndex>(),
            access: self.live.role.footprint() + self.live.access().footprint(),
            tree: self.live.access().tree.footprint(),
        }
    }
}

/// The bytes of a session, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionFootprint {
    /// Those of this session alone, without its place in the manager's table.
    pub own: usize,
    /// The part of that which is about organizations.
    pub organizations: usize,
    /// The role with its access, shared with the sessions in that role. Roles with equal access share the
    /// access.
    pub access: usize,
    /// The tree, shared with all sessions on equal trees.
    pub tree: usize,
}
