//! How reviews use the reports that a failed run uploaded.

use std::io::Write as _;
use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Position, Role, Severity};
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{Diagnosis, PluginIdentity};
use grimoire_pipeline::Settings;
use grimoire_ports::PortError;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedPlugins};
use grimoire_ports::github::{FailedJob, RunArtifact};
use grimoire_ports::plugins::analyzer::Findings;
use rawzip::ZipArchiveWriter;

use crate::world::{LOG, World, commit, repository, review_key};

const REPORT: &str = "junit: TEST-a.xml";

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, content) in files {
        let (mut entry, config) = archive.new_file(*name).start().expect("a name");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content.as_bytes()).expect("memory has room");
        let (_, descriptor) = writer.finish().expect("memory has room");
        entry.finish(descriptor).expect("memory has room");
    }
    archive.finish().expect("memory has room")
}

fn artifact(id: u64, name: &str) -> RunArtifact {
    RunArtifact { id, name: name.to_owned(), bytes: 300, expired: false }
}

/// Sets up a pull request whose job `build` failed, with these artifacts of the run.
fn failing(world: &World, artifacts: Vec<(RunArtifact, Option<Vec<u8>>)>) {
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    for (artifact, archive) in artifacts {
        world.github.put_artifact(&repository(), artifact, archive);
    }
}

async fn review(world: &World) -> Diagnosis {
    let job = world.opened(7, &commit('a')).await;
    world.run_all().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    world
        .pipeline
        .get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE)
        .await
        .expect("written")
        .diagnosis
}

/// The diagnosis of a run whose artifacts, given by name, yield these diagnostics.
async fn reviewed(said: Vec<(&'static str, Vec<Diagnostic>)>) -> Diagnosis {
    let jobs: Vec<String> = said
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .filter(|name| !["build", REPORT].contains(&name.as_str()))
        .collect();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(move |artifact, _| {
            let here = said.iter().find(|(name, _)| *name == artifact.name);
            let diagnostics = here.map(|(_, diagnostics)| diagnostics.clone()).unwrap_or_default();
            let plugin = PluginIdentity { name: "scripted".to_owned(), digest: "0".repeat(64) };
            Ok(vec![Findings { plugin, diagnostics, problem: None }])
        })));
    });
    failing(&world, vec![(artifact(1, "junit"), Some(archive(&[("TEST-a.xml", "<testsuite/>")])))]);
    for (id, name) in (100..).zip(jobs) {
        let job = FailedJob { id, name, page: None };
        world.github.put_failed_job(&repository(), &commit('a'), job, Some("failed"));
    }
    review(&world).await
}

fn test_failed(test: &str, message: &str) -> Diagnostic {
    Diagnostic {
        tool: "runner".to_owned(),
        error_type: "failure".to_owned(),
        message: message.to_owned(),
        kind: Kind::Test,
        test: Some(test.to_owned()),
        ..Diagnostic::default()
    }
}

fn at(path: &str, line: Option<u32>, found: Diagnostic) -> Diagnostic {
    let start = line.map(|line| Position { line, column: None });
    Diagnostic { location: Some(Location { path: path.to_owned(), start, end: None }), ..found }
}

/// Artifact and message of every reported error.
fn told(diagnosis: &Diagnosis) -> Vec<(&str, &str)> {
    let errors = diagnosis.errors.iter();
    errors.map(|error| (error.artifact.as_str(), error.diagnostic.message.as_str())).collect()
}

#[tokio::test]
async fn the_reports_among_the_artifacts_are_read_and_nothing_else_is() {
    let world = World::new();
    let reports = archive(&[
        ("target/TEST-a.xml", "error[E0382]: use of moved value: `kettle`\n"),
        ("target/coverage.xml", "error: no report"),
        ("app.log", "error: no report"),
    ]);
    failing(&world, vec![(artifact(1, "app.jar"), None), (artifact(2, "Surefire reports"), Some(reports))]);
    world.moved_value_spell().await;
    let diagnosis = review(&world).await;

    let seen = world.analyzers.seen();
    let reports: Vec<_> = seen
        .iter()
        .filter(|artifact| artifact.kind == ArtifactKind::Report)
        .map(|artifact| &artifact.name)
        .collect();
    assert_eq!(reports, ["Surefire reports: target/TEST-a.xml"]);
    let told = told(&diagnosis);
    assert_eq!(told.last(), Some(&("Surefire reports: target/TEST-a.xml", "use of moved value: `kettle`")));
    assert_eq!(
        diagnosis.errors.last().map(|error| error.spells.len()),
        Some(1),
        "it is matched as any other"
    );
    assert_eq!(diagnosis.gaps, [] as [String; 0]);
    let archives = world.github.calls().into_iter().filter(|call| *call == "artifact_archive").count();
    assert_eq!(archives, 1);
}

#[tokio::test]
async fn one_test_in_the_log_and_in_the_report_is_one_error_with_the_fields_of_both() {
    let log = Diagnostic {
        tool: "pytest".to_owned(),
        error_type: "AssertionError".to_owned(),
        ..test_failed("tests/test_pot.py::TestPot::test_holds[2-1]", "expected 2 but was...")
    };
    let log = at("/home/runner/work/app/app/tests/test_pot.py", None, log);
    let report = test_failed("tests.test_pot.TestPot.test_holds[2-1]", "expected 2 but was 1 of the cups");
    let report = at("tests/test_pot.py", Some(21), report);
    let diagnosis = reviewed(vec![("build", vec![log]), (REPORT, vec![report])]).await;

    assert_eq!(told(&diagnosis), [("build", "expected 2 but was 1 of the cups")]);
    let error = &diagnosis.errors[0];
    assert_eq!((error.count, error.diagnostic.tool.as_str()), (1, "pytest"));
    assert_eq!(error.diagnostic.error_type, "AssertionError");
    assert_eq!(error.diagnostic.test.as_deref(), Some("tests.test_pot.TestPot.test_holds[2-1]"));
    let place = error.diagnostic.location.as_ref().expect("a place");
    assert_eq!(place.start.map(|start| start.line), Some(21));
}

#[tokio::test]
async fn tests_that_fail_alike_stay_apart() {
    let log = vec![test_failed("PotTest.holds", "no tea"), test_failed("PotTest.pours", "no tea")];
    let report =
        ["holds", "pours", "boils"].map(|name| test_failed(&format!("org.kettle.PotTest.{name}"), "no tea"));
    let diagnosis = reviewed(vec![("build", log), (REPORT, report.to_vec())]).await;
    let tests: Vec<_> = diagnosis
        .errors
        .iter()
        .map(|error| (error.artifact.as_str(), error.diagnostic.test.as_deref()))
        .collect();
    assert_eq!(
        tests,
        [
            ("build", Some("org.kettle.PotTest.holds")),
            ("build", Some("org.kettle.PotTest.pours")),
            (REPORT, Some("org.kettle.PotTest.boils")),
        ]
    );
}

#[tokio::test]
async fn a_guess_about_the_log_gives_way_to_a_report_that_names_the_cause() {
    let guess = Diagnostic { confidence: Confidence::Guess, ..test_failed("", "something failed") };
    let summary = Diagnostic { role: Role::Summary, test: None, ..test_failed("", "1 of 9 tests failed") };
    let report = vec![test_failed("org.kettle.PotTest.holds", "no tea")];
    let diagnosis =
        reviewed(vec![("build", vec![guess.clone()]), ("other", vec![summary]), (REPORT, report.clone())])
            .await;
    assert_eq!(told(&diagnosis), [(REPORT, "no tea")]);

    // The report may belong to either of two jobs, and one has reported its cause.
    let cause = Diagnostic { test: None, ..test_failed("", "it does not compile") };
    let diagnosis = reviewed(vec![("build", vec![guess]), ("other", vec![cause]), (REPORT, report)]).await;
    let told = told(&diagnosis);
    assert_eq!(told, [("build", "something failed"), ("other", "it does not compile"), (REPORT, "no tea")]);
}

#[tokio::test]
async fn what_only_a_linter_reports_is_a_warning_where_the_log_names_the_cause() {
    let finding = |message: &str| {
        let found = Diagnostic { test: None, kind: Kind::Lint, ..test_failed("", message) };
        at("src/pot.js", Some(3), found)
    };
    let log = finding("'lid' is not defined");
    let report = vec![finding("'lid' is not defined"), finding("a long line")];
    let diagnosis = reviewed(vec![("build", vec![log]), (REPORT, report.clone())]).await;
    let severities: Vec<_> = diagnosis.errors.iter().map(|error| error.diagnostic.severity).collect();
    assert_eq!(told(&diagnosis), [("build", "'lid' is not defined"), (REPORT, "a long line")]);
    assert_eq!(severities, [Severity::Error, Severity::Warning]);

    let diagnosis = reviewed(vec![("build", Vec::new()), (REPORT, report)]).await;
    assert!(diagnosis.errors.iter().all(|error| error.diagnostic.severity == Severity::Error));
}

#[tokio::test]
async fn warnings_of_reports_are_left_out() {
    let warning = Diagnostic { severity: Severity::Warning, ..test_failed("", "a long line") };
    let diagnosis = reviewed(vec![("build", Vec::new()), (REPORT, vec![warning])]).await;
    assert_eq!(told(&diagnosis), []);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap_and_the_log_is_told() {
    let huge = RunArtifact { bytes: 20 << 20, ..artifact(1, "junit-huge") };
    let expired = RunArtifact { expired: true, ..artifact(2, "junit-old") };
    let damaged = archive(&[("TEST-a.xml", "<testsuite/>")])[..60].to_vec();
    let world = World::new();
    failing(
        &world,
        vec![
            (huge, None),
            (expired, None),
            (artifact(3, "junit-damaged"), Some(damaged)),
            (artifact(4, "junit-lost"), None),
            // The list claims 300 bytes.
            (artifact(5, "junit-liar"), Some(vec![0; (16 << 20) + 1])),
        ],
    );
    let diagnosis = review(&world).await;
    assert_eq!(told(&diagnosis).len(), 2, "what the log says");
    assert_eq!(
        diagnosis.gaps,
        [
            "the artifact junit-huge was not read: it has more than 16777216 bytes",
            "the artifact junit-old has expired",
            "the artifact junit-damaged could not be read: it is no zip archive, or a damaged one: \
             Missing end of central directory",
            "the artifact junit-lost could not be read: GitHub knows no artifact 4",
            "the artifact junit-liar could not be read: it has more than 16777216 bytes",
        ]
    );
}

#[tokio::test]
async fn a_token_that_may_not_list_artifacts_costs_a_gap() {
    let world = World::new();
    failing(&world, Vec::new());
    let refused = PortError::new(ErrorKind::Forbidden, "the token may not do this; it needs: actions=read");
    world.github.fail_next("run_artifacts", refused);
    let diagnosis = review(&world).await;
    assert_eq!(
        diagnosis.gaps,
        ["the artifacts of CI could not be read: the token may not do this; it needs: actions=read"]
    );
    assert_eq!(told(&diagnosis).len(), 2, "what the log says");
}

#[tokio::test]
async fn a_storage_that_is_down_is_asked_again_later() {
    let world = World::new();
    let reports = archive(&[("TEST-a.xml", "error: no tea\n")]);
    failing(&world, vec![(artifact(1, "junit"), Some(reports))]);
    world.github.fail_next("artifact_archive", PortError::new(ErrorKind::Unavailable, "down"));
    let diagnosis = review(&world).await;
    assert_eq!(told(&diagnosis).last(), Some(&("junit: TEST-a.xml", "no tea")));
    assert_eq!(diagnosis.gaps, [] as [String; 0]);
}

#[tokio::test]
async fn only_so_many_artifacts_are_read_and_none_where_nobody_wants_them() {
    for (most, gaps) in [(1, &["1 further artifacts of CI were not read"][..]), (0, &[])] {
        let world = World::with(Settings { artifacts_per_review: most, ..Settings::default() }, |_| {});
        let reports = archive(&[("a.xml", "error: no tea\n")]);
        failing(
            &world,
            vec![(artifact(1, "junit"), Some(reports.clone())), (artifact(2, "lint"), Some(reports))],
        );
        assert_eq!(review(&world).await.gaps, gaps);
        let calls = world.github.calls();
        let count = |name: &str| calls.iter().filter(|call| **call == name).count();
        assert_eq!((count("run_artifacts"), count("artifact_archive")), (most, most));
    }
}

#[tokio::test]
async fn only_so_many_errors_of_reports_are_kept() {
    let world = World::with(Settings { diagnostics_per_artifact: 3, ..Settings::default() }, |_| {});
    let reports = archive(&[
        ("1.xml", "error: one\nerror: two\n"),
        ("2.xml", "error: three\nerror: four\n"),
        ("3.xml", "error: five\n"),
    ]);
    failing(&world, vec![(artifact(1, "junit"), Some(reports))]);
    let diagnosis = review(&world).await;
    let messages: Vec<_> = told(&diagnosis).into_iter().map(|(_, message)| message).collect();
    assert_eq!(messages[2..], ["one", "two", "three"]);
    assert_eq!(
        diagnosis.gaps,
        [
            "the artifact junit: the rest was not read, for all the errors before it",
            "junit: 2.xml: 1 further errors were left out",
        ]
    );
}
