//! Reviews of pull requests.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use grimoire_domain::actor::Actor;
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::path::Id;
use crate::extract::query::{PageQuery, Paged};
use crate::state::Shared;
use crate::wire::review::ReviewBody;

/// The filter of a list of reviews.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only reviews of this `owner/name`.
    #[param(value_type = String, required = false, example = "octo/app")]
    repository: Option<String>,
}

/// Lists reviews, the last written first.
#[utoipa::path(get, path = "/api/reviews", operation_id = "list_reviews", tag = "reviews",
    params(PageQuery, ListQuery),
    responses((status = 200, description = "A page of reviews", body = Vec<ReviewBody>,
        headers(("X-Total-Count" = u64, description = "How many there are under this filter"),
            ("Link" = String, description = "The other pages: first, prev, next, last")))))]
pub(crate) async fn list(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    list: Paged<ListQuery>,
) -> Result<Response, ApiError> {
    let repository = list.filter.repository.as_deref().map(RepositoryName::parse).transpose()?;
    let found = state.pipeline.list_reviews(repository.as_ref(), list.page, &actor).await?;
    let bodies: Vec<ReviewBody> = found.items.into_iter().map(ReviewBody::from).collect();
    Ok((list.headers("/api/reviews", found.total), Json(bodies)).into_response())
}

/// Returns the last written review of a pull request.
#[utoipa::path(get, path = "/api/reviews/{owner}/{name}/{number}", operation_id = "get_review", tag = "reviews",
    params(
        ("owner" = String, Path, description = "The repository's owner", pattern = "^[A-Za-z0-9._-]{1,100}$", example = "octo"),
        ("name" = String, Path, description = "The repository's name", pattern = "^[A-Za-z0-9._-]{1,100}$", example = "app"),
        ("number" = u64, Path, description = "The pull request's number", example = 7)
    ),
    responses((status = 200, description = "The last review", body = ReviewBody)))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path((owner, name, number)): Path<(String, String, String)>,
) -> Result<Json<ReviewBody>, ApiError> {
    let repository = RepositoryName::parse(&format!("{owner}/{name}"))?;
    let id = PullRequestId { repository, number: Id::parse("number", &number)? };
    let review = state.pipeline.latest_review(&id, &actor).await?.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "REVIEW_NOT_FOUND", format!("{id} has not been reviewed"))
    })?;
    Ok(Json(review.into()))
}
