//! The rules of the add-on, and the errors if it does not answer.

use std::sync::Arc;

use model_metadata::{CacheConfig, MetadataCache, Permissions};
use odoo::{AddonRules, OdooClient, OdooError};
use odoo_double::{Behaviour, OdooDouble};

use crate::support::{THINGS, api_key, config, double, password};

async fn rules(
    double: &OdooDouble,
    credential: odoo::OdooCredential,
) -> (Arc<AddonRules>, model_metadata::CacheScope) {
    let client = OdooClient::new(config(double, credential)).unwrap();
    let scope = client.scope().await.unwrap();
    (Arc::new(AddonRules::new(client)), scope)
}

#[tokio::test]
async fn the_addon_returns_the_permissions_of_agents() {
    for credential in [password(), api_key()] {
        let double = double(Behaviour::default()).await;
        double.set_rules(Some(&[(THINGS, &["read", "create"]), ("x.empty", &[])]));
        let (rules, scope) = rules(&double, credential).await;
        let cache = MetadataCache::new(CacheConfig::default());
        let things = cache.permissions(&rules, &scope, THINGS).await.unwrap().unwrap();
        assert_eq!(things, Permissions { read: true, create: true, ..Permissions::default() });
        let empty = cache.permissions(&rules, &scope, "x.empty").await.unwrap().unwrap();
        assert_eq!(empty, Permissions::default());
        let models = cache.models(&rules, &scope, &[]).await.unwrap();
        assert_eq!(models.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["x.empty", THINGS]);
        double.expire_sessions();
        cache.invalidate_all();
        assert!(
            cache.permissions(&rules, &scope, THINGS).await.unwrap().unwrap().read,
            "an expired session is renewed"
        );
    }
}

#[tokio::test]
async fn the_addon_returns_the_owner_of_a_key_without_a_login() {
    let double = double(Behaviour::default()).await;
    let with_key = |key: &str| {
        let credential = odoo::OdooCredential::ApiKey(key.to_owned().into());
        OdooClient::new(odoo::OdooConfig { login: None, ..config(&double, credential) }).unwrap()
    };
    let client = with_key("<key of demo>");
    let missing = client.scope().await.unwrap_err();
    assert!(matches!(missing, OdooError::Login) && missing.to_string().contains("ODOO_USER"), "{missing:?}");
    double.set_rules(Some(&[(THINGS, &["read"])]));
    assert_eq!(client.scope().await.unwrap().user().id(), 6);
    let rows: Vec<serde_json::Value> = client.call(odoo::Call::read(THINGS, &[1], &["name"])).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(double.calls().last().unwrap().user, 6);
    let refused = with_key("<key of nobody>").scope().await.unwrap_err();
    assert!(matches!(refused, OdooError::Credentials { .. }), "{refused:?}");
}

#[tokio::test]
async fn without_an_answer_of_the_addon_the_permission_is_unverified() {
    let double = double(Behaviour::default()).await;
    let (rules, scope) = rules(&double, password()).await;
    let cache = MetadataCache::new(CacheConfig::default());
    let missing = cache.permissions(&rules, &scope, THINGS).await.unwrap_err();
    assert!(matches!(*missing, OdooError::Unverified { .. }), "{missing:?}");
    double.set_rules(Some(&[("x.other", &["read"])]));
    for (model, message) in
        [(THINGS, "Model 'x.thing' is not enabled for MCP access."), ("x.nothing", "Model not found")]
    {
        let refused = cache.permissions(&rules, &scope, model).await.unwrap_err();
        assert_eq!(*refused, OdooError::Access { message: message.into() });
    }
    assert_eq!(double.logins(), 1, "a refusal causes no new login");
    let odd = cache.permissions(&rules, &scope, "x.other/../x.thing").await.unwrap_err();
    assert!(matches!(*odd, OdooError::Name { .. }), "{odd:?}");
}
