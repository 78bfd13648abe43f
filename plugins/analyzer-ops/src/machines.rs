//! Images and machines: Packer and Vagrant; also Terragrunt's own messages.
//!
//! ```text
//! Build 'docker.till' errored after 3 seconds 4 milliseconds: Script exited with non-zero exit status: 1.
//! ui error: Build 'docker.till' errored: Script exited with non-zero exit status: 1.
//! ==> Some builds didn't complete successfully and had errors:
//! --> docker.till: Script exited with non-zero exit status: 1.
//! The box 'till/pot' could not be found or
//! could not be accessed in the remote catalog. …
//! ```

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Needle};

const fn vagrant(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("vagrant", "vagrant", kind, start)
}

use Kind::{Configuration, Dependency, Infrastructure, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    vagrant(Dependency, "The box '").with("could not be found or"),
    vagrant(Infrastructure, "There was an error while executing `").summary(),
    vagrant(Infrastructure, "Stderr: VBoxManage: error: "),
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
