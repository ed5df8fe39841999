//! All answers of the Openbravo facade about some organizations, one per line.

use std::fmt::Write as _;

use org_structure::openbravo::{OrganizationStructureProvider, Orgs};
use org_structure::{OrgId, OrgStructure};

/// Calls every method with every id, and methods of two ids with every pair.
pub(crate) fn write(tree: &OrgStructure, asked: &[Option<String>]) -> String {
    let provider = OrganizationStructureProvider::new("client", tree);
    let asked: Vec<Option<&str>> = asked.iter().map(Option::as_deref).collect();
    let mut lines = String::new();
    let mut line = |method: &str, answer: String| writeln!(lines, "{method} {answer}").unwrap();
    for &org in &asked {
        line("asked", one(org));
        line("getNaturalTree", set(&provider.natural_tree(org)));
        line("getParentOrg", one(provider.parent_org(org).as_ref().map(OrgId::as_str)));
        line("getChildOrg", set(&provider.child_org(org)));
        for include in [true, false] {
            let list = provider.parent_list(org, include);
            line("getParentList", list.iter().map(|id| one(id.as_deref())).collect::<Vec<_>>().join(" "));
            line("getParentTree", set(&provider.parent_tree(org, include)));
            line("getChildTree", set(&provider.child_tree(org, include)));
        }
        line("getLegalEntity", one(provider.legal_entity(org).as_ref().map(OrgId::as_str)));
        line("getBusinessUnit", one(provider.business_unit(org).as_ref().map(OrgId::as_str)));
        let either = provider.legal_entity_or_business_unit(org);
        line("getLegalEntityOrBusinessUnit", one(either.as_ref().map(OrgId::as_str)));
        let period = provider.period_control_allowed(org);
        line("getPeriodControlAllowedOrganization", one(period.as_ref().map(OrgId::as_str)));
        line("getCalendarOwner", one(provider.calendar_owner(org).as_ref().map(OrgId::as_str)));
        line("getChildLegalEntitesList", set(&provider.child_legal_entities(org)));
        line("getTimeZone", one(provider.time_zone(org)));
        for &other in &asked {
            line("isInNaturalTree", provider.is_in_natural_tree(org, other).to_string());
            let level = provider.is_org_included(org, other);
            line("isOrgIncluded", level.map_or_else(|| "-1".to_owned(), |level| level.to_string()));
            line("isOrgInNaturalTree", provider.sql_is_in_natural_tree(org, other).to_string());
        }
        let owners: Vec<(String, &str)> = (0_u8..)
            .zip(&asked)
            .filter_map(|(number, owner)| Some((format!("{:02}", 90 - number), (*owner)?)))
            .collect();
        let records = owners.iter().map(|(record, owner)| (record.as_str(), *owner));
        line("getBOBInClosestOrg", one(provider.closest(records, org)));
    }
    line("getLegalEntitiesList", set(&provider.legal_entities()));
    let list: Vec<String> = asked.iter().flatten().map(|id| format!("'{id}'")).collect();
    line("getTransactionAllowedOrgs", provider.transaction_allowed_orgs(&list.join(",")));
    line("getTransactionAllowedOrgs", provider.transaction_allowed_orgs(&list.join(", ")));
    lines
}

fn set(orgs: &Orgs<'_>) -> String {
    orgs.iter().map(|id| one(id.as_deref())).collect::<Vec<_>>().join(" ")
}

fn one(id: Option<&str>) -> String {
    id.map_or_else(|| "null".to_owned(), |id| format!("`{id}`"))
}
