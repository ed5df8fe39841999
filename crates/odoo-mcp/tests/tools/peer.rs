//! Compares resources with those of mcp-server-odoo: they take no more of a language model's context.

use std::process::Stdio;

use odoo_double::Behaviour;
use rmcp::ServiceExt;
use rmcp::model::{ReadResourceRequestParams, ResourceContents};
use rmcp::transport::TokioChildProcess;
use serde_json::json;
use tokio::process::Command;

use crate::support::{Agent, PARTNERS, double};

#[tokio::test]
async fn texts_of_resources_are_no_longer_than_the_peers() {
    let python = std::env::var("ORGCACHE_TEST_PYTHON").expect("`cargo xtask test` sets ORGCACHE_TEST_PYTHON");
    let agent = Agent::with(double(Behaviour::default()).await, &[("ODOO_YOLO", "read")]).await;
    agent.double.with_model(PARTNERS, |model| {
        let lists = json!((1..=400).collect::<Vec<_>>());
        let long = "x".repeat(5000);
        let values = json!({"name": "Long", "comment": format!("<p>{long}</p>"), "email": long, "country_id": [20, "Belgium"],
                            "category_id": [7], "user_ids": lists, "message_ids": lists, "date": "2026-01-31 10:00:00"});
        model.insert(61, &values);
    });
    let mut command = Command::new(python);
    command.args(["-m", "mcp_server_odoo"]).env_clear().env("HOME", std::env::temp_dir());
    command.env("ODOO_URL", agent.double.url()).env("ODOO_DB", "odoo").env("ODOO_YOLO", "read");
    command.env("ODOO_USER", "admin").env("ODOO_PASSWORD", "<password>");
    let program = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap().0;
    let peer = ().serve(program).await.unwrap();
    for uri in [
        "odoo://res.partner/record/2",
        "odoo://res.partner/record/61",
        "odoo://ir.attachment/record/1",
        "odoo://res.users/record/2",
        "odoo://res.partner/search",
        "odoo://ir.attachment/search",
        "odoo://res.partner/count",
        "odoo://res.partner/fields",
        "odoo://res.users/fields",
    ] {
        let text = |contents: &ResourceContents| match contents {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            other => panic!("{other:?}"),
        };
        let ours = text(&agent.resource(uri).await.unwrap());
        let theirs = peer.read_resource(ReadResourceRequestParams::new(uri)).await.unwrap();
        let theirs = text(&theirs.contents[0]);
        assert!(ours.len() <= theirs.len(), "{uri}: {} and {}\n{ours}\n{theirs}", ours.len(), theirs.len());
    }
    peer.cancel().await.unwrap();
}
