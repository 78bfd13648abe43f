//! Answers that GitHub need not send again.

use std::collections::VecDeque;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ETAG, HeaderValue, LINK};
use url::Url;

/// How many answers are kept.
const ENTRIES: usize = 64;
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 128 << 10;

/// The last answers by URL, at most 8 MiB. Asking with their entity tag costs nothing of the primary
/// rate limit where the thing has not changed.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// The least recently used first.
    entries: VecDeque<(Url, Cached)>,
}

/// An answer that was kept.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    /// The entity tag to ask with.
    pub(super) tag: HeaderValue,
    /// The `Link` header, so that walking pages goes on.
    pub(super) link: Option<HeaderValue>,
    /// The body.
    pub(super) body: Bytes,
}

impl Cache {
    pub(super) fn get(&mut self, url: &Url) -> Option<Cached> {
        let at = self.entries.iter().position(|(kept, _)| kept == url)?;
        let entry = self.entries.remove(at)?;
        let cached = entry.1.clone();
        self.entries.push_back(entry);
        Some(cached)
    }

    pub(super) fn put(&mut self, url: &Url, headers: &HeaderMap, body: &Bytes) {
        self.entries.retain(|(kept, _)| kept != url);
        let Some(tag) = headers.get(ETAG) else { return };
        if body.len() > LARGEST {
            return;
        }
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        let cached = Cached { tag: tag.clone(), link: headers.get(LINK).cloned(), body: body.clone() };
        self.entries.push_back((url.clone(), cached));
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
        let mut cache = Cache::default();
        for number in 0..ENTRIES {
            cache.put(&url(number), &tagged(), &Bytes::from_static(b"x"));
        }
        assert!(cache.get(&url(0)).is_some());
        cache.put(&url(ENTRIES), &tagged(), &Bytes::new());
        assert!(cache.get(&url(0)).is_some());
        assert!(cache.get(&url(1)).is_none());
        assert_eq!(cache.entries.len(), ENTRIES);
    }

    #[test]
    fn untagged_and_large_answers_are_not_kept_and_displace_older_ones() {
        let mut cache = Cache::default();
        cache.put(&url(1), &tagged(), &Bytes::new());
        cache.put(&url(1), &HeaderMap::new(), &Bytes::new());
        assert!(cache.get(&url(1)).is_none());
        cache.put(&url(1), &tagged(), &Bytes::from(vec![0; LARGEST + 1]));
        assert!(cache.get(&url(1)).is_none());
    }
}
