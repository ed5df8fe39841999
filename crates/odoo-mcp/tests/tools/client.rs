//! `ToolClient`: calls tools with the official SDK's client, and checks answers against their schemas. The
//! tests of the command use it too.

use core::ops::Deref;

use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, CallToolResult, Tool};
use rmcp::service::RunningService;
use serde_json::Value;

pub(crate) struct ToolClient {
    pub(crate) service: RunningService<RoleClient, ()>,
    /// The schema of each tool's answer.
    schemas: Vec<(String, Value)>,
}

impl ToolClient {
    pub(crate) async fn new(service: RunningService<RoleClient, ()>) -> Self {
        let tools = service.list_all_tools().await.unwrap();
        let schema = |tool: &Tool| Value::Object((**tool.output_schema.as_ref().unwrap()).clone());
        let schemas = tools.iter().map(|tool| (tool.name.to_string(), schema(tool))).collect();
        ToolClient { service, schemas }
    }

    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let arguments = arguments.as_object().unwrap().clone();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.service.call_tool(request).await.unwrap()
    }

    /// Calls a tool. The answer must match its schema.
    pub(crate) async fn ask(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let answer = result.structured_content.clone().unwrap();
        let (_, schema) = self.schemas.iter().find(|(name, _)| name == tool).unwrap();
        assert!(jsonschema::is_valid(schema, &answer), "{tool}: {answer}");
        assert!(!text(&result).is_empty());
        answer
    }

    /// Calls a tool that must fail; returns the error message.
    pub(crate) async fn refused(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        text(&result)
    }
}

impl Deref for ToolClient {
    type Target = RunningService<RoleClient, ()>;

    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

/// The text of an answer.
pub(crate) fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text()).map(|it| it.text.clone()).collect()
}
