//! The lock of this crate: `parking_lot`'s, or the model checker's when the crate's own unit tests are built.
//!
//! Unit tests inside the crate are therefore model-checked ones (they run inside `shuttle::check_…`);
//! everything else is tested from `tests/`, against the lock that users get.

#[cfg(not(test))]
pub(crate) use parking_lot::Mutex;

#[cfg(test)]
pub(crate) use checked::Mutex;

#[cfg(test)]
mod checked {
    use shuttle::sync::MutexGuard;

    /// `shuttle`'s mutex with the signature of `parking_lot`'s: no poisoning.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}
