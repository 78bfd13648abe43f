//! Reads: with retries, pagination and conditional requests.

use std::hash::{BuildHasher, RandomState};
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use http::header::LINK;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::cache::ResponseCache;
use super::link;
use super::refusal::{CallError, name_of};
use super::transport::{JSON, Outgoing, Transport, decode};

/// Maximum number of tries of a call.
pub(super) const TRIES: u32 = 3;
/// How pagination ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// At the last page, or when the visitor had enough.
    Ended,
    /// At the limit of pages: there are more.
    Cut,
}

impl Transport {
    /// Reads JSON, with up to three tries if the connection or GitHub fails.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, CallError> {
        Ok(self.page(&url).await?.0)
    }

    /// Reads bytes, with up to three tries if the connection or GitHub fails.
    pub(super) async fn get_bytes(&self, url: Url, accept: &'static str) -> Result<Bytes, CallError> {
        let request = Outgoing { method: Method::GET, url, accept, payload: None, tag: None };
        let mut failures = 0;
        loop {
            match self.bytes_once(&request).await {
                Err(error) => self.before_retry(error, &mut failures).await?,
                read => return read,
            }
        }
    }

    /// Reads up to `limit` pages, beginning with `first`, until `visit` asks to stop.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        first: Url,
        limit: usize,
        mut visit: impl FnMut(T) -> bool + Send,
    ) -> Result<Walk, CallError> {
        let mut seen = vec![first.clone()];
        let mut url = first;
        loop {
            let (page, next) = self.page(&url).await?;
            if !visit(page) {
                return Ok(Walk::Ended);
            }
            match next {
                None => return Ok(Walk::Ended),
                Some(_) if seen.len() == limit => return Ok(Walk::Cut),
                Some(next) if seen.contains(&next) => {
                    let message = format!("GitHub's pages lead in a circle ({})", next.path());
                    return Err(CallError::Unknown(PortError::new(ErrorKind::Unavailable, message)));
                }
                Some(next) => {
                    seen.push(next.clone());
                    url = next;
                }
            }
        }
    }

    /// Waits between a failure and the next try: about 0.3 s, then about 1.2 s, each up to half more or less.
    pub(super) async fn back_off(&self, failures: u32) {
        let base = 300_u64 << (2 * failures.saturating_sub(1)).min(6);
        let random = RandomState::new().hash_one(failures) % (base + 1);
        self.sleep(Duration::from_millis(base / 2 + random)).await;
    }

    /// Waits before another try of a repeatable call; returns the error if it is final.
    pub(super) async fn before_retry(&self, error: CallError, failures: &mut u32) -> Result<(), CallError> {
        match error {
            CallError::Unknown(error) if error.kind().is_transient() && *failures + 1 < TRIES => {
                *failures += 1;
                tracing::debug!(%error, failures, "trying again");
                self.back_off(*failures).await;
                Ok(())
            }
            error => Err(error),
        }
    }

    async fn bytes_once(&self, request: &Outgoing) -> Result<Bytes, CallError> {
        let (response, deadline) = self.settle(request, |status| status.is_success()).await?;
        self.body(&name_of(&request.method, &request.url), response, deadline).await
    }

    /// One page of JSON and the URL of the next.
    async fn page<T: DeserializeOwned>(&self, url: &Url) -> Result<(T, Option<Url>), CallError> {
        let mut failures = 0;
        loop {
            match self.page_once(url).await {
                Err(error) => self.before_retry(error, &mut failures).await?,
                read => return read,
            }
        }
    }

    async fn page_once<T: DeserializeOwned>(&self, url: &Url) -> Result<(T, Option<Url>), CallError> {
        let kept = self.cache().get(url);
        let tag = kept.as_ref().map(|kept| kept.tag.clone());
        let request = Outgoing { method: Method::GET, url: url.clone(), accept: JSON, payload: None, tag };
        let call = name_of(&request.method, url);
        let may_be_unchanged = kept.is_some();
        let (response, deadline) = self
            .settle(&request, |status| {
                status.is_success() || (may_be_unchanged && status == StatusCode::NOT_MODIFIED)
            })
            .await?;
        let base = response.url().clone();
        let mut headers = response.headers().clone();
        let (body, is_new) = match kept {
            Some(kept) if response.status() == StatusCode::NOT_MODIFIED => {
                if let Some(link) = kept.link {
                    headers.insert(LINK, link);
                }
                (kept.body, false)
            }
            _ => (self.body(&call, response, deadline).await?, true),
        };
        let value = decode(&call, &body)?;
        if is_new {
            // Not earlier: a cached garbled response would be returned forever.
            self.cache().put(url, &headers, &body);
        }
        let next = link::next(&headers).map(|target| self.inside(&call, &base, target)).transpose()?;
        Ok((value, next))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, ResponseCache> {
        // A panic can at worst lose a response, which can be requested again.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
