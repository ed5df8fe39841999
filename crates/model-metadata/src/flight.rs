//! `Flight`: one load that many wait for.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

use crate::epochs::Stamp;
use crate::shim::Mutex;

/// What a load brought: a value, "no such model", or a failure.
pub(crate) type Outcome<V, E> = Result<Option<Arc<V>>, Arc<E>>;

/// One load that many wait for. Whoever began it completes or abandons it.
#[derive(Debug)]
pub(crate) struct Flight<V, E> {
    /// When the load began: it may not have seen what changed later.
    pub(crate) began: Duration,
    /// The epochs when the load began.
    pub(crate) stamp: Stamp,
    state: Mutex<State<V, E>>,
}

#[derive(Debug)]
enum State<V, E> {
    Running { next: u64, waiting: Vec<(u64, Waker)> },
    Landed(Outcome<V, E>),
    Abandoned,
}

impl<V, E> Flight<V, E> {
    pub(crate) fn new(began: Duration, stamp: Stamp) -> Self {
        Flight { began, stamp, state: Mutex::new(State::Running { next: 0, waiting: Vec::new() }) }
    }

    /// Tells the outcome to all who wait.
    pub(crate) fn land(&self, outcome: Outcome<V, E>) {
        self.end(State::Landed(outcome));
    }

    /// Tells all who wait that nobody loads for them any more; one of them will begin again.
    pub(crate) fn abandon(&self) {
        self.end(State::Abandoned);
    }

    fn end(&self, end: State<V, E>) {
        let before = core::mem::replace(&mut *self.state.lock(), end);
        // Woken outside the lock: a waker may run its task at once.
        if let State::Running { waiting, .. } = before {
            for (_, waker) in waiting {
                waker.wake();
            }
        }
    }
}

/// Waits for the end of a flight; `None` if it was abandoned. Dropping it leaves no trace.
#[derive(Debug)]
pub(crate) struct Wait<V, E> {
    flight: Arc<Flight<V, E>>,
    ticket: Option<u64>,
}

impl<V, E> Wait<V, E> {
    pub(crate) fn new(flight: Arc<Flight<V, E>>) -> Self {
        Wait { flight, ticket: None }
    }
}

impl<V, E> Future for Wait<V, E> {
    type Output = Option<Outcome<V, E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match &mut *this.flight.state.lock() {
            State::Landed(outcome) => Poll::Ready(Some(outcome.clone())),
            State::Abandoned => Poll::Ready(None),
            State::Running { next, waiting } => {
                let ticket = *this.ticket.get_or_insert_with(|| {
                    *next += 1;
                    *next
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

impl<V, E> Drop for Wait<V, E> {
    fn drop(&mut self) {
        if let (Some(ticket), State::Running { waiting, .. }) = (self.ticket, &mut *self.flight.state.lock())
        {
            waiting.retain(|(known, _)| *known != ticket);
        }
    }
}
