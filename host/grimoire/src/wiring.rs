//! The composition root: chooses the adapters for the ports. No other module names an adapter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use grimoire_domain::kind::ErrorKind;
use grimoire_github::{Gate, GitHubClient};
use grimoire_pipeline::{FailurePolicy, Links, Pipeline, Ports, Settings, find_chosen};
use grimoire_ports::PortError;
use grimoire_ports::clock::{Clock, SystemClock};
use grimoire_ports::derived_file::DerivedFiles;
use grimoire_ports::follower::Pace;
use grimoire_ports::github::{GitHub, WebhookGate};
use grimoire_ports::plugins::{PluginFiles, PluginSet};
use grimoire_ports::search::SpellSearch;
use grimoire_ports::store::{Store, Verification};
use grimoire_runtime::PluginHost;
use grimoire_search_tantivy::TantivySearch;
use grimoire_store_redb::RedbStore;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::config::{Config, StorageUrl};
use crate::console::announced;
use crate::data_folder;
use crate::derived_files::FilesBeside;
use crate::exit::{Exit, Reported};
use crate::plugin_files::FoundPlugins;
use crate::user_folders;

/// The store to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// The store in the settings.
    Configured,
    /// The configured store, without changing its file: the command's writes are lost when it ends.
    Unchanged,
    /// A store in memory, until the command ends.
    Temporary,
}

/// The purpose of the components.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A service: accepts webhooks signed with one of these secrets, and calls GitHub.
    Service(Vec<SecretString>),
    /// One command: accepts no webhooks, calls nobody, and waits until its writes are indexed.
    Command,
    /// A command about spells: like [`Self::Command`], but it needs no plugins and does not wait for them.
    SpellCommand,
    /// A command about plugins: like [`Self::Command`], but it works even if plugins are missing that the settings
    /// need.
    PluginCommand,
}

/// The components of the service and the offline commands.
pub(crate) struct Components {
    /// Stores spells, deliveries, jobs and reviews.
    pub(crate) store: Arc<dyn Store>,
    /// Finds spells by keywords.
    pub(crate) search: Arc<dyn SpellSearch>,
    plugins: Arc<PluginHost>,
    plugin_files: FoundPlugins,
    derived_files: Option<Arc<dyn DerivedFiles>>,
    gate: Arc<dyn WebhookGate>,
    github: Option<Arc<dyn GitHub>>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// The index of a store in memory, removed when dropped.
    _temporary: Option<TempDir>,
}

impl Components {
    /// Opens the store and follows it with the index. Loads the plugins for a command that uses them; a service loads
    /// them later by [`load_plugins`], while it already serves requests.
    pub(crate) async fn start(config: &Config, storage: Storage, purpose: Purpose) -> anyhow::Result<Self> {
        match storage {
            Storage::Configured => data_folder::take(config)?,
            Storage::Unchanged => data_folder::require_known(config)?,
            Storage::Temporary => {}
        }
        let (store, index, temporary) = match storage {
            Storage::Configured => (open_store(config)?, index_folder(config), None),
            Storage::Unchanged | Storage::Temporary => {
                let folder = tempfile::Builder::new()
                    .prefix("grimoire-")
                    .tempdir()
                    .context("a temporary folder cannot be created")?;
                let options = grimoire_store_redb::Options::default();
                let StorageUrl::Redb(path) = &config.storage;
                let store = match storage {
                    Storage::Unchanged => RedbStore::open_unchanged(path, options)?,
                    Storage::Configured | Storage::Temporary => RedbStore::in_memory(options)?,
                };
                (Arc::new(store) as Arc<dyn Store>, folder.path().join("index"), Some(folder))
            }
        };
        // What a command adds to a copy of the store is lost when it ends, and what plugins made of it too.
        let derived_files = (storage == Storage::Configured)
            .then(|| Arc::new(FilesBeside::new(&config.data_folder)) as Arc<dyn DerivedFiles>);
        let pace = match &purpose {
            Purpose::Service(_) => Pace::default(),
            // No other writes could share the commit.
            Purpose::Command | Purpose::SpellCommand | Purpose::PluginCommand => {
                Pace { commit_interval: Duration::ZERO, ..Pace::default() }
            }
        };
        let options = grimoire_search_tantivy::Options { pace, ..Default::default() };
        let search = TantivySearch::open(&index, Arc::clone(&store) as _, options).await?;
        let loads = match purpose {
            Purpose::Service(_) | Purpose::SpellCommand => None,
            Purpose::Command => Some(true),
            Purpose::PluginCommand => Some(false),
        };
        let (gate, github) = match purpose {
            Purpose::Service(secrets) => (webhook_gate(config, secrets)?, github_client(config)?),
            Purpose::Command | Purpose::SpellCommand | Purpose::PluginCommand => (Gate::insecure(), None),
        };
        let components = Self {
            store,
            search: Arc::new(search),
            plugins: plugin_host(config)?,
            plugin_files: found_plugins(config),
            derived_files,
            gate: Arc::new(gate),
            github,
            clock: Arc::new(SystemClock),
            settings: pipeline_settings(config),
            _temporary: temporary,
        };
        let Some(needs_chosen) = loads else { return Ok(components) };
        let loaded = load_plugins(&components.pipeline(), config).await;
        match loaded {
            Err(error) if needs_chosen || !error.is::<Reported>() => {
                components.close().await;
                Err(error)
            }
            _ => Ok(components),
        }
    }

    /// The plugins outside the store.
    pub(crate) fn plugin_files(&self) -> FoundPlugins {
        self.plugin_files.clone()
    }

    /// The use cases with these components.
    pub(crate) fn pipeline(&self) -> Pipeline {
        let ports = Ports {
            store: Arc::clone(&self.store),
            search: Arc::clone(&self.search),
            plugins: Arc::clone(&self.plugins) as _,
            plugin_files: Arc::new(self.plugin_files.clone()),
            derived_files: self.derived_files.clone(),
            gate: Arc::clone(&self.gate),
            github: self.github.clone(),
            clock: Arc::clone(&self.clock),
        };
        Pipeline::new(ports, self.settings.clone())
    }

    /// Closes the index and the store, so that the next start needs no repair.
    pub(crate) async fn close(self) {
        self.search.close().await;
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close well");
        }
    }
}

/// The configured plugins outside the store.
fn found_plugins(config: &Config) -> FoundPlugins {
    FoundPlugins {
        folder: config.plugin_folder.clone(),
        tried: config.tried_plugin.clone(),
        chosen: config.embedder.iter().cloned().collect(),
    }
}

/// Fails if a service would refuse to start with these settings.
pub(crate) async fn check(config: &Config) -> anyhow::Result<()> {
    if !config.webhook_secrets.is_empty() {
        webhook_gate(config, config.webhook_secrets.clone())?;
    }
    github_client(config)?;
    data_folder::require_known(config)?;
    // Only loading shows whether a plugin can be loaded, and only the store knows whether one is installed.
    let files = found_plugins(config);
    let sources = files.find()?;
    let fails = |name: &str| config.failure_policies.get(name) == Some(&FailurePolicy::Fail);
    let is_file = |name: &str| sources.iter().any(|source| source.name == name);
    let matchers = config.matcher.members().iter().map(|member| &member.matcher);
    let mut chosen = matchers.chain(&config.fallback_matchers).chain(&config.embedder);
    if chosen.all(|name| is_file(name))
        && config.analyzer_routes.is_empty()
        && config.matcher_routes.is_empty()
        && config.failure_policies.keys().all(|name| is_file(name) && !fails(name))
        && config.plugin_configurations.is_empty()
    {
        return Ok(());
    }
    let StorageUrl::Redb(path) = &config.storage;
    if path.exists() {
        match Components::start(config, Storage::Unchanged, Purpose::Command).await {
            Ok(components) => {
                components.close().await;
                return Ok(());
            }
            // A service has the store open. A name without a file may be installed there, or be a typing error.
            Err(error) if is_in_use(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let host = plugin_host(config)?;
    let loading = tokio::task::spawn_blocking(move || host.load(sources));
    let set = loading.await.context("loading the plugins failed")??;
    require_configured(&*set, &config.plugin_configurations)?;
    require_chosen(&*set, &pipeline_settings(config))
}

/// Returns true if the store could not be opened because another process has it open.
pub(crate) fn is_in_use(error: &anyhow::Error) -> bool {
    error.downcast_ref::<PortError>().map(PortError::kind) == Some(ErrorKind::Unavailable)
}

/// Refuses to continue without a plugin that is configured and found, but refused: in most cases because of its
/// configuration. One that is not there may still be installed.
fn require_configured(set: &dyn PluginSet, configured: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let rejected = set.rejected();
    match rejected.iter().find(|problem| configured.contains_key(&problem.plugin)) {
        None => Ok(()),
        Some(problem) => {
            let message = format!("plugins.config.{}: the plugin {}", problem.plugin, problem.detail);
            Err(Reported(Exit::Configuration, message).into())
        }
    }
}

/// Refuses to continue without a plugin that the settings need.
fn require_chosen(set: &dyn PluginSet, settings: &Settings) -> anyhow::Result<()> {
    find_chosen(set, settings).map_err(|reason| Reported(Exit::Configuration, reason).into())
}

/// Installs the TLS implementation of the process; later calls do nothing.
pub(crate) fn install_tls() {
    // An error means that one is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Opens the store in the settings; creates its folder.
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

/// Replaces the store at `path` by a backup; see [`grimoire_store_redb::restore`].
pub(crate) async fn restore_store(
    backup: PathBuf,
    path: PathBuf,
    replace: bool,
) -> anyhow::Result<Option<PathBuf>> {
    let restored = tokio::task::spawn_blocking(move || grimoire_store_redb::restore(&backup, &path, replace));
    Ok(restored.await??)
}

/// Verifies the file of a store or a backup.
pub(crate) async fn verify_store(file: PathBuf) -> anyhow::Result<Verification> {
    Ok(tokio::task::spawn_blocking(move || grimoire_store_redb::verify(&file)).await??)
}

/// The folder of the search index beside the store.
pub(crate) fn index_folder(config: &Config) -> PathBuf {
    config.data_folder.join("index")
}

/// The plugin host, without plugins so far.
fn plugin_host(config: &Config) -> anyhow::Result<Arc<PluginHost>> {
    let options = grimoire_runtime::Options {
        // Never in a data folder, which may come from an archive or a checkout.
        cache_folder: user_folders::cache().map(|folder| folder.join("compiled")),
        threads: config.plugin_threads,
        memory_bytes_per_call: config.plugin_memory,
        configurations: config.plugin_configurations.clone(),
        trusted_keys: config.trusted_keys.clone(),
        require_signed: config.require_signed,
        ..grimoire_runtime::Options::default()
    };
    Ok(Arc::new(PluginHost::new(options)?))
}

/// Loads the shipped plugins, those in the folder and the installed ones, and runs them. If one that the settings need
/// is missing, returns an error with its own exit code; the others run nevertheless.
pub(crate) async fn load_plugins(pipeline: &Pipeline, config: &Config) -> anyhow::Result<()> {
    let loading = pipeline.load_plugins();
    let set = announced(loading, "loading the plugins, which the first start on a machine compiles…").await?;
    for plugin in set.plugins() {
        if plugin.description.name != plugin.identity.name {
            let (plugin, own) = (&plugin.identity.name, &plugin.description.name);
            tracing::warn!(plugin, own, "a plugin runs under another name than its own");
        }
        if let Some(replaced) = plugin.replaces {
            let (plugin, origin) = (plugin.identity.name, plugin.origin.as_str());
            tracing::warn!(
                plugin,
                origin,
                replaced = replaced.as_str(),
                "a plugin replaces another of its name"
            );
        }
    }
    if let Some(tried) = &config.tried_plugin
        && let Some(problem) = set.rejected().into_iter().find(|problem| problem.plugin == tried.name)
    {
        anyhow::bail!(Reported(Exit::Data, format!("{}: {}", tried.path.display(), problem.detail)));
    }
    require_configured(&*set, &config.plugin_configurations)?;
    require_chosen(&*set, pipeline.settings())
}

/// The verifier of webhook requests.
fn webhook_gate(config: &Config, secrets: Vec<SecretString>) -> anyhow::Result<Gate> {
    let insecure = secrets.is_empty() && config.insecure_webhooks;
    Ok(if insecure { Gate::insecure() } else { Gate::new(secrets)? })
}

/// The client for GitHub, if any token is configured.
fn github_client(config: &Config) -> anyhow::Result<Option<Arc<dyn GitHub>>> {
    install_tls();
    if config.github_token.is_none() && config.github_tokens.is_empty() {
        return Ok(None);
    }
    let mut settings = grimoire_github::Config::without_token();
    settings.token.clone_from(&config.github_token);
    settings.tokens.clone_from(&config.github_tokens);
    settings.api_base = config.github_api.clone();
    settings.storage_hosts.extend(config.github_storage_hosts.iter().cloned());
    settings.storage_origins.extend(config.github_storage_origins.iter().cloned());
    Ok(Some(Arc::new(GitHubClient::new(settings)?)))
}

/// The settings of the use cases.
fn pipeline_settings(config: &Config) -> Settings {
    Settings {
        candidates: config.candidates,
        threshold: config.threshold,
        spells_per_error: config.spells_per_error,
        artifacts_per_review: config.report_artifacts,
        maximum_artifact_bytes: config.artifact_limit,
        links: Links {
            github: grimoire_github::web_pages(&config.github_api),
            server: config.public_url.clone(),
        },
        publish: config.publish,
        matcher: config.matcher.clone(),
        fallback_matchers: config.fallback_matchers.clone(),
        analyzer_routes: config.analyzer_routes.clone().into(),
        matcher_routes: config.matcher_routes.clone(),
        embedder: config.embedder.clone(),
        failure_policies: config.failure_policies.clone(),
        plugin_watch: config.plugin_watch,
        ..Settings::default()
    }
}

/// Creates a folder that only its owner can enter: it will contain private code and secrets.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("the folder {} cannot be created", folder.display()))
}
