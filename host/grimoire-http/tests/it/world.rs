//! The router with fakes, its callers, and their responses.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::actor::Permission;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::event::WebhookEvent;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::spell::Sequence;
use grimoire_domain::spell::Spell;
use grimoire_http::{Access, ApiToken, AppState, HttpOptions};
use grimoire_jobs::{Runner, RunnerSettings, Tick};
use grimoire_pipeline::{Pipeline, Ports, Settings};
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::fakes::{
    ManualClock, MemorySearch, MemoryStore, OpenGate, ScriptedFiles, ScriptedGitHub, ScriptedPlugins,
};
use grimoire_ports::follower::FollowerState;
use grimoire_ports::github::{FailedJob, PullRequest, WebhookGate};
use grimoire_ports::search::{Candidates, Excerpt, IndexProgress, SearchResults, SearchedTerms, SpellSearch};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The token of the writer `ana`.
pub(crate) const TOKEN: &str = "a-token-that-may-write";
/// The token of the reader `eve`.
pub(crate) const READER: &str = "a-token-that-may-read-only";
/// The token of the administrator `root`.
pub(crate) const ADMIN: &str = "a-token-that-may-do-everything";
/// The secret of webhook signatures.
pub(crate) const SECRET: &str = "between GitHub and us";

/// The service with everything that it depends on.
pub(crate) struct World {
    pub(crate) github: ScriptedGitHub,
    pub(crate) runner: Runner,
    pub(crate) router: Router,
    /// Ends event streams.
    pub(crate) shutdown: CancellationToken,
}

/// The parts of the service that a test may replace.
pub(crate) struct Setup {
    pub(crate) ports: Ports,
    pub(crate) options: HttpOptions,
    pub(crate) access: Access,
}

impl World {
    /// A service without tokens: everybody may do everything.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A service where `eve` may read, `ana` write and `root` do everything.
    pub(crate) fn closed() -> Self {
        let token = |label: &str, permission, token: &str| ApiToken {
            label: label.to_owned(),
            permission,
            token: token.into(),
        };
        let tokens = [
            token("ana", Permission::Write, TOKEN),
            token("eve", Permission::Read, READER),
            token("root", Permission::Admin, ADMIN),
        ];
        Self::with(|setup| setup.access = Access::new(&tokens))
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let clock = ManualClock::default();
        let store = MemoryStore::with_clock(clock.clone());
        let github = ScriptedGitHub::default();
        let mut setup = Setup {
            ports: Ports {
                store: Arc::new(store.clone()),
                search: Arc::new(MemorySearch::new(store)),
                plugins: Arc::new(ScriptedPlugins::default()),
                derived_files: None,
                plugin_files: Arc::new(ScriptedFiles::default()),
                gate: Arc::new(SignedGate),
                github: Some(Arc::new(github.clone())),
                clock: Arc::new(clock.clone()),
            },
            options: HttpOptions::default(),
            access: Access::default(),
        };
        change(&mut setup);
        let pipeline = Pipeline::new(setup.ports, Settings::default());
        let runner = pipeline.runner(RunnerSettings::default());
        let shutdown = CancellationToken::new();
        let router = grimoire_http::router(AppState {
            pipeline,
            access: Arc::new(setup.access),
            options: Arc::new(setup.options),
            started_at: clock.now(),
            metrics: Arc::new(|| "grimoire_up 1\n".to_owned()),
            shutdown: shutdown.clone(),
        });
        Self { github, runner, router, shutdown }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        Call { router: self.router.clone(), request }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A signed webhook request like GitHub's.
    pub(crate) fn webhook(&self, event: &str, delivery: &str, body: impl Into<Bytes>) -> Call {
        let body = body.into();
        self.post("/webhook")
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", delivery)
            .header("x-hub-signature-256", &signature(&body))
            .body(body)
    }

    /// Stores a spell and returns it as in the response.
    pub(crate) async fn spell(&self, body: &Value) -> Value {
        self.post("/api/spells").json(body).await.expect(201).json()
    }

    /// Delivers the opening of a pull request, and returns the job that reviews it.
    pub(crate) async fn opened(&self, number: u64) -> u64 {
        let answer = self.webhook("pull_request", &format!("opened-{number}"), opened(number)).await;
        answer.expect(202).json()["job_id"].as_u64().expect("a job")
    }

    /// Puts a pull request on GitHub whose CI job failed with this log.
    pub(crate) fn failing_pull_request(&self, number: u64, log: &str) {
        let id = PullRequestId { repository: repository(), number };
        let head_sha = CommitSha::parse(HEAD).expect("valid");
        let job = FailedJob { id: 70 + number, name: "build".to_owned(), page: None };
        self.github.put_failed_job(&id.repository, &head_sha, job, Some(log));
        let title = "A change".to_owned();
        let diff = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n a\n+b\n";
        self.github.put_pull_request(
            PullRequest { id, head_sha, open: true, draft: false, title, labels: Vec::new() },
            diff,
        );
    }

    /// Runs every due job.
    pub(crate) async fn run_jobs(&self) {
        while self.runner.tick().await.expect("the store works") != Tick::Idle {}
    }
}

/// A prepared request; awaiting it sends it.
pub(crate) struct Call {
    router: Router,
    request: Request<Body>,
}

impl Call {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().expect("a header value"));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// A body with the content type of JSON.
    pub(crate) fn raw_json(self, body: impl Into<Bytes>) -> Self {
        self.header("content-type", "application/json").body(body.into())
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw_json(body.to_string())
    }

    pub(crate) fn by_writer(self) -> Self {
        self.with_token(TOKEN)
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends the request and returns the response with an unread body.
    pub(crate) async fn open(self) -> Response<Body> {
        self.router.oneshot(self.request).await.expect("a router always answers")
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (path, method) = (self.request.uri().to_string(), self.request.method().clone());
            let (parts, body) = self.open().await.into_parts();
            let body = body.collect().await.expect("the body is whole").to_bytes();
            Answer { asked: format!("{method} {path}"), status: parts.status, headers: parts.headers, body }
        })
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Returns the response if it has this status; panics otherwise.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.asked, self.text());
        self
    }

    /// Returns the body of an error if it has this status, this code and the common shape.
    #[track_caller]
    pub(crate) fn error(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.asked);
        let body = answer.json();
        let mut names: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        names.retain(|name| *name != "errors");
        assert_eq!(names, ["detail", "error_code", "request_id", "timestamp"], "{}", answer.asked);
        assert_eq!(body["error_code"], code, "{}: {body}", answer.asked);
        assert!(!body["detail"].as_str().expect("text").is_empty());
        assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"));
        let timestamp = body["timestamp"].as_str().expect("text");
        timestamp.parse::<grimoire_domain::Timestamp>().expect("RFC 3339");
        if let Some(errors) = body.get("errors") {
            for error in errors.as_array().filter(|errors| !errors.is_empty()).expect("a list") {
                assert!(error["field"].is_string() && error["message"].is_string(), "{error}");
            }
        }
        body
    }

    /// The names of the invalid fields in a 422, in its order.
    #[track_caller]
    pub(crate) fn wrong_fields(self) -> Vec<String> {
        let body = self.error(422, "INVALID");
        let errors = body["errors"].as_array().expect("a 422 names fields");
        errors.iter().map(|error| error["field"].as_str().expect("text").to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("visible"))
    }

    /// The URL in `Link` for a relation such as `next`.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!("rel=\"{relation}\"");
        let link = self.header("link")?.split(", ").find(|link| link.ends_with(&wanted))?;
        Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
    }
}

/// The head of every pull request in these tests.
pub(crate) const HEAD: &str = "1111111111111111111111111111111111111111";

fn repository() -> RepositoryName {
    RepositoryName::parse("octo/app").expect("valid")
}

/// The payload for an opened pull request.
pub(crate) fn opened(number: u64) -> String {
    json!({
        "action": "opened",
        "number": number,
        "pull_request": { "number": number, "state": "open", "draft": false, "head": { "sha": HEAD } },
        "repository": { "full_name": "octo/app" },
    })
    .to_string()
}

/// A valid spell.
pub(crate) fn moved_value() -> Value {
    json!({
        "title": "Use of a moved value",
        "description": "A value was used after its ownership moved away.",
        "error_type": "E0382",
        "error_pattern": "use of moved value: `\\w+`",
        "solution_code": "let copy = names.clone();",
        "tags": "rust, ownership",
    })
}

/// A spell about one word.
pub(crate) fn about(word: &str) -> Value {
    json!({
        "title": format!("About {word}"),
        "description": format!("What {word} means."),
        "error_type": word,
        "error_pattern": format!("text:{word}"),
        "solution_code": format!("mend {word}"),
    })
}

/// `spell` with some fields replaced.
pub(crate) fn changed(spell: &Value, fields: Value) -> Value {
    let mut changed = spell.clone();
    let Value::Object(fields) = fields else { panic!("an object of fields") };
    for (name, value) in fields {
        changed[name] = value;
    }
    changed
}

/// `X-Hub-Signature-256` of a body.
pub(crate) fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Verifies signatures for real, and reads payloads like the open gate.
struct SignedGate;

impl WebhookGate for SignedGate {
    fn verify(&self, body: &[u8], given: Option<&str>) -> Result<(), PortError> {
        if given == Some(&signature(body)) {
            return Ok(());
        }
        Err(PortError::new(ErrorKind::Unauthenticated, format!("{given:?} is not it")))
    }

    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
        OpenGate.parse(event, body)
    }
}

/// A search that fails.
#[derive(Clone, Copy)]
pub(crate) enum BrokenSearch {
    /// Every call fails with this kind of error.
    Fails(ErrorKind),
    /// No call ever returns.
    Hangs,
}

/// Internal text that must never leave the server.
pub(crate) const INSIDE: &str = "segment 7 of /var/lib/index is torn";

impl BrokenSearch {
    async fn answer<T>(self) -> Result<T, PortError> {
        match self {
            Self::Fails(kind) => Err(PortError::new(kind, format!("search failed: {INSIDE}"))
                .with_source(INSIDE)
                .with_retry_after(Duration::from_secs(7))),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl SpellSearch for BrokenSearch {
    async fn candidates(&self, _: &Diagnostic, _: usize) -> Result<Candidates, PortError> {
        self.answer().await
    }

    async fn search(&self, _: &str, _: PageRequest) -> Result<SearchResults, PortError> {
        self.answer().await
    }

    fn excerpt(&self, _: &Spell, _: &SearchedTerms) -> Option<Excerpt> {
        None
    }

    fn progress(&self) -> IndexProgress {
        IndexProgress {
            sequence: Sequence(0),
            documents: 0,
            state: FollowerState::Failing("torn".to_owned()),
        }
    }

    async fn wait_for(&self, _: Sequence, _: Duration) -> Result<(), PortError> {
        self.answer().await
    }

    async fn close(&self) {}
}

/// Runs asynchronous code inside a property test.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// A body of `pieces` chunks of `size` bytes that then stalls without ending.
pub(crate) fn stuck_body(pieces: usize, size: usize) -> Body {
    let piece = Bytes::from(vec![b' '; size]);
    let pieces = futures::stream::iter(vec![piece; pieces]).map(Ok::<_, std::io::Error>);
    Body::from_stream(pieces.chain(futures::stream::pending()))
}
