//! A circuit breaker: stops calls to a plugin that keeps failing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The maximum rest, as a multiple of the first.
const LONGEST: u32 = 64;

/// Counts consecutive failures. After `threshold` of them the plugin rests; then one trial call
/// decides whether it is back or rests twice as long.
#[derive(Debug)]
pub(crate) struct Breaker {
    threshold: u32,
    first_rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
    trying: bool,
}

/// An admitted call. If it is dropped without an outcome (the caller went away), it has no effect.
#[derive(Debug)]
pub(crate) struct Attempt {
    breaker: Arc<Breaker>,
    is_trial: bool,
}

impl Breaker {
    pub(crate) fn new(threshold: u32, first_rest: Duration) -> Self {
        Self { threshold: threshold.max(1), first_rest, state: Mutex::default() }
    }

    /// Admits a call, or returns how long the plugin still rests.
    pub(crate) fn admit(self: &Arc<Self>, now: Instant) -> Result<Attempt, Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_trial = match &mut state.rest {
            None => false,
            Some(rest) if now < rest.until => return Err(rest.until - now),
            Some(rest) if rest.trying => return Err(Duration::ZERO),
            Some(rest) => {
                rest.trying = true;
                true
            }
        };
        Ok(Attempt { breaker: Arc::clone(self), is_trial })
    }
}

impl Attempt {
    pub(crate) fn succeeded(self) {
        let mut state = self.breaker.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A call from before the rest is no evidence about the present; the trial is.
        if self.is_trial || state.rest.is_none() {
            *state = State::default();
        }
    }

    /// Records a failure; if it makes the plugin rest, returns for how long.
    pub(crate) fn failed(self, now: Instant) -> Option<Duration> {
        let breaker = Arc::clone(&self.breaker);
        let mut state = breaker.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        let length = match state.rest {
            Some(rest) if self.is_trial => (rest.length * 2).min(breaker.first_rest * LONGEST),
            None if state.failures >= breaker.threshold => breaker.first_rest,
            _ => return None,
        };
        state.rest = Some(Rest { until: now + length, length, trying: false });
        Some(length)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.is_trial {
            let mut state = self.breaker.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(rest) = &mut state.rest {
                rest.trying = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(1);

    fn resting(now: Instant) -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::new(5, REST));
        for number in 1..=5 {
            let rest = breaker.admit(now).expect("still let through").failed(now);
            assert_eq!(rest.is_some(), number == 5);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_make_it_rest_and_a_success_between_does_not() {
        let now = Instant::now();
        assert_eq!(resting(now).admit(now).expect_err("rests"), REST);

        let breaker = Arc::new(Breaker::new(5, REST));
        for _ in 0..4 {
            breaker.admit(now).expect("let through").failed(now);
        }
        breaker.admit(now).expect("let through").succeeded();
        for _ in 0..4 {
            breaker.admit(now).expect("let through").failed(now);
        }
        assert!(breaker.admit(now).is_ok());
    }

    #[test]
    fn one_call_tries_it_and_decides() {
        let now = Instant::now();
        let breaker = resting(now);
        let later = now + REST;
        let trial = breaker.admit(later).expect("the trial");
        assert!(breaker.admit(later).is_err(), "one trial at a time");
        assert_eq!(trial.failed(later), Some(REST * 2));
        assert!(breaker.admit(later + REST).is_err());
        breaker.admit(later + REST * 2).expect("the second trial").succeeded();
        assert!(breaker.admit(later + REST * 2).is_ok());
    }

    #[test]
    fn a_trial_that_nobody_waits_for_frees_its_place() {
        let now = Instant::now();
        let breaker = resting(now);
        drop(breaker.admit(now + REST).expect("the trial"));
        assert!(breaker.admit(now + REST).is_ok());
    }

    #[test]
    fn calls_from_before_the_rest_do_not_end_or_lengthen_it() {
        let now = Instant::now();
        let breaker = Arc::new(Breaker::new(5, REST));
        let (early, late) =
            (breaker.admit(now).expect("let through"), breaker.admit(now).expect("let through"));
        for _ in 0..5 {
            breaker.admit(now).expect("let through").failed(now);
        }
        early.succeeded();
        assert!(breaker.admit(now).is_err());
        assert_eq!(late.failed(now), None);
    }
}
