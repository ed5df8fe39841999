//! Sessions end once their user is another one in Odoo.

use std::time::{Duration, Instant};

use odoo_double::OdooDouble;
use serde_json::json;

use crate::program::{Program, Service};
use crate::world::{company, odoo, password, user};

/// Waits until a session has ended.
async fn ended(service: &Service, token: &str) {
    let begun = Instant::now();
    while service.get("/v1/session", token).await.0 != 401 {
        assert!(begun.elapsed().as_secs() < 30, "the session goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until all that would end has had the time to, after two more looks at the users.
async fn rechecked(double: &OdooDouble) {
    let looks = || {
        let seen = double.calls();
        seen.iter().filter(|call| call.model == "res.users" && call.method == "search_read").count()
    };
    let (before, begun) = (looks(), Instant::now());
    while looks() < before + 3 {
        assert!(begun.elapsed().as_secs() < 30, "users are not looked at");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn whoever_is_archived_has_other_companies_or_another_password_is_signed_out() {
    for version in [17, 19] {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&["--recheck-users", "1", "--log", "info"]).await;
        let written = |second: u32| json!(format!("2026-02-01 00:00:{second:02}"));
        let ana = service.token("ana", &password("ana")).await;
        let changes: [(&str, &str, serde_json::Value, &str); 4] = [
            ("bob", "active", json!(false), "archived"),
            ("eve", "share", json!(true), "portal"),
            ("dan", "company_ids", json!([company(version, "YourCompany")]), "companies have changed"),
            ("admin", "write_date", written(1), "the password may be another"),
        ];
        for (login, field, value, reason) in changes {
            let token = service.token(login, &password(login)).await;
            rechecked(&double).await;
            assert_eq!(service.get("/v1/session", &token).await.0, 200, "{version} {login}");
            double
                .change_user(user(version, login), |record| drop(record.insert(field.into(), value.clone())));
            ended(&service, &token).await;
            let log = service.log();
            assert!(log.contains(reason), "{version} {login}: {log}");
        }
        assert_eq!(service.get("/v1/session", &ana).await.0, 200, "nothing has changed about ana");
        // Who signs in after the change has a session that lasts.
        let again = service.token("admin", &password("admin")).await;
        rechecked(&double).await;
        assert_eq!(service.get("/v1/session", &again).await.0, 200);
    }
}

#[tokio::test]
async fn a_refresh_proves_no_password() {
    let double = odoo(18).await;
    let service = Program::over(&double).serve(&["--recheck-users", "1"]).await;
    let token = service.token("bob", &password("bob")).await;
    double.change_user(user(18, "bob"), |record| {
        record.insert("write_date".into(), json!("2026-02-01 00:00:00"));
    });
    // Before or after a look at the users, the token that comes of it ends like the first.
    let (status, renewed) = service.post("/v1/session/refresh", &token, json!({})).await;
    if status == 200 {
        ended(&service, renewed["token"].as_str().unwrap()).await;
    }
    ended(&service, &token).await;
}

#[tokio::test]
async fn a_restart_forgets_no_change() {
    let double = odoo(18).await;
    let program = Program::over(&double);
    let store = format!("sqlite:{}?mode=rwc", program.home.path().join("store.db").display());
    let options = ["--store-url", store.as_str(), "--recheck-users", "1"];
    let service = program.serve(&options).await;
    let (bob, ana) =
        (service.token("bob", &password("bob")).await, service.token("ana", &password("ana")).await);
    drop(service);
    // Later than any login of this test, on whichever clock.
    double.change_user(user(18, "bob"), |record| {
        record.insert("write_date".into(), json!("2099-01-01 00:00:00"));
    });
    let service = program.serve(&options).await;
    assert_eq!(service.get("/v1/session", &ana).await.0, 200);
    assert!([200, 401].contains(&service.get("/v1/session", &bob).await.0));
    ended(&service, &bob).await;
    rechecked(&double).await;
    assert_eq!(service.get("/v1/session", &ana).await.0, 200);
}
