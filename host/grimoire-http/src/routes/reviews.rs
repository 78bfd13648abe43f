//! What was concluded about pull requests.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use grimoire_domain::repository::{PullRequestId, RepositoryName};

use super::spells::page_headers;
use crate::error::{ApiError, ErrorBody};
use crate::extract::path::Id;
use crate::extract::query::Parameters;
use crate::state::Shared;
use crate::wire::review::ReviewBody;

/// Lists reviews, last written first.
#[utoipa::path(get, path = "/api/reviews", operation_id = "list_reviews", tag = "reviews",
    params(
        ("skip" = Option<u64>, Query, description = "How many to pass over; 0"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100"),
        ("repository" = Option<String>, Query, description = "Of this `owner/name`")
    ),
    responses((status = 200, description = "`X-Total-Count` and `Link` tell of the rest", body = Vec<ReviewBody>)))]
pub(crate) async fn list(State(state): State<Shared>, parameters: Parameters) -> Result<Response, ApiError> {
    let page = parameters.page()?;
    let repository = parameters.text("repository").map(RepositoryName::parse).transpose()?;
    let found = state.pipeline.list_reviews(repository.as_ref(), page).await?;
    let headers = page_headers("/api/reviews", &parameters, page, found.total);
    let bodies: Vec<ReviewBody> = found.items.into_iter().map(ReviewBody::from).collect();
    Ok((headers, Json(bodies)).into_response())
}

/// The review of a pull request that was written last.
#[utoipa::path(get, path = "/api/reviews/{owner}/{name}/{number}", operation_id = "get_review", tag = "reviews",
    params(
        ("owner" = String, Path, description = "The repository's owner"),
        ("name" = String, Path, description = "The repository's name"),
        ("number" = u64, Path, description = "The pull request's number")
    ),
    responses(
        (status = 200, description = "The last review", body = ReviewBody),
        (status = 404, description = "Nothing was reviewed there", body = ErrorBody)
    ))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Path((owner, name, number)): Path<(String, String, String)>,
) -> Result<Json<ReviewBody>, ApiError> {
    let repository = RepositoryName::parse(&format!("{owner}/{name}"))?;
    let id = PullRequestId { repository, number: Id::parse("number", &number)? };
    let review = state.pipeline.latest_review(&id).await?.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", format!("{id} has not been reviewed"))
    })?;
    Ok(Json(review.into()))
}
