//! The running service: everything that `grimoire serve` starts, and its orderly end.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use grimoire_domain::Timestamp;
use grimoire_http::{Access, AppState, HttpOptions, KeptSpells};
use grimoire_pipeline::{Pipeline, Ports, Runner, RunnerSettings};
use grimoire_ports::clock::SystemClock;
use grimoire_ports::follower::Pace;
use grimoire_ports::search::SpellSearch;
use grimoire_ports::store::Store;
use grimoire_search_tantivy::TantivySearch;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{secret_file, spellbook, wiring};

/// A started service.
pub struct Server {
    address: SocketAddr,
    config: Config,
    made_secret: Option<PathBuf>,
    imported: u64,
    shutdown: CancellationToken,
    store: Arc<dyn Store>,
    search: Arc<TantivySearch>,
    http: JoinHandle<()>,
    runner: JoinHandle<()>,
}

impl Server {
    /// Opens the store, follows it with the index, loads the plugins, takes jobs and listens.
    /// `shutdown` ends it; [`Self::wait`] says when.
    pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Self> {
        config.require_webhook_secret()?;
        // Before anything that counts: a counter that is looked up without a recorder counts nothing.
        let metrics = metrics();
        // First of all, so that a taken port disturbs nothing.
        let listener = TcpListener::bind(config.address)
            .await
            .with_context(|| format!("{} cannot be listened on; --port picks another", config.address))?;
        let address = listener.local_addr()?;
        wiring::make_folder(&config.data_folder)?;
        let store = wiring::open_store(&config)?;
        let (secrets, made_secret) = if config.webhook_secrets.is_empty() && !config.insecure_webhooks {
            let secret = secret_file::read_or_create(&config.data_folder)?;
            (vec![secret], Some(secret_file::path(&config.data_folder)))
        } else {
            (config.webhook_secrets.clone(), None)
        };
        let index = config.data_folder.join("index");
        let search = wiring::open_search(&index, Arc::clone(&store), Pace::default()).await?;
        let plugins = wiring::start_plugins(&config).await?;
        let ports = Ports {
            store: Arc::clone(&store),
            search: Arc::clone(&search) as _,
            analyzers: Arc::clone(&plugins) as _,
            matchers: Arc::clone(&plugins) as _,
            inventory: plugins,
            gate: wiring::webhook_gate(&config, secrets)?,
            github: wiring::github_client(&config)?,
            clock: Arc::new(SystemClock),
        };
        let pipeline = Pipeline::new(ports, wiring::pipeline_settings(&config));
        let imported = load_starter(&pipeline, &*store).await?;
        let runner = Runner::new(
            pipeline.clone(),
            RunnerSettings { workers: config.workers, ..RunnerSettings::default() },
        );
        let runner = tokio::spawn(runner.run(shutdown.clone()));
        let state = AppState {
            pipeline,
            access: Arc::new(Access::new(&config.api_tokens)),
            options: Arc::new(http_options(&config)),
            kept: KeptSpells::default(),
            started_at: Timestamp::now(),
            metrics,
            shutdown: shutdown.clone(),
        };
        let http = tokio::spawn(grimoire_http::server::serve(
            listener,
            grimoire_http::router(state),
            shutdown.clone(),
        ));
        tracing::info!(%address, "listening");
        Ok(Self { address, config, made_secret, imported, shutdown, store, search, http, runner })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The search index, to tell how far it is.
    pub fn search(&self) -> Arc<dyn SpellSearch> {
        Arc::clone(&self.search) as _
    }

    /// What a person reads after the start: where things are, what is not configured, what to try.
    pub fn welcome(&self) -> String {
        let base = format!("http://{}", self.address);
        let mut text = format!("Grimoire {} on {base}\n", env!("CARGO_PKG_VERSION"));
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
        if self.config.github_token.is_none() {
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

    /// Returns once it has ended after `shutdown`: requests and jobs finished or were given back,
    /// and the store is closed, so that the next start need not repair it.
    pub async fn wait(self) {
        self.shutdown.cancelled().await;
        if self.http.await.is_err() {
            tracing::error!("the HTTP server panicked");
        }
        if self.runner.await.is_err() {
            tracing::error!("the job runner panicked");
        }
        self.search.close().await;
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close well");
        }
    }
}

/// How long the start waits for the index to take in the spells that ship.
const FIRST_INDEXING: Duration = Duration::from_secs(10);

/// Fills an empty, never used store with the spells that ship.
async fn load_starter(pipeline: &Pipeline, store: &dyn Store) -> anyhow::Result<u64> {
    if store.last_sequence().await?.0 > 0 {
        return Ok(0);
    }
    let spells = spellbook::starter()?;
    let written = pipeline.import_spells(spells, "starter spellbook", &|_, _| {}).await?;
    // The first question should find them; when the index takes longer, it is asked without it.
    if let Err(error) = pipeline.wait_until_searchable(written.sequence, FIRST_INDEXING).await {
        tracing::warn!(%error, "the starter spells are not searchable yet");
    }
    Ok(written.value.created)
}

fn http_options(config: &Config) -> HttpOptions {
    HttpOptions {
        cors_origins: config.cors_origins.clone(),
        request_timeout: config.request_timeout,
        artifact_limit: config.artifact_limit,
        backup_folder: config.data_folder.clone(),
        ..HttpOptions::default()
    }
}

/// Buckets of request times in seconds.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Buckets of what takes microseconds when all is well: making an instance of a plugin.
const FINE_BUCKETS: [f64; 8] = [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01, 0.1];
/// Buckets of sizes in bytes, from 1 KiB to 64 MiB.
const SIZE_BUCKETS: [f64; 9] =
    [1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

/// Renders the process's metrics. The recorder is one per process: a second server of the same
/// process (in tests) shares it.
fn metrics() -> Arc<dyn Fn() -> String + Send + Sync> {
    static HANDLE: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    let handle = HANDLE
        .get_or_init(|| {
            let instantiation = Matcher::Full("grimoire_plugin_instantiation_seconds".to_owned());
            let builder = PrometheusBuilder::new()
                .set_buckets(&BUCKETS)
                .and_then(|builder| builder.set_buckets_for_metric(instantiation, &FINE_BUCKETS))
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
