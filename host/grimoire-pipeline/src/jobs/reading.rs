//! Reading what GitHub may not have, or not give, or not have at the moment.

use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::ReviewKey;
use grimoire_ports::github::{ByteStream, GitHub};

use super::context::{JobContext, Stop};
use crate::{AnalysisReport, PipelineError};

/// What was found in an artifact, with its name.
pub(super) type Named = (String, AnalysisReport);

/// One attempt at reading.
pub(super) struct Reading<'a> {
    pub(super) context: &'a JobContext<'a>,
    pub(super) github: &'a dyn GitHub,
    pub(super) key: &'a ReviewKey,
    /// What could not be read, and why.
    pub(super) gaps: Vec<String>,
    /// The first failure in passing that the last attempt went on without.
    pub(super) lost: Option<PipelineError>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(context: &'a JobContext<'a>, github: &'a dyn GitHub, key: &'a ReviewKey) -> Self {
        Self { context, github, key, gaps: Vec::new(), lost: None }
    }

    pub(super) fn repository(&self) -> &'a RepositoryName {
        &self.key.pull_request.repository
    }

    /// Analyzes a text that is there.
    pub(super) async fn analyze_text(
        &mut self,
        kind: ArtifactKind,
        name: String,
        text: String,
    ) -> Result<Option<Named>, Stop> {
        let what = format!("the {name}");
        let artifact = Artifact { kind, name, size: Some(text.len() as u64) };
        let content = futures::stream::iter([Ok(bytes::Bytes::from(text))]).boxed();
        self.analyze(artifact, &what, content).await
    }

    /// What the analyzers find in an artifact; a gap where it cannot be read.
    pub(super) async fn analyze(
        &mut self,
        artifact: Artifact,
        what: &str,
        content: ByteStream,
    ) -> Result<Option<Named>, Stop> {
        match self.context.pipeline.analyze(&artifact, content).await {
            Ok(report) => Ok(Some((artifact.name, report))),
            Err(error) => {
                let gap = self.do_without(what, error)?;
                self.gaps.push(gap);
                Ok(None)
            }
        }
    }

    /// The gap that a failure leaves, in words, where the review can go on without what failed.
    pub(super) fn do_without(&mut self, what: &str, error: PipelineError) -> Result<String, Stop> {
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
                self.lost.get_or_insert(error);
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
