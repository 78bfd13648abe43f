//! Periodic work of a running service that no request triggers.

use std::time::Duration;

use grimoire_domain::actor::Actor;
use grimoire_pipeline::Pipeline;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// The interval.
const EVERY: Duration = Duration::from_secs(3_600);

/// Deletes webhook requests that are older than `kept_for`, until `shutdown`.
pub(crate) async fn keep_house(pipeline: Pipeline, kept_for: Duration, shutdown: CancellationToken) {
    let mut hours = tokio::time::interval(EVERY);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = hours.tick() => {}
            () = shutdown.cancelled() => return,
        }
        match pipeline.forget_deliveries(kept_for, &Actor::System("housekeeping")).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old webhook requests were forgotten"),
            Err(error) => tracing::warn!(%error, "old webhook requests could not be forgotten"),
        }
    }
}

/// How often the calls of plugins are looked at that were changed a while ago.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// Goes back from installed plugins that fail after they were changed, until `shutdown`.
pub(crate) async fn watch_plugins(pipeline: Pipeline, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(WATCH_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
        // Each change is in the log.
        if let Err(error) = pipeline.watch_plugins().await {
            tracing::warn!(%error, "plugins that fail after a change could not be looked at");
        }
    }
}
