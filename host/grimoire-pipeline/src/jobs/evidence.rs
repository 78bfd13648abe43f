//! The evidence for a review: the diff, the logs and annotations of the failed jobs, and the reports that their
//! runs uploaded.
//!
//! Anything that GitHub does not have or refuses becomes a described gap of the review. A transient
//! failure ends the attempt, since a later one may succeed. The last attempt continues without: a fix
//! for one log is worth more than silence about all of them.

use std::collections::BTreeMap;

use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::review::ReviewKey;
use grimoire_domain::text;
use grimoire_jobs::{JobContext, Progress, Stop};
use grimoire_ports::github::{Annotation, CommitRuns, FailedJob, FailedRun, GitHub};
use serde_json::json;

use super::reading::{Named, Reading};
use super::{annotations, reports};
use crate::unite::{not_in_log, unite};
use crate::{Judge, PipelineError};

/// Maximum length of a gap in an event, in bytes. Names of jobs may have any length.
const TOLD: usize = 400;

/// The results of reading for a review.
pub(super) struct Evidence {
    /// The findings of the analyzers, with the names of their artifacts.
    pub(super) reports: Vec<Named>,
    /// Descriptions of what could not be read, and why.
    pub(super) gaps: Vec<String>,
    /// The web pages of the jobs, by the names of their logs.
    pub(super) pages: BTreeMap<String, String>,
    /// True if every workflow run had ended with success.
    pub(super) green: bool,
    /// Number of annotations read.
    annotations: usize,
    /// The first transient failure that the last attempt ignored.
    lost: Option<PipelineError>,
}

impl Evidence {
    /// Fetches the diff and the list of failed jobs, and reports what there is to read.
    pub(super) async fn fetch<'a>(
        context: &'a JobContext<'a>,
        judge: &'a Judge,
        github: &'a dyn GitHub,
        key: &'a ReviewKey,
    ) -> Result<(Sources<'a>, Progress), Stop> {
        let settings = judge.pipeline.settings();
        let mut sources = Sources {
            reading: Reading::new(context, judge, github, key),
            diff: None,
            runs: CommitRuns::default(),
            reports: Vec::new(),
            pages: BTreeMap::new(),
            annotations: 0,
            logs_left: settings.logs_per_review,
            artifacts_left: settings.artifacts_per_review,
        };
        let fetched = sources.fetch().await?;
        Ok((sources, fetched))
    }

    /// One event for each gap.
    pub(super) fn gap_events(&self) -> impl Iterator<Item = Progress> {
        let shown = |gap: &String| text::cut(&text::displayable(gap), TOLD).to_owned();
        self.gaps.iter().map(move |gap| Progress::new("missed", shown(gap), json!({})))
    }

    /// A summary of what was read, as one event.
    pub(super) fn summary(&self) -> Progress {
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
        Progress::new("analyzed", message, data)
    }

    /// Returns the evidence, unless it is empty because of a transient failure; then returns the failure.
    pub(super) fn or_transient_failure(mut self) -> Result<Self, Stop> {
        match self.lost.take() {
            Some(error) if self.reports.is_empty() => Err(error.into()),
            _ => Ok(self),
        }
    }
}

/// The sources to read, and the progress so far.
pub(super) struct Sources<'a> {
    reading: Reading<'a>,
    diff: Option<String>,
    runs: CommitRuns,
    reports: Vec<Named>,
    pages: BTreeMap<String, String>,
    annotations: usize,
    logs_left: usize,
    artifacts_left: usize,
}

impl Sources<'_> {
    async fn fetch(&mut self) -> Result<Progress, Stop> {
        self.diff = self.fetch_diff().await?;
        // Without this list the logs are unknown, so there is no review without it.
        self.runs = self.reading.github.runs(self.reading.repository(), &self.reading.key.head_sha).await?;
        let facts = self.diff_facts();
        let failed: usize = self.runs.failed.iter().map(|run| run.jobs.len()).sum();
        let most = self.logs_left;
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
        Ok(Progress::new("fetched", message, data))
    }

    /// Reads everything.
    pub(super) async fn read(mut self) -> Result<Evidence, Stop> {
        if let Some(text) = self.diff.take() {
            let report = self.reading.analyze_text(ArtifactKind::Diff, "diff".to_owned(), text).await?;
            self.reports.extend(report);
        }
        let green = self.runs.is_green();
        for run in std::mem::take(&mut self.runs.failed) {
            self.run(&run).await?;
        }
        let Self { reading: Reading { gaps, lost, .. }, reports, pages, annotations, .. } = self;
        Ok(Evidence { reports, gaps, pages, green, annotations, lost })
    }

    /// Reads the failed jobs of a run and the reports that it uploaded.
    async fn run(&mut self, run: &FailedRun) -> Result<(), Stop> {
        let mut logs = Vec::new();
        for job in &run.jobs {
            if self.logs_left == 0 {
                break;
            }
            self.logs_left -= 1;
            self.reading.context.checkpoint().await?;
            logs.extend(self.job(job).await?);
            self.pages.extend(job.page.clone().map(|page| (job.name.clone(), page)));
        }
        let mut reports = reports::read(&mut self.reading, run, &mut self.artifacts_left).await?;
        unite(&mut logs, &mut reports);
        self.reports.append(&mut logs);
        self.reports.append(&mut reports);
        Ok(())
    }

    async fn fetch_diff(&mut self) -> Result<Option<String>, Stop> {
        match self.reading.github.diff(&self.reading.key.pull_request).await {
            Ok(diff) => {
                self.reading.gaps.extend(diff.gaps);
                Ok(Some(diff.text))
            }
            Err(error) => {
                let gap = self.reading.gap_or_stop("the diff", error.into())?;
                self.reading.gaps.push(gap);
                Ok(None)
            }
        }
    }

    fn diff_facts(&mut self) -> DiffFacts {
        let Some(text) = &self.diff else { return DiffFacts::default() };
        let parsed = grimoire_diff::parse(text.as_bytes());
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

    /// Reads the log of a failed job, and the annotations that add to it.
    async fn job(&mut self, job: &FailedJob) -> Result<Vec<Named>, Stop> {
        let (annotations, unread) = self.annotations(job).await?;
        let mut log = self.log(job).await?;
        if log.is_none() {
            // Annotations repeat the log, and many tokens may not read them: a gap only without the log.
            self.reading.gaps.extend(unread);
        }
        let mut repeated = None;
        if !annotations.is_empty() {
            self.annotations += annotations.len();
            let (name, text) = (format!("annotations of {}", job.name), annotations::as_log(&annotations));
            repeated = self.reading.analyze_text(ArtifactKind::Log, name, text).await?;
        }
        if let (Some((_, log)), Some((_, repeated))) = (&mut log, &mut repeated) {
            repeated.diagnostics =
                not_in_log(std::mem::take(&mut repeated.diagnostics), &mut log.diagnostics);
        }
        Ok(log.into_iter().chain(repeated).collect())
    }

    /// The annotations that may say why a job failed, or why they could not be read.
    async fn annotations(&mut self, job: &FailedJob) -> Result<(Vec<Annotation>, Option<String>), Stop> {
        match self.reading.github.annotations(self.reading.repository(), job.id).await {
            Ok(all) => Ok((annotations::informative(all), None)),
            Err(error) => {
                let gap =
                    self.reading.gap_or_stop(&format!("the annotations of {}", job.name), error.into())?;
                Ok((Vec::new(), Some(gap)))
            }
        }
    }

    async fn log(&mut self, job: &FailedJob) -> Result<Option<Named>, Stop> {
        let what = format!("the log of {}", job.name);
        match self.reading.github.job_log(self.reading.repository(), job.id).await {
            Ok(log) => {
                let artifact = Artifact::new(ArtifactKind::Log, &job.name, None);
                self.reading.analyze(artifact, &what, log).await
            }
            Err(error) => {
                let gap = self.reading.gap_or_stop(&what, error.into())?;
                self.reading.gaps.push(gap);
                Ok(None)
            }
        }
    }
}

/// A count with its noun, in the plural if necessary.
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
