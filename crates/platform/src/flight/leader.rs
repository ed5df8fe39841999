//! `LeaderLoad`: a load that its first caller (the leader) drives, while other callers wait for the outcome.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use crate::sync::Mutex;

/// The outcome of a load that one caller (the leader) drives and others wait for.
///
/// The leader must end the load: with [`complete`](LeaderLoad::complete), or with
/// [`abandon`](LeaderLoad::abandon) if the leader is cancelled first.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use platform::flight::LeaderLoad;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let load = Arc::new(LeaderLoad::default());
/// let waiting = LeaderLoad::wait(&load);
/// load.complete(42);
/// assert_eq!(waiting.await, Some(42));
///
/// let abandoned = Arc::new(LeaderLoad::<u32>::default());
/// abandoned.abandon();
/// assert_eq!(LeaderLoad::wait(&abandoned).await, None);
/// # }
/// ```
#[derive(Debug)]
pub struct LeaderLoad<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
enum State<T> {
    Running { last_ticket: u64, waiting: Vec<(u64, Waker)> },
    Completed(T),
    Abandoned,
}

impl<T> Default for LeaderLoad<T> {
    fn default() -> Self {
        LeaderLoad { state: Mutex::new(State::Running { last_ticket: 0, waiting: Vec::new() }) }
    }
}

impl<T> LeaderLoad<T> {
    /// Passes the outcome to all callers that wait now or later.
    pub fn complete(&self, outcome: T) {
        self.end(State::Completed(outcome));
    }

    /// Wakes the waiting callers without an outcome. One of them must start a new load.
    pub fn abandon(&self) {
        self.end(State::Abandoned);
    }

    /// Waits for the end of the load: its outcome, or `None` if it was abandoned.
    pub fn wait(load: &Arc<Self>) -> LeaderLoadFuture<T> {
        LeaderLoadFuture { load: Arc::clone(load), ticket: None }
    }

    fn end(&self, end: State<T>) {
        let before = core::mem::replace(&mut *self.state.lock(), end);
        // Wake outside of the lock: a waker may run its task at once.
        if let State::Running { waiting, .. } = before {
            for (_, waker) in waiting {
                waker.wake();
            }
        }
    }
}

/// Waits for the end of a [`LeaderLoad`]. Dropping the future removes its waker.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct LeaderLoadFuture<T> {
    load: Arc<LeaderLoad<T>>,
    ticket: Option<u64>,
}

impl<T: Clone> Future for LeaderLoadFuture<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match &mut *this.load.state.lock() {
            State::Completed(outcome) => Poll::Ready(Some(outcome.clone())),
            State::Abandoned => Poll::Ready(None),
            State::Running { last_ticket, waiting } => {
                let ticket = *this.ticket.get_or_insert_with(|| {
                    *last_ticket += 1;
                    *last_ticket
                });
                match waiting.iter_mut().find(|(known, _)| *known == ticket) {
                    Some((_, waker)) => waker.clone_from(context.waker()),
                    None => waiting.push((ticket, context.waker().clone())),
                }
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for LeaderLoadFuture<T> {
    fn drop(&mut self) {
        if let (Some(ticket), State::Running { waiting, .. }) = (self.ticket, &mut *self.load.state.lock()) {
            waiting.retain(|(known, _)| *known != ticket);
        }
    }
}
