//! `OrgSource`: the port to the ERP's trees, users and roles.

use core::fmt::{Debug, Display};
use std::sync::Arc;

use async_trait::async_trait;
use org_structure::OrgStructure;

use crate::openbravo::LoginFacts;
use crate::{ClientId, CompanyFacts, Findings, PortError, Principal};

/// A name for the state of a client's tree: 256 opaque bits, such as a cryptographic hash of counters or of
/// the rows.
///
/// Two revisions are equal or they are not. There is no order, and none follows from another. Equal revisions
/// of a client mean equal rows. A revision may come back when the rows do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Revision([u8; 32]);

impl Revision {
    /// The revision that a cryptographic hash names.
    #[must_use]
    pub const fn from_hash(hash: [u8; 32]) -> Self {
        Revision(hash)
    }

    /// The revision that a number names, for a source that numbers its states.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        let [a, b, c, d, e, f, g, h] = bits.to_le_bytes();
        let mut name = [0; 32];
        [name[0], name[1], name[2], name[3], name[4], name[5], name[6], name[7]] = [a, b, c, d, e, f, g, h];
        Revision(name)
    }
}

/// A tree as it was at one moment after the call began.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedTree {
    /// The tree; empty if the client has none.
    pub structure: OrgStructure,
    /// The revision of these rows: read in the same snapshot of the database, or before and after them and
    /// the same both times. `None` if none are kept, or if the rows changed meanwhile: then the next login
    /// reads them again.
    pub revision: Option<Revision>,
    /// Oddities of the tree, for operators: logged, counted and listed.
    pub findings: Findings,
}

impl LoadedTree {
    /// A tree without findings.
    #[must_use]
    pub fn new(structure: OrgStructure, revision: Option<Revision>) -> Self {
        LoadedTree { structure, revision, findings: Findings::default() }
    }

    /// The same tree with a revision.
    #[must_use]
    pub fn with_revision(mut self, revision: Option<Revision>) -> Self {
        self.revision = revision;
        self
    }

    /// The same tree with findings.
    #[must_use]
    pub fn with_findings<T: Display>(mut self, findings: impl IntoIterator<Item = T>) -> Self {
        self.findings = Findings::new(findings);
        self
    }
}

/// The facts that decide about one login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Facts {
    /// Rows of Openbravo or of an ERP derived from it.
    Openbravo(Box<LoginFacts>),
    /// A list of companies; `None` if there is no such user, or it may not log in.
    Companies(Option<CompanyFacts>),
}

/// Reads an ERP. No method writes.
///
/// Every answer must be at least as new as the moment at which the call began: it comes from the primary
/// database, never from a replica or a cache. Calls may be cancelled and may run concurrently. An
/// implementation has its own timeouts: a call that never returns makes logins wait for ever.
///
/// Errors are [`PortError::transient`] if the same call may succeed later, else [`PortError::permanent`].
/// An unknown user, role or client is not an error: the answer leaves it out.
///
/// # Examples
/// A source with one tree, whose users may all work in `Madrid`:
/// ```
/// use org_structure::{OrgRow, OrgStructure};
/// use session::{
///     ClientId, CompanyFacts, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, async_trait,
/// };
///
/// #[derive(Debug)]
/// struct Erp;
///
/// #[async_trait]
/// impl OrgSource for Erp {
///     async fn revision(&self, _client: &ClientId) -> Result<Option<Revision>, PortError> {
///         // Without revisions every login reads the tree.
///         Ok(None)
///     }
///
///     async fn load_tree(&self, _client: &ClientId) -> Result<LoadedTree, PortError> {
///         let rows = [OrgRow::new("0"), OrgRow::new("Madrid").under("0")];
///         let built = OrgStructure::build(rows).map_err(PortError::permanent)?;
///         Ok(LoadedTree::new(built.structure, None).with_findings(built.findings))
///     }
///
///     async fn facts(&self, _principal: &Principal) -> Result<Facts, PortError> {
///         let invalid = PortError::permanent;
///         let madrid = "Madrid".parse().map_err(invalid)?;
///         let (client, role) = ("C".parse().map_err(invalid)?, "R".parse().map_err(invalid)?);
///         let companies = vec![madrid];
///         Ok(Facts::Companies(Some(CompanyFacts { client, role, companies, default: madrid })))
///     }
/// }
/// ```
#[async_trait]
pub trait OrgSource: Debug + Send + Sync + 'static {
    /// The revision of a client's tree now, or `None` if none are kept: the source has no counter, or the
    /// triggers that move it are missing or disabled. Asked once by every login, so it should be one small
    /// read.
    ///
    /// Two equal revisions of a client must mean the same rows, also after a rollback of the database to an
    /// earlier state and further changes. A counter that only adds one breaks this; a digest of the rows does
    /// not. If the source cannot guarantee this, it returns `None`.
    async fn revision(&self, client: &ClientId) -> Result<Option<Revision>, PortError>;

    /// The tree of a client. All its rows are of one snapshot of the database.
    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError>;

    /// The rows that decide about a login. Read them in one snapshot; it need not be that of the tree.
    ///
    /// For Openbravo: the user with its links to roles; the role that
    /// [`UserFacts::role_to_take`](crate::openbravo::UserFacts::role_to_take) names, with all its access rows
    /// and the organizations that they name; the organizations of the clients that
    /// [`RoleFacts::needs_organizations_of`](crate::openbravo::RoleFacts::needs_organizations_of) names for
    /// the role's own client; that client. Do not filter or check the rows:
    /// [`LoginFacts::check`](crate::openbravo::LoginFacts::check) does.
    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError>;
}

/// A shared source.
#[async_trait]
impl<S: OrgSource + ?Sized> OrgSource for Arc<S> {
    async fn revision(&self, client: &ClientId) -> Result<Option<Revision>, PortError> {
        (**self).revision(client).await
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        (**self).load_tree(client).await
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        (**self).facts(principal).await
    }
}
