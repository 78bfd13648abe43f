//! From a log or an error to ranked spells.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::{Extension, Json};
use futures::stream::{self, StreamExt as _};
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::text;
use grimoire_domain::validation::FieldErrors;
use grimoire_pipeline::PipelineError;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{ApiError, ErrorBody};
use crate::extract::body::{refuse_encoded, refuse_rest, too_large};
use crate::extract::intake::Flow;
use crate::extract::json::JsonBody;
use crate::extract::query::Query;
use crate::state::{Shared, SharedState};
use crate::wire::diagnosis::{
    AnalysisBody, ArtifactWord, DiagnosisBody, MatchBody, MatchInput, Provenance, fixes_and_hints,
};
use crate::wire::diagnostic::DiagnosticBody;

/// The kind and name of an uploaded artifact.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArtifactQuery {
    /// The kind of text; `log` by default.
    #[param(inline, value_type = ArtifactWord, required = false, example = "log")]
    kind: Option<ArtifactWord>,
    /// A display name.
    #[param(value_type = String, required = false, example = "build")]
    name: Option<String>,
    /// The `owner/name` of the repository that the input comes from: spells for it are offered in addition to the
    /// global ones.
    #[param(value_type = String, required = false, example = "octo/app")]
    repository: Option<String>,
}

impl ArtifactQuery {
    fn repository(&self) -> Result<Option<RepositoryName>, FieldErrors> {
        self.repository.as_deref().map(RepositoryName::parse).transpose()
    }
}

/// Extracts diagnostics from an artifact. The body is the artifact itself, streamed.
#[utoipa::path(post, path = "/api/analyze", operation_id = "analyze", tag = "diagnosis",
    params(ArtifactQuery),
    request_body(description = "The artifact, any bytes", content(
        (String = "text/plain", example = "error[E0382]: use of moved value: `names`\n --> src/main.rs:4:20\n"),
        (String = "application/octet-stream")
    )),
    responses(
        (status = 200, description = "What was found", body = AnalysisBody),
        (status = 503, description = "Too many concurrent analyses, or a plugin with the failure policy `fail` failed", body = ErrorBody),
        (status = 504, description = "The content stopped, or such a plugin took too long", body = ErrorBody)
    ))]
pub(crate) async fn analyze(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<ArtifactQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<AnalysisBody>, ApiError> {
    let judge = state.pipeline.judge(&actor)?.for_repository(query.repository()?);
    let upload = Upload::begin(&state, &query, &headers, body).await?;
    let report = judge.analyze(&upload.artifact, upload.content).await;
    let report = report.map_err(|error| failure(&state, &upload.read, error))?;
    Ok(Json(AnalysisBody {
        diagnostics: report
            .diagnostics
            .into_iter()
            .map(|counted| DiagnosticBody::new(counted.diagnostic, counted.count))
            .collect(),
        bytes: report.bytes,
        degraded: report.degraded,
        gaps: report.gaps,
        provenance: Provenance::new(report.generation, report.plugins, report.problems, report.routes),
    }))
}

/// Ranks spells for one error.
#[utoipa::path(post, path = "/api/match", operation_id = "match_error", tag = "diagnosis", request_body = MatchInput,
    responses(
        (status = 200, description = "The spells that fit, best first", body = MatchBody),
        (status = 503, description = "The matcher failed, and its failure policy is `fail`", body = ErrorBody),
        (status = 504, description = "The same, because it took too long", body = ErrorBody)
    ))]
pub(crate) async fn match_error(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    JsonBody((report, repository)): JsonBody<MatchInput>,
) -> Result<Json<MatchBody>, ApiError> {
    let report = state.pipeline.judge(&actor)?.for_repository(repository).match_error(report).await?;
    let (spells, hints) = fixes_and_hints(report.spells);
    Ok(Json(MatchBody {
        spells,
        hints,
        degraded: report.degraded,
        sequence: report.sequence.0,
        matchers: report.matchers.into_iter().map(Into::into).collect(),
        provenance: Provenance::new(report.generation, report.plugins, report.problems, report.route),
    }))
}

/// Extracts diagnostics from an artifact and ranks spells for each of them.
#[utoipa::path(post, path = "/api/diagnose", operation_id = "diagnose", tag = "diagnosis",
    params(ArtifactQuery),
    request_body(description = "The artifact, any bytes", content(
        (String = "text/plain", example = "error[E0382]: use of moved value: `names`\n --> src/main.rs:4:20\n"),
        (String = "application/octet-stream")
    )),
    responses(
        (status = 200, description = "The errors with matching spells", body = DiagnosisBody),
        (status = 503, description = "Too many concurrent analyses, or a plugin with the failure policy `fail` failed", body = ErrorBody),
        (status = 504, description = "The content stopped, or such a plugin took too long", body = ErrorBody)
    ))]
pub(crate) async fn diagnose(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<ArtifactQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DiagnosisBody>, ApiError> {
    let judge = state.pipeline.judge(&actor)?.for_repository(query.repository()?);
    let upload = Upload::begin(&state, &query, &headers, body).await?;
    let diagnosis = judge.diagnose(&upload.artifact, upload.content).await;
    Ok(Json(diagnosis.map_err(|error| failure(&state, &upload.read, error))?.into()))
}

/// Maximum length of an artifact's name in bytes.
const NAME: usize = 255;

/// An uploaded artifact.
struct Upload {
    artifact: Artifact,
    content: ByteStream,
    read: Arc<AtomicU64>,
    /// Held until the analysis is done.
    _place: OwnedSemaphorePermit,
}

impl Upload {
    /// Checks the request's headers and waits for the first chunk: slots are only for content that flows.
    async fn begin(
        state: &SharedState,
        query: &ArtifactQuery,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, ApiError> {
        let kind = query.kind.map_or(ArtifactKind::Log, ArtifactKind::from);
        let limit = state.options.artifact_limit;
        refuse_encoded(headers)?;
        let size = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if size.is_some_and(|size| size > limit) {
            return Err(refuse_rest(body, limit));
        }
        let mut artifact = Artifact::new(kind, query.name.as_deref().unwrap_or_default(), size);
        artifact.name.truncate(text::cut(&artifact.name, NAME).len());

        let mut chunks = body.into_data_stream();
        let mut flow = Flow::new(state.options.upload_rate, state.options.upload_grace);
        let first = flow.next(&mut chunks).await.transpose().map_err(PipelineError::from)?;
        let place = state.uploads.take()?;
        let rest = stream::unfold((flow, chunks), |(mut flow, mut chunks)| async move {
            let chunk = flow.next(&mut chunks).await?;
            Some((chunk, (flow, chunks)))
        });
        let read = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&read);
        let content = stream::iter(first.map(Ok)).chain(rest).map(move |chunk| {
            let chunk = chunk?;
            let total = counter.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64;
            if total > limit {
                return Err(PortError::new(ErrorKind::TooLarge, format!("the body is above {limit} bytes")));
            }
            Ok(chunk)
        });
        Ok(Self { artifact, content: content.boxed(), read, _place: place })
    }
}

/// Distinguishes a body above the limit from other failures.
fn failure(state: &SharedState, read: &AtomicU64, error: PipelineError) -> ApiError {
    let limit = state.options.artifact_limit;
    if read.load(Ordering::Relaxed) > limit { too_large(limit) } else { error.into() }
}
