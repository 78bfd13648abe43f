//! Administration.

use std::io;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_pipeline::PipelineError;
use grimoire_ports::PortError;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::error::ApiError;
use crate::state::Shared;

/// Sends a backup of the store: a consistent copy, while the service continues.
///
/// `grimoire backup FILE --server URL` calls this, and `grimoire restore FILE` restores the file.
#[utoipa::path(post, path = "/api/admin/backup", operation_id = "back_up", tag = "operation",
    responses(
        (status = 200, description = "A store file", body = String, content_type = "application/octet-stream"),
    ))]
pub(crate) async fn back_up(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, ApiError> {
    let folder = tempfile::Builder::new().prefix("backup-").tempdir_in(&state.options.backup_folder);
    let folder = folder.map_err(unwritable)?;
    let path = folder.path().join("grimoire.redb");
    state.pipeline.back_up(&path, &actor).await?;
    let file = File::open(&path).await.map_err(unwritable)?;
    let length = file.metadata().await.map_err(unwritable)?.len();
    tracing::info!(%actor, length, "a backup is sent");
    // The stream owns the folder, which is removed with the stream.
    let chunks = ReaderStream::new(file).map(move |chunk| {
        let _ = &folder;
        chunk
    });
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, "attachment; filename=\"grimoire.redb\"".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn unwritable(error: io::Error) -> ApiError {
    PipelineError::from(PortError::internal("the backup cannot be written", error)).into()
}
