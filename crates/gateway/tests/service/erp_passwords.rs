//! Logins with the ERP's password hashes. Python computes the hashes independently.

use std::process::Command;
use std::time::Duration;

use gateway::http::Allowance;
use serde_json::json;

use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, PASSWORD, SPAIN, SPAIN_ID, Service};

on_both_databases! {
    only_a_password_that_matches_the_erps_hash_is_accepted,
    a_password_of_the_service_overrides_the_erps,
    the_erps_hashes_are_off_by_default,
    failures_against_the_erps_hashes_are_limited,
}

/// A password with characters beyond ASCII.
const SECRET: &str = "contraseña $1$ 密码";

/// The unsalted and the salted hash of a password.
fn hashes(password: &str) -> (String, String) {
    let python = std::env::var_os("ORGCACHE_TEST_PYTHON")
        .unwrap_or_else(|| panic!("ORGCACHE_TEST_PYTHON names no interpreter; run cargo xtask test"));
    let program = "import base64, hashlib, os, sys\n\
                   password = sys.argv[1].encode()\n\
                   salt = base64.b64encode(os.urandom(16))\n\
                   print(base64.b64encode(hashlib.sha1(password).digest()).decode())\n\
                   salted = base64.b64encode(hashlib.sha512(salt + password).digest())\n\
                   print((b'1$' + salt + b'$' + salted).decode())";
    let output =
        Command::new(python).env("PYTHONUTF8", "1").args(["-c", program, password]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let (unsalted, salted) = lines.trim().split_once('\n').unwrap();
    (unsalted.to_owned(), salted.to_owned())
}

/// Starts a service that stores no password for the Spanish user.
async fn start(databases: &Databases, erp_passwords: bool) -> Service {
    databases.execute("ALTER TABLE ad_user ADD COLUMN password varchar(255)").await;
    let service = Service::start_on(databases, |settings| {
        settings.erp_passwords = erp_passwords;
        settings.failures_by_network = Allowance::new(1_000, Duration::from_millis(1));
        settings.failures_by_user_and_network = Allowance::new(1_000, Duration::from_millis(1));
    })
    .await;
    databases.passwords().await.set(SPAIN_ID.parse().unwrap(), None).await.unwrap();
    service
}

async fn set_erp_hash(service: &Service, hash: &str) {
    let hash = hash.replace('\'', "''");
    service.execute(&format!("UPDATE ad_user SET password = '{hash}' WHERE ad_user_id = '{SPAIN_ID}'")).await;
}

async fn log_in(service: &Service, user: &str, password: &str) -> Answer {
    Answer::fetch(service.post("/v1/login", json!({"user": user, "password": password}))).await
}

async fn only_a_password_that_matches_the_erps_hash_is_accepted(databases: Databases) {
    let service = start(&databases, true).await;
    let (unsalted, salted) = hashes(SECRET);
    for hash in [&unsalted, &salted] {
        set_erp_hash(&service, hash).await;
        let answer = log_in(&service, SPAIN, SECRET).await;
        assert_eq!(answer.json()["session"]["user"], SPAIN_ID, "{}", answer.text);
        let digest = hash.rsplit('$').next().unwrap();
        for wrong in
            [hash.as_str(), digest, "", "contraseña", &SECRET.to_lowercase().replace('c', "C"), PASSWORD]
        {
            log_in(&service, SPAIN, wrong).await.assert_refused(401, "unauthorized");
        }
        log_in(&service, "nobody", SECRET).await.assert_refused(401, "unauthorized");
        // A user that the ERP has locked is refused.
        service.execute("UPDATE ad_user SET islocked = 'Y'").await;
        log_in(&service, SPAIN, SECRET).await.assert_refused(403, "user_locked");
        service.execute("UPDATE ad_user SET islocked = 'N'").await;
    }
    let (empty, salted_empty) = hashes("");
    let (salt, digest) = salted.strip_prefix("1$").unwrap().split_once('$').unwrap();
    let stored = [
        String::new(),
        empty,
        salted_empty,
        SECRET.to_owned(),
        unsalted.trim_end_matches('=').to_owned(),
        format!(" {unsalted}"),
        format!("0${salt}${digest}"),
        format!("2${salt}${digest}"),
        format!("1${digest}"),
        format!("1$${digest}"),
        format!("1${salt}$"),
        format!("1${salt}${digest}$"),
        format!("${unsalted}"),
        "1$$".to_owned(),
        "$".to_owned(),
    ];
    for stored in &stored {
        set_erp_hash(&service, stored).await;
        for password in [SECRET, "", stored] {
            log_in(&service, SPAIN, password).await.assert_refused(401, "unauthorized");
        }
    }
    service.execute("UPDATE ad_user SET password = NULL").await;
    for password in [SECRET, ""] {
        log_in(&service, SPAIN, password).await.assert_refused(401, "unauthorized");
    }
}

async fn a_password_of_the_service_overrides_the_erps(databases: Databases) {
    let service = start(&databases, true).await;
    let (_, salted) = hashes(SECRET);
    service.execute(&format!("UPDATE ad_user SET password = '{salted}'")).await;
    log_in(&service, ADMIN, SECRET).await.assert_refused(401, "unauthorized");
    assert_eq!(log_in(&service, ADMIN, PASSWORD).await.status, 200);

    assert_eq!(log_in(&service, SPAIN, SECRET).await.status, 200);
    let own_hash = gateway::http::hash_password("a password of our own").unwrap();
    let passwords = databases.passwords().await;
    passwords.set(SPAIN_ID.parse().unwrap(), Some(&own_hash)).await.unwrap();
    log_in(&service, SPAIN, SECRET).await.assert_refused(401, "unauthorized");
    assert_eq!(log_in(&service, SPAIN, "a password of our own").await.status, 200);
    passwords.set(SPAIN_ID.parse().unwrap(), None).await.unwrap();
    log_in(&service, SPAIN, "a password of our own").await.assert_refused(401, "unauthorized");
    assert_eq!(log_in(&service, SPAIN, SECRET).await.status, 200);
}

async fn the_erps_hashes_are_off_by_default(databases: Databases) {
    let service = start(&databases, false).await;
    set_erp_hash(&service, &hashes(SECRET).1).await;
    log_in(&service, SPAIN, SECRET).await.assert_refused(401, "unauthorized");
    assert_eq!(log_in(&service, ADMIN, PASSWORD).await.status, 200);
}

async fn failures_against_the_erps_hashes_are_limited(databases: Databases) {
    databases.execute("ALTER TABLE ad_user ADD COLUMN password varchar(255)").await;
    let service = Service::start_on(&databases, |settings| {
        settings.erp_passwords = true;
        settings.failures_by_user_and_network = Allowance::new(3, Duration::from_secs(60));
    })
    .await;
    databases.passwords().await.set(SPAIN_ID.parse().unwrap(), None).await.unwrap();
    set_erp_hash(&service, &hashes(SECRET).0).await;
    for _ in 0..3 {
        log_in(&service, SPAIN, "guess").await.assert_refused(401, "unauthorized");
    }
    log_in(&service, SPAIN, SECRET).await.assert_refused(429, "too_many_attempts");
}
