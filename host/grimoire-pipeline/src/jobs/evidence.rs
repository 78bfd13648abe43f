//! What a review stands on: the diff, and the logs and annotations of the jobs that failed.
//!
//! What GitHub does not have, or does not give, is a gap of the review, in words. What cannot be had at
//! the moment ends the attempt, since a later one may have it. The last attempt goes on without: a fix
//! for one log is worth more than silence about all of them.

use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::ReviewKey;
use grimoire_domain::{diff, text};
use grimoire_ports::github::{Annotation, ByteStream, FailedJob, GitHub};
use serde_json::json;

use super::annotations;
use super::context::{JobContext, Stop};
use crate::merge::untold;
use crate::{AnalysisReport, PipelineError};

/// The longest gap in an event, in bytes. Names of jobs are as long as their authors like.
const TOLD: usize = 400;

/// What was read for a review.
#[derive(Default)]
pub(super) struct Evidence {
    /// What the analyzers found, with the name of the artifact they found it in.
    pub(super) reports: Vec<(String, AnalysisReport)>,
    /// What could not be read, and why.
    pub(super) gaps: Vec<String>,
    /// How many annotations were read.
    annotations: usize,
    /// The first failure in passing that the last attempt went on without.
    lost: Option<PipelineError>,
}

impl Evidence {
    /// Reads everything that there is, and tells what was read and what was not.
    pub(super) async fn read(
        context: &JobContext<'_>,
        github: &dyn GitHub,
        key: &ReviewKey,
    ) -> Result<Self, Stop> {
        let mut reader = Reader { context, github, key, evidence: Self::default() };
        reader.read().await?;
        let evidence = reader.evidence;
        for gap in &evidence.gaps {
            context.event("missed", text::cut(&text::displayable(gap), TOLD), json!({})).await?;
        }
        if evidence.reports.is_empty()
            && let Some(error) = evidence.lost
        {
            return Err(Stop::Failed(error));
        }
        evidence.tell(context).await?;
        Ok(evidence)
    }

    async fn tell(&self, context: &JobContext<'_>) -> Result<(), Stop> {
        let found: usize = self.reports.iter().map(|(_, report)| report.diagnostics.len()).sum();
        let bytes: u64 = self.reports.iter().map(|(_, report)| report.bytes).sum();
        let mut message = format!("{} in {}", of(found, "error"), of(self.reports.len(), "artifact"));
        if self.annotations > 0 {
            message.push_str(&format!(", with {}", of(self.annotations, "annotation")));
        }
        let data = json!({
            "errors": found, "artifacts": self.reports.len(), "annotations": self.annotations,
            "bytes": bytes, "gaps": self.gaps.len(),
        });
        context.event("analyzed", &message, data).await
    }
}

/// One attempt at reading.
struct Reader<'a> {
    context: &'a JobContext<'a>,
    github: &'a dyn GitHub,
    key: &'a ReviewKey,
    evidence: Evidence,
}

impl Reader<'_> {
    async fn read(&mut self) -> Result<(), Stop> {
        let diff = self.diff().await?;
        // Without this list nobody knows which logs there are: it is not done without.
        let mut jobs = self.github.failed_jobs(&self.key.pull_request.repository, &self.key.head_sha).await?;
        let facts = diff.as_deref().map(|text| self.facts_of(text)).unwrap_or_default();
        let most = self.context.pipeline.settings().logs_per_review;
        if jobs.len() > most {
            let left_out = jobs.len() - most;
            self.evidence.gaps.push(format!("the logs of {left_out} further failed jobs were not read"));
            jobs.truncate(most);
        }
        let head = self.key.head_sha.short();
        let (files, failed) = (of(facts.files, "changed file"), of(jobs.len(), "failed job"));
        let message = format!("{files} and {failed} at {head}");
        let data = json!({
            "files": facts.files, "added": facts.added, "deleted": facts.deleted, "failed_jobs": jobs.len(),
        });
        self.context.event("fetched", &message, data).await?;

        if let Some(text) = diff {
            let report = self.analyze_text(ArtifactKind::Diff, "diff".to_owned(), text).await?;
            self.evidence.reports.extend(report);
        }
        for job in jobs {
            self.context.checkpoint().await?;
            self.job(job).await?;
        }
        Ok(())
    }

    async fn diff(&mut self) -> Result<Option<String>, Stop> {
        match self.github.diff(&self.key.pull_request).await {
            Ok(diff) => {
                self.evidence.gaps.extend(diff.gaps);
                Ok(Some(diff.text))
            }
            Err(error) => {
                let gap = self.do_without("the diff", error.into())?;
                self.evidence.gaps.push(gap);
                Ok(None)
            }
        }
    }

    fn facts_of(&mut self, text: &str) -> DiffFacts {
        let parsed = diff::parse(text.as_bytes());
        if !parsed.problems.is_empty() {
            let places = parsed.problems.len();
            self.evidence.gaps.push(format!("the diff has {places} places that could not be read"));
        }
        DiffFacts {
            files: parsed.files.len(),
            added: parsed.files.iter().map(|file| file.added).sum(),
            deleted: parsed.files.iter().map(|file| file.deleted).sum(),
        }
    }

    /// Reads what the log of a failed job says, and what its annotations say beyond it.
    async fn job(&mut self, job: FailedJob) -> Result<(), Stop> {
        let (annotations, unread) = self.annotations(&job).await?;
        let mut log = self.log(&job).await?;
        if log.is_none() {
            // Annotations repeat the log, and many a token may not read them: missed only where it is gone.
            self.evidence.gaps.extend(unread);
        }
        let mut repeated = None;
        if !annotations.is_empty() {
            self.evidence.annotations += annotations.len();
            let (name, text) = (format!("annotations of {}", job.name), annotations::as_log(&annotations));
            repeated = self.analyze_text(ArtifactKind::Log, name, text).await?;
        }
        if let (Some((_, log)), Some((_, repeated))) = (&mut log, &mut repeated) {
            repeated.diagnostics = untold(std::mem::take(&mut repeated.diagnostics), &mut log.diagnostics);
        }
        self.evidence.reports.extend(log.into_iter().chain(repeated));
        Ok(())
    }

    /// The annotations that may say why a job failed, or why they could not be read.
    async fn annotations(&mut self, job: &FailedJob) -> Result<(Vec<Annotation>, Option<String>), Stop> {
        match self.github.annotations(&self.key.pull_request.repository, job.id).await {
            Ok(all) => Ok((annotations::telling(all), None)),
            Err(error) => {
                let gap = self.do_without(&format!("the annotations of {}", job.name), error.into())?;
                Ok((Vec::new(), Some(gap)))
            }
        }
    }

    async fn log(&mut self, job: &FailedJob) -> Result<Option<(String, AnalysisReport)>, Stop> {
        let what = format!("the log of {}", job.name);
        match self.github.job_log(&self.key.pull_request.repository, job.id).await {
            Ok(log) => {
                let artifact = Artifact { kind: ArtifactKind::Log, name: job.name.clone(), size: None };
                self.analyze(artifact, &what, log).await
            }
            Err(error) => {
                let gap = self.do_without(&what, error.into())?;
                self.evidence.gaps.push(gap);
                Ok(None)
            }
        }
    }

    async fn analyze_text(
        &mut self,
        kind: ArtifactKind,
        name: String,
        text: String,
    ) -> Result<Option<(String, AnalysisReport)>, Stop> {
        let what = format!("the {name}");
        let artifact = Artifact { kind, name, size: Some(text.len() as u64) };
        let content = futures::stream::iter([Ok(bytes::Bytes::from(text))]).boxed();
        self.analyze(artifact, &what, content).await
    }

    async fn analyze(
        &mut self,
        artifact: Artifact,
        what: &str,
        content: ByteStream,
    ) -> Result<Option<(String, AnalysisReport)>, Stop> {
        match self.context.pipeline.analyze(&artifact, content).await {
            Ok(report) => Ok(Some((artifact.name, report))),
            Err(error) => {
                let gap = self.do_without(what, error)?;
                self.evidence.gaps.push(gap);
                Ok(None)
            }
        }
    }

    /// The gap that a failure leaves, in words, where the review can go on without what failed.
    fn do_without(&mut self, what: &str, error: PipelineError) -> Result<String, Stop> {
        if error.failed_plugin().is_some() {
            // Its policy is that there is no review without it.
            return Err(Stop::Failed(error.about(what)));
        }
        let kind = error.kind();
        let error = error.about(&format!("{what} could not be read"));
        let gap = error.to_string();
        match kind {
            ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::TooLarge | ErrorKind::Invalid => Ok(gap),
            ErrorKind::Timeout | ErrorKind::Unavailable if self.context.last_attempt => {
                self.evidence.lost.get_or_insert(error);
                Ok(gap)
            }
            ErrorKind::Conflict
            | ErrorKind::Unauthenticated
            | ErrorKind::TooManyRequests
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Internal => Err(Stop::Failed(error)),
        }
    }
}

/// So many of a thing, as people say it.
fn of(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[derive(Default)]
struct DiffFacts {
    files: usize,
    added: u64,
    deleted: u64,
}
