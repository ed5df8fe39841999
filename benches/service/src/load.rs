//! Sends requests for a while, over persistent connections.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use http::Request;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::repeater::Repeater;
use crate::server::Place;

/// The result of a load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// The time of each request, ascending.
    pub(crate) times: Vec<Duration>,
    /// The total time.
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.times.len()) / self.took.as_secs_f64()
    }

    /// The time within which the given percentage of requests were answered.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).copied().unwrap_or_default()
    }
}

/// A count as a figure.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// How much load is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// Load for a time.
    Elapsed(Duration),
    /// A number of requests, distributed evenly over the connections.
    Sent(usize),
}

/// Sends requests over several connections, each connection's next one as soon as the last is answered.
/// `request` gets the number of the connection and of its request.
pub(crate) async fn load(
    address: SocketAddr,
    connections: usize,
    until: Until,
    request: impl Fn(usize, usize) -> Result<Request<Bytes>> + Clone + Send + 'static,
) -> Result<Outcome> {
    let mut clients = Vec::with_capacity(connections);
    for connection in 0..connections {
        let (client, request) = (Client::connect(address).await?, request.clone());
        clients.push(Caller { client, request: move |number| request(connection, number) });
    }
    run(clients, until).await
}

/// Repeats one request over several connections for a while. All answers must have the same body.
pub(crate) async fn repeat(
    place: &Place,
    connections: usize,
    time: Duration,
    request: &Request<Bytes>,
    expected: &Bytes,
) -> Result<Outcome> {
    let mut repeaters = Vec::with_capacity(connections);
    for _ in 0..connections {
        repeaters.push(Repeater::connect(place, request, expected.clone()).await?);
    }
    run(repeaters, Until::Elapsed(time)).await
}

/// A client of one connection.
trait LoadClient: Send + 'static {
    /// Sends the request with this number, and returns the time of its answer.
    fn ask(&mut self, number: usize) -> impl Future<Output = Result<Duration>> + Send;
}

/// A client that sends another request each time.
struct Caller<F> {
    client: Client,
    request: F,
}

impl<F: Fn(usize) -> Result<Request<Bytes>> + Send + 'static> LoadClient for Caller<F> {
    async fn ask(&mut self, number: usize) -> Result<Duration> {
        let request = (self.request)(number)?;
        let sent = Instant::now();
        self.client.send(request).await?;
        Ok(sent.elapsed())
    }
}

impl LoadClient for Repeater {
    async fn ask(&mut self, _number: usize) -> Result<Duration> {
        let sent = Instant::now();
        self.again().await?;
        Ok(sent.elapsed())
    }
}

async fn run(clients: Vec<impl LoadClient>, until: Until) -> Result<Outcome> {
    let connections = clients.len();
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for mut client in clients {
        running.spawn(async move {
            let mut times = Vec::new();
            let goes_on = |sent: usize| match until {
                Until::Elapsed(time) => begun.elapsed() < time,
                Until::Sent(all) => sent < all / connections,
            };
            while goes_on(times.len()) {
                times.push(client.ask(times.len()).await?);
            }
            Ok::<_, anyhow::Error>(times)
        });
    }
    let mut outcome = Outcome::default();
    while let Some(times) = running.join_next().await {
        outcome.times.extend(times??);
    }
    outcome.took = begun.elapsed();
    outcome.times.sort_unstable();
    Ok(outcome)
}
