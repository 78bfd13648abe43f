//! Limits on bodies from unauthenticated callers, and on long uploads: on their total size, and on how slowly they
//! may arrive.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::body::refuse_rest;
use crate::error::ApiError;

/// Memory is counted in units of this many bytes: a semaphore counts to less than four billion on some machines.
const PIECE: usize = 1 << 10;

/// How long rejected callers should wait.
const LATER: Duration = Duration::from_secs(1);

/// The memory for all bodies whose signature is not yet verified.
#[derive(Debug, Clone)]
pub(crate) struct UnverifiedBytes(Arc<Semaphore>);

/// A body, with its share of the memory until this is dropped.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub(crate) body: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl UnverifiedBytes {
    /// Allows this many bytes at a time.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PIECE)))
    }

    /// Reads a body of at most `limit` bytes; 413 names the limit, 503 means that other bodies fill the memory. The
    /// share grows with what has arrived, not with what is announced.
    pub(crate) async fn read(&self, body: Body, limit: usize) -> Result<Unverified, ApiError> {
        if body.size_hint().lower() > limit as u64 {
            return Err(refuse_rest(body, limit as u64));
        }
        let mut rest = body.into_data_stream();
        let mut read = BytesMut::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(chunk) = rest.next().await {
            let chunk = chunk.map_err(|_| {
                ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body ended too early")
            })?;
            if read.len() + chunk.len() > limit {
                return Err(refuse_rest(Body::from_stream(rest), limit as u64));
            }
            let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let needed = (read.len() + chunk.len()).div_ceil(PIECE).saturating_sub(held);
            let more = u32::try_from(needed)
                .ok()
                .and_then(|needed| Arc::clone(&self.0).try_acquire_many_owned(needed).ok());
            let Some(more) = more else { return Err(busy("too many webhook requests are being read")) };
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            read.extend_from_slice(&chunk);
        }
        Ok(Unverified { body: read.freeze(), _share: share })
    }
}

/// Slots for artifacts that are being uploaded and analyzed.
#[derive(Debug, Clone)]
pub(crate) struct UploadPlaces(Arc<Semaphore>);

impl UploadPlaces {
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Takes a slot until it is dropped; 503 if there is none.
    pub(crate) fn take(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(&self.0).try_acquire_owned();
        place.map_err(|_| busy("as many artifacts are being analyzed as there are places for"))
    }
}

fn busy(what: &str) -> ApiError {
    let mut error = ApiError::of_kind(ErrorKind::Unavailable, format!("{what}; try again later"));
    error.retry_after = Some(LATER);
    error
}

/// Enforces a minimum rate of an upload, so that nobody occupies a slot without sending. Only time spent waiting
/// for the sender counts.
#[derive(Debug)]
pub(crate) struct Flow {
    bytes_per_second: u64,
    /// The time allowed in addition to that of the minimum rate.
    grace: Duration,
    waited: Duration,
    received: u64,
}

impl Flow {
    pub(crate) fn new(bytes_per_second: u64, grace: Duration) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), grace, waited: Duration::ZERO, received: 0 }
    }

    /// The next chunk; fails with `Timeout` if the sender is too slow.
    pub(crate) async fn next(&mut self, chunks: &mut BodyDataStream) -> Option<Result<Bytes, PortError>> {
        let allowed = self.grace + Duration::from_secs(self.received / self.bytes_per_second);
        let asked = Instant::now();
        let chunk = tokio::time::timeout(allowed.saturating_sub(self.waited), chunks.next()).await;
        self.waited += asked.elapsed();
        match chunk {
            Ok(Some(Ok(chunk))) => {
                self.received += chunk.len() as u64;
                Some(Ok(chunk))
            }
            Ok(Some(Err(_))) => {
                Some(Err(PortError::new(ErrorKind::Invalid, "the body ended before it was complete")))
            }
            Ok(None) => None,
            Err(_) => Some(Err(PortError::new(
                ErrorKind::Timeout,
                format!("the body must arrive with at least {} bytes a second", self.bytes_per_second),
            ))),
        }
    }
}
