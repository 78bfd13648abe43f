//! Webhook requests in the form in which GitHub sends them.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpStream;

static DELIVERIES: AtomicU64 = AtomicU64::new(1);

/// A webhook request, to be sent once or several times.
#[derive(Debug, Clone)]
pub struct Webhook {
    event: String,
    id: String,
    content_type: &'static str,
    body: Bytes,
    signature: Option<String>,
}

/// The response to a webhook request.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The id of the delivery.
    pub delivery: String,
    /// The response's status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Receipt {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Webhook {
    /// A request without a signature, with a new id.
    pub fn new(event: &str, payload: &Value) -> Self {
        Self::raw(event, payload.to_string())
    }

    /// The same with a body that need not be JSON.
    pub fn raw(event: &str, body: impl Into<Bytes>) -> Self {
        let number = DELIVERIES.fetch_add(1, Ordering::Relaxed);
        Self {
            event: event.to_owned(),
            id: format!("00000000-0000-4000-8000-{number:012x}"),
            content_type: "application/json",
            body: body.into(),
            signature: None,
        }
    }

    /// Sets the delivery id; a redelivery has the original one.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// Sends the payload as a form, which GitHub offers. Sign it after this.
    #[must_use]
    pub fn in_a_form(mut self) -> Self {
        let mut body = b"payload=".to_vec();
        for byte in &self.body {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => body.push(*byte),
                b' ' => body.push(b'+'),
                _ => body.extend(format!("%{byte:02X}").into_bytes()),
            }
        }
        self.body = body.into();
        self.content_type = "application/x-www-form-urlencoded";
        self
    }

    /// Signs the body with a secret.
    #[must_use]
    pub fn signed_with(mut self, secret: &str) -> Self {
        self.signature = Some(sign(secret, &self.body));
        self
    }

    /// Sets the signature header to any value.
    #[must_use]
    pub fn with_signature(mut self, signature: &str) -> Self {
        self.signature = Some(signature.to_owned());
        self
    }

    /// The id of the delivery.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends it to an `http://` URL and returns the response.
    ///
    /// # Panics
    /// If nobody answers there.
    pub async fn deliver(&self, url: &str) -> Receipt {
        self.attempt(url).await.expect("the webhook is answered")
    }

    /// The same; nothing if nobody answers, or not to the end.
    ///
    /// # Panics
    /// If this is no address of a webhook.
    pub async fn attempt(&self, url: &str) -> Option<Receipt> {
        let uri: Uri = url.parse().expect("the address of a webhook is a URL");
        let authority = uri.authority().expect("the URL names a host").clone();
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut request = Request::post(target)
            .header(HOST, authority.as_str())
            .header(USER_AGENT, "GitHub-Hookshot/044aadd")
            .header("Accept", "*/*")
            .header(CONTENT_TYPE, self.content_type)
            .header("X-GitHub-Event", &self.event)
            .header("X-GitHub-Delivery", &self.id)
            .header("X-GitHub-Hook-ID", "30")
            .header("X-GitHub-Hook-Installation-Target-Type", "repository")
            .header("X-GitHub-Hook-Installation-Target-ID", "1");
        if let Some(signature) = &self.signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        let request = request.body(Full::new(self.body.clone())).expect("these headers are valid");

        let address = (authority.host(), authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await.ok()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        driver.abort();
        Some(Receipt { delivery: self.id.clone(), status: head.status, headers: head.headers, body })
    }
}

/// The value of `X-Hub-Signature-256`.
fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
