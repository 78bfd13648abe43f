//! From a log or an error to ranked spells.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::text;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;

use crate::error::{ApiError, ErrorBody};
use crate::extract::json::{JsonBody, refuse_encoded, refuse_rest, too_large};
use crate::extract::query::Parameters;
use crate::state::{AppState, Shared};
use crate::wire::diagnosis::{
    AnalysisBody, DiagnosisBody, DiagnosticBody, MatchBody, MatchInput, Provenance,
};

/// Extracts diagnostics from an artifact. The body is the artifact itself, streamed.
#[utoipa::path(post, path = "/api/analyze", operation_id = "analyze", tag = "diagnosis",
    params(
        ("kind" = Option<String>, Query, description = "`log` (default), `diff`, `text` or `report`: a file of XML, JSON or SARIF"),
        ("name" = Option<String>, Query, description = "A name for people")
    ),
    request_body(content = String, content_type = "text/plain", description = "The artifact, any bytes"),
    responses(
        (status = 200, description = "What was found", body = AnalysisBody),
        (status = 413, description = "Above the configured cap", body = ErrorBody),
        (status = 503, description = "Too many analyses at once, or a plugin failed whose failure policy lets nothing stand in", body = ErrorBody),
        (status = 504, description = "The content stopped, or such a plugin took too long", body = ErrorBody)
    ))]
pub(crate) async fn analyze(
    State(state): State<Shared>,
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<AnalysisBody>, ApiError> {
    let (artifact, stream, read) = artifact(&state, &parameters, &headers, body)?;
    let report = match state.pipeline.analyze(&artifact, stream).await {
        Ok(report) => report,
        Err(error) => return Err(read.error(&state).unwrap_or_else(|| error.into())),
    };
    Ok(Json(AnalysisBody {
        diagnostics: report
            .diagnostics
            .into_iter()
            .map(|counted| DiagnosticBody::new(counted.diagnostic, counted.count))
            .collect(),
        bytes: report.bytes,
        degraded: report.degraded,
        gaps: report.gaps,
        provenance: Provenance::new(report.generation, report.plugins, report.problems),
    }))
}

/// Ranks spells for one error.
#[utoipa::path(post, path = "/api/match", operation_id = "match_error", tag = "diagnosis", request_body = MatchInput,
    responses(
        (status = 200, description = "The spells that fit, best first", body = MatchBody),
        (status = 422, description = "Every field that is wrong is named", body = ErrorBody),
        (status = 503, description = "The matcher failed, and its failure policy lets nothing stand in", body = ErrorBody),
        (status = 504, description = "The same, because it took too long", body = ErrorBody)
    ))]
pub(crate) async fn match_error(
    State(state): State<Shared>,
    JsonBody(input): JsonBody<MatchInput>,
) -> Result<Json<MatchBody>, ApiError> {
    let report = state.pipeline.match_error(input.into()).await?;
    Ok(Json(MatchBody {
        spells: report.spells.into_iter().map(Into::into).collect(),
        degraded: report.degraded,
        sequence: report.sequence.0,
        provenance: Provenance::new(report.generation, report.plugins, report.problems),
    }))
}

/// Extracts diagnostics from an artifact and ranks spells for each of them.
#[utoipa::path(post, path = "/api/diagnose", operation_id = "diagnose", tag = "diagnosis",
    params(
        ("kind" = Option<String>, Query, description = "`log` (default), `diff`, `text` or `report`: a file of XML, JSON or SARIF"),
        ("name" = Option<String>, Query, description = "A name for people")
    ),
    request_body(content = String, content_type = "text/plain", description = "The artifact, any bytes"),
    responses(
        (status = 200, description = "What was found, and what helps", body = DiagnosisBody),
        (status = 413, description = "Above the configured cap", body = ErrorBody),
        (status = 503, description = "Too many analyses at once, or a plugin failed whose failure policy lets nothing stand in", body = ErrorBody),
        (status = 504, description = "The content stopped, or such a plugin took too long", body = ErrorBody)
    ))]
pub(crate) async fn diagnose(
    State(state): State<Shared>,
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DiagnosisBody>, ApiError> {
    let (artifact, stream, read) = artifact(&state, &parameters, &headers, body)?;
    match state.pipeline.diagnose(&artifact, stream).await {
        Ok(diagnosis) => Ok(Json(diagnosis.into())),
        Err(error) => Err(read.error(&state).unwrap_or_else(|| error.into())),
    }
}

/// How much of a body was read: tells a body above the cap from other failures.
#[derive(Clone, Default)]
struct Read(Arc<AtomicU64>);

impl Read {
    fn error(&self, state: &Shared) -> Option<ApiError> {
        let limit = state.options.artifact_limit;
        (self.0.load(Ordering::Relaxed) > limit).then(|| too_large(limit))
    }
}

fn artifact(
    state: &AppState,
    parameters: &Parameters,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Artifact, ByteStream, Read), ApiError> {
    let kind = parameters
        .choice(
            "kind",
            &[
                ("log", ArtifactKind::Log),
                ("diff", ArtifactKind::Diff),
                ("text", ArtifactKind::Text),
                ("report", ArtifactKind::Report),
            ],
        )?
        .unwrap_or(ArtifactKind::Log);
    let limit = state.options.artifact_limit;
    refuse_encoded(headers)?;
    let size = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if size.is_some_and(|size| size > limit) {
        return Err(refuse_rest(body, limit));
    }
    let name = text::cut(parameters.text("name").unwrap_or_default(), 255);
    let artifact = Artifact { kind, name: text::displayable(name).into_owned(), size };
    let read = Read::default();
    let counter = read.clone();
    let stream = body.into_data_stream().map(move |chunk| {
        let chunk =
            chunk.map_err(|_| PortError::new(ErrorKind::Invalid, "the body ended before it was complete"))?;
        let total = counter.0.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64;
        if total > limit {
            return Err(PortError::new(ErrorKind::TooLarge, format!("the body is above {limit} bytes")));
        }
        Ok(chunk)
    });
    Ok((artifact, stream.boxed(), read))
}
