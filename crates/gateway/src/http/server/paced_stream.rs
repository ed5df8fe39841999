//! `PacedStream`: closes connections whose client reads too slowly.

use std::io;
use std::io::{IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// The maximum size of an answer that is copied into one buffer for sending. Sending head and body as two
/// buffers takes the kernel 0.2 µs longer.
const ONE_PIECE: usize = 512;

/// A stream whose writes fail after its client has been behind for too long.
///
/// A client is behind while a write waits for it to read. It may be behind for `patience`, and each byte that
/// it reads extends that by the minimum rate. So a client that reads a few bytes now and then is cut off as
/// well.
#[derive(Debug)]
pub(super) struct PacedStream<S> {
    stream: S,
    patience: Duration,
    /// The minimum rate, in bytes per second.
    rate: u32,
    /// Fires when the client has been behind for too long. `None` while it is not behind.
    limit: Option<Pin<Box<Sleep>>>,
}

impl<S> PacedStream<S> {
    pub(super) fn new(stream: S, patience: Duration, rate: u32) -> Self {
        PacedStream { stream, patience, rate, limit: None }
    }

    fn keep_pace(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match (&written, &mut self.limit) {
            (Poll::Pending, limit) => {
                let limit = limit.get_or_insert_with(|| Box::pin(sleep(self.patience)));
                ready!(limit.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            (Poll::Ready(Ok(bytes)), Some(limit)) => {
                let gained =
                    Duration::from_secs(u64::try_from(*bytes).unwrap_or(u64::MAX)) / self.rate.max(1);
                let later = limit.deadline() + gained;
                if later < Instant::now() + self.patience {
                    limit.as_mut().reset(later);
                } else {
                    self.limit = None;
                }
                written
            }
            _ => written,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.keep_pace(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut piece = [0; ONE_PIECE];
        let mut rest = piece.as_mut_slice();
        let fits = slices.iter().all(|slice| rest.write_all(slice).is_ok());
        let free = rest.len();
        let stream = Pin::new(&mut self.stream);
        let written = match piece.get(..ONE_PIECE - free) {
            Some(piece) if fits => stream.poll_write(context, piece),
            _ => stream.poll_write_vectored(context, slices),
        };
        self.keep_pace(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Writes bytes to a peer that reads `step` of them ten times a second. Returns whether all were written.
    async fn are_written(bytes: usize, step: usize) -> bool {
        let (ours, mut theirs) = duplex(1_000);
        let mut stream = PacedStream::new(ours, Duration::from_secs(1), 10_000);
        let write = async { stream.write_all(&vec![0; bytes]).await };
        let read = async {
            let mut taken = vec![0; step];
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
        };
        tokio::select! {
            written = write => written.inspect_err(|error| assert_eq!(error.kind(), io::ErrorKind::TimedOut)).is_ok(),
            () = read => false,
        }
    }

    #[tokio::test]
    async fn only_a_reader_above_the_minimum_rate_gets_everything() {
        let (fast, slow, slowest, short) = tokio::join!(
            are_written(30_000, 2_000),
            are_written(30_000, 200),
            are_written(30_000, 1),
            are_written(1_000, 1)
        );
        assert!(fast, "twice the rate");
        assert!(!slow && !slowest, "some progress, but below the minimum rate");
        assert!(short, "bytes that fit into the buffer need no reader");
    }

    #[tokio::test]
    async fn head_and_body_arrive_whole_and_in_order() {
        for bytes in [3, ONE_PIECE, ONE_PIECE + 1, 2 * ONE_PIECE] {
            let sent: Vec<u8> = (0..=u8::MAX).cycle().take(bytes).collect();
            let (head, body) = sent.split_at(bytes - 2);
            let (ours, mut theirs) = duplex(2 * bytes);
            let mut stream = PacedStream::new(ours, Duration::from_secs(1), 10_000);
            let pieces = [IoSlice::new(head), IoSlice::new(body)];
            assert_eq!(stream.write_vectored(&pieces).await.unwrap(), bytes);
            drop(stream);
            let mut received = Vec::new();
            theirs.read_to_end(&mut received).await.unwrap();
            assert_eq!(received, sent);
        }
    }
}
