//! The OpenAPI document: the descriptions of the routes, and additions that apply to all of them.

use axum::http::Method;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content, ContentBuilder, OpenApi as Spec, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{Modify, OpenApi, ToSchema as _};

use crate::access::{Need, need};
use crate::error::ErrorBody;

/// The parts of the document outside of routes.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Grimoire",
        description = "Turns a failing pull request into a known fix.\n\n\
            Every error answer has the shape `Error`. Where the operator configured API tokens, every operation \
            but webhooks and health needs one with the permission that the operation names: `read`, `write` or \
            `admin`. Without tokens the server listens on loopback only, and nothing is needed.",
        contact(name = "Grimoire", url = "https://github.com/grimoire-ci/grimoire"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "spells", description = "The spellbook: stored fixes."),
        (name = "diagnosis", description = "From a log or an error to ranked spells."),
        (name = "webhooks", description = "What GitHub calls."),
        (name = "jobs", description = "Durable work, with a live event stream."),
        (name = "reviews", description = "What was concluded about pull requests."),
        (name = "operation", description = "Health, metrics, plugins, backups."),
    ),
    components(schemas(ErrorBody)),
    modifiers(&SecuritySchemes)
)]
pub(crate) struct Document;

/// The permission that an operation needs, for programs; the security schemes here have no scopes.
const PERMISSION: &str = "x-permission";
const NO_SCOPES: [&str; 0] = [];
/// What `If-Match` may be.
const ENTITY_TAG: &str = r#"^(\*|(W/)?"[0-9]{1,19}(\.[0-9]{1,19}){0,2}")$"#;
/// A repository of GitHub. An empty parameter is as good as none.
const REPOSITORY: &str = "^([A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100})?$";
/// The identity of a webhook request.
const DELIVERY: &str = "^[A-Za-z0-9_-]{1,100}$";

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut Spec) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let signature = ApiKeyValue::with_description(
            "X-Hub-Signature-256",
            "`sha256=` and the HMAC-SHA-256 of the body under a configured webhook secret, in hexadecimal digits",
        );
        components.add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}

/// Completes the document from the access table and from each operation's input, so that no route has to repeat
/// these facts.
pub(crate) fn completed(mut document: Spec) -> Spec {
    for (path, item) in &mut document.paths.paths {
        let PathItem { get, put, post, patch, delete, .. } = item;
        for (method, operation) in [
            (Method::GET, get),
            (Method::PUT, put),
            (Method::POST, post),
            (Method::PATCH, patch),
            (Method::DELETE, delete),
        ] {
            if let Some(operation) = operation {
                complete(operation, path, &method);
            }
        }
    }
    document
}

fn complete(operation: &mut Operation, path: &str, method: &Method) {
    let need = need(method, path);
    let (security, permission, sentence) = match need {
        Some(Need::Permission(permission)) => (
            // The empty requirement means no token, for servers without configured tokens.
            vec![SecurityRequirement::default(), SecurityRequirement::new("token", NO_SCOPES)],
            Some(permission.as_str()),
            format!("Needs the permission `{}` where API tokens are configured.", permission.as_str()),
        ),
        Some(Need::Signature) => (
            vec![SecurityRequirement::new("signature", NO_SCOPES)],
            None,
            "Needs a signature of the body.".to_owned(),
        ),
        Some(Need::Nothing) | None => (Vec::new(), None, "Needs nothing.".to_owned()),
    };
    operation.security = Some(security);
    if let Some(permission) = permission {
        let extension = ExtensionsBuilder::new().add(PERMISSION, permission).build();
        operation.extensions.get_or_insert_with(Default::default).merge(extension);
    }
    let described = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{described}\n\n{sentence}").trim().to_owned());
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        // Every operation with a body requires it.
        body.required = Some(Required::True);
        mark_bytes(&mut body.content);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            mark_bytes(&mut response.content);
        }
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { name, schema: Some(RefOr::T(Schema::Object(schema))), .. }) = parameter {
            describe(name, schema);
        }
    }
    let guarded = matches!(need, Some(Need::Permission(_)));
    let signed = need == Some(Need::Signature);
    let unsafe_method = method != Method::GET;
    let artifact = matches!(path, "/api/analyze" | "/api/diagnose");
    let body = operation.request_body.is_some();
    let component = path == "/api/plugins/{name}";
    let json = body && !artifact && !component;
    let parameters: Vec<&Parameter> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .collect();
    let with = |place: &ParameterIn| parameters.iter().any(|parameter| parameter.parameter_in == *place);
    let names_revision = parameters.iter().any(|parameter| parameter.name == "If-Match");
    let usual: [(bool, &str, &str); 14] = [
        (json || names_revision, "400", "The body is not JSON, or a header is not valid"),
        (guarded, "401", "The token is missing or unknown"),
        (
            guarded || unsafe_method,
            "403",
            "The token lacks the permission, or the request comes from a page of another origin",
        ),
        (with(&ParameterIn::Path), "404", "Not found"),
        (true, "408", "It took longer than the server allows"),
        (names_revision, "412", "`If-Match` names an older revision: it was changed in the meantime"),
        (body, "413", "The body is above the limit"),
        (json, "415", "The body must be JSON, not compressed"),
        (body && (artifact || component), "415", "The body must not be compressed"),
        (!signed, "421", "Without API tokens, only loopback host names are served"),
        (
            with(&ParameterIn::Path) || with(&ParameterIn::Query),
            "422",
            "Invalid parameters or fields, each with its problem",
        ),
        (json && !signed, "422", "Invalid fields, each with its problem"),
        (true, "500", "Internal error; the details are in the server's log"),
        (true, "503", "A part of the service cannot answer now"),
    ];
    for (applies, status, description) in usual {
        if applies {
            let responses = &mut operation.responses.responses;
            responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(error(description)));
        }
    }
}

/// Adds formats of headers and ids that the Rust types do not express.
fn describe(parameter: &str, schema: &mut Object) {
    // Headers and queries have no null: an optional value is left out.
    if let SchemaType::Array(types) = &schema.schema_type
        && let [kind, Type::Null] = types.as_slice()
    {
        schema.schema_type = SchemaType::Type(kind.clone());
    }
    schema.pattern = match parameter {
        "If-Match" => Some(ENTITY_TAG.to_owned()),
        "X-GitHub-Delivery" => Some(DELIVERY.to_owned()),
        "repository" => Some(REPOSITORY.to_owned()),
        _ => schema.pattern.take(),
    };
}

/// Marks bodies of bytes as binary: otherwise generated clients would send and expect text.
fn mark_bytes<'c>(content: impl IntoIterator<Item = (&'c String, &'c mut RefOr<Content>)>) {
    for (_, content) in content.into_iter().filter(|(kind, _)| *kind == "application/octet-stream") {
        let RefOr::T(content) = content else { continue };
        let bytes = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        content.schema = Some(bytes.into());
    }
}

fn error(description: &str) -> Response {
    let schema = Ref::from_schema_name(ErrorBody::name());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
