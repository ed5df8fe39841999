//! `Client`: a persistent HTTP connection.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection. Its requests are sequential.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, read completely.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, which also reports errors.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Client { sender })
    }

    /// Sends a request, and fails unless the answer is a success.
    pub(crate) async fn send(&mut self, request: Request<Bytes>) -> Result<Answer> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request.map(Full::new)).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let text = || String::from_utf8_lossy(&body).into_owned();
        ensure!(parts.status == StatusCode::OK, "the answer is {}: {}", parts.status, text());
        Ok(Answer { headers: parts.headers, body })
    }
}

/// A GET request.
pub(crate) fn get(path: &str, token: Option<&str>) -> Result<Request<Bytes>> {
    let mut request = Request::get(path).header("host", "localhost");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Bytes::new()).context("not a request")
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, token: Option<&str>, body: Bytes) -> Result<Request<Bytes>> {
    let mut request =
        Request::post(path).header("host", "localhost").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body).context("not a request")
}
