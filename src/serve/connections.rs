//! Connections: how many there are, and how long they may take.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::patient::PatientStream;

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 256;

/// How long the head of a request may take, and a connection may stay without one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may take nothing of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of the head of a request.
const MAX_HEAD: usize = 64 << 10;

/// How long connections may go on once the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// What a connection too many is told.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-type: application/json\r\n\
    content-length: 37\r\nconnection: close\r\n\r\n{\"error\":\"too many open connections\"}";

/// Answers connections until `stop` says so.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, _)) = accepted else {
            // No more files can be open; some will be closed.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        match Arc::clone(&room).try_acquire_owned() {
            Ok(permit) => {
                connections.spawn(answer(stream, router.clone(), permit, stop.clone()));
            }
            Err(_) => {
                connections.spawn(refuse(stream));
            }
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    // What is still open is cut off with the set.
    let _ = timeout(LAST_ANSWERS, all_done).await;
}

async fn answer(
    stream: TcpStream,
    router: Router,
    _permit: OwnedSemaphorePermit,
    mut stop: watch::Receiver<bool>,
) {
    // Small answers are not to wait for more.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(PatientStream::new(stream, WRITE_TIMEOUT));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(stream, TowerToHyperService::new(router));
    tokio::pin!(connection);
    // A client that breaks off or sends nonsense is told by the protocol, if at all.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn refuse(mut stream: TcpStream) {
    let told = async {
        stream.write_all(TOO_MANY).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(1), told).await;
}
