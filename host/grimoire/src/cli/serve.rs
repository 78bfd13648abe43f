//! `grimoire serve`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use grimoire_ports::follower::FollowerState;
use grimoire_ports::search::SpellSearch;
use tokio_util::sync::CancellationToken;

use super::progress_bar;
use crate::config::{self, Overrides};
use crate::exit::Exit;
use crate::serve;
use crate::telemetry;

/// What `grimoire serve` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on; by default what server.host says (127.0.0.1).
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// The port to listen on; by default what server.port says (8000); 0 picks a free one.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// Runs it until SIGINT or SIGTERM.
pub(super) async fn run(arguments: Arguments, mut overrides: Overrides) -> anyhow::Result<Exit> {
    overrides.values.extend(arguments.host.map(|host| ("server.host", host)));
    overrides.values.extend(arguments.port.map(|port| ("server.port", port.to_string())));
    let (config, _) = config::load(&overrides)?;
    telemetry::start(&config);
    let shutdown = CancellationToken::new();
    let signalled = shutdown.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping: open requests and running jobs may finish");
        signalled.cancel();
    });
    let server = serve::Server::start(config, shutdown).await?;
    anstream::print!("{}", server.welcome());
    if std::io::stderr().is_terminal() {
        tokio::spawn(show_rebuild(server.search()));
    }
    server.wait().await;
    Ok(Exit::Ok)
}

/// How often the progress bar moves.
const STEP: Duration = Duration::from_millis(100);

/// Draws a bar while the search index is rebuilt; searches are answered from the store meanwhile.
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
