//! Grimoire's comments on failing pull requests.

use grimoire_tests::fake_github::log::actions_log;

use super::grimoire_on_duty::story;

const MOVED: &str = "\
error[E0382]: borrow of moved value: `names`
   --> src/main.rs:12:31
    |
12  |     println!(\"{}\", names.len());
    |                    ^^^^^ value borrowed here after move

error: could not compile `app` (bin \"app\") due to 1 previous error
";

const MISSING_MODULE: &str = "\
Traceback (most recent call last):
  File \"/home/runner/work/app/app/tool.py\", line 3, in <module>
    import distutils
ModuleNotFoundError: No module named 'distutils'
";

#[tokio::test]
async fn a_failing_pull_request_gets_one_comment_with_the_known_fix() {
    story(async |grimoire| {
        let pull_request = grimoire.failing_build(7, "cargo build", MOVED);

        grimoire.work_off("check_run", &pull_request.check_run_event("build")).await;

        let comments = pull_request.comments();
        assert_eq!(comments.len(), 1);
        assert!(comments[0].body.contains("Use of a moved value (E0382)"), "{}", comments[0].body);
        assert!(comments[0].body.contains("`src/main.rs:12:31`"), "{}", comments[0].body);
        let review = grimoire.get("/api/reviews/octo/app/7").await;
        assert_eq!(review["head_sha"], pull_request.head());
        let error = &review["diagnosis"]["errors"][0];
        assert_eq!(error["diagnostic"]["code"], "E0382");
        assert!(error["spells"][0]["score"].as_f64() >= Some(0.5));
        let plugins = review["diagnosis"]["plugins"].as_array().expect("plugins");
        assert!(plugins.iter().any(|plugin| plugin["name"] == "matcher-hybrid"), "judged inside a component");
    })
    .await;
}

#[tokio::test]
async fn a_second_push_edits_the_same_comment() {
    story(async |grimoire| {
        let pull_request = grimoire.failing_build(7, "cargo build", MOVED);
        grimoire.work_off("check_run", &pull_request.check_run_event("build")).await;

        let pull_request =
            pull_request.push().failing_job("test", actions_log("python tool.py", MISSING_MODULE));
        grimoire.work_off("check_run", &pull_request.check_run_event("test")).await;

        let comments = pull_request.comments();
        assert_eq!(comments.len(), 1, "{comments:?}");
        assert_eq!(comments[0].edits, 1);
        assert!(comments[0].body.contains("ModuleNotFoundError"), "{}", comments[0].body);
        assert!(!comments[0].body.contains("E0382"), "{}", comments[0].body);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_posted_when_nothing_matches() {
    story(async |grimoire| {
        let unheard_of = "src/frobnicate.zz:3:7: error: the quux is not in its flurble [zz-991]\n";
        let pull_request = grimoire.failing_build(8, "make", unheard_of);

        grimoire.work_off("check_run", &pull_request.check_run_event("build")).await;

        assert!(pull_request.comments().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_fork_is_found_by_its_commit() {
    story(async |grimoire| {
        let pull_request = grimoire
            .pull_request(9)
            .of_fork("mallory/app")
            .failing_job("build", actions_log("cargo build", MOVED));

        grimoire.work_off("workflow_job", &pull_request.workflow_job_event("build")).await;

        assert_eq!(pull_request.comments().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_delivery_does_not_post_again() {
    story(async |grimoire| {
        let pull_request = grimoire.failing_build(7, "cargo build", MOVED);
        let event = pull_request.check_run_event("build");
        for _ in 0..3 {
            grimoire.work_off("check_run", &event).await;
        }
        let comments = pull_request.comments();
        assert_eq!((comments.len(), comments[0].edits), (1, 0));
        assert_eq!(grimoire.github.ledger().count("POST", "/repos/*/*/issues/*/comments"), 1);
    })
    .await;
}

#[tokio::test]
async fn annotations_tell_the_error_of_a_log_that_is_gone() {
    story(async |grimoire| {
        let pull_request = grimoire
            .pull_request(7)
            .failing_job_without_log("test", 410)
            .annotated("test", "tool.py", 3, "ModuleNotFoundError: No module named 'distutils'")
            .annotated("test", ".github", 14, "Process completed with exit code 1.");

        grimoire.work_off("check_run", &pull_request.check_run_event("test")).await;

        let comments = pull_request.comments();
        assert_eq!(comments.len(), 1);
        let body = &comments[0].body;
        assert!(body.contains("No module named 'distutils'") && body.contains("`tool.py:3`"), "{body}");
        assert!(body.contains("Not looked at: the log of "), "{body}");
        let review = grimoire.get("/api/reviews/octo/app/7").await;
        let errors = review["diagnosis"]["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "the closing line tells nothing: {errors:#?}");
        assert_eq!(errors[0]["artifact"], "annotations of CI / test");
    })
    .await;
}

#[tokio::test]
async fn annotations_that_repeat_the_log_are_not_told_again() {
    story(async |grimoire| {
        let pull_request = grimoire.failing_build(7, "cargo build", MOVED).annotated(
            "build",
            "src/main.rs",
            12,
            "borrow of moved value: `names`",
        );

        grimoire.work_off("check_run", &pull_request.check_run_event("build")).await;

        let review = grimoire.get("/api/reviews/octo/app/7").await;
        let errors = review["diagnosis"]["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(errors[0]["diagnostic"]["code"], "E0382", "the log says more");
        assert_eq!(
            (&errors[0]["artifact"], &errors[0]["diagnostic"]["count"]),
            (&"CI / build".into(), &1.into())
        );
        assert_eq!(grimoire.github.ledger().count("GET", "/repos/*/*/check-runs/*/annotations"), 1);
    })
    .await;
}

#[tokio::test]
async fn hostile_text_of_a_log_is_quoted_and_never_alive() {
    story(async |grimoire| {
    let hostile = "\
error[E0382]: use of moved value: `a`: ping @octo/everyone <img src=x> ![i](http://evil.example/?d) fixes #1 ```
  --> src/main.rs:1:1
";
    let pull_request = grimoire.failing_build(7, "cargo build", hostile);

    grimoire.work_off("check_run", &pull_request.check_run_event("build")).await;

    let body = pull_request.comments()[0].body.clone();
    let outside_fences = outside_fences(&body);
    for alive in ["@octo", "<img", "![i]", "fixes #1"] {
        assert!(!outside_fences.contains(alive), "{alive} is alive in {outside_fences}");
    }
    })
    .await;
}

/// A Markdown text without its fenced blocks and code spans.
fn outside_fences(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut kept = String::new();
    for line in markdown.lines() {
        let marks: String = line.chars().take_while(|&character| character == '`').collect();
        match &fence {
            Some(open) if marks.len() >= open.len() && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if marks.len() >= 3 => fence = Some(marks),
            None => {
                // Code spans of one line: the text between runs of backticks.
                kept.extend(line.split('`').step_by(2));
                kept.push('\n');
            }
        }
    }
    kept
}
