//! Test and lint reports among the artifacts of a failed run.
//!
//! Many jobs print only that tests failed, and upload a report with the details. The author of a pull request
//! decides what its runs upload, so everything is fetched and unpacked within limits.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::Severity;
use grimoire_domain::kind::ErrorKind;
use grimoire_jobs::Stop;
use grimoire_ports::github::{FailedRun, RunArtifact};

use super::reading::{Named, Reading};
use crate::archive::PACKED;
use crate::{AnalysisReport, Archive, PipelineError};

/// Words in the names of artifacts that contain reports.
const WORDS: [&str; 21] = [
    "report",
    "junit",
    "xunit",
    "nunit",
    "trx",
    "surefire",
    "failsafe",
    "pytest",
    "test-result",
    "test_result",
    "testresult",
    "test result",
    "test-log",
    "results",
    "sarif",
    "lint",
    "checkstyle",
    "pmd",
    "spotbugs",
    "detekt",
    "findings",
];
/// Words in the names of artifacts with other kinds of reports. Coverage reports contain no errors.
const OTHER_WORDS: [&str; 6] = ["coverage", "html", "screenshot", "video", "trace", "bench"];
/// The same for file names.
const OTHER_FILES: [&str; 4] = ["coverage", "cobertura", "jacoco", "clover"];

/// Reads the reports of a run, from at most the number of artifacts that are left.
pub(super) async fn read(
    reading: &mut Reading<'_>,
    run: &FailedRun,
    left: &mut usize,
) -> Result<Vec<Named>, Stop> {
    if *left == 0 {
        return Ok(Vec::new());
    }
    let kept = match reading.github.run_artifacts(reading.repository(), run).await {
        Ok(kept) => kept,
        Err(error) => {
            let gap = reading.gap_or_stop(&format!("the artifacts of {}", run.name), error.into())?;
            reading.gaps.push(gap);
            return Ok(Vec::new());
        }
    };
    let mut reports = Vec::new();
    // All reports together get the limit of one log, because they are compared with the logs.
    let mut room = reading.judge.pipeline.settings().diagnostics_per_artifact;
    let mut further = 0;
    for artifact in kept.into_iter().filter(|artifact| is_of_reports(&artifact.name)) {
        let RunArtifact { name, bytes, .. } = &artifact;
        if artifact.expired {
            reading.gaps.push(format!("the artifact {name} has expired"));
        } else if *bytes > PACKED {
            reading.gaps.push(format!("the artifact {name} was not read: it has more than {PACKED} bytes"));
        } else if *left == 0 {
            further += 1;
        } else {
            *left -= 1;
            reading.context.checkpoint().await?;
            read_artifact(reading, &artifact, &mut room, &mut reports).await?;
        }
    }
    if further > 0 {
        reading.gaps.push(format!("{further} further artifacts of {} were not read", run.name));
    }
    Ok(reports)
}

/// Reads one artifact, file by file.
async fn read_artifact(
    reading: &mut Reading<'_>,
    artifact: &RunArtifact,
    room: &mut usize,
    reports: &mut Vec<Named>,
) -> Result<(), Stop> {
    let what = format!("the artifact {}", artifact.name);
    let mut archive = match open(reading, artifact).await {
        Ok(archive) => archive,
        Err(error) => {
            let gap = reading.gap_or_stop(&what, error)?;
            reading.gaps.push(gap);
            return Ok(());
        }
    };
    loop {
        let (rest, file) = unpacking(move || {
            let file = archive.next_file();
            (archive, file)
        })
        .await?;
        archive = rest;
        let Some(file) = file else { break };
        if *room == 0 {
            reading.gaps.push(format!("{what}: the rest was not read, for all the errors before it"));
            break;
        }
        let name = format!("{}: {}", artifact.name, file.name);
        let size = Some(file.content.len() as u64);
        let about = Artifact::new(ArtifactKind::Report, &name, size);
        let content = futures::stream::iter([Ok(file.content)]).boxed();
        let report = format!("the report {}", about.name);
        if let Some((name, mut report)) = reading.analyze(about, &report, content).await? {
            // Errors make a run fail, and linters report much else.
            report.diagnostics.retain(|found| found.diagnostic.severity >= Severity::Error);
            if report.diagnostics.len() > *room {
                report
                    .gaps
                    .push(format!("{} further errors were left out", report.diagnostics.len() - *room));
                report.diagnostics.truncate(*room);
            }
            *room -= report.diagnostics.len();
            if says_anything(&report) {
                reports.push((name, report));
            }
        }
    }
    reading.gaps.extend(archive.into_gaps().into_iter().map(|gap| format!("{what}: {gap}")));
    Ok(())
}

async fn open(reading: &Reading<'_>, artifact: &RunArtifact) -> Result<Archive, PipelineError> {
    let mut stream = reading.github.artifact_archive(reading.repository(), artifact.id).await?;
    let mut content = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk: Bytes = chunk?;
        if (content.len() + chunk.len()) as u64 > PACKED {
            let message = format!("it has more than {PACKED} bytes");
            return Err(PipelineError::new(ErrorKind::TooLarge, message));
        }
        content.extend_from_slice(&chunk);
    }
    unpacking(move || Archive::open(content.freeze(), is_report)).await?
}

/// Runs work on a thread that may block.
async fn unpacking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PipelineError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| PipelineError::new(ErrorKind::Internal, "an archive could not be unpacked"))
}

fn says_anything(report: &AnalysisReport) -> bool {
    let AnalysisReport { diagnostics, problems, degraded, gaps, .. } = report;
    !diagnostics.is_empty() || !problems.is_empty() || *degraded || !gaps.is_empty()
}

/// Returns true if the name of an artifact suggests reports.
fn is_of_reports(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word)) && !OTHER_WORDS.iter().any(|word| name.contains(word))
}

/// Returns true if a file of such an artifact is a report.
fn is_report(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    ArtifactKind::of_file(path) == ArtifactKind::Report && !OTHER_FILES.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_and_files_are_chosen_by_their_names() {
        for name in ["JUnit (ubuntu)", "surefire-reports", "test_results-3.12", "eslint.sarif", "clippy-lint"]
        {
            assert!(is_of_reports(name), "{name}");
        }
        for name in ["app.jar", "coverage-report", "playwright-html-report", "dist", ""] {
            assert!(!is_of_reports(name), "{name}");
        }
        for path in ["a/TEST-b.xml", "eslint.json", "scan.sarif", "a\\b.trx", "coverage/junit.xml"] {
            assert!(is_report(path), "{path}");
        }
        for path in ["a/coverage.xml", "jacocoTestReport.xml", "index.html", "a.xml/", "screen.png"] {
            assert!(!is_report(path), "{path}");
        }
    }
}
