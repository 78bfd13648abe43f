//! The running service: everything that `grimoire serve` starts, and its orderly shutdown.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use grimoire_domain::Timestamp;
use grimoire_domain::actor::Actor;
use grimoire_http::server::{Limits, serve};
use grimoire_http::{Access, AppState, HttpOptions};
use grimoire_jobs::RunnerSettings;
use grimoire_pipeline::{Pipeline, QUICK, REVIEWS};
use grimoire_ports::search::SpellSearch;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::console::announced;
use crate::data_folder;
use crate::housekeeping::{keep_house, watch_plugins};
use crate::wiring::{self, Components, Purpose, Storage};
use crate::{plugin_watch, secret_file, spellbook, version};

/// A started service.
pub struct Server {
    address: SocketAddr,
    config: Config,
    made_secret: Option<PathBuf>,
    imported: u64,
    shutdown: CancellationToken,
    components: Components,
    http: JoinHandle<()>,
    runner: JoinHandle<()>,
    /// Keeps what plugins make of the spells up to date.
    products: JoinHandle<((), ())>,
    /// Present until it was awaited.
    loading: Option<JoinHandle<anyhow::Result<u64>>>,
}

impl Server {
    /// Like [`Self::listen`], but returns when the plugins are ready, and ends the server if they do not suffice.
    pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let mut server = Self::listen(config, shutdown.clone()).await?;
        if let Err(error) = server.ready().await {
            shutdown.cancel();
            server.wait().await;
            return Err(error);
        }
        Ok(server)
    }

    /// Opens the store, follows it with the index and listens. Requests are served at once: webhooks are taken in, and
    /// health says what is not ready. Meanwhile a new store gets the starter spells, then the plugins are loaded;
    /// analyses and jobs begin after that. `shutdown` ends the server; [`Self::wait`] returns then.
    pub async fn listen(config: Config, shutdown: CancellationToken) -> anyhow::Result<Self> {
        config.require_webhook_secret()?;
        // Before anything that counts: a counter that is looked up without a recorder counts nothing.
        let metrics = metrics();
        // First of all, so that a port in use has no side effects.
        let listener = TcpListener::bind(config.address)
            .await
            .with_context(|| format!("{} cannot be listened on; --port picks another", config.address))?;
        let address = listener.local_addr()?;
        data_folder::take(&config)?;
        let (secrets, made_secret) = if config.webhook_secrets.is_empty() && !config.insecure_webhooks {
            let secret = secret_file::read_or_create(&config.data_folder)?;
            (vec![secret], Some(secret_file::path(&config.data_folder)))
        } else {
            (config.webhook_secrets.clone(), None)
        };
        let components = Components::start(&config, Storage::Configured, Purpose::Service(secrets)).await?;
        let pipeline = components.pipeline();
        // Asked before any request can write.
        let is_new = components.store.last_sequence().await?.0 == 0;
        let workers = [(REVIEWS, config.review_workers), (QUICK, config.quick_workers)].into();
        let runner = pipeline.runner(RunnerSettings { workers, ..RunnerSettings::default() });
        let (ready, plugins_ready) = oneshot::channel();
        let loading = {
            let (pipeline, files) = (pipeline.clone(), components.plugin_files());
            let config = config.clone();
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                let imported = if is_new { load_starter(&pipeline).await? } else { 0 };
                // Taken before the plugins are read, so that a change in the meantime is noticed.
                let taken = plugin_watch::look(&files).await;
                wiring::load_plugins(&pipeline, &config).await?;
                if let Err(error) = pipeline.note_plugin_folder().await {
                    tracing::warn!(%error, "files of plugins.folder got no receipts");
                }
                tokio::spawn(watch_plugins(pipeline.clone(), shutdown.clone()));
                tokio::spawn(plugin_watch::watch(pipeline, files, taken, shutdown));
                // The runner may have been stopped before.
                let _ = ready.send(());
                anyhow::Ok(imported)
            })
        };
        let runner = {
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                tokio::select! {
                    ready = plugins_ready => if ready.is_ok() { runner.run(shutdown).await },
                    () = shutdown.cancelled() => {}
                }
            })
        };
        let products = {
            let (pipeline, shutdown) = (pipeline.clone(), shutdown.clone());
            tokio::spawn(async move {
                tokio::join!(
                    pipeline.follow_spells_with_vectors(shutdown.clone()),
                    pipeline.follow_spells_with_matchers(shutdown),
                )
            })
        };
        tokio::spawn(keep_house(pipeline.clone(), config.delivery_retention, shutdown.clone()));
        let state = AppState {
            pipeline,
            access: Arc::new(Access::new(&config.api_tokens)),
            options: Arc::new(http_options(&config)),
            started_at: Timestamp::now(),
            metrics,
            shutdown: shutdown.clone(),
        };
        let http = tokio::spawn(serve(
            listener,
            grimoire_http::router(state),
            Limits { connections: connection_limit(), ..Limits::default() },
            shutdown.clone(),
        ));
        tracing::info!(%address, "listening");
        let loading = Some(loading);
        Ok(Self {
            address,
            config,
            made_secret,
            imported: 0,
            shutdown,
            components,
            http,
            runner,
            products,
            loading,
        })
    }

    /// Waits until spells and plugins are ready, or the server shuts down. Fails if the plugins do not suffice.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let Some(loading) = &mut self.loading else { return Ok(()) };
        let loaded = tokio::select! {
            loaded = loading => loaded.context("loading spells and plugins failed")?,
            () = self.shutdown.cancelled() => Ok(0),
        };
        self.loading = None;
        self.imported = loaded?;
        Ok(())
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The search index, for its progress.
    pub fn search(&self) -> Arc<dyn SpellSearch> {
        Arc::clone(&self.components.search)
    }

    /// The text shown after the start: addresses, missing configuration, next steps.
    pub fn welcome(&self) -> String {
        let base = format!("http://{}", self.address);
        let mut text = format!("Grimoire {} on {base}\n", version::short());
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<13} {value}");
        };
        line("docs", &format!("{base}/docs, {base}/redoc"));
        line("health", &format!("{base}/health"));
        line("data", &self.config.data_folder.display().to_string());
        if self.imported > 0 {
            line("spellbook", &format!("{} starter spells loaded", self.imported));
        }
        text.push_str("Not configured yet:\n");
        let before = text.len();
        let mut missing = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<13} {value}");
        };
        if let Some(path) = &self.made_secret {
            missing(
                "webhooks",
                &format!(
                    "signed with a secret made for you: {} (or set GITHUB_WEBHOOK_SECRET)",
                    path.display()
                ),
            );
        }
        if self.config.insecure_webhooks && self.config.webhook_secrets.is_empty() {
            missing("webhooks", "ANYBODY on this machine can send them: github.insecure_webhooks is on");
        }
        if self.config.github_token.is_none() && self.config.github_tokens.is_empty() {
            missing("GitHub", "no token: reviews need GITHUB_API_TOKEN");
        }
        if self.config.api_tokens.is_empty() {
            missing("API tokens", "none: writes are open, so only this machine can connect");
        }
        if text.len() == before {
            text.truncate(before - "Not configured yet:\n".len());
        }
        text.push_str("Try next:\n  cargo test 2>&1 | grimoire match\n");
        let _ = writeln!(
            text,
            "  curl -s {base}/api/match -H 'content-type: application/json' -d '{{\"message\":\"use of moved value: `x`\"}}'"
        );
        text
    }

    /// Returns once the server has shut down: requests and jobs have finished or were given back,
    /// and the store is closed, so that the next start needs no repair.
    pub async fn wait(self) {
        self.shutdown.cancelled().await;
        if self.http.await.is_err() {
            tracing::error!("the HTTP server panicked");
        }
        if self.runner.await.is_err() {
            tracing::error!("the job runner panicked");
        }
        if self.products.await.is_err() {
            tracing::error!("the task that embeds and prepares the spells panicked");
        }
        self.components.close().await;
    }
}

/// How long the first analysis waits for the index to include the shipped spells.
const FIRST_INDEXING: Duration = Duration::from_secs(10);

/// Fills a new store with the shipped spells.
async fn load_starter(pipeline: &Pipeline) -> anyhow::Result<u64> {
    let spells = spellbook::starter()?;
    let storing = async {
        let written = pipeline.fill_new_store(spells, &Actor::System("starter spellbook")).await?;
        // The first query should find them; if the index takes longer, the start continues without it.
        if let Err(error) = pipeline.wait_until_searchable(written.sequence, FIRST_INDEXING).await {
            tracing::warn!(%error, "the starter spells are not searchable yet");
        }
        Ok(written.value.created)
    };
    announced(storing, "storing and indexing the starter spellbook…").await
}

/// Maximum useful number of file descriptors.
const DESCRIPTORS: u64 = 8_192;
/// Number of file descriptors reserved for the store, the index and calls to GitHub.
const RESERVED_DESCRIPTORS: usize = 256;
/// Minimum and maximum number of open connections.
const CONNECTIONS: RangeInclusive<usize> = 64..=4_096;

/// Maximum number of open connections that the file descriptors allow. Raises their soft limit first: on most
/// systems it is 1,024, for programs that use `select`, and the hard limit is much higher.
fn connection_limit() -> usize {
    let descriptors = rlimit::increase_nofile_limit(DESCRIPTORS).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of file descriptors cannot be read");
        1_024
    });
    let free = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(RESERVED_DESCRIPTORS);
    free.clamp(*CONNECTIONS.start(), *CONNECTIONS.end())
}

fn http_options(config: &Config) -> HttpOptions {
    HttpOptions {
        cors_origins: config.cors_origins.iter().map(|url| url.origin().ascii_serialization()).collect(),
        request_timeout: config.request_timeout,
        artifact_limit: config.artifact_limit,
        backup_folder: config.data_folder.clone(),
        ..HttpOptions::default()
    }
}

/// Buckets of request times in seconds.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Buckets for the instantiation of a plugin, which normally takes microseconds.
const FINE_BUCKETS: [f64; 8] = [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01, 0.1];
/// Buckets of sizes in bytes, from 1 KiB to 64 MiB.
const SIZE_BUCKETS: [f64; 9] =
    [1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

/// Buckets of the number of calls that a plugin makes to the host in one call.
const COUNT_BUCKETS: [f64; 6] = [0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];

/// Renders the process's metrics. There is one recorder per process: a second server in the same
/// process (in tests) shares it.
fn metrics() -> Arc<dyn Fn() -> String + Send + Sync> {
    static HANDLE: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    let handle = HANDLE
        .get_or_init(|| {
            let instantiation = Matcher::Full("grimoire_plugin_instantiation_seconds".to_owned());
            let host_calls = Matcher::Full("grimoire_plugin_host_calls".to_owned());
            let builder = PrometheusBuilder::new()
                .set_buckets(&BUCKETS)
                .and_then(|builder| builder.set_buckets_for_metric(instantiation, &FINE_BUCKETS))
                .and_then(|builder| builder.set_buckets_for_metric(host_calls, &COUNT_BUCKETS))
                .and_then(|builder| {
                    builder.set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &SIZE_BUCKETS)
                })
                .ok()?;
            builder.install_recorder().ok()
        })
        .clone();
    if let Some(handle) = handle.clone() {
        // Histograms keep every value until they are drained.
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_secs(5));
            loop {
                tick.tick().await;
                handle.run_upkeep();
            }
        });
    }
    Arc::new(move || handle.as_ref().map(PrometheusHandle::render).unwrap_or_default())
}
