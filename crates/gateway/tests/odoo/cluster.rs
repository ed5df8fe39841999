//! Two instances on one Odoo, with their sessions in one PostgreSQL database.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::program::{Program, Service};
use crate::world::{company, odoo, password, user};

#[tokio::test]
async fn two_instances_share_sessions_and_revocations() {
    let Ok(server) = std::env::var("ORGCACHE_TEST_POSTGRES_URL") else {
        panic!("this test needs PostgreSQL: run `cargo xtask test`, which starts one");
    };
    let name = format!("companies_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    assert_shared(&format!("{base}/{name}")).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}

async fn assert_shared(store: &str) {
    let double = odoo(18).await;
    let program = Program::over(&double);
    let options = ["--store-url", store, "--recheck-users", "1"];
    let (one, other) = (program.serve(&options).await, program.serve(&options).await);
    let token = one.token("bob", &password("bob")).await;
    let companies = async |service: &Service| service.get("/v1/session/companies", &token).await;
    let elsewhere = companies(&other).await;
    assert_eq!(elsewhere.0, 200, "{}", elsewhere.1);
    assert_eq!(elsewhere.1["own"]["ids"], json!([company(18, "Lab North")]));
    assert_eq!(companies(&one).await, elsewhere);
    // The user check of either instance ends the session on both.
    double.change_user(user(18, "bob"), |record| drop(record.insert("active".into(), json!(false))));
    let started = Instant::now();
    for service in [&one, &other] {
        while companies(service).await.0 != 401 {
            assert!(started.elapsed().as_secs() < 30, "the session did not end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
