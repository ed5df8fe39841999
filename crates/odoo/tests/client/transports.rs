//! All transports send the same calls and return the same results and errors.

use odoo::{Call, OdooClient, OdooConfig, OdooError, Transport, TransportChoice};
use odoo_double::Behaviour;
use serde_json::{Map, Value, json};

use crate::support::{self, THINGS, api_key, client, config, double, password};

/// The transports that the client selects for each version and credential.
fn transports() -> [(u32, odoo::OdooCredential, Transport); 6] {
    [
        (17, password(), Transport::Session),
        (17, api_key(), Transport::JsonRpc),
        (18, password(), Transport::Session),
        (18, api_key(), Transport::JsonRpc),
        (19, password(), Transport::Session),
        (19, api_key(), Transport::Json2),
    ]
}

/// A client for each transport, with a server of each version that has it.
async fn each() -> Vec<(odoo_double::OdooDouble, OdooClient, Transport)> {
    let mut all = Vec::new();
    for (version, credential, transport) in transports() {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let client = OdooClient::new(config(&double, credential)).unwrap();
        all.push((double, client, transport));
    }
    all
}

#[tokio::test]
async fn the_transport_is_selected_by_credential_and_version() {
    for (double, client, transport) in each().await {
        assert_eq!(client.transport(), None, "nothing is sent before the first call");
        assert_eq!(double.seen().len(), 0);
        assert_eq!(client.scope().await.unwrap().user().id(), 2);
        assert_eq!(client.transport(), Some(transport));
    }
}

#[tokio::test]
async fn an_unconfigured_database_is_selected_if_it_is_unambiguous() {
    for (version, credential, _) in transports() {
        for (databases, found) in [
            (Some(vec!["odoo"]), Ok(())),
            (Some(vec!["test", "odoo"]), Ok(())),
            (Some(vec!["a", "b"]), Err(2)),
            (None, Err(0)),
        ] {
            let double = double(Behaviour { version, databases, ..Behaviour::default() }).await;
            let client =
                OdooClient::new(OdooConfig { database: None, ..config(&double, credential.clone()) })
                    .unwrap();
            for _ in 0..2 {
                let result = client.scope().await.map(drop);
                assert_eq!(result, found.map_err(|found| OdooError::Database { found }), "{version}");
            }
            let lists = || double.seen().iter().filter(|seen| seen.path == "/web/database/list").count();
            if found.is_ok() {
                assert_eq!(client.call::<usize>(Call::search_count(THINGS, json!([]))).await.unwrap(), 50);
                assert_eq!(
                    (client.config().database.as_deref(), lists()),
                    (Some("odoo"), 1),
                    "the list is requested once"
                );
            }
        }
    }
    let double = double(Behaviour { databases: Some(vec!["other"]), ..Behaviour::default() }).await;
    let client = OdooClient::new(OdooConfig { database: None, ..config(&double, password()) }).unwrap();
    assert!(client.scope().await.is_err(), "the double has no database `other`");
    assert_eq!(client.config().database.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_transport_can_be_forced() {
    let double = double(Behaviour::default()).await;
    let forced = TransportChoice::Forced(Transport::JsonRpc);
    let config = OdooConfig { transport: forced, ..config(&double, password()) };
    let client = OdooClient::new(config).unwrap();
    let count: usize = client.call(Call::search_count(THINGS, json!([]))).await.unwrap();
    assert_eq!((count, client.transport()), (50, Some(Transport::JsonRpc)));
    assert!(double.seen().iter().all(|seen| seen.path == "/jsonrpc"));
}

#[tokio::test]
async fn all_transports_read_and_write() {
    for (double, client, transport) in each().await {
        let rows: Vec<Value> = client.call(Call::read(THINGS, &[2, 1, 2, 999], &["name"])).await.unwrap();
        let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Thing 2", "Thing 1", "Thing 2"], "{transport}");

        let domain = json!([["city", "=", "City 1"]]);
        let search = Call::search(THINGS, domain.clone()).option("limit", 2).option("offset", 1);
        assert_eq!(client.call::<Vec<i64>>(search).await.unwrap(), [6, 11], "{transport}");
        let found = Call::search_read(THINGS, domain, &["name"]).option("limit", 1);
        assert_eq!(client.call::<Value>(found).await.unwrap(), json!([{"id": 1, "name": "Thing 1"}]));

        let values = |name: &str| Map::from_iter([("name".to_owned(), name.into())]);
        let [id]: [i64; 1] = client.call(Call::create(THINGS, [values("New")])).await.unwrap();
        assert!(client.call::<bool>(Call::write(THINGS, &[id], values("Newer"))).await.unwrap());
        let stored = double.with_model(THINGS, |model| model.records[&id]["name"].clone());
        assert_eq!(stored, Some(json!("Newer")), "{transport}");
        assert!(client.call::<bool>(Call::unlink(THINGS, &[id])).await.unwrap());
    }
}

#[tokio::test]
async fn all_transports_return_the_same_errors() {
    for (double, client, transport) in each().await {
        double.behave(|behaviour| behaviour.missing_is_an_error = true);
        let read = async |ids: &[i64], field: &str| {
            client.call::<Value>(Call::read(THINGS, ids, &[field])).await.unwrap_err()
        };
        assert!(matches!(read(&[13], "name").await, OdooError::Access { .. }), "{transport}");
        assert!(matches!(read(&[999], "name").await, OdooError::Missing { .. }), "{transport}");
        let unknown = read(&[1], "no_such").await;
        let text = unknown.to_string();
        assert!(text.starts_with("odoo rejects the call: Invalid field 'no_such' on "), "{text}");
        let model = client.call::<Value>(Call::read("x.nothing", &[1], &["name"])).await;
        assert_eq!(model, Err(OdooError::UnknownModel { model: "x.nothing".into() }), "{transport}");
        let method = client.call::<Value>(Call::method(THINGS, "no_such").on(&[1])).await;
        let expected = OdooError::UnknownMethod { model: THINGS.into(), method: "no_such".into() };
        assert_eq!(method, Err(expected), "{transport}");
        assert!(!unknown.is_transient());
        let private = client.call::<Value>(Call::method(THINGS, "_compute").on(&[1])).await;
        assert!(matches!(private, Err(OdooError::Access { .. })), "{transport}");
    }
}

#[tokio::test]
async fn errors_for_rejected_credentials_name_the_settings_to_check() {
    let wrong = || "<wrong>".to_owned().into();
    let (password, key) = (odoo::OdooCredential::Password(wrong()), odoo::OdooCredential::ApiKey(wrong()));
    let right = api_key();
    let (auto, forced) = (TransportChoice::Auto, TransportChoice::Forced);
    for (version, credential, transport, key_as_password, advice) in [
        (17, &password, auto, false, "check ODOO_USER and ODOO_PASSWORD"),
        (17, &password, forced(Transport::JsonRpc), false, "check ODOO_USER and ODOO_PASSWORD"),
        (17, &key, auto, false, "check ODOO_API_KEY"),
        (19, &key, auto, false, "check ODOO_API_KEY"),
        (17, &key, auto, true, "ODOO_PASSWORD has the form of an api key and was used as one"),
        (19, &key, auto, true, "ODOO_PASSWORD has the form of an api key and was used as one"),
        (18, &right, forced(Transport::Session), false, "an api key cannot open a session"),
        (19, &right, forced(Transport::Session), true, "an api key cannot open a session"),
        (19, &support::password(), forced(Transport::Json2), false, "JSON-2 accepts only api keys"),
    ] {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let config = OdooConfig { transport, key_as_password, ..config(&double, credential.clone()) };
        let client = OdooClient::new(config).unwrap();
        let error = client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap_err();
        assert!(matches!(error, OdooError::Credentials { .. }), "{error}");
        assert!(error.to_string().contains(advice), "{version}: {error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_key_of_another_user_is_rejected() {
    for (version, transport) in [(17, Transport::JsonRpc), (18, Transport::JsonRpc), (19, Transport::Json2)] {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let config = OdooConfig { login: Some("ana".into()), ..config(&double, api_key()) };
        let client = OdooClient::new(config).unwrap();
        let error = client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap_err();
        let message = match version {
            19 => {
                "the api key belongs to `admin`, not to `ana`: correct ODOO_USER, or use a key of that user"
            }
            _ => {
                "odoo does not accept the credentials for database `odoo`: check ODOO_API_KEY, and that it is a key \
                 of ODOO_USER"
            }
        };
        assert_eq!((error.to_string().as_str(), client.transport()), (message, Some(transport)), "{version}");
        assert!(error.is_refused_login() && !error.is_transient());
        let before = double.seen().len();
        assert_eq!(client.scope().await.unwrap_err(), error);
        assert_eq!(double.seen().len(), before, "the refusal is cached");
        assert!(double.calls().iter().all(|call| call.model == "res.users"), "nothing else was called");
    }
    // Without a configured login, the key identifies the user.
    let double = double(Behaviour { version: 19, ..Behaviour::default() }).await;
    let config = OdooConfig { login: None, ..config(&double, api_key()) };
    let client = OdooClient::new(config).unwrap();
    assert_eq!(client.scope().await.unwrap().user().id(), 2);
    assert_eq!(double.seen().len(), 2, "the version and the user");
}

#[tokio::test]
async fn a_revoked_key_is_retried_once_for_all_callers() {
    for (version, transport) in [(17, Transport::JsonRpc), (19, Transport::Json2)] {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let client = OdooClient::new(config(&double, api_key())).unwrap();
        let read = async || client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await;
        read().await.unwrap();
        assert_eq!(client.transport(), Some(transport));
        double.revoke_key("admin");
        let before = double.seen().len();
        for _ in 0..5 {
            assert!(matches!(read().await, Err(OdooError::Credentials { .. })), "{transport}");
        }
        assert_eq!(double.seen().len() - before, 2, "the call and one login, {transport}");
    }
}

#[tokio::test]
async fn the_error_for_an_unknown_database_names_it_and_no_other() {
    for (version, credential, transport) in transports() {
        for database_filter in [false, true] {
            let double = double(Behaviour { version, database_filter, ..Behaviour::default() }).await;
            let config = OdooConfig { database: Some("nodb".into()), ..config(&double, credential.clone()) };
            let error = OdooClient::new(config).unwrap().scope().await.unwrap_err();
            assert_eq!(
                error,
                OdooError::UnknownDatabase { database: "nodb".into() },
                "{version} {transport}"
            );
            let text = "odoo has no database `nodb`, or a filter of the server hides it: check ODOO_DB";
            assert_eq!(error.to_string(), text);
        }
    }
}

#[tokio::test]
async fn json_2_needs_version_19() {
    for version in [17, 18] {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let transport = TransportChoice::Forced(Transport::Json2);
        let config = OdooConfig { transport, ..config(&double, api_key()) };
        let error = OdooClient::new(config).unwrap().scope().await.unwrap_err();
        assert_eq!(error, OdooError::NoJson2, "{version}");
    }
}

#[tokio::test]
async fn requests_with_a_key_have_no_cookie() {
    let double = double(Behaviour { version: 19, ..Behaviour::default() }).await;
    let client = OdooClient::new(config(&double, api_key())).unwrap();
    for _ in 0..3 {
        client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap();
    }
    assert!(double.seen().iter().all(|seen| seen.cookie.is_none()));
}

#[tokio::test]
async fn an_expired_session_is_renewed_on_a_server_with_several_databases() {
    for version in [17, 18, 19] {
        let databases = Some(vec!["odoo", "other"]);
        let double = double(Behaviour { version, databases, ..Behaviour::default() }).await;
        let client = client(&double);
        client.scope().await.unwrap();
        double.expire_sessions();
        client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap();
        assert_eq!(double.logins(), 2, "{version}");
    }
}

#[tokio::test]
async fn a_language_that_is_not_installed_is_replaced_by_the_users_language() {
    for (version, credential, transport) in transports() {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let config = OdooConfig { language: Some("es_ES".into()), ..config(&double, credential) };
        let client = OdooClient::new(config).unwrap();
        let created: Result<[i64; 1], _> = client.call(Call::create(THINGS, [Map::new()])).await;
        assert!(created.is_ok(), "{version} {transport}: {created:?}");
        assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(51), "created once");
        client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap();
        let languages: Vec<bool> = double
            .calls()
            .iter()
            .filter(|call| call.model == THINGS)
            .map(|call| call.arguments.get("context").is_some_and(|context| context.get("lang").is_some()))
            .collect();
        // Version 17 does not report the error, so the client checks the language before the first call.
        let expected: &[bool] = if version == 17 { &[false, false] } else { &[true, false, false] };
        assert_eq!(languages, expected, "{version} {transport}");
        assert_eq!(client.refused_language(), Some("es_ES"));
    }
}

#[tokio::test]
async fn names_that_could_change_the_path_are_rejected() {
    let double = double(Behaviour { version: 19, ..Behaviour::default() }).await;
    let client = OdooClient::new(config(&double, api_key())).unwrap();
    for (model, method) in [
        ("../web", "read"),
        ("x.thing", "read/../write"),
        ("", "read"),
        ("x thing", "read"),
        ("x.thing", "a?b"),
    ] {
        let error = client.call::<Value>(Call::method(model, method)).await.unwrap_err();
        assert!(matches!(error, OdooError::Name { .. }), "{model} {method}: {error}");
    }
    assert!(double.seen().is_empty());
}

#[tokio::test]
async fn all_calls_have_the_configured_language() {
    let double = double(Behaviour::default()).await;
    let config = OdooConfig { language: Some("fr_FR".into()), ..config(&double, password()) };
    let french = OdooClient::new(config).unwrap();
    let call = Call::read(THINGS, &[1], &["name"]);
    french.call::<Value>(call.clone()).await.unwrap();
    client(&double).call::<Value>(call).await.unwrap();
    let calls = double.calls().into_iter().filter(|call| call.model == THINGS);
    let contexts: Vec<_> = calls.map(|call| call.arguments.get("context").cloned()).collect();
    assert_eq!(contexts, [Some(json!({"lang": "fr_FR"})), None]);
}

#[tokio::test]
async fn the_version_is_requested_at_most_once() {
    for ((double, client, transport), (version, ..)) in each().await.into_iter().zip(transports()) {
        if transport == Transport::Session {
            client.scope().await.unwrap();
        }
        for _ in 0..2 {
            assert_eq!(client.version().await.unwrap(), u64::from(version));
        }
        client.scope().await.unwrap();
        // Over JSON-2, the owner of the key and the owner's login take two requests.
        let expected = match transport {
            Transport::Session => 1,
            Transport::JsonRpc => 2,
            Transport::Json2 => 3,
        };
        assert_eq!(double.seen().len(), expected, "{transport}");
    }
}

#[tokio::test]
async fn arguments_without_names_need_a_transport_with_positional_arguments() {
    for (double, client, transport) in each().await {
        let call = Call::method(THINGS, "write").positional(json!([1])).positional(json!({"name": "New"}));
        let written = client.call::<bool>(call).await;
        if transport == Transport::Json2 {
            assert_eq!(written, Err(OdooError::Unnamed { method: "write".into() }));
        } else {
            assert_eq!(written, Ok(true));
            let name = double.with_model(THINGS, |model| model.records[&1]["name"].clone());
            assert_eq!(name, Some(json!("New")));
        }
    }
}

#[tokio::test]
async fn the_error_for_the_address_of_a_page_says_what_to_remove() {
    for (version, credential, transport) in transports() {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let mut config = config(&double, credential);
        config.url.set_path("/odoo/contacts");
        let error = OdooClient::new(config).unwrap().scope().await.unwrap_err();
        assert!(matches!(error, OdooError::Address { .. }), "{version} {transport}: {error}");
        assert!(error.to_string().contains("remove the path from `/odoo`"), "{error}");
    }
}

#[tokio::test]
async fn the_error_for_a_redirect_names_the_target() {
    let double = double(Behaviour::default()).await;
    double.behave(|behaviour| behaviour.redirect = Some("https://erp.example.com/".into()));
    let error = client(&double).scope().await.unwrap_err();
    let location = "https://erp.example.com/".to_owned();
    assert_eq!(error, OdooError::Fault(odoo::Fault::Redirect { location }));
    assert!(error.to_string().contains("set ODOO_URL"), "{error}");
}
