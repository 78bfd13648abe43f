//! The operator's settings for judging and reporting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::ranking::Panel;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::routing::{AnalyzerRoute, MatcherRoute};

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
    /// Maximum number of spells that are kept prepared for each matcher. Default 4,096: some 9 MB with the default
    /// matcher, 64 MB at most. Of more spells, some are passed as they are written, which takes a matcher a millisecond
    /// or two longer for each error.
    pub prepared_spells: usize,
    /// The base URLs of links in comments.
    pub links: Links,
    /// True if reviews are posted as comments. Default true.
    pub publish: bool,
    /// True if a pull request without a matching spell gets no new comment. Default true.
    pub quiet: bool,
    /// The matcher, or several with weights. Default `matcher-hybrid`.
    pub matcher: Panel,
    /// Matchers that are asked one after the other when all of those fail. Default: none.
    pub fallback_matchers: Vec<String>,
    /// Which analyzers meet which artifacts; the first route that fits counts. Default: none, so all do.
    pub analyzer_routes: Arc<[AnalyzerRoute]>,
    /// Which matchers judge which errors instead of `matcher`; the first route that fits counts. Default: none.
    pub matcher_routes: Vec<MatcherRoute>,
    /// The embedder that compares errors with spells. Default: none.
    pub embedder: Option<String>,
    /// How plugin failures affect the answer, by plugin name. Default: `fallback`.
    pub failure_policies: BTreeMap<String, FailurePolicy>,
    /// For how long an installed version is watched after a change; zero for not at all. Default 10 minutes.
    pub plugin_watch: Duration,
}

impl Settings {
    /// The matchers for the errors of a tool in a repository, and the number of the route that chose them, from 1.
    pub fn panel_for(&self, repository: Option<&RepositoryName>, tool: &str) -> (&Panel, Option<usize>) {
        let mut routes = (1..).zip(&self.matcher_routes);
        match routes.find(|(_, route)| route.fits(repository, tool)) {
            Some((number, route)) => (&route.panel, Some(number)),
            None => (&self.matcher, None),
        }
    }

    /// The failure policy of a plugin.
    pub fn failure_policy(&self, plugin: &str) -> FailurePolicy {
        self.failure_policies.get(plugin).copied().unwrap_or_default()
    }
}

impl Settings {
    /// The matchers that may be asked, some of them several times: the chosen ones, and those that replace them.
    pub fn matchers(&self) -> impl Iterator<Item = &str> {
        let routed = self.matcher_routes.iter().map(|route| &route.panel);
        let chosen = std::iter::once(&self.matcher).chain(routed).flat_map(Panel::members);
        chosen.map(|member| &member.matcher).chain(&self.fallback_matchers).map(String::as_str)
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
            prepared_spells: 4_096,
            publish: true,
            quiet: true,
            matcher: Panel::one("matcher-hybrid"),
            fallback_matchers: Vec::new(),
            analyzer_routes: Arc::new([]),
            matcher_routes: Vec::new(),
            embedder: None,
            failure_policies: BTreeMap::new(),
            plugin_watch: Duration::from_secs(600),
        }
    }
}
