//! Compiled code between starts: used if this host wrote it, else compiled again.
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{CacheReport, Options, PluginHost};
use support::guests::{Group, guest};
use support::{candidates, diagnostic};

fn start(folder: &Path) -> PluginHost {
    let options = Options {
        cache_folder: Some(folder.to_owned()),
        max_analyzers: 1,
        threads: 1,
        max_instances: 1,
        ..Options::default()
    };
    PluginHost::start(options, vec![guest(Group::Matcher, "honest")]).expect("a host")
}

/// The cache statistics of a start whose plugin then answered.
async fn report(folder: &Path) -> CacheReport {
    let host = start(folder);
    assert_eq!(host.current().rejected(), []);
    let judgement = host.current().score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(judgement.verdicts[0].score.to_bits(), 0.75_f64.to_bits());
    let report = host.cache_report();
    assert_eq!(host.current().plugins()[0].from_cache, report.loaded == 1);
    report
}

const COMPILED: CacheReport = CacheReport { loaded: 0, compiled: 1, mismatched: 0 };
const LOADED: CacheReport = CacheReport { loaded: 1, compiled: 0, mismatched: 0 };
const REPLACED: CacheReport = CacheReport { loaded: 0, compiled: 1, mismatched: 1 };

fn entry(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "code"));
    let path = entries.next().expect("an entry");
    assert_eq!(entries.next(), None);
    path
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[tokio::test]
async fn the_second_start_does_not_compile() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("new/cache");
    assert_eq!(report(&folder).await, COMPILED);
    assert_eq!(report(&folder).await, LOADED);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("host.key")), 0o600);
    assert_eq!(mode(&entry(&folder)), 0o600);
}

#[tokio::test]
async fn an_entry_with_one_wrong_bit_is_compiled_anew_and_never_executed() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(report(folder.path()).await, COMPILED);
    let path = entry(folder.path());
    let whole = fs::read(&path).expect("the entry");
    let last = whole.len() - 1;
    for place in (0..whole.len()).step_by(256).chain([last]) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).expect("written");
        assert_eq!(report(folder.path()).await, REPLACED, "byte {place}");
        assert_eq!(fs::read(&path).expect("the entry").len(), whole.len(), "it was written anew");
    }
    assert_eq!(report(folder.path()).await, LOADED);
}

#[tokio::test]
async fn code_that_runs_does_not_change_with_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(report(folder.path()).await, COMPILED);
    let host = start(folder.path());
    assert_eq!(host.cache_report(), LOADED);
    // In place: the file that the code was read from, not another one under its name.
    let path = entry(folder.path());
    let length = fs::metadata(&path).expect("the entry").len();
    fs::write(&path, vec![0xcc; usize::try_from(length).expect("a small file")]).expect("written");
    let judgement = host.current().score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(judgement.verdicts[0].score.to_bits(), 0.75_f64.to_bits());
    drop(host);
    assert_eq!(report(folder.path()).await, REPLACED);
}

#[tokio::test]
async fn an_entry_that_is_cut_or_grown_is_compiled_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(report(folder.path()).await, COMPILED);
    let path = entry(folder.path());
    let whole = fs::read(&path).expect("the entry");
    for length in [0, 1, 31, 32, 79, 80, 112, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("written");
        assert_eq!(report(folder.path()).await, REPLACED, "{length} bytes");
    }
    let mut grown = whole.clone();
    grown.push(0);
    fs::write(&path, grown).expect("written");
    assert_eq!(report(folder.path()).await, REPLACED);
}

#[tokio::test]
async fn an_entry_of_another_component_or_host_is_compiled_anew() {
    let (ours, theirs) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    assert_eq!(report(ours.path()).await, COMPILED);
    assert_eq!(report(theirs.path()).await, COMPILED);
    // Written by a host with another key.
    fs::copy(entry(theirs.path()), entry(ours.path())).expect("copied");
    assert_eq!(report(ours.path()).await, REPLACED);

    // Written by this host, for another component.
    let options = Options { cache_folder: Some(theirs.path().to_owned()), ..Options::default() };
    let own = entry(theirs.path());
    fs::rename(&own, own.with_extension("kept")).expect("renamed");
    drop(PluginHost::start(options, vec![guest(Group::Matcher, "empty")]).expect("a host"));
    fs::rename(entry(theirs.path()), &own).expect("renamed");
    assert_eq!(report(theirs.path()).await, REPLACED);
}

#[tokio::test]
async fn a_key_that_others_could_read_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(report(folder.path()).await, COMPILED);
    let key = folder.path().join("host.key");
    let before = fs::read(&key).expect("the key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("opened up");
    assert_eq!(report(folder.path()).await, REPLACED);
    assert_ne!(fs::read(&key).expect("the key"), before);
    assert_eq!(mode(&key), 0o600);
    fs::write(&key, b"short").expect("damaged");
    assert_eq!(report(folder.path()).await, REPLACED);
}

#[tokio::test]
async fn an_open_folder_is_made_private_and_an_unusable_one_is_done_without() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("opened up");
    assert_eq!(report(folder.path()).await, COMPILED);
    assert_eq!(mode(folder.path()), 0o700);

    let file = folder.path().join("file");
    fs::write(&file, "no folder").expect("written");
    assert_eq!(report(&file).await, COMPILED);
    assert_eq!(report(&file).await, COMPILED);
}

/// Copies a cache like an archive or a clone: contents and modes, owned by the user who unpacks it.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("closed");
    for entry in fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        // Keeps the mode.
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[tokio::test]
async fn a_cache_that_a_stranger_packed_with_its_key_brings_nothing() {
    let (stranger, ours) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    assert_eq!(report(stranger.path()).await, COMPILED);
    let unpacked = ours.path().join("compiled");
    unpack(stranger.path(), &unpacked);
    let key = fs::read(unpacked.join("host.key")).expect("the key");
    assert_eq!(key, fs::read(stranger.path().join("host.key")).expect("the key"), "the key came along");
    assert_eq!(mode(&unpacked.join("host.key")), 0o600);
    assert_eq!(report(&unpacked).await, REPLACED, "its code is not executed");
    assert_eq!(report(&unpacked).await, LOADED, "what this user compiled there is");
}

#[tokio::test]
async fn a_key_or_folder_that_is_a_link_is_not_followed() {
    let (stranger, ours) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    assert_eq!(report(stranger.path()).await, COMPILED);
    let folder = ours.path().join("linked");
    std::os::unix::fs::symlink(stranger.path(), &folder).expect("a link");
    assert_eq!(report(&folder).await, COMPILED, "works without a cache");

    let folder = ours.path().join("key");
    assert_eq!(report(&folder).await, COMPILED);
    fs::remove_file(folder.join("host.key")).expect("removed");
    std::os::unix::fs::symlink(stranger.path().join("host.key"), folder.join("host.key")).expect("a link");
    fs::copy(entry(stranger.path()), entry(&folder)).expect("copied");
    assert_eq!(report(&folder).await, REPLACED);
    assert!(folder.join("host.key").symlink_metadata().expect("a key").is_file(), "a key of its own");
}
