//! The routes: method, path, layers, handler, and their description in `/v1/openapi.json`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{FromRef, Request};
use axum::handler::{Handler, HandlerService};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use session_axum::SessionLayer;
use tower::{Layer, Service};

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::middleware::respond::{AnswerFuture, RespondLayer, RespondService};
use crate::http::openapi::{AnyObject, Description, ErpId, Hex, PageSize};
use crate::http::path_service::{Endpoint, PathService, endpoint};
use crate::http::session::end::EndOutcome;
use crate::http::session::grant::LoginAnswer;
use crate::http::session::{assertion, changes, companies, login, organizations, questions, switch, tree};
use crate::http::{admin, mcp, operations, session};
use crate::page;

/// The layers around a handler. Applied to each handler, because around the router each layer would allocate
/// a box per request.
struct LayerStack<L> {
    gateway: Gateway,
    respond: RespondLayer,
    layers: L,
}

impl<L> LayerStack<L> {
    fn new(gateway: &Gateway, layers: L) -> Self {
        LayerStack { gateway: gateway.clone(), respond: RespondLayer::from_ref(gateway), layers }
    }

    /// Compresses answers. Only for answers without secrets: if a secret is compressed together with input of
    /// an attacker, the length leaks the secret (BREACH).
    fn compressing(self) -> Self {
        let from = self.gateway.settings().compress_from;
        LayerStack { respond: self.respond.compressing(from), ..self }
    }

    /// Wraps the handler of a route in all layers, [`RespondLayer`] outermost.
    fn wrap<H, T>(&self, route: &'static str, handler: H) -> Endpoint
    where
        H: Handler<T, Gateway>,
        L: Layer<HandlerService<H, T, Gateway>>,
        RespondService<L::Service>: Service<Request, Future = AnswerFuture> + Clone + Send + Sync + 'static,
    {
        let service = handler.with_state(self.gateway.clone());
        endpoint(self.respond.for_route(route).layer(self.layers.layer(service)))
    }
}

/// Generates the router, the table of routes and their description from one list. A row has the method, the
/// path, the layers, the handler, its name for generated clients, its summary, and its parameters and
/// answers.
macro_rules! routes {
    (
        with $gateway:ident { $(let $name:ident = $layers:expr;)+ }
        $(
            $method:ident $path:literal $stack:ident $handler:path as $id:ident,
            $summary:literal, $describe:expr;
        )+
    ) => {
        /// The method and path of each route in `/v1/openapi.json`. Without the files of the page and `/mcp`.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),+];

        /// The answer of `/v1/openapi.json`.
        pub static OPENAPI: LazyLock<String> = LazyLock::new(|| {
            let mut description = Description::new();
            $(
                let needs_session = matches!(stringify!($stack), "secret" | "guarded");
                let names = (stringify!($id), $summary);
                description.add((stringify!($method), $path), names, needs_session, $describe);
            )+
            description.finish()
        });

        /// The routes by path. Without an ERP, only those about the process.
        fn api($gateway: &Gateway) -> BTreeMap<&'static str, PathService> {
            $(let $name = $layers;)+
            let mut paths = BTreeMap::<_, Vec<_>>::new();
            $(paths.entry($path).or_default().push((Method::$method, $stack.wrap($path, $handler)));)+
            if let Backend::Absent = $gateway.inner.backend {
                paths.retain(|path, _| !path.starts_with("/v1/"));
            }
            let respond = RespondLayer::from_ref($gateway);
            let service = |(path, endpoints)| (path, PathService::new(respond.for_route(path), endpoints));
            paths.into_iter().map(service).collect()
        }
    };
}

routes! {
    with gateway {
        let plain = LayerStack::new(gateway, ());
        let open = LayerStack::new(gateway, ()).compressing();
        // With a session. Answers that contain a token or its CSRF value are never compressed.
        let secret = LayerStack::new(gateway, sessions(gateway));
        let guarded = LayerStack::new(gateway, sessions(gateway)).compressing();
    }

    POST "/v1/login" plain login::login as login, "Log in with user and password", |it| it
        .reads::<login::LoginForm>()
        .example("token", json!({"user": "F&BAdmin", "password": "orgcache"}))
        .example("cookie", json!({"user": "F&BAdmin", "password": "orgcache", "cookie": true}))
        .answers::<LoginAnswer>(200, "A session, with its token or its CSRF value.")
        .refuses(&[401, 403, 409, 429]);
    POST "/v1/login/assertion" plain assertion::login as login_by_assertion,
        "Log in by a trusted front end's signed assertion", |it| it
        .says("For services that are configured to trust a front end. The assertion is a JSON web token signed \
            with the configured key and algorithm, with `iss`, `aud`, `sub` (the name by which the user logs \
            in), `iat`, `exp` at most 60 seconds later, `jti`, and perhaps `nbf`. It is accepted once, by one \
            instance of all.")
        .reads::<assertion::AssertionForm>()
        .answers::<LoginAnswer>(200, "A session, with its token or its CSRF value.")
        .refuses(&[401, 403, 404, 409, 429]);
    POST "/v1/logout" secret switch::logout as logout, "End the session", |it| it
        .answers::<EndOutcome>(202, "The token is revoked on this instance. The session store does not answer: `elsewhere` \
            is `pending`, and the other instances follow when it does.")
        .answers_nothing("The session has ended on every instance.");
    GET "/v1/session" secret session::who_am_i as who_am_i, "The current session", |it| it
        .answers::<session::WhoAmI>(200, "The session; with its CSRF value if the token came by cookie.");
    POST "/v1/session/refresh" secret switch::refresh as refresh,
        "Refresh: pin the current tree and access", |it| it
        .answers::<LoginAnswer>(200, "The new session, which replaces the old one.")
        .refuses(&[409, 429]);
    POST "/v1/session/role" secret switch::role as switch_role, "Switch to another role", |it| it
        .reads::<switch::RoleForm>()
        .answers::<LoginAnswer>(200, "The new session, which replaces the old one.")
        .refuses(&[409, 429]);
    POST "/v1/session/org" secret switch::org as switch_org, "Switch to another organization", |it| it
        .reads::<switch::OrgForm>()
        .answers::<LoginAnswer>(200, "The new session, which replaces the old one.")
        .refuses(&[409, 429]);
    GET "/v1/session/footprint" guarded session::footprint as session_footprint,
        "Bytes that the session takes", |it| it
        .answers::<session::Footprint>(200, "Bytes; access and tree are shared with other sessions.");
    GET "/v1/session/freshness" guarded session::freshness as freshness,
        "Whether the pinned tree is the client's current tree", |it| it
        .answers::<session::FreshnessView>(200, "Answered from memory for 2 seconds.");
    GET "/v1/session/changes" guarded changes::changes as changes,
        "Changes in the client's tree since it was pinned", |it| it
        .answers::<changes::Changes>(200, "Read anew each time.");
    GET "/v1/session/readable" guarded organizations::readable as readable,
        "Readable organizations", |it| it
        .answers::<organizations::Organizations>(200, "In tree order, then those outside the tree.");
    GET "/v1/session/writable" guarded organizations::writable as writable,
        "Writable organizations", |it| it
        .answers::<organizations::Organizations>(200, "In tree order, then those outside the tree.");
    GET "/v1/session/sql-filter" guarded organizations::sql_filter as sql_filter,
        "The readable organizations for an SQL condition", |it| it
        .answers::<organizations::SqlFilter>(200, "As an array for `ANY($1)`, and quoted for `IN (…)`.");
    GET "/v1/session/companies" guarded companies::companies as companies,
        "Odoo's two company rules as conditions", |it| it
        .says("Only over Odoo. Its record rules ask for a company of the user's (`own`), or also for one above \
            (`shared`); docs/odoo.md tells which models ask which.")
        .in_query::<String>("field", "The field that refers to the company; default `company_id`.")
        .in_query::<bool>("or_none", "Whether the conditions include records without a company.")
        .answers::<companies::Companies>(200, "Conditions for SQL, domains for searches, and what the context \
            of the session's calls to Odoo has.")
        .refuses(&[404]);
    GET "/v1/session/roles" guarded organizations::roles as roles,
        "Roles of the session's client that its user may take", |it| it
        .answers::<organizations::Roles>(200, "By name.");
    GET "/v1/tree" guarded tree::tree as tree, "The pinned tree, with current names", |it| it
        .answers::<tree::Tree>(200, "In display order: every organization after its parent, siblings by \
            sequence number.");
    GET "/v1/questions" guarded questions::by_address as question_by_address, "Ask one question in the query string",
        |it| questions::describe_parameters(it)
        .says("The calls and their arguments are those of `orgcache query`, each argument a parameter. An \
            address has no null and no records: what needs them (`closest`) goes by `POST`, and so does what \
            is longer than a request's head may be.")
        .answers::<questions::QuestionResult>(200, "The result of the call.")
        .refuses(&[403, 501]);
    POST "/v1/questions" guarded questions::one as question, "Ask one question about the session's client", |it| it
        .says("The calls and their arguments are those of `orgcache query`.")
        .reads::<questions::Question<'_>>()
        .example("set", json!({"call": "natural_tree", "args": {"org": "0"}}))
        .example("yes_or_no", json!({
            "call": "is_in_natural_tree", "args": {"org1": "0", "org2": "2E60544D37534C0B89E765FE29BC0B43"},
        }))
        .answers::<questions::QuestionResult>(200, "The result of the call.")
        .refuses(&[501]);
    POST "/v1/questions/batch" guarded questions::batch as questions, "Ask up to 1,000 questions", |it| it
        .reads::<questions::QuestionBatch<'_>>()
        .example("two", json!({"questions": [
            {"id": 1, "call": "legal_entity", "args": {"org": "7BABA5FF80494CAFA54DEBD22EC46F01"}},
            {"id": 2, "call": "transaction_allowed_orgs", "args": {"orgs": "'7BABA5FF80494CAFA54DEBD22EC46F01','0'"}},
        ]}))
        .answers::<questions::Answers>(200, "One answer for each question, in the same order.");
    GET "/v1/admin/clients" guarded admin::clients::list as clients,
        "Clients that the administrator may see", |it| it
        .answers::<admin::clients::Clients>(200, "By name: all clients for an instance administrator, \
            otherwise one's own.")
        .refuses(&[403]);
    GET "/v1/admin/sessions" guarded admin::sessions::list as list_sessions,
        "Sessions of a client, on all instances", |it| it
        .in_query::<ErpId>("user", "Only this user's.")
        .in_query::<ErpId>("role", "Only in this role. With `user`, pages may hold fewer than `limit`.")
        .in_query::<ErpId>("client", "Another client. Only for instance administrators.")
        .in_query::<String>("text", "Only sessions with this text, in any case, in the name or id of user, role or \
            organization, in the address, or in the fingerprint of the tree. Up to 5,000 sessions are looked \
            through for a page, so a page may be short and have a `next`.")
        .in_query::<Hex>("after", "Only sessions after this one.")
        .in_query::<PageSize<100, { admin::sessions::MAX_PAGE }>>("limit", "The maximum number of sessions per page.")
        .answers::<admin::sessions::Sessions>(200, "Ordered by id; `next` is the `after` of the next page.")
        .refuses(&[403]);
    POST "/v1/admin/sessions/end" guarded admin::sessions::end_many as end_sessions,
        "End all sessions of a user, a role or a client", |it| it
        .reads::<admin::sessions::EndForm>()
        .example("user", json!({"user": "167450A5BB284AB29C4FEF039E98C963"}))
        .answers::<EndOutcome>(200, ENDED)
        .answers::<EndOutcome>(202, ENDED_HERE);
    DELETE "/v1/admin/sessions/{id}" guarded admin::sessions::end_one as end_session, "End a session", |it| it
        .in_path::<Hex>("id", "The id of the session.")
        .answers::<EndOutcome>(200, ENDED)
        .answers::<EndOutcome>(202, ENDED_HERE)
        .refuses(&[404]);
    GET "/v1/admin/organizations/{id}/roles" guarded admin::roles::list as list_roles_of_organization,
        "Which roles may read and write an organization", |it| it
        .says("Answered from the roles in the ERP's database now, in the tree that the session is pinned to. \
            Only roles of the session's client, only active ones, only those that may read or write.")
        .in_path::<ErpId>("id", "An organization of the session's tree.")
        .in_query::<ErpId>("after", "Only roles after this one.")
        .in_query::<PageSize<{ admin::roles::MAX_PAGE }, { admin::roles::MAX_PAGE }>>("limit",
            "The maximum number of roles examined per page; roles without access are left out.")
        .answers::<admin::roles::Roles>(200, "Ordered by id; `next` is the `after` of the next page.")
        .refuses(&[403, 404]);
    GET "/v1/admin/trees" guarded admin::trees::list as trees, "Trees that cached sessions use", |it| it
        .in_query::<ErpId>("client", "Only this client. Other clients are only for instance administrators.")
        .answers::<admin::trees::Trees>(200, "By client, then fingerprint.")
        .refuses(&[403]);
    GET "/v1/admin/statistics" guarded admin::statistics::statistics as statistics,
        "Figures of this instance", |it| it
        .in_query::<ErpId>("client", "Only this client. Other clients are only for instance administrators.")
        .answers::<admin::statistics::Statistics>(200, "Sessions and bytes of the administrator's clients; \
            the rest is of the whole instance since it started.")
        .refuses(&[403]);
    GET "/v1/openapi.json" open openapi as openapi, "This document", |it| it
        .answers::<AnyObject>(200, "This document.");
    GET "/metrics" open operations::metrics as metrics, "Metrics, for Prometheus", |it| it
        .answers_text("application/openmetrics-text", "OpenMetrics text.");
    GET "/healthz" plain operations::healthz as healthz, "Liveness of the process", |it| it
        .answers_text("text/plain", "It does.");
    GET "/readyz" plain operations::readyz as readyz, "Readiness for requests", |it| it
        .answers_text("text/plain", "They may.");
}

const ENDED: &str = "Ended on all instances.";
const ENDED_HERE: &str = "Ended on this instance. The session store does not answer: `elsewhere` is \
    `pending`, and the other instances follow when it does.";

async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI.as_str())
}

fn sessions(gateway: &Gateway) -> SessionLayer {
    SessionLayer::new(gateway.manager().clone()).with_cookie(gateway.settings().cookie())
}

/// The router with all routes of a service. Clones share the routes.
#[derive(Clone)]
pub struct Routes {
    /// The paths of the API without parameters. axum's router would add a tenth to the instructions of each
    /// request: it gives parameters to paths without any, and clones a box.
    fixed: Arc<BTreeMap<&'static str, PathService>>,
    others: Router,
}

impl Routes {
    /// Creates the routes of a gateway.
    #[must_use]
    pub fn new(gateway: &Gateway) -> Self {
        let respond = RespondLayer::from_ref(gateway);
        let settings = gateway.settings();
        let (others, fixed): (BTreeMap<_, _>, _) =
            api(gateway).into_iter().partition(|(path, _)| path.contains('{'));
        let mut router =
            others.into_iter().fold(Router::new(), |router, (path, service)| service.add_to(router, path));
        if !matches!(gateway.inner.backend, Backend::Absent) {
            router =
                router.merge(page::routes(settings, &respond.clone().compressing(settings.compress_from)));
        }
        if let Some(mcp) = &settings.mcp {
            let from = mcp.compress_from().unwrap_or(settings.compress_from);
            router = router.merge(mcp::routes(mcp.clone(), &respond.clone().compressing(from)));
        }
        Routes {
            fixed: Arc::new(fixed),
            others: router.fallback((async || StatusCode::NOT_FOUND).layer(respond)),
        }
    }

    /// Starts to answer a request.
    pub fn answer(&self, request: Request) -> AnswerFuture {
        match self.fixed.get(request.uri().path()) {
            Some(path) => path.answer(request),
            None => Box::pin(self.others.clone().call(request)),
        }
    }
}

/// Lets another HTTP server run the routes, such as an axum router with routes of its own.
impl Service<Request> for Routes {
    type Response = Response;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> AnswerFuture {
        self.answer(request)
    }
}
