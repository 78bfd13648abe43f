//! Who answers for a component: signatures, the trust list, and what is refused.

mod support;

use grimoire_ports::plugins::{Plugins as _, Signer, TrustedKey};
use grimoire_runtime::signature::{SecretKey, sign};
use grimoire_runtime::{Options, PluginHost, PluginSource};
use secrecy::SecretBox;
use support::guests::{Group, component, section};

fn key(byte: u8) -> SecretKey {
    SecretKey::new(SecretBox::new(Box::new([byte; 32])))
}

/// A host that trusts one key.
fn host(require_signed: bool, sources: Vec<PluginSource>) -> PluginHost {
    let trusted_keys = vec![TrustedKey { name: "team".to_owned(), key: key(1).public() }];
    let options = Options { trusted_keys, require_signed, ..Options::default() };
    PluginHost::start(options, sources).expect("a host")
}

/// Who answers for a component that is installed, or why it is refused.
fn installed(require_signed: bool, component: Vec<u8>) -> Result<Signer, String> {
    let set = host(require_signed, vec![PluginSource::installed("subject", component)]).current();
    match set.plugins().into_iter().next() {
        Some(plugin) => Ok(plugin.signer),
        None => Err(set.rejected()[0].detail.clone()),
    }
}

#[test]
fn the_signer_of_every_component_is_told() {
    let honest = component(Group::Matcher, "honest");
    assert_eq!(installed(false, sign(&honest, &key(1))), Ok(Signer::Trusted("team".to_owned())));
    assert_eq!(installed(false, sign(&honest, &key(2))), Ok(Signer::Unknown(key(2).public())));
    assert_eq!(installed(false, honest), Ok(Signer::Nobody));
}

#[test]
fn where_signatures_are_required_only_trusted_ones_run() {
    let honest = component(Group::Matcher, "honest");
    assert_eq!(installed(true, sign(&honest, &key(1))), Ok(Signer::Trusted("team".to_owned())));
    let refused = installed(true, sign(&honest, &key(2))).expect_err("nobody knows the key");
    assert!(refused.contains("name the key in plugins.trusted_keys"), "{refused}");
    let refused = installed(true, honest.clone()).expect_err("it is unsigned");
    assert!(refused.contains("sign it with `grimoire plugin sign`"), "{refused}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("subject.wasm");
    std::fs::write(&path, &honest).expect("a file");
    let sources = vec![
        PluginSource::file("in-the-folder", &path),
        PluginSource::tried("tried", &path),
        PluginSource::new("shipped", honest),
    ];
    let set = host(true, sources).current();
    let running: Vec<_> =
        set.plugins().into_iter().map(|plugin| (plugin.identity.name, plugin.signer)).collect();
    assert_eq!(
        running,
        [("shipped".to_owned(), Signer::Program), ("tried".to_owned(), Signer::Nobody)],
        "what ships is covered by the program, and what a command tries is its caller's affair"
    );
    assert_eq!(set.rejected()[0].plugin, "in-the-folder");
}

#[test]
fn a_wrong_signature_is_refused_whether_one_is_required_or_not() {
    let honest = component(Group::Matcher, "honest");
    let signed = sign(&honest, &key(1));
    let mut changed = signed.clone();
    // A letter of a name that only people read would change nothing else.
    let place = signed.len() - 1;
    changed[place] ^= 1;
    let mut added_to = signed.clone();
    section(&mut added_to, 0, &[1, b'n', 2]);
    let mut short = honest.clone();
    section(&mut short, 0, b"\x12grimoire:signature too short");
    let mut twice = honest;
    twice.extend_from_slice(&signed[signed.len() - 117..]);
    twice.extend_from_slice(&signed[signed.len() - 117..]);
    for (component, expected) in [
        (changed, "its signature is wrong"),
        (added_to, "something was added after its signature"),
        (short, "its signature section is malformed"),
        (twice, "something was added after its signature"),
    ] {
        for require_signed in [false, true] {
            let refused = installed(require_signed, component.clone()).expect_err("refused");
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
    }
}

#[test]
fn what_was_verified_says_who_signed() {
    let signed = sign(&component(Group::Matcher, "honest"), &key(1));
    let plugins = host(true, vec![PluginSource::installed("subject", signed)]).current().plugins();
    assert!(plugins[0].verified.contains(&"signature (signed by team)".to_owned()), "{:?}", plugins[0]);
}
