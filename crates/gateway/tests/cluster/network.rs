//! A network between an instance and PostgreSQL that loses every notification, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// The kind of message by which the server hands on a notification.
const NOTIFICATION: u8 = b'A';

/// Passes bytes on to a server, message by message. It ends with this value.
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
    /// A way to the server of a URL.
    pub(crate) async fn to(url: &str) -> Self {
        let mut url = Url::parse(url).unwrap();
        let far = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        // Messages inside of TLS could not be told apart.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let counts = Arc::new(Counts::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, far, Arc::clone(&counts)));
        Network { url: url.into(), counts, _tasks: tasks }
    }

    /// The server's URL by way of this network.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many notifications were lost.
    pub(crate) fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, far: String, counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let far = TcpStream::connect(&far).await.unwrap();
        let ((mut near_in, near_out), (far_in, mut far_out)) = (near.into_split(), far.into_split());
        connections.spawn(async move {
            // If either end closes, the end of the stream reaches the other.
            drop(tokio::io::copy(&mut near_in, &mut far_out).await);
        });
        connections.spawn(answers(far_in, near_out, Arc::clone(&counts)));
    }
}

/// What a server says is messages of a kind, a length that counts itself, and so many bytes more.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: Arc<Counts>) {
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
