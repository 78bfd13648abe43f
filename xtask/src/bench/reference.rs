//! The server for comparison: routes that do nothing.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use grimoire_http::server::{self, Limits};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `/noop`, which responds at once, and `/echo`, which reads a body and accepts it, until
/// the process ends.
pub(super) async fn serve(port: u16) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/noop", get(|| async { "ok" }))
        .route("/echo", post(|body: Bytes| async move { (StatusCode::ACCEPTED, body.len().to_string()) }));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    server::serve(listener, router, Limits::default(), CancellationToken::new()).await;
    Ok(())
}
