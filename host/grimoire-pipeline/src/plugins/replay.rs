//! Shadow replay: before a matcher or an analyzer is activated, it is given recent inputs, and what an answer shows then is
//! compared with what the running plugins show.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_cases::World;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Severity};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::{Candidate, Panel, rank};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::SpellId;
use grimoire_ports::plugins::{LoadedPlugin, PluginSet};

use super::loaded;
use super::record::Kept;
use crate::judge::Judge;
use crate::merge::{Identity, identity};
use crate::rank::hear;
use crate::{Pipeline, PipelineError};

/// Maximum number of questions that are kept.
const MOST_QUESTIONS: usize = 200;
/// Maximum size of a question in bytes; larger ones are not kept.
const QUESTION_BYTES: usize = 16 << 10;
/// The maximum ratio of the p95 with the new plugin to that with the running one. A p95 below [`FAST`] is always accepted.
const SLOWER: u32 = 2;
const FAST: Duration = Duration::from_millis(10);
/// Maximum share of what is shown that may differ, in percent.
const MOST_CHURN: u64 = 20;

/// An error for which fixes were looked for.
#[derive(Debug, Clone)]
struct Question {
    diagnostic: Diagnostic,
    repository: Option<RepositoryName>,
}

/// The last questions, in memory only.
#[derive(Default)]
pub(crate) struct Questions(Mutex<VecDeque<Question>>);

impl Questions {
    /// Keeps a question, and forgets the oldest where there are too many.
    pub(crate) fn keep(&self, diagnostic: &Diagnostic, repository: Option<&RepositoryName>) {
        if diagnostic.size() > QUESTION_BYTES {
            return;
        }
        let question = Question { diagnostic: diagnostic.clone(), repository: repository.cloned() };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(question);
        if kept.len() > MOST_QUESTIONS {
            kept.pop_front();
        }
    }

    /// The last errors, newest first, each with the repository that it was found in.
    pub(super) fn last_errors(&self, count: usize) -> Vec<(Diagnostic, Option<RepositoryName>)> {
        let last = self.last(count).into_iter();
        last.map(|question| (question.diagnostic, question.repository)).collect()
    }

    /// The last ones, newest first.
    fn last(&self, count: usize) -> Vec<Question> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().take(count).cloned().collect()
    }
}

/// Errors and durations with one of two plugins.
#[derive(Debug, Default)]
struct Performance {
    errors: usize,
    durations: Vec<Duration>,
}

impl Performance {
    /// The time within which 95 of 100 calls ended.
    fn p95(&self) -> Duration {
        let mut durations = self.durations.clone();
        durations.sort();
        let place = (durations.len() * 95).div_ceil(100).saturating_sub(1);
        durations.get(place).copied().unwrap_or_default()
    }
}

/// The comparison of two plugins.
#[derive(Debug, Default)]
struct Replay {
    inputs: usize,
    /// What became of the inputs, such as `asked`.
    word: &'static str,
    before: Performance,
    after: Performance,
    /// Number of spells or errors that exactly one of the two shows, and that at least one of them shows.
    changed: u64,
    shown: u64,
}

impl Replay {
    /// Compares what is shown for one input.
    fn compare<T: Eq + Hash>(&mut self, before: &HashSet<T>, after: &HashSet<T>) {
        self.shown += before.union(after).count() as u64;
        self.changed += before.symmetric_difference(after).count() as u64;
    }

    fn churn(&self) -> u64 {
        (self.changed * 100).checked_div(self.shown).unwrap_or(0)
    }

    /// The reasons to refuse the new plugin; empty if there are none.
    fn objections(&self) -> Vec<String> {
        let mut objections = Vec::new();
        if self.after.errors > self.before.errors {
            objections.push("it fails more often".to_owned());
        }
        if self.after.p95() > (self.before.p95() * SLOWER).max(FAST) {
            objections.push(format!("it takes more than {SLOWER} times as long"));
        }
        if self.churn() > MOST_CHURN {
            objections.push(format!("more than {MOST_CHURN} % of what is shown changes"));
        }
        objections
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |taken: &Performance| taken.p95().as_secs_f64() * 1000.0;
        write!(
            formatter,
            "{} {}, {} failed (before {}), p95 {:.1} ms (before {:.1} ms), {} % of what is shown changes",
            self.inputs,
            self.word,
            self.after.errors,
            self.before.errors,
            milliseconds(&self.after),
            milliseconds(&self.before),
            self.churn(),
        )
    }
}

impl Pipeline {
    /// Replays recent inputs against a plugin that is about to run and against the running ones. Returns the entry for the
    /// receipt; fails with `Conflict` if the new plugin does worse, unless `force` is set.
    pub(super) async fn replay(
        &self,
        set: &Arc<dyn PluginSet>,
        plugin: &LoadedPlugin,
        count: usize,
        force: bool,
    ) -> Result<String, PipelineError> {
        let (replay, nothing) = match World::of_package(&plugin.world) {
            Some(World::Matcher) => {
                (self.replay_questions(set, plugin, count).await?, "no questions since the start")
            }
            Some(World::Analyzer) => (
                self.replay_artifacts(set, plugin, count).await,
                "no log or diff that it accepts was read since the start",
            ),
            Some(World::Embedder) | None => {
                return Ok("shadow replay: none (what embedders are given is not kept)".to_owned());
            }
        };
        if replay.inputs == 0 {
            return Ok(format!("shadow replay: {nothing}"));
        }
        let objections = replay.objections();
        if objections.is_empty() || force {
            return Ok(format!("shadow replay: {replay}"));
        }
        let message = format!(
            "{} was not changed: {} in a replay of recent inputs ({replay}); use --force (force=true) to install it \
             anyway",
            plugin.identity.name,
            objections.join(", and ")
        );
        Err(PipelineError::new(ErrorKind::Conflict, message))
    }

    /// Asks recent questions again. A matcher that is one of several is compared as one of them.
    async fn replay_questions(
        &self,
        set: &Arc<dyn PluginSet>,
        plugin: &LoadedPlugin,
        count: usize,
    ) -> Result<Replay, PipelineError> {
        let name = &plugin.identity.name;
        let alone = Panel::one(name);
        let current = self.plugins().current();
        let is_new = loaded(&*current, name).is_none();
        let mut replay = Replay { word: "asked", ..Replay::default() };
        for Question { diagnostic, repository } in self.0.questions.last(count) {
            let candidates =
                self.retrieve(&diagnostic, None, repository.as_ref(), &current).await?.candidates;
            if candidates.is_empty() {
                continue;
            }
            let (chosen, _) = self.settings().panel_for(repository.as_ref(), &diagnostic.tool);
            let (runs, next) = match chosen.has(name) {
                true => (chosen, chosen),
                false if is_new => (chosen, &alone),
                false => (&alone, &alone),
            };
            replay.inputs += 1;
            let before = self.answer(&*current, runs, &diagnostic, &candidates, &mut replay.before).await;
            let after = self.answer(&**set, next, &diagnostic, &candidates, &mut replay.after).await;
            if let (Some(before), Some(after)) = (before, after) {
                replay.compare(&before, &after);
            }
        }
        Ok(replay)
    }

    /// The spells that the matchers of a panel would show for an error; none if one of them fails.
    async fn answer(
        &self,
        set: &dyn PluginSet,
        panel: &Panel,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        taken: &mut Performance,
    ) -> Option<HashSet<SpellId>> {
        let settings = self.settings();
        let started = self.ports().clock.now();
        let hearing =
            hear(panel, candidates.len(), |matcher| set.score(matcher, diagnostic, candidates)).await;
        let duration = self.ports().clock.now().duration_since(started);
        taken.durations.push(Duration::try_from(duration).unwrap_or_default());
        if !hearing.problems.is_empty() {
            taken.errors += 1;
            return None;
        }
        let shown =
            rank(diagnostic, candidates, hearing.verdicts, settings.threshold, settings.spells_per_error);
        Some(shown.into_iter().map(|ranked| ranked.id).collect())
    }

    /// Reads recent logs and diffs again, with all analyzers, since they complete and outdo each other: what counts is
    /// what an answer shows at the top. What an analyzer adds whose name is new is no objection to it.
    async fn replay_artifacts(
        &self,
        set: &Arc<dyn PluginSet>,
        plugin: &LoadedPlugin,
        count: usize,
    ) -> Replay {
        let name = &plugin.identity.name;
        let current = self.plugins().current();
        let is_new = loaded(&*current, name).is_none();
        let mut replay = Replay { word: "read", ..Replay::default() };
        for kept in self.0.artifacts.last(plugin, count) {
            replay.inputs += 1;
            let before = self.errors_in(&current, name, &kept, &mut replay.before).await;
            let after = self.errors_in(set, name, &kept, &mut replay.after).await;
            if let (Some(before), Some(mut after)) = (before, after) {
                if is_new {
                    after.retain(|error| before.contains(error));
                }
                replay.compare(&before, &after);
            }
        }
        replay
    }

    /// The errors that a comment would begin with; none if the plugin or the analysis fails.
    async fn errors_in(
        &self,
        set: &Arc<dyn PluginSet>,
        plugin: &str,
        kept: &Kept,
        taken: &mut Performance,
    ) -> Option<HashSet<Identity>> {
        let Kept { kind, repository, bytes } = kept;
        let judge =
            Judge { pipeline: self.clone(), plugins: Arc::clone(set), repository: repository.clone() };
        let artifact = Artifact::new(*kind, "", Some(bytes.len() as u64));
        let content = futures::stream::iter([Ok(Bytes::from(bytes.clone()))]).boxed();
        let started = self.ports().clock.now();
        let report = judge.read(&artifact, content, None).await;
        let duration = self.ports().clock.now().duration_since(started);
        taken.durations.push(Duration::try_from(duration).unwrap_or_default());
        let is_failure = |problem: &PluginProblem| problem.plugin == plugin && problem.reason.is_failure();
        match report {
            Ok(report) if !report.problems.iter().any(is_failure) => {
                let errors = report.diagnostics.iter().map(|found| &found.diagnostic);
                let errors = errors.filter(|found| found.severity >= Severity::Error);
                Some(errors.take(self.settings().errors_per_review).map(identity).collect())
            }
            _ => {
                taken.errors += 1;
                None
            }
        }
    }
}
