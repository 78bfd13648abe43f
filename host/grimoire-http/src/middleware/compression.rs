//! Compressed answers for those who ask for them.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures::FutureExt as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::Compression;

static BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The encodings that the caller says it can read.
#[derive(Debug)]
pub(super) struct Accepted(Vec<HeaderValue>);

impl Accepted {
    /// What the request says; most programs say nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(ACCEPT_ENCODING).iter().cloned().collect())
    }

    /// The answer as the caller wants it. Has to come after everything that may replace a body: a new
    /// one must not be announced with the encoding of the old one.
    pub(super) fn encoded(self, mut response: Response) -> Response {
        if self.0.is_empty() {
            announce(&mut response);
            return response;
        }
        let mut request = Request::new(Body::empty());
        for value in self.0 {
            request.headers_mut().append(ACCEPT_ENCODING, value);
        }
        let mut made = Some(response);
        let answered =
            service_fn(move |_: Request| ready(Ok::<Response, Infallible>(made.take().unwrap_or_default())));
        let encoded = Compression::new(answered).oneshot(request).now_or_never();
        let Ok(response) = encoded.expect("an answer that is there is encoded at once");
        response.map(Body::new)
    }
}

/// Tells caches that another caller may get the same answer in another form; also of what is too small to be
/// compressed or is so already, as finding that out takes longer than a header.
fn announce(response: &mut Response) {
    let headers = response.headers_mut();
    if !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_RANGE) {
        headers.append(VARY, BY_ENCODING.clone());
    }
}
