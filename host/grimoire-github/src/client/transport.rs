//! One request and its response: token, redirects, rate limits, retries, sizes and deadlines.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH, LOCATION, USER_AGENT};
use http::{Method, StatusCode};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::cache::ResponseCache;
use super::config::{Caps, Config, Timeouts};
use super::limits::{Pause, asked_wait, too_many_requests};
use super::origin::Api;
use super::refusal::{CallError, late, lost, name_of, refused, too_large};

/// Maximum number of redirects.
pub(super) const HOPS: usize = 3;
/// Maximum number of rate limits that are waited for within a call.
const SHORT_WAITS: u32 = 2;

/// The media type for JSON.
pub(super) const JSON: &str = "application/vnd.github+json";
/// The media type for diffs.
pub(super) const DIFF: &str = "application/vnd.github.diff";

const API_VERSION: &str = "2022-11-28";

/// The state that all installations share: the API's address and the HTTP client.
pub(super) struct Connection {
    pub(super) api: Api,
    pub(super) caps: Caps,
    pub(super) write_interval: Duration,
    clock: Arc<dyn Clock>,
    http: reqwest::Client,
    user_agent: HeaderValue,
    timeouts: Timeouts,
    patience: Duration,
}

impl Connection {
    pub(super) fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        Ok(Self {
            api: Api::new(config.api_base.clone())?,
            caps: config.caps,
            write_interval: config.write_interval,
            clock,
            http: http_client(&config.timeouts).build().map_err(no_client)?,
            user_agent: HeaderValue::try_from(&config.user_agent)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    PortError::new(ErrorKind::Invalid, "the user agent must be one line of text")
                })?,
            timeouts: config.timeouts,
            patience: config.patience,
        })
    }
}

/// Sends requests to the API with one token.
pub(super) struct Transport {
    connection: Arc<Connection>,
    authorization: HeaderValue,
    token: SecretString,
    pause: Pause,
    pub(super) cache: Mutex<ResponseCache>,
}

impl Deref for Transport {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

/// A request to the API.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: &'static str,
    pub(super) payload: Option<Bytes>,
    pub(super) tag: Option<HeaderValue>,
}

impl Transport {
    pub(super) fn new(connection: Arc<Connection>, token: SecretString) -> Result<Self, PortError> {
        let invalid = |message: &str| PortError::new(ErrorKind::Invalid, message);
        if token.expose_secret().is_empty() {
            return Err(invalid("the GitHub token must not be empty"));
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| invalid("the GitHub token has characters that cannot be sent"))?;
        authorization.set_sensitive(true);
        Ok(Self { connection, authorization, token, pause: Pause::default(), cache: Mutex::default() })
    }

    /// Sends JSON once; waits for a short rate limit and sends it again, because a rate-limited
    /// request wrote nothing.
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

    /// Requests content that may be elsewhere: the response is a success, or a 302 or 303 whose target
    /// the caller must check.
    pub(super) async fn open(&self, url: &Url) -> Result<Response, CallError> {
        let request =
            Outgoing { method: Method::GET, url: url.clone(), accept: JSON, payload: None, tag: None };
        let wanted = |status: StatusCode| status.is_success() || is_elsewhere(status);
        Ok(self.settle(&request, wanted).await?.0)
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        if let Ok(moment) = self.now().checked_add(duration) {
            self.clock.sleep_until(moment).await;
        }
    }

    pub(super) fn now(&self) -> grimoire_domain::Timestamp {
        self.clock.now()
    }

    /// Sends a request until the response has an accepted status; waits for short rate limits. The
    /// deadline includes the response body.
    pub(super) async fn settle(
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
            // The limit may have been reported to another call.
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
            // A refusal counts even if its explanation does not arrive.
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

    /// Sends a request, and sends it again if the API redirects within the API.
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
        // Every URL here was built from the base or has passed `inside`.
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

    pub(super) async fn body(
        &self,
        call: &str,
        mut response: Response,
        deadline: Instant,
    ) -> Result<Bytes, CallError> {
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

    /// The target of a redirect or link at `base`, if it belongs to the API.
    pub(super) fn inside(&self, call: &str, base: &Url, target: &str) -> Result<Url, CallError> {
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
}

/// A client that follows no redirects by itself and ignores proxy settings.
pub(super) fn http_client(timeouts: &Timeouts) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.idle)
}

/// The error for a client that cannot be built.
pub(super) fn no_client(error: reqwest::Error) -> PortError {
    PortError::internal(
        "no encrypted connection can be made: are the root certificates (ca-certificates) installed?",
        error,
    )
}

/// Returns true for a temporary redirect, as used for job logs.
pub(super) fn is_elsewhere(status: StatusCode) -> bool {
    matches!(status.as_u16(), 302 | 303)
}

/// Decodes JSON. A truncated or garbled response counts as none: reads are retried, writes are read back.
pub(super) fn decode<T: DeserializeOwned>(call: &str, body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("GitHub's answer cannot be read ({call})");
        CallError::Unknown(PortError::new(ErrorKind::Unavailable, message).with_source(error))
    })
}
