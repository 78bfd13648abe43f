//! Ten thousand deliveries while the disk fills up and is freed twice and the service is killed three times: whatever
//! was acknowledged is there at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use grimoire_tests::fake_github::Webhook;
use serde_json::Value;

use crate::crash::{SECRET, client, payload};
use crate::process::{Place, Serving};

const DELIVERIES: u64 = 10_000;
const LANES: u64 = 16;
/// The size of the disk: more than all deliveries need.
const DISK: &str = "256m";

/// A small disk of its own, mounted in memory; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf) -> Self {
        std::fs::create_dir(&path).expect("a folder");
        let options = format!("size={DISK}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&path).status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a disk must be mounted for this drill: run it as root, or below `unshare --mount --map-root-user`"
        );
        Self(path)
    }

    /// Takes all space that is left.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("a file");
        for piece in [1 << 20, 4 << 10, 1] {
            while file.write_all(&vec![b'x'; piece]).is_ok() {}
        }
    }

    /// Frees what `fill` took.
    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the disk was full");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// What was sent and what was acknowledged: the job of each delivery.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    refused: AtomicU64,
    acknowledged: Mutex<BTreeMap<String, u64>>,
}

impl Sent {
    fn acknowledged(&self) -> BTreeMap<String, u64> {
        self.acknowledged.lock().expect("no panic").clone()
    }

    /// Sends deliveries over some lanes until `is_enough`, or until nobody answers.
    async fn send(
        self: &Arc<Self>,
        server: &Serving,
        is_enough: impl Fn(&Self) -> bool + Copy + Send + 'static,
    ) {
        let lanes = (0..LANES).map(|_| {
            let (sent, url) = (Arc::clone(self), server.url("/webhook"));
            tokio::spawn(async move {
                while !is_enough(&sent) {
                    let number = sent.next.fetch_add(1, Ordering::Relaxed) + 1;
                    let webhook = Webhook::new("pull_request", &payload(number)).signed_with(SECRET);
                    let Some(receipt) = webhook.attempt(&url).await else { return };
                    if receipt.status == 202 {
                        let job = receipt.json()["job_id"].as_u64().expect("a job");
                        let before =
                            sent.acknowledged.lock().expect("no panic").insert(receipt.delivery, job);
                        assert_eq!(before, None);
                    } else {
                        assert_eq!(receipt.status, 503, "{}", receipt.json());
                        sent.refused.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            lane.await.expect("no panic");
        }
    }

    /// Sends until this many were acknowledged.
    async fn until_acknowledged(self: &Arc<Self>, server: &Serving, count: u64) {
        self.send(server, move |sent| sent.acknowledged.lock().expect("no panic").len() as u64 >= count)
            .await;
    }

    /// Sends until so many more were refused.
    async fn until_refused(self: &Arc<Self>, server: &Serving, more: u64) {
        let enough = self.refused.load(Ordering::Relaxed) + more;
        self.send(server, move |sent| sent.refused.load(Ordering::Relaxed) >= enough).await;
    }
}

async fn status_of(server: &Serving, path: &str) -> (u16, Value) {
    // Making a client reads the system's certificates, which takes longer than what it asks.
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(client);
    let answer = CLIENT.get(server.url(path)).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn serve(place: &Place, data: &Path) -> Serving {
    let data = data.display().to_string();
    place.serve(&[("GITHUB_WEBHOOK_SECRET", SECRET), ("GRIMOIRE_STORAGE_FOLDER", &data)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and mounts a disk: `.ci/full` runs it"]
async fn drill_of_full_disks_and_sudden_deaths_loses_nothing_acknowledged() {
    let place = Place::new();
    let disk = Disk::mount(place.path().join("disk"));
    let data = disk.0.join("data");
    let mut server = serve(&place, &data);
    let sent = Arc::new(Sent::default());
    for round in 1..=2 {
        sent.until_acknowledged(&server, round * DELIVERIES / 5).await;
        disk.fill();
        sent.until_refused(&server, 200).await;
        let (status, health) = status_of(&server, "/health/db").await;
        assert_eq!(status, 503, "{health}");
        disk.free();
        let freed = sent.acknowledged().len() as u64;
        sent.until_acknowledged(&server, freed + DELIVERIES / 10).await;
        assert_eq!(status_of(&server, "/health/db").await.0, 200, "it recovers by itself");
        server = killed_under_load(&place, &data, server, &sent).await;
    }
    sent.until_acknowledged(&server, 4 * DELIVERIES / 5).await;
    server = killed_under_load(&place, &data, server, &sent).await;
    sent.until_acknowledged(&server, DELIVERIES).await;

    let acknowledged = sent.acknowledged();
    for (delivery, job) in &acknowledged {
        let (status, stored) = status_of(&server, &format!("/api/webhooks/deliveries/{delivery}")).await;
        assert_eq!((status, stored["job_id"].as_u64()), (200, Some(*job)), "{delivery}: {stored}");
        let (status, stored) = status_of(&server, &format!("/api/jobs/{job}")).await;
        assert_eq!((status, &stored["kind"]), (200, &Value::from("review_pull_request")), "{stored}");
    }
    let jobs: std::collections::BTreeSet<&u64> = acknowledged.values().collect();
    assert_eq!(jobs.len(), acknowledged.len(), "no id was given twice");
    assert!(server.stop());
    let database = data.join("grimoire.redb").display().to_string();
    let verified = place.run(&["verify", &database], b"");
    assert_eq!(verified.code(), 0, "{}", verified.complaint());
    println!(
        "{} deliveries acknowledged, {} refused by a full disk, none lost; {}",
        acknowledged.len(),
        sent.refused.load(Ordering::Relaxed),
        verified.output().trim()
    );
}

/// Kills the service while deliveries arrive, and starts another one.
async fn killed_under_load(place: &Place, data: &Path, server: Serving, sent: &Arc<Sent>) -> Serving {
    let more = sent.acknowledged().len() as u64 + 200;
    tokio::join!(sent.until_acknowledged(&server, u64::MAX), async {
        while (sent.acknowledged().len() as u64) < more {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.signal_kill();
    });
    drop(server);
    serve(place, data)
}
