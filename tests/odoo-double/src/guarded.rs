//! Models that prevent an ordinary user from reading whole records, each in its own way. Tests of tools and
//! the benchmarks share them.

use serde_json::{Value, json};

use crate::{Model, OdooDouble};

/// The models with restricted fields.
pub const GUARDED: [&str; 5] = ["hr.employee", "res.users", "res.partner", "sale.order", "project.task"];

impl OdooDouble {
    /// Puts the models with these names, each with the records 6 and 7. Record 7 is the user `ana` herself.
    pub fn put_guarded_models(&self) {
        let mut employee = with_records(&[
            ("name", "char"),
            ("work_email", "char"),
            ("private_phone", "char"),
            ("barcode", "char"),
            ("km_home_work", "integer"),
            ("state", "selection"),
        ]);
        employee.off_profile = ["km_home_work", "private_phone"].map(str::to_owned).into();
        employee.guarded = ["barcode".to_owned()].into();
        let mut user = with_records(&[
            ("name", "char"),
            ("login", "char"),
            ("email", "char"),
            ("phone", "char"),
            ("state", "selection"),
            ("city", "char"),
            ("private_street", "char"),
            ("company_ids", "many2many"),
            ("res_users_settings_ids", "one2many"),
        ]);
        user.of_oneself = ["state", "private_street", "phone"].map(str::to_owned).into();
        user.guarded = ["city".to_owned()].into();
        relation(&mut user, "company_ids", "res.company");
        relation(&mut user, "res_users_settings_ids", "res.users.settings");
        let mut partner = with_records(&[
            ("name", "char"),
            ("email", "char"),
            ("total_invoiced", "monetary"),
            ("credit", "monetary"),
            ("payment_token_ids", "one2many"),
            ("user_ids", "one2many"),
        ]);
        partner.guarded = ["credit", "total_invoiced"].map(str::to_owned).into();
        relation(&mut partner, "payment_token_ids", "payment.token");
        relation(&mut partner, "user_ids", "res.users");
        // A field that fails when computed, without a hint in the definitions or in the refusal.
        let mut order =
            with_records(&[("name", "char"), ("state", "selection"), ("amount_total", "monetary")]);
        order.refused = ["amount_total".to_owned()].into();
        let task = with_records(&[("name", "char"), ("stage_id", "many2one"), ("date_deadline", "datetime")]);
        for (name, model) in GUARDED.into_iter().zip([employee, user, partner, order, task]) {
            self.put_model(name, model);
        }
        self.put_model("hr.employee.public", Model::with_fields(&[("name", "char")]));
        for closed in ["payment.token", "res.users.settings"] {
            self.put_model(closed, Model { closed: true, ..Model::with_fields(&[("name", "char")]) });
        }
    }
}

fn relation(model: &mut Model, field: &str, to: &str) {
    if let Some(Value::Object(definition)) = model.fields.get_mut(field) {
        definition.insert("relation".into(), to.into());
    }
}

fn with_records(fields: &[(&str, &str)]) -> Model {
    let mut model = Model::with_fields(fields);
    for id in [6, 7] {
        model.insert(id, &json!({"name": "Record", "email": "record@example.com"}));
    }
    model
}
