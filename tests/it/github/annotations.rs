//! Annotations of check runs.

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::github::{Annotation, AnnotationLevel, GitHub};
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle};
use grimoire_tests::faults::Fault;
use serde_json::{Value, json};

use super::{client, repository};

const ANNOTATIONS: &str = "/repos/octo/app/check-runs/*/annotations";

async fn pull_request() -> (FakeGitHub, PullRequestHandle) {
    let github = FakeGitHub::start().await;
    let pull = github.repository("octo/app").private().pull_request(7).failing_job("build", "log");
    (github, pull)
}

/// The annotations read from a page with these items.
async fn read(items: &Value) -> Vec<Annotation> {
    let (github, _) = pull_request().await;
    github.fault(Fault::on("GET", ANNOTATIONS).answer(200).body(items.to_string()));
    client(&github).0.annotations(&repository("octo/app"), 1).await.unwrap()
}

#[tokio::test]
async fn the_annotations_of_a_job_are_those_of_its_check_run() {
    let (github, pull) = pull_request().await;
    let pull =
        pull.annotated("build", "src/main.rs", 12, "mismatched types").annotated("build", ".github", 1, "x");
    let (client, _) = client(&github);
    let found = client.annotations(&repository("octo/app"), pull.job_id("build")).await.unwrap();
    let expected = Annotation {
        path: "src/main.rs".to_owned(),
        start_line: Some(12),
        end_line: Some(12),
        start_column: None,
        end_column: None,
        level: AnnotationLevel::Failure,
        title: String::new(),
        message: "mismatched types".to_owned(),
    };
    assert_eq!((found.len(), &found[0]), (2, &expected));

    let missing = client.annotations(&repository("octo/app"), 1).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn no_shape_of_an_annotation_hides_the_others() {
    let found = read(&json!([
        null,
        "text",
        { "start_line": "first", "message": "lost" },
        {},
        { "path": null, "start_line": -1, "end_line": 0, "start_column": 1_u64 << 40, "message": null,
          "annotation_level": "catastrophe", "raw_details": { "new": [] } },
        { "path": "a.c", "start_line": 3, "end_line": 3, "start_column": 5, "end_column": 9,
          "annotation_level": "warning", "title": "cc", "message": "unused" },
    ]))
    .await;
    let nothing = Annotation {
        path: String::new(),
        start_line: None,
        end_line: None,
        start_column: None,
        end_column: None,
        level: AnnotationLevel::Unknown,
        title: String::new(),
        message: String::new(),
    };
    let whole = Annotation {
        path: "a.c".to_owned(),
        start_line: Some(3),
        end_line: Some(3),
        start_column: Some(5),
        end_column: Some(9),
        level: AnnotationLevel::Warning,
        title: "cc".to_owned(),
        message: "unused".to_owned(),
    };
    assert_eq!(found, [nothing.clone(), nothing, whole]);
}

#[tokio::test]
async fn at_most_a_hundred_are_read_from_as_many_pages_as_it_takes() {
    let (github, mut pull) = pull_request().await;
    for line in 1..=130 {
        pull = pull.annotated("build", "a.c", line, "error");
    }
    let job = pull.job_id("build");
    let (client, _) = client(&github);
    let found = client.annotations(&repository("octo/app"), job).await.unwrap();
    assert_eq!((found.len(), found[99].start_line), (100, Some(100)));
    assert_eq!(github.ledger().count("GET", ANNOTATIONS), 1);

    // GitHub may return fewer items per page than requested.
    let path = format!("/repos/octo/app/check-runs/{job}/annotations");
    let link = |page: u32| format!("<{}{path}?page={page}>; rel=\"next\"", github.api_url());
    let page: Value = (1..=2).map(|line| json!({ "path": "b.c", "start_line": line })).collect();
    for call in [1, 2] {
        let answer = Fault::on("GET", ANNOTATIONS).call(call).answer(200).header("link", &link(call + 4));
        github.fault(answer.body(page.to_string()));
    }
    let found = client.annotations(&repository("octo/app"), job).await.unwrap();
    let places: Vec<_> = found.iter().take(5).map(|found| (found.path.as_str(), found.start_line)).collect();
    // The sixth page is empty, as 130 annotations fill five pages of thirty: only the two pages before count.
    assert_eq!(places, [("b.c", Some(1)), ("b.c", Some(2)), ("b.c", Some(1)), ("b.c", Some(2))]);
    assert_eq!(github.ledger().count("GET", ANNOTATIONS), 4);
}

#[tokio::test]
async fn a_token_that_may_not_read_checks_is_forbidden_to() {
    let (github, pull) = pull_request().await;
    let said = r#"{"message": "Resource not accessible by personal access token"}"#;
    github.fault(
        Fault::on("GET", ANNOTATIONS)
            .answer(403)
            .header("x-accepted-github-permissions", "checks=read")
            .body(said),
    );
    let error =
        client(&github).0.annotations(&repository("octo/app"), pull.job_id("build")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("checks=read"), "{error}");
}
