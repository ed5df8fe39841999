//! XML-RPC, in the format of Python's standard library.

use serde_json::{Map, Value};

/// A call: the method, and its positional arguments.
pub(crate) type Call = (String, Vec<Value>);

/// The element being parsed.
enum Frame {
    List(Vec<Value>),
    Struct(Map<String, Value>, String),
    /// A value; `None` until its typed content has ended.
    Value(Option<Value>),
}

/// Parses the body of a request; `None` if it is not a call.
pub(crate) fn parse(body: &[u8]) -> Option<Call> {
    let mut rest = core::str::from_utf8(body).ok()?;
    let (mut method, mut text) = (None, String::new());
    let mut frames = vec![Frame::List(Vec::new())];
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(&unescape(before));
        let (tag, after) = after.split_once('>')?;
        rest = after;
        match tag {
            "value" => frames.push(Frame::Value(None)),
            "array" => frames.push(Frame::List(Vec::new())),
            "struct" => frames.push(Frame::Struct(Map::new(), String::new())),
            "nil/" => set(&mut frames, Value::Null)?,
            "/methodName" => method = Some(text.trim().to_owned()),
            "/name" => match frames.last_mut()? {
                Frame::Struct(_, name) => name.clone_from(&text),
                _ => return None,
            },
            "/int" | "/i4" | "/i8" => set(&mut frames, text.trim().parse::<i64>().ok()?.into())?,
            "/double" => set(&mut frames, text.trim().parse::<f64>().ok()?.into())?,
            "/boolean" => set(&mut frames, (text.trim() == "1").into())?,
            "/string" | "/base64" | "/dateTime.iso8601" => set(&mut frames, text.clone().into())?,
            "/array" | "/struct" => {
                let whole = match frames.pop()? {
                    Frame::List(values) => values.into(),
                    Frame::Struct(members, _) => members.into(),
                    Frame::Value(_) => return None,
                };
                set(&mut frames, whole)?;
            }
            "/value" => {
                let Frame::Value(value) = frames.pop()? else { return None };
                // Without a type it is text.
                let value = value.unwrap_or_else(|| text.clone().into());
                match frames.last_mut()? {
                    Frame::List(values) => values.push(value),
                    Frame::Struct(members, name) => drop(members.insert(name.clone(), value)),
                    Frame::Value(_) => return None,
                }
            }
            _ => {}
        }
        text.clear();
    }
    match (method, frames.pop()) {
        (Some(method), Some(Frame::List(arguments))) if frames.is_empty() => Some((method, arguments)),
        _ => None,
    }
}

/// Sets the content of the current value.
fn set(frames: &mut [Frame], content: Value) -> Option<()> {
    match frames.last_mut()? {
        Frame::Value(value) => *value = Some(content),
        Frame::List(_) | Frame::Struct(..) => return None,
    }
    Some(())
}

/// Converts a JSON-RPC answer to XML.
pub(crate) fn answer(answer: &Value) -> String {
    let mut xml = "<?xml version='1.0'?>\n<methodResponse>\n".to_owned();
    match answer.get("error") {
        None => {
            xml.push_str("<params>\n<param>\n");
            write(&mut xml, answer.get("result").unwrap_or(&Value::Null));
            xml.push_str("</param>\n</params>\n");
        }
        Some(error) => {
            xml.push_str("<fault>\n");
            write(&mut xml, &fault(error));
            xml.push_str("</fault>\n");
        }
    }
    xml.push_str("</methodResponse>\n");
    xml
}

/// Odoo numbers failures by kind. Unexpected ones include the traceback.
fn fault(error: &Value) -> Value {
    let told = |name: &str| error.pointer(name).and_then(Value::as_str).unwrap_or_default();
    let (class, message) = (told("/data/name"), told("/data/message"));
    let code = match class {
        "odoo.exceptions.AccessDenied" => 3,
        "odoo.exceptions.AccessError" => 4,
        name if name.starts_with("odoo.exceptions.") => 2,
        _ => 1,
    };
    let text = match code {
        1 => {
            let class = class.strip_prefix("builtins.").unwrap_or(class);
            format!("{}{class}: {message}\n", told("/data/debug"))
        }
        _ => message.to_owned(),
    };
    serde_json::json!({"faultCode": code, "faultString": text})
}

fn write(xml: &mut String, value: &Value) {
    xml.push_str("<value>");
    match value {
        Value::Null => xml.push_str("<nil/>"),
        Value::Bool(value) => {
            xml.push_str(if *value { "<boolean>1</boolean>" } else { "<boolean>0</boolean>" });
        }
        Value::Number(number) if number.is_i64() => xml.push_str(&format!("<int>{number}</int>")),
        Value::Number(number) => xml.push_str(&format!("<double>{number}</double>")),
        Value::String(text) => xml.push_str(&format!("<string>{}</string>", escape(text))),
        Value::Array(values) => {
            xml.push_str("<array><data>\n");
            values.iter().for_each(|value| write(xml, value));
            xml.push_str("</data></array>");
        }
        Value::Object(members) => {
            xml.push_str("<struct>\n");
            for (name, value) in members {
                xml.push_str(&format!("<member>\n<name>{}</name>\n", escape(name)));
                write(xml, value);
                xml.push_str("</member>\n");
            }
            xml.push_str("</struct>");
        }
    }
    xml.push_str("</value>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{answer, parse};

    #[test]
    fn a_call_in_pythons_format_is_parsed() {
        let body = "<?xml version='1.0'?>\n<methodCall>\n<methodName>execute_kw</methodName>\n<params>\n<param>\n\
            <value><string>od&lt;o&amp;o</string></value>\n</param>\n<param>\n<value><int>-2</int></value>\n</param>\n\
            <param>\n<value><array><data>\n<value><array><data>\n</data></array></value>\n<value><nil/></value>\n\
            </data></array></value>\n</param>\n<param>\n<value><struct>\n<member>\n<name>limit</name>\n\
            <value><boolean>1</boolean></value>\n</member>\n<member>\n<name>rate</name>\n<value><double>1.5</double></value>\n\
            </member>\n</struct></value>\n</param>\n<param><value>bare</value></param></params>\n</methodCall>\n";
        let (method, arguments) = parse(body.as_bytes()).unwrap();
        assert_eq!(method, "execute_kw");
        let expected = json!(["od<o&o", -2, [[], null], {"limit": true, "rate": 1.5}, "bare"]);
        assert_eq!(json!(arguments), expected);
        for broken in
            ["", "<methodCall>", "<value>", "<methodName>x</methodName><value></array>", "<int>1</int>"]
        {
            assert_eq!(parse(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn an_answer_is_a_value_and_a_failure_is_a_fault() {
        let xml = answer(&json!({"result": [{"id": 1, "name": "a<b", "x": null, "y": false, "z": 0.5}]}));
        for part in [
            "<int>1</int>",
            "<string>a&lt;b</string>",
            "<nil/>",
            "<boolean>0</boolean>",
            "<double>0.5</double>",
        ] {
            assert!(xml.contains(part), "{part}: {xml}");
        }
        let failed = |class: &str| {
            answer(&json!({"error": {"data": {"name": class, "message": "no", "debug": "Traceback\n"}}}))
        };
        assert!(failed("odoo.exceptions.AccessError").contains("<int>4</int>"));
        assert!(!failed("odoo.exceptions.UserError").contains("Traceback"));
        assert!(failed("builtins.ValueError").contains("Traceback\nValueError: no"));
    }
}
