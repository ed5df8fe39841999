//! The lock of the record cache: `parking_lot`'s, or the model checker's when the crate's own unit tests are
//! built.
//!
//! Unit tests of the cache are therefore model-checked ones (they run inside `shuttle::check_…`); everything
//! else is tested from `tests/`, against the lock that users get.

#[cfg(not(test))]
pub(super) use parking_lot::Mutex;

#[cfg(test)]
pub(super) use checked::Mutex;

#[cfg(test)]
mod checked {
    use shuttle::sync::MutexGuard;

    /// `shuttle`'s mutex with the signature of `parking_lot`'s: no poisoning.
    #[derive(Debug, Default)]
    pub(in crate::records) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in crate::records) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}
