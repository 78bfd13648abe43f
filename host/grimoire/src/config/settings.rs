//! The table of all settings.

/// What a setting's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of several words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number in a range, both ends included.
    Number(u64, u64),
    /// A number from 0 to 1.
    Fraction,
    /// Values separated by commas; in TOML a list.
    List,
    /// As `List`, and never shown.
    SecretList,
    /// Text that is never shown.
    Secret,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its place in `grimoire.toml`: `table.name`.
    pub key: &'static str,
    /// A well-known environment variable beside `GRIMOIRE_TABLE_NAME`.
    pub plain: Option<&'static str>,
    /// What its value looks like.
    pub kind: Kind,
    /// The value unless told otherwise, as text; empty: none.
    pub default: &'static str,
    /// What it is for: sentences.
    pub about: &'static str,
}

impl Setting {
    /// The environment variable that always works: `server.port` is `GRIMOIRE_SERVER_PORT`.
    pub fn variable(&self) -> String {
        format!("GRIMOIRE_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// Whether its value must not be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::SecretList)
    }
}

const fn setting(
    key: &'static str,
    plain: Option<&'static str>,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { key, plain, kind, default, about }
}

/// Every setting, in the order of the reference.
pub const SETTINGS: &[Setting] = &[
    setting(
        "app.environment",
        Some("APP_ENV"),
        Kind::Choice(&["development", "production"]),
        "development",
        "In `production` the server refuses to start without a configured webhook secret; in `development` it makes one and keeps it in the data folder.",
    ),
    setting(
        "server.host",
        Some("API_HOST"),
        Kind::Text,
        "127.0.0.1",
        "The address to listen on. Anything but loopback needs `server.api_tokens`.",
    ),
    setting(
        "server.port",
        Some("API_PORT"),
        Kind::Number(0, 65_535),
        "8000",
        "The port to listen on; 0 picks a free one and prints it.",
    ),
    setting(
        "server.api_tokens",
        None,
        Kind::SecretList,
        "",
        "Who may write: `label:token` pairs, tokens of at least 16 characters. The label shows in revisions. Without any, everybody who reaches the server may write, so it listens on loopback only.",
    ),
    setting(
        "server.cors_origins",
        Some("CORS_ORIGINS"),
        Kind::List,
        "",
        "Origins whose pages may call the API from a browser, such as `https://ci.example.org`.",
    ),
    setting(
        "server.request_timeout_seconds",
        None,
        Kind::Number(1, 3_600),
        "30",
        "How long an ordinary request may take.",
    ),
    setting(
        "server.artifact_limit_mib",
        None,
        Kind::Number(1, 65_536),
        "1024",
        "The most MiB of a log or diff that is sent to `/api/analyze` or `/api/diagnose`.",
    ),
    setting(
        "storage.folder",
        None,
        Kind::Text,
        "data",
        "Where everything is kept: the store and the search index.",
    ),
    setting(
        "storage.url",
        Some("DATABASE_URL"),
        Kind::Text,
        "",
        "The store as `redb:PATH`; by default `grimoire.redb` in `storage.folder`.",
    ),
    setting(
        "storage.cache_mib",
        None,
        Kind::Number(1, 65_536),
        "32",
        "The most MiB of the store that are kept in memory.",
    ),
    setting(
        "storage.group_limit",
        None,
        Kind::Number(1, 65_536),
        "1024",
        "How many writes may share one sync of the disk: bounds how long the first of them waits for the others.",
    ),
    setting(
        "github.webhook_secrets",
        Some("GITHUB_WEBHOOK_SECRET"),
        Kind::SecretList,
        "",
        "The secrets that GitHub signs webhooks with. Several are accepted at once, for rotation.",
    ),
    setting(
        "github.insecure_webhooks",
        None,
        Kind::Switch,
        "false",
        "Accept webhooks without checking signatures. Only for trying things out; refused unless the server listens on loopback.",
    ),
    setting(
        "github.token",
        Some("GITHUB_API_TOKEN"),
        Kind::Secret,
        "",
        "A fine-grained personal access token with read access to contents, actions and pull requests, and write access to pull requests. Without it webhooks are stored and their jobs end with a message that says so.",
    ),
    setting(
        "github.api_url",
        None,
        Kind::Text,
        "https://api.github.com",
        "The API's base, for GitHub Enterprise Server `https://HOST/api/v3`.",
    ),
    setting(
        "github.storage_hosts",
        None,
        Kind::List,
        "",
        "Further domains, with all below them, that the redirect to a job log or an artifact may lead to, beside GitHub's own storage.",
    ),
    setting(
        "github.storage_origins",
        None,
        Kind::List,
        "",
        "Origins such as `https://storage.example.org:9000` that such a redirect may lead to even where their addresses are private: an enterprise server's storage.",
    ),
    setting("jobs.workers", None, Kind::Number(1, 64), "2", "How many jobs run side by side."),
    setting(
        "jobs.publish",
        None,
        Kind::Switch,
        "true",
        "Post the comment on the pull request. When off, reviews are kept and shown by the API only.",
    ),
    setting(
        "jobs.report_artifacts",
        None,
        Kind::Number(0, 100),
        "10",
        "How many artifacts of failed runs one review reads, of those whose names speak of test or lint reports: `junit`, `test-results`, `sarif`… Archives above 16 MiB are left out. 0 reads none.",
    ),
    setting("matching.threshold", None, Kind::Fraction, "0.5", "Spells that score below are not shown."),
    setting(
        "matching.spells_per_error",
        None,
        Kind::Number(1, 20),
        "3",
        "How many spells are shown for one error.",
    ),
    setting(
        "matching.candidates",
        None,
        Kind::Number(1, 256),
        "64",
        "How many spells the search hands to the matcher.",
    ),
    setting(
        "plugins.folder",
        None,
        Kind::Text,
        "",
        "A folder with further plugins, one `.wasm` component each; one with the name of a shipped plugin replaces it.",
    ),
    setting("plugins.matcher", None, Kind::Text, "matcher-hybrid", "The matcher that judges."),
    setting(
        "plugins.failure_policies",
        None,
        Kind::List,
        "",
        "What becomes of an answer when a plugin fails: `plugin:policy` pairs such as `matcher-hybrid:fail`. `fallback`, for every plugin that is not named: keyword order stands in for the matcher, and an analyzer leaves what it found before and what the others find; the answer says `degraded`, and a matcher's fallback is never posted. `skip`: as if the plugin were not there; without its matcher an answer has no spells and says `degraded`. `fail`: the request or the job's attempt fails and names the plugin, and the server does not start when the plugin cannot be loaded.",
    ),
    setting(
        "plugins.threads",
        None,
        Kind::Number(1, 64),
        "2",
        "How many threads run plugins. They have a lower priority than the server's own.",
    ),
    setting(
        "plugins.memory_mib",
        None,
        Kind::Number(1, 4_096),
        "64",
        "The most MiB of memory of one plugin call.",
    ),
    setting(
        "log.level",
        Some("LOG_LEVEL"),
        Kind::Text,
        "info",
        "`error`, `warn`, `info`, `debug`, `trace`, or filters such as `info,grimoire_runtime=debug`.",
    ),
    setting(
        "log.format",
        None,
        Kind::Choice(&["auto", "text", "json"]),
        "auto",
        "`auto` is text on a terminal and JSON elsewhere.",
    ),
];

/// The setting with a key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}
