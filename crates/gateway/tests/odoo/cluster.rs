//! Two instances over one Odoo, with their sessions in one PostgreSQL database.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::program::{Program, Service};
use crate::world::{company, odoo, password, user};

#[tokio::test]
async fn two_instances_share_sessions_and_their_ends() {
    let Ok(server) = std::env::var("ORGCACHE_TEST_POSTGRES_URL") else {
        panic!("this test needs PostgreSQL: run `cargo xtask test`, which starts one");
    };
    let name = format!("companies_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    share(&format!("{base}/{name}")).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}

async fn share(store: &str) {
    let double = odoo(18).await;
    let program = Program::over(&double);
    let options = ["--store-url", store, "--recheck-users", "1"];
    let (one, other) = (program.serve(&options).await, program.serve(&options).await);
    let token = one.token("bob", &password("bob")).await;
    let by = async |service: &Service| service.get("/v1/session/companies", &token).await;
    let there = by(&other).await;
    assert_eq!(there.0, 200, "{}", there.1);
    assert_eq!(there.1["own"]["ids"], json!([company(18, "Lab North")]));
    assert_eq!(by(&one).await, there);
    // What one finds out, both know.
    double.change_user(user(18, "bob"), |record| drop(record.insert("active".into(), json!(false))));
    let begun = Instant::now();
    for service in [&one, &other] {
        while by(service).await.0 != 401 {
            assert!(begun.elapsed().as_secs() < 30, "the session goes on");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
