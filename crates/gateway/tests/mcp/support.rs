//! A double of Odoo with contacts, and the program before it.

use std::process::Stdio;

use odoo_double::{Behaviour, Model, OdooDouble};
use rmcp::model::{CallToolRequestParams, CallToolResult, ReadResourceRequestParams, ResourceContents};
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceError, ServiceExt};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};

pub(crate) const PARTNERS: &str = "res.partner";

/// A client of the program, and the Odoo behind it.
pub(crate) struct Agent {
    pub(crate) double: OdooDouble,
    pub(crate) client: RunningService<RoleClient, ()>,
    errors: ChildStderr,
    schemas: Vec<(String, Value)>,
}

fn relation(model: &mut Model, field: &str, to: &str) {
    model.fields.get_mut(field).unwrap()["relation"] = json!(to);
}

/// Sixty contacts, the even ones in Belgium.
pub(crate) fn partners() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("display_name", "char"),
        ("email", "char"),
        ("country_id", "many2one"),
        ("category_id", "many2many"),
        ("user_ids", "one2many"),
        ("date", "datetime"),
        ("credit", "integer"),
        ("image_128", "binary"),
        ("comment", "html"),
        ("api_key", "char"),
        ("message_ids", "one2many"),
    ]);
    relation(&mut model, "country_id", "res.country");
    relation(&mut model, "category_id", "res.partner.category");
    relation(&mut model, "user_ids", "res.users");
    for id in 1..=60 {
        let country = if id % 2 == 0 { json!([20, "Belgium"]) } else { json!(false) };
        model.insert(
            id,
            &json!({"name": format!("Partner {id}"), "country_id": country, "category_id": [7], "credit": id,
                    "date": "2026-01-31 10:00:00", "api_key": "secret of a partner"}),
        );
    }
    model
}

fn users() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("login", "char"),
        ("tz", "char"),
        ("company_id", "many2one"),
        ("company_ids", "many2many"),
    ]);
    let user = |name: &str, login: &str| {
        json!({"name": name, "login": login, "tz": "Europe/Brussels", "company_id": [1, "San Francisco"],
               "company_ids": [1, 2]})
    };
    model.insert(2, &user("Mitchell Admin", "admin"));
    model.insert(6, &user("Marc\u{2028}Demo", "demo"));
    model
}

fn named(names: &[(i64, &str)]) -> Model {
    let mut model = Model::with_fields(&[("name", "char"), ("display_name", "char")]);
    for (id, name) in names {
        model.insert(*id, &json!({"name": name}));
    }
    model
}

fn attachments() -> Model {
    let mut model = Model::with_fields(&[
        ("name", "char"),
        ("display_name", "char"),
        ("mimetype", "char"),
        ("file_size", "integer"),
        ("type", "selection"),
        ("url", "char"),
        ("index_content", "text"),
        ("datas", "binary"),
        ("res_model", "char"),
        ("res_id", "integer"),
        ("res_field", "char"),
        ("create_date", "datetime"),
    ]);
    let attachment = |name: &str, mimetype: &str, owner: &str, more: Value| {
        let mut values = json!({"name": name, "mimetype": mimetype, "type": "binary", "res_model": owner, "res_id": 1,
                                "create_date": "2026-01-31 10:00:00"});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        values
    };
    let text = json!({"datas": "aGVsbG8=", "file_size": 5});
    model.insert(1, &attachment("hello.txt", "text/plain", PARTNERS, text));
    let image = json!({"datas": "iVBORw0KGgoAAAA=", "file_size": 11});
    model.insert(2, &attachment("dot.png", "image/jpeg", PARTNERS, image));
    let document = json!({"index_content": "the words of the contract", "file_size": 90_000});
    model.insert(3, &attachment("contract.pdf", "application/pdf", PARTNERS, document));
    model.insert(4, &attachment("archive.zip", "application/zip", PARTNERS, json!({"file_size": 90_000})));
    let link = json!({"type": "url", "url": "https://example.com/x"});
    model.insert(5, &attachment("link", "", PARTNERS, link));
    model.insert(6, &attachment("payslip.txt", "text/plain", "hr.payslip", json!({"datas": "aGVsbG8="})));
    let large = json!({"datas": "aGVsbG8=", "file_size": 60_000_000});
    model.insert(7, &attachment("large.png", "image/png", PARTNERS, large));
    model
}

/// A double with the models that the tests use.
pub(crate) async fn double(behaviour: Behaviour) -> OdooDouble {
    let double = OdooDouble::start(behaviour).await.unwrap();
    double.put_model(PARTNERS, partners());
    double.put_model("res.users", users());
    double.put_model("res.company", named(&[(1, "San Francisco"), (2, "Chicago")]));
    double.put_model("res.country", named(&[(20, "Belgium")]));
    double.put_model("res.partner.category", named(&[(7, "Customers")]));
    double.put_model("hr.payslip", named(&[(1, "March")]));
    double.put_model("ir.attachment", attachments());
    double
}

impl Agent {
    /// An agent that logs in with the administrator's password.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        Self::with(double(Behaviour::default()).await, settings).await
    }

    /// The same before a double of the caller's.
    pub(crate) async fn with(double: OdooDouble, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
        command.arg("mcp").env_clear();
        command.env("ODOO_URL", double.url()).env("ODOO_DB", "odoo").env("ODOO_USER", "admin");
        command.env("ODOO_PASSWORD", "<password>").envs(settings.iter().copied());
        let (program, errors) = TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn().unwrap();
        let client = ().serve(program).await.unwrap();
        let tools = client.list_all_tools().await.unwrap();
        let schema =
            |tool: &rmcp::model::Tool| Value::Object((**tool.output_schema.as_ref().unwrap()).clone());
        let schemas = tools.iter().map(|tool| (tool.name.to_string(), schema(tool))).collect();
        Agent { double, client, errors: errors.unwrap(), schemas }
    }

    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let arguments = arguments.as_object().unwrap().clone();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.client.call_tool(request).await.unwrap()
    }

    /// What a tool answers, which must be what its schema says.
    pub(crate) async fn ask(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let answer = result.structured_content.clone().unwrap();
        let (_, schema) = self.schemas.iter().find(|(name, _)| name == tool).unwrap();
        assert!(jsonschema::is_valid(schema, &answer), "{tool}: {answer}");
        assert!(!text(&result).is_empty());
        answer
    }

    /// Why a tool has no answer.
    pub(crate) async fn refused(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        text(&result)
    }

    /// What is at an address.
    pub(crate) async fn resource(&self, uri: &str) -> Result<ResourceContents, ServiceError> {
        let mut result = self.client.read_resource(ReadResourceRequestParams::new(uri)).await?;
        assert_eq!(result.contents.len(), 1);
        Ok(result.contents.remove(0))
    }

    /// How many requests Odoo has seen.
    pub(crate) fn seen(&self) -> usize {
        self.double.seen().len()
    }

    /// The methods that were called on a model.
    pub(crate) fn methods(&self, model: &str) -> Vec<String> {
        let calls = self.double.calls().into_iter().filter(|call| call.model == model);
        calls.map(|call| call.method).collect()
    }

    /// Ends the program; what it has written to standard error.
    pub(crate) async fn end(mut self) -> String {
        self.client.cancel().await.unwrap();
        let mut written = String::new();
        self.errors.read_to_string(&mut written).await.unwrap();
        written
    }
}

/// The text of an answer.
pub(crate) fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text()).map(|it| it.text.clone()).collect()
}
