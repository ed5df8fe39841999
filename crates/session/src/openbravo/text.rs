//! `#User_Org` as Openbravo returns it.

use std::collections::BTreeSet;

use org_structure::{OrgId, quoted_list};

use super::RoleFacts;
use crate::ClientId;

/// `#User_Org` as Openbravo of 2018 returns it without a window, from the role's access rows alone, with the
/// product's quirk: a lone `'0'` becomes `'0','0'`.
///
/// A session's own text, [`RoleAccess::user_org_as_read`](crate::RoleAccess::user_org_as_read), does not
/// repeat the quirk and knows automatic roles.
#[must_use]
pub fn user_org_context(role: &RoleFacts) -> String {
    let level = role.level.as_stored();
    if level.contains('S') || level == " C" {
        return quoted_list([OrgId::ZERO]);
    }
    let active = role.accesses.iter().filter(|row| row.active);
    let rows: BTreeSet<(ClientId, OrgId)> = active.map(|row| (row.client, row.org)).collect();
    let mut orgs: Vec<OrgId> = rows.into_iter().map(|(_, org)| org).collect();
    if level == "  O" {
        orgs.retain(|org| !org.is_zero());
    } else if !orgs.contains(&OrgId::ZERO) || orgs.len() == 1 {
        // The product compares the quoted text with an unquoted `0`, so a lone `0` counts as missing.
        orgs.insert(0, OrgId::ZERO);
    }
    quoted_list(orgs)
}
