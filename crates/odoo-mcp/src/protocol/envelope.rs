//! `Envelope`: extracts the id of a message that cannot be parsed, or is too long.
//!
//! Scans the bytes as they arrive and stores only the id, so that an endless message takes no memory.

use serde_json::Value;

/// Maximum length of an id, in bytes.
const MAX_ID_BYTES: usize = 512;
/// Bytes of a member's name that are stored: enough for the names that matter.
const MAX_NAME_BYTES: usize = 8;

/// The outermost members of a message.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Is the next text part of a value, as opposed to a name?
    in_value: bool,
    /// The latest name on the outermost level.
    name: Vec<u8>,
    /// The bytes of the id; `None` if there is no member `id`.
    id: Option<Vec<u8>>,
    has_method: bool,
    has_outcome: bool,
    /// The message has ended. The rest of the line is another message.
    has_ended: bool,
}

impl Envelope {
    /// Scans the first bytes of a message.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut envelope = Envelope::default();
        envelope.read(bytes);
        envelope
    }

    /// Scans the next bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.step(*byte));
    }

    fn step(&mut self, byte: u8) {
        if self.has_ended {
            return;
        }
        let outermost = self.depth == 1;
        if outermost && self.in_value && self.name == b"id" && (self.in_text || !b",}".contains(&byte)) {
            let id = self.id.get_or_insert_default();
            if id.len() < MAX_ID_BYTES {
                id.push(byte);
            }
        }
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ if outermost && !self.in_value && self.name.len() < MAX_NAME_BYTES => self.name.push(byte),
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                if outermost && !self.in_value {
                    self.name.clear();
                }
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.has_ended = self.depth == 0;
            }
            b':' if outermost => {
                self.in_value = true;
                match self.name.as_slice() {
                    b"id" => self.id = Some(Vec::new()),
                    b"method" => self.has_method = true,
                    b"result" | b"error" => self.has_outcome = true,
                    _ => {}
                }
            }
            b',' if outermost => self.in_value = false,
            _ => {}
        }
    }

    /// The id; null if there is none, or if it is neither a string nor a number.
    pub(super) fn id(&self) -> Value {
        let id = self.id.as_deref().and_then(|id| serde_json::from_slice(id).ok());
        id.filter(|id: &Value| id.is_string() || id.is_number()).unwrap_or_default()
    }

    /// Does the message have an id, valid or not?
    pub(super) fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// Is the message an answer? Answers need no reply.
    pub(super) fn is_answer(&self) -> bool {
        self.has_outcome && !self.has_method
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Envelope;

    #[test]
    fn the_id_is_found_at_any_position() {
        for (message, id) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"x"}"#, json!(7)),
            (
                r#"{"method":"x","params":{"id":1,"a":["\"id\":2}",{"id":3}]},"id" : "seven" }"#,
                json!("seven"),
            ),
            (r#"{"params":{"text":"\ud83d"},"id":7}"#, json!(7)),
            (r#"{"id":7,"params":{"#, json!(7)),
            (r#"{"id":-7.5,"params":nonsense}"#, json!(-7.5)),
            (r#"{"id":"a\"b,}","x":1}"#, json!("a\"b,}")),
            (r#"{"id":7,"method":"x"}{"id":8,"method":"x"}"#, json!(7)),
            (r#"{"name":"id","x":1}"#, Value::Null),
            (r#"{"id":null}"#, Value::Null),
            (r#"{"id":{"id":1}}"#, Value::Null),
            (r#"{"id":[1]}"#, Value::Null),
            (r#"{"id":"\ud83d"}"#, Value::Null),
            (r#"{"identity":7}"#, Value::Null),
            (r#"[{"id":7}]"#, Value::Null),
            ("nonsense", Value::Null),
            ("", Value::Null),
        ] {
            assert_eq!(Envelope::from_bytes(message.as_bytes()).id(), id, "{message}");
            let mut bytewise = Envelope::default();
            message.as_bytes().chunks(1).for_each(|piece| bytewise.read(piece));
            assert_eq!(bytewise.id(), id, "{message}");
        }
        let deep = format!("{{\"params\":{}{},\"id\":7}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Envelope::from_bytes(deep.as_bytes()).id(), json!(7));
    }

    #[test]
    fn answers_are_distinguished_from_requests() {
        assert!(Envelope::from_bytes(br#"{"id":1,"result":"#).is_answer());
        assert!(!Envelope::from_bytes(br#"{"id":1,"method":"x","error":"#).is_answer());
        assert!(Envelope::from_bytes(br#"{"id":null,"method":"x"}"#).has_id());
        assert!(!Envelope::from_bytes(br#"{"method":"x","params":{"id":1}}"#).has_id());
    }
}
