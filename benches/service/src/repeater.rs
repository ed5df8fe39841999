//! `Repeater`: a connection that repeats one request, at the lowest possible cost.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Place, Stream};

/// More headers than any answer here has.
const MAX_HEADERS: usize = 32;

/// A connection that repeats one request, whose answers all have the same body.
///
/// Client and servers share the processors, so the client's own work lowers the measured rate. The request is
/// serialized once, and an answer is only parsed enough to check its status, length and body.
pub(crate) struct Repeater {
    stream: Stream,
    request: Bytes,
    /// The body of each answer.
    expected: Bytes,
    /// The bytes of the current answer.
    answer: Vec<u8>,
}

impl Repeater {
    pub(crate) async fn connect(place: &Place, request: &Request<Bytes>, expected: Bytes) -> Result<Self> {
        let stream = place.connect().await?;
        Ok(Repeater { stream, request: bytes_of(request), expected, answer: Vec::with_capacity(64 << 10) })
    }

    /// Sends the request once, and reads the answer.
    pub(crate) async fn again(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let body = loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
            if let Some(body) = body_of(&self.answer)? {
                break body;
            }
        };
        let text = || String::from_utf8_lossy(&self.answer);
        ensure!(body == self.expected, "the answer differs from the first one: {}", text());
        Ok(())
    }
}

/// The serialized request.
fn bytes_of(request: &Request<Bytes>) -> Bytes {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    if !request.body().is_empty() {
        bytes.extend(format!("content-length: {}\r\n", request.body().len()).into_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(request.body());
    bytes.into()
}

/// The body of a successful answer; `None` until it is complete.
fn body_of(answer: &[u8]) -> Result<Option<&[u8]>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(answer)? else { return Ok(None) };
    let text = || String::from_utf8_lossy(answer);
    ensure!(head.code == Some(200), "the answer is not a success: {}", text());
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.with_context(|| format!("an answer without a length: {}", text()))?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    let body = answer.get(begin..).unwrap_or_default();
    ensure!(body.len() <= length, "bytes after the answer: {}", text());
    Ok((body.len() == length).then_some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_serialized() {
        let request = crate::client::post("/ask", Some("t"), Bytes::from("{}")).unwrap();
        let expected = "POST /ask HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                        authorization: Bearer t\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(bytes_of(&request), expected);
        assert_eq!(
            bytes_of(&crate::client::get("/", None).unwrap()),
            "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
        );
    }

    #[test]
    fn an_answer_has_a_body_once_complete() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        for bytes in 0..answer.len() {
            assert_eq!(body_of(&answer[..bytes]).unwrap(), None);
        }
        assert_eq!(body_of(answer).unwrap(), Some(&b"hello"[..]));
        for wrong in [
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello!",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "hello",
        ] {
            assert!(body_of(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
