//! Users of companies: verification of passwords and keys, rights, and checks of the loader.

use std::time::Duration;

use odoo::{CompanySource, LoaderError, OdooClient, OdooConfig, OdooCredential, OdooError, Verdict};
use odoo_double::{Behaviour, OdooDouble};
use serde_json::json;
use session::{ClientId, UserId};

use crate::company_rules::loader;
use crate::support::limits;

const VERSIONS: [u32; 3] = [17, 18, 19];

async fn double(version: u32) -> OdooDouble {
    let double = OdooDouble::start(Behaviour { version, ..Behaviour::default() }).await.unwrap();
    double.put_companies();
    double
}

fn source(odoo: OdooClient) -> CompanySource {
    CompanySource::new(odoo, ClientId::new("odoo").unwrap())
}

async fn verdict(client: &OdooClient, login: &str, secret: &str) -> Verdict {
    client.verify(login, secret.to_owned().into()).await.unwrap()
}

fn client(double: &OdooDouble, database: &str, login: &str, secret: &str) -> OdooClient {
    let credential = OdooCredential::from_secret(secret.to_owned().into());
    let config = OdooConfig::new(&double.url(), database, login, credential).unwrap();
    OdooClient::new(OdooConfig { limits: limits(), ..config }).unwrap()
}

#[tokio::test]
async fn only_the_users_own_password_or_key_is_accepted() {
    for (version, bob) in [(17, 9), (18, 9), (19, 8)] {
        let double = double(version).await;
        let client = loader(&double);
        client.scope().await.unwrap();
        for secret in ["<password of bob>", &OdooDouble::key_of("bob")] {
            assert_eq!(verdict(&client, "bob", secret).await, Verdict::User(bob), "{version}");
        }
        for (login, secret) in [
            ("bob", "wrong"),
            ("bob", ""),
            ("", "<password of bob>"),
            ("bob", "<password of eve>"),
            ("bob", &OdooDouble::key_of("eve")),
            ("nobody", &OdooDouble::key_of("bob")),
            ("bob", "00112233445566778899aabbccddeeff00112233"),
        ] {
            assert_eq!(verdict(&client, login, secret).await, Verdict::Refused, "{version}: {login}");
        }
        // The loader's own login is unchanged.
        assert_eq!(client.known_user(), Some(2));
        assert!(client.scope().await.is_ok());
    }
}

#[tokio::test]
async fn verifying_a_password_takes_two_requests_and_leaves_no_session() {
    for version in VERSIONS {
        let double = double(version).await;
        let client = loader(&double);
        client.scope().await.unwrap();
        let before = double.seen().len();
        assert!(matches!(verdict(&client, "bob", "<password of bob>").await, Verdict::User(_)));
        let seen: Vec<_> = double.seen().into_iter().skip(before).collect();
        let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(paths, ["/web/session/authenticate", "/web/session/destroy"], "{version}");
        let cookie = seen.last().unwrap().cookie.clone().unwrap();
        assert!(cookie.starts_with("session_id="), "{cookie}");
        assert_eq!(double.open_sessions(), 0);

        let before = double.seen().len();
        assert!(matches!(verdict(&client, "bob", &OdooDouble::key_of("bob")).await, Verdict::User(_)));
        let paths: Vec<_> = double.seen().into_iter().skip(before).map(|seen| seen.path).collect();
        let expected: &[&str] = match version {
            ..19 => &["/jsonrpc"],
            _ => &["/json/2/res.users/context_get", "/json/2/res.users/read"],
        };
        assert_eq!(paths, expected, "{version}");
    }
}

#[tokio::test]
async fn odoos_limit_of_failed_logins_is_reported() {
    let double = double(18).await;
    let client = loader(&double);
    for _ in 0..10 {
        assert_eq!(verdict(&client, "bob", "wrong").await, Verdict::Refused);
    }
    let refused = client.verify("bob", "<password of bob>".to_owned().into()).await.unwrap_err();
    let OdooError::LoginRefused { message } = refused else { panic!("{refused:?}") };
    assert_eq!(message, "Too many login failures, please wait a bit before trying again.");
    // Odoo does not limit failures with API keys.
    assert!(matches!(verdict(&client, "bob", &OdooDouble::key_of("bob")).await, Verdict::User(_)));
}

#[tokio::test]
async fn a_second_factor_cannot_be_bypassed_with_a_password() {
    let double = double(18).await;
    double.behave(|behaviour| behaviour.second_factor = true);
    let client = loader(&double);
    assert_eq!(verdict(&client, "bob", "<password of bob>").await, Verdict::SecondFactor);
    assert_eq!(verdict(&client, "bob", "wrong").await, Verdict::Refused);
    assert_eq!(double.open_sessions(), 0);
    assert!(matches!(verdict(&client, "bob", &OdooDouble::key_of("bob")).await, Verdict::User(_)));
}

#[tokio::test]
async fn administrators_are_current() {
    for (version, bob) in [(17, 9), (18, 9), (19, 8)] {
        let double = double(version).await;
        let source = source(loader(&double));
        let id = |user: i64| UserId::new(&user.to_string()).unwrap();
        let is_administrator = async |user: i64| source.standing(id(user)).await.unwrap().is_administrator;
        assert!(
            is_administrator(2).await && !is_administrator(bob).await && !is_administrator(99).await,
            "{version}"
        );
        assert!(!source.standing(UserId::new("bob").unwrap()).await.unwrap().is_admitted);
        double.set_groups(bob, &["base.group_user", "base.group_erp_manager"]);
        assert!(is_administrator(bob).await, "{version}");
        double.change_user(bob, |record| drop(record.insert("active".into(), json!(false))));
        assert!(!is_administrator(bob).await, "{version}: archived");
        double.set_groups(2, &["base.group_user"]);
        assert!(!is_administrator(2).await, "{version}");
    }
}

#[tokio::test]
async fn active_and_archived_users_are_read_in_one_request() {
    let double = double(19).await;
    let source = source(loader(&double));
    let bob = source.user_named("bob").await.unwrap().unwrap();
    assert!(bob.is_admitted && bob.login == "bob");
    for other in ["BOB", "bob ", "nobody", "", "%"] {
        assert_eq!(source.user_named(other).await.unwrap(), None, "{other}");
    }
    double.change_user(8, |record| {
        record.insert("active".into(), json!(false));
        record.insert("write_date".into(), json!("2026-01-31 10:00:07"));
    });
    assert_eq!(source.user_named("bob").await.unwrap(), None);
    let before = double.seen().len();
    let ids = ["2", "8", "99", "no number"].map(|id| UserId::new(id).unwrap());
    let users = source.users(&ids).await.unwrap();
    assert_eq!(double.seen().len(), before + 1);
    // Without `active_test` in the context, Odoo omits archived companies from `company_ids`.
    let arguments = double.calls().pop().unwrap().arguments;
    assert!(arguments.get("context").is_none(), "{arguments:?}");
    assert_eq!(users.keys().map(UserId::as_str).collect::<Vec<_>>(), ["2", "8"]);
    let archived = users.get(&bob.id).unwrap();
    assert!(!archived.is_admitted);
    assert_eq!(archived.written.duration_since(bob.written).unwrap(), Duration::from_secs(7));
}

#[tokio::test]
async fn the_check_reports_why_a_loader_is_unusable() {
    for version in VERSIONS {
        let double = double(version).await;
        assert!(source(loader(&double)).check_loader().await.unwrap() >= 7);
        let refused = async |database: &str, login: &str, secret: &str| {
            source(client(&double, database, login, secret)).check_loader().await.unwrap_err()
        };
        let key = OdooDouble::key_of("admin");
        let wrong_key = "00112233445566778899aabbccddeeff00112233";
        for (login, secret) in [("admin", "wrong"), ("admin", wrong_key)] {
            let error = refused("odoo", login, secret).await;
            assert!(matches!(error, LoaderError::Odoo(OdooError::Credentials { .. })), "{version}: {error}");
        }
        let error = refused("nosuch", "admin", &key).await;
        assert!(matches!(error, LoaderError::Odoo(OdooError::UnknownDatabase { .. })), "{version}: {error}");
        let error = refused("odoo", "bob", &OdooDouble::key_of("bob")).await;
        assert_eq!(error, LoaderError::NotAnAdministrator, "{version}");
        double.with_model("res.company", |companies| companies.closed = true);
        let error = refused("odoo", "bob", &OdooDouble::key_of("bob")).await;
        assert!(matches!(error, LoaderError::NotReadable { .. }), "{version}: {error}");
        assert!(error.to_string().contains("res.company"), "{error}");
    }
    let double = double(17).await;
    let unreachable = source(loader(&double));
    drop(double);
    let LoaderError::Odoo(error) = unreachable.check_loader().await.unwrap_err() else {
        panic!("not an error of Odoo")
    };
    assert!(error.is_transient(), "{error}");
}
