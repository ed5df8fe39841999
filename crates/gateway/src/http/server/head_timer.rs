//! `HeadTimer`: the time limit for the heads of a connection's requests.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// One of tokio's timers, for all heads of a connection.
///
/// hyper asks for a timer for each head, and drops it when the head is there. To register one of tokio's and
/// to cancel it takes 340 instructions more for each request, under a lock that connections share. Here a
/// timer that is set for an earlier head stays as it is, and is set anew only when it fires.
#[derive(Clone, Debug)]
pub(super) struct HeadTimer(Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>);

impl HeadTimer {
    /// The timer of a connection that begins now, whose heads have so long each.
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

/// The moment at which a head must be there.
struct HeadDeadline {
    deadline: tokio::time::Instant,
    timer: Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>,
}

impl Sleep for HeadDeadline {}

impl Future for HeadDeadline {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.lock();
        // INVARIANT: every head of a connection has the same time, so the timer is never set for later than
        // this.
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.deadline);
        }
    }
}
