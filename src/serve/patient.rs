//! Streams that give up on clients who do not read, and let them read the last answer.

use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// A connection whose writes fail once the client has taken nothing for a while.
pub(super) struct PatientStream {
    stream: TcpStream,
    patience: Duration,
    /// Runs while a write waits.
    deadline: Pin<Box<Sleep>>,
    is_waiting: bool,
    /// Bytes that came after the last answer; none before that.
    unread: Option<usize>,
}

/// How long a client may go on sending after the last answer, and how much.
const LAST_WORDS: Duration = Duration::from_secs(2);
const MAX_UNREAD: usize = 8 << 20;

impl PatientStream {
    /// A connection that waits so long.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            deadline: Box::pin(sleep(patience)),
            is_waiting: false,
            unread: None,
        }
    }

    fn patiently<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        let poll = write(Pin::new(&mut self.stream), context);
        if poll.is_ready() {
            self.is_waiting = false;
            return poll;
        }
        if !std::mem::replace(&mut self.is_waiting, true) {
            let until = Instant::now() + self.patience;
            self.deadline.as_mut().reset(until);
        }
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(Error::from(ErrorKind::TimedOut))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.patiently(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.patiently(context, |stream, context| {
            stream.poll_write_vectored(context, parts)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.patiently(context, AsyncWrite::poll_flush)
    }

    /// Closes the connection once the client has nothing more to say, or has had time: what it sends unread would make its
    /// system forget the answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.unread.is_none() {
            match self.patiently(context, AsyncWrite::poll_shutdown) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            self.unread = Some(0);
            let until = Instant::now() + LAST_WORDS;
            self.deadline.as_mut().reset(until);
        }
        let mut room = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let unread = self.unread.unwrap_or(0) + buffer.filled().len();
                    self.unread = Some(unread);
                    if unread > MAX_UNREAD {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    return self.deadline.as_mut().poll(context).map(|()| Ok(()));
                }
            }
        }
    }
}
