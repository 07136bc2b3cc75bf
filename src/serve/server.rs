//! A server from its start to its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::connections;
use super::error::ServeError;
use super::identifier::identifier;
use super::network;
use super::options::ServeOptions;
use super::router::router;
use super::security::{Hosts, Security, Token};
use super::state::Shared;

/// Threads that answer requests; none of them computes.
const THREADS: usize = 2;

/// How often the end is looked for.
const PAUSE: Duration = Duration::from_millis(50);

/// How long files that are read or written may take once the server stops.
const LAST_FILES: Duration = Duration::from_secs(5);

/// A server that listens, and answers once it is [`run`](Self::run).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: Option<String>,
    security: Arc<Security>,
    shared: Arc<Shared>,
    device: crate::device::OpenDevice,
}

/// A token that nobody can guess.
pub fn new_token() -> String {
    identifier()
}

impl Server {
    /// Listens on the address of `options`, and opens the device. Addresses that other machines reach get a token, unless
    /// `options` has one.
    ///
    /// # Errors
    /// The address is taken, the device does not answer, or an option makes no sense.
    pub fn open(mut options: ServeOptions) -> Result<Self, ServeError> {
        if options.token.is_none() && !options.bind.ip().is_loopback() {
            options.token = Some(new_token());
        }
        let token = options.token.as_deref().map(Token::new).transpose()?;
        let hosts = Hosts::new(options.bind, &options.hosts)?;
        let bind = |source| ServeError::Bind {
            address: options.bind,
            source,
        };
        let listener = TcpListener::bind(options.bind).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        listener.set_nonblocking(true).map_err(ServeError::Start)?;
        let device = options.device.open()?;
        let shared = Shared::new(&options, device.name.to_string())?;
        Ok(Self {
            listener,
            address,
            token: options.token,
            security: Arc::new(Security::new(hosts, token)),
            shared: Arc::new(shared),
            device,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token that requests must know, if there is one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The address of the page for a browser on this machine. The token stands behind `#`, which browsers do not send.
    pub fn page(&self) -> String {
        let port = self.address.port();
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => format!("127.0.0.1:{port}"),
            _ => self.address.to_string(),
        };
        match &self.token {
            Some(token) => format!("http://{host}/#token={token}"),
            None => format!("http://{host}/"),
        }
    }

    /// Answers requests until `stop` is set. Then what waits is stopped, what the network works on is finished, and trainings
    /// are asked to save what they have learnt, and waited for.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn run(self, stop: &AtomicBool) -> Result<(), ServeError> {
        let Self {
            listener,
            security,
            shared,
            device,
            ..
        } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("server")
            .enable_all()
            .build()
            .map_err(ServeError::Start)?;
        let network = network::start(Arc::clone(&shared), device).map_err(ServeError::Start)?;
        let router = router(Arc::clone(&shared), security);
        let result = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let stopped = shared.watch_stop();
            let serving = tokio::spawn(connections::serve(listener, router, stopped));
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(PAUSE).await;
            }
            shared.stop();
            // It has caught its own panics.
            let _ = serving.await;
            while shared.trainer.is_busy() {
                tokio::time::sleep(PAUSE).await;
            }
            Ok(())
        });
        shared.stop();
        // So has this thread.
        let _ = network.join();
        runtime.shutdown_timeout(LAST_FILES);
        result.map_err(ServeError::Start)
    }
}
