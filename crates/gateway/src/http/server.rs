//! `Server`: the socket, its limits, and a graceful end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::Service;

use super::gateway::Gateway;

/// The pause before a session store that did not answer is told again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The least time for the session store to be told, however long requests took to end.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Listens, and answers until it is told to stop.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes an address; port 0 for any that is free.
    ///
    /// # Errors
    /// The address is taken, or not this machine's.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Server { listener: TcpListener::bind(address).await? })
    }

    /// The address that was taken.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop` is done; then takes no more, lets those under way end, and tells the session store what it was
    /// not told yet. Ends of sessions are tried again until [`Settings::drain_within`](super::Settings::drain_within)
    /// is over; those that are left then are [`SessionManager::pending_ends`](session::SessionManager::pending_ends).
    pub async fn run(self, gateway: Gateway, stop: impl Future<Output = ()>) {
        let routes = super::router(&gateway);
        let places = Arc::new(Semaphore::new(gateway.settings().max_connections));
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, peer, place) = self.accept(&places) => {
                    let connection = connection(stream, peer, &routes, &gateway);
                    let watched = graceful.watch(connection);
                    tokio::spawn(async move {
                        let _place = place;
                        if let Err(error) = watched.await {
                            tracing::debug!(%error, %peer, "a connection broke");
                        }
                    });
                }
            }
        }
        gateway.close();
        drop(self.listener);
        tracing::info!("shutting down");
        let deadline = Instant::now() + gateway.settings().drain_within;
        if tokio::time::timeout_at(deadline, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests that did not end in time are broken off");
        }
        let manager = gateway.manager();
        let deadline = deadline.max(Instant::now() + LAST_CALL);
        let tell = async {
            while let Err(error) = manager.shutdown().await {
                if manager.stats().pending_ends == 0 {
                    tracing::error!(%error, "the session store was not told the last use of sessions");
                    break;
                }
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        if tokio::time::timeout_at(deadline, tell).await.is_err() {
            tracing::error!(ends = manager.stats().pending_ends, "the session store was not told all ends");
        }
    }

    /// Waits for a place, then for a connection.
    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> (TcpStream, SocketAddr, Option<tokio::sync::OwnedSemaphorePermit>) {
        let place = Arc::clone(places).acquire_owned().await.ok();
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, place),
                Err(error) => {
                    // Mostly no more file descriptors: some come back when connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: &Router,
    gateway: &Gateway,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small answers may wait for a moment");
    }
    let routes = routes.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.clone().call(request)
    });
    let settings = gateway.settings();
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_within)
        .max_buf_size(settings.max_head_bytes)
        .serve_connection(TokioIo::new(stream), service)
}
