use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Role, Span};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginIdentity;
use grimoire_ports::PortError;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedMatchers, ScriptedPlugins};
use grimoire_ports::plugins::analyzer::Findings;
use serde_json::{Value, json};

use crate::world::{World, about, moved_value, stuck_body};

const LOG: &str = "Compiling app\nerror[E0382]: use of moved value: `names`\nwarning: unused\n\
    error[E0382]: use of moved value: `names`\nerror[E0999]: something nobody knows\n";

#[tokio::test]
async fn an_artifact_becomes_diagnostics() {
    let world = World::new();
    let report = world.post("/api/analyze?name=build").body(LOG).await.expect(200).json();
    let found = report["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 2, "{report}");
    assert_eq!((&found[0]["error_type"], &found[0]["count"]), (&json!("E0382"), &json!(2)));
    assert_eq!(found[0]["message"], "use of moved value: `names`");
    assert_eq!(found[0]["severity"], "error");
    assert_eq!((&found[0]["kind"], &found[0]["role"]), (&json!("unknown"), &json!("root")));
    assert_eq!((&found[0]["confidence"], &found[0]["test"]), (&json!("certain"), &Value::Null));
    assert_eq!(report["bytes"], LOG.len());
    assert_eq!(report["generation"], 1);
    assert_eq!(report["plugins"][0]["name"], "scripted-analyzer");
    assert_eq!(report["problems"], json!([]));
}

#[tokio::test]
async fn a_diagnostic_says_what_it_is() {
    let world = World::with(|setup| {
        setup.ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(|_, content| {
            let diagnostic = Diagnostic {
                tool: "gtest".to_owned(),
                message: "expected 3, got 4".to_owned(),
                kind: Kind::Test,
                role: Role::Summary,
                confidence: Confidence::Likely,
                test: Some("Counter.Adds".to_owned()),
                span: Span { start: 0, end: content.len() as u64 },
                ..Diagnostic::default()
            };
            let plugin = PluginIdentity { name: "analyzer-x".to_owned(), digest: "0".repeat(64) };
            Ok(vec![Findings { plugin, diagnostics: vec![diagnostic], problem: None }])
        })));
    });
    let report = world.post("/api/analyze").body(LOG).await.expect(200).json();
    let diagnosis = world.post("/api/diagnose").body(LOG).await.expect(200).json();
    for found in [&report["diagnostics"][0], &diagnosis["errors"][0]["diagnostic"]] {
        for (field, word) in
            [("kind", "test"), ("role", "summary"), ("confidence", "likely"), ("test", "Counter.Adds")]
        {
            assert_eq!(found[field], word, "{found}");
        }
    }
}

#[tokio::test]
async fn any_bytes_are_an_artifact() {
    let world = World::new();
    let none = json!([]);
    for body in [Vec::new(), vec![0; 4096], vec![0xff; 4096], b"\x1b[31m\x1b[0m".repeat(500)] {
        let size = body.len();
        let report = world.post("/api/analyze?kind=text").body(body).await.expect(200).json();
        assert_eq!((&report["diagnostics"], &report["bytes"]), (&none, &json!(size)));
    }
    for kind in ["log", "diff", "text", "report"] {
        world.post(&format!("/api/analyze?kind={kind}")).body(LOG).await.expect(200);
    }
    for path in ["/api/analyze?kind=film", "/api/diagnose?kind=film", "/api/analyze?kind="] {
        assert_eq!(world.post(path).body(LOG).await.wrong_fields(), ["kind"]);
    }
}

#[tokio::test]
async fn an_artifact_above_the_cap_is_refused() {
    let world = World::with(|setup| setup.options.artifact_limit = 1_000);
    for path in ["/api/analyze", "/api/diagnose"] {
        world.post(path).body(vec![b'x'; 1_000]).await.expect(200);
        world.post(path).header("content-length", "1001").await.error(413, "TOO_LARGE");
        // Without an announced length, the limit is noticed while reading: this body never ends.
        world.post(path).body(stuck_body(11, 100)).await.error(413, "TOO_LARGE");
        world.post(path).header("content-encoding", "gzip").await.error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

#[tokio::test]
async fn too_many_analyses_at_once_say_when_to_come_back() {
    let world = World::with(|setup| {
        setup.ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(|_, _| {
            let busy = PortError::new(ErrorKind::Unavailable, "every analyzer is busy");
            Err(busy.with_retry_after(Duration::from_millis(200)))
        })));
    });
    for path in ["/api/analyze", "/api/diagnose"] {
        let answer = world.post(path).body(LOG).await.expect(503);
        assert_eq!(answer.header("retry-after"), Some("1"), "whole seconds, never none");
        assert_eq!(answer.error(503, "UNAVAILABLE")["detail"], "every analyzer is busy");
    }
}

#[tokio::test]
async fn an_error_finds_its_spells_best_first() {
    let world = World::new();
    world.spell(&moved_value()).await;
    world.spell(&about("moved")).await;
    let question = json!({ "error_type": "E0382", "message": "use of moved value: `names`" });
    let report = world.post("/api/match").json(&question).await.expect(200).json();
    let spells = report["spells"].as_array().expect("a list");
    assert_eq!(spells[0]["title"], "Use of a moved value");
    assert_eq!(spells[0]["solution_code"], "let copy = names.clone();");
    let scores: Vec<f64> = spells.iter().filter_map(|spell| spell["score"].as_f64()).collect();
    assert!(scores.is_sorted_by(|left, right| left >= right), "{scores:?}");
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{scores:?}");
    assert_eq!(report["degraded"], false);
    assert_eq!(report["sequence"], 2);
    assert_eq!(report["plugins"][0]["name"], "scripted-matcher");
    let again = world.post("/api/match").json(&question).await.expect(200).json();
    assert_eq!(again, report, "the same question has the same answer");
}

#[tokio::test]
async fn keyword_order_stands_in_for_a_failing_matcher_and_the_answer_says_so() {
    let world = World::with(|setup| {
        setup.ports.plugins =
            Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(FailureReason::Timeout)));
    });
    world.spell(&moved_value()).await;
    let question = json!({ "message": "use of moved value: `names`" });
    let report = world.post("/api/match").json(&question).await.expect(200).json();
    assert_eq!(report["degraded"], true);
    assert_eq!(report["problems"][0]["reason"], "timeout");
    assert_eq!(report["spells"][0]["id"], 1);
}

#[tokio::test]
async fn context_and_stack_trace_may_be_text_lists_or_any_json() {
    let world = World::new();
    world.spell(&about("zebra")).await;
    for context in
        [json!("a zebra"), json!(["a", "zebra"]), json!({ "animal": ["zebra", 1] }), json!(null), json!(7)]
    {
        for name in ["context", "stack_trace"] {
            let question = json!({ "message": "zebra", name: context });
            let report = world.post("/api/match").json(&question).await.expect(200).json();
            assert_eq!(report["spells"][0]["id"], 1, "{question}");
        }
    }
}

#[tokio::test]
async fn a_report_that_says_nothing_or_too_much_is_refused() {
    let world = World::new();
    for (question, fields) in [
        (json!({}), vec!["message"]),
        (json!({ "message": null }), vec!["message"]),
        (json!({ "message": " \n" }), vec!["message"]),
        (json!({ "message": 5 }), vec!["message"]),
        (
            json!({ "message": "x".repeat(8_193), "error_type": "y".repeat(101) }),
            vec!["error_type", "message"],
        ),
        (json!({ "message": "x", "context": "y".repeat(65_537) }), vec!["context"]),
        (json!(["E0382", "message"]), vec!["body"]),
    ] {
        assert_eq!(world.post("/api/match").json(&question).await.wrong_fields(), fields);
    }
}

#[tokio::test]
async fn a_log_becomes_diagnostics_with_their_spells() {
    let world = World::new();
    world.spell(&moved_value()).await;
    let diagnosis = world.post("/api/diagnose?name=build").body(LOG).await.expect(200).json();
    let errors = diagnosis["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0]["artifact"], "build");
    assert_eq!(errors[0]["diagnostic"]["count"], 2);
    assert_eq!(errors[0]["spells"][0]["id"], 1);
    assert_eq!(errors[1]["spells"], json!([]));
    let plugins: Vec<&Value> =
        diagnosis["plugins"].as_array().expect("a list").iter().map(|plugin| &plugin["name"]).collect();
    assert_eq!(plugins, ["scripted-analyzer", "scripted-matcher"]);
}

#[tokio::test]
async fn an_upload_that_does_not_flow_is_given_up() {
    let world = World::with(|setup| {
        setup.options.upload_rate = 1_000_000;
        setup.options.upload_grace = Duration::from_millis(50);
    });
    for pieces in [0, 5] {
        let error = world.post("/api/analyze").body(stuck_body(pieces, 1_000)).await.error(504, "TIMEOUT");
        assert!(error["detail"].as_str().expect("text").contains("1000000 bytes a second"), "{error}");
    }
}

#[tokio::test]
async fn uploads_have_their_own_places_and_give_them_back() {
    let world = Arc::new(World::with(|setup| setup.options.upload_places = 1));
    let slow = {
        let world = Arc::clone(&world);
        // The other upload may occupy the only slot; retries until the slot is free.
        tokio::spawn(async move {
            while world.post("/api/analyze").body(stuck_body(5, 1_000)).await.status == 503 {
                tokio::task::yield_now().await;
            }
        })
    };
    let refused = loop {
        let answer = world.post("/api/diagnose").body(LOG).await;
        if answer.status != 200 {
            break answer.expect(503);
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.header("retry-after"), Some("1"));
    slow.abort();
    assert!(slow.await.expect_err("it was under way").is_cancelled());
    world.post("/api/diagnose").body(LOG).await.expect(200);
}
