//! `LeaderLoad`: a load that the caller which began it drives, while others wait for the outcome.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use crate::sync::Mutex;

/// The outcome of a load that one caller drives and others wait for.
///
/// The caller that makes it must end it: by [`complete`](LeaderLoad::complete), or by
/// [`abandon`](LeaderLoad::abandon) when it is dropped before the load is done.
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
    /// Gives the outcome to all callers that wait, and to those that come later.
    pub fn complete(&self, outcome: T) {
        self.end(State::Completed(outcome));
    }

    /// Tells all callers that wait that the leader has gone: one of them has to begin again.
    pub fn abandon(&self) {
        self.end(State::Abandoned);
    }

    /// Waits for the end of the load: its outcome, or `None` if it was abandoned.
    pub fn wait(load: &Arc<Self>) -> LeaderLoadFuture<T> {
        LeaderLoadFuture { load: Arc::clone(load), ticket: None }
    }

    fn end(&self, end: State<T>) {
        let before = core::mem::replace(&mut *self.state.lock(), end);
        // Woken outside of the lock: a waker may run its task at once.
        if let State::Running { waiting, .. } = before {
            for (_, waker) in waiting {
                waker.wake();
            }
        }
    }
}

/// Waits for the end of a [`LeaderLoad`]. Dropping it takes its waker off the list.
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
