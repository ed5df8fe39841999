//! `SharedLoad`: a load that owns its inputs, so that each waiting caller can drive it.

use core::fmt;
use core::pin::Pin;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

type Load<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A weak handle to a load in flight. The load is dropped together with the last caller that waits for it.
///
/// # Examples
/// ```
/// use platform::flight::SharedLoad;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (load, first) = SharedLoad::begin(async { 42 });
/// let second = load.join().unwrap();
/// drop(first);
/// assert_eq!(second.await, 42);
/// assert!(load.join().is_none());
/// # }
/// ```
pub struct SharedLoad<T>(WeakShared<Load<T>>);

/// A load in flight, as a future for one waiting caller.
pub type SharedLoadFuture<T> = Shared<Load<T>>;

impl<T: Clone> SharedLoad<T> {
    /// Creates a load. It makes no progress until a caller awaits it.
    pub fn begin(load: impl Future<Output = T> + Send + 'static) -> (Self, SharedLoadFuture<T>) {
        let load: Load<T> = Box::pin(load);
        let waiting = load.shared();
        #[expect(
            clippy::expect_used,
            reason = "a `Shared` that has not been polled to its end can be downgraded"
        )]
        let weak = waiting.downgrade().expect("a load that has not ended");
        (SharedLoad(weak), waiting)
    }

    /// Joins the load, if it is still in flight.
    #[must_use]
    pub fn join(&self) -> Option<SharedLoadFuture<T>> {
        self.0.upgrade().filter(|waiting| waiting.peek().is_none())
    }
}

impl<T> fmt::Debug for SharedLoad<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLoad").finish_non_exhaustive()
    }
}
