//! The layers around every route: ids, error bodies, limits, headers, compression.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins};

use crate::world::{BrokenSearch, INSIDE, Setup, World, moved_value, stuck_body};

fn broken(search: BrokenSearch) -> World {
    World::with(|setup: &mut Setup| {
        setup.ports.search = Arc::new(search);
        setup.options.request_timeout = Duration::from_millis(50);
        setup.options.artifact_timeout = Duration::from_millis(50);
    })
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one() {
    let world = World::new();
    let kept = world.get("/health").header("x-request-id", "build-42_a.b").await;
    assert_eq!(kept.header("x-request-id"), Some("build-42_a.b"));
    let longest = "i".repeat(128);
    let kept = world.get("/health").header("x-request-id", &longest).await;
    assert_eq!(kept.header("x-request-id"), Some(longest.as_str()));
    for odd in ["", "two words", "line\tbreak", "<script>", &"i".repeat(129)] {
        let answer = world.get("/nothing").header("x-request-id", odd).await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert_eq!(id.len(), 36, "a fresh one instead of {odd:?}");
        assert_eq!(answer.error(404, "NOT_FOUND")["request_id"], id.as_str());
    }
    let first = world.get("/health").await;
    let second = world.get("/health").await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_the_one_shape() {
    let world = World::new();
    let error = world.get("/api/spell").await.error(404, "NOT_FOUND");
    assert!(error["detail"].as_str().expect("text").contains("/api/spell"), "{error}");
    let refused = world.delete("/api/spells").await.expect(405);
    let allowed: Vec<&str> = refused.header("allow").expect("a list").split(',').collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{allowed:?}");
    refused.error(405, "METHOD_NOT_ALLOWED");
    let invented = Method::from_bytes(b"CONJURE").expect("a token");
    world.call(invented, "/api/spells").await.error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    let world = World::new();
    world.spell(&moved_value()).await;
    let head = world.call(Method::HEAD, "/api/spells/1").await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), Some("\"1\""));
    assert!(world.call(Method::HEAD, "/nothing").await.expect(404).body.is_empty());
}

#[tokio::test]
async fn options_tells_the_methods_that_there_are() {
    for world in [World::new(), World::closed()] {
        let answer = world.call(Method::OPTIONS, "/api/spells/1").await.expect(204);
        assert!(answer.body.is_empty());
        let allowed: Vec<&str> = answer.header("allow").expect("a list").split(',').collect();
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            assert!(allowed.contains(&method), "{allowed:?}");
        }
        world.call(Method::OPTIONS, "/api/spell").await.error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn every_kind_of_failure_has_its_status() {
    for (kind, status) in [
        (ErrorKind::NotFound, 404),
        (ErrorKind::Conflict, 409),
        (ErrorKind::Invalid, 422),
        (ErrorKind::Unauthenticated, 401),
        (ErrorKind::Forbidden, 403),
        (ErrorKind::TooLarge, 413),
        (ErrorKind::TooManyRequests, 429),
        (ErrorKind::Timeout, 504),
        (ErrorKind::Unavailable, 503),
        (ErrorKind::Internal, 500),
    ] {
        let answer = broken(BrokenSearch::Fails(kind)).get("/api/spells?q=x").await.expect(status);
        assert_eq!(answer.header("retry-after"), Some("7"));
        answer.error(status, &kind.as_str().to_uppercase());
    }
}

#[tokio::test]
async fn an_internal_error_says_nothing_of_its_cause() {
    let answer = broken(BrokenSearch::Fails(ErrorKind::Internal)).get("/api/spells?q=x").await;
    assert!(!answer.text().contains("search") && !answer.text().contains(INSIDE), "{}", answer.text());
    let error = answer.error(500, "INTERNAL");
    assert!(error["detail"].as_str().expect("text").contains("request_id"), "it says where to look");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_server_lives() {
    let world = World::with(|setup| {
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(|_, _| panic!("{INSIDE}"))));
    });
    let answer = world.post("/api/analyze").body("x").await;
    assert!(!answer.text().contains(INSIDE), "{}", answer.text());
    answer.error(500, "INTERNAL");
    world.get("/health").await.expect(200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let world = broken(BrokenSearch::Hangs);
    world.get("/api/spells?q=x").await.error(408, "TIMEOUT");
    // A caller who never finishes the body does not keep a request open either.
    world.post("/api/match").raw_json("").body(stuck_body(1, 1)).await.error(408, "TIMEOUT");
    world.post("/api/spells").raw_json("").body(stuck_body(1, 1)).await.error(408, "TIMEOUT");
    world.webhook("ping", "d-1", "").body(stuck_body(1, 1)).await.error(408, "TIMEOUT");
    world.post("/api/analyze").body(stuck_body(1, 1)).await.error(408, "TIMEOUT");
}

#[tokio::test]
async fn browsers_of_listed_origins_may_call() {
    let world = World::with(|setup| setup.options.cors_origins = vec!["https://ci.example.org".to_owned()]);
    let preflight = |origin| {
        let call = world.call(Method::OPTIONS, "/api/spells/1").header("origin", origin);
        call.header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,if-match")
    };
    let allowed = preflight("https://ci.example.org").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://ci.example.org"));
    assert!(allowed.header("access-control-allow-methods").expect("a list").contains("PATCH"));
    assert!(allowed.header("access-control-allow-headers").expect("a list").contains("if-match"));
    assert_eq!(allowed.header("access-control-allow-credentials"), None);
    for stranger in ["https://evil.example", "http://ci.example.org", "https://ci.example.org:8443", "null"] {
        let refused = preflight(stranger).await;
        assert_eq!(refused.header("access-control-allow-origin"), None, "{stranger}");
    }
    let answer = world.get("/api/spells").header("origin", "https://ci.example.org").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://ci.example.org"));
    let exposed = answer.header("access-control-expose-headers").expect("a list");
    for name in ["etag", "link", "x-total-count", "x-grimoire-sequence", "x-request-id"] {
        assert!(exposed.contains(name), "{name}");
    }
    // Pages of the origin can read errors too.
    let answer = world.get("/nothing").header("origin", "https://ci.example.org").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://ci.example.org"));
}

#[tokio::test]
async fn without_a_list_no_other_origin_is_allowed() {
    let world = World::new();
    let preflight = world.call(Method::OPTIONS, "/api/spells").header("origin", "https://ci.example.org");
    let answer = preflight.header("access-control-request-method", "POST").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let world = World::new();
    world.spell(&moved_value()).await;
    for path in ["/api/spells", "/api/spells/1", "/nothing", "/docs/", "/redoc", "/metrics"] {
        let answer = world.get(path).await;
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
    }
    assert_eq!(world.get("/api/spells").await.header("cache-control"), Some("no-store"));
    assert_eq!(world.get("/api/spells/1").await.header("cache-control"), Some("private, no-cache"));
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let world = World::new();
    for number in 0..20 {
        let key = serde_json::json!({ "key": format!("moved-{number}") });
        world.spell(&crate::world::changed(&moved_value(), key)).await;
    }
    let plain = world.get("/api/spells").await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    let packed = world.get("/api/spells").header("accept-encoding", "gzip").await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary").map(|vary| vary.contains("accept-encoding")), Some(true));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    assert!(packed.body.len() < plain.body.len() / 4, "{} of {}", packed.body.len(), plain.body.len());
    let error = world.get("/nothing").header("accept-encoding", "gzip").await.expect(404);
    assert_eq!(error.header("content-encoding"), Some("gzip"));
    assert_eq!(error.body[..2], [0x1f, 0x8b]);
}
