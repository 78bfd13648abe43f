//! Cached responses, for conditional requests.

use std::num::NonZeroUsize;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ETAG, HeaderValue, LINK};
use lru::LruCache;
use url::Url;

/// Maximum number of cached responses.
const ENTRIES: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");
/// Maximum size of a cached response in bytes.
const LARGEST: usize = 128 << 10;

/// The last responses by URL, at most 8 MiB. A request with their entity tag does not count against
/// the primary rate limit if nothing has changed.
#[derive(Debug)]
pub(super) struct ResponseCache(LruCache<Url, CachedResponse>);

/// A cached response.
#[derive(Debug, Clone)]
pub(super) struct CachedResponse {
    /// The entity tag for conditional requests.
    pub(super) tag: HeaderValue,
    /// The `Link` header, so that pagination can continue.
    pub(super) link: Option<HeaderValue>,
    /// The body.
    pub(super) body: Bytes,
}

impl Default for ResponseCache {
    fn default() -> Self {
        Self(LruCache::new(ENTRIES))
    }
}

impl ResponseCache {
    pub(super) fn get(&mut self, url: &Url) -> Option<CachedResponse> {
        self.0.get(url).cloned()
    }

    /// Stores a response that has an entity tag; removes the previous one in any case.
    pub(super) fn put(&mut self, url: &Url, headers: &HeaderMap, body: &Bytes) {
        match headers.get(ETAG) {
            Some(tag) if body.len() <= LARGEST => {
                let link = headers.get(LINK).cloned();
                self.0.put(url.clone(), CachedResponse { tag: tag.clone(), link, body: body.clone() });
            }
            _ => {
                self.0.pop(url);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    fn url(number: usize) -> Url {
        Url::parse(&format!("https://api.example/{number}")).unwrap()
    }

    fn tagged() -> HeaderMap {
        HeaderMap::from_iter([(ETAG, HeaderValue::from_static("W/\"1\""))])
    }

    #[test]
    fn the_least_recently_used_answer_makes_room() {
        let mut cache = ResponseCache::default();
        for number in 0..ENTRIES.get() {
            cache.put(&url(number), &tagged(), &Bytes::from_static(b"x"));
        }
        assert!(cache.get(&url(0)).is_some());
        cache.put(&url(ENTRIES.get()), &tagged(), &Bytes::new());
        assert!(cache.get(&url(0)).is_some());
        assert!(cache.get(&url(1)).is_none());
        assert_eq!(cache.0.len(), ENTRIES.get());
    }

    #[test]
    fn untagged_and_large_answers_are_not_kept_and_displace_older_ones() {
        let mut cache = ResponseCache::default();
        cache.put(&url(1), &tagged(), &Bytes::new());
        cache.put(&url(1), &HeaderMap::new(), &Bytes::new());
        assert!(cache.get(&url(1)).is_none());
        cache.put(&url(1), &tagged(), &Bytes::from(vec![0; LARGEST + 1]));
        assert!(cache.get(&url(1)).is_none());
    }
}
