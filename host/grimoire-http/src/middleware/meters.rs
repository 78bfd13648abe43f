//! The metrics of requests.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram, Label};

/// The counters that one route has needed so far. The recorder is asked for a counter once, not with
/// every request: that means to build its labels, to hash them and to look them up.
#[derive(Debug, Default)]
pub(super) struct Meters(RwLock<Vec<Meter>>);

impl Meters {
    /// Counts an answer and the time it took.
    pub(super) fn record(&self, method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = known.iter().find(|meter| meter.is_of(method, route, status)) {
            return meter.record(elapsed);
        }
        drop(known);
        let meter = Meter::register(method, route, status);
        meter.record(elapsed);
        // Where two find it missing at once it stands here twice, and both count in the same place.
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(meter);
    }
}

/// Where answers of one kind are counted.
#[derive(Debug)]
struct Meter {
    method: &'static str,
    route: String,
    status: StatusCode,
    requests: Counter,
    seconds: Histogram,
}

impl Meter {
    fn register(method: &'static str, route: &str, status: StatusCode) -> Self {
        let labels = [
            Label::from_static_parts("method", method),
            Label::new("route", route.to_owned()),
            Label::new("status", status.as_str().to_owned()),
        ];
        Self {
            method,
            route: route.to_owned(),
            status,
            requests: metrics::counter!("grimoire_http_requests_total", labels.iter()),
            seconds: metrics::histogram!("grimoire_http_request_seconds", labels.iter()),
        }
    }

    fn is_of(&self, method: &str, route: &str, status: StatusCode) -> bool {
        self.status == status && self.method == method && self.route == route
    }

    fn record(&self, elapsed: Duration) {
        self.requests.increment(1);
        self.seconds.record(elapsed.as_secs_f64());
    }
}

/// The method as a label. Callers may invent methods, and every label is kept for ever.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
