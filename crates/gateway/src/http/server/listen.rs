//! `ListenAddress`: an address to listen on, as operators write it. `Listener`: its bound socket.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpStream};

#[cfg(unix)]
use crate::http::server::unix_socket::UnixSocket;

/// An address to listen on: a host and a port, or a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// All addresses of a host, such as `127.0.0.1` or `localhost`. Port 0 selects a free port.
    Tcp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// The error for a text that is not an address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an address such as `127.0.0.1:8080`, `localhost:8080`, `8080` or `unix:/run/orgcache/orgcache.sock`"
)]
pub struct ListenAddressError;

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    /// A port alone means a port of `127.0.0.1`.
    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(ListenAddressError)
            } else {
                Ok(ListenAddress::Unix(path.into()))
            };
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten();
        match port {
            Some(port) if host.is_empty() => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()),
            Some(port) if host.bytes().all(is_name) => Ok(ListenAddress::Tcp { host: host.to_owned(), port }),
            _ => Err(ListenAddressError),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        ListenAddress::Tcp { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp { host, port } => match host.parse::<IpAddr>() {
                Ok(address) => SocketAddr::new(address, *port).fmt(f),
                Err(_) => write!(f, "{host}:{port}"),
            },
            ListenAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl ListenAddress {
    /// The addresses of a host. Empty for a Unix socket.
    ///
    /// # Errors
    /// The host has no address.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            ListenAddress::Tcp { host, port } => {
                Ok(tokio::net::lookup_host((host.as_str(), *port)).await?.collect())
            }
            ListenAddress::Unix(_) => Ok(Vec::new()),
        }
    }

    /// Binds the Unix socket, or each address of the host.
    pub(super) async fn bind(&self) -> io::Result<Vec<Listener>> {
        let mut listeners: Vec<Listener> = Vec::new();
        match self {
            ListenAddress::Tcp { .. } => {
                let mut port = None;
                for mut address in self.resolve().await? {
                    // With port 0, use the same free port for all addresses of the host.
                    address.set_port(port.unwrap_or(address.port()));
                    match TcpListener::bind(address).await {
                        Ok(listener) => {
                            port = Some(listener.local_addr()?.port());
                            listeners.push(Listener::Tcp(listener));
                        }
                        // `localhost` may resolve to an address that this machine does not have.
                        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable && port.is_some() => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            #[cfg(unix)]
            ListenAddress::Unix(path) => listeners.push(Listener::Unix(UnixSocket::bind(path)?)),
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(listeners)
    }
}

/// A bound socket.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// An accepted connection, with the client's address.
#[derive(Debug)]
pub(super) enum Connection {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Listener {
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Connection>> {
        Poll::Ready(match self {
            Listener::Tcp(listener) => {
                ready!(listener.poll_accept(context)).map(|(stream, peer)| Connection::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Listener::Unix(socket) => {
                ready!(socket.listener.poll_accept(context)).map(|(stream, _)| Connection::Unix(stream))
            }
        })
    }

    /// The bound address.
    pub(super) fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(ListenAddress::from),
            #[cfg(unix)]
            Listener::Unix(socket) => Ok(ListenAddress::Unix(socket.path.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_and_displayed() {
        for (text, read) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("[::1]:8080", "[::1]:8080"),
            ("localhost:8080", "localhost:8080"),
            ("erp-1.example.org:80", "erp-1.example.org:80"),
            (":8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
            (" 8080 ", "127.0.0.1:8080"),
            ("unix:/run/orgcache/orgcache.sock", "unix:/run/orgcache/orgcache.sock"),
            ("unix:orgcache.sock", "unix:orgcache.sock"),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), read, "{text}");
        }
        for wrong in [
            "",
            "nowhere",
            "localhost",
            "65536",
            ":",
            "::1:80",
            "localhost:",
            "http://localhost:80",
            "unix:",
            "a b:1",
            "-1",
            "+1",
        ] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }
}
