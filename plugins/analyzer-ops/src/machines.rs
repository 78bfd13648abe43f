//! Images and machines: Packer and Vagrant; also Terragrunt's own messages.
//!
//! ```text
//! Build 'docker.till' errored after 3 seconds 4 milliseconds: Script exited with non-zero exit status: 1.
//! ui error: Build 'docker.till' errored: Script exited with non-zero exit status: 1.
//! ==> Some builds didn't complete successfully and had errors:
//! --> docker.till: Script exited with non-zero exit status: 1.
//! The box 'till/pot' could not be found or
//! could not be accessed in the remote catalog. …
//! Build 'docker' prepare failure: 1 error(s) occurred:
//!
//! * Output directory already exists. It must not exist.
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Context, Needle},
};

const fn vagrant(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("vagrant", "vagrant", kind, start)
}

use Kind::{Configuration, Dependency, Infrastructure, Network, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    vagrant(Dependency, "The box '").with("could not be found or"),
    vagrant(Infrastructure, "There was an error while executing `").summary(),
    vagrant(Infrastructure, "Stderr: VBoxManage: error: "),
    vagrant(Infrastructure, "VBoxManage: error: Details: code ").consequence(),
    vagrant(Infrastructure, "VBoxManage: error: Context: ").consequence(),
    vagrant(Infrastructure, "VBoxManage: error: "),
    vagrant(Timeout, "Timed out while waiting for the machine to boot"),
    vagrant(Configuration, "The SSH command responded with a non-zero exit status").summary(),
    vagrant(Infrastructure, "The provider '").with("could not be found, but was requested"),
    vagrant(Infrastructure, "No usable default provider could be found for your system"),
    vagrant(Configuration, "Vagrant failed to initialize at a very early stage"),
    vagrant(Configuration, "There is a syntax error in the following Vagrantfile"),
    vagrant(Configuration, "A Vagrant environment or target machine is required to run this"),
    vagrant(Infrastructure, "Vagrant cannot forward the specified ports on this VM"),
    vagrant(Dependency, "The requested URL returned error: ").with(" vagrant"),
    vagrant(Network, "There was an error while downloading the metadata for this box"),
    vagrant(Network, "An error occurred while downloading the remote file"),
    Phrase::new("docker-machine", "create", Infrastructure, "Error with pre-create check: "),
    Phrase::new("docker-machine", "create", Infrastructure, "Error creating machine: ")
        .with("ssh command error:")
        .summary(),
    Phrase::new("docker-machine", "create", Infrastructure, "Error creating machine: "),
    Phrase::new("qemu", "signal", Kind::Crash, "qemu: uncaught target signal "),
    Phrase::new("kitchen", "action", Configuration, ">>>>>>     ").with(" failed on instance ").summary(),
    Phrase::new("salt", "minion", Network, "Minion did not return. "),
    Phrase::new("salt", "minion", Network, "Minions returned with non-zero exit code").summary(),
    Phrase::new("packer", "template", Configuration, "Template validation failed. Errors are shown below")
        .summary(),
    Phrase::new("packer", "template", Configuration, "Failed to initialize build \""),
    Phrase::new("packer", "plugin", Dependency, "Missing plugins").summary(),
    Phrase::new("molecule", "run", Configuration, "Ansible return code was ").summary(),
    Phrase::new("terragrunt", "run", Configuration, "Terraform invocation failed in ").summary(),
    Phrase::new("terragrunt", "run", Configuration, "OpenTofu invocation failed in ").summary(),
    Phrase::new("terragrunt", "run", Configuration, "Unable to determine underlying exit code").summary(),
    Phrase::new("terragrunt", "run", Configuration, "Module ").with("has finished with an error").summary(),
    Phrase::new("terragrunt", "run", Configuration, "Cannot process module ")
        .with("finished with an error")
        .consequence(),
    Phrase::new("terraform", "run", Configuration, "Terraform exited with code ").summary(),
    Phrase::new("terraform", "run", Configuration, "OpenTofu exited with code ").summary(),
    Phrase::new("terraform", "run", Configuration, "Operation failed: failed running terraform ").summary(),
];

/// `Build 'docker.till' errored after 3 seconds: reason`, `Build 'docker.till' errored: reason`.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("' errored");
    let (before, rest) = SIGN.split_among(line.characters, line.text)?;
    let (_, name) = before.split_once("Build '")?;
    if !rest.starts_with([' ', ':']) {
        return None;
    }
    // In old versions the build's name has its own colon, the time never does.
    let reason = rest.split_once(": ").map_or(rest, |(_, reason)| reason).trim();
    let role = if reason.starts_with("Script exited with non-zero exit status") {
        Role::Summary
    } else {
        Role::Root
    };
    let kind = kinds::of(reason, Configuration);
    Some(Diagnostic { role, ..line.found("packer", "build", kind, &format!("{name}: {reason}")) })
}

/// Maximum number of reasons of one list.
const REASONS: usize = 6;

/// A headline that counts errors, and the list of them below it, as programs in Go print it.
#[derive(Debug)]
pub(crate) struct Occurred {
    tool: &'static str,
    reasons: Vec<String>,
    context: Context,
    span: Span,
}

impl Block for Occurred {
    fn start(line: &Text<'_>) -> Option<Self> {
        let head = line.text.strip_suffix(" occurred:")?;
        let (head, word) = head.rsplit_once(' ')?;
        let number = head.rsplit(' ').next()?;
        let counts = matches!(word, "error" | "errors" | "error(s)")
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit());
        if !counts {
            return None;
        }
        let is_packer = head.contains("Build '") || head.contains("packer") || head.starts_with("ui error: ");
        let mut context = Context::default();
        context.push(line.line);
        Some(Self {
            tool: if is_packer { "packer" } else { "log" },
            reasons: Vec::new(),
            context,
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        // A logger may repeat the name of the program before each line.
        let text = line.text.rsplit_once(".exe: ").map_or(line.text, |(_, text)| text).trim();
        if text.is_empty() || text.ends_with(".exe:") {
            return true;
        }
        let Some(reason) = text.strip_prefix("* ") else { return false };
        if self.reasons.len() < REASONS && !reason.ends_with(" occurred:") {
            self.reasons.push(reason.to_owned());
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        let Some(first) = self.reasons.first() else { return };
        let kind = kinds::of(first, Configuration);
        let message = self.reasons.join("\n");
        let found = found(self.tool, "errors", kind, &message, &self.context.take(), self.span);
        if self.tool == "packer" {
            sink.block(found);
        } else {
            // Terraform, Pulumi and Helm say more about it, in blocks of their own.
            sink.single(found);
        }
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
