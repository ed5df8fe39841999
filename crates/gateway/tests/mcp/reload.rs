//! Reloading the file of principals while the service runs.

use std::path::Path;

use gateway::http::{Mcp, Settings};
use odoo_double::{Behaviour, OdooDouble};
use serde_json::{Value, json};

use crate::support::{PARTNERS, double};
use crate::web::{ADMIN, DEMO, Web, body, call, initialize, principal};

const NEW: &str = "the token that replaces the old one";

fn admin(token: &str, mode: &str) -> Value {
    let settings = json!({"ODOO_USER": "admin", "ODOO_PASSWORD": "<password>", "ODOO_YOLO": mode});
    principal("admin", token, &settings)
}

fn demo() -> Value {
    let settings = json!({"ODOO_USER": "demo", "ODOO_API_KEY": "<key of demo>", "ODOO_YOLO": "read"});
    principal("demo", DEMO, &settings)
}

fn write(file: &Path, double: &OdooDouble, more: &Value, principals: &Value) {
    let mut settings = json!({"ODOO_URL": double.url(), "ODOO_DB": "odoo"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let content = json!({"settings": settings, "principals": principals}).to_string();
    std::fs::write(file, content).unwrap();
}

/// The status of a call in a session.
async fn ask(web: &Web, token: &str, session: &str) -> u16 {
    let search = call("search_records", &json!({"model": PARTNERS, "limit": 1}));
    let request = web.post(&search).bearer_auth(token).header("mcp-session-id", session);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    body(answer).await;
    status
}

async fn accepts(web: &Web, token: &str) -> bool {
    web.post(&initialize()).bearer_auth(token).send().await.unwrap().status() == 200
}

#[tokio::test]
async fn a_reload_replaces_only_the_principals_that_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, double) = (folder.path().join("principals.json"), double(Behaviour::default()).await);
    let none = json!({});
    write(&file, &double, &none, &json!([admin(ADMIN, "read"), demo()]));
    let mcp = Mcp::open(&file).unwrap();
    let mut settings = Settings::default();
    settings.mcp = Some(mcp.clone());
    let web = Web::serve(double, settings).await;
    let reload = || mcp.reload().map(|it| (it.begun, it.ended, it.later));
    let (admins, demos) = (web.session(ADMIN).await, web.session(DEMO).await);

    assert_eq!(reload().unwrap(), (0, 0, Vec::new()), "nothing to change");
    assert_eq!((ask(&web, ADMIN, &admins).await, ask(&web, DEMO, &demos).await), (200, 200));

    // Replace one principal's token while it has an open stream.
    let stream = web.get("/mcp").bearer_auth(ADMIN).header("mcp-session-id", &admins);
    let stream = stream.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    write(&file, &web.double, &none, &json!([admin(NEW, "read"), demo()]));
    assert_eq!(reload().unwrap(), (1, 1, Vec::new()));
    drop(stream.bytes().await);
    assert_eq!((ask(&web, ADMIN, &admins).await, accepts(&web, ADMIN).await), (401, false));
    assert_eq!((ask(&web, NEW, &admins).await, accepts(&web, NEW).await), (404, true));
    assert_eq!(ask(&web, DEMO, &demos).await, 200, "the other principal's session continues");

    // An invalid file changes nothing.
    let wrong = [
        json!({"principals": []}).to_string(),
        "no json".to_owned(),
        json!({"principals": [admin(ADMIN, "read")]}).to_string(),
    ];
    for content in wrong {
        std::fs::write(&file, content).unwrap();
        mcp.reload().unwrap_err();
        assert!(accepts(&web, NEW).await && !accepts(&web, ADMIN).await);
    }
    std::fs::remove_file(&file).unwrap();
    assert!(mcp.reload().unwrap_err().to_string().contains("cannot be read"));

    // A changed mode replaces the principal. Shared settings change only with a restart.
    let shared = json!({"ODOO_MCP_CACHE_TTL": "7"});
    write(&file, &web.double, &shared, &json!([admin(NEW, "true"), demo()]));
    let session = web.session(NEW).await;
    assert_eq!(reload().unwrap(), (1, 1, vec!["ODOO_MCP_CACHE_TTL".to_owned()]));
    assert_eq!((ask(&web, NEW, &session).await, ask(&web, DEMO, &demos).await), (404, 200));

    // Only the other principal remains.
    write(&file, &web.double, &none, &json!([demo()]));
    assert_eq!(reload().unwrap(), (0, 1, Vec::new()));
    assert!(!accepts(&web, NEW).await && accepts(&web, DEMO).await);
    assert_eq!(ask(&web, DEMO, &demos).await, 200);
    web.stop().await;
}

#[tokio::test]
async fn without_a_file_a_reload_does_nothing() {
    let double = double(Behaviour::default()).await;
    let mcp = crate::web::settings(&double, "read", &json!({})).mcp.unwrap();
    assert_eq!(mcp.reload().unwrap(), Default::default());
}
