//! The server that others are compared with: routes that do nothing.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `/noop`, which answers at once, and `/echo`, which reads a body and accepts it, until the
/// process is ended.
pub(super) async fn serve(port: u16) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/noop", get(|| async { "ok" }))
        .route("/echo", post(|body: Bytes| async move { (StatusCode::ACCEPTED, body.len().to_string()) }));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    grimoire_http::server::serve(listener, router, CancellationToken::new()).await;
    Ok(())
}
