//! Watches the operator's folder of plugins.
//!
//! The folder is polled, because not every file system that people mount delivers change notifications.

use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::Pipeline;
use tokio_util::sync::CancellationToken;

use crate::plugin_files::{FolderState, FoundPlugins};

/// The time between two polls.
const INTERVAL: Duration = Duration::from_secs(2);

/// Loads the changes in the folder since the state `taken`, which was loaded last, until `shutdown`. A change is loaded
/// once two polls in a row see the same state, so that a file that is being copied is read only when it is complete.
pub(crate) async fn watch(
    pipeline: Pipeline,
    files: FoundPlugins,
    mut taken: Option<FolderState>,
    shutdown: CancellationToken,
) {
    let mut before = taken.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
        let now = look(&files).await;
        if now.is_some() && now == before && now != taken {
            // A temporary failure, such as a full disk, is retried.
            if take_up(&pipeline).await {
                taken.clone_from(&now);
            }
        }
        before = now;
    }
}

/// Returns false if another attempt may succeed without a change in the folder.
async fn take_up(pipeline: &Pipeline) -> bool {
    match pipeline.reload_plugins().await {
        Ok(set) => {
            tracing::info!(generation = set.generation(), "plugins.folder has changed: its plugins run");
            true
        }
        Err(error) => {
            tracing::warn!(%error, "plugins.folder has changed, and the running plugins stay as they are");
            matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid)
        }
    }
}

/// The state of the folder; `None` if it cannot be read now.
pub(crate) async fn look(files: &FoundPlugins) -> Option<FolderState> {
    let files = files.clone();
    tokio::task::spawn_blocking(move || files.state()).await.ok()?.ok()
}
