//! Odoo doubles of each supported version, with the recorded companies and users.

use odoo_double::{Behaviour, OdooDouble, company_answer};

pub(crate) const VERSIONS: [u32; 3] = [17, 18, 19];

pub(crate) async fn odoo(version: u32) -> OdooDouble {
    let double = OdooDouble::start(Behaviour { version, ..Behaviour::default() }).await.unwrap();
    double.put_companies();
    double
}

/// The id of a company in a version, by its name.
pub(crate) fn company(version: u32, name: &str) -> i64 {
    let tree = company_answer(version, "companies: the tree").unwrap();
    let found = tree.as_array().unwrap().iter().find(|company| company["name"] == name);
    found.unwrap_or_else(|| panic!("{name}"))["id"].as_i64().unwrap()
}

/// The id of a user in a version.
pub(crate) fn user(version: u32, login: &str) -> i64 {
    let users = company_answer(version, "companies: of the users").unwrap();
    let found = users.as_array().unwrap().iter().find(|user| user["login"] == login);
    found.unwrap_or_else(|| panic!("{login}"))["id"].as_i64().unwrap()
}

pub(crate) fn password(login: &str) -> String {
    format!("<password of {login}>")
}
