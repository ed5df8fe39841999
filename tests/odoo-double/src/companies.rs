//! Companies with their branches and users, as on servers of versions 17, 18 and 19.

#![expect(
    clippy::indexing_slicing,
    reason = "a json value is null where it has nothing: indexing it never panics"
)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::state::User;
use crate::{Model, OdooDouble};

const COMPANIES: &str = include_str!("../recorded/companies.json");

/// The groups of the administrator, and of all other users.
const GROUPS: [(i64, &str); 3] =
    [(1, "base.group_user"), (2, "base.group_erp_manager"), (4, "base.group_system")];

/// Exchanges about companies with servers of versions 17, 18 and 19, each with its `version`, `name`,
/// `request` and `response`.
///
/// # Panics
/// If the recorded file is invalid.
#[must_use]
#[expect(clippy::expect_used, reason = "the file is part of the crate")]
pub fn company_exchanges() -> Vec<Value> {
    serde_json::from_str(COMPANIES).expect("a list of exchanges")
}

/// The recorded answer of a version to an exchange about companies: the result, or the error.
///
/// # Panics
/// If there is no recording of that name.
#[expect(clippy::expect_used, reason = "tests name what is in the file")]
pub fn company_answer(version: u32, name: &str) -> Result<Value, Value> {
    let is_it = |exchange: &Value| exchange["version"] == version && exchange["name"] == name;
    let exchange = company_exchanges().into_iter().find(is_it).expect("a recorded exchange");
    let (status, body) = (&exchange["response"]["status"], &exchange["response"]["body"]);
    match (body.get("error"), body.get("result")) {
        (Some(error), _) => Err(error["data"].clone()),
        (None, Some(result)) => Ok(result.clone()),
        _ if *status == 200 => Ok(body.clone()),
        _ => Err(body.clone()),
    }
}

impl OdooDouble {
    /// The API key of a user of [`put_companies`](Self::put_companies), in the format of Odoo's keys.
    #[must_use]
    pub fn key_of(login: &str) -> String {
        login.bytes().chain(std::iter::repeat(0)).take(20).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Puts the recorded companies and users of the double's version: `admin`, who has all rights, and the
    /// ordinary users `ana`, `bob`, `eve` and `dan`, each with the password `<password of LOGIN>` and the key
    /// [`key_of`](Self::key_of) the login.
    ///
    /// # Panics
    /// If the recorded file is invalid.
    #[expect(clippy::expect_used, reason = "the file is part of the crate")]
    pub fn put_companies(&self) {
        let version = self.shared.state.lock().behaviour.version;
        let recorded = |name| company_answer(version, name).expect("a recorded result");
        let mut companies = Model::with_fields(&[
            ("name", "char"),
            ("active", "boolean"),
            ("parent_id", "many2one"),
            ("parent_path", "char"),
            ("sequence", "integer"),
        ]);
        for (place, company) in recorded("companies: the tree").as_array().into_iter().flatten().enumerate() {
            let mut company = company.clone();
            company["sequence"] = json!(place);
            companies.insert(company["id"].as_i64().unwrap_or_default(), &company);
        }
        let groups = if version >= 19 { "all_group_ids" } else { "groups_id" };
        let mut users = Model::with_fields(&[
            ("login", "char"),
            ("name", "char"),
            ("active", "boolean"),
            ("share", "boolean"),
            ("company_id", "many2one"),
            ("company_ids", "many2many"),
            ("write_date", "datetime"),
            (groups, "many2many"),
        ]);
        let mut known = Vec::new();
        for user in recorded("companies: of the users").as_array().into_iter().flatten() {
            let mut user = user.clone();
            let (id, login) = (
                user["id"].as_i64().unwrap_or_default(),
                user["login"].as_str().unwrap_or_default().to_owned(),
            );
            let is_admin = login == "admin";
            user["active"] = json!(true);
            user["share"] = json!(false);
            user["write_date"] = json!("2026-01-31 10:00:00");
            user[groups] = GROUPS
                .iter()
                .filter(|(id, _)| is_admin || *id == 1)
                .map(|(id, _)| Value::from(*id))
                .collect();
            if !is_admin {
                let ids = user["company_ids"].as_array().into_iter().flatten().filter_map(Value::as_i64);
                companies.seen_by.insert(id, ids.collect::<BTreeSet<i64>>());
            }
            users.insert(id, &user);
            known.push(User {
                id,
                password: format!("<password of {login}>"),
                key: Self::key_of(&login),
                login,
            });
        }
        let mut all = Model::with_fields(&[("name", "char")]);
        let names = GROUPS.iter().map(|(id, name)| (id.to_string(), Value::from(*name)));
        all.answers.insert("get_external_id".into(), Value::Object(names.collect()));
        self.put_model("res.company", companies);
        self.put_model("res.users", users);
        self.put_model("res.groups", all);
        self.shared.state.lock().users = known;
    }

    /// Changes the groups of a user, by their external names.
    pub fn set_groups(&self, user: i64, names: &[&str]) {
        let ids: Value =
            GROUPS.iter().filter(|(_, name)| names.contains(name)).map(|(id, _)| Value::from(*id)).collect();
        self.change_user(user, |record| {
            for field in ["groups_id", "all_group_ids"] {
                if record.contains_key(field) {
                    record.insert(field.into(), ids.clone());
                }
            }
        });
    }

    /// Changes the record of a user, as an administrator would in Odoo.
    pub fn change_user(&self, user: i64, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
        self.with_model("res.users", |users| {
            if let Some(record) = users.records.get_mut(&user) {
                change(record);
            }
        });
    }
}

/// Is the user in the group? Records without groups belong to the administrator, or have none.
pub(crate) fn has_group(users: &Model, user: i64, name: &str) -> bool {
    let record = users.records.get(&user);
    let ids = record.and_then(|record| record.get("groups_id").or_else(|| record.get("all_group_ids")));
    match ids.and_then(Value::as_array) {
        Some(ids) => GROUPS.iter().any(|(id, known)| *known == name && ids.contains(&Value::from(*id))),
        None => user == 2,
    }
}
