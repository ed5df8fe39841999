//! A minimal HTTP/1.1 with control over every byte.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A complete request.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads the next request; `None` if the connection ended before it.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Request>> {
        let mut bytes = Vec::new();
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut head = httparse::Request::new(&mut headers);
            let parsed = head.parse(&bytes).map_err(io::Error::other)?;
            if let httparse::Status::Complete(body_start) = parsed {
                let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                let mut request = Request {
                    path: head.path.unwrap_or_default().to_owned(),
                    headers: head.headers.iter().map(|it| (it.name.to_owned(), text(it.value))).collect(),
                    body: Vec::new(),
                };
                let length =
                    request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
                request.body = bytes.split_off(body_start);
                while request.body.len() < length {
                    if stream.read_buf(&mut request.body).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                return Ok(Some(request));
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }
}

/// An answer to be written.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The number of record values in the answer.
    pub(crate) values: u32,
}

impl Response {
    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        let body = value.to_string().into_bytes();
        Response {
            status,
            content_type: "application/json; charset=utf-8",
            headers: Vec::new(),
            body,
            values: 0,
        }
    }

    pub(crate) fn xml(text: &str) -> Self {
        let body = text.as_bytes().to_vec();
        Response { status: 200, content_type: "text/xml", headers: Vec::new(), body, values: 0 }
    }

    pub(crate) fn html(status: u16) -> Self {
        let body = format!("<!doctype html><title>{status}</title><p>A page for people.</p>").into_bytes();
        Response { status, content_type: "text/html; charset=utf-8", headers: Vec::new(), body, values: 0 }
    }

    pub(crate) fn bytes(&self, keep_alive: bool) -> Vec<u8> {
        let connection = if keep_alive { "keep-alive" } else { "close" };
        let mut head = format!(
            "HTTP/1.1 {} Answer\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {connection}\r\n",
            self.status,
            self.content_type,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.into_bytes(), self.body.clone()].concat()
    }
}
