//! Azure Pipelines, Travis, CircleCI, Buildkite, Bitbucket, AppVeyor, Drone, CodeBuild, Netlify, Cirrus, Read the Docs.
//!
//! What only says that a command failed is a summary.

use crate::{sentences::Sentence, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Needle};

use Kind::{Configuration, Infrastructure, Permission, Resource, Timeout, Unknown};

const AZURE: &str = "azure-pipelines";
const TRAVIS: &str = "travis";
const CIRCLE: &str = "circleci";

pub(crate) const ROWS: &[Sentence] = &[
    Sentence::new(AZURE, "agent-lost", Infrastructure, "We stopped hearing from agent "),
    Sentence::new(AZURE, "agent-lost", Infrastructure, "The agent did not connect within the alloted time"),
    Sentence::new(AZURE, "timeout", Timeout, "The job running on agent ")
        .with("ran longer than the maximum time"),
    Sentence::new(AZURE, "timeout", Timeout, "The task has timed out"),
    Sentence::new(AZURE, "billing", Resource, "No hosted parallelism has been purchased or granted"),
    Sentence::new(AZURE, "no-agent", Configuration, "No agent found in pool "),
    Sentence::new(
        AZURE,
        "no-agent",
        Configuration,
        "No agent could be found with the following capabilities",
    ),
    Sentence::new(AZURE, "no-image", Configuration, "No image label found to route agent pool "),
    Sentence::new(AZURE, "no-space", Resource, "Free disk space on ")
        .with("is lower than")
        .said_to_be_an_error(),
    Sentence::new(AZURE, "task", Configuration, "A task is missing. The pipeline references a task called "),
    Sentence::new(AZURE, "task", Configuration, "No package found with specified pattern: "),
    Sentence::new(AZURE, "task", Configuration, "No files matched the search pattern"),
    Sentence::new(AZURE, "task", Configuration, "Not found SourceFolder: "),
    Sentence::new(AZURE, "task", Configuration, "Not found PathtoPublish: "),
    Sentence::new(AZURE, "task", Configuration, "Path does not exist: ").said_to_be_an_error(),
    Sentence::new(AZURE, "task", Configuration, "There was a resource authorization issue: "),
    Sentence::new(AZURE, "task", Configuration, "The pipeline is not valid. "),
    Sentence::new(AZURE, "task", Configuration, "Not found solution files"),
    Sentence::new(AZURE, "task", Unknown, "Dotnet command failed with non-zero exit code").summary(),
    Sentence::new(AZURE, "task", Unknown, "Packages failed to restore").summary(),
    Sentence::new(AZURE, "task", Unknown, "Npm failed with return code: ").summary(),
    Sentence::new(AZURE, "task", Unknown, "Script failed with exit code: ").summary(),
    Sentence::new(AZURE, "exit", Unknown, "Bash exited with code '").summary(),
    Sentence::new(AZURE, "exit", Unknown, "PowerShell exited with code '").summary(),
    Sentence::new(AZURE, "exit", Unknown, "Cmd.exe exited with code '").summary(),
    Sentence::new(TRAVIS, "no-output", Timeout, "No output has been received in the last "),
    Sentence::new(TRAVIS, "timeout", Timeout, "The job exceeded the maximum time limit for jobs"),
    Sentence::new(TRAVIS, "timeout", Timeout, "Your build exceeded the maximum "),
    Sentence::new(TRAVIS, "log", Resource, "The log length has exceeded the limit of "),
    Sentence::new(TRAVIS, "log", Resource, "The job exceeded the maximum log length"),
    Sentence::new(TRAVIS, "terminated", Infrastructure, "The build has been terminated").summary(),
    Sentence::new(TRAVIS, "service", Infrastructure, "An error occurred while generating the build script"),
    Sentence::new(TRAVIS, "service", Infrastructure, "I'm sorry but an error occurred within Travis"),
    Sentence::new(TRAVIS, "config", Configuration, "Could not find .travis.yml"),
    Sentence::new(CIRCLE, "no-output", Timeout, "Too long with no output (exceeded "),
    Sentence::new(CIRCLE, "killed", Resource, "Received \"killed\" signal"),
    Sentence::new(CIRCLE, "killed", Resource, "Received 'killed' signal"),
    Sentence::new(CIRCLE, "exit", Unknown, "Exited with code ").summary(),
    Sentence::new(CIRCLE, "service", Infrastructure, "Unexpected environment preparation error: "),
    Sentence::new(CIRCLE, "service", Infrastructure, "CircleCI was unable to run the job runner"),
    Sentence::new(CIRCLE, "config", Configuration, "Config does not conform to schema: "),
    Sentence::new(CIRCLE, "config", Configuration, "Cannot find a definition for "),
    Sentence::new(CIRCLE, "config", Configuration, "Cannot find orb '"),
    Sentence::new(CIRCLE, "config", Configuration, "Orb ").with("not loaded"),
    Sentence::new(CIRCLE, "config", Configuration, "Error calling workflow: "),
    Sentence::new(CIRCLE, "config", Configuration, "Error calling job: "),
    Sentence::new(CIRCLE, "cache", Configuration, "error computing cache key: "),
    Sentence::new(CIRCLE, "billing", Resource, "This job has been blocked because no credits are available"),
    Sentence::new("buildkite", "pipeline", Configuration, "fatal: Failed to upload and process pipeline: "),
    Sentence::new("buildkite", "pipeline", Configuration, "fatal: Failed to parse pipeline: "),
    Sentence::new("buildkite", "pipeline", Configuration, "Pipeline upload failed"),
    Sentence::new("buildkite", "pipeline", Configuration, "Pipeline upload rejected: "),
    Sentence::new("buildkite", "exit", Unknown, "The command exited with status ").summary(),
    Sentence::new("buildkite", "exit", Unknown, "The plugin ").with("exited with status").summary(),
    Sentence::new("buildkite", "exit", Unknown, "The global ").with("hook exited with status").summary(),
    Sentence::new("bitbucket", "timeout", Timeout, "Exceeded build time limit of "),
    Sentence::new("bitbucket", "timeout", Timeout, "Build exceeded the time limit"),
    Sentence::new("bitbucket", "memory", Resource, "Container '").with("exceeded memory limit"),
    Sentence::new("bitbucket", "config", Configuration, "There is an error in your bitbucket-pipelines.yml"),
    Sentence::new("appveyor", "exit", Unknown, "Command exited with code ").summary(),
    Sentence::new(
        "appveyor",
        "timeout",
        Timeout,
        "Build execution time has reached the maximum allowed time",
    ),
    Sentence::new("appveyor", "config", Configuration, "Error parsing appveyor.yml"),
    Sentence::new(
        "appveyor",
        "config",
        Configuration,
        "The build phase is set to \"MSBuild\" mode (default), but no Visual Studio",
    ),
    Sentence::new("appveyor", "artifact", Infrastructure, "Error uploading artifact the storage"),
    Sentence::new("drone", "config", Permission, "linter: untrusted repositories cannot "),
    Sentence::new("drone", "config", Configuration, "linter: "),
    Sentence::new("netlify", "exit", Unknown, "Build script returned non-zero exit code").summary(),
    Sentence::new("netlify", "timeout", Timeout, "Build exceeded maximum allowed runtime"),
    Sentence::new("readthedocs", "timeout", Timeout, "Build exited due to time out"),
    Sentence::new(
        "readthedocs",
        "killed",
        Resource,
        "Command killed due to timeout or excessive memory consumption",
    ),
    Sentence::new("cirrus", "agent-lost", Infrastructure, "Agent is not responding!"),
    Sentence::new("cirrus", "killed", Resource, "Container errored with 'OOMKilled'"),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    if line.indent > 8 {
        return None;
    }
    command(line).or_else(|| phase(line))
}

/// `The command "npm test" exited with 1.`, `The command "npm test" failed and exited with 1 during .`.
fn command(line: &Text<'_>) -> Option<Diagnostic> {
    static EXITED: Needle = Needle::new("exited with ");
    let rest =
        line.bare.strip_prefix("The command ").or_else(|| line.bare.strip_prefix("Done. Your build "))?;
    let at = EXITED.find_among(line.characters, rest)?;
    let code = rest[at + EXITED.text().len()..].split(['.', ' ']).next()?;
    let failed = !code.is_empty() && code != "0" && code.bytes().all(|byte| byte.is_ascii_digit());
    (rest.starts_with(['"', 'e']) && failed)
        .then(|| Diagnostic { role: Role::Summary, ..line.found(TRAVIS, "exit", Unknown, line.bare) })
}

/// `Phase context status code: YAML_FILE_ERROR Message: reason` of CodeBuild, after its clock.
fn phase(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("Phase context status code: ");
    let (_, rest) = SIGN.split_among(line.characters, line.bare)?;
    let (code, message) = rest.split_once(" Message: ")?;
    let message = message.trim();
    if code.is_empty() || message.is_empty() {
        return None;
    }
    let (kind, role) = match code {
        "COMMAND_EXECUTION_ERROR" => (Unknown, Role::Summary),
        // Nothing was built that could be kept.
        "CLIENT_ERROR" if message.starts_with("no matching") => (Configuration, Role::Consequence),
        "BUILD_TIMED_OUT" => (Timeout, Role::Root),
        "YAML_FILE_ERROR" => (Configuration, Role::Root),
        _ => (Infrastructure, Role::Root),
    };
    Some(Diagnostic { code: Some(code.to_owned()), role, ..line.found("codebuild", code, kind, message) })
}
