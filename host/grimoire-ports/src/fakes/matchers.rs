//! Matchers with scripted results.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::{Candidate, Verdict, keyword_verdicts};
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{Spell, SpellId};

use super::{identity, lock};
use crate::plugins::PluginError;
use crate::plugins::matcher::{Judgement, Matchers, PreparedSpells};

type PreparingScript = dyn Fn(&Spell) -> Result<Vec<u8>, PluginProblem> + Send + Sync;
type MatcherScript =
    dyn Fn(&str, &Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, PluginProblem> + Send + Sync;

/// A matcher, `scripted-matcher`, whose verdicts are a function of its input.
#[derive(Clone)]
pub struct ScriptedMatchers {
    script: Arc<MatcherScript>,
    /// True if each matcher answers under the name that it is asked by.
    is_several: bool,
    /// The form in which it prepares spells, and how.
    preparing: Option<(String, Arc<PreparingScript>)>,
    asked: Arc<Mutex<Vec<SpellId>>>,
    given: Arc<Mutex<PreparedSpells>>,
}

impl ScriptedMatchers {
    /// Matchers that return the result of `script`.
    pub fn new(
        script: impl Fn(&Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, PluginProblem> + Send + Sync + 'static,
    ) -> Self {
        Self::scripted(Arc::new(move |_, diagnostic, candidates| script(diagnostic, candidates)))
    }

    /// Matchers of any name, whose verdicts are a function of the name and the input.
    pub fn by_name(
        script: impl Fn(&str, &Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, PluginProblem>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { is_several: true, ..Self::scripted(Arc::new(script)) }
    }

    fn scripted(script: Arc<MatcherScript>) -> Self {
        Self { script, is_several: false, preparing: None, asked: Arc::default(), given: Arc::default() }
    }

    /// The same, preparing spells in this form.
    #[must_use]
    pub fn preparing(
        self,
        form: &str,
        script: impl Fn(&Spell) -> Result<Vec<u8>, PluginProblem> + Send + Sync + 'static,
    ) -> Self {
        Self { preparing: Some((form.to_owned(), Arc::new(script))), ..self }
    }

    /// The spells that it was to prepare since the last call of this, in order.
    pub fn take_asked(&self) -> Vec<SpellId> {
        std::mem::take(&mut *lock(&self.asked))
    }

    /// What it was given in place of spells by the last question.
    pub fn given(&self) -> PreparedSpells {
        lock(&self.given).clone()
    }

    /// Matchers of which one fails every call; the others return the scores of the keyword search.
    pub fn failing_as(failing: &str, reason: FailureReason) -> Self {
        let problem =
            PluginProblem { plugin: failing.to_owned(), reason, detail: "as the script says".to_owned() };
        Self::scripted(Arc::new(move |matcher, _, candidates| {
            if matcher == problem.plugin { Err(problem.clone()) } else { Ok(keyword_verdicts(candidates)) }
        }))
    }

    /// Matchers that fail every call with this reason.
    pub fn failing(reason: FailureReason) -> Self {
        let problem = PluginProblem {
            plugin: "scripted-matcher".to_owned(),
            reason,
            detail: "as the script says".to_owned(),
        };
        Self::new(move |_, _| Err(problem.clone()))
    }
}

impl Default for ScriptedMatchers {
    /// Matchers that return the scores of the keyword search.
    fn default() -> Self {
        Self::new(|_, candidates| Ok(keyword_verdicts(candidates)))
    }
}

impl fmt::Debug for ScriptedMatchers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedMatchers").finish_non_exhaustive()
    }
}

#[async_trait]
impl Matchers for ScriptedMatchers {
    fn prepared_form(&self, _: &str) -> Option<String> {
        self.preparing.as_ref().map(|(form, _)| form.clone())
    }

    async fn prepare_spells(&self, _: &str, spells: Vec<Arc<Spell>>) -> Result<Vec<Arc<[u8]>>, PluginError> {
        lock(&self.asked).extend(spells.iter().map(|spell| spell.id));
        let prepared = |spell: &Arc<Spell>| match &self.preparing {
            Some((_, script)) => script(spell).map(Arc::from),
            None => Ok(Arc::default()),
        };
        spells.iter().map(prepared).collect::<Result<_, _>>().map_err(PluginError)
    }

    async fn score_prepared(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> Result<Judgement, PluginError> {
        lock(&self.given).clone_from(prepared);
        let verdicts = (self.script)(matcher, diagnostic, candidates).map_err(PluginError)?;
        let name = if self.is_several { matcher } else { "scripted-matcher" };
        Ok(Judgement { verdicts, plugin: identity(name) })
    }
}
