//! Logs of jobs: found by a redirect, fetched without the token, passed on as they arrive.

use std::collections::VecDeque;
use std::error::Error;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use http::header::{HeaderValue, LOCATION, USER_AGENT};
use reqwest::Response;
use tokio::time::Instant;
use url::Url;

use super::address::{NoPublicAddress, PublicOnly};
use super::config::{Config, Timeouts};
use super::redirects::{LogTargets, Route};
use super::refusal::{CallError, late, lost};
use super::transport::{HOPS, Transport, http_client, is_elsewhere, no_client};

/// Fetches logs from wherever GitHub keeps them. Does not know the token.
pub(super) struct LogClient {
    targets: LogTargets,
    /// Connects to public addresses only.
    public: reqwest::Client,
    /// Connects to what the operator named.
    named: reqwest::Client,
    user_agent: HeaderValue,
    timeouts: Timeouts,
    head: u64,
    tail: usize,
}

impl LogClient {
    pub(super) fn new(config: &Config) -> Result<Self, PortError> {
        let mut origins = config.log_origins.clone();
        origins.push(config.api_base.clone());
        Ok(Self {
            targets: LogTargets::new(&config.log_hosts, &origins)?,
            public: http_client(&config.timeouts).dns_resolver(PublicOnly).build().map_err(no_client)?,
            named: http_client(&config.timeouts).build().map_err(no_client)?,
            user_agent: HeaderValue::try_from(&config.user_agent)
                .map_err(|_| PortError::new(ErrorKind::Invalid, "the user agent must be one line of text"))?,
            timeouts: config.timeouts,
            head: config.caps.log_head,
            tail: config.caps.log_tail,
        })
    }

    /// The log of a job. A link that has expired or a storage that fails is asked for anew.
    pub(super) async fn job_log(
        &self,
        transport: &Transport,
        repository: &RepositoryName,
        job: u64,
    ) -> Result<ByteStream, PortError> {
        let url = transport.api.repository(repository, &["actions", "jobs", &job.to_string(), "logs"]);
        let call = format!("the log of job {job} of {repository}");
        let mut failures = 0;
        loop {
            let deadline = Instant::now() + self.timeouts.log;
            match self.open(transport, &url, &call, deadline).await {
                Ok(response) => {
                    return Ok(bounded(body(call, response, deadline), self.head, self.tail));
                }
                Err(error) => transport.before_retry(error, &mut failures).await?,
            }
        }
    }

    /// Follows the redirects to the answer that has the log.
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
                CallError::Unknown(unavailable(format!("GitHub does not say where the log is ({call})")))
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
                let message = format!("GitHub redirects the log to {host}, which has no public address");
                return refuse(PortError::new(ErrorKind::Forbidden, message));
            }
            lost(call, error)
        })
    }
}

/// The body of an answer, until it ends, breaks or is late.
fn body(call: String, response: Response, deadline: Instant) -> BoxStream<'static, Chunk> {
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

type Chunk = Result<Bytes, PortError>;

fn unavailable(message: String) -> PortError {
    PortError::new(ErrorKind::Unavailable, message)
}

/// The error for what the storage answers. A link is good for a minute: 401 and 403 mean that it has
/// expired, and a new one may work.
fn storage_refused(call: &str, status: http::StatusCode) -> CallError {
    match status.as_u16() {
        404 | 410 => CallError::Refused {
            status,
            body: Bytes::new(),
            error: PortError::new(ErrorKind::NotFound, format!("the log is not there any more ({call})")),
        },
        code => CallError::Unknown(unavailable(format!("the storage of logs answered {code} ({call})"))),
    }
}

fn is_caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(<dyn Error>::is::<E>)
}

/// The first `head` bytes as they arrive, then the last `tail` bytes; where something lies between
/// them, a line that says how much was left out. Holds at most `tail` bytes and one chunk.
fn bounded(log: BoxStream<'static, Chunk>, head: u64, tail: usize) -> ByteStream {
    let state = Bounded { log: Some(log), head, limit: tail, tail: VecDeque::new(), dropped: 0 };
    stream::unfold(state, |mut state| async move {
        let chunk = state.next().await?;
        Some((chunk, state))
    })
    .boxed()
}

struct Bounded {
    /// `None` once it has ended.
    log: Option<BoxStream<'static, Chunk>>,
    /// How much of the beginning is still to come.
    head: u64,
    limit: usize,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Bounded {
    async fn next(&mut self) -> Option<Chunk> {
        loop {
            match self.log.as_mut()?.next().await {
                Some(Ok(mut chunk)) => {
                    let passed = usize::try_from(self.head).unwrap_or(usize::MAX).min(chunk.len());
                    let beginning = chunk.split_to(passed);
                    self.head -= passed as u64;
                    self.hold(&chunk);
                    if !beginning.is_empty() {
                        return Some(Ok(beginning));
                    }
                }
                Some(Err(error)) => {
                    self.log = None;
                    return Some(Err(error));
                }
                None => {
                    self.log = None;
                    return self.end().map(Ok);
                }
            }
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        // Of a large chunk only the end can stay.
        let useless = bytes.len().saturating_sub(self.limit);
        let excess = (self.tail.len() + bytes.len() - useless).saturating_sub(self.limit);
        self.tail.drain(..excess);
        self.tail.extend(&bytes[useless..]);
        self.dropped += (useless + excess) as u64;
    }

    fn end(&mut self) -> Option<Bytes> {
        let mut tail = Vec::from(std::mem::take(&mut self.tail));
        if self.dropped > 0 {
            // The tail begins with a whole line, unless it is all one line.
            if let Some(newline) = first_newline(&tail) {
                tail.drain(..=newline);
                self.dropped += newline as u64 + 1;
            }
            let note = format!("\n[grimoire left out {} bytes of this log here]\n", self.dropped);
            tail.splice(..0, note.into_bytes());
        }
        (!tail.is_empty()).then(|| Bytes::from(tail))
    }
}

fn first_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use proptest::prelude::*;

    use super::*;

    fn collect(log: ByteStream) -> Vec<Chunk> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(log.collect())
    }

    fn read(chunks: Vec<Vec<u8>>, head: u64, tail: usize) -> Vec<u8> {
        let log = stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)))).boxed();
        collect(bounded(log, head, tail)).into_iter().flat_map(|chunk| chunk.unwrap().to_vec()).collect()
    }

    #[test]
    fn the_middle_of_a_long_log_is_left_out() {
        let lines = (0..1000).fold(String::new(), |lines, number| lines + &format!("line {number:03}\n"));
        let chunks = lines.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
        let text = String::from_utf8(read(chunks, 20, 30)).unwrap();
        assert_eq!(
            text,
            "line 000\nline 001\nli\n[grimoire left out 8953 bytes of this log here]\n\
             line 997\nline 998\nline 999\n"
        );
    }

    #[test]
    fn an_error_ends_the_log() {
        let broken = || Err(PortError::new(ErrorKind::Unavailable, "broken"));
        let log = stream::iter([Ok(Bytes::from_static(b"abc")), broken(), Ok(Bytes::from_static(b"x"))]);
        let chunks = collect(bounded(log.boxed(), 2, 10));
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks[0].as_ref().unwrap(), "ab");
        assert!(chunks[1].is_err());
    }

    proptest! {
        #[test]
        fn a_log_within_the_bounds_is_whole_and_others_keep_both_ends(
            chunks in proptest::collection::vec(proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..20), 0..20),
            head in 0_u64..100,
            tail in 0_usize..100,
        ) {
            let whole: Vec<u8> = chunks.concat();
            let kept = read(chunks, head, tail);
            let first = usize::try_from(head).unwrap();
            if whole.len() <= first + tail {
                prop_assert_eq!(kept, whole);
            } else {
                prop_assert!(kept.starts_with(&whole[..first]));
                let note = b" bytes of this log here]\n";
                let at = first + kept[first..].windows(note.len()).position(|window| window == note).unwrap();
                let end = &kept[at + note.len()..];
                prop_assert!(whole.ends_with(end) && end.len() <= tail);
                let said = String::from_utf8_lossy(&kept[first..at]);
                let left_out: usize = said.rsplit(' ').next().unwrap().parse().unwrap();
                prop_assert_eq!(first + left_out + end.len(), whole.len());
            }
        }
    }
}
