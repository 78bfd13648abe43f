//! The checked configuration.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use grimoire_pipeline::FailurePolicy;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::layers::{Layers, Problem};
use super::settings::{self, Kind};
use super::values::Reader;
use super::{ConfigErrors, Source};
use crate::plugin_files;

/// Whether mistakes are forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A person tries things out.
    Development,
    /// People rely on it.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which store, by the scheme of its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageUrl {
    /// The embedded store in a file.
    Redb(PathBuf),
}

/// Everything that an operator can choose, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether mistakes are forgiven.
    pub environment: Environment,
    /// Where to listen.
    pub address: SocketAddr,
    /// Who may write: label and token.
    pub api_tokens: Vec<(String, SecretString)>,
    /// Origins of browsers that may call.
    pub cors_origins: Vec<String>,
    /// How long an ordinary request may take.
    pub request_timeout: Duration,
    /// The most bytes of an uploaded artifact.
    pub artifact_limit: u64,
    /// Where everything is kept.
    pub data_folder: PathBuf,
    /// The store.
    pub storage: StorageUrl,
    /// The most bytes of the store in memory.
    pub storage_cache: usize,
    /// The most writes that share one sync of the disk.
    pub storage_group_limit: usize,
    /// Secrets that GitHub signs with.
    pub webhook_secrets: Vec<SecretString>,
    /// Whether signatures go unchecked.
    pub insecure_webhooks: bool,
    /// The personal access token.
    pub github_token: Option<SecretString>,
    /// The API's base.
    pub github_api: Url,
    /// Further domains of logs and artifacts.
    pub github_storage_hosts: Vec<String>,
    /// Origins of logs and artifacts with private addresses.
    pub github_storage_origins: Vec<Url>,
    /// Jobs side by side.
    pub workers: usize,
    /// Whether comments are posted.
    pub publish: bool,
    /// Artifacts of failed runs that a review reads.
    pub report_artifacts: usize,
    /// Spells below are not shown.
    pub threshold: f64,
    /// Spells shown for one error.
    pub spells_per_error: usize,
    /// Spells handed to the matcher.
    pub candidates: usize,
    /// Further plugins.
    pub plugin_folder: Option<PathBuf>,
    /// The matcher that judges.
    pub matcher: String,
    /// What becomes of an answer when a plugin fails, by the plugin's name.
    pub failure_policies: BTreeMap<String, FailurePolicy>,
    /// Threads that run plugins.
    pub plugin_threads: usize,
    /// The most bytes of one plugin call.
    pub plugin_memory: usize,
    /// Which log lines.
    pub log_level: String,
    /// How they look.
    pub log_format: LogFormat,
}

/// The fewest characters of an API token: 16 random ones cannot be guessed.
const MINIMUM_TOKEN: usize = 16;

impl Config {
    /// Checks every setting and the rules between them. All that is wrong is reported at once, what could
    /// not be read included.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigErrors> {
        let mut reader = Reader { layers, problems: layers.problems().to_vec() };
        let data_folder = PathBuf::from(reader.text("storage.folder"));
        let host: Option<IpAddr> =
            reader.parsed("server.host", "must be an IP address such as 127.0.0.1 or 0.0.0.0");
        let port = u16::try_from(reader.number("server.port")).unwrap_or_default();
        let address = SocketAddr::new(host.unwrap_or(IpAddr::from([127, 0, 0, 1])), port);
        let plugin_folder =
            Some(reader.text("plugins.folder")).filter(|path| !path.is_empty()).map(PathBuf::from);
        let config = Self {
            environment: match reader.text("app.environment").as_str() {
                "production" => Environment::Production,
                _ => Environment::Development,
            },
            address,
            api_tokens: reader.tokens(),
            cors_origins: reader.origins("server.cors_origins"),
            request_timeout: Duration::from_secs(reader.number("server.request_timeout_seconds")),
            artifact_limit: reader.number("server.artifact_limit_mib") << 20,
            storage: reader.storage(&data_folder),
            data_folder,
            storage_cache: reader.mebibytes("storage.cache_mib"),
            storage_group_limit: usize::try_from(reader.number("storage.group_limit")).unwrap_or(usize::MAX),
            webhook_secrets: reader
                .list("github.webhook_secrets")
                .into_iter()
                .map(SecretString::from)
                .collect(),
            insecure_webhooks: reader.switch("github.insecure_webhooks"),
            github_token: Some(reader.text("github.token"))
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
            github_api: reader.api_url(),
            github_storage_hosts: reader.list("github.storage_hosts"),
            github_storage_origins: reader
                .origins("github.storage_origins")
                .iter()
                .flat_map(|origin| Url::parse(origin))
                .collect(),
            workers: reader.size("jobs.workers"),
            publish: reader.switch("jobs.publish"),
            report_artifacts: reader.size("jobs.report_artifacts"),
            threshold: reader.fraction("matching.threshold"),
            spells_per_error: reader.size("matching.spells_per_error"),
            candidates: reader.size("matching.candidates"),
            failure_policies: reader.failure_policies(plugin_folder.as_deref()),
            plugin_folder,
            matcher: reader.text("plugins.matcher"),
            plugin_threads: reader.size("plugins.threads"),
            plugin_memory: reader.mebibytes("plugins.memory_mib"),
            log_level: reader.log_level(),
            log_format: match reader.text("log.format").as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => LogFormat::Auto,
            },
        };
        reader.check_choices();
        if !address.ip().is_loopback() {
            if config.api_tokens.is_empty() {
                reader.reject(
                    "server.host",
                    "listening beyond loopback needs server.api_tokens (GRIMOIRE_SERVER_API_TOKENS=label:token)",
                );
            }
            if config.insecure_webhooks {
                reader.reject(
                    "github.insecure_webhooks",
                    "is only possible while the server listens on loopback",
                );
            }
        }
        if reader.problems.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.problems)) }
    }

    /// The problem of starting a server without a webhook secret, where that is one.
    pub fn require_webhook_secret(&self) -> Result<(), ConfigErrors> {
        let missing = self.webhook_secrets.is_empty() && !self.insecure_webhooks;
        if missing && self.environment == Environment::Production {
            let message =
                "is needed in production: set GITHUB_WEBHOOK_SECRET to the secret of your GitHub webhook";
            return Err(ConfigErrors(vec![Problem {
                source: Source::Default,
                key: "github.webhook_secrets".to_owned(),
                message: message.to_owned(),
            }]));
        }
        Ok(())
    }
}

impl Reader<'_> {
    fn tokens(&mut self) -> Vec<(String, SecretString)> {
        let mut tokens = Vec::new();
        for (index, entry) in self.list("server.api_tokens").into_iter().enumerate() {
            // The entry is a secret: messages name its place in the list, never its text.
            match entry.split_once(':') {
                Some((label, token)) if !label.is_empty() && token.len() >= MINIMUM_TOKEN => {
                    tokens.push((label.to_owned(), SecretString::from(token.to_owned())));
                }
                _ => self.reject(
                    "server.api_tokens",
                    format!(
                        "entry {} must be label:token with at least {MINIMUM_TOKEN} characters of token",
                        index + 1
                    ),
                ),
            }
        }
        tokens
    }

    /// What is said of plugins that exist: those that ship, and the folder's.
    fn failure_policies(&mut self, folder: Option<&Path>) -> BTreeMap<String, FailurePolicy> {
        const KEY: &str = "plugins.failure_policies";
        let entries = self.list(KEY);
        // A folder that cannot be read is complained about where its plugins are loaded.
        let known = if entries.is_empty() { None } else { plugin_files::names(folder).ok() };
        let mut policies = BTreeMap::new();
        for entry in entries {
            let Some((plugin, word)) = entry.split_once(':') else {
                self.reject(KEY, format!("{entry:?} must be plugin:policy, such as matcher-hybrid:fail"));
                continue;
            };
            let (plugin, word) = (plugin.trim(), word.trim());
            if let Some(known) = known.as_ref().filter(|known| !known.contains(plugin)) {
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                self.reject(KEY, format!("there is no plugin {plugin:?}; there are {}", all.join(", ")));
            }
            match word.parse() {
                Ok(policy) => {
                    if policies.insert(plugin.to_owned(), policy).is_some() {
                        self.reject(KEY, format!("names {plugin} twice"));
                    }
                }
                Err(error) => self.reject(KEY, format!("{plugin}: {word:?} is no policy: it {error}")),
            }
        }
        policies
    }

    fn origins(&mut self, key: &'static str) -> Vec<String> {
        let origins = self.list(key);
        for origin in &origins {
            let valid = Url::parse(origin).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == *origin
            });
            if !valid {
                let message = format!(
                    "{origin:?} is not an origin such as https://ci.example.org (no path, no slash at the end)"
                );
                self.reject(key, message);
            }
        }
        origins
    }

    fn api_url(&mut self) -> Url {
        let fallback = || Url::parse("https://api.github.com").expect("a valid URL");
        let message = "must be a URL such as https://api.github.com";
        match self.parsed::<Url>("github.api_url", message) {
            Some(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                let loopback = match url.host() {
                    Some(url::Host::Ipv4(address)) => address.is_loopback(),
                    Some(url::Host::Ipv6(address)) => address.is_loopback(),
                    Some(url::Host::Domain(name)) => name == "localhost",
                    None => false,
                };
                if url.scheme() == "http" && !loopback {
                    self.reject("github.api_url", "must be https: the token travels with every request");
                }
                url
            }
            Some(_) => {
                self.reject("github.api_url", message);
                fallback()
            }
            None => fallback(),
        }
    }

    fn storage(&mut self, folder: &Path) -> StorageUrl {
        let default = folder.join("grimoire.redb");
        let text = self.text("storage.url");
        if text.is_empty() {
            return StorageUrl::Redb(default);
        }
        match text.split_once(':') {
            Some(("redb", path)) if !path.trim_start_matches("//").is_empty() => {
                StorageUrl::Redb(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
            }
            _ => {
                // A database URL may carry a password: only its scheme is repeated.
                let scheme = text.split(':').next().unwrap_or_default();
                let message =
                    format!("must be redb:PATH; the scheme {scheme:?} is not known to this version");
                self.reject("storage.url", message);
                StorageUrl::Redb(default)
            }
        }
    }

    fn log_level(&mut self) -> String {
        let level = self.text("log.level").to_ascii_lowercase();
        if EnvFilter::try_new(&level).is_err() {
            self.reject(
                "log.level",
                "must be error, warn, info, debug, trace or filters such as info,grimoire=debug",
            );
        }
        level
    }

    fn check_choices(&mut self) {
        for setting in settings::SETTINGS {
            if let Kind::Choice(words) = setting.kind
                && !words.contains(&self.text(setting.key).as_str())
            {
                self.reject(setting.key, format!("must be one of {}", words.join(", ")));
            }
        }
    }
}
