//! A proxy to PostgreSQL that counts all traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Traffic counts in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Messages that wait for an answer: round trips.
    pub(crate) round_trips: u64,
    /// Those that only check whether the connection is alive.
    pub(crate) pings: u64,
    /// Completed statements.
    pub(crate) statements: u64,
    /// Bytes to the server.
    pub(crate) sent: u64,
    /// Bytes from the server.
    pub(crate) received: u64,
}

impl Traffic {
    /// The traffic since an earlier count.
    pub(crate) fn since(self, before: Traffic) -> Traffic {
        Traffic {
            round_trips: self.round_trips - before.round_trips,
            pings: self.pings - before.pings,
            statements: self.statements - before.statements,
            sent: self.sent - before.sent,
            received: self.received - before.received,
        }
    }
}

/// The proxy. It runs until the program ends.
pub(crate) struct Wire {
    pub(crate) port: u16,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    round_trips: AtomicU64,
    pings: AtomicU64,
    statements: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    /// The extra delay of each round trip, in microseconds.
    delay: AtomicU64,
}

impl Wire {
    /// A proxy to a server without TLS.
    pub(crate) async fn to(host: String, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let counters = Arc::new(Counters::default());
        let wire = Wire { port: listener.local_addr()?.port(), counters: Arc::clone(&counters) };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect((host.as_str(), port)).await else { return };
                // Small messages must not wait for each other.
                drop((near.set_nodelay(true), far.set_nodelay(true)));
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(questions(near_in, far_out, Arc::clone(&counters)));
                tokio::spawn(answers(far_in, near_out, Arc::clone(&counters)));
            }
        });
        Ok(wire)
    }

    /// Delays each round trip by at least the given time.
    pub(crate) fn delay(&self, by: Duration) {
        self.counters.delay.store(u64::try_from(by.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// The traffic so far.
    pub(crate) fn traffic(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let Counters { round_trips, pings, statements, sent, received, .. } = &*self.counters;
        Traffic {
            round_trips: read(round_trips),
            pings: read(pings),
            statements: read(statements),
            sent: read(sent),
            received: read(received),
        }
    }
}

/// The first message has no type byte. All others have a type, a length that includes itself, and a body.
async fn questions(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counters: Arc<Counters>) {
    let (mut has_kind, mut asks) = (false, false);
    while let Some((kind, message)) = message(&mut from, has_kind).await {
        has_kind = true;
        counters.sent.fetch_add(message.len() as u64, Ordering::SeqCst);
        let is_sync = kind == b'S';
        if is_sync || kind == b'Q' {
            counters.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        // A message that requests an answer but executes nothing.
        if is_sync && !asks {
            counters.pings.fetch_add(1, Ordering::SeqCst);
        }
        asks = !is_sync && kind != b'Q';
        let delay = counters.delay.load(Ordering::SeqCst);
        if delay > 0 && !asks {
            tokio::time::sleep(Duration::from_micros(delay)).await;
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counters: Arc<Counters>) {
    while let Some((kind, message)) = message(&mut from, true).await {
        counters.received.fetch_add(message.len() as u64, Ordering::SeqCst);
        // "Command complete".
        if kind == b'C' {
            counters.statements.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn message(from: &mut OwnedReadHalf, has_kind: bool) -> Option<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    let kind = if has_kind { from.read_u8().await.ok()? } else { 0 };
    if has_kind {
        message.push(kind);
    }
    let length = from.read_u32().await.ok()?;
    message.extend(length.to_be_bytes());
    let start = message.len();
    message.resize(start + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(message.get_mut(start..)?).await.ok()?;
    Some((kind, message))
}
