//! `grimoire serve`.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use grimoire_ports::follower::FollowerState;
use grimoire_ports::search::SpellSearch;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Overrides, settings};
use crate::console::{self, progress_bar};
use crate::exit::Exit;
use crate::serve;
use crate::telemetry;

/// The arguments of `grimoire serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on; defaults to server.host (127.0.0.1).
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// The port to listen on; defaults to server.port (8000); 0 picks a free one.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// Runs the service until SIGINT or SIGTERM.
pub(super) async fn run(arguments: Arguments, mut overrides: Overrides) -> anyhow::Result<Exit> {
    if let Some(host) = &arguments.host {
        overrides.set(&settings::HOST, host);
    }
    if let Some(port) = &arguments.port {
        overrides.set(&settings::PORT, port);
    }
    let (config, _) = config::load_for_service(&overrides)?;
    telemetry::start(&config);
    let shutdown = CancellationToken::new();
    let signalled = shutdown.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping: open requests and running jobs may finish");
        signalled.cancel();
    });
    let server = serve::Server::start(config, shutdown).await?;
    // A service continues even if nobody reads its output.
    let _ = write!(console::output(), "{}", server.welcome());
    if std::io::stderr().is_terminal() {
        tokio::spawn(show_rebuild(server.search()));
    }
    server.wait().await;
    Ok(Exit::Ok)
}

/// The interval at which the progress bar is updated.
const STEP: Duration = Duration::from_millis(100);

/// Draws a progress bar while the search index is rebuilt; searches are answered from the store meanwhile.
async fn show_rebuild(search: Arc<dyn SpellSearch>) {
    let mut bar = None;
    while let FollowerState::Rebuilding { done, total, .. } = search.progress().state {
        let bar = bar.get_or_insert_with(|| progress_bar(total, "spells indexed"));
        bar.set_length(total);
        bar.set_position(done);
        tokio::time::sleep(STEP).await;
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
