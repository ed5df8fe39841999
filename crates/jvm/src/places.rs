//! Places: numbers that stand for values in Java. They count up and are never reused.

use std::collections::{BTreeMap, HashMap};

use parking_lot::RwLock;
use session::{Session, SessionId};

/// Values by their places.
#[derive(Debug)]
pub(crate) struct Places<T> {
    table: RwLock<NumberedValues<T>>,
}

#[derive(Debug)]
struct NumberedValues<T> {
    last: i64,
    values: BTreeMap<i64, T>,
}

impl<T: Clone> Places<T> {
    pub(crate) const fn new() -> Self {
        Places { table: RwLock::new(NumberedValues { last: 0, values: BTreeMap::new() }) }
    }

    pub(crate) fn put(&self, value: T) -> i64 {
        let mut table = self.table.write();
        table.last += 1;
        let place = table.last;
        table.values.insert(place, value);
        place
    }

    pub(crate) fn get(&self, place: i64) -> Option<T> {
        self.table.read().values.get(&place).cloned()
    }

    pub(crate) fn take(&self, place: i64) -> Option<T> {
        self.table.write().values.remove(&place)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.read().values.len()
    }
}

/// The sessions that have a Java object, each at one place.
#[derive(Debug, Default)]
pub(crate) struct SessionPlaces {
    table: RwLock<HeldSessions>,
}

#[derive(Debug, Default)]
struct HeldSessions {
    last: i64,
    places: HashMap<SessionId, i64>,
    sessions: HashMap<i64, Session>,
}

impl SessionPlaces {
    /// The place of a session. Assigns a new one if it has none.
    pub(crate) fn put(&self, session: Session) -> i64 {
        let id = session.id();
        let known = {
            let table = self.table.read();
            table.places.get(&id).map(|place| (*place, table.sessions.get(place).cloned()))
        };
        match known {
            // A session that was dropped and reopened from the store has new state, and a later revocation
            // marks only that state.
            Some((place, Some(held))) if held.shares_state_with(&session) => place,
            _ => self.table.write().put(id, session),
        }
    }

    pub(crate) fn get(&self, place: i64) -> Option<Session> {
        self.table.read().sessions.get(&place).cloned()
    }

    pub(crate) fn is_ended(&self, place: i64) -> bool {
        self.table.read().sessions.get(&place).is_none_or(Session::is_ended)
    }

    pub(crate) fn release(&self, place: i64) {
        let mut table = self.table.write();
        if let Some(session) = table.sessions.remove(&place) {
            table.places.remove(&session.id());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.read().sessions.len()
    }
}

impl HeldSessions {
    fn put(&mut self, id: SessionId, session: Session) -> i64 {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        self.sessions.insert(place, session);
        place
    }
}
