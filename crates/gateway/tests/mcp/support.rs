//! A double of Odoo with contacts, and the program before it.

use std::process::Stdio;

pub(crate) use odoo_double::PARTNERS;
use odoo_double::{Behaviour, OdooDouble};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};

/// A client of the program, and the Odoo behind it.
pub(crate) struct Agent {
    pub(crate) double: OdooDouble,
    client: RunningService<RoleClient, ()>,
    errors: ChildStderr,
    schemas: Vec<(String, Value)>,
}

/// A double with the models that the tests use.
pub(crate) async fn double(behaviour: Behaviour) -> OdooDouble {
    OdooDouble::with_contacts(behaviour).await.unwrap()
}

impl Agent {
    /// An agent that logs in with the administrator's password.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        let double = double(Behaviour::default()).await;
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

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
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

    /// Ends the program; what it has written to standard error.
    pub(crate) async fn end(mut self) -> String {
        self.client.cancel().await.unwrap();
        let mut written = String::new();
        self.errors.read_to_string(&mut written).await.unwrap();
        written
    }
}

/// The text of an answer.
fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text()).map(|it| it.text.clone()).collect()
}
