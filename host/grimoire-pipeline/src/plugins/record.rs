//! Records what a plugin was given lately, as cases that its author can take home.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use grimoire_cases::{Input, MatcherInput, World};
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::{LoadedPlugin, PluginSet};

use super::{loaded, shown};
use crate::{Pipeline, PipelineError};

/// Maximum size of an artifact in bytes; larger ones are not kept.
const ARTIFACT_BYTES: usize = 256 << 10;
/// Maximum size of all kept artifacts in bytes.
const ARTIFACTS_BYTES: usize = 4 << 20;
/// Maximum number of calls in one recording.
const MOST_CALLS: usize = 200;
/// Maximum size of one recording in bytes.
const RECORDING_BYTES: usize = 8 << 20;

/// The last artifacts that were analyzed, in memory only.
#[derive(Default)]
pub(crate) struct Artifacts(Mutex<VecDeque<Kept>>);

/// An artifact that was analyzed.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) kind: ArtifactKind,
    /// The repository that it came from, if that is known.
    pub(super) repository: Option<RepositoryName>,
    pub(super) bytes: Vec<u8>,
}

/// A copy of the content of an artifact, made while analyzers read it.
pub(crate) struct ArtifactCopy {
    kind: ArtifactKind,
    repository: Option<RepositoryName>,
    /// `None` if it is too large.
    bytes: Arc<Mutex<Option<Vec<u8>>>>,
}

impl ArtifactCopy {
    /// The same stream, which fills the copy.
    pub(crate) fn of(
        artifact: &Artifact,
        repository: Option<&RepositoryName>,
        content: ByteStream,
    ) -> (Self, ByteStream) {
        let fits = artifact.size.is_none_or(|size| size <= ARTIFACT_BYTES as u64);
        let bytes = Arc::new(Mutex::new(fits.then(Vec::new)));
        let copy = Self { kind: artifact.kind, repository: repository.cloned(), bytes: Arc::clone(&bytes) };
        let content = content.inspect(move |chunk| {
            let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(copied), Ok(chunk)) = (&mut *bytes, chunk) {
                if copied.len() + chunk.len() <= ARTIFACT_BYTES {
                    copied.extend_from_slice(chunk);
                } else {
                    *bytes = None;
                }
            }
        });
        (copy, content.boxed())
    }
}

impl Artifacts {
    /// Keeps an artifact that was read to its end, and forgets the oldest where there are too many.
    pub(crate) fn keep(&self, copy: ArtifactCopy) {
        let ArtifactCopy { kind, repository, bytes } = copy;
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Reports have no form as a case.
        let Some(bytes) = bytes.filter(|_| kind != ArtifactKind::Report) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(Kept { kind, repository, bytes });
        while kept.iter().map(|kept| kept.bytes.len()).sum::<usize>() > ARTIFACTS_BYTES {
            kept.pop_front();
        }
    }

    /// The last ones that an analyzer accepts, newest first.
    pub(super) fn last(&self, plugin: &LoadedPlugin, count: usize) -> Vec<Kept> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = |kind: ArtifactKind| {
            kind.media_type().is_some_and(|media_type| plugin.description.accepts(media_type))
        };
        kept.iter().rev().filter(|kept| accepted(kept.kind)).take(count).cloned().collect()
    }
}

/// The calls to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordRequest {
    /// This many of the last ones.
    Last(usize),
    /// Those about the errors in the last review of a pull request.
    Review(PullRequestId),
}

impl RecordRequest {
    /// The request for this many calls or for a pull request such as `octo/app#7`. `Invalid`.
    pub fn new(last: Option<usize>, review: Option<&str>) -> Result<Self, PipelineError> {
        let invalid = |why: &str| Err(PipelineError::new(ErrorKind::Invalid, why));
        match (last, review) {
            (Some(_), Some(_)) => invalid("either the last calls or those of a review, not both"),
            (Some(last), None) if !(1..=MOST_CALLS).contains(&last) => {
                invalid(&format!("last: must be from 1 to {MOST_CALLS}"))
            }
            (last, None) => Ok(Self::Last(last.unwrap_or(20))),
            (None, Some(review)) => {
                let id = review.split_once('#').and_then(|(repository, number)| {
                    let number = number.parse().ok().filter(|number| *number > 0)?;
                    Some(PullRequestId { repository: RepositoryName::parse(repository).ok()?, number })
                });
                id.map_or_else(|| invalid("review: is not like octo/app#7"), |id| Ok(Self::Review(id)))
            }
        }
    }
}

impl Pipeline {
    /// Writes what a plugin was given as a file of cases, newest first, each with the answer of the running version. What
    /// looks like a secret is masked. `NotFound` if there is nothing to record, with the reason.
    pub async fn record_plugin(
        &self,
        name: &str,
        request: &RecordRequest,
        actor: &Actor,
    ) -> Result<String, PipelineError> {
        // The logs and errors of every repository, with the spells of every team.
        actor.require(Permission::Admin)?;
        let set = self.plugins().current();
        let plugin =
            loaded(&*set, name).ok_or_else(|| PipelineError::missing(Resource::Plugin, shown(name)))?;
        let world = World::of_package(&plugin.world).ok_or_else(|| {
            PipelineError::new(ErrorKind::Conflict, format!("{} has no cases", plugin.world))
        })?;
        let inputs = match world {
            World::Matcher => self.questions_for_matchers(request, &set).await?,
            World::Analyzer => self.artifacts_for(&plugin, request)?,
            World::Embedder => {
                return Err(PipelineError::new(
                    ErrorKind::Conflict,
                    "what embedders are given is not recorded",
                ));
            }
        };
        if inputs.is_empty() {
            return Err(nothing(match request {
                RecordRequest::Last(_) => "it was given nothing since the process started",
                RecordRequest::Review(_) => "no spell was a candidate for the errors of this review",
            }));
        }
        let mut text = heading(&plugin, set.generation(), actor, &self.ports().clock.now().to_string());
        for (number, input) in (1..).zip(&inputs) {
            let recorded = grimoire_cases::record(&*set, name, world, input).await?;
            let problem = recorded.problem.map(|problem| {
                format!("It gave no answer ({}): {}\n\n", problem.reason, shown(&problem.detail))
            });
            let case = format!("## {number}\n\n{}{}\n", problem.unwrap_or_default(), recorded.text);
            if text.len() + case.len() > RECORDING_BYTES {
                text.push_str(&format!(
                    "{} further calls are left out: the file is full.\n",
                    inputs.len() + 1 - number
                ));
                break;
            }
            text.push_str(&case);
        }
        Ok(text)
    }

    async fn questions_for_matchers(
        &self,
        request: &RecordRequest,
        set: &Arc<dyn PluginSet>,
    ) -> Result<Vec<Input>, PipelineError> {
        let questions: Vec<(Diagnostic, Option<RepositoryName>)> = match request {
            RecordRequest::Last(count) => self.0.questions.last_errors(*count),
            RecordRequest::Review(id) => {
                let review = self.ports().store.latest_review(id).await?;
                let review =
                    review.ok_or_else(|| PipelineError::missing(Resource::Review, id.to_string()))?;
                let errors = review.diagnosis.errors.into_iter().take(MOST_CALLS);
                errors.map(|error| (error.diagnostic, Some(id.repository.clone()))).collect()
            }
        };
        let mut inputs = Vec::new();
        for (error, repository) in questions {
            let candidates = self.retrieve(&error, None, repository.as_ref(), set).await?.candidates;
            if !candidates.is_empty() {
                inputs.push(Input::Error(Box::new(MatcherInput { error, candidates })));
            }
        }
        Ok(inputs)
    }

    fn artifacts_for(
        &self,
        plugin: &LoadedPlugin,
        request: &RecordRequest,
    ) -> Result<Vec<Input>, PipelineError> {
        let RecordRequest::Last(count) = request else {
            return Err(nothing(
                "the logs of a review are not stored: record the last calls, soon after the log was analyzed",
            ));
        };
        let artifacts = self.0.artifacts.last(plugin, *count).into_iter();
        Ok(artifacts
            .map(|Kept { kind, bytes, .. }| Input::Artifact {
                kind,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            })
            .collect())
    }
}

fn nothing(why: &str) -> PipelineError {
    PipelineError::new(ErrorKind::NotFound, format!("nothing was recorded: {why}"))
}

fn heading(plugin: &LoadedPlugin, generation: u64, actor: &Actor, now: &str) -> String {
    format!(
        "# Recorded calls of {}\n\nVersion {} ({}), {}, generation {generation}; recorded by {actor} at {now}. The last \
         call comes first.\nSecrets are masked; the answers are those to the masked input.\n\n",
        plugin.identity.name,
        shown(&plugin.description.version),
        plugin.identity.digest,
        plugin.world,
    )
}
