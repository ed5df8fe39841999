//! A small company: contacts, users, companies and files, shared by the tests of tools and clients.

use std::io;

use serde_json::{Map, Value, json};

use crate::{Behaviour, Model, OdooDouble};

/// The model of the contacts.
pub const PARTNERS: &str = "res.partner";

impl OdooDouble {
    /// Starts a double with sixty contacts and the models that they refer to.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn with_contacts(behaviour: Behaviour) -> io::Result<Self> {
        let double = OdooDouble::start(behaviour).await?;
        double.put_model(PARTNERS, partners());
        double.put_model("res.users", users());
        double.put_model("res.company", named(&[(1, "San Francisco"), (2, "Chicago")]));
        double.put_model("res.country", named(&[(20, "Belgium")]));
        double.put_model("res.partner.category", named(&[(7, "Customers")]));
        double.put_model("hr.payslip", named(&[(1, "March")]));
        double.put_model("ir.attachment", attachments());
        Ok(double)
    }
}

fn relation(model: &mut Model, field: &str, to: &str) {
    if let Some(Value::Object(definition)) = model.fields.get_mut(field) {
        definition.insert("relation".into(), to.into());
    }
}

/// Sixty contacts, the even ones in Belgium.
fn partners() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("display_name", "char"),
        ("email", "char"),
        ("country_id", "many2one"),
        ("category_id", "many2many"),
        ("user_ids", "one2many"),
        ("date", "datetime"),
        ("credit", "integer"),
        ("image_128", "binary"),
        ("comment", "html"),
        ("api_key", "char"),
        ("message_ids", "one2many"),
    ]);
    relation(&mut model, "country_id", "res.country");
    relation(&mut model, "category_id", "res.partner.category");
    relation(&mut model, "user_ids", "res.users");
    for id in 1..=60 {
        let country = if id % 2 == 0 { json!([20, "Belgium"]) } else { json!(false) };
        model.insert(
            id,
            &json!({"name": format!("Partner {id}"), "country_id": country, "category_id": [7], "credit": id,
                    "date": "2026-01-31 10:00:00", "api_key": "secret of a partner"}),
        );
    }
    model
}

fn users() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("login", "char"),
        ("tz", "char"),
        ("company_id", "many2one"),
        ("company_ids", "many2many"),
    ]);
    let user = |name: &str, login: &str| {
        json!({"name": name, "login": login, "tz": "Europe/Brussels", "company_id": [1, "San Francisco"],
               "company_ids": [1, 2]})
    };
    model.insert(2, &user("Mitchell Admin", "admin"));
    model.insert(6, &user("Marc\u{2028}Demo", "demo"));
    model
}

fn named(names: &[(i64, &str)]) -> Model {
    let mut model = Model::with_fields(&[("name", "char"), ("display_name", "char")]);
    for (id, name) in names {
        model.insert(*id, &json!({"name": name}));
    }
    model
}

fn attachments() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("display_name", "char"),
        ("mimetype", "char"),
        ("file_size", "integer"),
        ("type", "selection"),
        ("url", "char"),
        ("index_content", "text"),
        ("datas", "binary"),
        ("res_model", "char"),
        ("res_id", "integer"),
        ("res_field", "char"),
        ("create_date", "datetime"),
    ]);
    let attachment = |name: &str, mimetype: &str, owner: &str, more: Value| {
        let values = json!({"name": name, "mimetype": mimetype, "type": "binary", "res_model": owner, "res_id": 1,
                            "create_date": "2026-01-31 10:00:00"});
        let parts = [values, more].into_iter().filter_map(|part| part.as_object().cloned()).flatten();
        Value::Object(parts.collect::<Map<_, _>>())
    };
    let text = json!({"datas": "aGVsbG8=", "file_size": 5});
    model.insert(1, &attachment("hello.txt", "text/plain", PARTNERS, text));
    let image = json!({"datas": "iVBORw0KGgoAAAA=", "file_size": 11});
    model.insert(2, &attachment("dot.png", "image/jpeg", PARTNERS, image));
    let document = json!({"index_content": "the words of the contract", "file_size": 90_000});
    model.insert(3, &attachment("contract.pdf", "application/pdf", PARTNERS, document));
    model.insert(4, &attachment("archive.zip", "application/zip", PARTNERS, json!({"file_size": 90_000})));
    let link = json!({"type": "url", "url": "https://example.com/x"});
    model.insert(5, &attachment("link", "", PARTNERS, link));
    model.insert(6, &attachment("payslip.txt", "text/plain", "hr.payslip", json!({"datas": "aGVsbG8="})));
    let large = json!({"datas": "aGVsbG8=", "file_size": 60_000_000});
    model.insert(7, &attachment("large.png", "image/png", PARTNERS, large));
    model
}
