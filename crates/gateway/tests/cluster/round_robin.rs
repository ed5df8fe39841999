//! A round-robin client while one of its instances is killed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use reqwest::Method;

use crate::node::{Answer, Endpoint, Node};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

const WORKERS: usize = 6;

/// Uses instances in turn, and never again one that has failed.
struct RoundRobin {
    instances: Vec<Endpoint>,
    turn: AtomicUsize,
    failed: Vec<AtomicUsize>,
    tokens: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl RoundRobin {
    fn new(instances: Vec<Endpoint>) -> Self {
        let failed = instances.iter().map(|_| AtomicUsize::new(0)).collect();
        let (turn, tokens, stop) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicBool::new(false));
        RoundRobin { instances, turn, failed, tokens, stop }
    }

    fn failures(&self, instance: usize) -> usize {
        self.failed[instance].load(Ordering::SeqCst)
    }

    fn next(&self) -> usize {
        loop {
            let instance = self.turn.fetch_add(1, Ordering::SeqCst) % self.instances.len();
            if self.failures(instance) == 0 {
                return instance;
            }
        }
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().clone()
    }

    /// Returns the answer, or counts the failure of the instance.
    fn record_outcome(&self, instance: usize, outcome: Result<Answer, reqwest::Error>) -> Option<Answer> {
        match outcome {
            Ok(answer) => Some(answer),
            Err(error) => {
                assert!(!error.is_timeout(), "{error:?}");
                self.failed[instance].fetch_add(1, Ordering::SeqCst);
                None
            }
        }
    }

    /// Logs in and asks with all tokens so far, on the instances in turn.
    async fn work(&self, worker: usize) {
        let user = if worker.is_multiple_of(2) { ADMIN } else { SPAIN };
        for round in worker.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let instance = self.next();
            let tokens = self.tokens();
            if round % 4 == 0 || tokens.is_empty() {
                let outcome = self.instances[instance].try_log_in(user).await;
                if let Some(answer) = self.record_outcome(instance, outcome) {
                    let token = answer.token();
                    self.tokens.lock().push(token);
                }
            } else {
                let token = &tokens[round * 7 % tokens.len()];
                let question = (Method::GET, "/v1/session/readable");
                let outcome = self.instances[instance].try_ask(question, token, None).await;
                if let Some(answer) = self.record_outcome(instance, outcome) {
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_an_instance_under_load_loses_no_session() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let client = RoundRobin::new(vec![a.endpoint.clone(), b.endpoint.clone()]);
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
    assert!(client.failures(0) <= WORKERS, "only requests in flight may fail: {}", client.failures(0));
    assert_eq!(client.failures(1), 0);
    for token in client.tokens() {
        assert_eq!(b.endpoint.status(&token).await, 200);
    }
}
