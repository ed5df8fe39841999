//! The generated client of the demonstration: 600 organizations, half of them in a wide part of the tree,
//! half in a deep part. It shows how the service behaves with a large tree.

use std::iter;

use serde_json::{Value, json};

/// The generated client, and its tree of organizations.
const CLIENT: &str = "6E000000000000000000000000000000";
const TREE: &str = "6E000000000000000000000000000001";
/// The administrator of this client.
pub(crate) const ADMINISTRATOR: &str = "GeneratedAdmin";
/// The number of countries in the wide part, and of shops per country.
const COUNTRIES: u8 = 12;
const SHOPS: u8 = 24;
/// The lengths of the chains in the deep part.
const CHAINS: [u8; 6] = [49, 49, 49, 49, 49, 52];
/// Every so many levels of a chain, from the first one on, there is a legal entity.
const STRETCH: u8 = 12;

/// Statements that change the tree: they move a shop to the next country or back, and toggle the ready flag
/// of an organization in a chain.
pub(super) const CHANGE: [&str; 2] = [
    "UPDATE ad_treenode SET parent_id = CASE parent_id
        WHEN '6E000000000000000000000000010100' THEN '6E000000000000000000000000010200'
        ELSE '6E000000000000000000000000010100' END
     WHERE node_id = '6E000000000000000000000000010107'",
    "UPDATE ad_org SET isready = CASE isready WHEN 'Y' THEN 'N' ELSE 'Y' END
     WHERE ad_org_id = '6E000000000000000000000000020330'",
];

/// The kind of row that an id belongs to.
#[derive(Clone, Copy)]
enum Kind {
    Client = 0,
    Country = 1,
    Chain = 2,
    Role = 3,
    User = 4,
    UserRole = 5,
    Access = 6,
    Node = 7,
}

/// An id is composed of a kind and two numbers.
fn id(kind: Kind, first: u8, second: u8) -> String {
    format!("6E{:024}{:02X}{first:02X}{second:02X}", 0, kind as u8)
}

/// A role and its one user.
struct Principal {
    number: u8,
    user: String,
    role: String,
    /// The organization of the role. `None` for the administrator, who has access to all.
    org: Option<String>,
}

fn principals() -> Vec<Principal> {
    let administrator = (ADMINISTRATOR.to_owned(), "Generated - Administrator".to_owned(), None);
    let countries = (1..=COUNTRIES).map(|country| {
        let (user, role) =
            (format!("GeneratedCountry{country:02}"), format!("Generated - Country {country:02}"));
        (user, role, Some(id(Kind::Country, country, 0)))
    });
    let chains = (1..).zip('A'..='F').map(|(chain, letter)| {
        let role = format!("Generated - Chain {letter}, from level 25");
        (format!("GeneratedChain{letter}"), role, Some(id(Kind::Chain, chain, 25)))
    });
    let all = iter::once(administrator).chain(countries).chain(chains);
    all.zip(0..).map(|((user, role, org), number)| Principal { number, user, role, org }).collect()
}

/// The ids of the users, the administrator first.
pub(super) fn users() -> Vec<String> {
    principals().iter().map(|principal| id(Kind::User, principal.number, 0)).collect()
}

/// Whether a user is one of many similar ones, but not the first, which represents them.
pub(crate) fn is_not_first_of_its_kind(user: &str) -> bool {
    let mut alike =
        ["GeneratedCountry", "GeneratedChain"].into_iter().filter_map(|kind| user.strip_prefix(kind));
    alike.next().is_some_and(|which| which != "01" && which != "A")
}

/// All rows, by table.
pub(super) fn rows() -> Vec<(&'static str, String)> {
    let common = json!({"ad_client_id": CLIENT, "ad_org_id": "0", "isactive": "Y"});
    let with = |more: Value| merge(&common, more);
    let mut tables = vec![
        ("ad_client", vec![with(json!({"value": "Generated", "name": "Generated: 600 organizations"}))]),
        (
            "ad_tree",
            vec![with(
                json!({"ad_tree_id": TREE, "name": "Generated Organization", "treetype": "OO", "ad_table_id": "155"}),
            )],
        ),
        ("ad_clientinfo", vec![json!({"ad_client_id": CLIENT, "isactive": "Y", "ad_tree_org_id": TREE})]),
    ];
    let organizations = organizations();
    tables.push(("ad_org", organizations.iter().map(Organization::row).collect()));
    let nodes = organizations.iter().enumerate().map(|(place, org)| {
        let node = format!("6E{:022}{:02X}{place:06}", 0, Kind::Node as u8);
        let place = place + 1;
        with(json!({"ad_treenode_id": node, "ad_tree_id": TREE, "node_id": org.id, "parent_id": org.parent, "seqno": place}))
    });
    let root = with(
        json!({"ad_treenode_id": id(Kind::Node, 0xFF, 0), "ad_tree_id": TREE, "node_id": "0", "seqno": 0}),
    );
    tables.push(("ad_treenode", [root].into_iter().chain(nodes).collect()));

    let (mut roles, mut accesses, mut users, mut user_roles) = (vec![], vec![], vec![], vec![]);
    for Principal { number, user, role, org } in principals() {
        let (role_id, user_id) = (id(Kind::Role, number, 0), id(Kind::User, number, 0));
        roles.push(with(json!({
            "ad_role_id": role_id, "name": role,
            "userlevel": if org.is_none() { " CO" } else { "  O" },
            "ismanual": if org.is_none() { "N" } else { "Y" },
            "is_client_admin": if org.is_none() { "Y" } else { "N" },
        })));
        accesses.push(with(json!({
            "ad_role_orgaccess_id": id(Kind::Access, number, 0), "ad_role_id": role_id,
            "ad_org_id": org.as_deref().unwrap_or("0"),
        })));
        users.push(with(json!({
            "ad_user_id": user_id, "username": user, "islocked": "N", "default_ad_client_id": CLIENT,
            "default_ad_org_id": org.unwrap_or_else(|| id(Kind::Client, 0, 1)), "default_ad_role_id": role_id,
        })));
        user_roles.push(with(json!({
            "ad_user_roles_id": id(Kind::UserRole, number, 0), "ad_user_id": user_id, "ad_role_id": role_id,
        })));
    }
    tables.extend([
        ("ad_role", roles),
        ("ad_role_orgaccess", accesses),
        ("ad_user", users),
        ("ad_user_roles", user_roles),
    ]);
    tables.into_iter().map(|(table, rows)| (table, Value::Array(rows).to_string())).collect()
}

struct Organization {
    id: String,
    parent: String,
    name: String,
    /// The id of its type.
    kind: &'static str,
}

const PLAIN: &str = "0";
const LEGAL_ENTITY: &str = "1";
const GENERIC: &str = "2";

impl Organization {
    fn row(&self) -> Value {
        let flag = |yes| if yes { "Y" } else { "N" };
        json!({
            "ad_org_id": self.id, "ad_client_id": CLIENT, "isactive": "Y", "value": self.name, "name": self.name,
            "issummary": flag(self.kind == PLAIN), "ad_orgtype_id": self.kind, "isready": "Y",
            "isperiodcontrolallowed": flag(self.kind == LEGAL_ENTITY),
        })
    }
}

/// The organizations below `*`, each after its parent.
fn organizations() -> Vec<Organization> {
    let top = id(Kind::Client, 0, 1);
    let (wide, deep) = (id(Kind::Country, 0, 0), id(Kind::Chain, 0, 0));
    let new = |id: &str, parent: &str, name: String, kind| Organization {
        id: id.to_owned(),
        parent: parent.to_owned(),
        name,
        kind,
    };
    let mut all =
        vec![new(&top, "0", "Generated Group".into(), PLAIN), new(&wide, &top, "Wide part".into(), PLAIN)];
    for country in 1..=COUNTRIES {
        let above = id(Kind::Country, country, 0);
        all.push(new(&above, &wide, format!("Country {country:02}"), LEGAL_ENTITY));
        let shop = |shop| {
            let name = format!("Shop {country:02}-{shop:02}");
            new(&id(Kind::Country, country, shop), &above, name, GENERIC)
        };
        all.extend((1..=SHOPS).map(shop));
    }
    all.push(new(&deep, &top, "Deep part".into(), PLAIN));
    for ((chain, letter), length) in (1..).zip('A'..).zip(CHAINS) {
        let mut above = deep.clone();
        for level in 1..=length {
            let kind = if level % STRETCH == 1 { LEGAL_ENTITY } else { GENERIC };
            let here = id(Kind::Chain, chain, level);
            all.push(new(&here, &above, format!("Chain {letter}, level {level:02}"), kind));
            above = here;
        }
    }
    all
}

/// Merges two objects. Members of the second override those of the first.
fn merge(common: &Value, more: Value) -> Value {
    let mut all = common.as_object().cloned().unwrap_or_default();
    all.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_tree_has_600_organizations_each_after_its_parent() {
        let all = organizations();
        let mut known = BTreeSet::from(["0".to_owned()]);
        for org in &all {
            assert!(known.contains(&org.parent), "{} comes before its parent", org.name);
            assert_eq!(org.id.len(), 32);
            assert!(known.insert(org.id.clone()), "the id of {} is not unique", org.name);
        }
        assert_eq!(all.len(), 600);
        assert!(
            principals().iter().filter_map(|principal| principal.org.as_ref()).all(|org| known.contains(org))
        );
    }

    #[test]
    fn the_changed_organizations_exist() {
        let ids: BTreeSet<String> = organizations().into_iter().map(|org| org.id).collect();
        for statement in CHANGE {
            let named = statement.split('\'').filter(|text| text.starts_with("6E"));
            assert!(named.into_iter().all(|id| ids.contains(id)), "{statement}");
        }
    }
}
