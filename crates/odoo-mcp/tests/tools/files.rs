//! Files as links, text and images, and resources by URI.

use rmcp::model::ResourceContents;
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, text};

const FULL: &[(&str, &str)] = &[("ODOO_YOLO", "true")];

#[tokio::test]
async fn files_are_returned_as_text_image_or_link() {
    let agent = Agent::new(FULL).await;
    let file = |id: i64| agent.ask("read_attachment", json!({"attachment_id": id}));
    let hello = file(1).await;
    assert_eq!(
        (&hello["kind"], &hello["text"], &hello["size"]),
        (&json!("text"), &json!("hello"), &json!(5))
    );
    assert_eq!(hello["download_url"], format!("{}/web/content/1?download=true", agent.double.url()));
    let contract = file(3).await;
    assert_eq!(
        (&contract["kind"], &contract["text"]),
        (&json!("extracted_text"), &json!("the words of the contract"))
    );
    assert_eq!(file(4).await["kind"], "link");
    assert_eq!(
        (&file(5).await["kind"], &file(5).await["text"]),
        (&json!("url"), &json!("https://example.com/x"))
    );
    let large = file(7).await;
    assert_eq!((&large["kind"], &large["text"]), (&json!("link"), &Value::Null));

    let image = agent.call("read_attachment", json!({"uri": "odoo://attachment/2"})).await;
    let shown = image.content.iter().find_map(|block| block.as_image()).unwrap();
    assert_eq!(
        (shown.mime_type.as_str(), shown.data.as_str()),
        ("image/png", "iVBORw0KGgoAAAA="),
        "the declared type does not matter"
    );
    assert!(
        agent.refused("read_attachment", json!({"attachment_id": 99})).await.contains("record not found")
    );
    for wrong in [
        json!({}),
        json!({"uri": "odoo://attachment/1", "attachment_id": 1}),
        json!({"uri": "file:///etc/passwd"}),
    ] {
        agent.refused("read_attachment", wrong).await;
    }
}

#[tokio::test]
async fn long_texts_are_truncated_at_a_character_boundary() {
    let agent = Agent::new(FULL).await;
    let long = "é".repeat(100_001);
    agent.double.with_model("ir.attachment", |model| {
        model.records.get_mut(&3).unwrap().insert("index_content".into(), long.into());
    });
    let file = agent.ask("read_attachment", json!({"attachment_id": 3})).await;
    assert_eq!(file["text"].as_str().unwrap().chars().count(), 100_000);
    assert_eq!(file["truncated"], true);
}

#[tokio::test]
async fn files_in_fields_are_links_that_can_be_read() {
    let agent = Agent::new(FULL).await;
    agent.double.with_model(PARTNERS, |model| {
        model.records.get_mut(&1).unwrap().insert("image_128".into(), "iVBORw0KGgoAAAA=".into());
    });
    let record =
        agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1, "fields": ["image_128"]})).await;
    let uri = "odoo://res.partner/record/1/image_128";
    assert_eq!(record["record"]["image_128"], uri);
    let read = agent.double.calls().into_iter().rfind(|call| call.method == "read").unwrap();
    assert_eq!(read.arguments["context"]["bin_size"], true, "the record is read without the file");
    assert_eq!(agent.ask("read_attachment", json!({"uri": uri})).await["kind"], "image");
    let ResourceContents::BlobResourceContents { blob, mime_type, .. } = agent.resource(uri).await.unwrap()
    else {
        panic!("an image is a blob")
    };
    assert_eq!((blob.as_str(), mime_type.as_deref()), ("iVBORw0KGgoAAAA=", Some("image/png")));
    let message = agent.refused("read_attachment", json!({"uri": "odoo://res.partner/record/1/name"})).await;
    assert_eq!(message, "`name` of `res.partner` is not a field for files");
    assert!(
        agent
            .refused("read_attachment", json!({"uri": "odoo://res.partner/record/2/image_128"}))
            .await
            .contains("is empty")
    );
}

#[tokio::test]
async fn files_are_attached_and_listed() {
    let agent = Agent::new(FULL).await;
    let request = json!({"model": PARTNERS, "record_id": 1, "name": "new.txt", "data": "aGVsbG8=", "mimetype": "text/plain"});
    let uploaded = agent.ask("upload_attachment", request).await;
    assert_eq!((&uploaded["uri"], &uploaded["size"]), (&json!("odoo://attachment/8"), &json!(5)));
    let listed = agent.ask("list_record_attachments", json!({"model": PARTNERS, "record_id": 1})).await;
    assert_eq!(listed["total"], 7);
    assert_eq!(listed["attachments"][0]["create_date"], "2026-01-31T10:00:00+00:00");
    let wrapped = json!({"model": PARTNERS, "record_id": 1, "name": "x", "data": "aGVs\r\nbG8=\n"});
    assert_eq!(agent.ask("upload_attachment", wrapped).await["size"], 5);
    let large = "A".repeat(5 << 20);
    for (data, explanation) in [
        ("data:text/plain;base64,eA==", "must be only base64"),
        ("", "the file is empty"),
        ("no-base64", "not valid base64"),
        (large.as_str(), "larger than 3080192 bytes"),
    ] {
        let request = json!({"model": PARTNERS, "record_id": 1, "name": "x", "data": data});
        let message = agent.refused("upload_attachment", request).await;
        assert!(message.contains(explanation), "{message}");
    }
    let missing = json!({"model": PARTNERS, "record_id": 99, "name": "x", "data": "eA=="});
    assert!(agent.refused("upload_attachment", missing).await.contains("record not found"));
}

#[tokio::test]
async fn resources_are_read_by_uri() {
    let agent = Agent::new(&[("ODOO_YOLO", "read"), ("ODOO_MCP_MAX_BINARY_SIZE", "1000000")]).await;
    for (uri, expected) in [
        ("odoo://res.partner/record/2", "name: Partner 2"),
        ("odoo://res.partner/search", "res.partner: 25 of 60 records\n1: Partner 1\n2: Partner 2\n"),
        ("odoo://res.partner/search", "25: Partner 25\n(more: search_records with offset 25)\n"),
        ("odoo://ir.attachment/search", "ir.attachment: 7 of 7 records\n1: hello.txt\n"),
        ("odoo://res.partner/count", "res.partner: 60 records"),
        ("odoo://res.partner/record/2", "country_id: [20,\"Belgium\"]\n"),
        ("odoo://res.partner/record/2", "(omitted: 1 html, 1 credential-like; get_record by name)\n"),
        ("odoo://res.partner/fields", "res.partner: 13 fields\n"),
        ("odoo://res.partner/fields", "country_id: many2one, of res.country\n"),
        ("odoo://attachment/1", "hello"),
        ("odoo://attachment/5", "https://example.com/x"),
    ] {
        let ResourceContents::TextResourceContents { text, .. } = agent.resource(uri).await.unwrap() else {
            panic!("{uri} is text")
        };
        assert!(text.contains(expected), "{uri}: {text}");
        assert!(!text.contains("secret of a partner"), "{uri}");
    }
    for (uri, expected) in [
        ("odoo://res.partner/record/99", "record not found"),
        ("odoo://res.partner/nowhere", "is not the URI of a resource"),
        ("odoo://attachment/7", "1000000 are allowed"),
    ] {
        let message = agent.resource(uri).await.unwrap_err().to_string();
        assert!(message.contains(expected), "{uri}: {message}");
    }
    let shown =
        text(&agent.call("search_records", json!({"model": "ir.attachment", "fields": ["datas"]})).await);
    assert!(shown.contains("odoo://attachment/1") && !shown.contains("aGVsbG8="), "{shown}");
}
