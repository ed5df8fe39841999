//! The Odoo: recorded models with generated records, and the delays of a real server.

use std::time::Duration;

use anyhow::Context;
use odoo_double::{Behaviour, Model, OdooDouble, stateless_exchanges};
use serde_json::{Map, Value, json};

/// The measured times of an Odoo 17, in hundredths of milliseconds, apart from the time for each value of a
/// record.
const DELAYS: &[(&str, u64)] = &[
    ("version", 500),
    ("fields_get", 1_840),
    ("fields_get of some attributes", 1_200),
    ("read", 1_032),
    ("search", 870),
    ("search_count", 870),
    ("search_read", 982),
    ("web_search_read", 1_472),
    ("check_access_rights", 580),
    ("check_field_access_rights", 800),
    ("get_available_models", 2_000),
];

/// The time of a login: password hashing is slow by design. It matters only where process starts are
/// measured.
pub(crate) const LOGIN: Duration = Duration::from_millis(450);

/// The time to read 10 fields of a record.
pub(crate) const READ: Duration = Duration::from_micros(10_400);

/// Reading 100 records of 10 fields, each with its id, took 7.7 ms more than reading one.
const EACH_VALUE: Duration = Duration::from_nanos(7_070);

/// The number of contacts.
const PARTNERS: i64 = 538;

/// A double with two workers that closes each connection, like Odoo.
pub(crate) async fn start(added: Duration, version: u32) -> anyhow::Result<OdooDouble> {
    let delays = DELAYS.iter().map(|(method, hundredths)| (*method, Duration::from_micros(hundredths * 10)));
    let behaviour = Behaviour {
        round_trip: added,
        delays: delays.collect(),
        each_value: EACH_VALUE,
        workers: 2,
        version,
        ..Behaviour::default()
    };
    let double = OdooDouble::start(behaviour).await?;
    double.put_model("res.partner", partners()?);
    double.put_model("ir.model", models()?);
    double.put_model("res.company", Model::with_fields(&[("name", "char")]));
    Ok(double)
}

/// Removes all delays.
pub(crate) fn without_delays(double: &OdooDouble) {
    double.behave(|behaviour| {
        behaviour.delays.clear();
        behaviour.each_value = Duration::ZERO;
    });
}

fn recorded(name: &str) -> anyhow::Result<Value> {
    let exchange = stateless_exchanges().into_iter().find(|exchange| exchange.name == name);
    let mut exchange = exchange.with_context(|| format!("`{name}` was not recorded"))?;
    Ok(exchange.response.get_mut("result").map(Value::take).unwrap_or_default())
}

/// Contacts with the recorded fields.
fn partners() -> anyhow::Result<Model> {
    let fields = recorded("fields_get res.partner, all attributes")?;
    let fields = fields.as_object().context("definitions of fields are an object")?.clone();
    let mut model = Model { fields: fields.into_iter().collect(), ..Model::default() };
    for id in 1..=PARTNERS {
        let values: Map<String, Value> =
            model.fields.iter().map(|(name, field)| (name.clone(), value(name, field, id))).collect();
        model.insert(id, &Value::Object(values));
    }
    Ok(model)
}

/// A realistic value for a field of its type.
fn value(name: &str, field: &Value, id: i64) -> Value {
    let kind = field.get("type").and_then(Value::as_str).unwrap_or_default();
    match (name, kind) {
        ("name" | "display_name" | "complete_name", _) => json!(format!("Contact {id} of Example & Sons")),
        ("email", _) => json!(format!("contact.{id}@example.com")),
        ("phone" | "mobile", _) => json!(format!("+32 2 555 {id:04}")),
        ("street", _) => json!(format!("Rue de l'Exemple {id}")),
        ("city", _) => json!(["Brussels", "Ghent", "Antwerp"].get(usize::try_from(id % 3).unwrap_or(0))),
        ("parent_id", _) => json!(false),
        (_, "many2one") => json!([id % 7 + 1, format!("{name} {}", id % 7 + 1)]),
        (_, "one2many" | "many2many") => json!([]),
        (_, "integer") => json!(id % 100),
        (_, "float" | "monetary") => json!(f64::from(i32::try_from(id).unwrap_or(0)) / 4.0),
        (_, "boolean") => json!(id % 2 == 0),
        (_, "datetime") => json!("2026-01-31 10:00:00"),
        (_, "date") => json!("2026-01-31"),
        _ => json!(false),
    }
}

/// The recorded models.
fn models() -> anyhow::Result<Model> {
    let fields = [("model", "char"), ("name", "char"), ("transient", "boolean"), ("display_name", "char")];
    let mut model = Model::with_fields(&fields);
    let rows = recorded("list models")?;
    for (row, id) in rows.as_array().context("a list of models is a list")?.iter().zip(1..) {
        model.insert(id, &json!({"model": row["model"], "name": row["name"], "transient": false}));
    }
    Ok(model)
}
