//! Rate limits: how GitHub signals them, and the pause that all calls respect.

use std::sync::Mutex;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// The wait that GitHub's documentation recommends if a response states none.
const UNSTATED: Duration = Duration::from_secs(60);
/// Minimum wait: a stated wait of zero would cause a busy loop.
const SHORTEST: Duration = Duration::from_secs(1);
/// Maximum wait: primary limits are reset every hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// The time to wait if a response reports a rate limit: primary or secondary, with 403 or 429.
pub(super) fn asked_wait(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Option<Duration> {
    if status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let exhausted = number("x-ratelimit-remaining") == Some(0);
    let is_limit = status == StatusCode::TOO_MANY_REQUESTS
        || headers.contains_key(RETRY_AFTER)
        || exhausted
        || mentions_limit(body);
    if !is_limit {
        return None;
    }
    let until_reset = || {
        let reset = Timestamp::from_second(i64::try_from(number("x-ratelimit-reset")?).ok()?).ok()?;
        // One second more, because the reset time is in whole seconds.
        Some(Duration::try_from(reset.duration_since(now)).unwrap_or_default() + Duration::from_secs(1))
    };
    let wait = number("retry-after")
        .map(Duration::from_secs)
        .or_else(|| if exhausted { until_reset() } else { None });
    Some(wait.unwrap_or(UNSTATED).clamp(SHORTEST, LONGEST))
}

fn mentions_limit(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_ascii_lowercase();
    text.contains("rate limit") || text.contains("abuse detection")
}

/// The time before which no request is sent.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Timestamp>>);

impl Pause {
    /// Makes all calls wait until `now + wait`.
    pub(super) fn extend(&self, now: Timestamp, wait: Duration) {
        let mut until = self.lock();
        let asked = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        *until = Some(until.map_or(asked, |until| until.max(asked)));
    }

    /// The remaining wait, if any.
    pub(super) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        let left = Duration::try_from((*self.lock())?.duration_since(now)).ok()?;
        (!left.is_zero()).then_some(left)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        // A timestamp stays valid even if its holder panicked.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The error for a limit that exceeds the patience of a call.
pub(super) fn too_many_requests(wait: Duration) -> PortError {
    PortError::new(
        ErrorKind::TooManyRequests,
        format!("GitHub's rate limit is reached: it asks to wait {} s", wait.as_secs().max(1)),
    )
    .with_retry_after(wait)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn wait(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        let now = Timestamp::from_second(NOW).unwrap();
        asked_wait(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes(), now)
            .map(|wait| wait.as_secs())
    }

    #[test]
    fn limits_are_told_from_other_refusals() {
        let reset = (NOW + 30).to_string();
        let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
        assert_eq!(wait(403, &primary, ""), Some(31));
        assert_eq!(wait(429, &primary, ""), Some(31));
        assert_eq!(wait(403, &[("retry-after", "2"), ("x-ratelimit-remaining", "4000")], ""), Some(2));
        assert_eq!(wait(403, &[], r#"{"message": "You have exceeded a secondary rate limit."}"#), Some(60));
        assert_eq!(wait(429, &[("retry-after", "")], ""), Some(60));
        assert_eq!(
            wait(403, &[], r#"{"message": "Resource not accessible by personal access token"}"#),
            None
        );
        assert_eq!(wait(404, &primary, "rate limit"), None);
        assert_eq!(wait(200, &primary, ""), None);
    }

    #[test]
    fn odd_numbers_wait_neither_for_ever_nor_not_at_all() {
        assert_eq!(wait(429, &[("retry-after", "99999999999999")], ""), Some(3600));
        assert_eq!(wait(429, &[("retry-after", "-1")], ""), Some(60));
        assert_eq!(wait(429, &[("retry-after", "0")], ""), Some(1));
        for reset in ["0", "18446744073709551615", "soon"] {
            let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
            assert!(wait(403, &headers, "").unwrap() >= 1, "{reset}");
        }
    }

    #[test]
    fn a_pause_is_never_shortened() {
        let now = Timestamp::from_second(NOW).unwrap();
        let pause = Pause::default();
        assert_eq!(pause.remaining(now), None);
        pause.extend(now, Duration::from_secs(10));
        pause.extend(now, Duration::from_secs(2));
        assert_eq!(pause.remaining(now), Some(Duration::from_secs(10)));
        assert_eq!(pause.remaining(now + Duration::from_secs(10)), None);
    }
}
