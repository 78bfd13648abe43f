//! Accepts connections and shuts down gracefully: no new connections after the signal, open requests may finish.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::connection::{Connection, Connections};

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of open connections. For another one, the connection that has been idle longest is closed;
    /// while all are busy, new ones wait.
    pub connections: usize,
    /// How long a client may take to send the head of a request; for the first one, counted from the accept.
    pub head: Duration,
    /// How long a connection may stay idle between two requests.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_024, head: Duration::from_secs(10), idle: Duration::from_secs(75) }
    }
}

/// Maximum size of a request's head in bytes: more than the longest URL. Thousands of connections may hold one each before
/// anything is known of them. A head that is complete after the read that passed it is still taken, so up to twice as much.
const HEAD: usize = 96 << 10;

/// How long open requests may continue after the signal.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when every connection is busy, or no file descriptors are left.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, then lets open requests finish for at most ten seconds. Responses that last as
/// long as a job must end by themselves: see [`AppState::shutdown`](crate::AppState).
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: CancellationToken) {
    // HTTP/2 without TLS is spoken by nobody who calls a service like this one, and every stream of it would need the
    // limits that a connection has here.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD);
    let graceful = GracefulShutdown::new();
    let connections = Connections::default();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // No file descriptors are left, or the client was already gone. Neither is a reason
                // to stop serving; the former needs a pause.
                tracing::warn!(%error, "a connection could not be accepted");
                connections.evict_oldest_idle();
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        while connections.count() >= limits.connections && !connections.evict_oldest_idle() {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(BREATH) => {}
            }
        }
        let connection = Arc::new(connections.open(limits.head));
        let watched = {
            let service =
                TowerToHyperService::new(counted(router.clone(), Arc::clone(&connection), limits.idle));
            graceful.watch(builder.serve_connection(io(stream), service))
        };
        tokio::spawn(async move {
            tokio::select! {
                ended = watched => if let Err(error) = ended {
                    tracing::trace!(%error, "a connection ended early");
                },
                () = connection.expired() => tracing::trace!("an idle connection was closed"),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off: they did not finish within {} s", GRACE.as_secs());
    }
}

fn io(stream: TcpStream) -> TokioIo<TcpStream> {
    // Small responses are written at once; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    TokioIo::new(stream)
}

/// The router, with its connection marked as busy from the head of a request to the end of the response.
fn counted(
    router: Router,
    connection: Arc<Connection>,
    idle: Duration,
) -> impl tower::Service<
    http::Request<hyper::body::Incoming>,
    Response = Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    tower::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let busy = connection.begin(idle);
        let router = router.clone();
        async move {
            let request: Request = request.map(Body::new);
            let response = router.oneshot(request).await?;
            Ok(response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _ = &busy;
                    frame
                }))
            }))
        }
    })
}
