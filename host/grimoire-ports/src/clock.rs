//! The time, behind a trait so that tests control it.

use async_trait::async_trait;
use grimoire_domain::Timestamp;

/// Reads the time and sleeps.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Returns once `now()` is at least `moment`.
    async fn sleep_until(&self, moment: Timestamp);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        // A loop, because the wall clock may be changed during the wait.
        while let Ok(left) = std::time::Duration::try_from(moment.duration_since(self.now())) {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}
