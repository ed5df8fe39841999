//! The Model Context Protocol, with its official SDK. No other module uses the SDK.

mod accept;
mod distinct_names;
mod envelope;
mod http;
mod lines;
mod message;
mod origin;
mod sessions;

use std::sync::Arc;

use futures_util::FutureExt;
use platform::text::{NAME_BYTES, shorten};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
    ErrorCode, Implementation, ListResourceTemplatesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents, ResourceTemplate,
    ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::arguments::members;
use crate::resource::{self, Content};
use crate::resource_templates::{TEMPLATES, Template};
use crate::service::Service;
use crate::tool::{Entry, Reply, ToolEffect};
use crate::{ServeError, StreamOptions, ToolError};

pub use http::{HttpOptions, HttpService};
use lines::Lines;
pub(crate) use lines::{Reader, Writer};

/// Methods of the protocol that the SDK supports. It parses them only if their parameters are valid.
const METHODS: &[&str] = &[
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
];

const INSTRUCTIONS: &str = "Tools and resources for an Odoo server. list_models lists the models, and get_fields \
    describes their fields. search_records reads many records at once and returns their total number; \
    aggregate_records counts and sums on the server. create_records and update_records write many records in one \
    call. Files are returned as odoo:// URIs, which read_attachment reads. Datetimes are in UTC; get_current_context \
    returns the current user and the user's time zone.";

/// Opens standard input and output.
pub(crate) fn stdio() -> (impl AsyncRead + Send + Unpin, impl AsyncWrite + Send + Unpin) {
    rmcp::transport::io::stdio_pipes()
}

/// Handles the requests of a client of the protocol.
#[derive(Clone)]
pub(crate) struct Handler {
    service: Arc<Service>,
    entries: Arc<[Entry]>,
}

impl Handler {
    pub(crate) fn new(service: Arc<Service>, entries: Arc<[Entry]>) -> Self {
        Handler { service, entries }
    }

    /// Serves a client that sends one message per line, until it disconnects.
    pub(crate) async fn serve_lines(
        self,
        reader: Reader,
        writer: Writer,
        options: &StreamOptions,
    ) -> Result<(), ServeError> {
        let running = match self.serve(Lines::new(reader, writer, options)).await {
            Ok(running) => running,
            // A client that disconnects before it sends a message is not an error.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(ServeError::new(&error)),
        };
        running.waiting().await.map(drop).map_err(|error| ServeError::new(&error))
    }

    async fn call(&self, name: &str, arguments: Map<String, Value>) -> Result<CallToolResult, ErrorData> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            let shown = shorten(name, NAME_BYTES);
            return Err(ErrorData::invalid_params(format!("there is no tool `{shown}`"), None));
        };
        Ok(result((entry.run)(&self.service, arguments).await))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("orgcache", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.entries.iter().map(tool).collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.entries.iter().find(|entry| entry.name == name).map(tool)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = self.call(&request.name, request.arguments.unwrap_or_default());
        // A dropped call sends nothing more to Odoo, whatever step it is in.
        let result = context.ct.run_until_cancelled(call).await.unwrap_or_else(|| Err(cancelled()))?;
        Ok(CallToolResponse::Complete(result))
    }

    /// Handles requests that the SDK could not parse: unknown methods, and invalid parameters.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        match method.as_str() {
            "tools/call" => {
                let (name, arguments) = parse_call(params)?;
                let call = self.call(&name, arguments);
                let result =
                    context.ct.run_until_cancelled(call).await.unwrap_or_else(|| Err(cancelled()))?;
                let error = |_| ErrorData::internal_error("the answer cannot be serialized as JSON", None);
                serde_json::to_value(result).map(CustomResult).map_err(error)
            }
            known if METHODS.contains(&known) => {
                let message = format!("the parameters of `{known}` violate the protocol");
                Err(ErrorData::invalid_params(message, None))
            }
            _ => {
                let shown = shorten(&method, NAME_BYTES);
                let message = format!("there is no method `{shown}`");
                Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None))
            }
        }
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = |it: &Template| {
            ResourceTemplate::new(it.pattern, it.title)
                .with_title(it.title)
                .with_description(it.description)
                .with_mime_type(it.mimetype)
        };
        Ok(ListResourceTemplatesResult::with_all_items(TEMPLATES.iter().map(template).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = resource::read(&self.service, &request.uri).boxed();
        let read = context.ct.run_until_cancelled(read);
        let contents = match read.await.ok_or_else(cancelled)? {
            Ok(Content::Text { text, mimetype }) => {
                ResourceContents::text(text, request.uri).with_mime_type(mimetype)
            }
            Ok(Content::Blob { data, mimetype }) => {
                ResourceContents::blob(data, request.uri).with_mime_type(mimetype)
            }
            Err(error) => return Err(resource_error(&error)),
        };
        Ok(ReadResourceResponse::Complete(ReadResourceResult::new(vec![contents])))
    }
}

/// Parses parameters of `tools/call` that the SDK could not parse. Also accepts arguments as JSON in a text.
fn parse_call(params: Option<Value>) -> Result<(String, Map<String, Value>), ErrorData> {
    let error = |message: String| ErrorData::invalid_params(message, None);
    let Some(Value::Object(mut params)) = params else {
        return Err(error("the parameters of `tools/call` must be an object".into()));
    };
    let Some(Value::String(name)) = params.remove("name") else {
        return Err(error("`name` of `tools/call` must be the name of a tool".into()));
    };
    match params.remove("arguments").filter(|it| !it.is_null()).map_or(Some(Map::new()), members) {
        Some(arguments) => Ok((name, arguments)),
        None => {
            let shown = shorten(&name, NAME_BYTES);
            Err(error(format!("the `arguments` of tool `{shown}` must be an object")))
        }
    }
}

fn tool(entry: &Entry) -> Tool {
    let reads = entry.effect == ToolEffect::Reads;
    let annotations = ToolAnnotations::with_title(entry.title)
        .read_only(reads)
        .destructive(entry.effect == ToolEffect::Destroys)
        .idempotent(reads || entry.effect == ToolEffect::Changes)
        .open_world(false);
    Tool::new(entry.name, entry.description, Arc::clone(&entry.input))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::clone(&entry.output))
        .with_annotations(annotations)
}

/// Converts the outcome of a tool call. An error is a result too, so that the language model can read it and
/// correct the call.
pub(crate) fn result(outcome: Result<Reply, ToolError>) -> CallToolResult {
    match outcome {
        Ok(reply) => {
            // `CallToolResult::structured` would serialize the answer as text, only to be replaced.
            let mut result = CallToolResult::success(vec![ContentBlock::text(reply.text)]);
            result.structured_content = Some(reply.structured);
            let image = reply.image.map(|image| ContentBlock::image(image.data, image.mimetype));
            result.content.extend(image);
            result
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}

/// The error of a cancelled call. The client does not receive it: the SDK drops answers to cancelled
/// requests.
fn cancelled() -> ErrorData {
    ErrorData::internal_error("the call was cancelled", None)
}

/// Converts the error of a resource.
fn resource_error(error: &ToolError) -> ErrorData {
    let message = error.to_string();
    match error {
        ToolError::NotFound { .. } => ErrorData::resource_not_found(message, None),
        ToolError::Invalid(_) | ToolError::Denied(_) => ErrorData::invalid_params(message, None),
        _ => ErrorData::internal_error(message, None),
    }
}
