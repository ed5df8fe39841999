//! `Flight`: a load that several wait for and one of them drives.

use core::fmt;
use core::pin::Pin;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

type Load<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A load in progress as those see it who do not wait for it: it goes when the last one who waits goes.
///
/// No task is spawned. Whoever waits drives the load; if that one leaves, another one does; if all leave, the
/// load is dropped.
pub(crate) struct Flight<T>(Option<WeakShared<Load<T>>>);

/// A load in progress as those see it who wait for it.
pub(crate) type Waiting<T> = Shared<Load<T>>;

impl<T: Clone> Flight<T> {
    /// Begins a load; it does nothing until somebody waits.
    pub(crate) fn begin(load: impl Future<Output = T> + Send + 'static) -> (Self, Waiting<T>) {
        let load: Load<T> = Box::pin(load);
        let waiting = load.shared();
        (Flight(waiting.downgrade()), waiting)
    }

    /// Joins the load if it is still under way.
    pub(crate) fn join(&self) -> Option<Waiting<T>> {
        self.0.as_ref()?.upgrade().filter(|waiting| waiting.peek().is_none())
    }
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}
