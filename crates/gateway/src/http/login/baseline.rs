//! `Baselines`: what Odoo said of each session's user when the session was made, to tell later whether the
//! password may be another one.
//!
//! Odoo does not say when a password was changed, only when the user's record was written last: so any write
//! ends the user's sessions.

use std::collections::HashMap;
use std::time::SystemTime;

use parking_lot::Mutex;
use session::{Session, SessionId, SessionManager};

/// What is known of a user's record from the time of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// It was last written then, as Odoo said before it verified the password.
    Written(SystemTime),
    /// The session began then, on this machine's clock: it was made by another instance, or before a restart.
    Began(SystemTime),
}

impl Baseline {
    /// Was the record written since?
    pub(crate) fn is_outdated(self, written: SystemTime) -> bool {
        match self {
            Baseline::Written(known) => written != known,
            Baseline::Began(began) => written > began,
        }
    }
}

/// The baselines of the sessions that this instance holds.
#[derive(Debug, Default)]
pub(crate) struct Baselines(Mutex<HashMap<SessionId, Baseline>>);

impl Baselines {
    pub(crate) fn note(&self, session: SessionId, baseline: Baseline) {
        self.0.lock().insert(session, baseline);
    }

    /// The baseline of a session, which may be one of another instance's.
    pub(crate) fn for_session(&self, manager: &SessionManager, session: &Session) -> Baseline {
        let known = self.0.lock().get(&session.id()).copied();
        known.unwrap_or_else(|| {
            let began = SystemTime::now().checked_sub(manager.age_of(session));
            Baseline::Began(began.unwrap_or(SystemTime::UNIX_EPOCH))
        })
    }

    /// Forgets the sessions that are not held any more.
    pub(crate) fn forget_ended(&self, manager: &SessionManager) {
        self.0.lock().retain(|session, _| manager.held_record(*session).is_some());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn any_other_time_is_another_record_than_was_verified() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let verified = Baseline::Written(at(10));
        assert!(!verified.is_outdated(at(10)));
        assert!(verified.is_outdated(at(11)));
        // As after a backup that was restored.
        assert!(verified.is_outdated(at(9)));
        let began = Baseline::Began(at(10));
        assert!(began.is_outdated(at(11)));
        assert!(!began.is_outdated(at(10)) && !began.is_outdated(at(9)));
    }
}
