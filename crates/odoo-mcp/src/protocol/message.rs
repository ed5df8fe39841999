//! Messages of the protocol as they arrive, and why one is refused.

use platform::text::{NAME_BYTES, shorten};
use rmcp::model::{ClientJsonRpcMessage, ErrorCode, RequestId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::distinct_names::DistinctNames;
use super::envelope::Envelope;

/// What editors of some systems put before a text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A request but for its parameters.
#[derive(Deserialize)]
struct Request {
    jsonrpc: String,
    id: Option<RequestId>,
    method: String,
}

/// Why a message is refused, and the id of the request that it would have been.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProtocolRefusal {
    code: ErrorCode,
    pub(super) id: Value,
    message: String,
}

impl ProtocolRefusal {
    /// The message has a wrong form.
    pub(super) fn malformed(id: Value, message: impl Into<String>) -> Self {
        ProtocolRefusal { code: ErrorCode::INVALID_REQUEST, id, message: message.into() }
    }

    /// The message has more bytes than are allowed by a setting.
    pub(super) fn too_long(id: Value, limit: usize, setting: &str) -> Self {
        ProtocolRefusal::malformed(
            id,
            format!("the message has more than {limit} bytes, the limit of `{setting}`"),
        )
    }

    /// The answer to the request.
    pub(super) fn to_json(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": self.code.0, "message": self.message}})
    }
}

/// Reads a message; nothing if it is an unreadable answer, which needs no reply.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<ClientJsonRpcMessage>, ProtocolRefusal> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let error = match serde_json::from_slice(bytes) {
        // With an id that is none, a request looks like a notification.
        Ok(ClientJsonRpcMessage::Notification(_)) if Envelope::from_bytes(bytes).has_id() => {
            let message = "the `id` of a request must be a text or a whole number";
            return Err(ProtocolRefusal::malformed(Envelope::from_bytes(bytes).id(), message));
        }
        Ok(message @ ClientJsonRpcMessage::Request(_)) => {
            return match serde_json::from_slice::<DistinctNames>(bytes) {
                Ok(_) => Ok(Some(message)),
                Err(error) => {
                    let (code, id) = (ErrorCode::INVALID_PARAMS, Envelope::from_bytes(bytes).id());
                    Err(ProtocolRefusal { code, id, message: format!("the request is ambiguous: {error}") })
                }
            };
        }
        Ok(message) => return Ok(Some(message)),
        Err(error) => error,
    };
    let envelope = Envelope::from_bytes(bytes);
    if envelope.is_answer() {
        return Ok(None);
    }
    let id = envelope.id();
    if error.is_data() && bytes.trim_ascii_start().starts_with(b"[") {
        return Err(ProtocolRefusal::malformed(
            id,
            "a batch is empty, or came over HTTP: send each message on its own",
        ));
    }
    if error.is_data() {
        if let Ok(Request { jsonrpc, id: Some(_), method }) = serde_json::from_slice(bytes)
            && jsonrpc == "2.0"
        {
            let shown = shorten(&method, NAME_BYTES);
            let message = format!("the parameters of `{shown}` must be an object");
            return Err(ProtocolRefusal { code: ErrorCode::INVALID_PARAMS, id, message });
        }
        let form =
            "a request of JSON-RPC has `jsonrpc` (\"2.0\"), `id` (a text or a whole number) and `method`";
        return Err(ProtocolRefusal::malformed(id, form));
    }
    let message = format!("the message is not valid JSON: {error}");
    Err(ProtocolRefusal { code: ErrorCode::PARSE_ERROR, id, message })
}

#[cfg(test)]
mod tests {
    use rmcp::model::ClientJsonRpcMessage;
    use serde_json::{Value, json};

    use super::parse;

    /// The code and the id of a refusal.
    fn refused(message: &str) -> (Value, Value) {
        let refusal = parse(message.as_bytes()).unwrap_err().to_json();
        assert_eq!(refusal["jsonrpc"], "2.0");
        (refusal["error"]["code"].clone(), refusal["id"].clone())
    }

    #[test]
    fn what_cannot_be_read_is_refused_under_its_id() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        let deep = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"a":{deep}}}}}"#);
        for message in [
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"\ud83d"}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"\udc00 \ud83d\ud83d"},"id":7}"#,
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list""#,
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"} x"#,
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"a":NaN}}"#,
            &deep,
        ] {
            assert_eq!(refused(message), (json!(-32700), json!(7)), "{message}");
        }
        assert_eq!(refused("nonsense"), (json!(-32700), Value::Null));
        for (message, id) in [
            (r#"{"id":7,"method":"tools/list"}"#, json!(7)),
            (r#"{"jsonrpc":"1.0","id":"x","method":"tools/list"}"#, json!("x")),
            (r#"{"jsonrpc":"2.0","id":7}"#, json!(7)),
            (r#"{"jsonrpc":"2.0","id":7,"method":7}"#, json!(7)),
            (r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#, json!(1.5)),
            (r#"{"jsonrpc":"2.0","id":true,"method":"tools/list"}"#, Value::Null),
            (r#""text""#, Value::Null),
            ("7", Value::Null),
            ("{}", Value::Null),
        ] {
            assert_eq!(refused(message), (json!(-32600), id), "{message}");
        }
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused() {
        let call =
            |params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
        for params in [
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","arguments":{"limit":1,"model":"m","limit":1}}"#,
            r#"{"name":"a","arguments":{"values":[{"name":"A","n\u0061me":"B"}]}}"#,
        ] {
            let refusal = parse(call(params).as_bytes()).unwrap_err().to_json();
            assert_eq!((&refusal["error"]["code"], &refusal["id"]), (&json!(-32602), &json!(7)), "{refusal}");
            let message = refusal["error"]["message"].as_str().unwrap();
            assert!(message.contains("` is given twice"), "{message}");
        }
        let once =
            call(r#"{"name":"a","arguments":{"a":{"b":1},"b":[{"a":1.5},{"a":null}],"c":true,"d":-1}}"#);
        assert!(matches!(parse(once.as_bytes()), Ok(Some(ClientJsonRpcMessage::Request(_)))));
    }

    #[test]
    fn what_is_no_request_is_not_answered() {
        for message in [r#"{"jsonrpc":"2.0","id":7,"result":7.5"#, r#"{"id":7,"error":{}}"#] {
            assert!(parse(message.as_bytes()).unwrap().is_none(), "{message}");
        }
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[1]}"#),
            (json!(-32602), json!(7))
        );
        for message in [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/unheard-of","params":{"a":1}}"#,
        ] {
            let read = parse(message.as_bytes()).unwrap();
            assert!(matches!(read, Some(ClientJsonRpcMessage::Notification(_))), "{message}");
        }
        let marked = b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}";
        assert!(matches!(parse(marked), Ok(Some(ClientJsonRpcMessage::Request(_)))));
    }
}
