//! How reviews use the annotations of failed jobs.

use std::sync::{Arc, Mutex};

use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Diagnostic, Location, Position};
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{Diagnosis, PluginIdentity};
use grimoire_pipeline::Settings;
use grimoire_ports::PortError;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins};
use grimoire_ports::github::{Annotation, AnnotationLevel};
use grimoire_ports::plugins::analyzer::Findings;
use grimoire_ports::store::JobStore as _;

use crate::world::{LOG, World, commit, repository, review_key};

/// The id of the job of pull request 7.
const JOB: u64 = 77;

fn annotation(path: &str, line: u32, message: &str) -> Annotation {
    Annotation {
        path: path.to_owned(),
        start_line: Some(line),
        end_line: Some(line),
        start_column: None,
        end_column: None,
        level: AnnotationLevel::Failure,
        title: String::new(),
        message: message.to_owned(),
    }
}

fn diagnostic(error_type: &str, message: &str, place: Option<(&str, u32)>) -> Diagnostic {
    let location = place.map(|(path, line)| Location {
        path: path.to_owned(),
        start: Some(Position { line, column: None }),
        end: None,
    });
    Diagnostic {
        tool: "tool".to_owned(),
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        location,
        ..Diagnostic::default()
    }
}

/// Reviews a pull request with these diagnostics in its log and annotations.
async fn reviewed(log: Vec<Diagnostic>, annotated: Vec<Diagnostic>) -> Diagnosis {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |artifact, _| {
            let diagnostics = match artifact.name.as_str() {
                "build" => log.clone(),
                "annotations of build" => annotated.clone(),
                _ => Vec::new(),
            };
            let plugin = PluginIdentity { name: "scripted".to_owned(), digest: "0".repeat(64) };
            Ok(vec![Findings { plugin, diagnostics, problem: None }])
        })));
    });
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.github.put_annotations(&repository(), JOB, vec![annotation("a.c", 1, "failed")]);
    world.opened(7, &commit('a')).await;
    world.run_due().await;
    world
        .pipeline
        .get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE)
        .await
        .expect("written")
        .diagnosis
}

/// Artifact, message, line and count of every reported error.
fn told(diagnosis: &Diagnosis) -> Vec<(&str, &str, Option<u32>, u32)> {
    let line = |found: &Diagnostic| Some(found.location.as_ref()?.start?.line);
    let errors = diagnosis.errors.iter();
    errors
        .map(|error| {
            let found = &error.diagnostic;
            (error.artifact.as_str(), found.message.as_str(), line(found), error.count)
        })
        .collect()
}

#[tokio::test]
async fn annotations_are_read_as_a_log_of_their_own() {
    let read = Arc::new(Mutex::new(Vec::new()));
    let texts = read.clone();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins =
            Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |artifact, content| {
                let text = String::from_utf8_lossy(content).into_owned();
                texts.lock().expect("not poisoned").push((artifact.name.clone(), artifact.kind, text));
                Ok(Vec::new())
            })));
    });
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    let warning = Annotation { level: AnnotationLevel::Warning, ..annotation("a.c", 2, "unused") };
    let closing = annotation(".github", 9, "Process completed with exit code 1.");
    world.github.put_annotations(
        &repository(),
        JOB,
        vec![annotation("a.c", 1, "bad\nvery"), warning, closing],
    );
    let job = world.opened(7, &head).await;
    world.run_due().await;

    let (name, kind, text) = read.lock().expect("not poisoned").last().cloned().expect("read");
    assert_eq!((name.as_str(), kind), ("annotations of build", ArtifactKind::Log));
    assert_eq!(text, "::error file=a.c,line=1,endLine=1::bad%0Avery\n");
    let events = world.store.events_after(job, 0, 100).await.expect("read");
    let analyzed = events.iter().find(|event| event.step == "analyzed").expect("told");
    assert_eq!(analyzed.data["annotations"], 1);
    assert!(analyzed.message.ends_with("1 annotation"), "{}", analyzed.message);
}

#[tokio::test]
async fn what_the_log_says_already_is_told_once_and_as_the_log_says_it() {
    let log = vec![
        diagnostic("E0308", "mismatched types", Some(("/home/runner/work/app/app/src/a.rs", 3))),
        diagnostic("ModuleNotFoundError", "No module named 'requests'", None),
    ];
    let annotated = vec![
        diagnostic("annotation", "error[E0308]: mismatched types", Some(("src/a.rs", 3))),
        diagnostic("annotation", "mismatched types", Some(("src/a.rs", 4))),
        diagnostic("annotation", "missing semicolon", Some(("src/a.rs", 3))),
        diagnostic("annotation", "ModuleNotFoundError: No module named 'requests'", Some(("tool.py", 8))),
        diagnostic("annotation", "mismatched types", None),
        diagnostic("annotation", "No space left on device", None),
    ];
    let diagnosis = reviewed(log, annotated).await;
    let annotations = "annotations of build";
    assert_eq!(
        told(&diagnosis),
        [
            ("build", "mismatched types", Some(3), 1),
            ("build", "No module named 'requests'", Some(8), 1),
            (annotations, "mismatched types", Some(4), 1),
            (annotations, "missing semicolon", Some(3), 1),
            (annotations, "No space left on device", None, 1),
        ]
    );
}

#[tokio::test]
async fn one_message_at_several_places_keeps_them_all() {
    let log = vec![diagnostic("", "assertion failed", None), diagnostic("", "assertion failed", None)];
    let annotated = [1, 2].map(|line| diagnostic("", "assertion failed", Some(("a.py", line)))).to_vec();
    let diagnosis = reviewed(log, annotated).await;
    let lines: Vec<_> = told(&diagnosis).into_iter().map(|(_, _, line, _)| line).collect();
    assert_eq!(lines, [None, Some(1), Some(2)]);
}

#[tokio::test]
async fn annotations_that_may_not_be_read_are_missed_only_where_the_log_is_gone() {
    for kind in [ErrorKind::Forbidden, ErrorKind::NotFound] {
        for (log, gaps) in [(Some(LOG), 0), (None, 2)] {
            let world = World::new();
            let head = commit('a');
            world.failing_pull_request(7, &head, log);
            world.github.fail_next("annotations", PortError::new(kind, "the token may not do this"));
            let job = world.opened(7, &head).await;
            world.run_due().await;
            assert_eq!(world.state(job).await, JobState::Succeeded);
            let review = world
                .pipeline
                .get_review(&review_key(7, &head), &Actor::COMMAND_LINE)
                .await
                .expect("written");
            assert_eq!(review.diagnosis.gaps.len(), gaps, "{:?}", review.diagnosis.gaps);
        }
    }
}
