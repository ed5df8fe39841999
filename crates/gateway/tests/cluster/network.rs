//! `Network`: a TCP proxy between an instance and PostgreSQL that drops all notifications and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// The message type of a notification in PostgreSQL's protocol.
const NOTIFICATION: u8 = b'A';

/// Forwards messages to and from a server until it is dropped.
pub(crate) struct Network {
    url: String,
    counts: Arc<Counts>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Counts {
    lost: AtomicUsize,
    connections: AtomicUsize,
}

impl Network {
    /// Starts a proxy to the server of the URL.
    pub(crate) async fn start(url: &str) -> Self {
        let mut url = Url::parse(url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        // TLS would hide the messages.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let counts = Arc::new(Counts::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, server, Arc::clone(&counts)));
        Network { url: url.into(), counts, _tasks: tasks }
    }

    /// The URL of the server through this proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Number of dropped notifications.
    pub(crate) fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::SeqCst)
    }

    /// Number of connections made.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, server: String, counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let server = TcpStream::connect(&server).await.unwrap();
        let ((mut client_in, client_out), (server_in, mut server_out)) =
            (client.into_split(), server.into_split());
        connections.spawn(async move {
            // When either side closes, the copy ends and closes the other side.
            drop(tokio::io::copy(&mut client_in, &mut server_out).await);
        });
        connections.spawn(forward_messages(server_in, client_out, Arc::clone(&counts)));
    }
}

/// Forwards the server's messages. Each has a type byte, a length that includes itself, and a payload.
async fn forward_messages(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: Arc<Counts>) {
    let mut head = [0; 5];
    while from.read_exact(&mut head).await.is_ok() {
        let [kind, length @ ..] = head;
        let mut message = head.to_vec();
        message.resize(1 + usize::try_from(u32::from_be_bytes(length)).unwrap(), 0);
        if from.read_exact(&mut message[5..]).await.is_err() {
            return;
        }
        if kind == NOTIFICATION {
            counts.lost.fetch_add(1, Ordering::SeqCst);
        } else if to.write_all(&message).await.is_err() {
            return;
        }
    }
}
