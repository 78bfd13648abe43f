//! GitHub's storage of logs and artifacts, which the API redirects to; it is read without the token.

use std::error::Error;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use http::header::{HeaderValue, LOCATION, USER_AGENT};
use reqwest::Response;
use tokio::time::Instant;
use url::Url;

use super::address::{NoPublicAddress, PublicOnly};
use super::config::{Config, Timeouts};
use super::refusal::{CallError, late, lost};
use super::targets::{Route, Targets};
use super::transport::{HOPS, Transport, http_client, is_elsewhere, no_client};

/// Fetches logs and artifacts from GitHub's storage. Does not have the token.
pub(super) struct Storage {
    targets: Targets,
    /// Connects to public addresses only.
    public: reqwest::Client,
    /// Connects to origins named by the operator.
    named: reqwest::Client,
    user_agent: HeaderValue,
    timeouts: Timeouts,
}

impl Storage {
    pub(super) fn new(config: &Config) -> Result<Self, PortError> {
        let mut origins = config.storage_origins.clone();
        origins.push(config.api_base.clone());
        Ok(Self {
            targets: Targets::new(&config.storage_hosts, &origins)?,
            public: http_client(&config.timeouts).dns_resolver(PublicOnly).build().map_err(no_client)?,
            named: http_client(&config.timeouts).build().map_err(no_client)?,
            user_agent: HeaderValue::try_from(&config.user_agent)
                .map_err(|_| PortError::new(ErrorKind::Invalid, "the user agent must be one line of text"))?,
            timeouts: config.timeouts,
        })
    }

    /// Streams the content to which the API's `url` redirects. The link is requested again if it has expired or
    /// the storage fails. `what` names the content in errors.
    pub(super) async fn fetch(
        &self,
        transport: &Transport,
        url: &Url,
        what: &str,
    ) -> Result<ByteStream, PortError> {
        let mut failures = 0;
        loop {
            let deadline = Instant::now() + self.timeouts.download;
            match self.open(transport, url, what, deadline).await {
                Ok(response) => return Ok(body(what.to_owned(), response, deadline)),
                Err(error) => transport.before_retry(error, &mut failures).await?,
            }
        }
    }

    /// Follows the redirects to the response with the content.
    async fn open(
        &self,
        transport: &Transport,
        url: &Url,
        call: &str,
        deadline: Instant,
    ) -> Result<Response, CallError> {
        let mut response = transport.open(url).await?;
        for _ in 0..HOPS {
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if !(is_elsewhere(status) || matches!(status.as_u16(), 301 | 307 | 308)) {
                return Err(storage_refused(call, status));
            }
            let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| response.url().join(target).ok()).ok_or_else(|| {
                CallError::Unknown(unavailable(format!("GitHub does not say where {call} is")))
            })?;
            response = self.send(call, target, deadline).await?;
        }
        if response.status().is_success() {
            Ok(response)
        } else if response.status().is_redirection() {
            Err(CallError::Unknown(unavailable(format!("GitHub redirects too often ({call})"))))
        } else {
            Err(storage_refused(call, response.status()))
        }
    }

    async fn send(&self, call: &str, target: Url, deadline: Instant) -> Result<Response, CallError> {
        let refuse = |error| CallError::Refused {
            status: http::StatusCode::MISDIRECTED_REQUEST,
            body: Bytes::new(),
            error,
        };
        let http = match self.targets.judge(&target).map_err(refuse)? {
            Route::Named => &self.named,
            Route::Public => &self.public,
        };
        let host = target.host_str().unwrap_or_default().to_owned();
        let sent = http.get(target).header(USER_AGENT, self.user_agent.clone()).send();
        let answer = tokio::time::timeout_at(deadline, sent).await.map_err(|_| late(call))?;
        answer.map_err(|error| {
            if is_caused_by::<NoPublicAddress>(&error) {
                let message = format!("GitHub redirects to {host}, which has no public address");
                return refuse(PortError::new(ErrorKind::Forbidden, message));
            }
            lost(call, error)
        })
    }
}

/// The body of a response, until it ends, fails or exceeds the deadline.
fn body(call: String, response: Response, deadline: Instant) -> ByteStream {
    stream::unfold(Some((call, response)), move |state| async move {
        let (call, mut response) = state?;
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => Some((Ok(chunk), Some((call, response)))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(lost(&call, error).into()), None)),
            Err(_) => Some((Err(late(&call).into()), None)),
        }
    })
    .boxed()
}

fn unavailable(message: String) -> PortError {
    PortError::new(ErrorKind::Unavailable, message)
}

/// The error for a refusal by the storage. A link is valid for a minute: 401 and 403 mean that it
/// has expired, and a new one may work.
fn storage_refused(call: &str, status: http::StatusCode) -> CallError {
    match status.as_u16() {
        404 | 410 => CallError::Refused {
            status,
            body: Bytes::new(),
            error: PortError::new(ErrorKind::NotFound, format!("it is not there any more ({call})")),
        },
        code => CallError::Unknown(unavailable(format!("GitHub's storage answered {code} ({call})"))),
    }
}

fn is_caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(<dyn Error>::is::<E>)
}
