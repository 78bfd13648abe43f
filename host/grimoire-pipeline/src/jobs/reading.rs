//! Reading from GitHub, which may lack the content, refuse it, or fail temporarily.

use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::ReviewKey;
use grimoire_jobs::{JobContext, Stop};
use grimoire_ports::github::{ByteStream, GitHub};

use crate::{AnalysisReport, Judge, PipelineError};

/// An analysis with the name of its artifact.
pub(super) type Named = (String, AnalysisReport);

/// One attempt at reading.
pub(super) struct Reading<'a> {
    pub(super) context: &'a JobContext<'a>,
    pub(super) judge: &'a Judge,
    pub(super) github: &'a dyn GitHub,
    pub(super) key: &'a ReviewKey,
    /// Descriptions of what could not be read, and why.
    pub(super) gaps: Vec<String>,
    /// The first transient failure that the last attempt ignored.
    pub(super) lost: Option<PipelineError>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        context: &'a JobContext<'a>,
        judge: &'a Judge,
        github: &'a dyn GitHub,
        key: &'a ReviewKey,
    ) -> Self {
        Self { context, judge, github, key, gaps: Vec::new(), lost: None }
    }

    pub(super) fn repository(&self) -> &'a RepositoryName {
        &self.key.pull_request.repository
    }

    /// Analyzes a text in memory.
    pub(super) async fn analyze_text(
        &mut self,
        kind: ArtifactKind,
        name: String,
        text: String,
    ) -> Result<Option<Named>, Stop> {
        let what = format!("the {name}");
        let artifact = Artifact::new(kind, &name, Some(text.len() as u64));
        let content = futures::stream::iter([Ok(bytes::Bytes::from(text))]).boxed();
        self.analyze(artifact, &what, content).await
    }

    /// Analyzes an artifact; records a gap if it cannot be read.
    pub(super) async fn analyze(
        &mut self,
        artifact: Artifact,
        what: &str,
        content: ByteStream,
    ) -> Result<Option<Named>, Stop> {
        match self.judge.analyze(&artifact, content).await {
            Ok(report) => Ok(Some((artifact.name, report))),
            Err(error) => {
                let gap = self.gap_or_stop(what, error)?;
                self.gaps.push(gap);
                Ok(None)
            }
        }
    }

    /// Describes the gap that a failure leaves, if the review can continue without it.
    pub(super) fn gap_or_stop(&mut self, what: &str, error: PipelineError) -> Result<String, Stop> {
        if error.failed_plugin().is_some() {
            // The plugin's policy does not allow a review without it.
            return Err(error.about(what).into());
        }
        let kind = error.kind();
        let error = error.about(&format!("{what} could not be read"));
        let gap = error.to_string();
        match kind {
            ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::TooLarge | ErrorKind::Invalid => Ok(gap),
            ErrorKind::Timeout | ErrorKind::Unavailable if self.context.is_last_attempt() => {
                self.lost.get_or_insert(error);
                Ok(gap)
            }
            ErrorKind::Conflict
            | ErrorKind::Unauthenticated
            | ErrorKind::TooManyRequests
            | ErrorKind::Busy
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Internal => Err(error.into()),
        }
    }
}
