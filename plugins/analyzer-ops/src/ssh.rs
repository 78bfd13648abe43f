//! ssh, scp, sftp, rsync, curl and wget.
//!
//! ```text
//! ssh: connect to host till.example.org port 22: Connection refused
//! deploy@till.example.org: Permission denied (publickey).
//! rsync: [sender] link_stat "/src/dist" failed: No such file or directory (2)
//! rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1338)
//! curl: (22) The requested URL returned error: 404
//! wget: unable to resolve host address ‘till.example.org’
//! 2024-05-01 10:00:00 ERROR 404: Not Found.
//! ```

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role,
    text::{Needle, leading_number},
};

const fn ssh(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("ssh", "ssh", kind, start)
}

use Kind::{Configuration, Network, Permission};

pub(crate) const ROWS: &[Phrase] = &[
    ssh(Network, "ssh: connect to host "),
    ssh(Network, "ssh: Could not resolve hostname "),
    ssh(Permission, "ssh: handshake failed: ").with("authenticate"),
    ssh(Network, "ssh: handshake failed: "),
    ssh(Permission, "Host key verification failed"),
    ssh(Permission, "Permission denied (publickey"),
    ssh(Permission, "Permission denied, please try again").consequence(),
    ssh(Permission, "No ECDSA host key is known for "),
    ssh(Permission, "No ED25519 host key is known for "),
    ssh(Permission, "No RSA host key is known for "),
    ssh(Permission, "Load key \""),
    ssh(Permission, "Error loading key \""),
    ssh(Permission, "Permissions ").with(" are too open"),
    ssh(Permission, "Bad permissions. Try removing permissions "),
    ssh(Network, "kex_exchange_identification: "),
    ssh(Network, "ssh_exchange_identification: "),
    ssh(Network, "client_loop: send disconnect: "),
    ssh(Network, "Timeout, server ").with(" not responding"),
    ssh(Network, "Unable to negotiate with "),
    ssh(Permission, "Received disconnect from ").with("Too many authentication failures"),
    ssh(Configuration, "Could not open a connection to your authentication agent"),
    ssh(Network, "dial tcp ").with(": connect: "),
    ssh(Network, "dial tcp ").with("i/o timeout"),
    ssh(Network, "drone-ssh error: "),
    ssh(Permission, "ssh.ParsePrivateKey: "),
    ssh(Permission, "can't connect without a private SSH key or password"),
    ssh(Configuration, "missing server host"),
    ssh(Kind::Unknown, "Process exited with status ").summary(),
    Phrase::new("scp", "scp", Configuration, "scp: "),
    Phrase::new("scp", "scp", Network, "lost connection").said_to_be_an_error().consequence(),
    Phrase::new("rsync", "rsync", Configuration, "rsync: [").with("] link_stat "),
    Phrase::new("rsync", "rsync", Configuration, "rsync: [").with(" failed: "),
    Phrase::new("rsync", "rsync", Configuration, "rsync: link_stat "),
    Phrase::new("rsync", "rsync", Configuration, "rsync: mkdir "),
    Phrase::new("rsync", "rsync", Configuration, "rsync: change_dir"),
    Phrase::new("rsync", "rsync", Configuration, "rsync: mkstemp "),
    Phrase::new("rsync", "rsync", Configuration, "rsync: Failed to exec ssh: "),
    Phrase::new("rsync", "rsync", Network, "rsync: connection unexpectedly closed").consequence(),
    Phrase::new("rsync", "rsync", Network, "rsync: failed to connect to "),
    Phrase::new("wget", "wget", Network, "wget: unable to resolve host address "),
    Phrase::new("wget", "wget", Network, "wget: bad address "),
    Phrase::new("wget", "wget", Network, "wget: can't connect to remote host"),
    Phrase::new("wget", "wget", Network, "wget: server returned error: "),
    Phrase::new("wget", "wget", Network, "wget: download timed out"),
    Phrase::new("wget", "wget", Network, "wget: error getting response"),
    Phrase::new("wget", "wget", Network, "wget: note: TLS certificate validation not implemented").warning(),
    Phrase::new("wget", "wget", Configuration, "wget: "),
    Phrase::new("wget", "tls", Network, "cannot verify ").with("'s certificate, issued by "),
    Phrase::new("wget", "wget", Network, "Unable to establish SSL connection.").consequence(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    curl(line)
        .or_else(|| requested(line))
        .or_else(|| rsync(line))
        .or_else(|| http(line))
        .or_else(|| refused(line))
}

/// `curl: (22) The requested URL returned error: 404`.
fn curl(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("curl: (");
    let (before, rest) = SIGN.split_among(line.characters, line.text)?;
    if !is_meter(before) {
        return None;
    }
    let (number, rest) = leading_number(rest)?;
    let message = rest.strip_prefix(')')?.trim();
    let kind = match number {
        6 | 7 | 18 | 22 | 35 | 52 | 55 | 56 | 60 | 92 => kinds::of(message, Network),
        9 | 67 => Permission,
        28 => Kind::Timeout,
        _ => Configuration,
    };
    let code = number.to_string();
    let message = if message.is_empty() { line.text } else { message };
    Some(Diagnostic {
        code: Some(code.clone()),
        ..line.found("curl", &format!("curl ({code})"), kind, message)
    })
}

/// Empty, or the progress that curl printed before: `  0     0    0     0 --:--:--  0:00:09 --:--:--     0`.
fn is_meter(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b" :-.kMG%".contains(&byte))
}

/// `The requested URL returned error: 504`, also printed by builds that download, in their own logs.
fn requested(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("The requested URL returned error");
    let at = SIGN.find_among(line.characters, line.text)?;
    // With `-v` curl prints it twice, and Git adds the URL that it requested.
    if line.text.starts_with("* ") || line.text[..at].contains("unable to access")
        // pacman names the file and the mirror.
        || line.bare.starts_with("failed retrieving file '")
    {
        return None;
    }
    let message = line.text[at..].split(" [").next()?;
    let (_, status) = message.split_once(": ")?;
    let good = status.trim().bytes().take(3).all(|byte| byte.is_ascii_digit());
    good.then(|| line.found("curl", "http", kinds::of(message, Network), message))
}

/// `rsync error: text (code 23) at main.c(1338) [sender=3.2.7]`, which follows from messages before it.
fn rsync(line: &Text<'_>) -> Option<Diagnostic> {
    static CODE: Needle = Needle::new(" (code ");
    let rest = line.text.strip_prefix("rsync error: ")?;
    let (message, rest) = CODE.split(rest)?;
    let (code, _) = rest.split_once(')')?;
    Some(Diagnostic {
        code: Some(code.to_owned()),
        role: Role::Summary,
        ..line.found("rsync", &format!("rsync ({code})"), kinds::of(message, Configuration), message)
    })
}

/// `2024-05-01 10:00:00 ERROR 404: Not Found.` of wget, whose time has been removed.
fn http(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.text.strip_prefix("ERROR ")?;
    let (status, message) = leading_number(rest)?;
    let message = message.strip_prefix(": ")?;
    let good = (400..600).contains(&status) && message.ends_with('.') && message.len() < 60;
    good.then(|| Diagnostic {
        code: Some(status.to_string()),
        ..line.found("wget", "http", kinds::of(message, Network), line.text)
    })
}

/// `deploy@till.example.org: Permission denied (publickey).`, `Connecting to till:443... failed: …`.
fn refused(line: &Text<'_>) -> Option<Diagnostic> {
    static DENIED: Needle = Needle::new(": Permission denied (");
    static FAILED: Needle = Needle::new("... failed: ");
    let text = line.text;
    if let Some(at) = DENIED.find_among(line.characters, text)
        && text[..at].contains('@')
        && !text[..at].contains(' ')
    {
        return Some(line.found("ssh", "ssh", Permission, text));
    }
    let (before, reason) = FAILED.split_among(line.characters, text)?;
    let is_wget = before.starts_with("Connecting to ") || before.starts_with("Resolving ");
    (is_wget && !reason.is_empty()).then(|| line.found("wget", "wget", Network, text))
}
