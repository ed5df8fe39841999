//! `Server`: accepts connections, limits them, and shuts down gracefully.

mod head_timer;
mod listen;
mod paced_stream;
#[cfg(unix)]
mod unix_socket;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use self::head_timer::HeadTimer;
use self::listen::{Connection, Listener};
pub use self::listen::{ListenAddress, ListenAddressError};
use self::paced_stream::PacedStream;
use crate::http::gateway::Gateway;
use crate::http::middleware::client_address::{ByUnixSocket, UNIX_SOCKET_PEER};
use crate::http::routes::Routes;

/// The pause before revocations are sent again to a session store that did not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The minimum time for sending revocations to the store, even if requests in flight used up the grace
/// period.
const MIN_STORE_TIME: Duration = Duration::from_secs(5);

/// Listens and answers until shutdown.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
}

/// The reason why the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`: {cause}")]
pub struct ListenError {
    /// The address.
    pub address: ListenAddress,
    /// The operating system's error.
    #[source]
    pub cause: io::Error,
}

impl Server {
    /// Binds an address; port 0 means any free port.
    ///
    /// # Errors
    /// The address is in use, or does not belong to this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::bind_all(&[address.into()]).await.map_err(|error| error.cause)
    }

    /// Binds addresses and Unix sockets.
    ///
    /// # Errors
    /// [`ListenError`] with the first address that cannot be bound.
    pub async fn bind_all(addresses: &[ListenAddress]) -> Result<Self, ListenError> {
        let mut listeners = Vec::new();
        for address in addresses {
            let failed = |cause| ListenError { address: address.clone(), cause };
            listeners.extend(address.bind().await.map_err(failed)?);
        }
        Ok(Server { listeners })
    }

    /// The first bound address.
    ///
    /// # Errors
    /// The operating system does not report it, or there are only Unix sockets.
    pub fn address(&self) -> io::Result<SocketAddr> {
        let mut tcp = self.listeners.iter().filter_map(|listener| match listener {
            Listener::Tcp(listener) => Some(listener.local_addr()),
            #[cfg(unix)]
            Listener::Unix(_) => None,
        });
        tcp.next().unwrap_or_else(|| Err(io::ErrorKind::AddrNotAvailable.into()))
    }

    /// All bound addresses and sockets, with the ports that the system chose.
    ///
    /// # Errors
    /// The operating system does not report them.
    pub fn addresses(&self) -> io::Result<Vec<ListenAddress>> {
        self.listeners.iter().map(Listener::address).collect()
    }

    /// Answers requests until `stop` completes. Then accepts no more, waits for requests in flight, and
    /// writes pending changes to the session store. Retries revocations within
    /// [`Settings::drain_within`](crate::http::Settings::drain_within). Those that remain are in
    /// [`SessionManager::pending_revocations`](session::SessionManager::pending_revocations).
    pub async fn run(self, gateway: Gateway, stop: impl Future<Output = ()>) {
        let routes = Routes::new(&gateway);
        let places = Arc::new(Semaphore::new(gateway.settings().max_connections));
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (accepted, place) = self.accept(&places) => {
                    let server = ConnectionServer { routes: &routes, gateway: &gateway, graceful: &graceful, place };
                    match accepted {
                        Connection::Tcp(stream, peer) => {
                            if let Err(error) = stream.set_nodelay(true) {
                                tracing::debug!(%error, "TCP_NODELAY could not be set: small answers may be delayed");
                            }
                            server.start(stream, peer, None);
                        }
                        #[cfg(unix)]
                        Connection::Unix(stream) => server.start(stream, UNIX_SOCKET_PEER, Some(ByUnixSocket)),
                    }
                }
            }
        }
        gateway.close();
        drop(self.listeners);
        tracing::info!("shutting down");
        let deadline = Instant::now() + gateway.settings().drain_within;
        if tokio::time::timeout_at(deadline, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests that did not complete in time are cancelled");
        }
        let manager = gateway.manager();
        let deadline = deadline.max(Instant::now() + MIN_STORE_TIME);
        let tell = async {
            while let Err(error) = manager.shutdown().await {
                if manager.stats().pending_revocations == 0 {
                    tracing::error!(%error, "the session store did not record the last use of sessions");
                    break;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        if tokio::time::timeout_at(deadline, tell).await.is_err() {
            tracing::error!(
                ends = manager.stats().pending_revocations,
                "the session store did not receive all revocations"
            );
        }
    }

    /// Waits for a free place, then accepts a connection.
    async fn accept(&self, places: &Arc<Semaphore>) -> (Connection, Option<OwnedSemaphorePermit>) {
        let place = Arc::clone(places).acquire_owned().await.ok();
        let accepted = |context: &mut Context<'_>| {
            let mut arrivals = self.listeners.iter().map(|listener| listener.poll_accept(context));
            arrivals.find(Poll::is_ready).unwrap_or(Poll::Pending)
        };
        loop {
            match poll_fn(accepted).await {
                Ok(accepted) => return (accepted, place),
                Err(error) => {
                    // Usually out of file descriptors, which are released when connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Serves one connection.
struct ConnectionServer<'a> {
    routes: &'a Routes,
    gateway: &'a Gateway,
    graceful: &'a GracefulShutdown,
    place: Option<OwnedSemaphorePermit>,
}

impl ConnectionServer<'_> {
    fn start<S>(self, stream: S, peer: SocketAddr, mark: Option<ByUnixSocket>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let ConnectionServer { routes, gateway, graceful, place } = self;
        let watched = graceful.watch(connection(stream, peer, mark, routes, gateway));
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = watched.await {
                tracing::debug!(%error, %peer, "a connection failed");
            }
        });
    }
}

fn connection<S>(
    stream: S,
    peer: SocketAddr,
    mark: Option<ByUnixSocket>,
    routes: &Routes,
    gateway: &Gateway,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let routes = routes.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        // Most requests have an empty body, which needs no allocation.
        let body = |body: Incoming| if body.is_end_stream() { Body::empty() } else { Body::new(body) };
        let mut request = request.map(body);
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(mark) = mark {
            request.extensions_mut().insert(mark);
        }
        routes.answer(request)
    });
    let settings = gateway.settings();
    let stream = PacedStream::new(stream, settings.write_within, settings.min_write_rate);
    http1::Builder::new()
        .timer(HeadTimer::new(settings.head_within))
        .header_read_timeout(settings.head_within)
        .max_buf_size(settings.max_head_bytes)
        .serve_connection(TokioIo::new(stream), service)
}
