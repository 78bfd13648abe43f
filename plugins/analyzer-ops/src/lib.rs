//! Finds errors reported by operations tools.
//!
//! | family | tools |
//! | --- | --- |
//! | infrastructure as code | Terraform, OpenTofu, Terragrunt, TFLint, Packer, Vagrant; CloudFormation, CDK, Pulumi; Ansible |
//! | Kubernetes | Helm, chart-testing, helm-unittest, kubectl, kustomize, kind, minikube, k3d, Skaffold, kubeconform, conftest, kube-linter |
//! | containers | Docker with both builders, registries, Compose, Swarm, Podman, Kaniko |
//! | system packages | apt and dpkg, apk, dnf, yum and rpm, zypper, pacman, Homebrew, Chocolatey, winget, snap |
//! | sources and networks | Git with LFS and submodules, ssh, scp, rsync, curl, wget; name, connection and certificate errors of any program |
//! | shells | bash and related shells, cmd, PowerShell; errors of the programs that scripts call; the loader of libraries |
//! | clouds | aws, az, gcloud, gh, firebase, Wrangler, Heroku, Vercel, Netlify, Fly |
//! | databases | psql, mysql, redis and others; Flyway, Liquibase, Prisma and other migrations |
//! | quality | pre-commit, commitlint, yamllint, markdownlint, Vale, Spectral, SQLFluff, ShellCheck, Semgrep, Checkov, tfsec, Trivy, Grype, Snyk, gitleaks, TruffleHog |
//! | releases and sites | semantic-release, changesets, GoReleaser, Codecov, SonarQube, Lighthouse CI; Hugo, Jekyll, MkDocs, Sphinx, Docusaurus, link checkers |
//!
//! Each recogniser is a small state machine over lines, or a table of sentences, in its own module. Every
//! recogniser sees every line; a block of several lines takes precedence over findings in its single lines. The
//! tools use words found in any failing log, so that there is nothing to probe a log for: instead, a gate before
//! the recognisers rejects lines that start nothing.
#![deny(unsafe_code)]

mod ansible;
mod ansible_lint;
mod ansible_message;
mod ansible_result;
mod apt;
mod cloud;
mod compose;
mod database;
mod docker;
mod docker_sentences;
mod gate;
mod git;
mod git_push;
mod helm;
mod helm_unittest;
mod hooks;
mod kinds;
mod kube;
mod lint;
mod logged;
mod machines;
mod network;
mod output;
mod packages;
mod powershell;
mod release;
mod salt;
mod scan;
mod shell;
mod sink;
mod sites;
mod ssh;
mod stack_reasons;
mod stacks;
mod stores;
mod terraform;
mod terraform_words;
mod text;
mod tools;
mod translations;
mod unix;
mod yaml;

use grimoire_plugin_sdk::recognise::phrase::{self, Phrase, Phrases};
use grimoire_plugin_sdk::{Diagnostic, Kind, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use sink::{Blocks, Recogniser, Sink};
use text::Text;

/// Combines several recognisers into one.
macro_rules! recognisers {
    ($($name:ident: $type:ty,)*) => {
        #[derive(Debug, Default)]
        struct Recognisers {
            $($name: $type,)*
        }

        impl Recogniser for Recognisers {
            fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
                $(self.$name.line(line, sink);)*
            }

            fn finish(&mut self, sink: &mut Sink) {
                $(self.$name.finish(sink);)*
            }

            fn since(&self) -> Option<u64> {
                [$(self.$name.since(),)*].into_iter().flatten().min()
            }

            fn is_open(&self) -> bool {
                $(self.$name.is_open())||*
            }
        }
    };
}

recognisers! {
    terraform: terraform::Terraform,
    ansible: ansible::Ansible,
    ansible_lint: Blocks<ansible_lint::Finding>,
    docker: docker::Docker,
    helm_causes: Blocks<helm::Causes>,
    helm_unittest: helm_unittest::HelmUnittest,
    kube_invalid: Blocks<kube::Invalid>,
    apt: apt::Apt,
    packages: Blocks<packages::Reasons>,
    git: git::Git,
    hooks: hooks::Hooks,
    sites: sites::Sites,
    migration: Blocks<database::Migration>,
    prisma: Blocks<database::PrismaCode>,
    redis: Blocks<stores::ConfigFile>,
    assertion: Blocks<release::Assertion>,
    occurred: Blocks<machines::Occurred>,
    salt: Blocks<salt::State>,
    yaml: Blocks<yaml::Error>,
    lint: lint::Lint,
    semgrep: lint::Semgrep,
    scan: scan::Scan,
    pulumi: Blocks<stacks::Resource>,
    reason: Blocks<stack_reasons::Reason>,
    changeset: Blocks<release::Changeset>,
    services: compose::Services,
    powershell: powershell::PowerShell,
}

/// Recognisers of single lines: the first that knows a line gets it.
const SINGLES: [fn(&Text<'_>) -> Option<Diagnostic>; 16] = [
    ansible_lint::read,
    helm::read,
    kube::read,
    packages::read,
    ssh::read,
    machines::read,
    database::read,
    stores::read,
    release::read,
    sites::read,
    cloud::read,
    stacks::read,
    lint::read,
    scan::read,
    shell::read,
    unix::read,
];

const TABLES: &[&[Phrase]] = &[
    kube::ROWS,
    docker_sentences::ROWS,
    packages::ROWS,
    ssh::ROWS,
    machines::ROWS,
    database::ROWS,
    release::ROWS,
    sites::ROWS,
    cloud::ROWS,
    unix::ROWS,
];

/// All phrases.
static PHRASES: Phrases<{ phrase::count(TABLES) }> = Phrases::new(TABLES);

/// Reads a line that is one phrase. For a tool that reports failures of all kinds, the words decide about the kind.
fn phrase(text: &Text<'_>) -> Option<Diagnostic> {
    let found = PHRASES.read(text.bare, text.level)?;
    let is_any =
        matches!(found.kind, Kind::Configuration | Kind::Dependency | Kind::Infrastructure | Kind::Unknown);
    let kind = if is_any { kinds::of(text.bare, found.kind) } else { found.kind };
    Some(Diagnostic { kind, ..text.at(found) })
}

/// Reads a line that is not claimed by a block.
fn single(text: &Text<'_>) -> Option<Diagnostic> {
    SINGLES
        .iter()
        .find_map(|read| read(text))
        .or_else(|| phrase(text))
        .or_else(|| network::read(text))
        .or_else(|| logged::read(text))
}

/// The analyzer; see the crate documentation. Without the gate, every recogniser looks at every line, which
/// changes only the time needed; a test compares the two.
#[derive(Debug, Default)]
pub struct Analysis<const GATED: bool> {
    recognisers: Recognisers,
    sink: Sink,
    is_open: bool,
}

/// The analyzer.
pub type Ops = Analysis<true>;

/// The analyzer as the component exports it.
pub type Scan = LineScan<Ops>;

export_analyzer!(Scan);

impl<const GATED: bool> LineAnalyzer for Analysis<GATED> {
    const TOOLS: &'static [&'static str] = tools::TOOLS;

    /// An Ansible result holds a command's output on one line.
    const LINE_LIMIT: usize = 64 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed || line.marker == Some(Marker::Debug) {
            return;
        }
        let text = Text::new(line);
        if GATED && !self.is_open && !gate::may_begin(&text) {
            // The table is the only gate of phrases.
            if let Some(found) = phrase(&text) {
                self.sink.single(found);
                self.sink.settle(None, out);
            }
            return;
        }
        self.recognisers.line(&text, &mut self.sink);
        if let Some(found) = single(&text) {
            self.sink.single(found);
        }
        self.is_open = self.recognisers.is_open();
        if !self.sink.is_idle() {
            self.sink.settle(self.recognisers.since(), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.recognisers.finish(&mut self.sink);
        self.sink.settle(None, out);
    }
}
