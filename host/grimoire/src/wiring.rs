//! Picks the adapters and puts them behind the ports.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use grimoire_github::{Gate, GitHubClient};
use grimoire_pipeline::{FailurePolicy, Settings};
use grimoire_ports::follower::Pace;
use grimoire_ports::github::{GitHub, WebhookGate};
use grimoire_ports::plugins::PluginInventory as _;
use grimoire_ports::store::Store;
use grimoire_runtime::PluginHost;
use grimoire_search_tantivy::TantivySearch;
use grimoire_store_redb::RedbStore;
use secrecy::SecretString;

use crate::config::{Config, StorageUrl};
use crate::exit::{Exit, Reported};
use crate::plugin_files;

/// Installs the one TLS implementation of the process; later calls do nothing.
pub(crate) fn install_tls() {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The store that the settings name; makes its folder.
pub(crate) fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    match &config.storage {
        StorageUrl::Redb(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                make_folder(folder)?;
            }
            let options = grimoire_store_redb::Options {
                cache_bytes: config.storage_cache,
                group_limit: config.storage_group_limit,
                ..grimoire_store_redb::Options::default()
            };
            Ok(Arc::new(RedbStore::open(path, options)?))
        }
    }
}

/// A store in memory, for a spellbook that is not kept.
pub(crate) fn temporary_store() -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(RedbStore::in_memory(grimoire_store_redb::Options::default())?))
}

/// The search index beside the store.
pub(crate) async fn open_search(
    folder: &Path,
    store: Arc<dyn Store>,
    pace: Pace,
) -> anyhow::Result<Arc<TantivySearch>> {
    let options = grimoire_search_tantivy::Options { pace, ..Default::default() };
    Ok(Arc::new(TantivySearch::open(folder, store, options).await?))
}

/// The plugin host with the shipped plugins and the operator's.
pub(crate) async fn start_plugins(config: &Config) -> anyhow::Result<Arc<PluginHost>> {
    let sources = plugin_files::read(config.plugin_folder.as_deref())?;
    let options = grimoire_runtime::Options {
        cache_folder: user_cache(),
        active_matcher: config.matcher.clone(),
        threads: config.plugin_threads,
        memory_bytes_per_call: config.plugin_memory,
        ..grimoire_runtime::Options::default()
    };
    // Loading compiles or reads compiled code: work for a thread that may block.
    let host = tokio::task::spawn_blocking(move || PluginHost::start(options, sources))
        .await
        .context("loading the plugins failed")??;
    for problem in host.rejected() {
        if config.failure_policies.get(&problem.plugin) == Some(&FailurePolicy::Fail) {
            anyhow::bail!(Reported(
                Exit::Configuration,
                format!(
                    "plugins.failure_policies says that nothing works without {}, and it was refused: {}",
                    problem.plugin, problem.detail
                )
            ));
        }
    }
    Ok(Arc::new(host))
}

/// Where compiled plugins are kept: in the user's own cache, never in a data folder, which may have come with an
/// archive or a checkout. None where there is no home: then every start compiles.
fn user_cache() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(base.join("grimoire").join("compiled"))
}

/// What judges webhook requests.
pub(crate) fn webhook_gate(
    config: &Config,
    secrets: Vec<SecretString>,
) -> anyhow::Result<Arc<dyn WebhookGate>> {
    let insecure = secrets.is_empty() && config.insecure_webhooks;
    Ok(Arc::new(if insecure { Gate::insecure() } else { Gate::new(secrets)? }))
}

/// The client for GitHub, when a token is configured.
pub(crate) fn github_client(config: &Config) -> anyhow::Result<Option<Arc<dyn GitHub>>> {
    install_tls();
    let Some(token) = &config.github_token else { return Ok(None) };
    let mut settings = grimoire_github::Config::new(token.clone());
    settings.api_base = config.github_api.clone();
    settings.storage_hosts.extend(config.github_storage_hosts.iter().cloned());
    settings.storage_origins.extend(config.github_storage_origins.iter().cloned());
    Ok(Some(Arc::new(GitHubClient::new(settings)?)))
}

/// What the use cases may choose.
pub(crate) fn pipeline_settings(config: &Config) -> Settings {
    Settings {
        candidates: config.candidates,
        threshold: config.threshold,
        spells_per_error: config.spells_per_error,
        artifacts_per_review: config.report_artifacts,
        maximum_artifact_bytes: config.artifact_limit,
        publish: config.publish,
        failure_policies: config.failure_policies.clone(),
        ..Settings::default()
    }
}

/// Makes a folder that only its owner can enter: it holds private code and secrets.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))
}
