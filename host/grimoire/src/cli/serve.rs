//! `grimoire serve`.

use tokio_util::sync::CancellationToken;

use crate::config::{self, Overrides};
use crate::exit::Exit;
use crate::serve;
use crate::telemetry;

/// What `grimoire serve` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// The port to listen on; 0 picks a free one.
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
}

/// Runs it until SIGINT or SIGTERM.
pub(super) async fn run(arguments: Arguments, mut overrides: Overrides) -> anyhow::Result<Exit> {
    overrides.values.extend(arguments.host.map(|host| ("server.host", host)));
    overrides.values.extend(arguments.port.map(|port| ("server.port", port)));
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
    server.wait().await;
    Ok(Exit::Ok)
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
