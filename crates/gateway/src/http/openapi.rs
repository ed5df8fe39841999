//! `Description`: the OpenAPI 3.1 document. Schemas are derived from the types that handlers read and write,
//! error answers from the parameters of a route.

use std::borrow::Cow;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The error answers: status, name in the document, and meaning.
const REFUSALS: [(u16, &str, &str); 15] = [
    (400, "BadRequest", "The request names no host or several, or its body is not JSON."),
    (401, "Unauthorized", "No credential, or one that is not accepted. The answer does not say which."),
    (403, "Forbidden", "The user, role or administrator may not do this, or the CSRF value is missing."),
    (404, "NotFound", "There is no such thing."),
    (408, "TooSlow", "The body did not arrive in time."),
    (409, "Conflict", "The session was ended while it was created."),
    (413, "TooLarge", "The body is too long."),
    (415, "NotJson", "The `Content-Type` is not JSON."),
    (421, "Misdirected", "The service listens on loopback, and the `Host` is not a name of this machine."),
    (422, "WrongValue", "A value is invalid; `field` names it."),
    (429, "TooMany", "Too many attempts, or too many sessions; `Retry-After` says when to try again."),
    (431, "HeadTooLarge", "The head of the request is too long."),
    (500, "Internal", "A defect of the service."),
    (501, "NotInDatabase", "The ERP's database has no table or column that the call needs."),
    (
        503,
        "Unavailable",
        "A database does not answer, or the service is busy or shutting down; `Retry-After` says when to try \
            again.",
    ),
];

/// Error answers of all routes.
const REFUSALS_OF_ALL: [u16; 5] = [400, 421, 431, 500, 503];

const ABOUT: &str = "A login pins the current organization tree and the role's access. Neither changes during the \
    session, until it refreshes, switches role or organization, or logs in again. Errors are \
    `application/problem+json` (RFC 9457). Send the token of a login as `Authorization: Bearer`, or ask for \
    a cookie. With the cookie, every method that changes something needs the header `x-orgcache-csrf`. A \
    page that polls sends the header `x-orgcache-background`: such a GET does not count as use of the \
    session.";

/// The document, to which routes are added.
#[derive(Debug)]
pub(crate) struct Description {
    paths: Map<String, Value>,
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

/// The description of one route.
#[derive(Debug)]
pub(crate) struct RouteDescription<'a> {
    requests: &'a mut SchemaGenerator,
    answers: &'a mut SchemaGenerator,
    /// The members that do not accumulate.
    json: Map<String, Value>,
    body: Option<Schema>,
    examples: Map<String, Value>,
    parameters: Vec<Value>,
    responses: Map<String, Value>,
}

impl Description {
    pub(crate) fn new() -> Self {
        let generator = |contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.meta_schema = None;
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
            settings.into_generator()
        };
        Description {
            paths: Map::new(),
            requests: generator(Contract::Deserialize),
            answers: generator(Contract::Serialize),
        }
    }

    /// Adds a route. `needs_session`: whether the caller must be logged in.
    pub(crate) fn add(
        &mut self,
        (method, path): (&str, &str),
        (id, summary): (&str, &str),
        needs_session: bool,
        describe: impl for<'a, 'b> FnOnce(&'a mut RouteDescription<'b>) -> &'a mut RouteDescription<'b>,
    ) {
        let tag = match path.strip_prefix("/v1/") {
            Some(path) if path.starts_with("admin/") => "Administration",
            Some(path) if path.starts_with("questions") || path == "tree" => "Questions",
            Some(path) if path != "openapi.json" => "Session",
            _ => "Operation",
        };
        let mut operation = RouteDescription {
            requests: &mut self.requests,
            answers: &mut self.answers,
            json: Map::new(),
            body: None,
            examples: Map::new(),
            parameters: Vec::new(),
            responses: Map::new(),
        };
        operation.set("operationId", id).set("summary", summary).set("tags", json!([tag]));
        operation.refuses(&REFUSALS_OF_ALL);
        match (needs_session, method) {
            (false, _) => operation.set("security", json!([])),
            (true, "GET") => operation.refuses(&[401]),
            (true, _) => operation.refuses(&[401, 403]),
        };
        describe(&mut operation);
        let json = operation.finish();
        if let Value::Object(operations) = self.paths.entry(path).or_insert_with(|| json!({})) {
            operations.insert(method.to_lowercase(), json);
        }
    }

    /// Completes the document.
    pub(crate) fn finish(mut self) -> String {
        let mut schemas = self.requests.take_definitions(true);
        schemas.append(&mut self.answers.take_definitions(true));
        schemas.insert(
            "Problem".to_owned(),
            json!({
                "type": "object",
                "properties": {
                    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                    "detail": {"type": "string"}, "field": {"type": "string"},
                    "request_id": {"type": "string"},
                },
                "required": ["type", "title", "status", "request_id"],
            }),
        );
        let problem =
            json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let refusal = |(_, name, text): &(u16, &str, &str)| {
            ((*name).to_owned(), json!({"description": text, "content": problem}))
        };
        let refusals: Map<String, Value> = REFUSALS.iter().map(refusal).collect();
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "orgcache",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "Sessions with a pinned organization tree, and questions about it.",
                "description": ABOUT,
                "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}, {"cookie": []}],
            "paths": self.paths,
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "cookie": {
                        "type": "apiKey",
                        "in": "cookie",
                        "name": session_axum::COOKIE,
                        "description": format!(
                            "Over TLS its name is `{}`. Methods that change something also need the header \
                             `x-orgcache-csrf` with the CSRF value of the session.",
                            session_axum::SECURE_COOKIE,
                        ),
                    },
                },
                "responses": refusals,
                "schemas": schemas,
            },
        });
        document.to_string()
    }
}

impl RouteDescription<'_> {
    fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.json.insert(name.to_owned(), value.into());
        self
    }

    fn finish(self) -> Value {
        let RouteDescription { mut json, body, examples, parameters, responses, .. } = self;
        if let Some(schema) = body {
            let content = json!({"application/json": {"schema": schema, "examples": examples}});
            json.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
        }
        if !parameters.is_empty() {
            json.insert("parameters".to_owned(), parameters.into());
        }
        json.insert("responses".to_owned(), responses.into());
        json.into()
    }

    /// Sets the description, in addition to the summary.
    pub(crate) fn says(&mut self, description: &str) -> &mut Self {
        self.set("description", description)
    }

    /// Declares a JSON body.
    pub(crate) fn reads<T: JsonSchema>(&mut self) -> &mut Self {
        self.body = Some(self.requests.subschema_for::<T>());
        self.refuses(&[408, 413, 415, 422])
    }

    /// Adds an example of the body.
    pub(crate) fn example(&mut self, name: &str, value: Value) -> &mut Self {
        self.examples.insert(name.to_owned(), json!({"value": value}));
        self
    }

    /// Declares a path parameter.
    pub(crate) fn in_path<T: JsonSchema>(&mut self, name: &str, description: &str) -> &mut Self {
        self.parameter::<T>("path", name, description, true)
    }

    /// Declares an optional query parameter.
    pub(crate) fn in_query<T: JsonSchema>(&mut self, name: &str, description: &str) -> &mut Self {
        self.parameter::<T>("query", name, description, false)
    }

    /// Declares a required query parameter.
    pub(crate) fn must_have<T: JsonSchema>(&mut self, name: &str, description: &str) -> &mut Self {
        self.parameter::<T>("query", name, description, true)
    }

    fn parameter<T: JsonSchema>(
        &mut self,
        place: &str,
        name: &str,
        description: &str,
        required: bool,
    ) -> &mut Self {
        let schema = self.requests.subschema_for::<T>();
        let parameter = json!({
            "name": name, "in": place, "description": description, "required": required, "schema": schema,
        });
        self.parameters.push(parameter);
        self.refuses(&[422])
    }

    /// Declares a JSON answer.
    pub(crate) fn answers<T: JsonSchema>(&mut self, status: u16, description: &str) -> &mut Self {
        let schema = self.answers.subschema_for::<T>();
        self.response(
            status,
            json!({"description": description, "content": {"application/json": {"schema": schema}}}),
        )
    }

    /// Declares a text answer.
    pub(crate) fn answers_text(&mut self, media_type: &str, description: &str) -> &mut Self {
        let content = json!({media_type: {"schema": {"type": "string"}}});
        self.response(200, json!({"description": description, "content": content}))
    }

    /// Declares an answer without a body.
    pub(crate) fn answers_nothing(&mut self, description: &str) -> &mut Self {
        self.response(204, json!({"description": description}))
    }

    /// Declares further error answers.
    pub(crate) fn refuses(&mut self, statuses: &[u16]) -> &mut Self {
        for (status, name, _) in REFUSALS.iter().filter(|(status, ..)| statuses.contains(status)) {
            self.response(*status, json!({"$ref": format!("#/components/responses/{name}")}));
        }
        self
    }

    fn response(&mut self, status: u16, response: Value) -> &mut Self {
        self.responses.insert(status.to_string(), response);
        self
    }
}

/// Defines types for schemas that no type of the service has.
macro_rules! schemas {
    ($($(#[$docs:meta])* $name:ident, $is_inline:literal, $schema:tt;)+) => {$(
        $(#[$docs])*
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                $is_inline
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

schemas! {
    /// An id in a request.
    ErpId, false, {
        "type": "string",
        "minLength": 1,
        "maxLength": 32,
        "pattern": r"^[^\u0000]+$",
        "description": "An id of the ERP: 1 to 32 bytes, none of them NUL.",
    };
    /// The id of a session, a fingerprint or a token.
    Hex, true, {
        "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "32 bytes as hexadecimal digits.",
    };
    /// Any JSON value. An object schema, because some tools fail on the equivalent `true`.
    AnyValue, true, {"description": "Any JSON value."};
    /// Any object.
    AnyObject, true, {"type": "object"};
}

/// The schema of a page size.
#[derive(Debug)]
pub(crate) enum PageSize<const USUAL: usize, const MOST: usize> {}

impl<const USUAL: usize, const MOST: usize> JsonSchema for PageSize<USUAL, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PageSize".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL})
    }
}
