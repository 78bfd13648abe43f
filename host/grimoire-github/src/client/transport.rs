//! One request and its answer: token, redirects, rate limits, retries, sizes and deadlines.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH, LINK, LOCATION, USER_AGENT,
};
use http::{Method, StatusCode};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::cache::Cache;
use super::config::{Caps, Config, Timeouts};
use super::limits::{Pause, asked_wait, too_many_requests};
use super::link;
use super::origin::Api;
use super::refusal::{CallError, late, lost, name_of, refused, too_large};

/// How often a call is made before its failure is final.
pub(super) const TRIES: u32 = 3;
/// How many redirects are followed.
pub(super) const HOPS: usize = 3;
/// How many rate limits are waited out within a call.
const SHORT_WAITS: u32 = 2;

/// What is asked for as JSON.
pub(super) const JSON: &str = "application/vnd.github+json";
/// What is asked for as a diff.
pub(super) const DIFF: &str = "application/vnd.github.diff";

const API_VERSION: &str = "2022-11-28";

/// Sends requests to the API.
pub(super) struct Transport {
    pub(super) api: Api,
    pub(super) caps: Caps,
    pub(super) write_interval: Duration,
    clock: Arc<dyn Clock>,
    http: reqwest::Client,
    authorization: HeaderValue,
    user_agent: HeaderValue,
    token: SecretString,
    timeouts: Timeouts,
    patience: Duration,
    pause: Pause,
    cache: Mutex<Cache>,
}

/// A request to the API.
struct Outgoing {
    method: Method,
    url: Url,
    accept: &'static str,
    payload: Option<Bytes>,
    tag: Option<HeaderValue>,
}

/// How far pages were walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// To the last page, or until the visitor had enough.
    Ended,
    /// To the limit of pages: there are more.
    Cut,
}

impl Transport {
    pub(super) fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        let invalid = |message: &str| PortError::new(ErrorKind::Invalid, message);
        let token = config.token.expose_secret();
        if token.is_empty() {
            return Err(invalid("the GitHub token must not be empty"));
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| invalid("the GitHub token has characters that cannot be sent"))?;
        authorization.set_sensitive(true);
        Ok(Self {
            api: Api::new(config.api_base)?,
            caps: config.caps,
            write_interval: config.write_interval,
            clock,
            http: http_client(&config.timeouts).build().map_err(no_client)?,
            authorization,
            user_agent: HeaderValue::try_from(&config.user_agent)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| invalid("the user agent must be one line of text"))?,
            token: config.token,
            timeouts: config.timeouts,
            patience: config.patience,
            pause: Pause::default(),
            cache: Mutex::new(Cache::default()),
        })
    }

    /// Reads JSON, up to three times where the connection or GitHub fails.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, CallError> {
        Ok(self.page(&url).await?.0)
    }

    /// Reads bytes, up to three times where the connection or GitHub fails.
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

    /// Reads pages from `first` on, at most `limit` of them, until `visit` says that it has enough.
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

    /// Sends JSON once; a rate limit that is short is waited out, since it means that nothing was
    /// written.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        payload: &serde_json::Value,
    ) -> Result<T, CallError> {
        let payload = Some(Bytes::from(payload.to_string()));
        let request = Outgoing { method, url, accept: JSON, payload, tag: None };
        let call = name_of(&request.method, &request.url);
        let (response, deadline) = self.settle(&request, |status| status.is_success()).await?;
        decode(&call, &self.body(&call, response, deadline).await?)
    }

    /// Asks for something that may be elsewhere: the answer is a success or a 302 or 303, whose target
    /// is for the caller to judge.
    pub(super) async fn open(&self, url: &Url) -> Result<Response, CallError> {
        let request =
            Outgoing { method: Method::GET, url: url.clone(), accept: JSON, payload: None, tag: None };
        let wanted = |status: StatusCode| status.is_success() || is_elsewhere(status);
        Ok(self.settle(&request, wanted).await?.0)
    }

    /// Waits between a failure and the next try: about 0.3 s, then about 1.2 s, each half more or less.
    pub(super) async fn back_off(&self, failures: u32) {
        let base = 300_u64 << (2 * failures.saturating_sub(1)).min(6);
        let random = RandomState::new().hash_one(failures) % (base + 1);
        self.sleep(Duration::from_millis(base / 2 + random)).await;
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        if let Ok(moment) = self.now().checked_add(duration) {
            self.clock.sleep_until(moment).await;
        }
    }

    pub(super) fn now(&self) -> grimoire_domain::Timestamp {
        self.clock.now()
    }

    /// Waits before another try of something that may be repeated; gives the error back where it is
    /// final.
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
            // Only now: a garbled answer that was kept would come back for ever.
            self.cache().put(url, &headers, &body);
        }
        let next = link::next(&headers).map(|target| self.inside(&call, &base, target)).transpose()?;
        Ok((value, next))
    }

    /// Sends a request until there is an answer with a wanted status; waits for short rate limits. The
    /// deadline is that of the answer's body.
    async fn settle(
        &self,
        request: &Outgoing,
        wanted: impl Fn(StatusCode) -> bool + Sync,
    ) -> Result<(Response, Instant), CallError> {
        let limited = |wait| CallError::Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            body: Bytes::new(),
            error: too_many_requests(wait),
        };
        let call = name_of(&request.method, &request.url);
        let mut refusals = 0;
        loop {
            // Also for a limit that another call has met.
            if let Some(wait) = self.pause.remaining(self.now()) {
                if wait > self.patience {
                    return Err(limited(wait));
                }
                self.sleep(wait).await;
            }
            let deadline = Instant::now() + self.timeouts.total;
            let response = self.follow(request, deadline, &wanted).await?;
            let status = response.status();
            if wanted(status) {
                return Ok((response, deadline));
            }
            let headers = response.headers().clone();
            // A refusal is a refusal, also when its explanation does not arrive.
            let body = self.body(&call, response, deadline).await.unwrap_or_default();
            let Some(wait) = asked_wait(status, &headers, &body, self.now()) else {
                return Err(refused(&call, status, &headers, body, self.token.expose_secret()));
            };
            tracing::warn!(call, wait = wait.as_secs(), "GitHub's rate limit is reached");
            self.pause.extend(self.now(), wait);
            refusals += 1;
            if refusals > SHORT_WAITS {
                return Err(limited(wait));
            }
        }
    }

    /// Sends a request, and again where the API says that the thing has moved within the API.
    async fn follow(
        &self,
        request: &Outgoing,
        deadline: Instant,
        wanted: &(impl Fn(StatusCode) -> bool + Sync),
    ) -> Result<Response, CallError> {
        let call = name_of(&request.method, &request.url);
        let mut url = request.url.clone();
        for _ in 0..=HOPS {
            let response = self.send(&call, request, url.clone(), deadline).await?;
            let moved = matches!(response.status().as_u16(), 301 | 302 | 307 | 308);
            if wanted(response.status()) || !moved {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            url = self.inside(&call, &url, target.unwrap_or_default())?;
        }
        let error = PortError::new(ErrorKind::Unavailable, format!("GitHub redirects too often ({call})"));
        Err(CallError::Refused { status: StatusCode::LOOP_DETECTED, body: Bytes::new(), error })
    }

    async fn send(
        &self,
        call: &str,
        request: &Outgoing,
        url: Url,
        deadline: Instant,
    ) -> Result<Response, CallError> {
        // Every URL that comes here was built from the base or has been through `inside`.
        assert!(self.api.owns(&url), "the token is sent to one origin only");
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, self.user_agent.clone())
            .header("X-GitHub-Api-Version", API_VERSION)
            .header(ACCEPT, request.accept);
        if let Some(tag) = &request.tag {
            builder = builder.header(IF_NONE_MATCH, tag.clone());
        }
        if let Some(payload) = &request.payload {
            builder = builder.header(CONTENT_TYPE, "application/json").body(payload.clone());
        }
        let answer = tokio::time::timeout_at(deadline, builder.send()).await.map_err(|_| late(call))?;
        let response = answer.map_err(|error| lost(call, error))?;
        tracing::debug!(call, status = response.status().as_u16(), "GitHub answered");
        Ok(response)
    }

    async fn body(&self, call: &str, mut response: Response, deadline: Instant) -> Result<Bytes, CallError> {
        let limit = self.caps.answer;
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large(call, limit));
        }
        let mut body = BytesMut::new();
        loop {
            let chunk = tokio::time::timeout_at(deadline, response.chunk()).await.map_err(|_| late(call))?;
            match chunk.map_err(|error| lost(call, error))? {
                Some(chunk) if body.len() + chunk.len() > limit => return Err(too_large(call, limit)),
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Ok(body.freeze()),
            }
        }
    }

    /// What a redirect or link at `base` points to, where that is of the API.
    fn inside(&self, call: &str, base: &Url, target: &str) -> Result<Url, CallError> {
        match base.join(target) {
            Ok(url) if !target.is_empty() && self.api.owns(&url) => Ok(url),
            _ => Err(CallError::Refused {
                status: StatusCode::MISDIRECTED_REQUEST,
                body: Bytes::new(),
                error: PortError::new(
                    ErrorKind::Forbidden,
                    format!("GitHub points to somewhere outside its API, which is not followed ({call})"),
                ),
            }),
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        // Whoever panicked has at worst lost an answer that can be asked for again.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client whose redirects are ours to judge and whose connections go where they say.
pub(super) fn http_client(timeouts: &Timeouts) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.idle)
}

/// The error of a client that cannot be built.
pub(super) fn no_client(error: reqwest::Error) -> PortError {
    PortError::internal(
        "no encrypted connection can be made: are the root certificates (ca-certificates) installed?",
        error,
    )
}

/// Whether the thing is elsewhere for now: what job logs answer.
pub(super) fn is_elsewhere(status: StatusCode) -> bool {
    matches!(status.as_u16(), 302 | 303)
}

/// A cut or garbled answer counts as none: reads try again, writes read back.
fn decode<T: DeserializeOwned>(call: &str, body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("GitHub's answer cannot be read ({call})");
        CallError::Unknown(PortError::new(ErrorKind::Unavailable, message).with_source(error))
    })
}
