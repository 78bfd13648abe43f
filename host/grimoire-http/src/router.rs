//! The table of contents: every path, grouped by caller.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::middleware;
use crate::openapi::{self, Document};
use crate::routes::{
    admin, deliveries, diagnosis, health, jobs, metrics, plugins, reference, reviews, spellbook, spells,
    webhooks,
};
use crate::state::{AppState, HttpOptions, Shared, SharedState};

/// Routes that GitHub calls.
fn for_github() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(webhooks::receive)).routes(alias(
        routes!(webhooks::receive),
        "/webhook",
        "/webhooks/github",
    ))
}

/// Routes for people and programs that read.
fn for_readers() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(spells::list))
        .routes(routes!(spells::get))
        .routes(routes!(spells::revisions))
        .routes(routes!(diagnosis::match_error))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::get))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
}

/// Routes for maintainers of the spellbook and the queue.
fn for_writers() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(spells::create))
        .routes(routes!(spells::replace, spells::patch, spells::delete))
        .routes(routes!(spells::restore))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(deliveries::redeliver))
}

/// Routes for operators and their monitoring.
fn for_operators() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::events))
        .routes(routes!(plugins::list))
        .routes(routes!(health::overall))
        .routes(routes!(health::part))
        .routes(routes!(metrics::render))
}

/// Routes without a fixed time limit, because they take as long as their content flows: spellbooks, artifacts, backups,
/// and plugins, which are compiled.
fn for_content() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(plugins::get, plugins::install, plugins::remove))
        .routes(routes!(plugins::cases))
        .routes(routes!(plugins::activate))
        .routes(routes!(plugins::roll_back))
        .routes(routes!(spellbook::export))
        .routes(routes!(spellbook::import))
        .routes(routes!(diagnosis::analyze))
        .routes(routes!(diagnosis::diagnose))
        .routes(routes!(admin::back_up))
}

/// Every route of the OpenAPI document. A request that exceeds its time limit is answered with 408 and its handler is
/// dropped. Streamed responses have no limit: the events of a job continue as long as the job.
///
/// For writes, the short limit covers only the reading of the body; after that they wait for the store, because a
/// caller must not get a timeout for a write that still takes place.
fn api(options: &HttpOptions) -> OpenApiRouter<Shared> {
    let limit = |time| TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, time);
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(for_github().layer(limit(options.artifact_timeout)))
        .merge(for_readers().layer(limit(options.request_timeout)))
        .merge(for_writers().layer(limit(options.artifact_timeout)))
        .merge(for_operators().layer(limit(options.request_timeout)))
        .merge(for_content().layer(limit(options.artifact_timeout)))
}

/// The complete HTTP service.
pub fn router(state: AppState) -> Router {
    let state = Arc::new(SharedState::new(state));
    let (routes, document) = api(&state.options).split_for_parts();
    let routes = routes
        .merge(reference::swagger())
        .merge(reference::routes(&openapi::completed(document)))
        .fallback(|| async { StatusCode::NOT_FOUND });
    middleware::wrap(routes, &state).with_state(state)
}

/// The OpenAPI document (3.1), generated from the routes.
pub fn openapi_document() -> OpenApi {
    openapi::completed(api(&HttpOptions::default()).into_openapi())
}

/// The same route at another path. Its documentation is that of the first one, and refers to it.
fn alias<S>(route: UtoipaMethodRouter<S>, path: &str, alias: &str) -> UtoipaMethodRouter<S> {
    let (schemas, mut paths, router) = route;
    if let Some(mut item) = paths.paths.remove(path) {
        let PathItem { get, put, post, patch, delete, .. } = &mut item;
        for operation in [get, put, post, patch, delete].into_iter().flatten() {
            let name = operation.operation_id.as_deref().unwrap_or_default();
            operation.operation_id = Some(format!("{name}_alias"));
            let summary = operation.summary.as_deref().unwrap_or_default().trim_end_matches('.');
            operation.summary = Some(format!("{summary}, as {path} does."));
            operation.description = None;
        }
        paths.paths.insert(alias.to_owned(), item);
    }
    (schemas, paths, router)
}
