//! `Repeater`: a connection that asks the same again and again, for as little as that can cost.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Place, Stream};

/// More headers than any answer here has.
const MAX_HEADERS: usize = 32;

/// A connection over which one request goes, whose answers have one body.
///
/// Client and servers share the processors, so the client's own work lowers the rate that it measures.
/// Here the bytes of the request are put together once, and an answer is read no further than to know that it
/// is the right one: its status, its length and its body.
pub(crate) struct Repeater {
    stream: Stream,
    request: Bytes,
    /// The body of each answer.
    expected: Bytes,
    /// The answer that is being read.
    answer: Vec<u8>,
}

impl Repeater {
    pub(crate) async fn connect(place: &Place, request: &Request<Bytes>, expected: Bytes) -> Result<Self> {
        let stream = place.connect().await?;
        Ok(Repeater { stream, request: bytes_of(request), expected, answer: Vec::with_capacity(64 << 10) })
    }

    /// Sends the request once more, and reads the answer.
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
        ensure!(body == self.expected, "another answer than before: {}", text());
        Ok(())
    }
}

/// A request as it travels.
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

/// The body of an answer, which has to be a success; `None` as long as it is not all there.
fn body_of(answer: &[u8]) -> Result<Option<&[u8]>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(answer)? else { return Ok(None) };
    let text = || String::from_utf8_lossy(answer);
    ensure!(head.code == Some(200), "the answer is no success: {}", text());
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.with_context(|| format!("an answer without its length: {}", text()))?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    let body = answer.get(begin..).unwrap_or_default();
    ensure!(body.len() <= length, "more than the answer: {}", text());
    Ok((body.len() == length).then_some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_bytes() {
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
    fn an_answer_has_a_body_once_it_is_all_there() {
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
