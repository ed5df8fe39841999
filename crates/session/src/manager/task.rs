//! `MaintenanceTask`: maintenance by the clock.

use core::pin::pin;
use core::time::Duration;
use std::sync::{Arc, Weak};

use futures_util::future::{Either, select};
use tokio::task::JoinHandle;

use super::{Core, SessionManager};
use crate::store::Hint;

/// A task that keeps a manager in order until it is dropped, or the last handle of the manager is.
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
    /// Starts maintenance in the current tokio runtime: re-validation twice within
    /// [`Options::revalidate_within`](crate::Options::revalidate_within), everything else once in
    /// [`Options::flush_interval`](crate::Options::flush_interval), and hints of the store when they come.
    ///
    /// Failures are counted in [`Stats::store_failures`](crate::Stats::store_failures) and tried again the next time.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    #[must_use = "dropping the task ends maintenance"]
    pub fn start_maintenance(&self) -> MaintenanceTask {
        MaintenanceTask { task: tokio::spawn(keep_in_order(Arc::downgrade(&self.core))) }
    }
}

async fn keep_in_order(core: Weak<Core>) {
    let mut since_flush = Duration::ZERO;
    loop {
        let Some(core) = core.upgrade() else { return };
        let manager = SessionManager { core };
        let options = manager.options();
        let pause = (options.revalidate_within / 2)
            .clamp(Duration::from_millis(10), options.flush_interval.max(Duration::from_millis(10)));
        match wait(&manager, pause).await {
            Some(hint) => manager.take_hint(&hint),
            None => {
                since_flush += pause;
                let is_due = since_flush >= manager.options().flush_interval;
                // Every failure is counted, and met again in the next round.
                let outcome = if is_due { manager.maintain().await } else { manager.revalidate().await };
                drop(outcome);
                if is_due {
                    since_flush = Duration::ZERO;
                }
            }
        }
    }
}

/// Waits for a hint, for as long as a pause is.
async fn wait(manager: &SessionManager, pause: Duration) -> Option<Hint> {
    let hint = pin!(manager.core.store.next_hint());
    let pause = pin!(tokio::time::sleep(pause));
    match select(hint, pause).await {
        Either::Left((hint, _)) => Some(hint),
        Either::Right(_) => None,
    }
}
