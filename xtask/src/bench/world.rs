//! Servers in separate processes, and their data folders.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use grimoire_ports::search::SpellSearch as _;
use grimoire_ports::store::{SpellStore as _, Stamp};
use grimoire_search_tantivy::TantivySearch;
use grimoire_store_redb::RedbStore;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::data;

/// Time limit for a server's first response.
const START: Duration = Duration::from_secs(60);
/// Time limit for the index to follow a fill.
const INDEXING: Duration = Duration::from_secs(900);
/// Number of spells written at once when filling a folder.
const BATCH: usize = 2_000;

/// The folder of the servers' data, and a GitHub that never responds.
pub(super) struct World {
    folder: TempDir,
    github: TcpListener,
}

impl World {
    pub(super) fn new() -> anyhow::Result<Self> {
        let target = crate::root().join("target");
        fs::create_dir_all(&target)?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(target)?;
        Ok(Self { folder, github: TcpListener::bind("127.0.0.1:0")? })
    }

    /// A path in the folder of this run.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A data folder with the starter spells, written by a server. Compiled plugins are in the cache afterwards.
    pub(super) fn starter(&self) -> anyhow::Result<PathBuf> {
        let folder = self.path("starter");
        if !folder.exists() {
            fs::create_dir_all(&folder)?;
            self.serve(&folder)?.stop(Signal::SIGTERM)?;
        }
        Ok(folder)
    }

    /// A new empty data folder, with compiled plugins in the cache.
    pub(super) fn empty(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.starter()?;
        let folder = self.path(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A data folder with this many synthetic spells, indexed; created once.
    pub(super) fn filled(&self, spells: usize) -> anyhow::Result<PathBuf> {
        let folder = self.path(&format!("spells-{spells}"));
        if !folder.exists() {
            self.empty(&format!("spells-{spells}"))?;
            super::note(&format!("filling a spellbook with {spells} spells"));
            super::asynchronous()?.block_on(fill(&folder, spells))?;
        }
        Ok(folder)
    }

    /// Starts the product on a data folder and waits until it is healthy. Its GitHub accepts
    /// connections and never responds, so that jobs wait for it as in real use.
    pub(super) fn serve(&self, folder: &Path) -> anyhow::Result<Served> {
        self.serve_with(folder, &[])
    }

    /// Like [`World::serve`], with these settings in the environment.
    pub(super) fn serve_with(&self, folder: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Served> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["bench", "serve"])
            .env_clear()
            // The cache of compiled plugins is there, shared by all servers of this run.
            .env("HOME", self.folder.path())
            .env("API_PORT", address.port().to_string())
            .env("GRIMOIRE_STORAGE_FOLDER", folder)
            .env("GITHUB_WEBHOOK_SECRET", data::SECRET)
            .env("GITHUB_API_TOKEN", "a token that nobody checks")
            .env("GRIMOIRE_GITHUB_API_URL", format!("http://{}", self.github.local_addr()?))
            .env("LOG_LEVEL", std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned()))
            .envs(settings.iter().copied());
        self.start(command, address, "/health")
    }

    /// Starts the reference: routes that do nothing, with the same HTTP server.
    pub(super) fn reference(&self) -> anyhow::Result<Served> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "reference", &address.port().to_string()]);
        self.start(command, address, "/noop")
    }

    fn start(&self, mut command: Command, address: SocketAddr, path: &str) -> anyhow::Result<Served> {
        let log = fs::File::options().create(true).append(true).open(self.path("servers.log"))?;
        let spawned = Instant::now();
        // In an empty folder, so that no settings of the current one are read.
        let process = command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut served = Served { process, address, first_answer: Duration::ZERO };
        served.first_answer =
            first_answer(&mut served.process, address, path, spawned).with_context(|| {
                let log = fs::read_to_string(self.path("servers.log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                format!("a server did not start; its last lines, newest first:\n{}", last.join("\n"))
            })?;
        Ok(served)
    }
}

/// The time from `spawned` to the first answer with status 200.
fn first_answer(
    process: &mut Child,
    address: SocketAddr,
    path: &str,
    spawned: Instant,
) -> anyhow::Result<Duration> {
    let mut last = String::from("nothing");
    while spawned.elapsed() < START {
        if let Some(status) = process.try_wait()? {
            bail!("it ended with {status}");
        }
        match TcpStream::connect(address) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(START))?;
                let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
                stream.write_all(request.as_bytes())?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                if answer.starts_with("HTTP/1.1 200") {
                    return Ok(spawned.elapsed());
                }
                // It listens before its plugins are ready, and says so.
                last = answer;
                std::thread::sleep(Duration::from_micros(500));
            }
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                std::thread::sleep(Duration::from_micros(500));
            }
            Err(error) => return Err(error.into()),
        }
    }
    bail!("it was not well within {} s; its last answer: {last}", START.as_secs())
}

/// A server in a separate process; killed when dropped.
pub(super) struct Served {
    process: Child,
    /// The address it listens on.
    pub(super) address: SocketAddr,
    /// The time from its start to its first answer.
    pub(super) first_answer: Duration,
}

impl Served {
    /// Sends a signal and waits for the server's end.
    pub(super) fn stop(mut self, signal: Signal) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.process.id())?), signal)?;
        let status = self.process.wait()?;
        ensure!(signal == Signal::SIGKILL || status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Resident memory in MB.
    pub(super) fn resident(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1_024.0 / 1e6)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Copies a folder and everything in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes synthetic spells into the store of a data folder and waits for the index.
async fn fill(folder: &Path, spells: usize) -> anyhow::Result<()> {
    let (store, search) = open(folder).await?;
    for first in (0..spells).step_by(BATCH) {
        let last = (first + BATCH).min(spells);
        let batch = (first..last).map(data::valid_spell).collect::<anyhow::Result<_>>()?;
        store
            .import_spells(batch, Stamp { by: "bench".to_owned(), at: grimoire_domain::Timestamp::now() })
            .await?;
    }
    search.wait_for(store.last_sequence().await?, INDEXING).await?;
    search.close().await;
    Ok(store.close().await?)
}

/// Opens the store and the index of a data folder.
pub(super) async fn open(folder: &Path) -> anyhow::Result<(RedbStore, Arc<TantivySearch>)> {
    // With the product's options.
    let options = grimoire_store_redb::Options { cache_bytes: 32 << 20, ..Default::default() };
    let store = RedbStore::open(&folder.join("grimoire.redb"), options)?;
    let search = TantivySearch::open(
        &folder.join("index"),
        Arc::new(store.clone()),
        grimoire_search_tantivy::Options::default(),
    )
    .await?;
    Ok((store, Arc::new(search)))
}
