//! The reference pages, `/docs` and `/redoc`, with all resources from this server.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;
use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::state::Shared;

/// Redoc 2.5 (MIT, see `assets/redoc.LICENSE`), sent compressed as stored: every browser accepts gzip.
static REDOC: &[u8] = include_bytes!("../../assets/redoc.standalone.js.gz");

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Grimoire API reference</title>
<link rel="stylesheet" href="/redoc/page.css">
</head>
<body>
<main id="reference"></main>
<noscript>This page needs JavaScript; <a href="/openapi.json">the OpenAPI document</a> does not.</noscript>
<script src="/redoc/redoc.standalone.js"></script>
<script src="/redoc/start.js"></script>
</body>
</html>
"#;

/// Hides Redoc's footer image, which would be loaded from Redocly's servers.
const STYLE: &str = "body { margin: 0; } a[href*=\"redocly.com\"] { display: none !important; }\n";

const START: &str = "Redoc.init('/openapi.json', { hideDownloadButton: false, disableSearch: false }, \
    document.getElementById('reference'));\n";

/// `/docs`. No external service is asked to validate the document.
pub(crate) fn swagger() -> SwaggerUi {
    let config = Config::new(["/openapi.json"]).validator_url("none").try_it_out_enabled(true);
    SwaggerUi::new("/docs").config(config)
}

/// The document that both pages show, `/redoc` and its resources; the root path redirects to `/docs`.
pub(crate) fn routes(document: &OpenApi) -> Router<Shared> {
    let document = served(document);
    Router::new()
        .route("/openapi.json", get(move || async move { ([(CONTENT_TYPE, "application/json")], document) }))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
        .route("/redoc", get(|| async { Html(PAGE) }))
        .route("/redoc/page.css", get(|| async { asset("text/css", STYLE) }))
        .route("/redoc/start.js", get(|| async { asset("text/javascript", START) }))
        .route("/redoc/redoc.standalone.js", get(library))
}

/// The text of the document.
fn served(document: &OpenApi) -> Bytes {
    let document = serde_json::to_value(document).expect("the document is JSON");
    serde_json::to_vec(&Arranged(&document)).expect("the document is JSON").into()
}

/// JSON in the order in which Swagger UI shows it: `text/plain` comes before other media types, because it offers the first
/// one, and text can be sent at once, but bytes only as a file; `delete` comes after other methods.
struct Arranged<'a>(&'a Value);

impl Serialize for Arranged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name, Arranged(value))).collect();
                fields.sort_by_key(|(name, _)| match name.as_str() {
                    "text/plain" => 0,
                    "delete" => 2,
                    _ => 1,
                });
                serializer.collect_map(fields)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Arranged)),
            other => other.serialize(serializer),
        }
    }
}

async fn library() -> impl IntoResponse {
    let mut response = asset("text/javascript", REDOC).into_response();
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn asset(kind: &'static str, content: impl IntoResponse) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=86400")], content)
}
