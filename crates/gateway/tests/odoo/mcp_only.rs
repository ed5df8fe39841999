//! `serve --mcp` without a database and without `--odoo-url`, and together with `--odoo-url`.

use odoo_double::{Behaviour, OdooDouble};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::program::{Program, secret_file};

const TOKEN: &str = "a token of a language model, of more than 32 bytes";

/// A file with one principal.
fn principals(url: &str) -> Value {
    let hash: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let settings = json!({"ODOO_USER": "admin", "ODOO_PASSWORD": "<password>"});
    json!({
        "settings": {"ODOO_URL": url, "ODOO_DB": "odoo"},
        "principals": [{"name": "agent", "token_sha256": hash, "settings": settings}],
    })
}

#[tokio::test]
async fn mcp_alone_offers_no_login_and_no_demonstration() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let program = Program::alone();
    let principals = principals(&double.url());
    let file = secret_file(program.home.path(), &principals.to_string());
    let service = program.serve(&["--mcp", &file]).await;
    assert!(service.greeting.contains("no sign-in"), "{}", service.greeting);
    assert!(!service.greeting.contains("password") && !service.greeting.contains("users:"));
    assert_eq!(std::fs::read_dir(program.home.path()).unwrap().count(), 1, "no demonstration is created");
    for path in ["/", "/v1/session", "/v1/openapi.json", "/v1/admin/sessions"] {
        assert_eq!(service.get(path, "").await.0, 404, "{path}");
    }
    let (status, _) = service.log_in("F&BAdmin", "orgcache").await;
    assert_eq!(status, 404);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(service.get(path, "").await.0, 200, "{path}");
    }
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let request = service.request(Method::POST, "/mcp").json(&initialize);
    let request = request.header("accept", "application/json, text/event-stream");
    let answer = request.bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.contains("serverInfo"), "{text}");
    let refused = service.request(Method::POST, "/mcp").json(&initialize).send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn odoo_and_mcp_can_be_served_together() {
    let double = crate::world::odoo(19).await;
    let program = Program::over(&double);
    let file = secret_file(program.home.path(), &principals(&double.url()).to_string());
    let service = program.serve(&["--mcp", &file]).await;
    service.token("bob", &crate::world::password("bob")).await;
    let (status, _): (u16, Value) = service.get("/mcp", "").await;
    assert_eq!(status, 401);
}
