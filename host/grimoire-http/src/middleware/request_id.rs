//! One id per request, through the logs and back to the caller.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries the id both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that is being answered. Visible ASCII.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// Takes the caller's id where it is a plain one, else makes one.
    pub(super) fn of(request: &Request) -> Self {
        let given = request.headers().get(&HEADER).filter(|value| is_plain(value.as_bytes()));
        Self(given.cloned().unwrap_or_else(Self::fresh))
    }

    /// Random once per process and counted from there: unique, and no call of the system's random
    /// numbers for every request. It identifies and protects nothing.
    fn fresh() -> HeaderValue {
        static START: LazyLock<(u64, AtomicU64)> = LazyLock::new(|| {
            let (high, low) = Uuid::new_v4().as_u64_pair();
            (high, AtomicU64::new(low))
        });
        let (high, low) = &*START;
        let id = Uuid::from_u64_pair(*high, low.fetch_add(1, Ordering::Relaxed));
        let mut buffer = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Tells the caller.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(HEADER, self.0);
    }
}

/// Whether a caller's id can stand in logs and headers as it is.
fn is_plain(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
