//! What a review stands on: the diff, the logs and annotations of the jobs that failed, and the reports that their
//! runs kept.
//!
//! What GitHub does not have, or does not give, is a gap of the review, in words. What cannot be had at
//! the moment ends the attempt, since a later one may have it. The last attempt goes on without: a fix
//! for one log is worth more than silence about all of them.

use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::review::ReviewKey;
use grimoire_domain::{diff, text};
use grimoire_ports::github::{Annotation, FailedJob, FailedRun, GitHub};
use serde_json::json;

use super::context::{JobContext, Stop};
use super::reading::{Named, Reading};
use super::{annotations, reports};
use crate::unite::{unite, untold};

/// The longest gap in an event, in bytes. Names of jobs are as long as their authors like.
const TOLD: usize = 400;

/// What was read for a review.
pub(super) struct Evidence {
    /// What the analyzers found, with the name of the artifact they found it in.
    pub(super) reports: Vec<Named>,
    /// What could not be read, and why.
    pub(super) gaps: Vec<String>,
    /// How many annotations were read.
    annotations: usize,
}

impl Evidence {
    /// Reads everything that there is, and tells what was read and what was not.
    pub(super) async fn read(
        context: &JobContext<'_>,
        github: &dyn GitHub,
        key: &ReviewKey,
    ) -> Result<Self, Stop> {
        let settings = context.pipeline.settings();
        let mut reader = Reader {
            reading: Reading::new(context, github, key),
            reports: Vec::new(),
            annotations: 0,
            logs_left: settings.logs_per_review,
            artifacts_left: settings.artifacts_per_review,
        };
        reader.read().await?;
        let Reader { reading: Reading { gaps, lost, .. }, reports, annotations, .. } = reader;
        let evidence = Self { reports, gaps, annotations };
        for gap in &evidence.gaps {
            context.event("missed", text::cut(&text::displayable(gap), TOLD), json!({})).await?;
        }
        if evidence.reports.is_empty()
            && let Some(error) = lost
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
    reading: Reading<'a>,
    reports: Vec<Named>,
    annotations: usize,
    logs_left: usize,
    artifacts_left: usize,
}

impl Reader<'_> {
    async fn read(&mut self) -> Result<(), Stop> {
        let diff = self.diff().await?;
        // Without this list nobody knows which logs there are: it is not done without.
        let runs =
            self.reading.github.failed_runs(self.reading.repository(), &self.reading.key.head_sha).await?;
        let facts = diff.as_deref().map(|text| self.facts_of(text)).unwrap_or_default();
        let failed: usize = runs.iter().map(|run| run.jobs.len()).sum();
        let most = self.reading.context.pipeline.settings().logs_per_review;
        if failed > most {
            let left_out = failed - most;
            self.reading.gaps.push(format!("the logs of {left_out} further failed jobs were not read"));
        }
        let failed = failed.min(most);
        let head = self.reading.key.head_sha.short();
        let message =
            format!("{} and {} at {head}", of(facts.files, "changed file"), of(failed, "failed job"));
        let data = json!({
            "files": facts.files, "added": facts.added, "deleted": facts.deleted, "failed_jobs": failed,
        });
        self.reading.context.event("fetched", &message, data).await?;

        if let Some(text) = diff {
            let report = self.reading.analyze_text(ArtifactKind::Diff, "diff".to_owned(), text).await?;
            self.reports.extend(report);
        }
        for run in &runs {
            self.run(run).await?;
        }
        Ok(())
    }

    /// Reads what the jobs of a run and the reports that it kept say.
    async fn run(&mut self, run: &FailedRun) -> Result<(), Stop> {
        let mut logs = Vec::new();
        for job in &run.jobs {
            if self.logs_left == 0 {
                break;
            }
            self.logs_left -= 1;
            self.reading.context.checkpoint().await?;
            logs.extend(self.job(job).await?);
        }
        let mut reports = reports::read(&mut self.reading, run, &mut self.artifacts_left).await?;
        unite(&mut logs, &mut reports);
        self.reports.append(&mut logs);
        self.reports.append(&mut reports);
        Ok(())
    }

    async fn diff(&mut self) -> Result<Option<String>, Stop> {
        match self.reading.github.diff(&self.reading.key.pull_request).await {
            Ok(diff) => {
                self.reading.gaps.extend(diff.gaps);
                Ok(Some(diff.text))
            }
            Err(error) => {
                let gap = self.reading.do_without("the diff", error.into())?;
                self.reading.gaps.push(gap);
                Ok(None)
            }
        }
    }

    fn facts_of(&mut self, text: &str) -> DiffFacts {
        let parsed = diff::parse(text.as_bytes());
        if !parsed.problems.is_empty() {
            let places = parsed.problems.len();
            self.reading.gaps.push(format!("the diff has {places} places that could not be read"));
        }
        DiffFacts {
            files: parsed.files.len(),
            added: parsed.files.iter().map(|file| file.added).sum(),
            deleted: parsed.files.iter().map(|file| file.deleted).sum(),
        }
    }

    /// Reads what the log of a failed job says, and what its annotations say beyond it.
    async fn job(&mut self, job: &FailedJob) -> Result<Vec<Named>, Stop> {
        let (annotations, unread) = self.annotations(job).await?;
        let mut log = self.log(job).await?;
        if log.is_none() {
            // Annotations repeat the log, and many a token may not read them: missed only where it is gone.
            self.reading.gaps.extend(unread);
        }
        let mut repeated = None;
        if !annotations.is_empty() {
            self.annotations += annotations.len();
            let (name, text) = (format!("annotations of {}", job.name), annotations::as_log(&annotations));
            repeated = self.reading.analyze_text(ArtifactKind::Log, name, text).await?;
        }
        if let (Some((_, log)), Some((_, repeated))) = (&mut log, &mut repeated) {
            repeated.diagnostics = untold(std::mem::take(&mut repeated.diagnostics), &mut log.diagnostics);
        }
        Ok(log.into_iter().chain(repeated).collect())
    }

    /// The annotations that may say why a job failed, or why they could not be read.
    async fn annotations(&mut self, job: &FailedJob) -> Result<(Vec<Annotation>, Option<String>), Stop> {
        match self.reading.github.annotations(self.reading.repository(), job.id).await {
            Ok(all) => Ok((annotations::telling(all), None)),
            Err(error) => {
                let gap =
                    self.reading.do_without(&format!("the annotations of {}", job.name), error.into())?;
                Ok((Vec::new(), Some(gap)))
            }
        }
    }

    async fn log(&mut self, job: &FailedJob) -> Result<Option<Named>, Stop> {
        let what = format!("the log of {}", job.name);
        match self.reading.github.job_log(self.reading.repository(), job.id).await {
            Ok(log) => {
                let artifact = Artifact { kind: ArtifactKind::Log, name: job.name.clone(), size: None };
                self.reading.analyze(artifact, &what, log).await
            }
            Err(error) => {
                let gap = self.reading.do_without(&what, error.into())?;
                self.reading.gaps.push(gap);
                Ok(None)
            }
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
