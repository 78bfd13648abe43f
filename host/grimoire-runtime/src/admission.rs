//! Limits the number of concurrent scans over all artifacts.

use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits for scans. An artifact needs one for each analyzer that wakes, a number not known in advance: two
/// artifacts that each held half of what they need would deadlock. So as many permits as one artifact can
/// need are kept in reserve, for one artifact at a time: it then never waits again, finishes, and leaves its
/// permits to the others.
pub(crate) struct Admission {
    common: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    wait: Duration,
}

/// The permit for one scan, returned when the last clone is dropped.
pub(crate) type ScanPermit = Arc<OwnedSemaphorePermit>;

/// The permits of one artifact.
pub(crate) struct ArtifactPermits<'a> {
    admission: &'a Admission,
    reserve: Option<ScanPermit>,
}

impl Admission {
    /// `places` in total, of which one artifact can need `most`; a longer wait than `wait` ends with an error.
    pub(crate) fn new(places: usize, most: usize, wait: Duration) -> Self {
        let common = places.saturating_sub(most).min(Semaphore::MAX_PERMITS);
        Self { common: Arc::new(Semaphore::new(common)), reserve: Arc::new(Semaphore::new(1)), wait }
    }

    /// For a new artifact, without permits so far.
    pub(crate) fn places(&self) -> ArtifactPermits<'_> {
        ArtifactPermits { admission: self, reserve: None }
    }
}

impl ArtifactPermits<'_> {
    /// Waits for the permit of another scan of this artifact.
    pub(crate) async fn take(&mut self) -> Result<ScanPermit, PortError> {
        if let Some(reserve) = &self.reserve {
            return Ok(Arc::clone(reserve));
        }
        let common = Arc::clone(&self.admission.common);
        if let Ok(permit) = Arc::clone(&common).try_acquire_owned() {
            return Ok(Arc::new(permit));
        }
        let either = async {
            tokio::select! {
                biased;
                permit = common.acquire_owned() => permit.map(|permit| (permit, false)),
                permit = Arc::clone(&self.admission.reserve).acquire_owned() => permit.map(|permit| (permit, true)),
            }
        };
        match tokio::time::timeout(self.admission.wait, either).await {
            Ok(Ok((permit, is_reserve))) => {
                let place = Arc::new(permit);
                self.reserve = is_reserve.then(|| Arc::clone(&place));
                Ok(place)
            }
            _ => Err(PortError::new(ErrorKind::Busy, "all analyzers are busy, try again later")
                .with_retry_after(self.admission.wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn whoever_has_the_reserve_never_waits() {
        let admission = Admission::new(4, 3, SHORT);
        let (mut first, mut second) = (admission.places(), admission.places());
        let common = second.take().await.expect("the one common place");
        let reserved = [first.take().await.expect("the reserve"), first.take().await.expect("the reserve")];
        let error = second.take().await.expect_err("nothing is left");
        assert_eq!(error.kind(), ErrorKind::Busy);
        drop(first);
        assert!(second.take().await.is_err(), "its scans are not at their end");
        drop(reserved);
        second.take().await.expect("the reserve, which is free again");
        drop(common);
    }

    #[tokio::test]
    async fn artifacts_that_need_more_and_more_all_come_to_their_end() {
        let admission = Arc::new(Admission::new(4, 3, Duration::from_secs(60)));
        let artifact = |number: usize| {
            let admission = Arc::clone(&admission);
            async move {
                let mut places = admission.places();
                let mut held = Vec::new();
                for step in 0..3 {
                    held.push(places.take().await.expect("a place"));
                    for _ in 0..(number + step) % 4 {
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        futures::future::join_all((0..40).map(artifact)).await;
    }
}
