//! `Baselines`: when Odoo's record of each session's user was last written before the login, to find out
//! later whether the password may have changed.
//!
//! Odoo does not report when a password was changed, only when the user's record was last written. So any
//! write ends the user's sessions.

use std::collections::HashMap;
use std::time::SystemTime;

use parking_lot::Mutex;
use session::{Session, SessionId, SessionManager};

/// The state of a user's record at login, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// The record was last written at this time, read before Odoo verified the password.
    Written(SystemTime),
    /// The session was created at this time of this machine's clock, by another instance or before a restart.
    Began(SystemTime),
}

impl Baseline {
    /// Whether the record has been written since.
    pub(crate) fn is_outdated(self, written: SystemTime) -> bool {
        match self {
            Baseline::Written(known) => written != known,
            Baseline::Began(began) => written > began,
        }
    }
}

/// The baselines of the sessions that this instance has cached.
#[derive(Debug, Default)]
pub(crate) struct Baselines(Mutex<HashMap<SessionId, Baseline>>);

impl Baselines {
    pub(crate) fn note(&self, session: SessionId, baseline: Baseline) {
        self.0.lock().insert(session, baseline);
    }

    /// The baseline of a session, which another instance may have created.
    pub(crate) fn for_session(&self, manager: &SessionManager, session: &Session) -> Baseline {
        let known = self.0.lock().get(&session.id()).copied();
        known.unwrap_or_else(|| {
            let began = SystemTime::now().checked_sub(manager.age_of(session));
            Baseline::Began(began.unwrap_or(SystemTime::UNIX_EPOCH))
        })
    }

    /// Removes the sessions that are no longer cached.
    pub(crate) fn forget_ended(&self, manager: &SessionManager) {
        self.0.lock().retain(|session, _| manager.held_record(*session).is_some());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_different_write_time_outdates_the_baseline() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let verified = Baseline::Written(at(10));
        assert!(!verified.is_outdated(at(10)));
        assert!(verified.is_outdated(at(11)));
        // For example after a restored backup.
        assert!(verified.is_outdated(at(9)));
        let began = Baseline::Began(at(10));
        assert!(began.is_outdated(at(11)));
        assert!(!began.is_outdated(at(10)) && !began.is_outdated(at(9)));
    }
}
