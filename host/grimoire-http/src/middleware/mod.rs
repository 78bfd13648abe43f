//! What happens around every request, outermost first: request id and log line, security headers,
//! CORS, compression, error bodies, time limits, panics.

pub(crate) mod errors;
pub(crate) mod request_id;
pub(crate) mod security;
pub(crate) mod timeout;
