//! Hints between nodes: their text in notifications, and a queue of received ones.

use std::collections::VecDeque;

use parking_lot::Mutex;
use session::{ClientId, Hint, RoleId, Scope, SessionId, UserId};
use tokio::sync::Notify;

use platform::text::{hex, parse_hex};

/// The most queued hints. Beyond that they are replaced by one hint that anything may have happened.
const QUEUE: usize = 1_024;

/// Formats a scope as a notification: its kind and its ids, in hexadecimal digits.
pub(super) fn write(scope: &Scope) -> String {
    let text = |id: &str| hex(id.as_bytes());
    match scope {
        Scope::Session(id) => format!("session:{}", hex(id.as_bytes())),
        Scope::Client(client) => format!("client:{}", text(client.as_str())),
        Scope::User(client, user) => format!("user:{}:{}", text(client.as_str()), text(user.as_str())),
        Scope::Role(client, role) => format!("role:{}:{}", text(client.as_str()), text(role.as_str())),
    }
}

/// Parses a notification. An unknown one comes from a newer node or another program; revalidating costs
/// little.
pub(super) fn read(text: &str) -> Hint {
    scope(text).map_or(Hint::Anything, Hint::Ended)
}

fn scope(text: &str) -> Option<Scope> {
    let byte = |pair: &[u8]| parse_hex(str::from_utf8(pair).ok()?).map(|[byte]| byte);
    let id = |digits: &str| {
        let bytes = digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
        String::from_utf8(bytes).ok()
    };
    let (kind, ids) = text.split_once(':')?;
    let (first, second) = ids.split_once(':').unwrap_or((ids, ""));
    let client = || ClientId::new(&id(first)?).ok();
    match (kind, second) {
        ("session", "") => Some(Scope::Session(SessionId::from_bytes(parse_hex(first)?))),
        ("client", "") => Some(Scope::Client(client()?)),
        ("user", second) => Some(Scope::User(client()?, UserId::new(&id(second)?).ok()?)),
        ("role", second) => Some(Scope::Role(client()?, RoleId::new(&id(second)?).ok()?)),
        _ => None,
    }
}

/// A queue of received hints.
#[derive(Debug, Default)]
pub(super) struct Hints {
    waiting: Mutex<VecDeque<Hint>>,
    arrived: Notify,
}

impl Hints {
    pub(super) fn push(&self, hint: Hint) {
        {
            let mut waiting = self.waiting.lock();
            if hint == Hint::Anything || waiting.len() >= QUEUE {
                // It covers all queued hints.
                waiting.clear();
                waiting.push_back(Hint::Anything);
            } else if waiting.front() != Some(&Hint::Anything) {
                waiting.push_back(hint);
            }
        }
        self.arrived.notify_one();
    }

    pub(super) async fn next(&self) -> Hint {
        loop {
            if let Some(hint) = self.take() {
                return hint;
            }
            // `Notify` remembers a hint that arrived before this call.
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<Hint> {
        self.waiting.lock().pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes() -> [Scope; 4] {
        let client = ClientId::new("é:'").unwrap();
        [
            Scope::Session(SessionId::from_bytes([7; 32])),
            Scope::Client(client),
            Scope::User(client, UserId::new("100").unwrap()),
            Scope::Role(client, RoleId::new(":").unwrap()),
        ]
    }

    #[test]
    fn scopes_round_trip() {
        for scope in scopes() {
            assert_eq!(read(&write(&scope)), Hint::Ended(scope));
        }
    }

    #[test]
    fn unknown_notifications_may_mean_anything() {
        let long = "user:".to_owned() + &"00".repeat(1 << 20);
        for text in [
            "",
            ":",
            "session:",
            "session:00",
            "user:30",
            "client:",
            "client:zz",
            "tree:30",
            "client:30:31",
            &long,
        ] {
            assert_eq!(read(text), Hint::Anything, "{text:.40}");
        }
        assert_eq!(read(&format!("client:{}", "30".repeat(33))), Hint::Anything, "no id is as long");
    }

    #[tokio::test]
    async fn hints_queue_in_order_and_too_many_become_one() {
        let hints = Hints::default();
        for scope in scopes() {
            hints.push(Hint::Ended(scope));
        }
        for scope in scopes() {
            assert_eq!(hints.next().await, Hint::Ended(scope));
        }
        for _ in 0..QUEUE + 5 {
            hints.push(Hint::Ended(scopes()[0]));
        }
        assert_eq!(hints.next().await, Hint::Anything);
        assert_eq!(hints.take(), None);
    }
}
