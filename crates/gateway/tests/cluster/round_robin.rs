//! A client that takes instances in turn, while one of them is killed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use reqwest::Method;

use crate::node::{Answer, Node, Place};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

const WORKERS: usize = 6;

/// Takes instances in turn, and none again that once did not answer.
struct RoundRobin {
    places: Vec<Place>,
    turn: AtomicUsize,
    failed: Vec<AtomicUsize>,
    tokens: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl RoundRobin {
    fn new(places: Vec<Place>) -> Self {
        let failed = places.iter().map(|_| AtomicUsize::new(0)).collect();
        let (turn, tokens, stop) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicBool::new(false));
        RoundRobin { places, turn, failed, tokens, stop }
    }

    fn failures(&self, place: usize) -> usize {
        self.failed[place].load(Ordering::SeqCst)
    }

    fn next(&self) -> usize {
        loop {
            let place = self.turn.fetch_add(1, Ordering::SeqCst) % self.places.len();
            if self.failures(place) == 0 {
                return place;
            }
        }
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().clone()
    }

    /// The answer, unless the instance broke off.
    fn noted(&self, place: usize, outcome: Result<Answer, reqwest::Error>) -> Option<Answer> {
        match outcome {
            Ok(answer) => Some(answer),
            Err(error) => {
                assert!(!error.is_timeout(), "{error:?}");
                self.failed[place].fetch_add(1, Ordering::SeqCst);
                None
            }
        }
    }

    /// Logs in, and asks with every token so far, on one instance after the other.
    async fn work(&self, worker: usize) {
        let user = if worker.is_multiple_of(2) { ADMIN } else { SPAIN };
        for round in worker.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let place = self.next();
            let tokens = self.tokens();
            if round % 4 == 0 || tokens.is_empty() {
                let outcome = self.places[place].try_log_in(user).await;
                if let Some(answer) = self.noted(place, outcome) {
                    let token = answer.token();
                    self.tokens.lock().push(token);
                }
            } else {
                let token = &tokens[round * 7 % tokens.len()];
                let question = (Method::GET, "/v1/session/readable");
                let outcome = self.places[place].try_ask(question, token, None).await;
                if let Some(answer) = self.noted(place, outcome) {
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_an_instance_under_load_loses_no_login() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let client = RoundRobin::new(vec![a.at.clone(), b.at.clone()]);
    let load = futures_util::future::join_all((0..WORKERS).map(|worker| client.work(worker)));
    let kill = async {
        until("there are sessions", async || client.tokens().len() >= 20).await;
        a.kill().await;
        until("a request failed", async || client.failures(0) > 0).await;
        let before = client.tokens().len();
        until("logins go on", async || client.tokens().len() >= before + 10).await;
        client.stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(load, kill);
    assert!(client.failures(0) <= WORKERS, "only what was in flight failed: {}", client.failures(0));
    assert_eq!(client.failures(1), 0);
    for token in client.tokens() {
        assert_eq!(b.at.status(&token).await, 200);
    }
}
