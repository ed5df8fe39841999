//! The periodic user check ends sessions whose user has changed in Odoo.

use std::time::{Duration, Instant};

use odoo_double::OdooDouble;
use serde_json::json;

use crate::program::{Program, Service};
use crate::world::{company, odoo, password, user};

/// Waits until the session ends.
async fn wait_until_ended(service: &Service, token: &str) {
    let started = Instant::now();
    while service.get("/v1/session", token).await.0 != 401 {
        assert!(started.elapsed().as_secs() < 30, "the session did not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits for three more user checks, so that a session that should end has ended.
async fn wait_for_user_checks(double: &OdooDouble) {
    let checks = || {
        let seen = double.calls();
        seen.iter().filter(|call| call.model == "res.users" && call.method == "search_read").count()
    };
    let (before, started) = (checks(), Instant::now());
    while checks() < before + 3 {
        assert!(started.elapsed().as_secs() < 30, "users are not checked");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn users_who_are_archived_or_change_companies_or_password_are_logged_out() {
    for version in [17, 19] {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&["--recheck-users", "1", "--log", "info"]).await;
        let written = |second: u32| json!(format!("2026-02-01 00:00:{second:02}"));
        let ana = service.token("ana", &password("ana")).await;
        let changes: [(&str, &str, serde_json::Value, &str); 4] = [
            ("bob", "active", json!(false), "archived"),
            ("eve", "share", json!(true), "portal"),
            ("dan", "company_ids", json!([company(version, "YourCompany")]), "companies have changed"),
            ("admin", "write_date", written(1), "the password may have changed"),
        ];
        for (login, field, value, reason) in changes {
            let token = service.token(login, &password(login)).await;
            wait_for_user_checks(&double).await;
            assert_eq!(service.get("/v1/session", &token).await.0, 200, "{version} {login}");
            double
                .change_user(user(version, login), |record| drop(record.insert(field.into(), value.clone())));
            wait_until_ended(&service, &token).await;
            let log = service.log();
            assert!(log.contains(reason), "{version} {login}: {log}");
        }
        assert_eq!(service.get("/v1/session", &ana).await.0, 200, "ana has not changed");
        // A session that is created after the change stays valid.
        let again = service.token("admin", &password("admin")).await;
        wait_for_user_checks(&double).await;
        assert_eq!(service.get("/v1/session", &again).await.0, 200);
    }
}

#[tokio::test]
async fn a_refresh_does_not_count_as_a_login_after_a_password_change() {
    let double = odoo(18).await;
    let service = Program::over(&double).serve(&["--recheck-users", "1"]).await;
    let token = service.token("bob", &password("bob")).await;
    double.change_user(user(18, "bob"), |record| {
        record.insert("write_date".into(), json!("2026-02-01 00:00:00"));
    });
    // Whether the refresh comes before or after a user check, the new session ends like the first one.
    let (status, renewed) = service.post("/v1/session/refresh", &token, json!({})).await;
    if status == 200 {
        wait_until_ended(&service, renewed["token"].as_str().unwrap()).await;
    }
    wait_until_ended(&service, &token).await;
}

#[tokio::test]
async fn changes_during_a_restart_are_detected() {
    let double = odoo(18).await;
    let program = Program::over(&double);
    let store = format!("sqlite:{}?mode=rwc", program.home.path().join("store.db").display());
    let options = ["--store-url", store.as_str(), "--recheck-users", "1"];
    let service = program.serve(&options).await;
    let (bob, ana) =
        (service.token("bob", &password("bob")).await, service.token("ana", &password("ana")).await);
    drop(service);
    // Later than any login of this test on any clock.
    double.change_user(user(18, "bob"), |record| {
        record.insert("write_date".into(), json!("2099-01-01 00:00:00"));
    });
    let service = program.serve(&options).await;
    assert_eq!(service.get("/v1/session", &ana).await.0, 200);
    assert!([200, 401].contains(&service.get("/v1/session", &bob).await.0));
    wait_until_ended(&service, &bob).await;
    wait_for_user_checks(&double).await;
    assert_eq!(service.get("/v1/session", &ana).await.0, 200);
}
