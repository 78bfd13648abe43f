//! The operator's settings for judging and reporting.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{FailurePolicy, Links};

/// Limits and thresholds of the use cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Number of candidate spells that the search returns for one diagnostic; from 1. Default 64.
    pub candidates: usize,
    /// The lowest score that is shown, in [0, 1]. Default 0.5.
    pub threshold: f64,
    /// Maximum number of spells shown for one diagnostic; from 1. Default 3.
    pub spells_per_error: usize,
    /// Maximum number of errors in a comment on a pull request. Default 5.
    pub errors_per_review: usize,
    /// Maximum number of distinct diagnostics of one artifact; a gap states the number of the
    /// others. Default 1,000.
    pub diagnostics_per_artifact: usize,
    /// Maximum size in bytes of all diagnostics of one artifact; a gap counts the others. Default 8 MiB.
    pub diagnostic_bytes_per_artifact: usize,
    /// Maximum number of distinct diagnostics of one diagnosis that are matched, the most severe
    /// first; the others are reported without spells. Default 200.
    pub errors_per_diagnosis: usize,
    /// Number of diagnostics that are matched concurrently; from 1. Default 4.
    pub concurrency: usize,
    /// Maximum number of logs of failed CI jobs per review. Default 20.
    pub logs_per_review: usize,
    /// Maximum number of artifacts of failed runs per review, chosen by names that suggest reports; 0 for
    /// none. Default 10.
    pub artifacts_per_review: usize,
    /// Maximum size of one artifact in bytes; larger ones are refused. Default 1 GiB.
    pub maximum_artifact_bytes: u64,
    /// Number of compiled patterns that are cached; from 1. Default 1,024.
    pub pattern_cache: usize,
    /// The base URLs of links in comments.
    pub links: Links,
    /// True if reviews are posted as comments. Default true.
    pub publish: bool,
    /// True if a pull request without a matching spell gets no new comment. Default true.
    pub quiet: bool,
    /// The name of the matcher. Default `matcher-hybrid`.
    pub matcher: String,
    /// Matchers that are asked one after the other when that one fails. Default: none.
    pub fallback_matchers: Vec<String>,
    /// The embedder that compares errors with spells. Default: none.
    pub embedder: Option<String>,
    /// How plugin failures affect the answer, by plugin name. Default: `fallback`.
    pub failure_policies: BTreeMap<String, FailurePolicy>,
    /// For how long an installed version is watched after a change; zero for not at all. Default 10 minutes.
    pub plugin_watch: Duration,
}

impl Settings {
    /// The failure policy of a plugin.
    pub fn failure_policy(&self, plugin: &str) -> FailurePolicy {
        self.failure_policies.get(plugin).copied().unwrap_or_default()
    }
}

impl Settings {
    /// The matchers that may be asked: the chosen one, and those that replace it.
    pub fn matchers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.matcher).chain(&self.fallback_matchers).map(String::as_str)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            candidates: 64,
            threshold: 0.5,
            spells_per_error: 3,
            errors_per_review: 5,
            links: Links::default(),
            diagnostics_per_artifact: 1_000,
            diagnostic_bytes_per_artifact: 8 << 20,
            errors_per_diagnosis: 200,
            concurrency: 4,
            logs_per_review: 20,
            artifacts_per_review: 10,
            maximum_artifact_bytes: 1 << 30,
            pattern_cache: 1_024,
            publish: true,
            quiet: true,
            matcher: "matcher-hybrid".to_owned(),
            fallback_matchers: Vec::new(),
            embedder: None,
            failure_policies: BTreeMap::new(),
            plugin_watch: Duration::from_secs(600),
        }
    }
}
