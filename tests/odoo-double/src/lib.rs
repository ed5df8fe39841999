//! A server that behaves like Odoo on the wire, for tests and benchmarks.
//!
//! The `README.md` of this crate describes what it does and where its answers come from.

mod behaviour;
mod call;
mod companies;
mod contacts;
mod domain;
mod guarded;
mod model;
mod recorded;

mod exception;
mod http;
mod json_2;
mod routes;
mod state;
mod xml_rpc;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use behaviour::{Behaviour, Fault};
pub use call::ServerCall;
pub use companies::{company_answer, company_exchanges};
pub use contacts::PARTNERS;
pub use guarded::GUARDED;
pub use model::Model;
pub use recorded::{Exchange, session_exchanges, stateless_exchanges, version_exchanges};

use http::{Request, Response};
use routes::{Task, carry_out};
use state::State;

/// A received request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The requested path.
    pub path: String,
    /// The call on a model, if it was one and was admitted.
    pub call: Option<ServerCall>,
    /// The connection of the request, counted from 1.
    pub connection: usize,
    /// The encodings that the client accepts.
    pub accept_encoding: Option<String>,
    /// The cookies that the client sent.
    pub cookie: Option<String>,
}

/// A running double. It stops when it is dropped.
#[derive(Debug)]
pub struct OdooDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    workers: Semaphore,
    closing: watch::Sender<u64>,
}

impl OdooDouble {
    /// Starts a double on a free port of the loopback interface.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            workers: Semaphore::new(behaviour.workers),
            state: Mutex::new(State::new(behaviour)),
            closing: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&shared);
        let listener = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut state = accepting.state.lock();
                if !state.down {
                    state.connections += 1;
                    tokio::spawn(Arc::clone(&accepting).serve(stream, state.connections));
                }
            }
        });
        Ok(OdooDouble { address, shared, listener })
    }

    /// Serves one connection that the caller accepted, for example over TLS, until it ends.
    pub async fn serve_stream(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let number = {
            let mut state = self.shared.state.lock();
            state.connections += 1;
            state.connections
        };
        Arc::clone(&self.shared).serve(stream, number).await;
    }

    /// The URL of the double.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the behaviour. The number of workers stays the same.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.shared.state.lock().behaviour);
    }

    /// Adds a model, or replaces it.
    pub fn put_model(&self, name: &str, model: Model) {
        self.shared.state.lock().models.insert(name.into(), model);
    }

    /// Installs the add-on `mcp_server` with these models and their allowed operations, or removes it.
    pub fn set_rules(&self, rules: Option<&[(&str, &[&'static str])]>) {
        let own = |rules: &[(&str, &[&'static str])]| {
            rules.iter().map(|(model, operations)| ((*model).to_owned(), operations.to_vec())).collect()
        };
        self.shared.state.lock().rules = rules.map(own);
    }

    /// Reads or changes a model.
    pub fn with_model<T>(&self, name: &str, act: impl FnOnce(&mut Model) -> T) -> Option<T> {
        self.shared.state.lock().models.get_mut(name).map(act)
    }

    /// Applies a fault to the next call on a model; several are applied in order.
    pub fn inject(&self, fault: Fault) {
        self.shared.state.lock().faults.push_back(fault);
    }

    /// Ends all sessions.
    pub fn expire_sessions(&self) {
        self.shared.state.lock().sessions.clear();
    }

    /// Changes a user's password.
    pub fn set_password(&self, login: &str, password: &str) {
        let mut state = self.shared.state.lock();
        for user in state.users.iter_mut().filter(|user| user.login == login) {
            user.password = password.into();
        }
    }

    /// Revokes a user's API key.
    pub fn revoke_key(&self, login: &str) {
        for user in self.shared.state.lock().users.iter_mut().filter(|user| user.login == login) {
            user.key = "<revoked>".into();
        }
    }

    /// Starts or ends an outage: closes all connections, and new ones immediately.
    pub fn set_down(&self, down: bool) {
        self.shared.state.lock().down = down;
        if down {
            self.close_connections();
        }
    }

    /// Closes all connections, like a proxy that closes idle ones.
    pub fn close_connections(&self) {
        self.shared.closing.send_modify(|count| *count += 1);
    }

    /// All requests so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state.lock().seen.clone()
    }

    /// All calls on models so far.
    #[must_use]
    pub fn calls(&self) -> Vec<ServerCall> {
        self.seen().into_iter().filter_map(|seen| seen.call).collect()
    }

    /// The number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state.lock().connections
    }

    /// The number of open sessions.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.shared.state.lock().sessions.len()
    }

    /// The number of login attempts.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.shared.state.lock().logins
    }

    /// The maximum number of concurrent calls.
    #[must_use]
    pub fn most_running(&self) -> usize {
        self.shared.state.lock().most_running
    }
}

impl Drop for OdooDouble {
    fn drop(&mut self) {
        self.listener.abort();
        self.close_connections();
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, mut stream: impl AsyncRead + AsyncWrite + Unpin, number: usize) {
        let mut closing = self.closing.subscribe();
        tokio::select! {
            _ = closing.changed() => {}
            // A client that disconnects early is not an error of the server.
            _ended = self.converse(&mut stream, number) => {}
        }
    }

    async fn converse(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        number: usize,
    ) -> io::Result<()> {
        while let Some(request) = Request::read(stream).await? {
            let (task, fault, wait) = self.understand(&request, number);
            if fault == Some(Fault::CloseUnheard) {
                return Ok(());
            }
            let response = {
                let _running = Running::new(self);
                // A request in transit occupies no worker.
                pause_until(Instant::now() + wait.on_the_way).await;
                let _permit = self.workers.acquire().await.map_err(io::Error::other)?;
                let done = Instant::now() + wait.at_work;
                pause_until(done).await;
                let response = carry_out(&task, &mut self.state.lock());
                pause_until(done + wait.each_value * response.values).await;
                response
            };
            let (keep_alive, encodings) = {
                let state = self.state.lock();
                (state.behaviour.keep_alive, state.behaviour.encodings.clone())
            };
            let response = encode(&request, spoil(response, fault.as_ref()), &encodings)?;
            let bytes = response.bytes(keep_alive);
            match fault {
                Some(Fault::CloseUnanswered) => return Ok(()),
                Some(Fault::Hang) => std::future::pending().await,
                Some(Fault::CloseHalfway) => {
                    let half = bytes.len() - response.body.len() / 2 - 1;
                    stream.write_all(bytes.get(..half).unwrap_or_default()).await?;
                    return stream.flush().await;
                }
                Some(Fault::Trickle(pause)) => {
                    for piece in bytes.chunks(4) {
                        stream.write_all(piece).await?;
                        stream.flush().await?;
                        tokio::time::sleep(pause).await;
                    }
                }
                _ => stream.write_all(&bytes).await?,
            }
            stream.flush().await?;
            if !keep_alive {
                return stream.shutdown().await;
            }
        }
        Ok(())
    }

    /// Records a request, and decides how to handle it.
    fn understand(&self, request: &Request, connection: usize) -> (Task, Option<Fault>, Wait) {
        let mut state = self.state.lock();
        let is_call = matches!(Task::for_request(request, &state).core(), Task::Call { .. });
        let fault = if is_call { state.faults.pop_front() } else { None };
        if fault == Some(Fault::ExpireSessions) {
            state.sessions.clear();
        }
        let task = Task::for_request(request, &state);
        let call = match task.core() {
            Task::Call { call: Ok(call), .. } => Some(call.clone()),
            _ => None,
        };
        let accept_encoding = request.header("accept-encoding").map(str::to_owned);
        let (path, cookie) = (request.path.clone(), request.header("cookie").map(str::to_owned));
        state.seen.push(Seen { path, call, connection, accept_encoding, cookie });
        let behaviour = &state.behaviour;
        let wait = Wait {
            on_the_way: behaviour.round_trip,
            at_work: behaviour.delay(&task),
            each_value: behaviour.each_value,
        };
        (task, fault, wait)
    }
}

/// Waits until a moment. Does not sleep if it has passed, because the timer's resolution is a millisecond.
async fn pause_until(moment: Instant) {
    if moment > Instant::now() {
        tokio::time::sleep_until(moment).await;
    }
}

/// The delays of an answer.
struct Wait {
    on_the_way: Duration,
    at_work: Duration,
    each_value: Duration,
}

/// Counts a running call.
struct Running<'a>(&'a Shared);

impl<'a> Running<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut state = shared.state.lock();
        state.running += 1;
        state.most_running = state.most_running.max(state.running);
        Running(shared)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state.lock().running -= 1;
    }
}

/// Applies a fault to an answer.
fn spoil(response: Response, fault: Option<&Fault>) -> Response {
    let filler = |bytes: usize| format!("\"{}\"", " ".repeat(bytes)).into_bytes();
    match fault {
        Some(Fault::Html(status)) => Response::html(*status),
        Some(Fault::Garbage) => {
            Response { body: b"{\"jsonrpc\": \"2.0\", \"result\": [".to_vec(), ..response }
        }
        Some(Fault::Huge(bytes)) => Response { body: filler(*bytes), ..response },
        Some(Fault::Bomb(bytes)) => {
            let mut response =
                Response { body: pack("gzip", &filler(*bytes)).unwrap_or_default(), ..response };
            response.headers.push(("Content-Encoding", "gzip".into()));
            response
        }
        Some(Fault::ServerError) => {
            let failure = exception::OdooException::new("builtins.ZeroDivisionError", "division by zero");
            Response::json(
                200,
                &serde_json::json!({"jsonrpc": "2.0", "id": Value::Null, "error": failure.json_rpc(17)}),
            )
        }
        _ => response,
    }
}

/// Compresses a large answer, like a proxy, if the client accepts it.
fn encode(request: &Request, mut response: Response, encodings: &[&'static str]) -> io::Result<Response> {
    const WORTH_IT: usize = 256;
    let offered = request.header("accept-encoding").unwrap_or_default();
    let chosen = encodings.iter().find(|name| offered.split(',').any(|offer| offer.trim() == **name));
    let packed = response.headers.iter().any(|(name, _)| *name == "Content-Encoding");
    if let Some(name) = chosen.filter(|_| !packed && response.body.len() >= WORTH_IT) {
        response.body = pack(name, &response.body)?;
        response.headers.push(("Content-Encoding", (*name).to_owned()));
    }
    Ok(response)
}

fn pack(encoding: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    if encoding == "zstd" {
        return zstd::bulk::compress(bytes, 3);
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}
