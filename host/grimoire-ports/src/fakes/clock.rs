//! A clock that tests move.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use tokio::sync::watch;

use crate::clock::Clock;

/// A clock that stands still until moved. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<Timestamp>>,
    sleepers: Arc<watch::Sender<usize>>,
}

impl ManualClock {
    /// A clock set to `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: Arc::new(watch::Sender::new(start)), sleepers: Arc::new(watch::Sender::new(0)) }
    }

    /// Moves the clock forward and wakes the sleepers whose time has come.
    ///
    /// # Panics
    /// If the new time is out of range of a [`Timestamp`].
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = now.checked_add(by).expect("a moment that a Timestamp can say"));
    }

    /// Sets the clock to `moment`, which may be in the past, as with a corrected wall clock.
    pub fn set(&self, moment: Timestamp) {
        self.now.send_replace(moment);
    }

    /// Returns once at least `count` calls of `sleep_until` are waiting. Tests wait for this before
    /// they move the clock.
    pub async fn wait_for_sleepers(&self, count: usize) {
        // The sender is owned by `self`, so waiting cannot fail.
        let _ = self.sleepers.subscribe().wait_for(|sleepers| *sleepers >= count).await;
    }
}

impl Default for ManualClock {
    /// A clock set to 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::new(Timestamp::constant(1_767_225_600, 0))
    }
}

/// Counts a sleeper while it waits, and stops counting if its future is dropped.
struct Sleeper<'clock>(&'clock watch::Sender<usize>);

impl<'clock> Sleeper<'clock> {
    fn new(sleepers: &'clock watch::Sender<usize>) -> Self {
        sleepers.send_modify(|count| *count += 1);
        Self(sleepers)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if self.now() >= moment {
            return;
        }
        let mut now = self.now.subscribe();
        let _sleeper = Sleeper::new(&self.sleepers);
        // The sender is owned by `self`, so waiting cannot fail.
        let _ = now.wait_for(|now| *now >= moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_reaches_its_moment() {
        let clock = ManualClock::default();
        let moment = clock.now() + Duration::from_secs(5);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(moment).await;
                clock.now()
            }
        });
        clock.wait_for_sleepers(1).await;
        clock.advance(Duration::from_secs(4));
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert_eq!(sleeper.await.expect("the sleeper ends"), moment);
    }
}
