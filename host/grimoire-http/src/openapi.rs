//! The OpenAPI document, made of the routes themselves.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema as _};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::error::ErrorBody;

/// The parts of the document that are not routes.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Grimoire",
        description = "Turns a failing pull request into a known fix.\n\n\
            Every error answer has the shape `ErrorBody`. Writes need a bearer token where the operator \
            configured any; without, the server listens on loopback only.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "spells", description = "The spellbook: stored fixes."),
        (name = "diagnosis", description = "From a log or an error to ranked spells."),
        (name = "webhooks", description = "What GitHub calls."),
        (name = "jobs", description = "Durable work, with a live event stream."),
        (name = "reviews", description = "What was concluded about pull requests."),
        (name = "operation", description = "Health, metrics, plugins, backups."),
    ),
    components(schemas(ErrorBody)),
    modifiers(&BearerToken)
)]
pub(crate) struct Document;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The whole document: OpenAPI 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    completed(crate::router::api().split_for_parts().1)
}

/// The same route at another path. Its documentation is that of the first one, which it names.
pub(crate) fn alias<S>(route: UtoipaMethodRouter<S>, path: &str, alias: &str) -> UtoipaMethodRouter<S> {
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

/// The document with the answers that follow from what an operation takes, so that no route has to
/// repeat them.
pub(crate) fn completed(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, patch, delete, .. } = item;
        for operation in [get, put, post, patch, delete].into_iter().flatten() {
            complete(operation);
        }
    }
    document
}

fn complete(operation: &mut Operation) {
    let writes = operation.security.is_some();
    let artifact = operation.tags.iter().flatten().any(|tag| tag == "diagnosis");
    let body = operation.request_body.is_some();
    let json = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        Some(RefOr::Ref(_)) | None => false,
    };
    let asked = operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
    let usual: [(bool, &str, &str); 10] = [
        (json, "400", "The body is not JSON"),
        (writes, "401", "A token is needed, or the one sent is not known"),
        (writes, "403", "A page of another origin may not write"),
        (body, "408", "The body did not arrive in time"),
        (body, "413", "The body is above the limit"),
        (json, "415", "The body must be JSON"),
        (artifact, "415", "The body must not be compressed"),
        (asked || json, "422", "A parameter or a field is not valid"),
        (true, "500", "An internal error: nothing is told, the log has it"),
        (true, "503", "A part of the service cannot answer now"),
    ];
    for (applies, status, description) in usual {
        if applies {
            let responses = &mut operation.responses.responses;
            responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(error(description)));
        }
    }
}

fn error(description: &str) -> Response {
    let schema = Ref::from_schema_name(ErrorBody::name());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
