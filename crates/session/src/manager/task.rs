//! `MaintenanceTask`: runs maintenance on a timer.

use core::pin::pin;
use core::time::Duration;
use std::sync::{Arc, Weak};

use futures_util::future::{Either, select};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Core, SessionManager};
use crate::store::Hint;

/// A task that maintains a manager until the task or the last handle of the manager is dropped.
#[derive(Debug)]
pub struct MaintenanceTask {
    task: JoinHandle<()>,
}

impl Drop for MaintenanceTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SessionManager {
    /// Starts maintenance in the current tokio runtime: revalidation and pending revocations twice within
    /// [`Options::revalidate_within`](crate::Options::revalidate_within), everything else once in
    /// [`Options::flush_interval`](crate::Options::flush_interval), and hints of the store when they arrive.
    ///
    /// Failures are counted in [`Stats::store_failures`](crate::Stats::store_failures) and retried in the
    /// next round.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    #[must_use = "dropping the task ends maintenance"]
    pub fn start_maintenance(&self) -> MaintenanceTask {
        MaintenanceTask { task: tokio::spawn(maintain_on_timer(Arc::downgrade(&self.core))) }
    }
}

async fn maintain_on_timer(core: Weak<Core>) {
    let mut next = Instant::now();
    let mut next_flush = next;
    loop {
        let Some(core) = core.upgrade() else { return };
        let manager = SessionManager { core };
        // Hints do not delay the timer.
        if let Some(hint) = wait(&manager, next).await {
            manager.take_hint(&hint);
            continue;
        }
        let options = manager.options();
        let is_due = Instant::now() >= next_flush;
        // Failures are counted, and retried in the next round.
        drop(if is_due { manager.maintain().await } else { manager.catch_up().await });
        if is_due {
            next_flush = Instant::now() + options.flush_interval.max(SHORTEST);
        }
        next = Instant::now() + options.flush_interval.min(options.revalidate_within / 2).max(SHORTEST);
    }
}

/// Lower bound for the interval, so that no option makes the task spin.
const SHORTEST: Duration = Duration::from_millis(10);

/// Waits for a hint, at most `until` a moment.
async fn wait(manager: &SessionManager, until: Instant) -> Option<Hint> {
    let hint = pin!(manager.core.store.next_hint());
    let clock = pin!(tokio::time::sleep_until(until));
    // The timer first: a store that sends hints without end must not starve it.
    match select(clock, hint).await {
        Either::Left(_) => None,
        Either::Right((hint, _)) => Some(hint),
    }
}
