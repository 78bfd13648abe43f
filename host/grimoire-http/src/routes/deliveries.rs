//! The log of webhook requests.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use grimoire_domain::actor::Actor;
use grimoire_domain::delivery::{DeliveryId, VerdictKind};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::validation::FieldErrors;
use grimoire_ports::store::DeliveryFilter;
use serde::Deserialize;

use super::webhooks;
use crate::error::ApiError;
use crate::extract::query::{PageQuery, Paged};
use crate::state::Shared;
use crate::wire::delivery::{DeliveryBody, DeliveryDetailBody, VerdictWord};
use crate::wire::webhook::WebhookAnswer;

/// The filter of a list of deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only deliveries with exactly this event.
    #[param(value_type = String, required = false, example = "pull_request")]
    event: Option<String>,
    /// Only deliveries with exactly this action.
    #[param(value_type = String, required = false, example = "opened")]
    action: Option<String>,
    /// Only deliveries about this `owner/name`; letter case is ignored.
    #[param(value_type = String, required = false, example = "octo/app")]
    repository: Option<String>,
    /// Only deliveries with this verdict.
    #[param(inline, value_type = VerdictWord, required = false, example = "accepted")]
    verdict: Option<VerdictWord>,
}

/// Lists webhook requests, the latest arrival first.
///
/// Requests with a wrong signature are not kept. The setting `storage.delivery_days` says how long the others are kept.
#[utoipa::path(get, path = "/api/webhooks/deliveries", operation_id = "list_deliveries", tag = "webhooks",
    params(PageQuery, ListQuery),
    responses((status = 200, description = "A page of webhook requests", body = Vec<DeliveryBody>,
        headers(("X-Total-Count" = u64, description = "How many there are under this filter"),
            ("Link" = String, description = "The other pages: first, prev, next, last")))))]
pub(crate) async fn list(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    list: Paged<ListQuery>,
) -> Result<Response, ApiError> {
    let ListQuery { event, action, repository, verdict } = &list.filter;
    let filter = DeliveryFilter {
        event: event.clone(),
        action: action.clone(),
        repository: repository.as_deref().map(RepositoryName::parse).transpose()?,
        verdict: verdict.map(VerdictKind::from),
    };
    let found = state.pipeline.list_deliveries(&filter, list.page, &actor).await?;
    let bodies: Vec<DeliveryBody> = found.items.into_iter().map(DeliveryBody::from).collect();
    Ok((list.headers("/api/webhooks/deliveries", found.total), Json(bodies)).into_response())
}

/// Shows one webhook request with its headers, its payload and its job.
#[utoipa::path(get, path = "/api/webhooks/deliveries/{id}", operation_id = "get_delivery", tag = "webhooks",
    params(("id" = String, Path, description = "What `X-GitHub-Delivery` said", pattern = "^[A-Za-z0-9_-]{1,100}$",
        example = "72d3162e-cc78-11e3-81ab-4c9367dc0958")),
    responses((status = 200, description = "What is kept of it", body = DeliveryDetailBody)))]
pub(crate) async fn get(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDetailBody>, ApiError> {
    let delivery = state.pipeline.get_delivery(&identity(&id)?, &actor).await?;
    let job = match delivery.facts.job {
        Some(job) => Some(state.pipeline.get_job(job, &actor).await?),
        None => None,
    };
    Ok(Json(DeliveryDetailBody::new(delivery, job)))
}

/// Handles a webhook request again, as if it had just arrived.
///
/// The verdict is decided again, and the work is queued again, unless the request's job is still queued or running.
#[utoipa::path(post, path = "/api/webhooks/deliveries/{id}/redeliver", operation_id = "redeliver", tag = "webhooks",
    params(("id" = String, Path, description = "What `X-GitHub-Delivery` said", pattern = "^[A-Za-z0-9_-]{1,100}$",
        example = "72d3162e-cc78-11e3-81ab-4c9367dc0958")),
    responses(
        (status = 202, description = "Its job is queued", body = WebhookAnswer),
        (status = 200, description = "There is nothing to do, or its job is queued or running", body = WebhookAnswer)
    ))]
pub(crate) async fn redeliver(
    State(state): State<Shared>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<WebhookAnswer>), ApiError> {
    Ok(webhooks::answer(&state.pipeline.redeliver(&identity(&id)?, &actor).await?))
}

fn identity(id: &str) -> Result<DeliveryId, ApiError> {
    DeliveryId::parse(id).map_err(|_| {
        let rule = "must be 1 to 100 letters, digits, hyphens or underscores, as X-GitHub-Delivery says it";
        ApiError::fields(&FieldErrors::one("id", rule))
    })
}
