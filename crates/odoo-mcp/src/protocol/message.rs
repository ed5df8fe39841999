//! Parses messages of the protocol, and explains why a message is refused.

use platform::text::{NAME_BYTES, shorten};
use rmcp::model::{ClientJsonRpcMessage, ErrorCode, RequestId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::distinct_names::DistinctNames;
use super::envelope::Envelope;

/// The byte order mark that some editors write before a text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A request without its parameters.
#[derive(Deserialize)]
struct Request {
    jsonrpc: String,
    id: Option<RequestId>,
    method: String,
}

/// Why a message is refused, and the id of the request if it has one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProtocolRefusal {
    code: ErrorCode,
    pub(super) id: Value,
    message: String,
}

impl ProtocolRefusal {
    /// The message is not a valid request.
    pub(super) fn malformed(id: Value, message: impl Into<String>) -> Self {
        ProtocolRefusal { code: ErrorCode::INVALID_REQUEST, id, message: message.into() }
    }

    /// The message is longer than the limit of a setting.
    pub(super) fn too_long(id: Value, limit: usize, setting: &str) -> Self {
        ProtocolRefusal::malformed(id, format!("the message exceeds {limit} bytes, the limit of `{setting}`"))
    }

    /// The JSON-RPC error response.
    pub(super) fn to_json(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": self.code.0, "message": self.message}})
    }
}

/// Parses a message. Returns `None` for an invalid answer, because answers need no reply.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<ClientJsonRpcMessage>, ProtocolRefusal> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let error = match serde_json::from_slice(bytes) {
        // The SDK takes a request with an invalid id for a notification.
        Ok(ClientJsonRpcMessage::Notification(_)) if Envelope::from_bytes(bytes).has_id() => {
            let message = "the `id` of a request must be a string or an integer";
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
            "an empty batch, or a batch over HTTP: send each message separately",
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
        let form = "a JSON-RPC request has `jsonrpc` (\"2.0\"), `id` (a string or an integer) and `method`";
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

    /// The error code and the id of a refusal.
    fn refused(message: &str) -> (Value, Value) {
        let refusal = parse(message.as_bytes()).unwrap_err().to_json();
        assert_eq!(refusal["jsonrpc"], "2.0");
        (refusal["error"]["code"].clone(), refusal["id"].clone())
    }

    #[test]
    fn invalid_messages_are_refused_with_their_id() {
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
    fn duplicate_names_are_refused() {
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
        let distinct =
            call(r#"{"name":"a","arguments":{"a":{"b":1},"b":[{"a":1.5},{"a":null}],"c":true,"d":-1}}"#);
        assert!(matches!(parse(distinct.as_bytes()), Ok(Some(ClientJsonRpcMessage::Request(_)))));
    }

    #[test]
    fn only_requests_are_answered() {
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
            let parsed = parse(message.as_bytes()).unwrap();
            assert!(matches!(parsed, Some(ClientJsonRpcMessage::Notification(_))), "{message}");
        }
        let marked = b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}";
        assert!(matches!(parse(marked), Ok(Some(ClientJsonRpcMessage::Request(_)))));
    }
}
