//! The client as a loader of metadata, with recordings of a real server.

use std::sync::Arc;

use model_metadata::{CacheConfig, CacheScope, DatabaseUser, MetadataCache, Projection};
use odoo::{OdooClient, OdooConfig, OdooError};
use odoo_double::{Behaviour, OdooDouble, stateless_exchanges};

use crate::support::{THINGS, config, double, password};

async fn logged_in(double: &OdooDouble, login: &str) -> (Arc<OdooClient>, CacheScope) {
    let config = OdooConfig { login: Some(login.into()), ..config(double, password()) };
    let client = Arc::new(OdooClient::new(config).unwrap());
    let scope = client.scope().await.unwrap();
    (client, scope)
}

#[tokio::test]
async fn fields_are_loaded_once_and_match_the_recording() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let (client, scope) = logged_in(&double, "admin").await;
    let cache = MetadataCache::new(CacheConfig::default());
    for exchange in stateless_exchanges().iter().filter(|it| it.name.contains("all attributes")) {
        let model = exchange.request["params"]["args"][3].as_str().unwrap();
        for _ in 0..2 {
            let fields = cache.fields(&client, &scope, model).await.unwrap().unwrap();
            let definitions = serde_json::to_value(Projection::new(&fields, None, None)).unwrap();
            assert_eq!(definitions, exchange.response["result"]);
        }
    }
    assert_eq!((double.calls().len(), cache.stats().fields.loads), (4, 4));
}

#[tokio::test]
async fn permissions_and_model_lists_are_per_user() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let cache = MetadataCache::new(CacheConfig::default());
    let (admin, admin_scope) = logged_in(&double, "admin").await;
    let (demo, demo_scope) = logged_in(&double, "demo").await;
    let company = cache.permissions(&admin, &admin_scope, "res.company").await.unwrap().unwrap();
    assert!(company.read && company.write && company.create && company.unlink);
    let company = cache.permissions(&demo, &demo_scope, "res.company").await.unwrap().unwrap();
    assert!(company.read && !company.write && !company.create && !company.unlink);
    let models = cache.models(&admin, &admin_scope, &["res.partner"]).await.unwrap();
    assert_eq!(models.label("res.partner"), Some("Contact"));
    assert!(models.len() > 200);
    // Only administrators may read the list itself. Other users get the models that they may read.
    let fields = [("model", "char"), ("name", "char"), ("transient", "boolean")];
    let closed = odoo_double::Model { closed: true, ..odoo_double::Model::with_fields(&fields) };
    double.put_model("ir.model", closed);
    double.put_model("x.open", odoo_double::Model::with_fields(&[("name", "char")]));
    let models = cache.models(&demo, &demo_scope, &[]).await.unwrap();
    assert_eq!(models.iter().collect::<Vec<_>>(), [("x.open", "Label of x.open")]);
}

#[tokio::test]
async fn an_unknown_model_is_not_an_error() {
    let double = double(Behaviour::default()).await;
    let (client, scope) = logged_in(&double, "admin").await;
    let cache = MetadataCache::new(CacheConfig::default());
    assert!(cache.fields(&client, &scope, "res.nothing").await.unwrap().is_none());
    assert!(cache.permissions(&client, &scope, "res.nothing").await.unwrap().is_none());
    assert!(cache.fields(&client, &scope, THINGS).await.unwrap().is_some());
}

#[tokio::test]
async fn a_client_loads_only_for_its_own_user() {
    let double = double(Behaviour::default()).await;
    let (client, scope) = logged_in(&double, "admin").await;
    let cache = MetadataCache::new(CacheConfig::default());
    let other_user = CacheScope::new(DatabaseUser::new(scope.user().database(), 6), "");
    let other_database = CacheScope::new(DatabaseUser::new("other", scope.user().id()), "");
    for scope in [other_user, other_database] {
        let refused = cache.fields(&client, &scope, THINGS).await.unwrap_err();
        assert!(matches!(*refused, OdooError::Credentials { .. }), "{refused:?}");
    }
    assert!(double.calls().is_empty());
}
