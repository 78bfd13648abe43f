//! The checked configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use grimoire_domain::ranking::Panel;
use grimoire_domain::routing::{AnalyzerRoute, MatcherRoute};
use grimoire_http::ApiToken;
use grimoire_pipeline::FailurePolicy;
use grimoire_ports::plugins::TrustedKey;
use secrecy::SecretString;
use url::Url;

use super::choices::{Environment, LogFormat, StorageUrl};
use super::layers::Layers;
use super::log_filter::LogFilter;
use super::problem::{ConfigErrors, Problem, Source};
use super::setting::{Definition, Setting};
use super::trust::FolderTrust;
use super::{settings, values};
use crate::plugin_files::{self, TriedPlugin};

/// The store's file in the data folder.
pub(crate) const STORE_FILE: &str = "grimoire.redb";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How strict the checks at the start are.
    pub environment: Environment,
    /// The address to listen on.
    pub address: SocketAddr,
    /// The API tokens with their permissions.
    pub api_tokens: Vec<ApiToken>,
    /// The public URL of the server, without a trailing slash.
    pub public_url: Option<String>,
    /// Origins from which browsers may call.
    pub cors_origins: Vec<Url>,
    /// Time limit of an ordinary request.
    pub request_timeout: Duration,
    /// Maximum size of an uploaded artifact in bytes.
    pub artifact_limit: u64,
    /// The folder for all data.
    pub data_folder: PathBuf,
    /// What is known about whose folder that is.
    pub(crate) data_folder_trust: FolderTrust,
    /// The store.
    pub storage: StorageUrl,
    /// Maximum size of the store's page cache in bytes.
    pub storage_cache: usize,
    /// Maximum number of writes that share one sync of the disk.
    pub storage_group_limit: usize,
    /// How long webhook requests are kept.
    pub delivery_retention: Duration,
    /// Secrets of GitHub's webhook signatures.
    pub webhook_secrets: Vec<SecretString>,
    /// True if signatures are not checked.
    pub insecure_webhooks: bool,
    /// The personal access token.
    pub github_token: Option<SecretString>,
    /// Tokens by lower-case account name, each for the repositories of that account.
    pub github_tokens: BTreeMap<String, SecretString>,
    /// The base URL of GitHub's API.
    pub github_api: Url,
    /// Additional domains of logs and artifacts.
    pub github_storage_hosts: Vec<String>,
    /// Origins of logs and artifacts with private addresses.
    pub github_storage_origins: Vec<Url>,
    /// Maximum number of concurrent reviews.
    pub review_workers: usize,
    /// Maximum number of concurrent jobs of a few short calls.
    pub quick_workers: usize,
    /// True if comments are posted.
    pub publish: bool,
    /// Maximum number of artifacts of failed runs that a review reads.
    pub report_artifacts: usize,
    /// Spells with a lower score are not shown.
    pub threshold: f64,
    /// Maximum number of spells shown for one error.
    pub spells_per_error: usize,
    /// Maximum number of spells passed to the matcher.
    pub candidates: usize,
    /// The folder of additional plugins.
    pub plugin_folder: Option<PathBuf>,
    /// The matcher, or several with weights.
    pub matcher: Panel,
    /// Matchers that are asked when all of those fail.
    pub fallback_matchers: Vec<String>,
    /// Which analyzers meet which artifacts.
    pub analyzer_routes: Vec<AnalyzerRoute>,
    /// Which matchers judge which errors.
    pub matcher_routes: Vec<MatcherRoute>,
    /// The plugin that compares errors with spells by vectors.
    pub embedder: Option<String>,
    /// A plugin that this command tries.
    pub(crate) tried_plugin: Option<TriedPlugin>,
    /// How plugin failures affect answers, by plugin name.
    pub failure_policies: BTreeMap<String, FailurePolicy>,
    /// The configuration of plugins by name, each a JSON object.
    pub plugin_configurations: BTreeMap<String, String>,
    /// Keys whose components are trusted.
    pub trusted_keys: Vec<TrustedKey>,
    /// True if plugins of the folder and of the store must be signed with one of them.
    pub require_signed: bool,
    /// For how long an installed plugin is watched after a change.
    pub plugin_watch: Duration,
    /// Number of threads that run plugins.
    pub plugin_threads: usize,
    /// Maximum memory of one plugin call in bytes.
    pub plugin_memory: usize,
    /// The filter of log lines.
    pub log_filter: LogFilter,
    /// The format of log lines.
    pub log_format: LogFormat,
}

impl Config {
    /// Checks every setting and the rules between them. All problems are reported at once, including
    /// those of reading the layers.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigErrors> {
        let mut reader = ConfigReader { layers, problems: layers.problems().to_vec() };
        let data_folder = reader.path(&settings::DATA_FOLDER);
        let storage = match reader.get(&settings::STORAGE_URL) {
            Some(StorageUrl::Redb(path)) => {
                StorageUrl::Redb(reader.resolved(path, &settings::STORAGE_URL.definition))
            }
            None => StorageUrl::Redb(data_folder.join(STORE_FILE)),
        };
        let plugin_folder = reader
            .get(&settings::PLUGIN_FOLDER)
            .map(|path| reader.resolved(path, &settings::PLUGIN_FOLDER.definition));
        let config = Self {
            environment: reader.get(&settings::ENVIRONMENT),
            address: SocketAddr::new(reader.get(&settings::HOST), reader.get(&settings::PORT)),
            api_tokens: reader.get(&settings::API_TOKENS),
            public_url: reader.get(&settings::PUBLIC_URL),
            cors_origins: reader.get(&settings::CORS_ORIGINS),
            request_timeout: Duration::from_secs(reader.get(&settings::REQUEST_TIMEOUT_SECONDS)),
            artifact_limit: reader.get(&settings::ARTIFACT_LIMIT_MIB) << 20,
            storage,
            data_folder,
            data_folder_trust: layers.data_folder_trust(),
            storage_cache: reader.get(&settings::STORAGE_CACHE_MIB) << 20,
            storage_group_limit: reader.get(&settings::STORAGE_GROUP_LIMIT),
            delivery_retention: DAY * reader.get(&settings::DELIVERY_DAYS),
            webhook_secrets: reader.get(&settings::WEBHOOK_SECRETS),
            insecure_webhooks: reader.get(&settings::INSECURE_WEBHOOKS),
            github_token: reader.get(&settings::GITHUB_TOKEN),
            github_tokens: reader.get(&settings::GITHUB_TOKENS),
            github_api: reader.get(&settings::GITHUB_API_URL),
            github_storage_hosts: reader.get(&settings::GITHUB_STORAGE_HOSTS),
            github_storage_origins: reader.get(&settings::GITHUB_STORAGE_ORIGINS),
            review_workers: reader.get(&settings::REVIEW_WORKERS),
            quick_workers: reader.get(&settings::QUICK_WORKERS),
            publish: reader.get(&settings::PUBLISH),
            report_artifacts: reader.get(&settings::REPORT_ARTIFACTS),
            threshold: reader.get(&settings::THRESHOLD),
            spells_per_error: reader.get(&settings::SPELLS_PER_ERROR),
            candidates: reader.get(&settings::CANDIDATES),
            failure_policies: reader.get(&settings::FAILURE_POLICIES),
            plugin_folder,
            tried_plugin: None,
            matcher: reader.get(&settings::MATCHER),
            fallback_matchers: reader.get(&settings::FALLBACK_MATCHERS),
            analyzer_routes: reader.get(&settings::ANALYZER_ROUTES),
            matcher_routes: reader.get(&settings::MATCHER_ROUTES),
            embedder: reader.get(&settings::EMBEDDER),
            plugin_configurations: reader.plugin_configurations(),
            trusted_keys: reader.get(&settings::TRUSTED_KEYS),
            require_signed: reader.get(&settings::REQUIRE_SIGNED),
            plugin_watch: Duration::from_secs(60 * reader.get(&settings::PLUGIN_WATCH_MINUTES)),
            plugin_threads: reader.get(&settings::PLUGIN_THREADS),
            plugin_memory: reader.get(&settings::PLUGIN_MEMORY_MIB) << 20,
            log_filter: reader.get(&settings::LOG_LEVEL),
            log_format: reader.get(&settings::LOG_FORMAT),
        };
        reader.check_plugins(&config);
        reader.check_exposure(&config);
        if reader.problems.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.problems)) }
    }

    /// Fails if a webhook secret is required to start a server and missing.
    pub fn require_webhook_secret(&self) -> Result<(), ConfigErrors> {
        let missing = self.webhook_secrets.is_empty() && !self.insecure_webhooks;
        if missing && self.environment == Environment::Production {
            return Err(ConfigErrors(vec![Problem {
                source: Source::Default,
                key: settings::WEBHOOK_SECRETS.definition.key.to_owned(),
                message:
                    "is needed in production: set GITHUB_WEBHOOK_SECRET to the secret of your GitHub webhook"
                        .to_owned(),
            }]));
        }
        Ok(())
    }
}

/// Parses settings and collects their problems.
struct ConfigReader<'l> {
    layers: &'l Layers,
    problems: Vec<Problem>,
}

impl ConfigReader<'_> {
    /// The value of a setting; its default if the value is invalid, which is reported.
    fn get<T>(&mut self, setting: &Setting<T>) -> T {
        let definition = &setting.definition;
        let found = self.layers.get(definition);
        (setting.read)(definition, found.text.trim()).unwrap_or_else(|problems| {
            for problem in problems {
                self.reject(definition, problem);
            }
            (setting.read)(definition, definition.default)
                .unwrap_or_else(|_| panic!("the default of {} is valid", definition.key))
        })
    }

    fn path(&mut self, setting: &Setting<PathBuf>) -> PathBuf {
        let path = self.get(setting);
        self.resolved(path, &setting.definition)
    }

    fn resolved(&self, path: PathBuf, definition: &Definition) -> PathBuf {
        self.layers.resolve(path, &self.layers.get(definition).source)
    }

    /// The configuration of each plugin as JSON, with what it includes.
    fn plugin_configurations(&mut self) -> BTreeMap<String, String> {
        let definition = &settings::PLUGIN_CONFIG.definition;
        let tables = self.get(&settings::PLUGIN_CONFIG);
        let mut configurations = BTreeMap::new();
        for (plugin, mut table) in tables {
            let added =
                self.layers.add_included(&mut table).map_err(|problem| format!("{plugin}: {problem}"));
            match added.and_then(|()| values::plugin_table(&plugin, table)) {
                Ok(text) => {
                    configurations.insert(plugin, text);
                }
                Err(problem) => self.reject(definition, problem),
            }
        }
        configurations
    }

    fn reject(&mut self, definition: &Definition, message: impl Into<String>) {
        let source = self.layers.get(definition).source;
        self.problems.push(Problem { source, key: definition.key.to_owned(), message: message.into() });
    }

    /// Named plugins must exist. If there is a store, they may be installed in it, which is only known once the store
    /// is open.
    fn check_plugins(&mut self, config: &Config) {
        let known = match plugin_files::names(config.plugin_folder.as_deref()) {
            Ok(known) => known,
            Err(error) => return self.reject(&settings::PLUGIN_FOLDER.definition, error.to_string()),
        };
        let StorageUrl::Redb(store) = &config.storage;
        if store.exists() {
            return;
        }
        let policies = self.layers.get(&settings::FAILURE_POLICIES.definition).text;
        let fallbacks = config.fallback_matchers.iter();
        let to_matchers = config
            .matcher_routes
            .iter()
            .flat_map(|route| of_panel(&settings::MATCHER_ROUTES.definition, &route.panel));
        let to_analyzers = config
            .analyzer_routes
            .iter()
            .flat_map(|route| route.analyzers.iter().flatten().chain(&route.except))
            .map(|name| (&settings::ANALYZER_ROUTES.definition, name.as_str()));
        let named = values::plugins_with_policies(&policies)
            .map(|plugin| (&settings::FAILURE_POLICIES.definition, plugin))
            .chain(of_panel(&settings::MATCHER.definition, &config.matcher))
            .chain(
                config
                    .plugin_configurations
                    .keys()
                    .map(|name| (&settings::PLUGIN_CONFIG.definition, name.as_str())),
            )
            .chain(config.embedder.iter().map(|name| (&settings::EMBEDDER.definition, name.as_str())))
            .chain(fallbacks.map(|name| (&settings::FALLBACK_MATCHERS.definition, name.as_str())))
            .chain(to_matchers)
            .chain(to_analyzers);
        for (definition, plugin) in named {
            if !known.contains(plugin) {
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                self.reject(
                    definition,
                    format!("there is no plugin {plugin:?}; there are {}", all.join(", ")),
                );
            }
        }
    }

    /// Checks that a server that listens beyond loopback is protected.
    fn check_exposure(&mut self, config: &Config) {
        if config.address.ip().is_loopback() {
            return;
        }
        if config.api_tokens.is_empty() {
            self.reject(
                &settings::HOST.definition,
                "listening beyond loopback needs server.api_tokens (GRIMOIRE_SERVER_API_TOKENS=label:token)",
            );
        }
        if config.insecure_webhooks {
            self.reject(
                &settings::INSECURE_WEBHOOKS.definition,
                "is only possible while the server listens on loopback",
            );
        }
    }
}

/// The matchers of a panel, each with its setting.
fn of_panel<'p>(
    setting: &'static Definition,
    panel: &'p Panel,
) -> impl Iterator<Item = (&'static Definition, &'p str)> {
    panel.members().iter().map(move |member| (setting, member.matcher.as_str()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Overrides;

    #[test]
    fn every_default_is_valid() {
        let layers = Layers::from_parts(&Overrides::default(), Path::new("/nowhere"), []);
        let config = Config::from_layers(&layers).expect("the defaults are valid");
        assert_eq!(config.data_folder, Path::new("/nowhere/data"));
    }
}
