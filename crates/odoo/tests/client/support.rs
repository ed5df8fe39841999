//! A double of Odoo with a model of things, and clients for it.

use std::sync::Arc;
use std::time::Duration;

use model_metadata::ManualClock;
use odoo::{Call, CallLimits, OdooClient, OdooConfig, OdooCredential, RecordCache, RecordPolicy};
use odoo_double::{Behaviour, Model, OdooDouble};
use serde_json::{Value, json};

pub(crate) const THINGS: &str = "x.thing";

/// Limits that a correct test never reaches, even on a busy machine.
pub(crate) fn limits() -> CallLimits {
    CallLimits { answer_bytes: 1 << 20, breaker_failures: 1_000, ..CallLimits::default() }
}

/// Short timeouts, for tests that wait for an answer that never arrives.
pub(crate) fn impatient() -> CallLimits {
    CallLimits { answer: Duration::from_millis(400), ..limits() }
}

pub(crate) fn password() -> OdooCredential {
    OdooCredential::Password("<password>".to_owned().into())
}

pub(crate) fn api_key() -> OdooCredential {
    OdooCredential::ApiKey("<key of admin>".to_owned().into())
}

pub(crate) fn config(double: &OdooDouble, credential: OdooCredential) -> OdooConfig {
    let config = OdooConfig::new(&double.url(), "odoo", "admin", credential).unwrap();
    OdooConfig { limits: limits(), ..config }
}

pub(crate) fn client(double: &OdooDouble) -> OdooClient {
    OdooClient::new(config(double, password())).unwrap()
}

/// A client with a manual clock.
pub(crate) fn client_on(config: OdooConfig, clock: &Arc<ManualClock>) -> OdooClient {
    let records = RecordCache::with_clock(RecordPolicy::default(), Arc::clone(clock) as _);
    OdooClient::with_parts(config, records, Arc::clone(clock) as _).unwrap()
}

/// A double with the things 1 to 50. Thing 13 is forbidden.
pub(crate) async fn double(behaviour: Behaviour) -> OdooDouble {
    let double = OdooDouble::start(behaviour).await.unwrap();
    double.put_model(THINGS, things());
    double
}

pub(crate) fn things() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("city", "char"),
        ("note", "html"),
        ("image", "binary"),
        ("line_ids", "one2many"),
        ("score", "float"),
    ]);
    model.fields.get_mut("score").unwrap()["store"] = json!(false);
    for id in 1..=50 {
        model.insert(
            id,
            &json!({"name": format!("Thing {id}"), "city": format!("City {}", id % 5), "score": id}),
        );
    }
    model.forbidden.insert(13);
    model
}

/// Reads the name of a thing.
pub(crate) async fn name_of(client: &OdooClient, id: i64) -> Result<Value, odoo::OdooError> {
    let rows: Vec<Value> = client.call(Call::read(THINGS, &[id], &["name"])).await?;
    Ok(rows.first().map_or(Value::Null, |row| row["name"].clone()))
}
