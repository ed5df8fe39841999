//! `HeadTimer`: the timeout for request heads on a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// A single tokio timer for all heads of a connection.
///
/// hyper requests a timer per head and drops it when the head has arrived. Registering and cancelling a tokio
/// timer takes 340 instructions per request, under a lock that connections share. So this timer is left as it
/// was set for an earlier head, and is reset only when it fires.
#[derive(Clone, Debug)]
pub(super) struct HeadTimer(Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>);

impl HeadTimer {
    /// Creates the timer of a new connection. `limit` applies to each head.
    pub(super) fn new(limit: Duration) -> Self {
        HeadTimer(Arc::new(Mutex::new(Box::pin(tokio::time::sleep(limit)))))
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HeadDeadline { deadline: deadline.into(), timer: Arc::clone(&self.0) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

/// The time at which a head must have arrived.
struct HeadDeadline {
    deadline: tokio::time::Instant,
    timer: Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>,
}

impl Sleep for HeadDeadline {}

impl Future for HeadDeadline {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.lock();
        // INVARIANT: all heads of a connection have the same limit, so the timer is never set to a later time
        // than this deadline.
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.deadline);
        }
    }
}
