//! Shadow replay: before a matcher is activated, it answers recent questions, and its answers are compared with those
//! of the running matcher.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use grimoire_cases::World;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::{Candidate, rank};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::spell::SpellId;
use grimoire_ports::plugins::{LoadedPlugin, PluginSet};

use super::loaded;
use crate::{Pipeline, PipelineError};

/// Maximum number of questions that are kept.
const MOST_QUESTIONS: usize = 200;
/// Maximum size of a question in bytes; larger ones are not kept.
const QUESTION_BYTES: usize = 16 << 10;
/// The maximum ratio of the new matcher's p95 to the running one's. A p95 below [`FAST`] is always accepted.
const SLOWER: u32 = 2;
const FAST: Duration = Duration::from_millis(10);
/// Maximum share of shown spells that may differ, in percent.
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

/// Errors and durations of one matcher.
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

/// The comparison of two matchers.
#[derive(Debug, Default)]
struct Replay {
    questions: usize,
    before: Performance,
    after: Performance,
    /// Number of spells that exactly one of the two shows, and that at least one of them shows.
    changed: u64,
    shown: u64,
}

impl Replay {
    fn churn(&self) -> u64 {
        (self.changed * 100).checked_div(self.shown).unwrap_or(0)
    }

    /// The reasons to refuse the new matcher; empty if there are none.
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
            "{} asked, {} failed (before {}), p95 {:.1} ms (before {:.1} ms), {} % of what is shown changes",
            self.questions,
            self.after.errors,
            self.before.errors,
            milliseconds(&self.after),
            milliseconds(&self.before),
            self.churn(),
        )
    }
}

impl Pipeline {
    /// Replays recent questions against a matcher that is about to run and against the running one. Returns the entry
    /// for the receipt; fails with `Conflict` if the new matcher does worse, unless `force` is set.
    pub(super) async fn replay(
        &self,
        set: &dyn PluginSet,
        plugin: &LoadedPlugin,
        count: usize,
        force: bool,
    ) -> Result<String, PipelineError> {
        if World::of_package(&plugin.world) != Some(World::Matcher) {
            return Ok("shadow replay: none (the input of analyzers is not kept)".to_owned());
        }
        let name = &plugin.identity.name;
        let current = self.plugins().current();
        let runs = loaded(&*current, name).map_or(&self.settings().matcher, |_| name);
        let mut replay = Replay::default();
        for Question { diagnostic, repository } in self.0.questions.last(count) {
            let candidates =
                self.retrieve(&diagnostic, None, repository.as_ref(), &current).await?.candidates;
            if candidates.is_empty() {
                continue;
            }
            replay.questions += 1;
            let before = self.answer(&*current, runs, &diagnostic, &candidates, &mut replay.before).await;
            let after = self.answer(set, name, &diagnostic, &candidates, &mut replay.after).await;
            if let (Some(before), Some(after)) = (before, after) {
                replay.shown += before.union(&after).count() as u64;
                replay.changed += before.symmetric_difference(&after).count() as u64;
            }
        }
        if replay.questions == 0 {
            return Ok("shadow replay: no questions since the start".to_owned());
        }
        let objections = replay.objections();
        if objections.is_empty() || force {
            return Ok(format!("shadow replay: {replay}"));
        }
        let message = format!(
            "{name} was not changed: {} in a replay of recent questions ({replay}); use --force (force=true) to install \
             it anyway",
            objections.join(", and ")
        );
        Err(PipelineError::new(ErrorKind::Conflict, message))
    }

    /// The spells that a matcher would show for an error; none if it fails.
    async fn answer(
        &self,
        set: &dyn PluginSet,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        taken: &mut Performance,
    ) -> Option<BTreeSet<SpellId>> {
        let settings = self.settings();
        let started = self.ports().clock.now();
        let judged = set.score(matcher, diagnostic, candidates).await;
        let duration = self.ports().clock.now().duration_since(started);
        taken.durations.push(Duration::try_from(duration).unwrap_or_default());
        let Ok(judgement) = judged else {
            taken.errors += 1;
            return None;
        };
        let shown =
            rank(diagnostic, candidates, judgement.verdicts, settings.threshold, settings.spells_per_error);
        Some(shown.into_iter().map(|ranked| ranked.id).collect())
    }
}
