//! The table of all settings: each is a typed constant, so that a wrong name does not compile.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use grimoire_domain::ranking::Panel;
use grimoire_domain::routing::{AnalyzerRoute, MatcherRoute};
use grimoire_http::ApiToken;
use grimoire_pipeline::FailurePolicy;
use grimoire_ports::plugins::TrustedKey;
use secrecy::SecretString;
use url::Url;

use super::choices::{Choice, Environment, LogFormat, StorageUrl, words};
use super::log_filter::{self, LogFilter};
use super::routes;
use super::setting::{Definition, Kind, Setting};
use super::values;

/// One of several words.
const fn choice<T: Choice>(key: &'static str, default: &'static str, about: &'static str) -> Setting<T> {
    Setting::new(key, Kind::Choice(words::<T>), values::choice, default, about)
}

/// A whole number from `least` to `most`.
const fn number<T: TryFrom<u64>>(
    key: &'static str,
    (least, most): (u64, u64),
    default: &'static str,
    about: &'static str,
) -> Setting<T> {
    Setting::new(key, Kind::Number(least, most), values::number, default, about)
}

/// Defines the constants, and the list of all of them in the order of the reference.
macro_rules! settings {
    ($($name:ident: $value:ty = $setting:expr;)+) => {
        $(pub(crate) const $name: Setting<$value> = $setting;)+

        /// Every setting, in the order of the reference.
        pub(crate) static ALL: &[Definition] = &[$($name.definition),+];
    };
}

settings! {
    ENVIRONMENT: Environment = choice(
        "app.environment", "development",
        "In `production` the server refuses to start without a configured webhook secret; in `development` it generates one and stores it in the data folder.",
    ).also("APP_ENV");
    HOST: IpAddr = Setting::new(
        "server.host", Kind::Text, values::address, "127.0.0.1",
        "The address to listen on. Anything but loopback needs `server.api_tokens`.",
    ).also("API_HOST");
    PORT: u16 = number(
        "server.port", (0, 65_535), "8000",
        "The port to listen on; 0 picks a free one and prints it.",
    ).also("API_PORT");
    PUBLIC_URL: Option<String> = Setting::new(
        "server.public_url", Kind::Text, values::public_url, "",
        "Where people reach this server, such as `https://grimoire.example.org`: comments on pull requests link their spells there.",
    );
    API_TOKENS: Vec<ApiToken> = Setting::new(
        "server.api_tokens", Kind::SecretList, values::api_tokens, "",
        "Who may do what: `label/permission:token`, where the permission is `read`, `write` (change spells, cancel and retry jobs) or `admin` (also take backups), each of which includes the ones before it; `label:token` is an administrator. Tokens have at least 16 characters. The label shows in revisions. Where any are configured, reading needs one too; without, everybody who reaches the server may do everything, so it listens on loopback only.",
    );
    CORS_ORIGINS: Vec<Url> = Setting::new(
        "server.cors_origins", Kind::List, values::origins, "",
        "Origins whose pages may call the API from a browser, such as `https://ci.example.org`.",
    ).also("CORS_ORIGINS");
    REQUEST_TIMEOUT_SECONDS: u64 = number(
        "server.request_timeout_seconds", (1, 3_600), "30",
        "How long an ordinary request may take.",
    );
    ARTIFACT_LIMIT_MIB: u64 = number(
        "server.artifact_limit_mib", (1, 65_536), "1024",
        "Maximum size in MiB of a log or diff that is sent to `/api/analyze` or `/api/diagnose`.",
    );
    DATA_FOLDER: PathBuf = Setting::new(
        "storage.folder", Kind::Text, values::path, "data",
        "Where everything is kept: the store and the search index. Like all paths in `grimoire.toml` and `.env`, and like the default, a relative path is relative to the folder of that file.",
    );
    STORAGE_URL: Option<StorageUrl> = Setting::new(
        "storage.url", Kind::Text, values::storage_url, "",
        "The store as `redb:PATH`; by default `grimoire.redb` in `storage.folder`.",
    ).also("DATABASE_URL");
    STORAGE_CACHE_MIB: usize = number(
        "storage.cache_mib", (1, 65_536), "32",
        "How many MiB of the store are kept in memory at most.",
    );
    STORAGE_GROUP_LIMIT: usize = number(
        "storage.group_limit", (1, 65_536), "1024",
        "How many writes may share one sync of the disk: this bounds how long the first of them waits for the others.",
    );
    DELIVERY_DAYS: u32 = number(
        "storage.delivery_days", (1, 36_500), "90",
        "How many days webhook requests are kept with their payloads; their jobs and reviews stay.",
    );
    WEBHOOK_SECRETS: Vec<SecretString> = Setting::new(
        "github.webhook_secrets", Kind::SecretList, values::secrets, "",
        "The secrets that GitHub signs webhooks with. Several are accepted at once, for rotation.",
    ).also("GITHUB_WEBHOOK_SECRET");
    INSECURE_WEBHOOKS: bool = Setting::new(
        "github.insecure_webhooks", Kind::Switch, values::switch, "false",
        "Accept webhooks without checking signatures. Only for trying things out; refused unless the server listens on loopback.",
    );
    GITHUB_TOKEN: Option<SecretString> = Setting::new(
        "github.token", Kind::Secret, values::secret, "",
        "A fine-grained personal access token with read access to contents, actions and pull requests, and write access to pull requests. Without it webhooks are stored and their jobs end with a message that says so.",
    ).also("GITHUB_API_TOKEN");
    GITHUB_TOKENS: BTreeMap<String, SecretString> = Setting::new(
        "github.tokens", Kind::SecretList, values::account_tokens, "",
        "Tokens for the repositories of one account each: `account:token` pairs. A fine-grained token is for one account only. Each has its own rate limit; `github.token` is for the repositories of all other accounts.",
    );
    GITHUB_API_URL: Url = Setting::new(
        "github.api_url", Kind::Text, values::api_url, "https://api.github.com",
        "The API's base, for GitHub Enterprise Server `https://HOST/api/v3`.",
    );
    GITHUB_STORAGE_HOSTS: Vec<String> = Setting::new(
        "github.storage_hosts", Kind::List, values::list, "",
        "Further domains, including subdomains, to which the redirect to a job log or an artifact may lead, in addition to GitHub's own storage.",
    );
    GITHUB_STORAGE_ORIGINS: Vec<Url> = Setting::new(
        "github.storage_origins", Kind::List, values::origins, "",
        "Origins such as `https://storage.example.org:9000` to which such a redirect may lead even if their addresses are private: the storage of an enterprise server.",
    );
    REVIEW_WORKERS: usize = number(
        "jobs.review_workers", (1, 64), "2",
        "How many reviews run concurrently: they read logs and judge them.",
    );
    QUICK_WORKERS: usize = number(
        "jobs.quick_workers", (1, 64), "2",
        "How many jobs with only a few short calls (comments, closed pull requests) run concurrently, in addition to the reviews.",
    );
    PUBLISH: bool = Setting::new(
        "jobs.publish", Kind::Switch, values::switch, "true",
        "Post the comment on the pull request. When off, reviews are kept and shown by the API only.",
    );
    REPORT_ARTIFACTS: usize = number(
        "jobs.report_artifacts", (0, 100), "10",
        "How many artifacts of failed runs one review reads, among those whose names suggest test or lint reports: `junit`, `test-results`, `sarif`… Archives above 16 MiB are skipped. 0 reads none.",
    );
    THRESHOLD: f64 = Setting::new(
        "matching.threshold", Kind::Fraction, values::fraction, "0.5",
        "Spells with a lower score are not shown.",
    );
    SPELLS_PER_ERROR: usize = number(
        "matching.spells_per_error", (1, 20), "3",
        "How many spells are shown for one error.",
    );
    CANDIDATES: usize = number(
        "matching.candidates", (1, 256), "64",
        "How many spells the search passes to the matcher.",
    );
    PLUGIN_FOLDER: Option<PathBuf> = Setting::new(
        "plugins.folder", Kind::Text, values::optional_path, "",
        "A folder with further plugins, one `.wasm` component each; one with the name of a shipped plugin replaces it.",
    );
    MATCHER: Panel = Setting::new(
        "plugins.matcher", Kind::List, values::panel, "matcher-hybrid",
        "The matcher to use, or several with weights: `matcher:weight` entries such as `matcher-hybrid:0.7`, where the weight is 1 if it is left out. They must exist. The score is the weighted mean of theirs, and the threshold applies to it; a matcher that fails is left out, unless its policy is `fail`, and the weights of the others make up the whole.",
    );
    FALLBACK_MATCHERS: Vec<String> = Setting::new(
        "plugins.fallback_matchers", Kind::List, values::list, "",
        "Matchers that are asked in this order when all of `plugins.matcher` fail and the policy of one of them is `fallback`; keyword order comes last. Their scores stay below the threshold, each reason says who stands in, and the answer is `degraded`. They must exist.",
    );
    ANALYZER_ROUTES: Vec<AnalyzerRoute> = Setting::new(
        "plugins.analyzer_routes", Kind::TableList, routes::to_analyzers, "",
        "Which analyzers read which logs, diffs and reports; the first route that fits counts, and without one all do. `repositories` (`owner/*`, `owner/name`) and `artifacts` (media types such as `text/x-log`, `application/*`) say what it is for, `analyzers` (names), `tools` (analyzers that know one of them, `name` or `beginning*`) and `except` (names) which read it. They must exist.",
    );
    MATCHER_ROUTES: Vec<MatcherRoute> = Setting::new(
        "plugins.matcher_routes", Kind::TableList, routes::to_matchers, "",
        "Which matchers judge which errors instead of `plugins.matcher`; the first route that fits counts. `repositories` and `tools` (those that report the error, `name` or `beginning*`) say what it is for, `matcher` is like `plugins.matcher`.",
    );
    EMBEDDER: Option<String> = Setting::new(
        "plugins.embedder", Kind::Text, values::optional_text, "",
        "The plugin that compares errors with spells by vectors; it must exist. Spells that it finds similar are candidates beside those that share words with the error, and a matcher gets the similarity. `embedder-ngrams` ships with the program. Empty: none.",
    );
    FAILURE_POLICIES: BTreeMap<String, FailurePolicy> = Setting::new(
        "plugins.failure_policies", Kind::List, values::failure_policies, "",
        "How the failure of a plugin affects an answer: `plugin:policy` pairs such as `matcher-hybrid:fail`. `fallback`, for every plugin that is not named: keyword order replaces the matcher, and an analyzer's earlier findings are used together with those of the others; the answer is marked as `degraded`, and a matcher's fallback is never posted. `skip`: as if the plugin were not there; without its matcher an answer has no spells and is marked as `degraded`. `fail`: the request or the job's attempt fails and names the plugin, and the server does not start if the plugin cannot be loaded.",
    );
    PLUGIN_CONFIG: values::PluginTables = Setting::new(
        "plugins.config", Kind::Tables, values::plugin_config, "",
        "The configuration of plugins that have settings: a table for each, such as `[plugins.config.analyzer-team]`, with the keys that the plugin itself knows. `include` in such a table is a list of JSON files whose members are added to it. The plugin checks the whole when it is loaded; the server does not start with what it refuses.",
    );
    TRUSTED_KEYS: Vec<TrustedKey> = Setting::new(
        "plugins.trusted_keys", Kind::List, values::trusted_keys, "",
        "Whose signatures of plugins are trusted: `name:key` pairs, where the key is what `grimoire plugin keygen` prints. The name shows in receipts and lists.",
    );
    REQUIRE_SIGNED: bool = Setting::new(
        "plugins.require_signed", Kind::Switch, values::switch, "false",
        "Run no plugin of the folder or of the store that is not signed with one of `plugins.trusted_keys`. What ships with the program needs no signature.",
    );
    PLUGIN_WATCH_MINUTES: u64 = number(
        "plugins.watch_minutes", (0, 1_440), "10",
        "For how many minutes after a change an installed plugin is watched: when five of its calls have failed and more than one in five, what ran before it runs again, and the version goes into quarantine. 0 is off.",
    );
    PLUGIN_THREADS: usize = number(
        "plugins.threads", (1, 64), "2",
        "How many threads run plugins. They have a lower priority than the server's own.",
    );
    PLUGIN_MEMORY_MIB: usize = number(
        "plugins.memory_mib", (1, 4_096), "64",
        "How many MiB of memory one plugin call may use.",
    );
    LOG_LEVEL: LogFilter = Setting::new(
        "log.level", Kind::Text, log_filter::read, "info",
        "`error`, `warn`, `info`, `debug`, `trace`, `off`, or filters such as `info,grimoire_runtime=debug`. `debug` and `trace` apply to Grimoire's own crates; `debug,hyper=debug` adds the library hyper.",
    ).also("LOG_LEVEL");
    LOG_FORMAT: LogFormat = choice(
        "log.format", "auto",
        "`auto` is text on a terminal and JSON elsewhere.",
    );
}

/// The setting with a key.
pub(crate) fn find(key: &str) -> Option<&'static Definition> {
    ALL.iter().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_settings_share_a_name() {
        let mut names: Vec<String> = ALL.iter().map(Definition::variable).collect();
        names.extend(ALL.iter().filter_map(|setting| setting.plain).map(str::to_owned));
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
