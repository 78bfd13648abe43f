//! The OpenAPI document, made of the routes themselves.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The parts of the document that are not routes.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Grimoire",
        description = "Turns a failing pull request into a known fix.\n\n\
            Every error answer has the shape `ErrorBody`. Writes need a bearer token where the operator \
            configured any; without, the server listens on loopback only.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "spells", description = "The spellbook: stored fixes."),
        (name = "diagnosis", description = "From a log or an error to ranked spells."),
        (name = "webhooks", description = "What GitHub calls."),
        (name = "jobs", description = "Durable work, with a live event stream."),
        (name = "reviews", description = "What was concluded about pull requests."),
        (name = "operation", description = "Health, metrics, plugins."),
    ),
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
    crate::router::api().split_for_parts().1
}
