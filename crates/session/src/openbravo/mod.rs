//! Openbravo's rules: who may log in, and what a role may read and write.
//!
//! Everything here is a pure function of rows that were read before: [`RoleFacts`] and [`UserFacts`] hold the
//! rows, [`RoleFacts::access`] is the rule of readable and writable organizations, [`LoginFacts::check`] is
//! the login's own check, and [`legacy`] answers what the retired OrgTree answered.

mod facts;
pub mod legacy;
mod login;
mod rule;
mod text;

pub use facts::{
    AccessedOrganization, ClientFacts, ClientOrganization, LinkedRole, OrgAccess, RoleFacts, UserFacts,
    UserRole,
};
pub use login::{LoginFacts, Refusal};
pub use rule::{AccessOptions, AutomaticRoles};
pub use text::user_org_context;
