//! A small service that embeds sessions and decides which orders a user may see and write.
//!
//! ```console
//! $ cargo run -p orgcache-session-axum --example orders
//! $ cargo run -p orgcache-session-axum --example orders -- postgres://reader:secret@db/openbravo postgres://orgcache:secret@db/orgcache
//! ```
//!
//! Without arguments the service uses a demonstration database in the temporary folder, and stores sessions
//! in memory. The first argument is the URL of the ERP's database, which the service only reads. The second
//! is the URL of the session store, which several instances can share.

use std::error::Error;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use erp_db::{AutomaticRolesPolicy, Database, ErpReader, ErpSource, StoreOptions, store};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use session::{MemoryStore, Options, Principal, SessionManager, SessionStore};
use session_axum::{Credential, CurrentSession, Problem, SessionLayer, refusal};

/// An order of one organization, with a price list of the same or another organization.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Order {
    org: String,
    price_list_org: String,
}

/// The state that all requests share.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    sessions: SessionManager,
    erp: ErpReader,
    // In a real program, a table of the ERP.
    orders: Arc<Mutex<Vec<Order>>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (erp, store) = (arguments.next(), arguments.next());
    let orders = open(erp.as_deref(), store.as_deref()).await?;
    let _maintenance = orders.sessions.start_maintenance();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
    println!(
        "try: curl -d '\"F&BAdmin\"' -H 'content-type: application/json' {}/login",
        listener.local_addr()?
    );
    axum::serve(listener, routes(orders)).await?;
    Ok(())
}

/// Opens the ERP's database and the session store.
pub(crate) async fn open(erp: Option<&str>, store: Option<&str>) -> Result<Orders, Box<dyn Error>> {
    let database = match erp {
        Some(url) => Database::connect(url).await?,
        None => {
            let file = std::env::temp_dir().join("orgcache-example.db");
            erp_import::demo::create(&file).await?;
            Database::open_file(&file).await?
        }
    };
    let store: Arc<dyn SessionStore> = match store {
        Some(url) => {
            let options = StoreOptions::new(url);
            store::migrate(&options).await?;
            store::open(&options).await?
        }
        None => Arc::new(MemoryStore::default()),
    };
    let erp = ErpReader::open(database).await?;
    // The rule for automatic roles depends on the ERP.
    let rule = erp.automatic_roles(AutomaticRolesPolicy::Detect).rule;
    let options = Options::default().with(|options| options.automatic_roles = rule);
    let sessions = SessionManager::new(ErpSource::new(erp.clone()), store, options);
    Ok(Orders { sessions, erp, orders: Arc::default() })
}

/// All routes. Those for orders and logout need a session.
pub(crate) fn routes(orders: Orders) -> Router {
    Router::new()
        .route("/orders", get(list).post(add))
        .route("/logout", post(log_out))
        .route_layer(SessionLayer::new(orders.sessions.clone()))
        .route("/login", post(log_in))
        .with_state(orders)
}

/// Creates a session for a user by name, and returns its token. A real program verifies a password first.
async fn log_in(State(orders): State<Orders>, Json(name): Json<String>) -> Result<String, Response> {
    let unavailable = || Problem::unavailable("the database does not answer").into_response();
    let user = orders.erp.user_named(&name).await.map_err(|_| unavailable())?;
    let user = user.ok_or(Problem::unauthorized().into_response())?;
    match orders.sessions.login(Principal::new(user.id)).await {
        Ok(login) => Ok(login.token.expose()),
        Err(error) if error.is_transient() => Err(unavailable()),
        Err(error) => Err((StatusCode::FORBIDDEN, error.to_string()).into_response()),
    }
}

/// Lists the orders that the session may read. Checks of organizations, here and below, are synchronous and
/// need no database.
async fn list(State(orders): State<Orders>, CurrentSession(session): CurrentSession) -> Json<Vec<Order>> {
    let orders = orders.orders.lock();
    Json(orders.iter().filter(|order| session.can_read(&order.org)).cloned().collect())
}

/// Adds an order if the session may write to its organization, the organization allows transactions, and the
/// order may refer to the price list. Returns the legal entity that accounts for the order.
async fn add(
    State(orders): State<Orders>,
    CurrentSession(session): CurrentSession,
    Json(order): Json<Order>,
) -> Result<String, (StatusCode, &'static str)> {
    let forbidden = |reason| Err((StatusCode::FORBIDDEN, reason));
    if !session.can_write(&order.org) {
        return forbidden("the role may not write in this organization");
    }
    if !session.allows_transactions(&order.org) {
        return forbidden("this organization allows no transactions");
    }
    if !session.may_reference(&order.org, &order.price_list_org) {
        return forbidden("this organization may not use that price list");
    }
    let entity = session.legal_entity(&order.org).map(|id| id.to_string()).unwrap_or_default();
    orders.orders.lock().push(order);
    Ok(entity)
}

async fn log_out(State(orders): State<Orders>, credential: Credential) -> Result<StatusCode, Problem> {
    orders.sessions.logout(credential.token()).await.map_err(|error| refusal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
